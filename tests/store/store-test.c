/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store-test.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>

static int
remove_one (const char *path, const struct stat *st, int type, struct FTW *ftw)
{
  return remove (path);
}

void
remove_tree (const char *dir)
{
  nftw (dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void
base_set_up (Base *base, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *top = g_dir_make_tmp ("pisync-store-XXXXXX", &error);

  g_assert_no_error (error);
  base->dir = g_build_filename (top, "state", "pair", NULL);
  base->store = ps_store_open (base->dir, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (base->store);
}

void
base_tear_down (Base *base, gconstpointer data)
{
  g_autofree char *state = g_path_get_dirname (base->dir);
  g_autofree char *top = g_path_get_dirname (state);

  g_clear_pointer (&base->store, ps_store_free);
  remove_tree (top);
  g_clear_pointer (&base->dir, g_free);
}

void
base_reopen (Base *base)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *aside = NULL;

  g_clear_pointer (&base->store, ps_store_free);
  base->store = ps_store_open (base->dir, &aside, &error);
  g_assert_no_error (error);
  g_assert_nonnull (base->store);
  g_assert_null (aside);
}

char *
base_file (const Base *base, const char *name)
{
  return g_build_filename (base->dir, name, NULL);
}

PsRow
make_row (guint seed)
{
  PsRow row = {
    .local = { .kind = PS_KIND_FILE,
               .executable = (seed & 1) != 0,
               .size = 1000 + seed,
               .mtime = G_GINT64_CONSTANT (1700000000123456789) + seed,
               .inode = 77 + seed,
               .device = G_GUINT64_CONSTANT (0xfedcba9876543210) },
    .remote = { .kind = PS_KIND_FILE,
                .executable = (seed & 2) != 0,
                .size = 1000 + seed,
                .mtime = G_GINT64_CONSTANT (1700000000000000000) + seed },
    .has_hash = true,
    .racy = (seed & 4) != 0,
  };

  memset (row.sha256, (int)(seed & 0xff), sizeof row.sha256);
  memcpy (row.sha256, &seed, sizeof seed);
  return row;
}

void
put_row (PsStore *store, const char *path, const PsRow *row)
{
  g_autoptr (GError) error = NULL;
  gboolean done = ps_store_put (store, path, row, &error);

  g_assert_no_error (error);
  g_assert_true (done);
}

static void
assert_entry (const PsEntry *entry, const PsEntry *expected)
{
  g_assert_cmpstr (ps_kind_name (entry->kind), ==, ps_kind_name (expected->kind));
  g_assert_cmpint (entry->executable, ==, expected->executable);
  g_assert_cmpuint (entry->size, ==, expected->size);
  g_assert_cmpint (entry->mtime, ==, expected->mtime);
  g_assert_cmpuint (entry->inode, ==, expected->inode);
  g_assert_cmpuint (entry->device, ==, expected->device);
}

void
assert_row (PsStore *store, const char *path, const PsRow *expected)
{
  g_autoptr (GError) error = NULL;
  PsRow row;
  gboolean found = ps_store_get (store, path, &row, &error);

  g_assert_no_error (error);
  g_assert_true (found);
  assert_entry (&row.local, &expected->local);
  assert_entry (&row.remote, &expected->remote);
  g_assert_cmpint (row.has_hash, ==, expected->has_hash);
  g_assert_cmpint (row.racy, ==, expected->racy);
  if (row.has_hash)
    g_assert_cmpmem (row.sha256, 32, expected->sha256, 32);
}

void
assert_no_row (PsStore *store, const char *path)
{
  g_autoptr (GError) error = NULL;
  PsRow row;

  g_assert_false (ps_store_get (store, path, &row, &error));
  g_assert_no_error (error);
}

void
assert_totals (PsStore *store, guint64 rows, guint64 files_local, guint64 files_remote)
{
  g_autoptr (GError) error = NULL;
  PsStoreTotals totals;

  g_assert_true (ps_store_totals (store, &totals, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (totals.rows, ==, rows);
  g_assert_cmpuint (totals.files_local, ==, files_local);
  g_assert_cmpuint (totals.files_remote, ==, files_remote);
}
