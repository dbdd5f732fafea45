/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How other programs of this kind have hurt people, as far as the local side is concerned: one test
 * each, named after where it was reported (nc = nextcloud/desktop, oc = owncloud/client, st =
 * syncthing, rc = rclone, uni = unison …). */
#include "apart.h"

#include "util/autofd.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const PsEntry absent = { 0 };

static PsListing *
list (Folder *folder, const char *dir)
{
  PsLister lister = ps_local_lister (folder->local);

  lister.klass->request (lister.self, dir);
  return lister.klass->next (lister.self, NULL, NULL);
}

static gboolean
lists (Folder *folder, const char *dir, const char *name)
{
  g_autoptr (PsListing) listing = list (folder, dir);

  for (guint i = 0; i < listing->entries->len; i++)
    if (strcmp (g_array_index (listing->entries, PsDirEntry, i).name, name) == 0)
      return TRUE;
  return FALSE;
}

/* The disk is not mounted: the empty place below is a folder without a marker, and nothing we do
 * makes one there by itself. */
static int
work_unmounted_root (Folder *folder, gconstpointer data)
{
  PsMarker marker = { .state = PS_MARKER_PRESENT, .id = "an-id" }, now;
  g_autoptr (GError) error = NULL;

  if (!apart_mount_tmpfs (folder->root, "size=1m"))
    return APART_SKIP;
  folder_reopen (folder, VARIANT_WHOLE);
  assert_done (ps_local_write_marker (folder->local, &marker, &error), error);
  write_file (folder, "f", "text");
  g_clear_pointer (&folder->local, ps_local_free);
  g_assert_no_errno (umount (folder->root));
  folder->local = ps_local_open (folder->root, &error);
  ps_local_read_marker (folder->local, &now);
  g_assert_cmpint (now.state, ==, PS_MARKER_MISSING);
  folder_reopen (folder, VARIANT_WHOLE);
  ps_local_read_marker (folder->local, &now);
  g_assert_cmpint (now.state, ==, PS_MARKER_MISSING);
  g_clear_pointer (&folder->local, ps_local_free);
  return 0;
}

static void
unmounted_root__nc2350 (Folder *folder, gconstpointer data)
{
  g_clear_pointer (&folder->local, ps_local_free);
  apart_run (folder, work_unmounted_root, NULL, "needs the right to mount");
}

/* The folder is deleted or taken away while we look at it. */
static void
root_vanishes_while_scanned__st845 (Folder *folder, gconstpointer data)
{
  PsMarker now;
  g_autoptr (PsListing) listing = NULL;

  make_dir (folder, "d");
  remove_tree (folder->root);
  ps_local_read_marker (folder->local, &now);
  g_assert_cmpint (now.state, ==, PS_MARKER_NO_ROOT);
  listing = list (folder, "");
  g_assert_null (listing);
}

/* A full disk, or a process that dies, never leaves an empty or half file under a name of the
 * person's. */
static void
no_partial_file_is_seen__onedrive791 (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  PsLocalTemp *temp = ps_local_temp_new (folder->local, "f", FALSE, &error);
  g_autoptr (PsListing) listing = NULL;

  g_assert_cmpint (write (ps_local_temp_peek_fd (temp), "half of a f", 11), ==, 11);
  listing = list (folder, "");
  g_assert_cmpuint (listing->entries->len, ==, 0);
  ps_local_temp_free (temp); /* the transfer failed */
  g_assert_false (is_there (folder, "f"));
  g_assert_cmpuint (count_files (folder, ".pisync"), ==, 0);
}

/* What the disk makes of a time is what is handed out for recording: see /local/disk for FAT. Here:
 * another time zone changes nothing. */
static void
time_zone_changes_nothing__rclonesync81 (Folder *folder, gconstpointer data)
{
  static const char *const zones[] = { "Pacific/Kiritimati", "America/St_Johns", "UTC" };
  g_autofree char *before = g_strdup (g_getenv ("TZ"));
  PsEntry first, again;
  g_autoptr (GError) error = NULL;

  write_file (folder, "f", "text");
  assert_done (ps_local_stat (folder->local, "f", &first, &error), error);
  for (gsize i = 0; i < G_N_ELEMENTS (zones); i++)
    {
      g_setenv ("TZ", zones[i], TRUE);
      tzset ();
      assert_done (ps_local_stat (folder->local, "f", &again, &error), error);
      g_assert_true (ps_entry_same (&first, &again));
    }
  if (before != NULL)
    g_setenv ("TZ", before, TRUE);
  else
    g_unsetenv ("TZ");
  tzset ();
}

/* The two ways to write an accent are two names, and both stay. */
static void
decomposed_name_stays__nc10087 (Folder *folder, gconstpointer data)
{
  static const char composed[] = "caf\xc3\xa9", decomposed[] = "cafe\xcc\x81";
  PsEntry placed;
  g_autofree char *displaced = NULL;

  write_file (folder, decomposed, "decomposed");
  displaced = place_content (folder, composed, "composed", &absent, &placed);
  g_assert_true (lists (folder, "", composed));
  g_assert_true (lists (folder, "", decomposed));
  assert_content (folder, decomposed, "decomposed");
  assert_content (folder, composed, "composed");
}

/* A name that the disk cannot hold is an error of that one file. */
static void
forbidden_name_is_refused__st1403 (Folder *folder, gconstpointer data)
{
  static const char *const names[] = { "a:b", "what?", "trailing.", "trailing ", "CON", "a\\b" };

  folder->local->caps.names = PS_NAMES_FAT;
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    assert_place_fails (folder, names[i], "x", &absent, PS_LOCAL_ERROR_NAME);
}

/* The name that a conflicted copy is to have may be taken: nothing is replaced by it. */
static void
conflict_name_in_use_replaces_nothing__R2V2 (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  PsEntry moved, mine;

  write_file (folder, "f", "mine");
  write_file (folder, "f (conflicted copy)", "an earlier one");
  mine = look (folder, "f");
  g_assert_false (ps_local_move (folder->local, "f", "f (conflicted copy)", NULL, &moved, &error));
  assert_local_error (error, PS_LOCAL_ERROR_EXISTS);
  g_assert_false (ps_local_link (folder->local, "f", "f (conflicted copy)", &mine, &error));
  assert_local_error (error, PS_LOCAL_ERROR_EXISTS);
  assert_content (folder, "f (conflicted copy)", "an earlier one");
  assert_content (folder, "f", "mine");
}

/* A directory deleted elsewhere still holds something that is never synced: it stays. */
static void
ignored_content_keeps_directory__mutagen114 (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  PsEntry dir;

  make_dir (folder, "d");
  write_file (folder, "d/.hidden.swp", "ignored");
  dir = look (folder, "d");
  g_assert_false (ps_local_remove (folder->local, "d", &dir, &error));
  assert_local_error (error, PS_LOCAL_ERROR_NOT_EMPTY);
  assert_content (folder, "d/.hidden.swp", "ignored");
}

/* An error is never an absence: not of a directory, not of the marker (see /local/marker/bad), not
 * of a file. */
static void
error_is_not_absence__borgstore189 (Folder *folder, gconstpointer data)
{
  g_autofree char *outside = g_build_filename (folder->top, "outside", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (PsListing) listing = NULL;
  PsEntry entry;

  make_dir (folder, outside);
  make_link (folder, "d", outside);
  listing = list (folder, "d");
  g_assert_cmpint (listing->state, ==, PS_LISTING_INCOMPLETE);
  g_assert_false (ps_local_stat (folder->local, "d/f", &entry, &error));
  assert_local_error (error, PS_LOCAL_ERROR_UNSAFE);
}

/* A rename keeps what tells that it was one. */
static void
rename_is_told_by_inode__oc6944 (Folder *folder, gconstpointer data)
{
  g_autofree char *from = full_path (folder, "f"), *to = full_path (folder, "d/g");
  g_autoptr (GError) error = NULL;
  PsEntry before, after;

  if (!folder->local->stable_inodes)
    {
      g_test_skip ("no lasting inode numbers on this file system");
      return;
    }
  make_dir (folder, "d");
  write_file (folder, "f", "text");
  assert_done (ps_local_stat (folder->local, "f", &before, &error), error);
  g_assert_no_errno (g_rename (from, to));
  assert_done (ps_local_stat (folder->local, "d/g", &after, &error), error);
  g_assert_cmpuint (before.inode, !=, 0);
  g_assert_cmpuint (before.inode, ==, after.inode);
  g_assert_cmpuint (before.device, ==, after.device);
}

/* Where numbers mean nothing they are not handed out: no false moves, no false changes. */
static void
unstable_inodes_are_not_known (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *displaced = NULL;
  PsEntry placed, seen;

  folder->local->stable_inodes = false;
  displaced = place_content (folder, "f", "text", &absent, &placed);
  g_assert_cmpuint (placed.inode, ==, 0);
  assert_done (ps_local_stat (folder->local, "f", &seen, &error), error);
  g_assert_cmpuint (seen.inode, ==, 0);
}

/* Links are seen as links, and never gone through. */
static void
link_loop_is_not_followed__mae1110 (Folder *folder, gconstpointer data)
{
  g_autoptr (PsListing) listing = NULL;

  make_dir (folder, "d");
  make_link (folder, "d/up", "..");
  make_link (folder, "d/self", "self");
  make_link (folder, "d/gone", "/nonexistent");
  listing = list (folder, "d");
  g_assert_cmpint (listing->state, ==, PS_LISTING_COMPLETE);
  g_assert_cmpuint (listing->entries->len, ==, 3);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (g_array_index (listing->entries, PsDirEntry, i).entry.kind, ==,
                     PS_KIND_SYMLINK);
}

static void
executable_bit_survives__oc3199 (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *full = full_path (folder, "run");
  PsEntry before, seen, same;
  g_autofree char *displaced = NULL;
  PsLocalTemp *temp;

  write_file (folder, "run", "one");
  g_assert_no_errno (g_chmod (full, 0755));
  before = look (folder, "run");
  g_assert_true (before.executable);
  temp = make_temp (folder, "k", "two");
  temp->entry.executable = true;
  assert_done (
      ps_local_place (folder->local, temp, "run", &before, FALSE, &seen, &displaced, &error),
      error);
  g_assert_cmpuint (mode_of (folder, "run"), ==, 0755);
  /* Where there is no such bit, it says nothing about a change. */
  folder->local->caps.executable_bit = false;
  same = look (folder, "run");
  same.executable = false;
  g_assert_true (ps_local_is_expected (folder->local, &seen, &same));
}

static void
removed_files_are_kept__uni995 (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *kept = NULL;
  PsEntry entry;

  write_file (folder, "f", "worth something");
  entry = look (folder, "f");
  assert_done (ps_local_remove (folder->local, "f", &entry, &error), error);
  kept = find_content (folder, ".pisync/trash", "worth something");
  g_assert_nonnull (kept);
}

/* Left-overs are swept, and were never seen. */
static void
temporary_files_go__oc1287 (Folder *folder, gconstpointer data)
{
  write_file (folder, ".pisync/tmp/0123456789abcdef.part", "left over");
  g_assert_false (lists (folder, "", ".pisync"));
  folder_reopen (folder, VARIANT_WHOLE);
  g_assert_cmpuint (count_files (folder, ".pisync"), ==, 0);
}

/* A file of a person's in our directory of temporary files was one that we displaced: kept. */
static void
interrupted_replace_loses_nothing__uni_danger (Folder *folder, gconstpointer data)
{
  g_autofree char *name = ps_local_private_name ("letter.odt");
  g_autofree char *path = g_strconcat (".pisync/tmp/", name, NULL);
  g_autofree char *kept = NULL;

  write_file (folder, path, "written in between");
  folder_reopen (folder, VARIANT_WHOLE);
  kept = find_content (folder, ".pisync/trash", "written in between");
  g_assert_nonnull (kept);
}

/* A clock that was put back, or stood at 1970, is no reason to see changes or lose files. */
static void
odd_clocks_change_nothing__OctoPi606 (Folder *folder, gconstpointer data)
{
  static const int64_t seconds[] = { 0, 1, -86400, G_GINT64_CONSTANT (4102444800) };

  for (gsize i = 0; i < G_N_ELEMENTS (seconds); i++)
    {
      g_autofree char *path = g_strdup_printf ("f%zu", i);
      g_autofree char *full = full_path (folder, path);
      struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = (time_t)seconds[i] } };
      PsEntry before, placed;
      g_autofree char *displaced = NULL;

      write_file (folder, path, "text");
      g_assert_no_errno (utimensat (AT_FDCWD, full, times, 0));
      before = look (folder, path);
      g_assert_cmpint (before.mtime, ==, seconds[i] * 1000000000);
      displaced = place_content (folder, path, "new", &before, &placed);
      g_assert_null (displaced);
      assert_content (folder, path, "new");
    }
}

/* The memory of a listing is that of its directory, not of the tree. */
static void
listings_do_not_pile_up__st468 (Folder *folder, gconstpointer data)
{
  PsLister lister = ps_local_lister (folder->local);

  for (guint i = 0; i < 50; i++)
    {
      g_autofree char *dir = g_strdup_printf ("d%u", i);

      make_dir (folder, dir);
      lister.klass->request (lister.self, dir);
    }
  g_assert_cmpuint (g_queue_get_length (&folder->local->requests), ==, 50);
  for (guint left = 50; left-- > 0;)
    {
      g_autoptr (PsListing) listing = lister.klass->next (lister.self, NULL, NULL);

      g_assert_nonnull (listing);
      g_assert_cmpuint (g_queue_get_length (&folder->local->requests), ==, left);
    }
}

#define LESSON(name) add_test ("/local/lessons/" #name, name)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  umask (022);
  LESSON (unmounted_root__nc2350);
  LESSON (root_vanishes_while_scanned__st845);
  LESSON (no_partial_file_is_seen__onedrive791);
  LESSON (time_zone_changes_nothing__rclonesync81);
  LESSON (decomposed_name_stays__nc10087);
  LESSON (forbidden_name_is_refused__st1403);
  LESSON (conflict_name_in_use_replaces_nothing__R2V2);
  LESSON (ignored_content_keeps_directory__mutagen114);
  LESSON (error_is_not_absence__borgstore189);
  LESSON (rename_is_told_by_inode__oc6944);
  LESSON (unstable_inodes_are_not_known);
  LESSON (link_loop_is_not_followed__mae1110);
  LESSON (executable_bit_survives__oc3199);
  LESSON (removed_files_are_kept__uni995);
  LESSON (temporary_files_go__oc1287);
  LESSON (interrupted_replace_loses_nothing__uni_danger);
  LESSON (odd_clocks_change_nothing__OctoPi606);
  LESSON (listings_do_not_pile_up__st468);
  return g_test_run ();
}
