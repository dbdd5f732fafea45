/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fakes/test-util.h"

#include "util/sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define POLL_MS 2

char *
ps_test_dir_new (void)
{
  g_autoptr (GError) error = NULL;
  char *dir = g_dir_make_tmp ("pisync-XXXXXX", &error);

  if (dir == NULL)
    g_error ("no temporary folder: %s", error->message);
  return dir;
}

static int
remove_entry (const char *path, const struct stat *st, int type, struct FTW *position)
{
  if (type == FTW_DNR || type == FTW_DP)
    rmdir (path);
  else
    unlink (path);
  return 0;
}

static int
open_directory (const char *path, const struct stat *st, int type, struct FTW *position)
{
  if (type == FTW_D || type == FTW_DNR)
    chmod (path, 0700);
  return 0;
}

void
ps_test_remove_tree (const char *path)
{
  /* Unreadable directories can only be entered when they were opened up on the way down. */
  nftw (path, open_directory, 16, FTW_PHYS);
  nftw (path, remove_entry, 16, FTW_PHYS | FTW_DEPTH);
}

void
ps_test_dir_free (char *dir)
{
  if (dir == NULL)
    return;
  ps_test_remove_tree (dir);
  g_free (dir);
}

void
ps_test_dir_clear (char **dir)
{
  g_clear_pointer (dir, ps_test_dir_free);
}

static gboolean
tick (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

gboolean
ps_test_wait_for (gboolean (*predicate) (gpointer data), gpointer data, guint seconds)
{
  gint64 limit = g_get_monotonic_time () + seconds * G_USEC_PER_SEC;
  guint ticker = g_timeout_add (POLL_MS, tick, NULL);
  gboolean is_true;

  while (!(is_true = predicate (data)) && g_get_monotonic_time () < limit)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (ticker);
  return is_true;
}

static char *
path_below (const char *dir, const char *path)
{
  return g_build_filename (dir, path, NULL);
}

void
ps_test_write_bytes (const char *dir, const char *path, const void *data, gsize length)
{
  g_autofree char *full = path_below (dir, path);
  g_autofree char *parent = g_path_get_dirname (full);
  g_autoptr (GError) error = NULL;

  if (g_mkdir_with_parents (parent, 0755) != 0)
    g_error ("%s: %s", parent, g_strerror (errno));
  /* In place, as most programs write: the inode stays. */
  if (!g_file_set_contents_full (full, data, (gssize)length, G_FILE_SET_CONTENTS_NONE, 0644,
                                 &error))
    g_error ("%s", error->message);
  if (truncate (full, (off_t)length) != 0) /* GLib 2.74 leaves the tail of a longer file */
    g_error ("%s: %s", full, g_strerror (errno));
}

void
ps_test_write (const char *dir, const char *path, const char *text)
{
  ps_test_write_bytes (dir, path, text, strlen (text));
}

char *
ps_test_read (const char *dir, const char *path, gsize *length)
{
  g_autofree char *full = path_below (dir, path);
  char *content = NULL;

  g_file_get_contents (full, &content, length, NULL);
  return content;
}

gboolean
ps_test_exists (const char *dir, const char *path)
{
  g_autofree char *full = path_below (dir, path);
  struct stat st;

  return lstat (full, &st) == 0;
}

void
ps_test_set_mtime (const char *dir, const char *path, gint64 mtime)
{
  g_autofree char *full = path_below (dir, path);
  struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = mtime } };

  if (utimensat (AT_FDCWD, full, times, AT_SYMLINK_NOFOLLOW) != 0)
    g_error ("%s: %s", full, g_strerror (errno));
}

guint8 *
ps_test_random_bytes (gsize length, guint32 seed)
{
  guint8 *data = g_malloc (length + 1);
  /* Of 32 bits the sequences of two seeds would be parts of one that is no longer than 4 GiB, and
   * now and then overlap. */
  guint64 x = (seed + G_GUINT64_CONSTANT (1)) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  for (gsize i = 0; i < length; i++)
    {
      x ^= x << 13;
      x ^= x >> 7;
      x ^= x << 17;
      data[i] = (guint8)(x >> 32);
    }
  return data;
}

/* Writes what stands behind the = of an entry. */
static void
write_content (const char *dir, const char *path, const char *content)
{
  g_autofree guint8 *data = NULL;
  gsize length;
  guint32 seed;
  char *rest;

  if (content[0] != '@')
    {
      ps_test_write (dir, path, content);
      return;
    }
  length = g_ascii_strtoull (content + 1, &rest, 10);
  seed = *rest == ':' ? (guint32)g_ascii_strtoull (rest + 1, NULL, 10) : 0;
  data = ps_test_random_bytes (length, seed);
  ps_test_write_bytes (dir, path, data, length);
}

/* Cuts @word at the first @mark; returns what is behind it, unescaped, or NULL. */
static char *
cut_at (char *word, char mark)
{
  char *at = strchr (word, mark);

  if (at == NULL)
    return NULL;
  *at = '\0';
  return g_uri_unescape_string (at + 1, NULL);
}

static void
make_link (const char *dir, const char *path, const char *target)
{
  g_autofree char *full = path_below (dir, path);

  if (symlink (target, full) != 0)
    g_error ("%s: %s", full, g_strerror (errno));
}

static void
make_directory (const char *dir, const char *path)
{
  g_autofree char *full = path_below (dir, path);

  if (g_mkdir_with_parents (full, 0755) != 0)
    g_error ("%s: %s", full, g_strerror (errno));
}

static void
make_entry (const char *dir, char *word)
{
  g_autofree char *mtime = cut_at (word, '^');
  g_autofree char *content = cut_at (word, '=');
  g_autofree char *target = content == NULL ? cut_at (word, '>') : NULL;
  gboolean executable = content != NULL && g_str_has_suffix (word, "*");
  g_autofree char *path = NULL;
  g_autofree char *full = NULL;

  if (executable)
    word[strlen (word) - 1] = '\0';
  path = g_uri_unescape_string (word[0] == '-' ? word + 1 : word, NULL);
  full = path_below (dir, path);
  if (word[0] == '-')
    ps_test_remove_tree (full);
  else if (content != NULL)
    write_content (dir, path, content);
  else if (target != NULL)
    make_link (dir, path, target);
  else
    make_directory (dir, path);
  if (content != NULL)
    chmod (full, executable ? 0755 : 0644);
  if (mtime != NULL)
    ps_test_set_mtime (dir, path, g_ascii_strtoll (mtime, NULL, 10));
}

void
ps_test_make_tree (const char *dir, const char *text)
{
  g_auto (GStrv) words = g_strsplit_set (text, " \t\n", -1);

  for (guint i = 0; words[i] != NULL; i++)
    if (words[i][0] != '\0')
      make_entry (dir, words[i]);
}

static char *
describe_entry (const char *full, const char *path)
{
  g_autofree char *name = g_strescape (path, NULL);
  g_autofree char *extra = NULL;
  struct stat st;

  if (lstat (full, &st) != 0)
    g_error ("%s: %s", full, g_strerror (errno));
  if (S_ISDIR (st.st_mode))
    return g_strdup_printf ("%s/", name);
  if (S_ISLNK (st.st_mode))
    {
      extra = g_file_read_link (full, NULL);
      return g_strdup_printf ("%s -> %s", name, extra);
    }
  if (!S_ISREG (st.st_mode))
    return g_strdup_printf ("%s special %o", name, st.st_mode & S_IFMT);
  extra = ps_test_sha256_file (full);
  return g_strdup_printf ("%s%s %" G_GINT64_FORMAT " %.16s", name, st.st_mode & 0100 ? "*" : "",
                          (gint64)st.st_size, extra);
}

/* Adds the lines of all that is below @prefix ("" or ending in a slash) to @lines. */
static void
describe_below (const char *dir, const char *prefix, GPtrArray *lines)
{
  g_autofree char *full_dir = path_below (dir, prefix);
  g_autoptr (GDir) names = g_dir_open (full_dir, 0, NULL);
  const char *name;

  if (names == NULL)
    g_error ("%s: cannot be listed", full_dir);
  while ((name = g_dir_read_name (names)) != NULL)
    {
      g_autofree char *path = g_strconcat (prefix, name, NULL);
      g_autofree char *full = path_below (dir, path);
      g_autofree char *below = g_strconcat (path, "/", NULL);

      if (strcmp (path, ".pisync") == 0)
        continue;
      g_ptr_array_add (lines, describe_entry (full, path));
      if (g_file_test (full, G_FILE_TEST_IS_DIR) && !g_file_test (full, G_FILE_TEST_IS_SYMLINK))
        describe_below (dir, below, lines);
    }
}

static int
compare_lines (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

/* Returns: (transfer full) (element-type utf8): NULL-terminated, sorted */
static GPtrArray *
tree_lines (const char *dir)
{
  GPtrArray *lines = g_ptr_array_new_with_free_func (g_free);

  describe_below (dir, "", lines);
  g_ptr_array_sort (lines, compare_lines);
  g_ptr_array_add (lines, NULL);
  return lines;
}

char *
ps_test_describe_tree (const char *dir)
{
  g_autoptr (GPtrArray) lines = tree_lines (dir);

  return g_strjoinv ("\n", (char **)lines->pdata);
}

char *
ps_test_compare_trees (const char *a, const char *b)
{
  g_autoptr (GPtrArray) lines_a = tree_lines (a);
  g_autoptr (GPtrArray) lines_b = tree_lines (b);
  g_autoptr (GString) difference = g_string_new (NULL);
  char **x = (char **)lines_a->pdata, **y = (char **)lines_b->pdata;

  while (*x != NULL || *y != NULL)
    {
      int order = *x == NULL ? 1 : *y == NULL ? -1 : strcmp (*x, *y);

      if (order < 0)
        g_string_append_printf (difference, "- %s\n", *x);
      else if (order > 0)
        g_string_append_printf (difference, "+ %s\n", *y);
      x += order <= 0;
      y += order >= 0;
    }
  return difference->len > 0 ? g_string_free (g_steal_pointer (&difference), FALSE) : NULL;
}

char *
ps_test_sha256_file (const char *path)
{
  g_autoptr (GError) error = NULL;
  uint8_t sum[PS_SHA256_SIZE];
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  gboolean ok;

  if (fd < 0)
    g_error ("%s: %s", path, g_strerror (errno));
  ok = ps_sha256_fd (fd, sum, NULL, &error);
  close (fd);
  if (!ok)
    g_error ("%s: %s", path, error->message);
  return ps_sha256_to_hex (sum);
}

int
ps_test_run (const char *const *argv, char **output)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) process = NULL;
  g_autofree char *text = NULL;

  process = g_subprocess_newv (
      argv, G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE, &error);
  if (process == NULL || !g_subprocess_communicate_utf8 (process, NULL, NULL, &text, NULL, &error))
    g_error ("%s: %s", argv[0], error->message);
  if (output != NULL)
    *output = g_steal_pointer (&text);
  if (g_subprocess_get_if_signaled (process))
    return 128 + g_subprocess_get_term_sig (process);
  return g_subprocess_get_exit_status (process);
}

void
ps_test_run_ok (const char *const *argv)
{
  g_autofree char *output = NULL;
  int status = ps_test_run (argv, &output);

  if (status != 0)
    {
      g_autofree char *command = g_strjoinv (" ", (char **)argv);

      g_error ("%s: exit status %d\n%s", command, status, output);
    }
}

gboolean
ps_test_require (const char *what, gboolean there, const char *why)
{
  g_auto (GStrv) required = NULL;

  if (there)
    return TRUE;
  required = g_strsplit (g_getenv ("PISYNC_TEST_REQUIRE") ?: "", ",", -1);
  if (g_strv_contains ((const char *const *)required, what)
      || g_strv_contains ((const char *const *)required, "all"))
    g_test_fail_printf ("%s is required here: %s", what, why);
  else
    g_test_skip (why);
  return FALSE;
}
