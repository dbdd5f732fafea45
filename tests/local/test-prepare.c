/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening and preparing the folder, its marker, temporary files, what is left over from earlier. */
#include "local-test.h"

#include "util/autofd.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/fsuid.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY G_GINT64_CONSTANT (86400)

static void
test_open (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *gone = full_path (folder, "gone"), *file = full_path (folder, "f");
  g_autofree char *link = g_build_filename (folder->top, "link", NULL);
  g_autoptr (PsLocal) local = NULL;

  g_assert_null (ps_local_open (gone, &error));
  assert_local_error (error, PS_LOCAL_ERROR_ROOT);
  write_file (folder, "f", "");
  g_assert_null (ps_local_open (file, &error));
  assert_local_error (error, PS_LOCAL_ERROR_ROOT);
  make_link (folder, link, folder->root); /* a root that is a link is fine */
  local = ps_local_open (link, &error);
  g_assert_no_error (error);
  assert_done (ps_local_prepare (local, &error), error);
}

static void
test_prepare (Folder *folder, gconstpointer data)
{
  const PsLocalCaps *caps = ps_local_peek_caps (folder->local);

  g_assert_cmpuint (mode_of (folder, ".pisync"), ==, 0700);
  g_assert_cmpuint (mode_of (folder, ".pisync/tmp"), ==, 0700);
  g_assert_cmpuint (mode_of (folder, ".pisync/trash"), ==, 0700);
  g_assert_cmpuint (count_files (folder, ".pisync"), ==, 0);
  /* Wherever the tests run, it is a proper Linux file system. */
  g_assert_cmpint (caps->names, ==, PS_NAMES_POSIX);
  g_assert_true (caps->case_sensitive && caps->executable_bit && caps->symlinks);
  g_assert_true (caps->no_replace);
  g_assert_cmpint (caps->mtime_grain, <=, 1000000000);
}

static void
test_prepare_again (Folder *folder, gconstpointer data)
{
  g_autofree char *own = full_path (folder, ".pisync");
  g_autofree char *tmp = full_path (folder, ".pisync/tmp");

  g_assert_no_errno (g_chmod (own, 0755));
  g_assert_no_errno (g_chmod (tmp, 0777));
  folder_reopen (folder, VARIANT_WHOLE);
  g_assert_cmpuint (mode_of (folder, ".pisync"), ==, 0700);
  g_assert_cmpuint (mode_of (folder, ".pisync/tmp"), ==, 0700);
}

static void
test_prepare_denied (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *own = full_path (folder, ".pisync");
  g_autoptr (PsLocal) local = NULL;
  uid_t before = geteuid ();

  remove_tree (own);
  g_assert_no_errno (g_chmod (folder->root, 0555));
  g_assert_no_errno (g_chmod (folder->top, 0755));
  local = ps_local_open (folder->root, &error);
  setfsuid (before == 0 ? 65534 : before);
  g_assert_false (ps_local_prepare (local, &error));
  setfsuid (before);
  assert_local_error (error, PS_LOCAL_ERROR_DENIED);
  g_assert_no_errno (g_chmod (folder->root, 0755));
}

static void
test_prepare_file_in_the_way (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *own = full_path (folder, ".pisync");
  g_autoptr (PsLocal) local = ps_local_open (folder->root, &error);

  remove_tree (own);
  write_file (folder, ".pisync", "what is this?");
  g_assert_false (ps_local_prepare (local, &error));
  g_assert_nonnull (error);
  assert_content (folder, ".pisync", "what is this?");
}

/* Marker. */

static void
test_marker (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *own = full_path (folder, ".pisync");
  PsMarker marker = { .state = PS_MARKER_PRESENT, .id = "an-id", .generation = 7 }, now;

  remove_tree (own);
  ps_local_read_marker (folder->local, &now);
  g_assert_cmpint (now.state, ==, PS_MARKER_MISSING);
  assert_done (ps_local_write_marker (folder->local, &marker, &error), error);
  ps_local_read_marker (folder->local, &now);
  g_assert_cmpint (now.state, ==, PS_MARKER_PRESENT);
  g_assert_cmpstr (now.id, ==, "an-id");
  g_assert_cmpuint (now.generation, ==, 7);
  marker.generation = 8;
  assert_done (ps_local_write_marker (folder->local, &marker, &error), error);
  ps_local_read_marker (folder->local, &now);
  g_assert_cmpuint (now.generation, ==, 8);
  g_assert_cmpuint (count_files (folder, ".pisync"), ==, 1);
  g_assert_cmpuint (mode_of (folder, ".pisync"), ==, 0700);
}

/* Anything but a plain absence must not look like a first run. */
static void
test_marker_bad (Folder *folder, gconstpointer data)
{
  g_autofree char *longer = g_strnfill (PS_MARKER_MAX + 1, '#');
  g_autofree char *full = full_path (folder, ".pisync/root");
  g_autofree char *own = full_path (folder, ".pisync");
  uid_t before = geteuid ();
  PsMarker now;

  write_file (folder, ".pisync/root", "");
  ps_local_read_marker (folder->local, &now);
  g_assert_cmpint (now.state, ==, PS_MARKER_UNKNOWN_FORMAT);
  write_file (folder, ".pisync/root", longer);
  ps_local_read_marker (folder->local, &now);
  g_assert_cmpint (now.state, ==, PS_MARKER_UNKNOWN_FORMAT);
  remove_file (folder, ".pisync/root");
  make_dir (folder, ".pisync/root");
  ps_local_read_marker (folder->local, &now);
  g_assert_cmpint (now.state, ==, PS_MARKER_UNKNOWN_FORMAT);
  g_assert_no_errno (g_rmdir (full));
  g_assert_no_errno (mkfifo (full, 0644));
  ps_local_read_marker (folder->local, &now);
  g_assert_cmpint (now.state, ==, PS_MARKER_UNKNOWN_FORMAT);
  g_assert_no_errno (g_chmod (own, 0));
  g_assert_no_errno (g_chmod (folder->top, 0755));
  setfsuid (before == 0 ? 65534 : before);
  ps_local_read_marker (folder->local, &now);
  setfsuid (before);
  g_assert_cmpint (now.state, ==, PS_MARKER_UNKNOWN_FORMAT);
  g_assert_no_errno (g_chmod (own, 0700));
  remove_tree (folder->root);
  ps_local_read_marker (folder->local, &now);
  g_assert_cmpint (now.state, ==, PS_MARKER_NO_ROOT);
}

/* Temporary files. */

static char *
temp_path (const PsLocalTemp *temp)
{
  return g_strconcat (".pisync/tmp/", temp->name, NULL);
}

static void
test_temp (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  PsLocalTemp *temp = ps_local_temp_new (folder->local, "some/../key\n", FALSE, &error);
  g_autofree char *path = temp_path (temp);

  g_assert_no_error (error);
  g_assert_null (strchr (temp->name, '/'));
  g_assert_cmpuint (mode_of (folder, path), ==, 0600);
  ps_local_temp_free (temp);
  g_assert_cmpuint (count_files (folder, ".pisync/tmp"), ==, 0);
}

static void
test_temp_resume (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  PsLocalTemp *temp = ps_local_temp_new (folder->local, "key", TRUE, &error);
  char text[16] = "";

  g_assert_cmpint (write (ps_local_temp_peek_fd (temp), "first half", 10), ==, 10);
  ps_local_temp_keep (temp);
  ps_local_temp_free (temp);
  folder_reopen (folder, VARIANT_WHOLE); /* which sweeps */
  temp = ps_local_temp_new (folder->local, "key", TRUE, &error);
  g_assert_cmpint (pread (ps_local_temp_peek_fd (temp), text, 15, 0), ==, 10);
  g_assert_cmpstr (text, ==, "first half");
  ps_local_temp_free (temp); /* it was kept, and still is */
  temp = ps_local_temp_new (folder->local, "other key", TRUE, &error);
  g_assert_cmpint (pread (ps_local_temp_peek_fd (temp), text, 15, 0), ==, 0);
  ps_local_temp_free (temp);
  temp = ps_local_temp_new (folder->local, "key", FALSE, &error); /* from the beginning */
  g_assert_cmpint (pread (ps_local_temp_peek_fd (temp), text, 15, 0), ==, 0);
  ps_local_temp_free (temp);
  g_assert_cmpuint (count_files (folder, ".pisync/tmp"), ==, 0);
}

/* A resumed file is placed as any other. */
static void
test_temp_resume_place (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *displaced = NULL;
  PsLocalTemp *temp = ps_local_temp_new (folder->local, "key", TRUE, &error);
  PsEntry absent = { 0 }, placed;

  ps_local_temp_keep (temp);
  g_assert_cmpint (write (ps_local_temp_peek_fd (temp), "one ", 4), ==, 4);
  ps_local_temp_free (temp);
  temp = ps_local_temp_new (folder->local, "key", TRUE, &error);
  g_assert_cmpint (pwrite (ps_local_temp_peek_fd (temp), "two", 3, 4), ==, 3);
  assert_done (ps_local_temp_finish (temp, &new_file, &error), error);
  assert_done (
      ps_local_place (folder->local, temp, "f", &absent, FALSE, &placed, &displaced, &error),
      error);
  assert_content (folder, "f", "one two");
  g_assert_cmpuint (count_files (folder, ".pisync/tmp"), ==, 0);
}

static void
test_temp_same_key (Folder *folder, gconstpointer data)
{
  PsEntry absent = { 0 }, placed;
  g_autoptr (GError) error = NULL;
  g_autofree char *displaced = NULL;
  PsLocalTemp *one = make_temp (folder, "key", "one");
  PsLocalTemp *two = make_temp (folder, "key", "two");

  assert_done (
      ps_local_place (folder->local, one, "one", &absent, FALSE, &placed, &displaced, &error),
      error);
  assert_done (
      ps_local_place (folder->local, two, "two", &absent, FALSE, &placed, &displaced, &error),
      error);
  assert_content (folder, "one", "one");
  assert_content (folder, "two", "two");
}

static void
test_umask (Folder *folder, gconstpointer data)
{
  PsEntry absent = { 0 }, placed;
  g_autofree char *displaced = NULL;

  umask (077);
  folder_reopen (folder, VARIANT_WHOLE);
  displaced = place_content (folder, "f", "text", &absent, &placed);
  umask (022);
  g_assert_cmpuint (mode_of (folder, "f"), ==, 0600);
}

/* The real clock, so many seconds ahead. */
static int64_t
later_now (gpointer ahead)
{
  return ps_clock_now (ps_clock_system ()) + *(gint64 *)ahead * 1000000000;
}

static void
sweep_later (Folder *folder, gint64 ahead)
{
  PsClock later = { .now = later_now, .data = &ahead };

  folder->local->clock = &later;
  ps_local_sweep (folder->local);
  folder->local->clock = ps_clock_system ();
}

/* What is ours goes; what is to be resumed stays for a week; what may be a person's is brought to
 * the trash. */
static void
test_sweep (Folder *folder, gconstpointer data)
{
  g_autofree char *rescued = NULL, *rescued_dir = NULL;
  g_autofree char *private_name = ps_local_private_name ("some/dir/letter.txt");
  g_autofree char *private_dir = ps_local_private_name ("some/dir");
  g_autofree char *path = g_strconcat (".pisync/tmp/", private_name, NULL);
  g_autofree char *dir_path = g_strconcat (".pisync/tmp/", private_dir, NULL);
  g_autofree char *inner = g_strconcat (dir_path, "/inner", NULL);

  write_file (folder, ".pisync/tmp/0123.part", "half");
  write_file (folder, ".pisync/tmp/4567.resume", "to be resumed");
  write_file (folder, ".pisync/tmp/probe-file", "");
  make_dir (folder, ".pisync/tmp/empty");
  write_file (folder, path, "a person's");
  make_dir (folder, dir_path);
  write_file (folder, inner, "a person's too");
  sweep_later (folder, 6 * DAY);
  g_assert_cmpuint (count_files (folder, ".pisync/tmp"), ==, 1);
  assert_content (folder, ".pisync/tmp/4567.resume", "to be resumed");
  g_assert_false (is_there (folder, ".pisync/tmp/empty"));
  rescued = find_content (folder, ".pisync/trash", "a person's");
  g_assert_true (g_str_has_prefix (rescued, ".pisync/trash/letter.txt~"));
  rescued_dir = find_content (folder, ".pisync/trash", "a person's too");
  g_assert_true (g_str_has_prefix (rescued_dir, ".pisync/trash/dir~"));
  sweep_later (folder, -DAY); /* the clock was put back */
  g_assert_cmpuint (count_files (folder, ".pisync/tmp"), ==, 1);
  sweep_later (folder, 8 * DAY);
  g_assert_cmpuint (count_files (folder, ".pisync/tmp"), ==, 0);
}

/* No descriptor left to remember a directory by: nothing may be forgotten for that. */
static void
test_sync_without_descriptors (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  struct rlimit before, none;
  int fd = open (folder->root, O_PATH | O_DIRECTORY | O_CLOEXEC);

  assert_done (ps_local_sync_dirs (folder->local, &error), error);
  g_assert_no_errno (getrlimit (RLIMIT_NOFILE, &before));
  none = before;
  none.rlim_cur = 3;
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &none));
  ps_local_mark_dir (folder->local, fd);
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &before));
  g_assert_true (folder->local->unsynced_unknown);
  assert_done (ps_local_sync_dirs (folder->local, &error), error);
  g_assert_false (folder->local->unsynced_unknown);
  close (fd);
}

/* Looking. */

static void
test_stat (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  PsEntry entry;

  write_file (folder, "f", "12345");
  assert_done (ps_local_stat (folder->local, "f", &entry, &error), error);
  g_assert_cmpint (entry.kind, ==, PS_KIND_FILE);
  g_assert_cmpuint (entry.size, ==, 5);
  assert_done (ps_local_stat (folder->local, "gone", &entry, &error), error);
  g_assert_cmpint (entry.kind, ==, PS_KIND_ABSENT);
  assert_done (ps_local_stat (folder->local, "no/parent", &entry, &error), error);
  g_assert_cmpint (entry.kind, ==, PS_KIND_ABSENT);
  assert_done (ps_local_stat (folder->local, "f/below", &entry, &error), error);
  g_assert_cmpint (entry.kind, ==, PS_KIND_ABSENT);
}

static void
test_open_file (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *fifo = full_path (folder, "fifo");
  PsEntry entry, now;
  ps_autofd fd = -1;

  write_file (folder, "f", "12345");
  fd = ps_local_open_file (folder->local, "f", &entry, &error);
  g_assert_no_error (error);
  assert_done (ps_local_fstat (fd, &now, &error), error);
  g_assert_true (ps_entry_same (&entry, &now));
  write_file (folder, "f", "a change while it is read");
  assert_done (ps_local_fstat (fd, &now, &error), error);
  g_assert_false (ps_entry_same (&entry, &now));
  make_dir (folder, "d");
  g_assert_no_errno (mkfifo (fifo, 0644));
  g_assert_cmpint (ps_local_open_file (folder->local, "d", &entry, &error), ==, -1);
  assert_local_error (error, PS_LOCAL_ERROR_CHANGED);
  g_assert_cmpint (ps_local_open_file (folder->local, "fifo", &entry, &error), ==, -1);
  assert_local_error (error, PS_LOCAL_ERROR_CHANGED);
  g_assert_cmpint (ps_local_open_file (folder->local, "gone", &entry, &error), ==, -1);
  assert_local_error (error, PS_LOCAL_ERROR_GONE);
}

static void
test_open_denied (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *full = full_path (folder, "f");
  uid_t before = geteuid ();
  PsEntry entry;
  int fd;

  write_file (folder, "f", "secret");
  g_assert_no_errno (g_chmod (full, 0));
  g_assert_no_errno (g_chmod (folder->top, 0755));
  setfsuid (before == 0 ? 65534 : before);
  fd = ps_local_open_file (folder->local, "f", &entry, &error);
  setfsuid (before);
  g_assert_cmpint (fd, ==, -1);
  g_assert_nonnull (strstr (error->message, "f"));
  assert_local_error (error, PS_LOCAL_ERROR_DENIED);
}

static void
test_copy (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autofree char *displaced = NULL, *content = g_strnfill (3000000, 'c');
  PsLocalTemp *temp = ps_local_temp_new (folder->local, "k", FALSE, &error);
  PsEntry absent = { 0 }, placed;

  write_file (folder, "f", content);
  g_assert_cmpint (write (ps_local_temp_peek_fd (temp), "rubbish", 7), ==, 7);
  assert_done (ps_local_copy_into (folder->local, "f", temp, cancellable, &error), error);
  assert_done (ps_local_temp_finish (temp, &new_file, &error), error);
  assert_done (
      ps_local_place (folder->local, temp, "g", &absent, FALSE, &placed, &displaced, &error),
      error);
  assert_content (folder, "g", content);
  temp = ps_local_temp_new (folder->local, "k", FALSE, &error);
  g_assert_false (ps_local_copy_into (folder->local, "gone", temp, NULL, &error));
  assert_local_error (error, PS_LOCAL_ERROR_GONE);
  ps_local_temp_free (temp);
}

static void
test_free_space (Folder *folder, gconstpointer data)
{
  g_assert_cmpuint (ps_local_free_space (folder->local), >, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  umask (022);
  add_test ("/local/open", test_open);
  add_test ("/local/prepare/plain", test_prepare);
  add_test ("/local/prepare/again", test_prepare_again);
  add_test ("/local/prepare/denied", test_prepare_denied);
  add_test ("/local/prepare/file-in-the-way", test_prepare_file_in_the_way);
  add_test_variants ("/local/marker/plain", test_marker);
  add_test_variants ("/local/marker/bad", test_marker_bad);
  add_test ("/local/temp/plain", test_temp);
  add_test ("/local/temp/resume", test_temp_resume);
  add_test_variants ("/local/temp/resume-place", test_temp_resume_place);
  add_test ("/local/temp/same-key", test_temp_same_key);
  add_test ("/local/temp/umask", test_umask);
  add_test ("/local/sweep", test_sweep);
  add_test ("/local/sync/without-descriptors", test_sync_without_descriptors);
  add_test_variants ("/local/look/stat", test_stat);
  add_test_variants ("/local/look/open", test_open_file);
  add_test_variants ("/local/look/open-denied", test_open_denied);
  add_test ("/local/look/copy", test_copy);
  add_test ("/local/look/free-space", test_free_space);
  return g_test_run ();
}
