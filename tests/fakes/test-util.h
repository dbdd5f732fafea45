/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What tests of all modules need: private folders, trees of files, waiting with a limit, running
 * programs. Everything here fails the test by g_error () or an assertion when the machine does not
 * let it work. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Returns: (transfer full): a new private folder, short enough for sockets in it. */
char *ps_test_dir_new (void);

/* Removes the folder with all that is in it and frees its name. */
void ps_test_dir_free (char *dir);
void ps_test_dir_clear (char **dir);
#define ps_autotestdir __attribute__ ((cleanup (ps_test_dir_clear))) char *

/* Removes a file or a tree, read-only directories included; a missing one is fine. */
void ps_test_remove_tree (const char *path);

/* Iterates the default main context until @predicate is true or the time is over.
 *
 * Returns: what @predicate said last */
gboolean ps_test_wait_for (gboolean (*predicate) (gpointer data), gpointer data, guint seconds);

/* As an assertion that names the caller's line. */
#define ps_test_assert_soon(predicate, data)                                                       \
  G_STMT_START                                                                                     \
  {                                                                                                \
    if (!ps_test_wait_for ((predicate), (data), 20))                                               \
      g_assertion_message (G_LOG_DOMAIN, __FILE__, __LINE__, G_STRFUNC,                            \
                           "not true after 20 s: " #predicate " (" #data ")");                     \
  }                                                                                                \
  G_STMT_END

/* Files below @dir by relative path. Writing makes missing parent directories. */
void ps_test_write (const char *dir, const char *path, const char *text);
void ps_test_write_bytes (const char *dir, const char *path, const void *data, gsize length);
char *ps_test_read (const char *dir, const char *path, gsize *length); /* NULL when missing */
gboolean ps_test_exists (const char *dir, const char *path);           /* links not followed */

/* Sets the modification time, in seconds since the epoch, of a file, directory or link. */
void ps_test_set_mtime (const char *dir, const char *path, gint64 mtime);

/* Makes files below @dir from a text with one entry a word (white space separates):
 *
 *   d/              a directory
 *   d/f=text        a file; %20 and the like stand for other bytes, in the path too
 *   d/f=@5000:7     5000 pseudo-random bytes from seed 7 (the seed may be left out)
 *   d/f*=text       an executable file
 *   d/l>target      a symbolic link
 *   d/f=text^1700000000   … with that modification time
 *   -d/f            removes what is there */
void ps_test_make_tree (const char *dir, const char *text);

/* Returns: (transfer full): one sorted line an entry: kind, executable bit, size, hash or link
 * target, name (escaped). ".pisync" at the top is left out. */
char *ps_test_describe_tree (const char *dir);

/* Returns: (transfer full) (nullable): the lines that differ, with - for @a and + for @b; NULL when
 * both trees are equal in names, kinds, executable bits and contents. */
char *ps_test_compare_trees (const char *a, const char *b);

#define ps_test_assert_same_trees(a, b)                                                            \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_autofree char *_difference = ps_test_compare_trees ((a), (b));                               \
    if (_difference != NULL)                                                                       \
      {                                                                                            \
        g_autofree char *_text = g_strconcat ("trees differ:\n", _difference, NULL);               \
        g_assertion_message (G_LOG_DOMAIN, __FILE__, __LINE__, G_STRFUNC, _text);                  \
      }                                                                                            \
  }                                                                                                \
  G_STMT_END

/* Returns: (transfer full): @length pseudo-random bytes, always the same for the same @seed. */
guint8 *ps_test_random_bytes (gsize length, guint32 seed);

/* Returns: (transfer full): the SHA-256 of a file in hexadecimal digits. */
char *ps_test_sha256_file (const char *path);

/* Runs a program (looked up in PATH) to its end; both outputs go to *@output (nullable).
 *
 * Returns: its exit status, 128 + N if signal N ended it */
int ps_test_run (const char *const *argv, char **output);

/* The same, where anything but success fails the test. */
void ps_test_run_ok (const char *const *argv);

/* For what a machine may lack: when @there is FALSE the test is skipped with @why, or fails if the
 * environment variable PISYNC_TEST_REQUIRE names @what, or "all" (a comma-separated list).
 *
 * Returns: @there */
gboolean ps_test_require (const char *what, gboolean there, const char *why);

G_END_DECLS
