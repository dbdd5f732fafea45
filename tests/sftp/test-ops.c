/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The operations on names, the marker, the preparation, against a real server. */
#include "fakes/test-util.h"
#include "sftp/wire.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WAIT(wire, result, call)                                                                   \
  G_STMT_START                                                                                     \
  {                                                                                                \
    wire_result_clear (&(result));                                                                 \
    memset (&(result), 0, sizeof (result));                                                        \
    call;                                                                                          \
    wire_wait ((wire), &(result));                                                                 \
  }                                                                                                \
  G_STMT_END

static void
assert_text (const Wire *wire, const char *path, const char *text)
{
  g_autofree char *found = wire_read (wire, path);

  g_assert_cmpstr (found, ==, text);
}

static void
test_stat (void)
{
  g_autoptr (Wire) wire = wire_new ("");

  wire_write (wire, "a", "12345");
  ps_test_set_mtime (wire->dir, "a", 1600000000);
  g_assert_cmpint (wire_stat (wire, "a").size, ==, 5);
  g_assert_cmpint (wire_stat (wire, "a").mtime, ==, G_GINT64_CONSTANT (1600000000000000000));
  g_assert_cmpint (wire_stat (wire, "b").kind, ==, PS_KIND_ABSENT);
  g_assert_cmpint (wire_stat (wire, "a/b").kind, ==, PS_KIND_ABSENT);
  g_assert_cmpint (wire_stat (wire, "").kind, ==, PS_KIND_DIR);
}

static void
test_mkdir (void)
{
  g_autoptr (Wire) wire = wire_new ("");
  g_auto (WireResult) result = { 0 };

  WAIT (wire, result, ps_remote_mkdir_async (wire->remote, "d", wire_done, &result));
  g_assert_no_error (result.error);
  g_assert_cmpint (result.entry.kind, ==, PS_KIND_DIR);
  WAIT (wire, result, ps_remote_mkdir_async (wire->remote, "d", wire_done, &result));
  g_assert_no_error (result.error);
  wire_write (wire, "f", "");
  WAIT (wire, result, ps_remote_mkdir_async (wire->remote, "f", wire_done, &result));
  g_assert_error (result.error, PS_SFTP_ERROR, PS_SFTP_ERROR_EXISTS);
  WAIT (wire, result, ps_remote_mkdir_async (wire->remote, "no/d", wire_done, &result));
  g_assert_error (result.error, PS_SFTP_ERROR, PS_SFTP_ERROR_GONE);
}

static void
test_links (void)
{
  g_autoptr (Wire) wire = wire_new ("");
  g_auto (WireResult) result = { 0 };
  g_autofree char *link = wire_path (wire, "l");
  g_autofree char *target = NULL;

  WAIT (wire, result, ps_remote_symlink_async (wire->remote, "l", "to/there", wire_done, &result));
  g_assert_no_error (result.error);
  g_assert_cmpint (result.entry.kind, ==, PS_KIND_SYMLINK);
  g_assert_cmpuint (result.entry.size, ==, strlen ("to/there"));
  target = g_file_read_link (link, NULL);
  g_assert_cmpstr (target, ==, "to/there");
  WAIT (wire, result, ps_remote_readlink_async (wire->remote, "l", wire_done, &result));
  g_assert_no_error (result.error);
  g_assert_cmpstr (result.target, ==, "to/there");
  WAIT (wire, result, ps_remote_symlink_async (wire->remote, "l", "x", wire_done, &result));
  g_assert_error (result.error, PS_SFTP_ERROR, PS_SFTP_ERROR_EXISTS);
  wire_write (wire, "f", "");
  WAIT (wire, result, ps_remote_readlink_async (wire->remote, "f", wire_done, &result));
  g_assert_nonnull (result.error);
}

static void
test_move (gconstpointer data)
{
  g_autoptr (Wire) wire = wire_new (data);
  g_auto (WireResult) result = { 0 };
  PsEntry entry, dir;

  wire_write (wire, "a", "content");
  wire_write (wire, "b", "other");
  wire_write (wire, "d/in", "x");
  entry = wire_stat (wire, "a");
  dir = wire_stat (wire, "d");
  WAIT (wire, result, ps_remote_move_async (wire->remote, "a", "b", &entry, wire_done, &result));
  g_assert_error (result.error, PS_SFTP_ERROR, PS_SFTP_ERROR_EXISTS);
  assert_text (wire, "b", "other");
  WAIT (wire, result, ps_remote_move_async (wire->remote, "a", "c", &entry, wire_done, &result));
  g_assert_no_error (result.error);
  g_assert_true (ps_entry_same (&result.entry, &entry));
  assert_text (wire, "c", "content");
  WAIT (wire, result, ps_remote_move_async (wire->remote, "a", "e", &entry, wire_done, &result));
  g_assert_error (result.error, PS_SFTP_ERROR, PS_SFTP_ERROR_GONE);
  WAIT (wire, result, ps_remote_move_async (wire->remote, "d", "e", &dir, wire_done, &result));
  g_assert_no_error (result.error);
  assert_text (wire, "e/in", "x");
  entry.size++;
  WAIT (wire, result, ps_remote_move_async (wire->remote, "c", "f", &entry, wire_done, &result));
  g_assert_error (result.error, PS_SFTP_ERROR, PS_SFTP_ERROR_CHANGED);
  assert_text (wire, "c", "content");
}

/* A server whose disk takes both names for one. */
static void
test_move_case (void)
{
  const char *command = "LD_PRELOAD=" PS_TEST_ODD_DISK " ODD_DISK_CASE=1 " WIRE_SERVER;
  g_autoptr (Wire) wire = wire_new_shell (command, 1);
  g_auto (WireResult) file_moved = { 0 }, dir_moved = { 0 }, other_moved = { 0 };
  g_autofree char *text = NULL;
  PsEntry file, dir;

  g_assert_true (wire_prepare (wire->remote, NULL, &text, NULL));
  g_assert_false (ps_remote_peek_caps (wire->remote)->case_sensitive);
  wire_write (wire, "name", "content");
  wire_write (wire, "dir/in", "x");
  wire_write (wire, "Taken", "y");
  file = wire_stat (wire, "name");
  dir = wire_stat (wire, "dir");
  WAIT (wire, file_moved,
        ps_remote_move_async (wire->remote, "name", "NAME", &file, wire_done, &file_moved));
  g_assert_no_error (file_moved.error);
  g_assert_false (wire_exists (wire, "name"));
  assert_text (wire, "NAME", "content");
  WAIT (wire, dir_moved,
        ps_remote_move_async (wire->remote, "dir", "Dir", &dir, wire_done, &dir_moved));
  g_assert_no_error (dir_moved.error);
  g_assert_false (wire_exists (wire, "dir"));
  assert_text (wire, "Dir/in", "x");
  WAIT (wire, other_moved,
        ps_remote_move_async (wire->remote, "NAME", "taken", &file, wire_done, &other_moved));
  g_assert_nonnull (other_moved.error);
  assert_text (wire, "NAME", "content");
  assert_text (wire, "Taken", "y");
  g_assert_cmpuint (wire_count (wire, ".pisync/versions"), ==, 0);
}

/* Moves that build on each other keep their order: two names are swapped. */
static void
test_swap (void)
{
  g_autoptr (Wire) wire = wire_new ("");
  WireResult results[3] = { 0 };
  PsEntry a, b;

  wire_write (wire, "a", "a");
  wire_write (wire, "b", "bb");
  a = wire_stat (wire, "a");
  b = wire_stat (wire, "b");
  ps_remote_move_async (wire->remote, "a", ".pisync/tmp/park", &a, wire_done, &results[0]);
  ps_remote_move_async (wire->remote, "b", "a", &b, wire_done, &results[1]);
  ps_remote_move_async (wire->remote, ".pisync/tmp/park", "b", &a, wire_done, &results[2]);
  wire_wait_all (wire);
  for (gsize i = 0; i < G_N_ELEMENTS (results); i++)
    g_assert_no_error (results[i].error);
  assert_text (wire, "a", "bb");
  assert_text (wire, "b", "a");
}

static void
test_remove (gconstpointer data)
{
  g_autoptr (Wire) wire = wire_new (data);
  g_auto (WireResult) result = { 0 };
  PsEntry entry;

  wire_write (wire, "sub/a", "content");
  entry = wire_stat (wire, "sub/a");
  WAIT (wire, result, ps_remote_remove_async (wire->remote, "sub/a", &entry, wire_done, &result));
  g_assert_no_error (result.error);
  g_assert_false (wire_exists (wire, "sub/a"));
  g_assert_nonnull (result.kept_at);
  assert_text (wire, result.kept_at, "content");
  g_assert_true (ps_entry_same (&result.displaced, &entry));
  WAIT (wire, result, ps_remote_remove_async (wire->remote, "sub/a", &entry, wire_done, &result));
  g_assert_error (result.error, PS_SFTP_ERROR, PS_SFTP_ERROR_GONE);
  wire_write (wire, "sub/a", "changed meanwhile");
  WAIT (wire, result, ps_remote_remove_async (wire->remote, "sub/a", &entry, wire_done, &result));
  g_assert_error (result.error, PS_SFTP_ERROR, PS_SFTP_ERROR_CHANGED);
  assert_text (wire, "sub/a", "changed meanwhile");
}

static void
test_remove_dir (void)
{
  g_autoptr (Wire) wire = wire_new ("");
  g_auto (WireResult) result = { 0 };
  PsEntry dir;

  wire_write (wire, "d/in", "x");
  dir = wire_stat (wire, "d");
  WAIT (wire, result, ps_remote_remove_async (wire->remote, "d", &dir, wire_done, &result));
  g_assert_error (result.error, PS_SFTP_ERROR, PS_SFTP_ERROR_NOT_EMPTY);
  ps_test_make_tree (wire->dir, "-d/in");
  WAIT (wire, result, ps_remote_remove_async (wire->remote, "d", &dir, wire_done, &result));
  g_assert_no_error (result.error);
  g_assert_false (wire_exists (wire, "d"));
  WAIT (wire, result, ps_remote_remove_async (wire->remote, "d", &dir, wire_done, &result));
  g_assert_error (result.error, PS_SFTP_ERROR, PS_SFTP_ERROR_GONE);
  wire_write (wire, "d", "a file now");
  WAIT (wire, result, ps_remote_remove_async (wire->remote, "d", &dir, wire_done, &result));
  g_assert_error (result.error, PS_SFTP_ERROR, PS_SFTP_ERROR_CHANGED);
  assert_text (wire, "d", "a file now");
}

/* A directory of versions that someone cleared away is made again. */
static void
test_versions_cleared (void)
{
  g_autoptr (Wire) wire = wire_new ("");
  g_auto (WireResult) result = { 0 };
  g_autofree char *versions = wire_path (wire, ".pisync/versions");
  PsEntry entry;

  for (guint round = 0; round < 2; round++)
    {
      wire_write (wire, "sub/a", "content");
      entry = wire_stat (wire, "sub/a");
      WAIT (wire, result,
            ps_remote_remove_async (wire->remote, "sub/a", &entry, wire_done, &result));
      g_assert_no_error (result.error);
    }
  ps_test_remove_tree (versions);
  wire_write (wire, "sub/a", "content");
  entry = wire_stat (wire, "sub/a");
  WAIT (wire, result, ps_remote_remove_async (wire->remote, "sub/a", &entry, wire_done, &result));
  if (result.error != NULL) /* it said so, kept the file, and does better the next time */
    {
      assert_text (wire, "sub/a", "content");
      WAIT (wire, result,
            ps_remote_remove_async (wire->remote, "sub/a", &entry, wire_done, &result));
    }
  g_assert_no_error (result.error);
}

static void
test_unlink (void)
{
  g_autoptr (Wire) wire = wire_new ("");
  g_auto (WireResult) result = { 0 };

  wire_write (wire, ".pisync/versions/d/old", "x");
  WAIT (wire, result,
        ps_remote_unlink_async (wire->remote, ".pisync/versions/d/old", wire_done, &result));
  g_assert_no_error (result.error);
  g_assert_false (wire_exists (wire, ".pisync/versions/d/old"));
  WAIT (wire, result,
        ps_remote_unlink_async (wire->remote, ".pisync/versions/d", wire_done, &result));
  g_assert_no_error (result.error);
  g_assert_false (wire_exists (wire, ".pisync/versions/d"));
  WAIT (wire, result,
        ps_remote_unlink_async (wire->remote, ".pisync/versions/d", wire_done, &result));
  g_assert_no_error (result.error);
}

static void
test_attributes (void)
{
  g_autoptr (Wire) wire = wire_new ("");
  g_auto (WireResult) result = { 0 };
  PsEntry expected, wanted;

  wire_write (wire, "a", "content");
  expected = wanted = wire_stat (wire, "a");
  wanted.mtime = G_GINT64_CONSTANT (1500000000000000000);
  wanted.executable = true;
  WAIT (wire, result,
        ps_remote_set_attributes_async (wire->remote, "a", &expected, &wanted, wire_done, &result));
  g_assert_no_error (result.error);
  g_assert_true (ps_entry_same (&result.entry, &wanted));
  WAIT (wire, result,
        ps_remote_set_attributes_async (wire->remote, "a", &expected, &wanted, wire_done, &result));
  g_assert_error (result.error, PS_SFTP_ERROR, PS_SFTP_ERROR_CHANGED);
}

static void
test_write (gconstpointer data)
{
  g_autoptr (Wire) wire = wire_new (data);
  g_auto (WireResult) result = { 0 };

  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *text = g_strdup_printf ("content %u", i);
      g_autoptr (GBytes) content = g_bytes_new (text, strlen (text));

      WAIT (wire, result,
            ps_remote_write_async (wire->remote, ".pisync/signatures/deep/s", content, wire_done,
                                   &result));
      g_assert_no_error (result.error);
      assert_text (wire, ".pisync/signatures/deep/s", text);
    }
  wire_stat (wire, "");
  g_assert_cmpuint (wire_count (wire, ".pisync/tmp"), ==, 0);
}

/* All that can be done for a file without a name is done before it has one. */
static void
wait_until_ahead (Wire *wire, const WireResult *result)
{
  guint n = 0;

  while (n == 0 && !result->done)
    {
      wire_stat (wire, "");
      n = wire_count (wire, ".pisync/tmp");
    }
  for (guint i = 0; i < 5; i++) /* more round trips than it takes */
    wire_stat (wire, "");
  g_assert_false (result->done);
}

static void
test_write_ahead (gconstpointer data)
{
  g_autoptr (Wire) wire = wire_new (data);
  g_auto (WireResult) result = { 0 };
  g_autoptr (GBytes) content = g_bytes_new_static ("content", 7);
  PsRemoteAhead *ahead = ps_remote_write_ahead (wire->remote, content, wire_done, &result);

  wire_write (wire, ".pisync/signatures/n", "before");
  wait_until_ahead (wire, &result);
  ps_remote_ahead_place (ahead, ".pisync/signatures/n");
  wire_wait (wire, &result);
  g_assert_no_error (result.error);
  assert_text (wire, ".pisync/signatures/n", "content");
  g_assert_cmpuint (wire_count (wire, ".pisync/tmp"), ==, 0);
}

/* It is named before anything was sent. */
static void
test_write_ahead_at_once (void)
{
  g_autoptr (Wire) wire = wire_new ("");
  g_auto (WireResult) result = { 0 };
  g_autoptr (GBytes) content = g_bytes_new_static ("content", 7);

  ps_remote_ahead_place (ps_remote_write_ahead (wire->remote, content, wire_done, &result),
                         ".pisync/signatures/n");
  wire_wait (wire, &result);
  g_assert_no_error (result.error);
  assert_text (wire, ".pisync/signatures/n", "content");
}

static void
test_write_ahead_in_vain (void)
{
  g_autoptr (Wire) wire = wire_new ("");
  g_auto (WireResult) result = { 0 };
  g_autoptr (GBytes) content = g_bytes_new_static ("content", 7);
  PsRemoteAhead *ahead = ps_remote_write_ahead (wire->remote, content, wire_done, &result);

  wait_until_ahead (wire, &result);
  ps_remote_ahead_place (ahead, NULL);
  wire_wait (wire, &result);
  g_assert_error (result.error, PS_SFTP_ERROR, PS_SFTP_ERROR_CHANGED);
  wire_stat (wire, "");
  g_assert_cmpuint (wire_count (wire, ".pisync/tmp"), ==, 0);
}

static void
test_names (void)
{
  static const char *const names[] = { "new\nline", "\xff\xfe", "ü", "a b", "-x", "..." };
  g_autoptr (Wire) wire = wire_new ("");

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_auto (WireResult) result = { 0 };

      ps_remote_mkdir_async (wire->remote, names[i], wire_done, &result);
      wire_wait (wire, &result);
      g_assert_no_error (result.error);
      g_assert_true (wire_exists (wire, names[i]));
    }
}

static void
test_name_too_long (void)
{
  g_autoptr (Wire) wire = wire_new ("");
  g_autofree char *name = g_strnfill (256, 'x');
  g_auto (WireResult) result = { 0 };

  ps_remote_mkdir_async (wire->remote, name, wire_done, &result);
  wire_wait (wire, &result);
  g_assert_error (result.error, PS_SFTP_ERROR, PS_SFTP_ERROR_NAME);
}

/* --- Marker --- */

static void
test_marker (gconstpointer data)
{
  g_autoptr (Wire) wire = wire_new (data);
  g_autoptr (GError) error = NULL;
  PsMarker marker = { .state = PS_MARKER_PRESENT, .id = "abc", .generation = 5 }, found;

  g_assert_true (ps_remote_read_marker (wire->remote, &found, NULL, &error));
  g_assert_cmpint (found.state, ==, PS_MARKER_MISSING);
  g_assert_true (ps_remote_make_marker (wire->remote, &marker, NULL, &error));
  g_assert_no_error (error);
  g_assert_false (ps_remote_make_marker (wire->remote, &marker, NULL, &error));
  g_assert_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_EXISTS);
  g_clear_error (&error);
  ps_remote_raise_begin (wire->remote, &marker);
  g_assert_true (ps_remote_raise_end (wire->remote, &marker, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (marker.generation, ==, 6);
  g_assert_true (ps_remote_read_marker (wire->remote, &found, NULL, &error));
  g_assert_cmpint (found.state, ==, PS_MARKER_PRESENT);
  g_assert_cmpstr (found.id, ==, "abc");
  g_assert_cmpuint (found.generation, ==, 6);
  g_strlcpy (marker.id, "other", sizeof marker.id);
  ps_remote_raise_begin (wire->remote, &marker);
  g_assert_false (ps_remote_raise_end (wire->remote, &marker, NULL, &error));
  g_assert_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_CHANGED);
  wire_stat (wire, "");
  g_assert_cmpuint (wire_count (wire, ".pisync/tmp"), ==, 0);
}

/* A directory and an upload while the generation is raised above what @there says. */
static void
change_while_raising (Wire *wire, const char *there, WireResult *made, WireResult *put,
                      PsMarker *marker, GError **error)
{
  int fd = wire_local ("text", 4, 0);
  PsPut upload = { .path = "f", .fd = fd, .source = wire_source (4) };

  *marker = (PsMarker){ .state = PS_MARKER_PRESENT, .id = "abc", .generation = 5 };
  if (there != NULL)
    wire_write (wire, ".pisync/root", there);
  g_assert_true (wire_prepare (wire->remote, NULL, NULL, NULL));
  ps_remote_raise_begin (wire->remote, marker);
  ps_remote_mkdir_async (wire->remote, "d", wire_done, made);
  ps_remote_put_async (wire->remote, &upload, wire_done, put);
  (void)!ps_remote_raise_end (wire->remote, marker, NULL, error);
  wire_wait_all (wire);
  close (fd);
}

/* Another device has raised it since we looked: it never falls. */
static void
test_raise_outdoes (gconstpointer data)
{
  g_autoptr (Wire) wire = wire_new (data);
  g_auto (WireResult) made = { 0 }, put = { 0 };
  g_autoptr (GError) error = NULL;
  PsMarker marker, found;

  change_while_raising (wire, "format=1\nid=abc\ngeneration=9\n", &made, &put, &marker, &error);
  g_assert_no_error (error);
  g_assert_no_error (made.error);
  g_assert_no_error (put.error);
  g_assert_cmpuint (marker.generation, ==, 10);
  g_assert_true (ps_remote_read_marker (wire->remote, &found, NULL, NULL));
  g_assert_cmpuint (found.generation, ==, 10);
  g_assert_true (wire_exists (wire, "d") && wire_exists (wire, "f"));
}

/* The status says "failure" alone. */
static void
test_read_only_disk (void)
{
  g_autoptr (Wire) wire
      = wire_new_shell ("LD_PRELOAD=" PS_TEST_ODD_DISK " ODD_DISK_READ_ONLY=1 " WIRE_SERVER, 2);
  g_autoptr (GError) error = NULL;

  ps_remote_prepare_begin (wire->remote, NULL);
  g_assert_false (ps_remote_prepare_end (wire->remote, NULL, NULL, &error));
  g_assert_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_DENIED);
  g_assert_nonnull (strstr (error->message, "can only be read"));
}

/* Another device raises it between our look and our write: what is replaced tells. */
static void
test_raise_displaces (gconstpointer environment)
{
  g_autofree char *command = g_strconcat ("LD_PRELOAD=" PS_TEST_ODD_DISK " ",
                                          (const char *)environment, " " WIRE_SERVER, NULL);
  g_autoptr (Wire) wire = wire_new_shell (command, 2);
  g_auto (WireResult) made = { 0 }, put = { 0 };
  g_autoptr (GError) error = NULL;
  PsMarker marker, found;

  wire_write (wire, ".pisync/root.next", "format=1\nid=abc\ngeneration=9\n");
  change_while_raising (wire, "format=1\nid=abc\ngeneration=5\n", &made, &put, &marker, &error);
  g_assert_no_error (error);
  g_assert_no_error (put.error);
  g_assert_false (wire_exists (wire, ".pisync/root.next"));
  g_assert_cmpint (ps_remote_peek_caps (wire->remote)->hardlinks, ==, strlen (environment) > 0);
  g_assert_cmpuint (marker.generation, ==, 10);
  g_assert_true (ps_remote_read_marker (wire->remote, &found, NULL, NULL));
  g_assert_cmpuint (found.generation, ==, 10);
  g_assert_cmpuint (wire_count (wire, ".pisync/tmp"), ==, 0);
}

/* The folder is another pair's by now, or its disk is not mounted: no name changes. */
static void
test_raise_refused (gconstpointer data)
{
  g_autoptr (Wire) wire = wire_new ("");
  g_auto (WireResult) made = { 0 }, put = { 0 };
  g_autoptr (GError) error = NULL;
  PsMarker marker;
  const char *there = data;

  change_while_raising (wire, there, &made, &put, &marker, &error);
  g_assert_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_CHANGED);
  g_assert_error (made.error, PS_SFTP_ERROR, PS_SFTP_ERROR_CHANGED);
  g_assert_error (put.error, PS_SFTP_ERROR, PS_SFTP_ERROR_CHANGED);
  g_assert_false (wire_exists (wire, "d") || wire_exists (wire, "f"));
  g_assert_cmpint (wire_exists (wire, ".pisync/root"), ==, there != NULL);
  wire_stat (wire, "");
  g_assert_cmpuint (wire_count (wire, ".pisync/tmp"), ==, 0);
}

static void
test_marker_no_root (void)
{
  ps_autotestdir dir = ps_test_dir_new ();
  g_autofree char *root = g_build_filename (dir, "not", "there", NULL);
  g_autoptr (Wire) wire = wire_new_full (root, "", 1, "laptop");
  g_autoptr (GError) error = NULL;
  PsMarker found;

  g_assert_true (ps_remote_read_marker (wire->remote, &found, NULL, &error));
  g_assert_cmpint (found.state, ==, PS_MARKER_NO_ROOT);
  g_assert_true (ps_remote_make_root (wire->remote, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (ps_remote_make_root (wire->remote, NULL, &error));
  g_assert_true (ps_remote_read_marker (wire->remote, &found, NULL, &error));
  g_assert_cmpint (found.state, ==, PS_MARKER_MISSING);
}

static void
test_marker_damaged (void)
{
  g_autoptr (Wire) wire = wire_new ("");
  g_autofree char *text = g_strnfill (PS_MARKER_MAX + 1, '#');
  PsMarker found;

  wire_write (wire, ".pisync/root", text);
  g_assert_true (ps_remote_read_marker (wire->remote, &found, NULL, NULL));
  g_assert_cmpint (found.state, ==, PS_MARKER_UNKNOWN_FORMAT);
  wire_write (wire, ".pisync/root", "");
  g_assert_true (ps_remote_read_marker (wire->remote, &found, NULL, NULL));
  g_assert_cmpint (found.state, ==, PS_MARKER_UNKNOWN_FORMAT);
}

/* --- Preparation --- */

static void
test_prepare (gconstpointer data)
{
  g_autoptr (Wire) wire = wire_new (data);
  g_autofree char *own = wire_path (wire, ".pisync");
  g_autofree char *text = NULL;
  g_autofree char *again = NULL;
  g_autoptr (GError) error = NULL;
  const PsRemoteCaps *caps = ps_remote_peek_caps (wire->remote);

  ps_test_remove_tree (own);
  g_assert_true (wire_prepare (wire->remote, NULL, &text, &error));
  g_assert_no_error (error);
  g_assert_true (wire_exists (wire, ".pisync/tmp"));
  g_assert_true (wire_exists (wire, ".pisync/versions"));
  g_assert_true (caps->case_sensitive);
  g_assert_true (caps->executable_bit);
  g_assert_true (caps->symlinks);
  g_assert_cmpint (caps->hardlinks, ==, caps->hardlink);
  g_assert_cmpint (caps->names, ==, PS_NAMES_POSIX);
  g_assert_true (wire_prepare (wire->remote, text, &again, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (again, ==, text);
  wire_stat (wire, "");
  g_assert_cmpuint (wire_count (wire, ".pisync/tmp"), ==, 0);
}

static void
test_known_caps (void)
{
  g_autoptr (Wire) wire = wire_new ("");
  const char *known = "1 names=fat case=0 exec=0 symlinks=0 hardlinks=0";
  g_autofree char *text = NULL;
  const PsRemoteCaps *caps = ps_remote_peek_caps (wire->remote);

  g_assert_true (wire_prepare (wire->remote, known, &text, NULL));
  g_assert_cmpstr (text, ==, known);
  g_assert_cmpint (caps->names, ==, PS_NAMES_FAT);
  g_assert_false (caps->case_sensitive);
  g_assert_false (caps->hardlinks);
}

static void
test_sweep (void)
{
  g_autoptr (Wire) wire = wire_new ("");

  ps_test_make_tree (wire->dir, ".pisync/tmp/laptop-123.part=x "
                                ".pisync/tmp/laptop-r123.part=x "
                                ".pisync/tmp/laptop-r456.spread=x^1500000000 "
                                ".pisync/tmp/laptop2-123.part=x "
                                ".pisync/tmp/desktop-123.part=x "
                                ".pisync/tmp/desktop-456.part=x^1500000000");
  g_assert_true (wire_prepare (wire->remote, NULL, NULL, NULL));
  wire_stat (wire, "");
  g_assert_false (wire_exists (wire, ".pisync/tmp/laptop-123.part"));
  g_assert_true (wire_exists (wire, ".pisync/tmp/laptop-r123.part"));
  g_assert_false (wire_exists (wire, ".pisync/tmp/laptop-r456.spread"));
  g_assert_true (wire_exists (wire, ".pisync/tmp/laptop2-123.part"));
  g_assert_true (wire_exists (wire, ".pisync/tmp/desktop-123.part"));
  g_assert_false (wire_exists (wire, ".pisync/tmp/desktop-456.part"));
}

static void
test_prepare_read_only (void)
{
  g_autoptr (Wire) wire = wire_new ("-R");
  g_autoptr (GError) error = NULL;

  g_assert_false (wire_prepare (wire->remote, NULL, NULL, &error));
  g_assert_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_DENIED);
}

static void
test_space (gconstpointer data)
{
  g_autoptr (Wire) wire = wire_new (data);
  uint64_t left, total;

  g_assert_true (ps_remote_space (wire->remote, &left, &total, NULL, NULL));
  if (!ps_remote_peek_caps (wire->remote)->statvfs)
    g_assert_cmpuint (left, ==, UINT64_MAX);
  else
    g_assert_cmpuint (left, <=, total);
}

static void
test_real_path (void)
{
  g_autoptr (Wire) wire = wire_new ("");
  g_autofree char *inside = g_strconcat (wire->dir, "/./", NULL);
  g_autofree char *found = ps_remote_real_path (wire->remote, inside, NULL, NULL);
  g_autofree char *home = ps_remote_real_path (wire->remote, "", NULL, NULL);
  g_autofree char *here = g_get_current_dir ();

  g_assert_cmpstr (found, ==, wire->dir);
  g_assert_cmpstr (home, ==, here);
}

/* Names become durable by syncing their directories: three requests each, none where nothing
 * changed. */
static void
test_sync_dirs (gconstpointer flags)
{
  g_autoptr (Wire) wire = wire_new (flags);
  gboolean can = strlen (flags) == 0;
  g_auto (WireResult) result = { 0 };
  PsRemoteTraffic before, after;

  ps_remote_mkdir_async (wire->remote, "d", wire_done, &result);
  wire_wait (wire, &result);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = NULL;

      ps_remote_get_traffic (wire->remote, &before);
      g_assert_true (ps_remote_sync_dirs (wire->remote, NULL, &error));
      g_assert_no_error (error);
      ps_remote_get_traffic (wire->remote, &after);
      g_assert_cmpuint (after.requests - before.requests, ==, can && i == 0 ? 3 : 0);
    }
}

int
main (int argc, char **argv)
{
  static const char *const poor = "-P posix-rename,hardlink,fsync,statvfs,limits";

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sftp/ops/stat", test_stat);
  g_test_add_func ("/sftp/ops/mkdir", test_mkdir);
  g_test_add_func ("/sftp/ops/links", test_links);
  g_test_add_data_func ("/sftp/ops/move", "", test_move);
  g_test_add_data_func ("/sftp/ops/move/poor", poor, test_move);
  g_test_add_func ("/sftp/ops/move/case", test_move_case);
  g_test_add_func ("/sftp/ops/swap", test_swap);
  g_test_add_data_func ("/sftp/ops/remove", "", test_remove);
  g_test_add_data_func ("/sftp/ops/remove/poor", poor, test_remove);
  g_test_add_func ("/sftp/ops/remove-dir", test_remove_dir);
  g_test_add_func ("/sftp/ops/versions-cleared", test_versions_cleared);
  g_test_add_func ("/sftp/ops/unlink", test_unlink);
  g_test_add_func ("/sftp/ops/attributes", test_attributes);
  g_test_add_data_func ("/sftp/ops/write", "", test_write);
  g_test_add_data_func ("/sftp/ops/write/poor", poor, test_write);
  g_test_add_data_func ("/sftp/ops/write-ahead", "", test_write_ahead);
  g_test_add_data_func ("/sftp/ops/write-ahead/poor", poor, test_write_ahead);
  g_test_add_func ("/sftp/ops/write-ahead/at-once", test_write_ahead_at_once);
  g_test_add_func ("/sftp/ops/write-ahead/in-vain", test_write_ahead_in_vain);
  g_test_add_func ("/sftp/ops/names", test_names);
  g_test_add_func ("/sftp/ops/name-too-long", test_name_too_long);
  g_test_add_data_func ("/sftp/marker", "", test_marker);
  g_test_add_data_func ("/sftp/marker/poor", poor, test_marker);
  g_test_add_data_func ("/sftp/raise/outdoes", "", test_raise_outdoes);
  g_test_add_data_func ("/sftp/raise/outdoes/poor", poor, test_raise_outdoes);
  g_test_add_func ("/sftp/disk/read-only", test_read_only_disk);
  g_test_add_data_func ("/sftp/raise/displaces", "ODD_DISK_LINKS=1", test_raise_displaces);
  g_test_add_data_func ("/sftp/raise/displaces/no-links", "", test_raise_displaces);
  g_test_add_data_func ("/sftp/raise/missing", NULL, test_raise_refused);
  g_test_add_data_func ("/sftp/raise/nonsense", "nonsense", test_raise_refused);
  g_test_add_data_func ("/sftp/raise/another-pair", "format=1\nid=xyz\ngeneration=3\n",
                        test_raise_refused);
  g_test_add_func ("/sftp/marker/no-root", test_marker_no_root);
  g_test_add_func ("/sftp/marker/damaged", test_marker_damaged);
  g_test_add_data_func ("/sftp/prepare", "", test_prepare);
  g_test_add_data_func ("/sftp/prepare/poor", poor, test_prepare);
  g_test_add_func ("/sftp/prepare/known-caps", test_known_caps);
  g_test_add_func ("/sftp/prepare/sweep", test_sweep);
  g_test_add_func ("/sftp/prepare/read-only", test_prepare_read_only);
  g_test_add_data_func ("/sftp/space", "", test_space);
  g_test_add_data_func ("/sftp/space/poor", poor, test_space);
  g_test_add_func ("/sftp/real-path", test_real_path);
  g_test_add_data_func ("/sftp/ops/sync-dirs", "", test_sync_dirs);
  g_test_add_data_func ("/sftp/ops/sync-dirs-without-fsync", "-P fsync", test_sync_dirs);
  return g_test_run ();
}
