/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Uploads to a real server: whole, replaced, interleaved with another writer, poor servers. */
#include "fakes/test-util.h"
#include "sftp/transport-process.h"
#include "sftp/wire.h"
#include "util/sha256.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const servers[] = {
  "",
  "-P hardlink",
  "-P posix-rename",
  "-P posix-rename,hardlink",
  "-P fsync,limits,statvfs",
  "-P posix-rename,hardlink,fsync,statvfs,lsetstat,limits,copy-data,expand-path",
};

static gboolean
yes (gpointer data)
{
  return TRUE;
}

static gboolean
no (gpointer data)
{
  return FALSE;
}

static void
put_full (Wire *wire, const char *path, int fd, gsize length, const PsEntry *expected,
          WireResult *result)
{
  PsPut put = {
    .path = path,
    .fd = fd,
    .source = wire_source (length),
    .expected = *expected,
    .still_same = yes,
  };

  ps_remote_put_async (wire->remote, &put, wire_done, result);
  wire_wait (wire, result);
}

static void
put_text (Wire *wire, const char *path, const char *text, const PsEntry *expected,
          WireResult *result)
{
  int fd = wire_local (text, strlen (text), 0);

  put_full (wire, path, fd, strlen (text), expected, result);
  close (fd);
}

/* Everything that is still in the folder of temporary files is a left-over. */
static void
assert_no_temps (const Wire *wire)
{
  g_assert_cmpuint (wire_count (wire, ".pisync/tmp"), ==, 0);
}

static void
assert_text (const Wire *wire, const char *path, const char *text)
{
  g_autofree char *found = wire_read (wire, path);

  g_assert_cmpstr (found, ==, text);
}

static void
test_new (gconstpointer data)
{
  g_autoptr (Wire) wire = wire_new (data);
  g_auto (WireResult) result = { 0 };
  PsEntry found;
  PsEntry absent = { 0 };

  put_text (wire, "a.txt", "hello", &absent, &result);
  g_assert_no_error (result.error);
  assert_text (wire, "a.txt", "hello");
  found = wire_stat (wire, "a.txt");
  g_assert_true (ps_entry_same (&found, &result.entry));
  g_assert_cmpint (found.mtime, ==, wire_source (5).mtime);
  g_assert_false (found.executable);
  g_assert_true (result.has_hash);
  g_assert_cmpuint (result.wire, >, 200);
  assert_no_temps (wire);
}

static void
test_empty (void)
{
  g_autoptr (Wire) wire = wire_new ("");
  g_auto (WireResult) result = { 0 };
  PsEntry absent = { 0 };

  put_text (wire, "empty", "", &absent, &result);
  g_assert_no_error (result.error);
  assert_text (wire, "empty", "");
  assert_no_temps (wire);
}

static void
test_program (void)
{
  g_autoptr (Wire) wire = wire_new ("");
  g_auto (WireResult) result = { 0 };
  g_auto (WireResult) second = { 0 };
  g_autofree char *file = wire_path (wire, "run");
  struct stat st;
  int fd = wire_local ("#!/bin/sh\n", 10, 0);
  PsPut put = { .path = "run", .fd = fd, .source = wire_source (10), .still_same = yes };

  put.source.executable = true;
  ps_remote_put_async (wire->remote, &put, wire_done, &result);
  wire_wait (wire, &result);
  g_assert_no_error (result.error);
  g_assert_true (result.entry.executable);
  g_assert_no_errno (stat (file, &st));
  g_assert_cmpuint (st.st_mode & 0777, ==, 0755);
  g_assert_no_errno (chmod (file, 0750)); /* the rest of the mode is the owner's business */
  put.source.executable = false;
  put.expected = result.entry;
  ps_remote_put_async (wire->remote, &put, wire_done, &second);
  wire_wait (wire, &second);
  g_assert_no_error (second.error);
  g_assert_false (second.entry.executable);
  g_assert_no_errno (stat (file, &st));
  g_assert_cmpuint (st.st_mode & 0777, ==, 0640);
  close (fd);
}

static void
test_exists (gconstpointer data)
{
  g_autoptr (Wire) wire = wire_new (data);
  g_auto (WireResult) result = { 0 };
  PsEntry absent = { 0 };

  wire_write (wire, "a.txt", "theirs");
  put_text (wire, "a.txt", "ours", &absent, &result);
  g_assert_error (result.error, PS_SFTP_ERROR, PS_SFTP_ERROR_EXISTS);
  assert_text (wire, "a.txt", "theirs");
  wire_wait_all (wire);
  wire_stat (wire, ""); /* what is removed without waiting is removed before this is answered */
  assert_no_temps (wire);
}

static void
test_no_parent (void)
{
  g_autoptr (Wire) wire = wire_new ("");
  g_auto (WireResult) result = { 0 };
  PsEntry absent = { 0 };

  put_text (wire, "no/dir", "ours", &absent, &result);
  g_assert_error (result.error, PS_SFTP_ERROR, PS_SFTP_ERROR_GONE);
  wire_stat (wire, "");
  assert_no_temps (wire);
}

static void
test_after_mkdir (void)
{
  g_autoptr (Wire) wire = wire_new ("");
  WireResult made[20] = { 0 }, put[20] = { 0 };
  g_autoptr (GString) path = g_string_new ("d");
  int fd = wire_local ("x", 1, 0);

  for (guint i = 0; i < G_N_ELEMENTS (made); i++)
    {
      g_autofree char *file = g_strdup_printf ("%s/file", path->str);
      PsPut request = { .path = file, .fd = fd, .source = wire_source (1) };

      ps_remote_mkdir_async (wire->remote, path->str, wire_done, &made[i]);
      ps_remote_put_async (wire->remote, &request, wire_done, &put[i]);
      g_string_append (path, "/d");
    }
  wire_wait_all (wire);
  for (guint i = 0; i < G_N_ELEMENTS (made); i++)
    {
      g_assert_no_error (made[i].error);
      g_assert_no_error (put[i].error);
    }
  close (fd);
}

static void
test_replace (gconstpointer data)
{
  g_autoptr (Wire) wire = wire_new (data);
  g_auto (WireResult) result = { 0 };
  PsEntry before;

  wire_write (wire, "sub/a.txt", "old content");
  before = wire_stat (wire, "sub/a.txt");
  put_text (wire, "sub/a.txt", "new", &before, &result);
  g_assert_no_error (result.error);
  assert_text (wire, "sub/a.txt", "new");
  g_assert_false (result.displaced_other);
  g_assert_true (ps_entry_same (&result.displaced, &before));
  g_assert_nonnull (result.kept_at);
  assert_text (wire, result.kept_at, "old content");
  wire_stat (wire, "");
  g_assert_cmpuint (wire_count (wire, ".pisync/versions/sub"), ==, 1);
  assert_no_temps (wire);
}

/* The loser of a conflict has its name when the winner is in place; a name that is taken is not. */
static void
test_replace_keep_as (gconstpointer data)
{
  g_autoptr (Wire) wire = wire_new (data);
  const char *const kept[] = { "sub/copy.txt", "other" };

  for (guint i = 0; i < G_N_ELEMENTS (kept); i++)
    {
      g_auto (WireResult) result = { 0 };
      int fd = wire_local ("new", 3, 0);
      PsPut put
          = { .path = "sub/a.txt", .fd = fd, .source = wire_source (3), .keep_as = "sub/copy.txt" };

      wire_write (wire, "sub/a.txt", kept[i]);
      put.expected = wire_stat (wire, "sub/a.txt");
      ps_remote_put_async (wire->remote, &put, wire_done, &result);
      wire_wait (wire, &result);
      g_assert_no_error (result.error);
      assert_text (wire, "sub/a.txt", "new");
      assert_text (wire, "sub/copy.txt", kept[0]);
      assert_text (wire, result.kept_at, kept[i]);
      g_assert_cmpint (strcmp (result.kept_at, "sub/copy.txt") == 0, ==, i == 0);
      close (fd);
    }
  wire_stat (wire, "");
  g_assert_cmpuint (wire_count (wire, ".pisync/versions/sub"), ==, 1);
  assert_no_temps (wire);
}

static void
test_replace_changed (gconstpointer data)
{
  g_autoptr (Wire) wire = wire_new (data);
  g_auto (WireResult) result = { 0 };
  PsEntry before;

  wire_write (wire, "a.txt", "old content");
  before = wire_stat (wire, "a.txt");
  wire_write (wire, "a.txt", "newer than what was seen");
  put_text (wire, "a.txt", "ours", &before, &result);
  g_assert_error (result.error, PS_SFTP_ERROR, PS_SFTP_ERROR_CHANGED);
  assert_text (wire, "a.txt", "newer than what was seen");
  wire_stat (wire, "");
  g_assert_cmpuint (wire_count (wire, ".pisync/versions"), ==, 0);
  assert_no_temps (wire);
}

/* Another device replaces, or removes, the file when ours is about to be put in place. */
typedef struct
{
  Wire *wire;
  const char *text; /* NULL: it is removed */
  WireResult result;
} Rival;

static gboolean
let_rival_come (gpointer data)
{
  WireResult *result = data;
  Rival *rival = (Rival *)((char *)result - G_STRUCT_OFFSET (Rival, result));
  g_autofree char *file = wire_path (rival->wire, "a.txt");
  g_autofree char *temp = wire_path (rival->wire, "rival");

  if (rival->text == NULL)
    {
      g_assert_no_errno (unlink (file));
      return TRUE;
    }
  wire_write (rival->wire, "rival", rival->text);
  g_assert_no_errno (rename (temp, file));
  return TRUE;
}

static void
put_against_rival (Rival *rival, const PsEntry *expected)
{
  int fd = wire_local ("ours", 4, 0);
  PsPut put = { .path = "a.txt",
                .fd = fd,
                .source = wire_source (4),
                .expected = *expected,
                .still_same = let_rival_come };

  ps_remote_put_async (rival->wire->remote, &put, wire_done, &rival->result);
  wire_wait (rival->wire, &rival->result);
  wire_stat (rival->wire, "");
  close (fd);
}

static void
test_rival_replaces (gconstpointer data)
{
  g_autoptr (Wire) wire = wire_new (data);
  Rival rival = { .wire = wire, .text = "the rival's" };
  PsEntry before;

  wire_write (wire, "a.txt", "old");
  before = wire_stat (wire, "a.txt");
  put_against_rival (&rival, &before);
  g_assert_no_error (rival.result.error);
  g_assert_true (rival.result.displaced_other);
  assert_text (wire, "a.txt", "ours");
  assert_text (wire, rival.result.kept_at, "the rival's");
  wire_result_clear (&rival.result);
}

static void
test_rival_removes (gconstpointer data)
{
  g_autoptr (Wire) wire = wire_new (data);
  Rival rival = { .wire = wire };
  PsEntry before;

  wire_write (wire, "a.txt", "old");
  before = wire_stat (wire, "a.txt");
  put_against_rival (&rival, &before);
  g_assert_no_error (rival.result.error);
  g_assert_false (rival.result.displaced_other);
  g_assert_cmpint (rival.result.displaced.kind, ==, PS_KIND_ABSENT);
  assert_text (wire, "a.txt", "ours");
  wire_result_clear (&rival.result);
}

static void
test_rival_creates (gconstpointer data)
{
  g_autoptr (Wire) wire = wire_new (data);
  Rival rival = { .wire = wire, .text = "the rival's" };
  PsEntry absent = { 0 };

  put_against_rival (&rival, &absent);
  g_assert_error (rival.result.error, PS_SFTP_ERROR, PS_SFTP_ERROR_EXISTS);
  assert_text (wire, "a.txt", "the rival's");
  assert_no_temps (wire);
  wire_result_clear (&rival.result);
}

/* Two devices replace one file over and over, by the same rules. Whatever either wrote must lie
 * somewhere in the end, or the other one's write of the very same round lies there in its place: a
 * link and a rename are two requests, and where both devices link the same old file before either
 * renames, the server has no request that could tell. (The engine keeps its local copy then.) */
static void
test_two_devices (gconstpointer data)
{
  g_autoptr (Wire) wire = wire_new (data);
  g_autoptr (Wire) other = wire_new_second (wire, data);
  Wire *devices[] = { wire, other };
  g_autoptr (GPtrArray) written = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *all = NULL;
  g_autofree char *command = NULL;

  wire_write (wire, "a.txt", "start");
  for (guint round = 0; round < 30; round++)
    {
      WireResult results[2] = { 0 };
      PsEntry expected[2];
      int fds[2];

      for (guint i = 0; i < 2; i++)
        expected[i] = wire_stat (devices[i], "a.txt");
      for (guint i = 0; i < 2; i++)
        {
          char *text = g_strdup_printf ("<%u of %u%.*s>", i, round, (int)(round % 7), "-------");
          PsPut put
              = { .path = "a.txt", .source = wire_source (strlen (text)), .expected = expected[i] };

          put.source.mtime += (int64_t)(round * 2 + i) * 10000000000;
          put.fd = fds[i] = wire_local (text, strlen (text), 0);
          ps_remote_put_async (devices[i]->remote, &put, wire_done, &results[i]);
          g_ptr_array_add (written, text);
        }
      while (!results[0].done || !results[1].done)
        for (guint i = 0; i < 2; i++)
          g_assert_true (ps_remote_step (devices[i]->remote, 1000, NULL, NULL));
      for (guint i = 0; i < 2; i++)
        {
          char *text = g_ptr_array_index (written, written->len - 2 + i);

          if (results[i].error != NULL) /* not put in place: nothing that could be lost */
            *text = '\0';
          wire_result_clear (&results[i]);
          close (fds[i]);
        }
    }
  command = g_strdup_printf ("sh -c 'find %s -type f -exec cat {} +'", wire->dir);
  g_assert_true (g_spawn_command_line_sync (command, &all, NULL, NULL, NULL));
  for (guint i = 0; i < written->len; i++)
    if (strstr (all, g_ptr_array_index (written, i)) == NULL)
      {
        const char *rival = g_ptr_array_index (written, i ^ 1);

        g_assert_cmpstr (rival, !=, "");
        g_assert_nonnull (strstr (all, rival));
      }
}

static void
test_not_same (void)
{
  g_autoptr (Wire) wire = wire_new ("");
  g_auto (WireResult) result = { 0 };
  int fd = wire_local ("ours", 4, 0);
  PsPut put = { .path = "a", .fd = fd, .source = wire_source (4), .still_same = no };

  ps_remote_put_async (wire->remote, &put, wire_done, &result);
  wire_wait (wire, &result);
  wire_stat (wire, "");
  g_assert_error (result.error, PS_SFTP_ERROR, PS_SFTP_ERROR_CHANGED);
  g_assert_false (wire_exists (wire, "a"));
  assert_no_temps (wire);
  close (fd);
}

static void
test_source_shrinks (void)
{
  g_autoptr (Wire) wire = wire_new ("");
  g_auto (WireResult) result = { 0 };
  PsEntry absent = { 0 };
  int fd = wire_local (NULL, 100000, 1);

  put_full (wire, "a", fd, 100001, &absent, &result);
  wire_stat (wire, "");
  g_assert_error (result.error, PS_SFTP_ERROR, PS_SFTP_ERROR_CHANGED);
  assert_no_temps (wire);
  close (fd);
}

static void
assert_same_content (const Wire *wire, const char *path, int fd, const uint8_t sum[32])
{
  g_autofree char *file = wire_path (wire, path);
  g_autofree char *data = NULL;
  g_autofree char *local = NULL;
  gsize length;
  uint8_t own[PS_SHA256_SIZE];

  g_assert_true (g_file_get_contents (file, &data, &length, NULL));
  local = g_malloc (length + 1);
  g_assert_cmpint (pread (fd, local, length + 1, 0), ==, length);
  g_assert_true (memcmp (local, data, length) == 0);
  g_assert_true (ps_sha256_fd (fd, own, NULL, NULL));
  g_assert_cmpmem (own, sizeof own, sum, 32);
}

static void
test_size (gconstpointer data)
{
  gsize length = GPOINTER_TO_SIZE (data);
  g_autoptr (Wire) wire = wire_new ("");
  g_auto (WireResult) result = { 0 };
  PsEntry absent = { 0 };
  int fd = wire_local (NULL, length, (guint)length);

  put_full (wire, "f", fd, length, &absent, &result);
  g_assert_no_error (result.error);
  assert_same_content (wire, "f", fd, result.sha256);
  assert_no_temps (wire);
  close (fd);
}

/* An upload that is cut once enough of it is durable. */
typedef struct
{
  WireResult result;
  uint64_t moved;
  uint64_t durable;
} Cut;

static void
add_moved (uint64_t bytes, gpointer cut)
{
  ((Cut *)cut)->moved += bytes;
}

static void
note_durable (uint64_t upto, gpointer cut)
{
  g_assert_cmpuint (upto, >=, ((Cut *)cut)->durable);
  ((Cut *)cut)->durable = upto;
}

/* Cuts an upload in the middle, then goes on with it. */
static void
test_resume (gconstpointer data)
{
  gsize length = 40000000;
  const char *flags = data;
  g_autoptr (Wire) wire = wire_new (flags);
  g_autoptr (Wire) again = NULL;
  Cut cut = { 0 };
  g_auto (WireResult) result = { 0 };
  int fd = wire_local (NULL, length, 7);
  PsPut put = { .path = "big",
                .fd = fd,
                .source = wire_source (length),
                .resume_key = "big/40000000/1",
                .durable = note_durable,
                .moved = add_moved };

  ps_remote_put_async (wire->remote, &put, wire_done, &cut);
  while (cut.durable < 10000000)
    g_assert_true (ps_remote_step (wire->remote, -1, NULL, NULL));
  g_assert_cmpuint (cut.moved, >=, cut.durable);
  g_assert_cmpuint (cut.moved - cut.durable, <=, PS_PUT_WINDOW);
  g_clear_pointer (&wire->remote, ps_remote_free);
  g_assert_error (cut.result.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  wire_result_clear (&cut.result);
  g_assert_cmpuint (wire_count (wire, ".pisync/tmp"), ==, 1);

  again = wire_new_full (wire->dir, flags, 8, "laptop");
  put.moved = NULL;
  put.durable = NULL;
  put.resume = cut.durable;
  ps_remote_put_async (again->remote, &put, wire_done, &result);
  wire_wait (again, &result);
  g_assert_no_error (result.error);
  assert_same_content (wire, "big", fd, result.sha256);
  g_assert_cmpuint (result.wire, <, length - cut.durable + 100000);
  assert_no_temps (wire);
  close (fd);
}

/* Pieces, one after the other. */
typedef struct
{
  WireResult result;
  const PsPutPiece *pieces;
  guint n_left;
  gboolean waits; /* FALSE once before each of them */
} Pieces;

static gboolean
next_piece (PsPutPiece *piece, gpointer user_data)
{
  Pieces *self = user_data;

  self->waits = !self->waits;
  if (self->waits)
    return FALSE;
  if (self->n_left == 0)
    return TRUE;
  self->n_left--;
  *piece = *self->pieces++;
  return TRUE;
}

static void
test_pieces (void)
{
  gsize length = 3000000;
  g_autoptr (Wire) wire = wire_new ("");
  g_autofree char *old = wire_path (wire, "big");
  g_autofree uint8_t *content = g_malloc (length);
  PsPutPiece pieces[] = { { TRUE, 0, 1000000 },
                          { FALSE, 1000000, 5000 },
                          { TRUE, 1000000, 1990000 },
                          { FALSE, 2995000, 5000 } };
  Pieces given = { .pieces = pieces, .n_left = G_N_ELEMENTS (pieces) };
  PsPut put = { .path = "big", .base = "big", .next_piece = next_piece };
  uint8_t sum[PS_SHA256_SIZE];
  int base = wire_local (NULL, length, 3), fd;

  g_assert_cmpint (pread (base, content, length, 0), ==, length);
  g_assert_true (g_file_set_contents (old, (char *)content, (gssize)length, NULL));
  memmove (content + 1005000, content + 1000000, 1990000);
  memset (content + 1000000, 'x', 5000);
  memset (content + 2995000, 'y', 5000);
  put.fd = fd = wire_local (content, length, 0);
  put.source = wire_source (length);
  put.expected = put.base_expected = wire_stat (wire, "big");
  ps_remote_put_async (wire->remote, &put, wire_done, &given);
  wire_wait (wire, &given.result);
  g_assert_no_error (given.result.error);
  g_assert_cmpuint (given.result.wire, <, 13000);
  g_assert_false (given.result.has_hash);
  g_assert_true (ps_sha256_fd (fd, sum, NULL, NULL));
  assert_same_content (wire, "big", fd, sum);
  wire_stat (wire, "");
  assert_no_temps (wire);
  wire_result_clear (&given.result);
  close (fd);
  close (base);
}

/* What the pieces speak of is not there any more, or the server cannot copy, or lies. */
static void
test_pieces_fail (gconstpointer data)
{
  const char *how = data;
  g_autoptr (Wire) wire = wire_new (strcmp (how, "no-copy") == 0 ? "-P copy-data" : "");
  PsPutPiece pieces[] = { { TRUE, 0, strcmp (how, "too-long") == 0 ? 1000001 : 1000000 } };
  Pieces given = { .pieces = pieces, .n_left = 1 };
  PsPut put = { .path = "new", .base = "old", .next_piece = next_piece };
  g_autofree char *old = wire_path (wire, "old");
  g_autofree char *content = g_malloc0 (1000000);
  int fd = wire_local (NULL, 1000000, 3);

  g_assert_true (g_file_set_contents (old, content, 999000, NULL));
  put.fd = fd;
  put.source = wire_source (1000000);
  put.base_expected = wire_stat (wire, "old"); /* 1,000 bytes shorter than the pieces want */
  if (strcmp (how, "changed") == 0)
    put.base_expected.size++;
  if (strcmp (how, "no-base") == 0)
    put.base = NULL;
  ps_remote_put_async (wire->remote, &put, wire_done, &given);
  wire_wait (wire, &given.result);
  wire_stat (wire, "");
  g_assert_error (given.result.error, PS_SFTP_ERROR, PS_SFTP_ERROR_FAILED);
  g_assert_false (wire_exists (wire, "new"));
  assert_no_temps (wire);
  wire_result_clear (&given.result);
  close (fd);
}

static void
put_many (Wire *wire)
{
  guint n = 1500, queued = 0;
  g_autofree WireResult *results = g_new0 (WireResult, n);
  int fd = wire_local (NULL, 4096, 5);

  while (queued < n)
    {
      for (; queued < n && ps_remote_room (wire->remote) > 0; queued++)
        {
          g_autofree char *path = g_strdup_printf ("f%u", queued);
          PsPut put = { .path = path, .fd = fd, .source = wire_source (4096) };

          ps_remote_put_async (wire->remote, &put, wire_done, &results[queued]);
        }
      g_assert_true (ps_remote_step (wire->remote, -1, NULL, NULL));
    }
  wire_wait_all (wire);
  for (guint i = 0; i < n; i++)
    {
      g_assert_true (results[i].done);
      g_assert_no_error (results[i].error);
    }
  g_assert_cmpuint (wire_count (wire, ""), ==, n + 1);
  close (fd);
}

static void
test_many (gconstpointer data)
{
  g_autoptr (Wire) wire = wire_new (data);

  put_many (wire);
}

/* Fewer handles than the client would like, and a server that does not say how many. */
static void
test_few_handles (void)
{
  g_autoptr (Wire) wire
      = wire_new_shell ("ulimit -n 12; exec " WIRE_SERVER " -P limits -u 0022", 3);

  put_many (wire);
}

/* A disk of 1 MiB, in a mount of the server's own. */
static void
test_disk_full (gconstpointer data)
{
  gsize length = GPOINTER_TO_SIZE (data);
  const char *mount = "mount -t tmpfs -o size=1m none %s && mkdir -p %s/.pisync/tmp && exec ";
  g_autofree char *command = g_strdup_printf ("exec unshare -m sh -c '%s" WIRE_SERVER "'", mount);
  g_autoptr (Wire) wire = NULL;
  g_auto (WireResult) result = { 0 };
  PsEntry absent = { 0 };
  const char *const try[] = { "unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt", NULL };
  g_autofree char *output = NULL;
  int fd;

  if (geteuid () != 0 || ps_test_run (try, &output) != 0)
    {
      g_test_skip ("no mounts of our own here");
      return;
    }
  wire = wire_new_shell (command, 1);
  fd = wire_local (NULL, length, 1);
  put_full (wire, "f", fd, length, &absent, &result);
  g_assert_error (result.error, PS_SFTP_ERROR, PS_SFTP_ERROR_NO_SPACE);
  g_assert_cmpint (wire_stat (wire, "f").kind, ==, PS_KIND_ABSENT);
  close (fd);
}

static void
test_upload_limit (void)
{
  ps_autotestdir dir = ps_test_dir_new ();
  const char *argv[] = { WIRE_SERVER, NULL };
  PsRemoteOptions options = { .root = dir, .device = "laptop", .upload_limit = 1024 };
  PsTransport *transport = ps_transport_process_new (argv, 4, NULL);
  g_autoptr (PsRemote) remote = ps_remote_new (transport, &options, NULL, NULL);
  g_auto (WireResult) result = { 0 };
  Wire wire = { .dir = dir, .remote = remote };
  PsEntry absent = { 0 };
  int fd = wire_local (NULL, 1 << 20, 1);
  gint64 begin = g_get_monotonic_time ();

  g_assert_true (wire_prepare (remote, NULL, NULL, NULL));
  put_full (&wire, "f", fd, 1 << 20, &absent, &result);
  g_assert_no_error (result.error);
  g_assert_cmpint (g_get_monotonic_time () - begin, >, 700000);
  close (fd);
}

static void
test_read_only (void)
{
  g_autoptr (Wire) wire = wire_new ("-R");
  g_auto (WireResult) result = { 0 };
  PsEntry absent = { 0 };

  put_text (wire, "a", "x", &absent, &result);
  g_assert_error (result.error, PS_SFTP_ERROR, PS_SFTP_ERROR_DENIED);
}

static void
add (const char *name, GTestDataFunc func)
{
  for (gsize i = 0; i < G_N_ELEMENTS (servers); i++)
    {
      const char *list = servers[i][0] != '\0' ? servers[i] + strlen ("-P ") : "nothing";
      g_autofree char *path = g_strdup_printf ("/sftp/put/%s/without-%s", name, list);

      g_test_add_data_func (path, servers[i], func);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("new", test_new);
  add ("exists", test_exists);
  add ("replace", test_replace);
  add ("replace-keep-as", test_replace_keep_as);
  add ("replace-changed", test_replace_changed);
  add ("rival-replaces", test_rival_replaces);
  add ("rival-removes", test_rival_removes);
  add ("rival-creates", test_rival_creates);
  add ("two-devices", test_two_devices);
  add ("many", test_many);
  g_test_add_func ("/sftp/put/empty", test_empty);
  g_test_add_func ("/sftp/put/program", test_program);
  g_test_add_func ("/sftp/put/no-parent", test_no_parent);
  g_test_add_func ("/sftp/put/after-mkdir", test_after_mkdir);
  g_test_add_func ("/sftp/put/not-same", test_not_same);
  g_test_add_func ("/sftp/put/source-shrinks", test_source_shrinks);
  g_test_add_data_func ("/sftp/put/size/64k", GSIZE_TO_POINTER (65536), test_size);
  g_test_add_data_func ("/sftp/put/size/512k", GSIZE_TO_POINTER (524288), test_size);
  g_test_add_data_func ("/sftp/put/size/512k+1", GSIZE_TO_POINTER (524289), test_size);
  g_test_add_data_func ("/sftp/put/size/30M", GSIZE_TO_POINTER (30000001), test_size);
  g_test_add_data_func ("/sftp/put/resume", "", test_resume);
  g_test_add_data_func ("/sftp/put/resume/no-fsync", "-P fsync", test_resume);
  g_test_add_func ("/sftp/put/pieces", test_pieces);
  g_test_add_data_func ("/sftp/put/pieces/no-copy", "no-copy", test_pieces_fail);
  g_test_add_data_func ("/sftp/put/pieces/no-base", "no-base", test_pieces_fail);
  g_test_add_data_func ("/sftp/put/pieces/too-long", "too-long", test_pieces_fail);
  g_test_add_data_func ("/sftp/put/pieces/changed", "changed", test_pieces_fail);
  g_test_add_data_func ("/sftp/put/pieces/short", "short", test_pieces_fail);
  g_test_add_func ("/sftp/put/read-only", test_read_only);
  g_test_add_func ("/sftp/put/few-handles", test_few_handles);
  g_test_add_func ("/sftp/put/upload-limit", test_upload_limit);
  g_test_add_data_func ("/sftp/put/disk-full/small", GSIZE_TO_POINTER (1100000), test_disk_full);
  g_test_add_data_func ("/sftp/put/disk-full/large", GSIZE_TO_POINTER (5000000), test_disk_full);
  return g_test_run ();
}
