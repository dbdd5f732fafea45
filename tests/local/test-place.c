/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Placing files: new and over old ones, and whatever a person does in between. */
#include "local-test.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

static const PsEntry absent = { 0 };

static gboolean
can_exchange (const Folder *folder)
{
  return folder->local->caps.exchange;
}

static void
assert_same (const PsEntry *a, const PsEntry *b)
{
  g_assert_true (ps_entry_same (a, b));
  g_assert_cmpuint (a->inode, ==, b->inode);
}

static void
test_new (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *displaced = NULL;
  PsEntry placed, now;

  make_dir (folder, "d/e");
  displaced = place_content (folder, "d/e/f", "hello", &absent, &placed);
  g_assert_null (displaced);
  assert_content (folder, "d/e/f", "hello");
  now = look (folder, "d/e/f");
  assert_same (&placed, &now);
  g_assert_cmpint (now.mtime, ==, new_file.mtime);
  g_assert_cmpuint (mode_of (folder, "d/e/f"), ==, 0644);
  g_assert_cmpuint (count_files (folder, ".pisync"), ==, 0);
  assert_done (ps_local_sync_dirs (folder->local, &error), error);
}

static void
test_new_taken (Folder *folder, gconstpointer data)
{
  write_file (folder, "f", "a person's");
  make_dir (folder, "d");
  make_link (folder, "l", "nowhere");
  assert_place_fails (folder, "f", "ours", &absent, PS_LOCAL_ERROR_EXISTS);
  assert_place_fails (folder, "d", "ours", &absent, PS_LOCAL_ERROR_EXISTS);
  assert_place_fails (folder, "l", "ours", &absent, PS_LOCAL_ERROR_EXISTS);
  assert_content (folder, "f", "a person's");
  g_assert_cmpint (look (folder, "l").kind, ==, PS_KIND_SYMLINK);
  g_assert_cmpint (look (folder, "d").kind, ==, PS_KIND_DIR);
}

static void
test_over (Folder *folder, gconstpointer data)
{
  g_autofree char *displaced = NULL;
  PsEntry expected, placed, now;

  write_file (folder, "f", "old");
  expected = look (folder, "f");
  displaced = place_content (folder, "f", "new", &expected, &placed);
  g_assert_null (displaced);
  assert_content (folder, "f", "new");
  now = look (folder, "f");
  assert_same (&placed, &now);
  g_assert_cmpuint (count_files (folder, ".pisync"), ==, 0);
}

/* A link is replaced itself, and not what it points to. */
static void
test_over_link (Folder *folder, gconstpointer data)
{
  g_autofree char *displaced = NULL;
  PsEntry expected, placed;

  write_file (folder, "target", "target");
  make_link (folder, "l", "target");
  expected = look (folder, "l");
  displaced = place_content (folder, "l", "new", &expected, &placed);
  g_assert_null (displaced);
  assert_content (folder, "l", "new");
  assert_content (folder, "target", "target");
}

static void
test_keep_replaced (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *displaced = NULL, *kept = NULL;
  PsEntry expected, placed;

  make_dir (folder, "d");
  write_file (folder, "d/f", "old");
  expected = look (folder, "d/f");
  assert_done (ps_local_place (folder->local, make_temp (folder, "k", "new"), "d/f", &expected,
                               TRUE, &placed, &displaced, &error),
               error);
  assert_content (folder, "d/f", "new");
  kept = find_content (folder, ".pisync/trash", "old");
  g_assert_nonnull (kept);
  g_assert_true (g_str_has_prefix (kept, ".pisync/trash/d/f~"));
}

/* What a person makes private stays private when the server's new version comes. */
static void
test_keeps_mode (Folder *folder, gconstpointer data)
{
  g_autofree char *full = full_path (folder, "f");
  g_autofree char *displaced = NULL;
  PsEntry expected, placed;

  write_file (folder, "f", "secret");
  g_assert_no_errno (g_chmod (full, 0600));
  expected = look (folder, "f");
  displaced = place_content (folder, "f", "new secret", &expected, &placed);
  g_assert_cmpuint (mode_of (folder, "f"), ==, 0600);
}

static void
test_executable (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  PsEntry entry = new_file, placed;
  PsLocalTemp *temp = ps_local_temp_new (folder->local, "k", FALSE, &error);
  g_autofree char *displaced = NULL;

  entry.executable = true;
  g_assert_cmpint (fchmod (ps_local_temp_peek_fd (temp), 0), ==, 0);
  assert_done (ps_local_temp_finish (temp, &entry, &error), error);
  assert_done (
      ps_local_place (folder->local, temp, "run", &absent, FALSE, &placed, &displaced, &error),
      error);
  g_assert_cmpuint (mode_of (folder, "run"), ==, 0755);
  g_assert_true (placed.executable);
}

/* The file changed between scan and place. With an exchange the server's version is in place and
 * the person's is handed out; without one the person's stays. */
static void
assert_not_lost (Folder *folder, const char *path, const PsEntry *expected, const char *theirs)
{
  if (can_exchange (folder))
    {
      PsEntry placed;
      g_autofree char *displaced = place_content (folder, path, "ours", expected, &placed);

      g_assert_nonnull (displaced);
      g_assert_true (g_str_has_prefix (displaced, ".pisync/tmp/"));
      assert_content (folder, displaced, theirs);
      assert_content (folder, path, "ours");
      remove_file (folder, displaced);
    }
  else
    {
      assert_place_fails (folder, path, "ours", expected, PS_LOCAL_ERROR_CHANGED);
      assert_content (folder, path, theirs);
    }
}

static void
test_written_between (Folder *folder, gconstpointer data)
{
  PsEntry expected;

  write_file (folder, "f", "old");
  expected = look (folder, "f");
  write_file (folder, "f", "a person's new text");
  assert_not_lost (folder, "f", &expected, "a person's new text");
}

/* Saved by rename, with the same size and even the same time: another inode. */
static void
test_replaced_between (Folder *folder, gconstpointer data)
{
  g_autofree char *from = full_path (folder, "saved"), *to = full_path (folder, "f");
  struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = 1600000000 } };
  PsEntry expected;

  write_file (folder, "f", "old");
  g_assert_no_errno (utimensat (AT_FDCWD, to, times, 0));
  expected = look (folder, "f");
  write_file (folder, "saved", "neu");
  g_assert_no_errno (utimensat (AT_FDCWD, from, times, 0));
  g_assert_no_errno (g_rename (from, to));
  assert_not_lost (folder, "f", &expected, "neu");
}

static void
test_touched_between (Folder *folder, gconstpointer data)
{
  g_autofree char *full = full_path (folder, "f");
  PsEntry expected;

  write_file (folder, "f", "text");
  expected = look (folder, "f");
  g_assert_no_errno (g_chmod (full, 0755));
  assert_not_lost (folder, "f", &expected, "text");
}

static void
test_removed_between (Folder *folder, gconstpointer data)
{
  PsEntry expected;

  write_file (folder, "f", "old");
  expected = look (folder, "f");
  remove_file (folder, "f");
  assert_place_fails (folder, "f", "ours", &expected, PS_LOCAL_ERROR_CHANGED);
  g_assert_false (is_there (folder, "f"));
}

/* A directory with things in it took the name. */
static void
test_directory_between (Folder *folder, gconstpointer data)
{
  PsEntry expected, placed;

  write_file (folder, "f", "old");
  expected = look (folder, "f");
  remove_file (folder, "f");
  make_dir (folder, "f/sub");
  write_file (folder, "f/sub/inner", "a person's");
  if (can_exchange (folder))
    {
      g_autofree char *displaced = place_content (folder, "f", "ours", &expected, &placed);
      g_autofree char *inner = g_strconcat (displaced, "/sub/inner", NULL);

      assert_content (folder, inner, "a person's");
      assert_content (folder, "f", "ours");
    }
  else
    {
      assert_place_fails (folder, "f", "ours", &expected, PS_LOCAL_ERROR_CHANGED);
      assert_content (folder, "f/sub/inner", "a person's");
    }
}

static void
test_expected_directory (Folder *folder, gconstpointer data)
{
  PsEntry expected;

  make_dir (folder, "d");
  expected = look (folder, "d");
  assert_place_fails (folder, "d", "ours", &expected, PS_LOCAL_ERROR_EXISTS);
  g_assert_cmpint (look (folder, "d").kind, ==, PS_KIND_DIR);
}

static void
test_no_parent (Folder *folder, gconstpointer data)
{
  write_file (folder, "file", "");
  assert_place_fails (folder, "gone/f", "ours", &absent, PS_LOCAL_ERROR_GONE);
  assert_place_fails (folder, "file/f", "ours", &absent, PS_LOCAL_ERROR_GONE);
}

static void
test_bad_paths (Folder *folder, gconstpointer data)
{
  g_autofree char *too_long = g_strnfill (256, 'x');

  assert_place_fails (folder, "../out", "x", &absent, PS_LOCAL_ERROR_NAME);
  assert_place_fails (folder, "/etc/x", "x", &absent, PS_LOCAL_ERROR_NAME);
  assert_place_fails (folder, "a/../../out", "x", &absent, PS_LOCAL_ERROR_NAME);
  assert_place_fails (folder, "", "x", &absent, PS_LOCAL_ERROR_NAME);
  assert_place_fails (folder, too_long, "x", &absent, PS_LOCAL_ERROR_NAME);
}

static void
test_odd_names (Folder *folder, gconstpointer data)
{
  g_autofree char *longest = g_strnfill (255, 'x');
  const char *const names[]
      = { "line\nbreak", "\xff\xfe not UTF-8", " ",    "a*?|<>:\"\\b", "-rf", "~",
          "trailing.",   "\xf0\x9f\x98\x80",   longest };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      PsEntry placed;
      g_autofree char *first = place_content (folder, names[i], "one", &absent, &placed);
      g_autofree char *second = place_content (folder, names[i], "two", &placed, &placed);

      g_assert_null (first);
      g_assert_null (second);
      assert_content (folder, names[i], "two");
    }
  g_assert_cmpuint (count_files (folder, ".pisync"), ==, 0);
}

/* Before 1970, after 2106, and to the nanosecond. */
static void
test_times (Folder *folder, gconstpointer data)
{
  static const int64_t times[] = { G_GINT64_CONSTANT (-1234567890123456789),
                                   -1,
                                   0,
                                   999999999,
                                   G_GINT64_CONSTANT (5000000000123456789),
                                   G_GINT64_CONSTANT (1700000000987654321) };

  for (gsize i = 0; i < G_N_ELEMENTS (times); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *displaced = NULL;
      g_autofree char *path = g_strdup_printf ("f%zu", i);
      PsLocalTemp *temp = ps_local_temp_new (folder->local, path, FALSE, &error);
      PsEntry entry = { .kind = PS_KIND_FILE, .mtime = times[i] }, placed;

      assert_done (ps_local_temp_finish (temp, &entry, &error), error);
      assert_done (
          ps_local_place (folder->local, temp, path, &absent, FALSE, &placed, &displaced, &error),
          error);
      g_assert_cmpint (placed.mtime, ==, times[i]);
      g_assert_cmpint (look (folder, path).mtime, ==, times[i]);
    }
}

/* What a person does to the file right after it was placed must not be taken for ours. */
static void
test_placed_is_ours (Folder *folder, gconstpointer data)
{
  g_autofree char *displaced = NULL;
  PsEntry placed, now;

  displaced = place_content (folder, "f", "ours", &absent, &placed);
  write_file (folder, "f", "theirs");
  now = look (folder, "f");
  g_assert_false (ps_entry_same (&placed, &now));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  umask (022);
  add_test_variants ("/local/place/new", test_new);
  add_test_variants ("/local/place/new-taken", test_new_taken);
  add_test_variants ("/local/place/over", test_over);
  add_test_variants ("/local/place/over-link", test_over_link);
  add_test_variants ("/local/place/keep-replaced", test_keep_replaced);
  add_test_variants ("/local/place/keeps-mode", test_keeps_mode);
  add_test_variants ("/local/place/executable", test_executable);
  add_test_variants ("/local/place/written-between", test_written_between);
  add_test_variants ("/local/place/replaced-between", test_replaced_between);
  add_test_variants ("/local/place/touched-between", test_touched_between);
  add_test_variants ("/local/place/removed-between", test_removed_between);
  add_test_variants ("/local/place/directory-between", test_directory_between);
  add_test_variants ("/local/place/expected-directory", test_expected_directory);
  add_test_variants ("/local/place/no-parent", test_no_parent);
  add_test_variants ("/local/place/bad-paths", test_bad_paths);
  add_test_variants ("/local/place/odd-names", test_odd_names);
  add_test ("/local/place/times", test_times);
  add_test ("/local/place/placed-is-ours", test_placed_is_ours);
  return g_test_run ();
}
