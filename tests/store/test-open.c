/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening: the lock, modes, bases of other ages and other programs, every kind of damage, and
 * processes that die at the worst moment. */
#include "store-test.h"

#include "util/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEST(path, function) g_test_add (path, Base, NULL, base_set_up, function, base_tear_down)

static guint
file_mode (const char *file)
{
  struct stat st;

  g_assert_no_errno (lstat (file, &st));
  return st.st_mode & 07777;
}

static void
commit (PsStore *store)
{
  g_autoptr (GError) error = NULL;
  gboolean done = ps_store_commit (store, &error);

  g_assert_no_error (error);
  g_assert_true (done);
}

/* The base holds nothing that others may read, whatever the umask. */
static void
test_modes (Base *base, gconstpointer data)
{
  static const char *const files[] = { "base.db", "base.db-wal", "lock" };
  PsRow row = make_row (1);

  umask (0);
  g_clear_pointer (&base->store, ps_store_free);
  remove_tree (base->dir);
  base_reopen (base);
  put_row (base->store, "f", &row);
  commit (base->store);
  g_assert_cmpuint (file_mode (base->dir), ==, 0700);
  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *file = base_file (base, files[i]);

      g_assert_cmpuint (file_mode (file), ==, 0600);
    }
  umask (022);
}

static void
test_locked (Base *base, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *pid = g_strdup_printf ("process %d", (int)getpid ());
  PsStore *second = ps_store_open (base->dir, NULL, &error);

  g_assert_null (second);
  g_assert_error (error, PS_STORE_ERROR, PS_STORE_ERROR_LOCKED);
  g_assert_nonnull (strstr (error->message, pid));
  g_clear_error (&error);
  g_assert_false (ps_store_forget (base->dir, &error));
  g_assert_error (error, PS_STORE_ERROR, PS_STORE_ERROR_LOCKED);
  base_reopen (base); /* free again once closed */
}

/* The lock of a process that is killed goes with it. */
static void
test_lock_dies (Base *base, gconstpointer data)
{
  int ready[2], status;
  char byte;
  pid_t child;

  g_clear_pointer (&base->store, ps_store_free);
  g_assert_no_errno (pipe (ready));
  child = fork ();
  if (child == 0)
    {
      PsStore *store = ps_store_open (base->dir, NULL, NULL);

      if (store == NULL || write (ready[1], "x", 1) != 1)
        _exit (1);
      pause ();
      _exit (0);
    }
  g_assert_cmpint (read (ready[0], &byte, 1), ==, 1);
  g_assert_null (ps_store_open (base->dir, NULL, NULL));
  g_assert_no_errno (kill (child, SIGKILL));
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  base_reopen (base);
  close (ready[0]);
  close (ready[1]);
}

static void
test_forget (Base *base, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *nowhere = base_file (base, "no/such/place");
  PsRow row = make_row (1);

  put_row (base->store, "f", &row);
  g_assert_true (ps_store_set_value (base->store, "pair-id", "x", &error));
  commit (base->store);
  g_clear_pointer (&base->store, ps_store_free);
  g_assert_true (ps_store_forget (base->dir, &error));
  g_assert_no_error (error);
  base_reopen (base);
  assert_no_row (base->store, "f");
  g_assert_null (ps_store_get_value (base->store, "pair-id"));
  assert_totals (base->store, 0, 0, 0);
  g_assert_true (ps_store_forget (nowhere, &error)); /* nothing to forget */
  g_assert_no_error (error);
}

static void
test_state_dir_is_a_file (Base *base, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *file = base_file (base, "file");
  g_autofree char *below = g_build_filename (file, "state", NULL);

  g_assert_true (g_file_set_contents (file, "", -1, NULL));
  g_assert_null (ps_store_open (below, NULL, &error));
  g_assert_error (error, PS_STORE_ERROR, PS_STORE_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, below));
}

/* A base.db that cannot be opened at all is not damage: nothing is moved aside. */
static void
test_base_is_a_directory (Base *base, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *file = base_file (base, "base.db");
  g_autofree char *aside = NULL;

  g_clear_pointer (&base->store, ps_store_free);
  g_assert_no_errno (g_remove (file));
  g_assert_no_errno (g_mkdir (file, 0700));
  g_assert_null (ps_store_open (base->dir, &aside, &error));
  g_assert_error (error, PS_STORE_ERROR, PS_STORE_ERROR_FAILED);
  g_assert_null (aside);
}

/* Damage. */

static void
write_at (const char *file, goffset offset, const void *bytes, gsize length)
{
  int fd = open (file, O_WRONLY | O_CLOEXEC);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (pwrite (fd, bytes, length, offset), ==, (gssize)length);
  close (fd);
}

static goffset
file_size (const char *file)
{
  struct stat st;

  g_assert_no_errno (stat (file, &st));
  return st.st_size;
}

static void
run_sql (const char *file, const char *sql)
{
  sqlite3 *db;
  char *message = NULL;

  g_assert_cmpint (sqlite3_open (file, &db), ==, SQLITE_OK);
  sqlite3_exec (db, sql, NULL, NULL, &message);
  g_assert_cmpstr (message, ==, NULL);
  sqlite3_close (db);
}

static void
damage_header (const char *file)
{
  write_at (file, 0, "This is not a database at all.", 30);
}

static void
damage_whole (const char *file)
{
  g_assert_true (g_file_set_contents (file, "[HOST]\nhost=pi\n", -1, NULL));
}

static void
damage_half (const char *file)
{
  g_assert_no_errno (truncate (file, file_size (file) / 2 / 4096 * 4096));
}

static void
damage_mid_page (const char *file)
{
  g_assert_no_errno (truncate (file, file_size (file) - 4096 - 1000));
}

static void
damage_first_page_only (const char *file)
{
  g_assert_no_errno (truncate (file, 4096));
}

static void
damage_few_bytes (const char *file)
{
  g_assert_no_errno (truncate (file, 60));
}

static void
damage_pages (const char *file)
{
  g_autofree char *noise = g_strnfill (3 * 4096, '\x5a');

  write_at (file, file_size (file) / 2 / 4096 * 4096, noise, 3 * 4096);
}

static void
damage_zeroes (const char *file)
{
  g_autofree char *zeroes = g_malloc0 (file_size (file) - 4096);

  write_at (file, 4096, zeroes, file_size (file) - 4096);
}

static void
damage_application_id (const char *file)
{
  run_sql (file, "PRAGMA application_id = 252006674");
}

static void
damage_foreign (const char *file)
{
  g_assert_no_errno (g_remove (file));
  run_sql (file, "CREATE TABLE recipes (name TEXT); INSERT INTO recipes VALUES ('soup')");
}

static void
damage_tables (const char *file)
{
  run_sql (file, "DROP TABLE named_value");
}

typedef struct
{
  const char *name;
  void (*damage) (const char *file);
} Damage;

/* clang-format off */
static const Damage damages[] = {
  { "header", damage_header },
  { "whole", damage_whole },
  { "truncated-half", damage_half },
  { "truncated-mid-page", damage_mid_page },
  { "truncated-first-page-only", damage_first_page_only },
  { "truncated-few-bytes", damage_few_bytes },
  { "pages", damage_pages },
  { "zeroes", damage_zeroes },
  { "application-id", damage_application_id },
  { "foreign", damage_foreign },
  { "tables", damage_tables },
};
/* clang-format on */

static void
fill (Base *base, guint rows)
{
  for (guint i = 0; i < rows; i++)
    {
      g_autofree char *path = g_strdup_printf ("dir %u/file %u", i / 50, i);
      PsRow row = make_row (i);

      put_row (base->store, path, &row);
    }
  commit (base->store);
}

/* What is damaged is kept under another name, with what belongs to it; an empty base takes its
 * place, once and for all. */
static void
test_damage (Base *base, gconstpointer data)
{
  const Damage *damage = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *file = base_file (base, "base.db");
  g_autofree char *wal = base_file (base, "base.db-wal");
  g_autofree char *aside = NULL, *before = NULL, *after = NULL;
  gsize length_before, length_after;
  PsRow row = make_row (1);

  fill (base, 2000);
  g_clear_pointer (&base->store, ps_store_free);
  damage->damage (file);
  g_assert_true (g_file_set_contents (wal, "left over", -1, NULL));
  g_assert_true (g_file_get_contents (file, &before, &length_before, NULL));
  base->store = ps_store_open (base->dir, &aside, &error);
  g_assert_no_error (error);
  g_assert_nonnull (base->store);
  g_assert_nonnull (aside);
  g_assert_true (g_str_has_prefix (aside, base->dir));
  g_assert_true (g_file_get_contents (aside, &after, &length_after, NULL));
  g_assert_cmpuint (length_after, ==, length_before);
  assert_totals (base->store, 0, 0, 0);
  put_row (base->store, "f", &row);
  commit (base->store);
  base_reopen (base);
  assert_row (base->store, "f", &row);
}

/* Two bases damaged in one second do not overwrite each other. */
static void
test_damage_twice (Base *base, gconstpointer data)
{
  g_autofree char *file = base_file (base, "base.db");
  g_autofree char *first = NULL, *second = NULL;

  fill (base, 10);
  g_clear_pointer (&base->store, ps_store_free);
  damage_whole (file);
  base->store = ps_store_open (base->dir, &first, NULL);
  g_clear_pointer (&base->store, ps_store_free);
  damage_header (file);
  base->store = ps_store_open (base->dir, &second, NULL);
  g_assert_nonnull (base->store);
  g_assert_cmpstr (first, !=, second);
  g_assert_true (g_file_test (first, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (second, G_FILE_TEST_EXISTS));
}

/* Damage that shows while the base is open: the error says so, the next open deals with it. */
static void
test_damage_while_open (Base *base, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *file = base_file (base, "base.db");
  g_autofree char *aside = NULL;
  gboolean seen = FALSE;

  fill (base, 50000); /* more than the cache holds */
  base_reopen (base);
  damage_zeroes (file);
  for (guint i = 0; i < 1000 && !seen; i++)
    {
      g_autofree char *dir = g_strdup_printf ("dir %u", i);
      g_autoptr (GArray) list = ps_store_list (base->store, dir, &error);

      seen = list == NULL;
    }
  g_assert_true (seen);
  g_assert_error (error, PS_STORE_ERROR, PS_STORE_ERROR_DAMAGED);
  g_clear_error (&error);
  g_clear_pointer (&base->store, ps_store_free);
  base->store = ps_store_open (base->dir, &aside, &error);
  g_assert_no_error (error);
  g_assert_nonnull (aside);
}

/* An empty file is a base that was never made: nothing to keep. */
static void
test_empty_file (Base *base, gconstpointer data)
{
  g_autofree char *file = base_file (base, "base.db");

  fill (base, 10);
  g_clear_pointer (&base->store, ps_store_free);
  g_assert_no_errno (truncate (file, 0));
  base_reopen (base);
  assert_totals (base->store, 0, 0, 0);
}

/* Ages. */

static void
test_newer (Base *base, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *file = base_file (base, "base.db");
  g_autofree char *aside = NULL;
  PsRow row = make_row (1);

  put_row (base->store, "f", &row);
  commit (base->store);
  g_clear_pointer (&base->store, ps_store_free);
  run_sql (file, "PRAGMA user_version = 1000");
  g_assert_null (ps_store_open (base->dir, &aside, &error));
  g_assert_error (error, PS_STORE_ERROR, PS_STORE_ERROR_NEWER);
  g_assert_null (aside);
  run_sql (file, "PRAGMA user_version = 4"); /* it was left as it was */
  base_reopen (base);
  assert_row (base->store, "f", &row);
}

/* A base as version 1 made it, with rows in it. */
static const char version_1_sql[]
    = "CREATE TABLE entry (parent BLOB NOT NULL, name BLOB NOT NULL,"
      " local_kind INTEGER NOT NULL, local_size INTEGER NOT NULL, local_mtime INTEGER NOT NULL,"
      " local_inode INTEGER NOT NULL, local_device INTEGER NOT NULL,"
      " remote_kind INTEGER NOT NULL, remote_size INTEGER NOT NULL, remote_mtime INTEGER NOT NULL,"
      " flags INTEGER NOT NULL, sha256 BLOB, PRIMARY KEY (parent, name)) WITHOUT ROWID;"
      "CREATE TABLE named_value (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
      "INSERT INTO entry VALUES (x'', x'64', 2, 0, 0, 5, 6, 2, 0, 0, 0, NULL);"
      "INSERT INTO entry VALUES (x'64', x'66', 1, 10, 20, 30, 40, 1, 10, 21, 5,"
      " x'0101010101010101010101010101010101010101010101010101010101010101');"
      "INSERT INTO entry VALUES (x'64', x'67', 1, 10, 20, 30, 40, 0, 0, 0, 0, NULL);"
      "INSERT INTO named_value VALUES ('pair-id', 'old pair');"
      "PRAGMA application_id = 1349079929; PRAGMA user_version = 1;";

static void
assert_migrated (PsStore *store)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *id = ps_store_get_value (store, "pair-id");
  g_autofree char *found = NULL;
  PsRow row = { .local = { .kind = PS_KIND_FILE,
                           .executable = true,
                           .size = 10,
                           .mtime = 20,
                           .inode = 30,
                           .device = 40 },
                .remote = { .kind = PS_KIND_FILE, .size = 10, .mtime = 21 },
                .has_hash = true,
                .racy = true };

  memset (row.sha256, 1, sizeof row.sha256);
  assert_row (store, "d/f", &row);
  assert_totals (store, 3, 2, 1);
  g_assert_cmpstr (id, ==, "old pair");
  found = ps_store_find_content (store, row.sha256, 10, PS_SIDE_REMOTE, NULL, &error);
  g_assert_cmpstr (found, ==, "d/f");
  g_assert_true (ps_store_remove (store, "d/f", &error));
  assert_totals (store, 2, 1, 0);
}

static void
test_migrate_from_1 (Base *base, gconstpointer data)
{
  g_autofree char *file = base_file (base, "base.db");

  g_clear_pointer (&base->store, ps_store_free);
  g_assert_no_errno (g_remove (file));
  run_sql (file, version_1_sql);
  base_reopen (base);
  assert_migrated (base->store);
  base_reopen (base);
  assert_migrated (base->store);
}

/* Processes that fail or die. */

#if PS_FAULT_INJECTION

/* Runs the subprocess half of this test; returns the place of its state. */
static char *
run_half (const char *variable, const char *value)
{
  g_autofree char *top = g_dir_make_tmp ("pisync-store-XXXXXX", NULL);
  char *dir = g_build_filename (top, "state", NULL);

  g_setenv ("PISYNC_TEST_STATE", dir, TRUE);
  g_setenv (variable, value, TRUE);
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_unsetenv (variable);
  return dir;
}

static void
clear_half (char *dir)
{
  g_autofree char *top = g_path_get_dirname (dir);

  remove_tree (top);
}

/* Writes two rows, each with its commit; ends with what the second commit says. */
static void
commit_twice (void)
{
  g_autoptr (GError) error = NULL;
  PsRow row = make_row (1);
  g_autoptr (PsStore) store = ps_store_open (g_getenv ("PISYNC_TEST_STATE"), NULL, &error);
  gboolean done;

  g_assert_no_error (error);
  put_row (store, "first", &row);
  g_assert_true (ps_store_commit (store, NULL));
  put_row (store, "second", &row);
  done = ps_store_commit (store, &error);
  g_assert_true (done == (error == NULL));
  put_row (store, "third", &row);
  g_assert_true (ps_store_commit (store, NULL));
}

static void
assert_rows (const char *dir, gboolean second, gboolean third)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PsStore) store = ps_store_open (dir, NULL, &error);
  PsRow row;

  g_assert_no_error (error);
  g_assert_true (ps_store_get (store, "first", &row, NULL));
  g_assert_cmpint (ps_store_get (store, "second", &row, NULL), ==, second);
  g_assert_cmpint (ps_store_get (store, "third", &row, NULL), ==, third);
  assert_totals (store, 1 + second + third, 1 + second + third, 1 + second + third);
}

typedef struct
{
  const char *name, *variable, *value;
  int status; /* of the process */
  gboolean second, third;
} Death;

static const Death deaths[] = {
  { "fail-commit", "PISYNC_FAULT", "store-commit:2", 0, FALSE, TRUE },
  { "fail-committed", "PISYNC_FAULT", "store-committed:2", 0, TRUE, TRUE },
  { "crash-commit", "PISYNC_CRASH_AT", "store-commit:2", 99, FALSE, FALSE },
  { "crash-committed", "PISYNC_CRASH_AT", "store-committed:2", 99, TRUE, FALSE },
};

static void
test_death (gconstpointer data)
{
  const Death *death = data;
  g_autofree char *dir = NULL;

  if (g_test_subprocess ())
    {
      commit_twice ();
      return;
    }
  dir = run_half (death->variable, death->value);
  if (death->status == 0)
    g_test_trap_assert_passed ();
  else
    g_test_trap_assert_failed ();
  assert_rows (dir, death->second, death->third);
  clear_half (dir);
}

static void
test_fail_open (void)
{
  g_autofree char *dir = NULL;

  if (g_test_subprocess ())
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (ps_store_open (g_getenv ("PISYNC_TEST_STATE"), NULL, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
      g_assert_nonnull (ps_store_open (g_getenv ("PISYNC_TEST_STATE"), NULL, NULL));
      _exit (0);
    }
  dir = run_half ("PISYNC_FAULT", "store-open");
  g_test_trap_assert_passed ();
  clear_half (dir);
}

#endif

/* A process that dies in the midst of a large transaction, part of which is in the WAL already. */
static void
test_dies_in_transaction (Base *base, gconstpointer data)
{
  int status;
  pid_t child;

  fill (base, 100);
  g_clear_pointer (&base->store, ps_store_free);
  child = fork ();
  if (child == 0)
    {
      PsStore *store = ps_store_open (base->dir, NULL, NULL);

      for (guint i = 0; store != NULL && i < 50000; i++)
        {
          g_autofree char *path = g_strdup_printf ("dir %u/file %u", i / 50, i);
          PsRow row = make_row (i + 1);

          put_row (store, path, &row);
        }
      _exit (0);
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  base_reopen (base);
  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *path = g_strdup_printf ("dir %u/file %u", i / 50, i);
      PsRow row = make_row (i);

      assert_row (base->store, path, &row);
    }
  assert_totals (base->store, 100, 100, 100);
}

/* No room: in a child with a small file system of its own. */
static int
fill_small_disk (const char *dir)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PsStore) store = NULL;
  gboolean done = TRUE;
  PsRow row = make_row (0), found;

  if (unshare (CLONE_NEWNS) != 0 || mount ("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0
      || mount ("none", dir, "tmpfs", 0, "size=1m") != 0)
    return 77;
  store = ps_store_open (dir, NULL, &error);
  g_assert_no_error (error);
  put_row (store, "kept", &row);
  commit (store);
  for (guint i = 0; i < 100000 && done; i++)
    {
      g_autofree char *path = g_strdup_printf ("dir %u/file %u", i / 50, i);

      row = make_row (i);
      done = ps_store_put (store, path, &row, &error)
             && (i % 100 != 0 || ps_store_commit (store, &error));
    }
  g_assert_false (done);
  g_assert_error (error, PS_STORE_ERROR, PS_STORE_ERROR_NO_SPACE);
  g_assert_true (ps_store_get (store, "kept", &found, NULL));
  g_clear_pointer (&store, ps_store_free);
  store = ps_store_open (dir, NULL, NULL);
  g_assert_nonnull (store);
  g_assert_true (ps_store_get (store, "kept", &found, NULL));
  return 0;
}

static void
test_no_space (Base *base, gconstpointer data)
{
  int status;
  pid_t child;

  g_clear_pointer (&base->store, ps_store_free);
  child = fork ();
  if (child == 0)
    _exit (fill_small_disk (base->dir));
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));
  if (WEXITSTATUS (status) == 77)
    g_test_skip ("needs the right to mount a file system");
  else
    g_assert_cmpint (WEXITSTATUS (status), ==, 0);
}

static void
add_tables (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (damages); i++)
    {
      g_autofree char *path = g_strconcat ("/store/damage/", damages[i].name, NULL);

      g_test_add (path, Base, &damages[i], base_set_up, test_damage, base_tear_down);
    }
#if PS_FAULT_INJECTION
  for (gsize i = 0; i < G_N_ELEMENTS (deaths); i++)
    {
      g_autofree char *path = g_strconcat ("/store/death/", deaths[i].name, NULL);

      g_test_add_data_func (path, &deaths[i], test_death);
    }
  g_test_add_func ("/store/death/fail-open", test_fail_open);
#endif
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  TEST ("/store/open/modes", test_modes);
  TEST ("/store/open/locked", test_locked);
  TEST ("/store/open/lock-dies", test_lock_dies);
  TEST ("/store/open/state-dir-is-a-file", test_state_dir_is_a_file);
  TEST ("/store/open/base-is-a-directory", test_base_is_a_directory);
  TEST ("/store/open/empty-file", test_empty_file);
  TEST ("/store/open/newer", test_newer);
  TEST ("/store/open/migrate-from-1", test_migrate_from_1);
  TEST ("/store/open/no-space", test_no_space);
  TEST ("/store/forget", test_forget);
  TEST ("/store/damage/twice", test_damage_twice);
  TEST ("/store/damage/while-open", test_damage_while_open);
  TEST ("/store/death/in-transaction", test_dies_in_transaction);
  add_tables ();
  return g_test_run ();
}
