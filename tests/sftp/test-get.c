/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Downloads from a real server: whole, in ranges, resumed; changed while they run. */
#include "fakes/test-util.h"
#include "sftp/wire.h"
#include "util/sha256.h"

#include <string.h>
#include <unistd.h>

/* Makes a file of @length bytes on the server, and returns a local copy of it. */
static int
make_file (const Wire *wire, const char *path, gsize length, guint seed)
{
  g_autofree char *file = wire_path (wire, path);
  g_autofree char *data = g_malloc (length + 1);
  int fd = wire_local (NULL, length, seed);

  g_assert_cmpint (pread (fd, data, length, 0), ==, length);
  g_assert_true (g_file_set_contents (file, data, (gssize)length, NULL));
  return fd;
}

static void
assert_same (int a, int b)
{
  uint8_t sum_a[PS_SHA256_SIZE], sum_b[PS_SHA256_SIZE];

  g_assert_true (ps_sha256_fd (a, sum_a, NULL, NULL));
  g_assert_true (ps_sha256_fd (b, sum_b, NULL, NULL));
  g_assert_cmpmem (sum_a, sizeof sum_a, sum_b, sizeof sum_b);
}

static void
assert_hash (const WireResult *result, int fd)
{
  uint8_t sum[PS_SHA256_SIZE];

  g_assert_true (result->has_hash);
  g_assert_true (ps_sha256_fd (fd, sum, NULL, NULL));
  g_assert_cmpmem (sum, sizeof sum, result->sha256, sizeof result->sha256);
}

static void
get (Wire *wire, const PsGet *request, WireResult *result)
{
  ps_remote_get_async (wire->remote, request, wire_done, result);
  wire_wait (wire, result);
}

static void
test_size (gconstpointer data)
{
  gsize length = GPOINTER_TO_SIZE (data);
  g_autoptr (Wire) wire = wire_new ("");
  g_auto (WireResult) result = { 0 };
  int original = make_file (wire, "f", length, 9);
  int fd = wire_local ("", 0, 0);
  PsGet request = { .path = "f", .fd = fd, .expected = wire_stat (wire, "f"), .hash = TRUE };

  get (wire, &request, &result);
  g_assert_no_error (result.error);
  assert_same (original, fd);
  assert_hash (&result, fd);
  g_assert_true (ps_entry_same (&result.entry, &request.expected));
  close (original);
  close (fd);
}

static void
test_resume (void)
{
  gsize length = 5000000, there = 3000001;
  g_autoptr (Wire) wire = wire_new ("");
  g_auto (WireResult) result = { 0 };
  int original = make_file (wire, "f", length, 9);
  int fd = wire_local (NULL, there, 9);
  PsGet request
      = { .path = "f", .fd = fd, .expected = wire_stat (wire, "f"), .offset = there, .hash = TRUE };

  get (wire, &request, &result);
  g_assert_no_error (result.error);
  assert_same (original, fd);
  assert_hash (&result, fd);
  g_assert_cmpuint (result.wire, <, length - there + 10000);
  close (original);
  close (fd);
}

/* Ranges that become known bit by bit. */
typedef struct
{
  WireResult result; /* first: it is the user data */
  const PsRange *ranges;
  gsize n_ranges, given;
  guint asked;
} Ranges;

static gboolean
next_range (PsRange *range, gpointer user_data)
{
  Ranges *self = user_data;

  if (self->asked++ % 3 != 2)
    return FALSE;
  *range = self->given < self->n_ranges ? self->ranges[self->given] : (PsRange){ 0 };
  self->given++;
  return TRUE;
}

static void
test_ranges (void)
{
  const PsRange some[] = { { 0, 10 }, { 100000, 700000 }, { 800000, 1 }, { 3999999, 1 } };
  Ranges ranges = { .ranges = some, .n_ranges = G_N_ELEMENTS (some) };
  gsize length = 4000000;
  g_autoptr (Wire) wire = wire_new ("");
  int original = make_file (wire, "f", length, 9);
  int fd = wire_local (NULL, length, 9);
  PsGet request = {
    .path = "f", .fd = fd, .expected = wire_stat (wire, "f"), .next_range = next_range, .hash = TRUE
  };
  g_autofree char *zeros = g_malloc0 (length);

  for (gsize i = 0; i < G_N_ELEMENTS (some); i++)
    g_assert_cmpint (pwrite (fd, zeros, some[i].length, (off_t)some[i].offset), ==, some[i].length);
  get (wire, &request, &ranges.result);
  g_assert_no_error (ranges.result.error);
  assert_same (original, fd);
  assert_hash (&ranges.result, fd);
  g_assert_cmpuint (ranges.result.wire, <, 710000);
  g_assert_cmpuint (ranges.given, ==, G_N_ELEMENTS (some) + 1);
  wire_result_clear (&ranges.result);
  close (original);
  close (fd);
}

static void
test_changed (void)
{
  g_autoptr (Wire) wire = wire_new ("");
  g_auto (WireResult) result = { 0 };
  int fd = wire_local ("", 0, 0);
  PsGet request = { .path = "f", .fd = fd };

  wire_write (wire, "f", "content");
  request.expected = wire_stat (wire, "f");
  wire_write (wire, "f", "other content");
  get (wire, &request, &result);
  g_assert_error (result.error, PS_SFTP_ERROR, PS_SFTP_ERROR_CHANGED);
  close (fd);
}

typedef struct
{
  const Wire *wire;
  const char *how;
  bool done;
  WireResult result;
} Meddler;

static void
meddle (uint64_t bytes, gpointer data)
{
  Meddler *self = (Meddler *)((char *)data - G_STRUCT_OFFSET (Meddler, result));
  g_autofree char *file = wire_path (self->wire, "f");

  if (self->done)
    return;
  self->done = true;
  if (strcmp (self->how, "shrinks") == 0)
    g_assert_no_errno (truncate (file, 1000000));
  else
    ps_test_set_mtime (self->wire->dir, "f", 1234567);
}

static void
test_changes_meanwhile (gconstpointer data)
{
  g_autoptr (Wire) wire = wire_new ("");
  Meddler meddler = { .wire = wire, .how = data };
  int original = make_file (wire, "f", 50000000, 9);
  int fd = wire_local ("", 0, 0);
  PsGet request = { .path = "f", .fd = fd, .expected = wire_stat (wire, "f"), .moved = meddle };

  get (wire, &request, &meddler.result);
  g_assert_error (meddler.result.error, PS_SFTP_ERROR, PS_SFTP_ERROR_CHANGED);
  wire_result_clear (&meddler.result);
  close (original);
  close (fd);
}

static void
test_gone (void)
{
  g_autoptr (Wire) wire = wire_new ("");
  g_auto (WireResult) result = { 0 };
  int fd = wire_local ("", 0, 0);
  PsGet request = { .path = "f", .fd = fd, .expected = wire_source (5) };

  get (wire, &request, &result);
  g_assert_error (result.error, PS_SFTP_ERROR, PS_SFTP_ERROR_GONE);
  close (fd);
}

static void
test_local_error (void)
{
  g_autoptr (Wire) wire = wire_new ("");
  g_auto (WireResult) result = { 0 };
  PsGet request = { .path = "f", .fd = -1 };

  wire_write (wire, "f", "content");
  request.expected = wire_stat (wire, "f");
  get (wire, &request, &result);
  g_assert_error (result.error, PS_SFTP_ERROR, PS_SFTP_ERROR_LOCAL_IO);
}

/* More files than the server gives handles, and some of them are not there. */
static void
test_many (gconstpointer data)
{
  g_autoptr (Wire) wire = wire_new (data);
  guint n = 1200, queued = 0;
  g_autofree WireResult *results = g_new0 (WireResult, n);
  PsEntry entry;
  int fd = wire_local ("", 0, 0);

  for (guint i = 0; i < n; i++)
    if (i % 7 != 0)
      {
        g_autofree char *path = g_strdup_printf ("f%u", i);

        wire_write (wire, path, "hello");
        ps_test_set_mtime (wire->dir, path, 1700000000);
      }
  entry = wire_stat (wire, "f1");
  while (queued < n)
    {
      for (; queued < n && ps_remote_room (wire->remote) > 0; queued++)
        {
          g_autofree char *path = g_strdup_printf ("f%u", queued);
          PsGet request = { .path = path, .fd = fd, .expected = entry, .hash = TRUE };

          ps_remote_get_async (wire->remote, &request, wire_done, &results[queued]);
        }
      g_assert_true (ps_remote_step (wire->remote, -1, NULL, NULL));
    }
  wire_wait_all (wire);
  for (guint i = 0; i < n; i++)
    {
      g_assert_true (results[i].done);
      if (i % 7 == 0)
        g_assert_error (results[i].error, PS_SFTP_ERROR, PS_SFTP_ERROR_GONE);
      else
        g_assert_no_error (results[i].error);
      wire_result_clear (&results[i]);
    }
  close (fd);
}

/* A download that asks for what it wants when something else has been read. */
typedef struct
{
  WireResult result; /* first: it is the user data */
  WireResult note;
  gboolean given;
} Noted;

static gboolean
next_when_noted (PsRange *range, gpointer user_data)
{
  Noted *self = user_data;

  if (!self->note.done)
    return FALSE;
  *range = (PsRange){ .length = self->given ? 0 : 5 };
  self->given = TRUE;
  return TRUE;
}

/* Downloads that wait for others do not take away the handles that those need. */
static void
test_ahead_with_few_handles (void)
{
  g_autoptr (Wire) wire = wire_new_shell ("ulimit -n 10; exec " WIRE_SERVER " -P limits", 1);
  Noted noted[30] = { 0 };
  int fd = wire_local ("", 0, 0);
  PsGet request = { .path = "f", .fd = fd, .next_range = next_when_noted };

  wire_write (wire, "f", "hello");
  wire_write (wire, "note", "it");
  request.expected = wire_stat (wire, "f");
  for (guint i = 0; i < G_N_ELEMENTS (noted); i++)
    ps_remote_get_async (wire->remote, &request, wire_done, &noted[i].result);
  wire_stat (wire, "note"); /* by now they hold what they can get */
  for (guint i = 0; i < G_N_ELEMENTS (noted); i++)
    ps_remote_read_async (wire->remote, "note", 0, 10, wire_done, &noted[i].note);
  wire_wait_all (wire);
  for (guint i = 0; i < G_N_ELEMENTS (noted); i++)
    {
      g_assert_no_error (noted[i].result.error);
      g_assert_no_error (noted[i].note.error);
      wire_result_clear (&noted[i].result);
      wire_result_clear (&noted[i].note);
    }
  close (fd);
}

static void
test_read (void)
{
  g_autoptr (Wire) wire = wire_new ("");
  g_autofree char *data = g_malloc (300000);
  static const struct
  {
    uint64_t offset;
    gsize length, expect;
  } cases[] = { { 0, 4096, 4096 },      { 0, 300000, 300000 }, { 0, 1 << 20, 300000 },
                { 299000, 4096, 1000 }, { 300000, 10, 0 },     { 400000, 10, 0 } };
  int fd = make_file (wire, "f", 300000, 4);

  g_assert_cmpint (pread (fd, data, 300000, 0), ==, 300000);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (WireResult) result = { 0 };

      ps_remote_read_async (wire->remote, "f", cases[i].offset, cases[i].length, wire_done,
                            &result);
      wire_wait (wire, &result);
      g_assert_no_error (result.error);
      g_assert_cmpmem (data + MIN (cases[i].offset, 300000), cases[i].expect,
                       g_bytes_get_data (result.bytes, NULL), g_bytes_get_size (result.bytes));
    }
  close (fd);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/sftp/get/size/0", GSIZE_TO_POINTER (0), test_size);
  g_test_add_data_func ("/sftp/get/size/1", GSIZE_TO_POINTER (1), test_size);
  g_test_add_data_func ("/sftp/get/size/64k", GSIZE_TO_POINTER (65536), test_size);
  g_test_add_data_func ("/sftp/get/size/300k", GSIZE_TO_POINTER (300000), test_size);
  g_test_add_data_func ("/sftp/get/size/30M", GSIZE_TO_POINTER (30000001), test_size);
  g_test_add_func ("/sftp/get/resume", test_resume);
  g_test_add_func ("/sftp/get/ranges", test_ranges);
  g_test_add_func ("/sftp/get/changed", test_changed);
  g_test_add_data_func ("/sftp/get/meanwhile/shrinks", "shrinks", test_changes_meanwhile);
  g_test_add_data_func ("/sftp/get/meanwhile/touched", "touched", test_changes_meanwhile);
  g_test_add_func ("/sftp/get/gone", test_gone);
  g_test_add_func ("/sftp/get/local-error", test_local_error);
  g_test_add_data_func ("/sftp/get/many", "", test_many);
  g_test_add_data_func ("/sftp/get/many/without-limits", "-P limits", test_many);
  g_test_add_func ("/sftp/get/ahead-with-few-handles", test_ahead_with_few_handles);
  g_test_add_func ("/sftp/get/read", test_read);
  return g_test_run ();
}
