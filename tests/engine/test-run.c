/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole runs of the engine against a real sftp-server over a pipe: what two or three devices do to
 * each other. */
#include "fakes/test-util.h"
#include "household.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
test_first (void)
{
  SET_UP ("d/ d/e/ d/f=hello empty= big=@300000:1 x*=run d/odd%0aname=1 d/%ff%fe=2 none/");
  g_assert_cmpuint (ps_device_count (two.b, "download", NULL), ==, 6);
  ps_device_agree (two.a);
  g_assert_cmpuint (ps_device_count (two.a, NULL, NULL), ==, 0);
  ps_device_restart (two.a);
  ps_device_agree (two.a);
  g_assert_cmpuint (ps_device_count (two.a, NULL, NULL), ==, 0);
}

static void
test_edit (void)
{
  SET_UP ("d/f=one g=1");
  ps_test_make_tree (two.a->local, "d/f=two"); /* same size, same second */
  ps_device_agree (two.a);
  g_assert_cmpuint (ps_device_count (two.a, "upload", "d/f"), ==, 1);
  ps_device_agree (two.b);
  g_assert_cmpuint (ps_device_count (two.b, "download", "d/f"), ==, 1);
  g_assert_true (ps_content_exists (two.household->server, "one")); /* in versions/ */
  ps_two_settle (&two);
}

static void
test_delete (void)
{
  SET_UP ("d/e/f=one d/g=2 h=3 i=4 j=5 k=6");
  ps_test_make_tree (two.a->local, "-d");
  ps_device_agree (two.a);
  g_assert_false (ps_test_exists (two.household->server, "d"));
  g_assert_true (ps_content_exists (two.household->server, "one"));
  ps_device_agree (two.b);
  g_assert_false (ps_test_exists (two.b->local, "d"));
  ps_two_settle (&two);
}

static void
test_touch (void)
{
  SET_UP ("f=one^1600000000 g*=two");
  ps_test_set_mtime (two.a->local, "f", 1700000000);
  ps_device_agree (two.a);
  g_assert_cmpuint (ps_device_count (two.a, "attributes", "f"), ==, 1);
  g_assert_cmpuint (two.a->summary.uploaded, ==, 0);
  ps_device_agree (two.b);
  g_assert_cmpuint (ps_device_count (two.b, "attributes", "f"), ==, 1);
  ps_two_settle (&two);
}

static void
assert_executable (const char *dir, const char *name)
{
  g_autofree char *path = g_build_filename (dir, name, NULL);

  g_assert_true (g_file_test (path, G_FILE_TEST_IS_EXECUTABLE));
}

/* Both wrote the same, or neither knows any more who did, and one of them made it executable. */
static void
test_executable_on_one_side (void)
{
  SET_UP ("k=4");
  ps_test_make_tree (two.a->local, "f*=same^1600000000 g=same^1600000000 h=as-it-is");
  ps_test_make_tree (two.b->local, "f=same^1700000000 g*=same^1700000000");
  ps_device_agree (two.a);
  ps_device_agree (two.b);
  ps_two_settle (&two);
  assert_executable (two.b->local, "f");
  assert_executable (two.a->local, "g");
}

/* Both change the same file: the newer keeps the name, both keep both. */
static void
test_conflict (void)
{
  SET_UP ("f.txt=one g=1");
  g_autofree char *copy = NULL;

  ps_test_make_tree (two.a->local, "f.txt=from-anna^1700000000");
  ps_test_make_tree (two.b->local, "f.txt=from-bert-longer^1700000100");
  ps_device_agree (two.a);
  ps_device_agree (two.b);
  g_assert_cmpuint (two.b->summary.conflicts, ==, 1);
  ps_two_settle (&two);
  copy = ps_find_conflict_copy (two.a->local);
  g_assert_nonnull (copy);
  g_assert_true (g_str_has_suffix (copy, ".txt"));
  {
    g_autofree char *kept = ps_test_read (two.a->local, "f.txt", NULL);
    g_autofree char *other = ps_test_read (two.a->local, copy, NULL);

    g_assert_cmpstr (kept, ==, "from-bert-longer");
    g_assert_cmpstr (other, ==, "from-anna");
  }
}

/* The same, where the version that is on the server already is the newer one; same length, so that
 * content decides. */
static void
test_conflict_older (void)
{
  SET_UP ("f.txt=one g=1");
  g_autofree char *copy = NULL;

  ps_test_make_tree (two.a->local, "f.txt=from-anna^1700000100");
  ps_test_make_tree (two.b->local, "f.txt=from-bert^1700000000");
  ps_device_agree (two.a);
  ps_device_agree (two.b);
  ps_two_settle (&two);
  copy = ps_find_conflict_copy (two.a->local);
  g_assert_nonnull (copy);
  {
    g_autofree char *kept = ps_test_read (two.a->local, "f.txt", NULL);
    g_autofree char *other = ps_test_read (two.a->local, copy, NULL);

    g_assert_cmpstr (kept, ==, "from-anna");
    g_assert_cmpstr (other, ==, "from-bert");
  }
}

static void
test_same_edit (void)
{
  SET_UP ("f.txt=one g=1");
  g_autofree char *copy = NULL;

  ps_test_make_tree (two.a->local, "f.txt=same^1700000100 new=equal");
  ps_test_make_tree (two.b->local, "f.txt=same^1700000000 new=equal");
  ps_two_settle (&two);
  copy = ps_find_conflict_copy (two.a->local);
  g_assert_null (copy);
}

static void
test_delete_against_edit (void)
{
  SET_UP ("d/f=one d/g=2 h=3 i=4");
  ps_test_make_tree (two.a->local, "-d");
  ps_test_make_tree (two.b->local, "d/f=edited");
  ps_device_agree (two.a);
  ps_device_agree (two.b);
  ps_two_settle (&two);
  g_assert_true (ps_test_exists (two.a->local, "d/f"));
  g_assert_false (ps_test_exists (two.a->local, "d/g"));
}

static void
test_move_file (void)
{
  SET_UP ("d/f=@100000:3 e/ h=3 i=4");
  g_autofree char *from = g_build_filename (two.a->local, "d/f", NULL);
  g_autofree char *to = g_build_filename (two.a->local, "e/renamed", NULL);

  g_assert_cmpint (rename (from, to), ==, 0);
  ps_device_agree (two.a);
  g_assert_cmpuint (two.a->summary.moved, ==, 1);
  g_assert_cmpuint (two.a->summary.uploaded, ==, 0);
  ps_device_agree (two.b);
  g_assert_cmpuint (two.b->summary.moved, ==, 1);
  g_assert_cmpuint (two.b->summary.downloaded, ==, 0);
  ps_two_settle (&two);
}

static void
test_move_directory (void)
{
  SET_UP ("d/e/f=@100000:3 d/e/g=2 d/h=3 i=4");
  g_autofree char *from = g_build_filename (two.a->local, "d", NULL);
  g_autofree char *to = g_build_filename (two.a->local, "moved", NULL);

  g_assert_cmpint (rename (from, to), ==, 0);
  ps_test_make_tree (two.a->local, "moved/e/g=changed moved/new=x");
  ps_device_agree (two.a);
  g_assert_cmpuint (two.a->summary.moved, ==, 1);
  g_assert_cmpuint (two.a->summary.uploaded, ==, 2);
  ps_device_agree (two.b);
  ps_two_settle (&two);
}

static void
rename_in (const char *dir, const char *from, const char *to)
{
  g_autofree char *old = g_build_filename (dir, from, NULL);
  g_autofree char *new = g_build_filename (dir, to, NULL);

  g_assert_cmpint (rename (old, new), ==, 0);
}

static void
swap (const char *dir, const char *one, const char *other)
{
  rename_in (dir, one, "spare");
  rename_in (dir, other, one);
  rename_in (dir, "spare", other);
}

static void
test_swap (void)
{
  SET_UP ("f=@50000:1 g=@60000:2 h=3");

  swap (two.a->local, "f", "g");
  ps_device_agree (two.a);
  ps_two_settle (&two);
}

/* Renamed and made executable at once, by either device. */
static void
test_move_and_mode (void)
{
  SET_UP ("f=one g=two! k=4");
  g_autofree char *n = g_build_filename (two.a->local, "n", NULL);
  g_autofree char *m = g_build_filename (two.b->local, "m", NULL);

  rename_in (two.a->local, "f", "n");
  g_assert_cmpint (chmod (n, 0755), ==, 0);
  rename_in (two.b->local, "g", "m");
  g_assert_cmpint (chmod (m, 0755), ==, 0);
  ps_device_agree (two.a);
  ps_device_agree (two.b);
  ps_two_settle (&two);
  assert_executable (two.b->local, "n");
  assert_executable (two.a->local, "m");
}

/* Writes over the beginning of a file without any change that a stat shows. */
static void
write_unseen (const char *dir, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (dir, name, NULL);
  int fd = open (path, O_WRONLY);
  struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } };
  struct stat before;

  g_assert_cmpint (fstat (fd, &before), ==, 0);
  times[1] = before.st_mtim;
  g_assert_cmpint (pwrite (fd, text, strlen (text), 0), ==, (gssize)strlen (text));
  g_assert_cmpint (futimens (fd, times), ==, 0);
  g_assert_cmpint (close (fd), ==, 0);
}

/* A file is changed within the tick of the clock in which it was read, and its upload takes longer
 * than that: it counts when it was read, not when that was recorded. */
static void
test_same_tick (void)
{
  gint64 soon = g_get_real_time () / G_USEC_PER_SEC + 2;

  SET_UP ("k=4");
  ps_test_make_tree (two.a->local, "a=before b=before");
  ps_test_set_mtime (two.a->local, "a", soon);
  ps_test_set_mtime (two.a->local, "b", soon);
  two.a->leap = 3 * G_USEC_PER_SEC; /* the one that comes second takes so long */
  ps_device_agree (two.a);
  two.a->leap = 0;
  write_unseen (two.a->local, "a", "later!");
  write_unseen (two.a->local, "b", "later!");
  ps_device_agree (two.a);
  g_assert_cmpuint (two.a->summary.uploaded, ==, 2);
  ps_two_settle (&two);
}

/* Files of one size and one second, which here have their nanoseconds, change names: the other
 * device cannot see from sizes and times that another file is there now. */
static void
test_moves_alike (void)
{
  const char *names[] = { "f", "g", "h", "d/f", "d/g" };

  SET_UP ("d/ k=4");
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *content = g_strdup_printf ("%u", i);
      g_autofree char *path = g_build_filename (two.a->local, names[i], NULL);
      struct timespec times[2] = { { 1600000000, 0 }, { 1600000000, 1000 + i } };

      ps_test_write (two.a->local, names[i], content);
      g_assert_cmpint (utimensat (AT_FDCWD, path, times, 0), ==, 0);
    }
  ps_two_settle (&two);
  swap (two.a->local, "f", "g");
  rename_in (two.a->local, "d/g", "d/new"); /* each to the next name */
  rename_in (two.a->local, "d/f", "d/g");
  rename_in (two.a->local, "h", "d/f");
  ps_device_agree (two.a);
  g_assert_cmpuint (two.a->summary.uploaded, ==, 0);
  ps_device_agree (two.b);
  ps_two_settle (&two);
}

/* A file of a new name that has the size and the second of one that is gone, and all but one byte:
 * samples find out where it differs, or the hash that is published of what was made from another
 * file. */
typedef struct
{
  const char *name;
  gsize size, differs_at;
} Retagged;

static const Retagged retagged[] = {
  { "small", 200 * 1024, 20 * 1024 },
  { "published", 3 * 1024 * 1024, 1000 * 1000 },
  { "end", 3 * 1024 * 1024, 3 * 1024 * 1024 - 1 },
};

static void
test_no_move (gconstpointer data)
{
  const Retagged *r = data;
  g_autofree guint8 *bytes = ps_test_random_bytes (r->size, 1);
  g_autofree char *old = NULL;

  SET_UP ("k=4 l=5 m=6");
  old = g_build_filename (two.a->local, "tune", NULL);
  ps_test_write_bytes (two.a->local, "tune", bytes, r->size);
  ps_test_set_mtime (two.a->local, "tune", 1700000000);
  ps_two_settle (&two);
  bytes[r->differs_at] ^= 1;
  ps_test_write_bytes (two.a->local, "tune-2", bytes, r->size);
  ps_test_set_mtime (two.a->local, "tune-2", 1700000000);
  g_assert_no_errno (g_unlink (old));
  ps_device_agree (two.a);
  ps_device_agree (two.b);
  ps_test_assert_same_trees (two.a->local, two.b->local);
  ps_two_settle (&two);
}

static void
test_type_changes (void)
{
  SET_UP ("f=1 d/x=2 d/y=3 k=4");
  ps_test_make_tree (two.a->local, "-f f/inside=new -d d=now-a-file");
  ps_device_agree (two.a);
  ps_device_agree (two.b);
  ps_two_settle (&two);
  g_assert_true (ps_test_exists (two.b->local, "f/inside"));
}

/* A folder that is to become a file still holds what is never synced: that stays, and is said. */
static void
test_type_change_not_empty (void)
{
  SET_UP (".pisyncignore=*.tmp d/x=2 k=4");
  ps_test_make_tree (two.household->server, "d/x.tmp=secret");
  ps_test_make_tree (two.a->local, "-d d=now-a-file");
  ps_device_sync (two.a);
  g_assert_nonnull (ps_device_problem (two.a, "not-empty"));
  g_assert_false (two.a->summary.in_sync);
  g_assert_true (ps_test_exists (two.household->server, "d/x.tmp"));
  g_assert_true (ps_test_exists (two.a->local, "d"));
  ps_test_make_tree (two.household->server, "-d/x.tmp");
  ps_two_settle (&two);
  g_assert_false (ps_test_exists (two.b->local, "d/x"));
}

/* A file here against a directory there: the directory keeps the name. */
static void
test_file_against_directory (void)
{
  SET_UP ("k=4");
  g_autofree char *copy = NULL;

  ps_test_make_tree (two.a->local, "n/inside=1");
  ps_test_make_tree (two.b->local, "n=file");
  ps_device_agree (two.a);
  ps_device_agree (two.b);
  ps_two_settle (&two);
  g_assert_true (ps_test_exists (two.b->local, "n/inside"));
  copy = ps_find_conflict_copy (two.a->local);
  g_assert_nonnull (copy);
}

static void
test_ignore (void)
{
  SET_UP (".pisyncignore=*.tmp d/keep=1");
  ps_test_make_tree (two.a->local, "d/x.tmp=secret build/");
  ps_device_agree (two.a);
  g_assert_false (ps_test_exists (two.household->server, "d/x.tmp"));
  /* A directory that still holds something ignored is not removed, and that is no disagreement. */
  ps_test_make_tree (two.b->local, "-d");
  ps_device_agree (two.b);
  ps_device_agree (two.a);
  g_assert_true (ps_test_exists (two.a->local, "d/x.tmp"));
  g_assert_false (ps_test_exists (two.a->local, "d/keep"));
}

static void
test_symlinks (void)
{
  SET_UP ("f=1");
  ps_test_make_tree (two.a->local, "l>f");
  ps_device_agree (two.a);
  g_assert_nonnull (ps_device_problem (two.a, "symlink"));
  ps_device_agree (two.a);
  g_assert_null (ps_device_problem (two.a, "symlink")); /* said once */
  two.a->config->keep_symlinks = two.b->config->keep_symlinks = TRUE;
  ps_device_restart (two.a);
  ps_device_restart (two.b);
  ps_two_settle (&two);
  ps_test_make_tree (two.b->local, "-l l>elsewhere");
  ps_two_settle (&two);
}

/* A folder was moved elsewhere and a link left in its place, on either side: what is skipped says
 * nothing about what lay below it. */
static void
test_folder_became_link (void)
{
  SET_UP ("d/x=1 d/sub/y=2 e/z=3 k=4");

  ps_test_make_tree (two.a->local, "-d d>/nowhere");
  ps_test_make_tree (two.household->server, "-e e>/nowhere");
  for (guint i = 0; i < 2; i++)
    {
      ps_device_sync (two.a);
      g_assert_cmpuint (ps_device_count (two.a, "delete-remote", NULL), ==, 0);
      g_assert_cmpuint (ps_device_count (two.a, "delete-local", NULL), ==, 0);
    }
  g_assert_true (ps_test_exists (two.household->server, "d/sub/y"));
  g_assert_true (ps_test_exists (two.a->local, "e/z"));
  ps_test_make_tree (two.a->local, "-d d/x=1");
  ps_test_make_tree (two.household->server, "-e");
  ps_device_agree (two.a);
  g_assert_false (ps_test_exists (two.a->local, "e/z"));
  g_assert_false (ps_test_exists (two.household->server, "d/sub/y"));
}

static void
test_dry_run (void)
{
  SET_UP ("a=1 b=2 c=3");
  g_autofree char *before = ps_test_describe_tree (two.household->server), *after = NULL;

  ps_test_make_tree (two.a->local, "new=12345 -a");
  ps_device_sync_flags (two.a, PS_SYNC_DRY_RUN);
  g_assert_cmpuint (ps_device_count (two.a, "upload", "new"), ==, 1);
  g_assert_cmpuint (ps_device_count (two.a, "delete-remote", "a"), ==, 1);
  g_assert_cmpuint (two.a->summary.payload_up, ==, 5);
  after = ps_test_describe_tree (two.household->server);
  g_assert_cmpstr (before, ==, after);
  ps_two_settle (&two);
}

/* The state is lost: a union of what is there, nothing is sent again. */
static void
test_lost_state (void)
{
  SET_UP ("a=1 b=2 c=3 d/e=@70000:1");
  ps_run_free (g_steal_pointer (&two.a->run));
  ps_test_remove_tree (two.a->state);
  ps_device_restart (two.a);
  ps_device_agree (two.a);
  g_assert_cmpuint (two.a->summary.uploaded + two.a->summary.downloaded + two.a->summary.conflicts,
                    ==, 0);
  ps_two_settle (&two);
}

static void
test_check (void)
{
  SET_UP ("a=1 b=2 c=3");
  g_autoptr (GError) error = NULL;

  g_assert_true (ps_run_check (two.a->run, &two.a->summary, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (two.a->summary.in_sync);
  {
    g_autofree char *path = g_build_filename (two.household->server, "b", NULL);
    g_autoptr (GFile) file = g_file_new_for_path (path);
    g_autoptr (GFileInfo) info = g_file_query_info (file, "time::*", 0, NULL, NULL);
    gint64 mtime = g_file_info_get_attribute_uint64 (info, G_FILE_ATTRIBUTE_TIME_MODIFIED);

    ps_test_write (two.household->server, "b", "X");
    ps_test_set_mtime (two.household->server, "b", mtime);
  }
  g_ptr_array_set_size (two.a->events, 0);
  g_assert_true (ps_run_check (two.a->run, &two.a->summary, NULL, &error));
  g_assert_false (two.a->summary.in_sync);
  g_assert_nonnull (ps_device_problem (two.a, "content"));
}

/* Writes a file on the server as PiSync and careful editors do: a new one takes the old one's
 * place. */
static void
replace_on_server (PsTwo *two, const char *path, const char *text)
{
  g_autofree char *from = g_build_filename (two->household->server, "new-one", NULL);
  g_autofree char *to = g_build_filename (two->household->server, path, NULL);

  ps_test_write (two->household->server, "new-one", text);
  g_assert_cmpint (rename (from, to), ==, 0);
}

/* A program that keeps syncing lists only directories whose mtime moved, and all of them at
 * intervals. */
static void
test_quick_scan (void)
{
  SET_UP ("a/1=1 b/1=1 c/1=1 d/e/f/1=1 d/e/f/2=2");
  const char *const dirs[] = { "", "a", "b", "c", "d", "d/e", "d/e/f" };
  guint64 full;

  for (guint i = 0; i < G_N_ELEMENTS (dirs); i++)
    ps_test_set_mtime (two.household->server, dirs[i], 1600000000);
  ps_device_agree (two.b);
  two.b->ahead += 10 * G_USEC_PER_SEC;
  ps_device_agree (two.b);
  full = two.b->summary.requests;
  ps_device_agree (two.b);
  g_assert_cmpuint (two.b->summary.requests, <, full / 2);

  ps_test_make_tree (two.a->local, "d/e/f/3=3 a/1=changed -b");
  ps_device_agree (two.a);
  replace_on_server (&two, "c/1", "other");
  ps_device_agree (two.b);
  ps_test_assert_same_trees (two.b->local, two.household->server);

  for (guint i = 0; i < G_N_ELEMENTS (dirs); i++)
    if (ps_test_exists (two.household->server, dirs[i]))
      ps_test_set_mtime (two.household->server, dirs[i], 1600000001);
  for (guint i = 0; i < 3; i++)
    {
      two.b->ahead += 10 * G_USEC_PER_SEC;
      ps_device_agree (two.b);
    }
  ps_test_write (two.household->server, "c/1", "in place");
  ps_device_agree (two.b);
  g_assert_false (ps_content_exists (two.b->local, "in place"));
  two.b->ahead += 601 * G_USEC_PER_SEC;
  ps_device_agree (two.b);
  g_assert_true (ps_content_exists (two.b->local, "in place"));
}

static void
test_busy (void)
{
  SET_UP ("a=1");
  PsDevice *again = ps_device_new (two.household, "anna");

  ps_device_sync_fails (again, PS_ENGINE_ERROR_BUSY);
  ps_device_free (again);
}

/* The run ends when all is done and nothing recorded yet; then the server loses its power, and with
 * it what was not durable. Nobody has deleted that. */
static void
test_server_loses_names (void)
{
  SET_UP ("f=one");
  g_autofree char *new_file = g_build_filename (two.household->server, "d", "new", NULL);
  g_autofree char *new_dir = g_path_get_dirname (new_file);

  ps_test_make_tree (two.a->local, "d/ d/new=from-anna");
  ps_device_sync_cancelled (two.a, PS_SYNC_DEFAULT, 2);
  g_assert_no_errno (g_unlink (new_file));
  g_assert_no_errno (g_rmdir (new_dir));
  ps_device_agree (two.a);
  ps_two_settle (&two);
  g_assert_true (ps_content_exists (two.household->server, "from-anna"));
  g_assert_true (ps_content_exists (two.b->local, "from-anna"));
}

/* What somebody does between the scan and the carrying out of a plan. */
typedef enum
{
  AT_ANNA,
  AT_BERT,
  AT_SERVER
} Place;

typedef struct
{
  const char *name;
  const char *tree;      /* that both begin with */
  Place edited;          /* where @edit is made */
  const char *edit;      /* and synced, by the device whose run is meddled with last */
  Place runs;            /* the device whose run it is */
  Place meddled;         /* where @meanwhile is made */
  const char *meanwhile; /* when the plan is carried out */
  const char *stays[2];  /* contents that both have in the end */
} Meanwhile;

static const Meanwhile meanwhiles[] = {
  { "server-written",
    "f=one g=1",
    AT_ANNA,
    "f=from-anna",
    AT_ANNA,
    AT_SERVER,
    "f=from-outside",
    { "from-outside", "from-anna" } },
  { "server-created",
    "g=1",
    AT_ANNA,
    "f=from-anna",
    AT_ANNA,
    AT_SERVER,
    "f=from-outside",
    { "from-outside", "from-anna" } },
  { "local-written",
    "f=one g=1",
    AT_ANNA,
    "f=from-anna g=x",
    AT_BERT,
    AT_BERT,
    "f=from-bert g=longer",
    { "from-bert", "from-anna" } },
  { "source-changed",
    "f=one g=1",
    AT_ANNA,
    "f=changed",
    AT_ANNA,
    AT_ANNA,
    "f=changed-again",
    { "changed-again" } },
  { "deleted-and-back",
    "f=one g=1 h=2 i=3 j=4",
    AT_SERVER,
    "-f",
    AT_BERT,
    AT_SERVER,
    "f=back",
    { "back" } },
  { "edited-before-removal",
    "f=one g=1 h=2 i=3 j=4",
    AT_ANNA,
    "-f",
    AT_ANNA,
    AT_SERVER,
    "f=edited",
    { "edited" } },
};

typedef struct
{
  const char *dir;
  const char *tree;
} Meddling;

static void
meddle (gpointer data)
{
  const Meddling *meddling = data;

  ps_test_make_tree (meddling->dir, meddling->tree);
}

static void
test_meanwhile (gconstpointer data)
{
  const Meanwhile *m = data;
  SET_UP (m->tree);
  PsDevice *const devices[] = { two.a, two.b };
  const char *const dirs[] = { two.a->local, two.b->local, two.household->server };
  Meddling meddling = { dirs[m->meddled], m->meanwhile };

  ps_test_make_tree (dirs[m->edited], m->edit);
  if (m->edited != AT_SERVER && m->edited != m->runs)
    ps_device_agree (devices[m->edited]);
  devices[m->runs]->meanwhile = meddle;
  devices[m->runs]->meanwhile_data = &meddling;
  ps_device_agree (devices[m->runs]);
  ps_two_settle (&two);
  for (guint i = 0; i < G_N_ELEMENTS (m->stays) && m->stays[i] != NULL; i++)
    g_assert_true (ps_content_exists (two.a->local, m->stays[i])
                   && ps_content_exists (two.b->local, m->stays[i]));
}

/* Written in place on the server, as Samba does, no version of the old content is kept there: the
 * trash here takes it. */
static void
test_replaced_without_version (void)
{
  SET_UP ("f=only-copy g=1");

  ps_test_write (two.household->server, "f", "written in place");
  ps_device_agree (two.a);
  g_assert_true (ps_content_exists (two.household->dir, "only-copy"));
  ps_device_agree (two.b);
  ps_test_make_tree (two.a->local, "f=through-pisync");
  ps_two_settle (&two);
  g_assert_true (ps_content_exists (two.household->server, "written in place"));
  g_assert_false (ps_content_exists (two.b->local, "written in place"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/run/first", test_first);
  g_test_add_func ("/engine/run/edit", test_edit);
  g_test_add_func ("/engine/run/delete", test_delete);
  g_test_add_func ("/engine/run/touch", test_touch);
  g_test_add_func ("/engine/run/same-tick", test_same_tick);
  g_test_add_func ("/engine/run/executable-on-one-side", test_executable_on_one_side);
  g_test_add_func ("/engine/run/conflict/newer-here", test_conflict);
  g_test_add_func ("/engine/run/conflict/newer-there", test_conflict_older);
  g_test_add_func ("/engine/run/conflict/same-content", test_same_edit);
  g_test_add_func ("/engine/run/conflict/delete-against-edit", test_delete_against_edit);
  g_test_add_func ("/engine/run/conflict/file-against-directory", test_file_against_directory);
  g_test_add_func ("/engine/run/move/file", test_move_file);
  g_test_add_func ("/engine/run/move/directory", test_move_directory);
  g_test_add_func ("/engine/run/move/swap", test_swap);
  g_test_add_func ("/engine/run/move/and-mode", test_move_and_mode);
  g_test_add_func ("/engine/run/move/alike", test_moves_alike);
  for (gsize i = 0; i < G_N_ELEMENTS (retagged); i++)
    {
      g_autofree char *path = g_strconcat ("/engine/run/move/not-", retagged[i].name, NULL);
      g_test_add_data_func (path, &retagged[i], test_no_move);
    }
  g_test_add_func ("/engine/run/type-changes", test_type_changes);
  g_test_add_func ("/engine/run/type-change-not-empty", test_type_change_not_empty);
  g_test_add_func ("/engine/run/ignore", test_ignore);
  g_test_add_func ("/engine/run/symlinks", test_symlinks);
  g_test_add_func ("/engine/run/folder_became_link__mae1110", test_folder_became_link);
  g_test_add_func ("/engine/run/server-loses-names", test_server_loses_names);
  for (gsize i = 0; i < G_N_ELEMENTS (meanwhiles); i++)
    {
      g_autofree char *path = g_strconcat ("/engine/run/meanwhile/", meanwhiles[i].name, NULL);

      g_test_add_data_func (path, &meanwhiles[i], test_meanwhile);
    }
  g_test_add_func ("/engine/run/replaced-without-version", test_replaced_without_version);
  g_test_add_func ("/engine/run/quick-scan", test_quick_scan);
  g_test_add_func ("/engine/run/dry-run", test_dry_run);
  g_test_add_func ("/engine/run/lost-state", test_lost_state);
  g_test_add_func ("/engine/run/check", test_check);
  g_test_add_func ("/engine/run/second-process", test_busy);
  return g_test_run ();
}
