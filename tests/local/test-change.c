/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Directories, links, moves, attributes, removal, the trash. */
#include "local-test.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void
test_mkdir (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  PsEntry made;

  assert_done (ps_local_mkdir (folder->local, "d", &made, &error), error);
  g_assert_cmpint (made.kind, ==, PS_KIND_DIR);
  g_assert_cmpuint (mode_of (folder, "d"), ==, 0755);
  assert_done (ps_local_mkdir (folder->local, "d", &made, &error), error); /* there already */
  assert_done (ps_local_mkdir (folder->local, "d/e", &made, &error), error);
  write_file (folder, "f", "");
  make_link (folder, "l", "d");
  g_assert_false (ps_local_mkdir (folder->local, "f", &made, &error));
  assert_local_error (error, PS_LOCAL_ERROR_EXISTS);
  g_assert_false (ps_local_mkdir (folder->local, "l", &made, &error));
  assert_local_error (error, PS_LOCAL_ERROR_EXISTS);
  g_assert_false (ps_local_mkdir (folder->local, "no/parent", &made, &error));
  assert_local_error (error, PS_LOCAL_ERROR_GONE);
}

static void
test_symlink (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *target = NULL;
  PsEntry made, now;

  assert_done (ps_local_symlink (folder->local, "l", "../anything\xff", &made, &error), error);
  now = look (folder, "l");
  g_assert_cmpint (made.kind, ==, PS_KIND_SYMLINK);
  g_assert_true (ps_entry_same (&made, &now));
  target = ps_local_read_link (folder->local, "l", &error);
  g_assert_cmpstr (target, ==, "../anything\xff");
  g_assert_false (ps_local_symlink (folder->local, "l", "x", &made, &error));
  assert_local_error (error, PS_LOCAL_ERROR_EXISTS);
  write_file (folder, "f", "");
  g_assert_null (ps_local_read_link (folder->local, "f", &error));
  assert_local_error (error, PS_LOCAL_ERROR_CHANGED);
  g_assert_null (ps_local_read_link (folder->local, "gone", &error));
  assert_local_error (error, PS_LOCAL_ERROR_GONE);
}

static void
test_move (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  PsEntry before, moved;

  make_dir (folder, "d/e");
  write_file (folder, "d/f", "text");
  before = look (folder, "d/f");
  assert_done (ps_local_move (folder->local, "d/f", "g", &before, &moved, &error), error);
  assert_content (folder, "g", "text");
  g_assert_false (is_there (folder, "d/f"));
  g_assert_true (ps_entry_same (&before, &moved));
  g_assert_cmpuint (before.inode, ==, moved.inode);
  before = look (folder, "d");
  assert_done (ps_local_move (folder->local, "d", "x", &before, &moved, &error), error);
  g_assert_true (is_there (folder, "x/e"));
  assert_done (ps_local_move (folder->local, "g", "x/e/g", NULL, &moved, &error), error);
  assert_content (folder, "x/e/g", "text");
  assert_done (ps_local_sync_dirs (folder->local, &error), error);
}

static void
test_move_refused (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  PsEntry before, moved;

  write_file (folder, "f", "one");
  write_file (folder, "g", "two");
  make_dir (folder, "d");
  make_dir (folder, "full/x");
  before = look (folder, "f");
  g_assert_false (ps_local_move (folder->local, "f", "g", &before, &moved, &error));
  assert_local_error (error, PS_LOCAL_ERROR_EXISTS);
  g_assert_false (ps_local_move (folder->local, "f", "d", &before, &moved, &error));
  assert_local_error (error, PS_LOCAL_ERROR_EXISTS);
  g_assert_false (ps_local_move (folder->local, "d", "full", NULL, &moved, &error));
  assert_local_error (error, PS_LOCAL_ERROR_EXISTS);
  g_assert_false (ps_local_move (folder->local, "d", "f", NULL, &moved, &error));
  assert_local_error (error, PS_LOCAL_ERROR_EXISTS);
  g_assert_false (ps_local_move (folder->local, "gone", "h", NULL, &moved, &error));
  assert_local_error (error, PS_LOCAL_ERROR_GONE);
  g_assert_false (ps_local_move (folder->local, "f", "no/h", NULL, &moved, &error));
  assert_local_error (error, PS_LOCAL_ERROR_GONE);
  g_assert_false (ps_local_move (folder->local, "full", "full/x/y", NULL, &moved, &error));
  g_assert_nonnull (error);
  assert_content (folder, "f", "one");
  assert_content (folder, "g", "two");
}

static void
test_move_changed (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  PsEntry before, moved;

  write_file (folder, "f", "one");
  before = look (folder, "f");
  write_file (folder, "f", "longer");
  g_assert_false (ps_local_move (folder->local, "f", "g", &before, &moved, &error));
  assert_local_error (error, PS_LOCAL_ERROR_CHANGED);
  assert_content (folder, "f", "longer");
  g_assert_false (is_there (folder, "g"));
}

/* To a parking place of ours and back, as swaps do. */
static void
test_move_parked (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  PsEntry moved;

  write_file (folder, "a", "was a");
  write_file (folder, "b", "was b");
  assert_done (ps_local_move (folder->local, "a", ".pisync/trash/parked-1", NULL, &moved, &error),
               error);
  assert_done (ps_local_move (folder->local, "b", "a", NULL, &moved, &error), error);
  assert_done (ps_local_move (folder->local, ".pisync/trash/parked-1", "b", NULL, &moved, &error),
               error);
  assert_content (folder, "a", "was b");
  assert_content (folder, "b", "was a");
}

/* Two names of one file are two names, where the file system tells cases apart. */
static void
test_move_hard_link (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *one = full_path (folder, "name"), *other = full_path (folder, "NAME");
  PsEntry moved;

  write_file (folder, "name", "text");
  g_assert_no_errno (link (one, other));
  g_assert_false (ps_local_move (folder->local, "name", "NAME", NULL, &moved, &error));
  assert_local_error (error, PS_LOCAL_ERROR_EXISTS);
  assert_content (folder, "name", "text");
  assert_content (folder, "NAME", "text");
}

static void
test_link (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  PsEntry before;

  make_dir (folder, "d");
  write_file (folder, "f", "text");
  before = look (folder, "f");
  assert_done (ps_local_link (folder->local, "f", "d/copy", &before, &error), error);
  assert_content (folder, "d/copy", "text");
  g_assert_cmpuint (look (folder, "d/copy").inode, ==, before.inode);
  g_assert_false (ps_local_link (folder->local, "f", "d/copy", &before, &error));
  assert_local_error (error, PS_LOCAL_ERROR_EXISTS);
  write_file (folder, "f", "changed");
  g_assert_false (ps_local_link (folder->local, "f", "other", &before, &error));
  assert_local_error (error, PS_LOCAL_ERROR_CHANGED);
  g_assert_false (is_there (folder, "other"));
  g_assert_false (ps_local_link (folder->local, "d", "other", NULL, &error));
  assert_local_error (error, PS_LOCAL_ERROR_FAILED);
}

static void
test_set_attributes (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  PsEntry before, wanted = { .kind = PS_KIND_FILE, .executable = true, .mtime = 123456789 }, now,
                  seen;

  write_file (folder, "f", "text");
  before = look (folder, "f");
  assert_done (ps_local_set_attributes (folder->local, "f", &before, &wanted, &now, &error), error);
  seen = look (folder, "f");
  g_assert_true (ps_entry_same (&now, &seen));
  g_assert_cmpint (now.mtime, ==, 123456789);
  g_assert_cmpuint (mode_of (folder, "f"), ==, 0755);
  g_assert_false (ps_local_set_attributes (folder->local, "f", &before, &wanted, &now, &error));
  assert_local_error (error, PS_LOCAL_ERROR_CHANGED);
  wanted.executable = false;
  assert_done (ps_local_set_attributes (folder->local, "f", &seen, &wanted, &now, &error), error);
  g_assert_cmpuint (mode_of (folder, "f"), ==, 0644);
  make_link (folder, "l", "f");
  before = look (folder, "l");
  g_assert_false (ps_local_set_attributes (folder->local, "l", &before, &wanted, &now, &error));
  assert_local_error (error, PS_LOCAL_ERROR_CHANGED);
  assert_done (ps_local_sync_dirs (folder->local, &error), error);
}

static void
test_remove (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *kept = NULL;
  PsEntry entry;

  make_dir (folder, "d/e");
  write_file (folder, "d/e/f.txt", "text");
  entry = look (folder, "d/e/f.txt");
  assert_done (ps_local_remove (folder->local, "d/e/f.txt", &entry, &error), error);
  g_assert_false (is_there (folder, "d/e/f.txt"));
  kept = find_content (folder, ".pisync/trash", "text");
  g_assert_true (g_str_has_prefix (kept, ".pisync/trash/d/e/f.txt~"));
  g_assert_cmpuint (count_files (folder, ".pisync/tmp"), ==, 0);
  g_assert_false (ps_local_remove (folder->local, "d/e/f.txt", &entry, &error));
  assert_local_error (error, PS_LOCAL_ERROR_GONE);
}

/* The same path twice within a second: both are kept. */
static void
test_remove_twice (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *first = NULL, *second = NULL;
  PsEntry entry;

  write_file (folder, "f", "one");
  entry = look (folder, "f");
  assert_done (ps_local_remove (folder->local, "f", &entry, &error), error);
  write_file (folder, "f", "two");
  entry = look (folder, "f");
  assert_done (ps_local_remove (folder->local, "f", &entry, &error), error);
  first = find_content (folder, ".pisync/trash", "one");
  second = find_content (folder, ".pisync/trash", "two");
  g_assert_nonnull (first);
  g_assert_nonnull (second);
}

static void
test_remove_long_name (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *name = g_strnfill (255, 'n');
  g_autofree char *kept = NULL;
  PsEntry entry;

  write_file (folder, name, "text");
  entry = look (folder, name);
  assert_done (ps_local_remove (folder->local, name, &entry, &error), error);
  kept = find_content (folder, ".pisync/trash", "text");
  g_assert_nonnull (kept);
}

static void
test_remove_link (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  PsEntry entry;

  write_file (folder, "target", "text");
  make_link (folder, "l", "target");
  entry = look (folder, "l");
  assert_done (ps_local_remove (folder->local, "l", &entry, &error), error);
  g_assert_false (is_there (folder, "l"));
  assert_content (folder, "target", "text");
}

static void
test_remove_changed (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  PsEntry entry;

  write_file (folder, "f", "old");
  entry = look (folder, "f");
  write_file (folder, "f", "a person's new text");
  g_assert_false (ps_local_remove (folder->local, "f", &entry, &error));
  assert_local_error (error, PS_LOCAL_ERROR_CHANGED);
  assert_content (folder, "f", "a person's new text");
  make_dir (folder, "g");
  g_assert_false (ps_local_remove (folder->local, "g", &entry, &error));
  assert_local_error (error, PS_LOCAL_ERROR_CHANGED);
  g_assert_true (is_there (folder, "g"));
}

static void
test_remove_directory (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  PsEntry entry;

  make_dir (folder, "d/e");
  entry = look (folder, "d");
  g_assert_false (ps_local_remove (folder->local, "d", &entry, &error));
  assert_local_error (error, PS_LOCAL_ERROR_NOT_EMPTY);
  assert_done (ps_local_remove (folder->local, "d/e", &entry, &error), error);
  assert_done (ps_local_remove (folder->local, "d", &entry, &error), error);
  g_assert_false (is_there (folder, "d"));
  write_file (folder, "d", "a file now");
  g_assert_false (ps_local_remove (folder->local, "d", &entry, &error));
  assert_local_error (error, PS_LOCAL_ERROR_CHANGED);
  remove_file (folder, "d");
  make_link (folder, "d", "elsewhere");
  g_assert_false (ps_local_remove (folder->local, "d", &entry, &error));
  assert_local_error (error, PS_LOCAL_ERROR_CHANGED);
  remove_file (folder, "d");
  g_assert_false (ps_local_remove (folder->local, "d", &entry, &error));
  assert_local_error (error, PS_LOCAL_ERROR_GONE);
}

/* Where the trash cannot take it, the file stays. */
static void
test_remove_no_trash (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  PsEntry entry;

  make_dir (folder, "d");
  write_file (folder, "d/f", "text");
  write_file (folder, ".pisync/trash/d", "in the way");
  entry = look (folder, "d/f");
  g_assert_false (ps_local_remove (folder->local, "d/f", &entry, &error));
  g_assert_nonnull (error);
  assert_content (folder, "d/f", "text");
  g_assert_cmpuint (count_files (folder, ".pisync/tmp"), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  umask (022);
  add_test_variants ("/local/mkdir", test_mkdir);
  add_test_variants ("/local/symlink", test_symlink);
  add_test_variants ("/local/move/plain", test_move);
  add_test_variants ("/local/move/refused", test_move_refused);
  add_test_variants ("/local/move/changed", test_move_changed);
  add_test_variants ("/local/move/parked", test_move_parked);
  add_test_variants ("/local/move/hard-link", test_move_hard_link);
  add_test_variants ("/local/link", test_link);
  add_test_variants ("/local/set-attributes", test_set_attributes);
  add_test_variants ("/local/remove/plain", test_remove);
  add_test_variants ("/local/remove/twice", test_remove_twice);
  add_test_variants ("/local/remove/long-name", test_remove_long_name);
  add_test_variants ("/local/remove/link", test_remove_link);
  add_test_variants ("/local/remove/changed", test_remove_changed);
  add_test_variants ("/local/remove/directory", test_remove_directory);
  add_test_variants ("/local/remove/no-trash", test_remove_no_trash);
  return g_test_run ();
}
