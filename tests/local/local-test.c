/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "local-test.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <unistd.h>

const PsEntry new_file
    = { .kind = PS_KIND_FILE, .mtime = G_GINT64_CONSTANT (1700000000) * 1000000000 };

void
folder_reopen (Folder *folder, Variant variant)
{
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&folder->local, ps_local_free);
  folder->local = ps_local_open (folder->root, &error);
  g_assert_no_error (error);
  g_assert_nonnull (folder->local);
  ps_local_use_desktop_trash (folder->local, FALSE);
  if (variant & VARIANT_WALK)
    folder->local->has_openat2 = false;
  assert_done (ps_local_prepare (folder->local, &error), error);
  if (variant & VARIANT_NO_EXCHANGE)
    folder->local->caps.exchange = folder->local->caps.no_replace = false;
  if (variant & VARIANT_NO_LINKS)
    folder->local->hard_links = false;
}

void
folder_set_up (Folder *folder, gconstpointer variant)
{
  g_autoptr (GError) error = NULL;

  folder->top = g_dir_make_tmp ("pisync-local-XXXXXX", &error);
  g_assert_no_error (error);
  folder->root = g_build_filename (folder->top, "root", NULL);
  g_assert_no_errno (g_mkdir (folder->root, 0755));
  folder_reopen (folder, (Variant)GPOINTER_TO_UINT (variant));
}

void
folder_tear_down (Folder *folder, gconstpointer variant)
{
  g_clear_pointer (&folder->local, ps_local_free);
  remove_tree (folder->top);
  g_clear_pointer (&folder->root, g_free);
  g_clear_pointer (&folder->top, g_free);
}

void
add_test (const char *path, void (*function) (Folder *, gconstpointer))
{
  g_test_add (path, Folder, NULL, folder_set_up, function, folder_tear_down);
}

void
add_test_variants (const char *path, void (*function) (Folder *, gconstpointer))
{
  static const struct
  {
    const char *name;
    guint variant;
  } variants[] = {
    { "whole", VARIANT_WHOLE },
    { "walk", VARIANT_WALK },
    { "no-exchange", VARIANT_NO_EXCHANGE },
    { "no-links", VARIANT_WALK | VARIANT_NO_EXCHANGE | VARIANT_NO_LINKS },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (variants); i++)
    {
      g_autofree char *name = g_strconcat (path, "/", variants[i].name, NULL);

      g_test_add (name, Folder, GUINT_TO_POINTER (variants[i].variant), folder_set_up, function,
                  folder_tear_down);
    }
}

char *
full_path (const Folder *folder, const char *path)
{
  return *path == '/' ? g_strdup (path) : g_strconcat (folder->root, "/", path, NULL);
}

void
write_file (const Folder *folder, const char *path, const char *content)
{
  g_autofree char *full = full_path (folder, path);
  int fd = open (full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, content, strlen (content)), ==, (gssize)strlen (content));
  close (fd);
}

void
make_dir (const Folder *folder, const char *path)
{
  g_autofree char *full = full_path (folder, path);

  g_assert_no_errno (g_mkdir_with_parents (full, 0755));
}

void
make_link (const Folder *folder, const char *path, const char *target)
{
  g_autofree char *full = full_path (folder, path);

  g_assert_no_errno (symlink (target, full));
}

void
remove_file (const Folder *folder, const char *path)
{
  g_autofree char *full = full_path (folder, path);

  g_assert_no_errno (remove (full));
}

static int
remove_one (const char *path, const struct stat *st, int type, struct FTW *ftw)
{
  return remove (path);
}

void
remove_tree (const char *full)
{
  nftw (full, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

gboolean
is_there (const Folder *folder, const char *path)
{
  g_autofree char *full = full_path (folder, path);
  struct stat st;

  return lstat (full, &st) == 0;
}

void
assert_content (const Folder *folder, const char *path, const char *content)
{
  g_autofree char *full = full_path (folder, path);
  g_autofree char *now = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (full, &now, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (now, ==, content);
}

guint
mode_of (const Folder *folder, const char *path)
{
  g_autofree char *full = full_path (folder, path);
  struct stat st;

  g_assert_no_errno (lstat (full, &st));
  return st.st_mode & 07777;
}

PsEntry
look (const Folder *folder, const char *path)
{
  g_autofree char *full = full_path (folder, path);
  PsEntry entry;

  ps_local_stat_at (AT_FDCWD, full, &entry);
  return entry;
}

typedef struct
{
  const char *content;
  char *found;
  guint n_files;
} Search;

static void
search (const char *full, Search *wanted)
{
  g_autoptr (GDir) dir = g_dir_open (full, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (full, name, NULL);
      g_autofree char *text = NULL;

      if (g_file_test (path, G_FILE_TEST_IS_DIR) && !g_file_test (path, G_FILE_TEST_IS_SYMLINK))
        {
          search (path, wanted);
          continue;
        }
      wanted->n_files++;
      if (wanted->content != NULL && g_file_get_contents (path, &text, NULL, NULL)
          && strcmp (text, wanted->content) == 0)
        {
          g_assert_null (wanted->found);
          wanted->found = g_steal_pointer (&path);
        }
    }
}

char *
find_content (const Folder *folder, const char *dir, const char *content)
{
  g_autofree char *full = full_path (folder, dir);
  Search wanted = { .content = content };
  g_autofree char *found = NULL;

  search (full, &wanted);
  found = wanted.found;
  return found != NULL ? g_strdup (found + strlen (folder->root) + 1) : NULL;
}

guint
count_files (const Folder *folder, const char *dir)
{
  g_autofree char *full = full_path (folder, dir);
  Search all = { 0 };

  search (full, &all);
  return all.n_files;
}

PsLocalTemp *
make_temp (Folder *folder, const char *key, const char *content)
{
  g_autoptr (GError) error = NULL;
  PsLocalTemp *temp = ps_local_temp_new (folder->local, key, FALSE, &error);

  g_assert_no_error (error);
  g_assert_cmpint (write (ps_local_temp_peek_fd (temp), content, strlen (content)), ==,
                   (gssize)strlen (content));
  assert_done (ps_local_temp_finish (temp, &new_file, &error), error);
  return temp;
}

char *
place_content (Folder *folder, const char *path, const char *content, const PsEntry *expected,
               PsEntry *placed)
{
  g_autoptr (GError) error = NULL;
  char *displaced = NULL;

  assert_done (ps_local_place (folder->local, make_temp (folder, path, content), path, expected,
                               FALSE, placed, &displaced, &error),
               error);
  return displaced;
}

void
assert_place_fails (Folder *folder, const char *path, const char *content, const PsEntry *expected,
                    PsLocalError code)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *displaced = NULL;
  PsEntry placed;

  g_assert_false (ps_local_place (folder->local, make_temp (folder, path, content), path, expected,
                                  FALSE, &placed, &displaced, &error));
  g_assert_error (error, PS_LOCAL_ERROR, (int)code);
  g_assert_null (displaced);
  g_assert_cmpuint (count_files (folder, ".pisync/tmp"), ==, 0);
}
