/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An upload and its source: one that is written to meanwhile, one that was only touched. */
#include "engine/device.h"
#include "fakes/test-util.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MIB (1024 * 1024)
#define SIZE (24 * MIB)
#define OVERHEAD 20000 /* bytes on the wire beside content */

static GByteArray *
random_bytes (gsize length)
{
  return g_byte_array_new_take (ps_test_random_bytes (length, (guint32)g_test_rand_int ()), length);
}

/* Carries up and records a first version, whose signature is kept. */
static void
upload_first (Device *device, const GByteArray *bytes)
{
  g_auto (Transfer) transfer = { 0 };

  device_write (device, "file", bytes);
  device_upload (device, "file", &transfer);
  g_assert_no_error (transfer.error);
  device_tidy (device);
}

/* An upload whose source is written to while it is compared and sent. */
typedef struct
{
  Transfer transfer;
  int fd;
  PsEntry source;
} Changing;

static gboolean
is_still_same (gpointer user_data)
{
  Changing *self = user_data;
  PsEntry now;

  return ps_local_fstat (self->fd, &now, NULL) && now.size == self->source.size
         && now.mtime == self->source.mtime;
}

static void
changing_done (const PsRemoteResult *result, gpointer user_data)
{
  Changing *self = user_data;

  self->transfer.done = TRUE;
  self->transfer.error = result->error != NULL ? g_error_copy (result->error) : NULL;
}

static void
changing_clear (Changing *self)
{
  transfer_clear (&self->transfer);
  close (self->fd);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Changing, changing_clear)

static void
begin_changing (Changing *self, Device *device, const PsRow *row)
{
  g_autoptr (GError) error = NULL;
  PsPut put = { .path = "file", .expected = row->remote, .still_same = is_still_same };

  self->fd = put.fd = ps_local_open_file (device->local, "file", &put.source, &error);
  g_assert_no_error (error);
  self->source = put.source;
  ps_reuse_put_async (device->reuse, &put, row, changing_done, NULL, self);
}

/* In place, at another time. */
static void
overwrite (const char *path, const GByteArray *bytes)
{
  FILE *file = fopen (path, "r+");

  g_assert_nonnull (file);
  g_assert_cmpuint (fwrite (bytes->data, 1, bytes->len, file), ==, bytes->len);
  g_assert_cmpint (fclose (file), ==, 0);
}

/* @at: how many steps after its beginning. */
static void
change_after (Device *device, guint at, GByteArray *bytes)
{
  g_auto (Changing) changing = { 0 };
  g_autofree char *path = g_build_filename (device->local_dir, "file", NULL);
  g_autofree char *there = device_server_path (device, "file");
  g_autofree char *before = ps_test_sha256_file (there);
  g_autofree char *wanted = ps_test_sha256_file (path);
  g_autofree char *after = NULL;
  g_autoptr (GError) error = NULL;
  PsRow row;

  g_assert_true (ps_store_get (device->store, "file", &row, &error));
  begin_changing (&changing, device, &row);
  for (guint i = 0; !changing.transfer.done; i++)
    {
      if (i == at)
        {
          memset (bytes->data + g_test_rand_int_range (0, (gint32)bytes->len - 1000), 'x', 1000);
          overwrite (path, bytes);
        }
      g_assert_true (ps_reuse_step (device->reuse, 1000, NULL, &error));
    }
  device_tidy (device);
  after = ps_test_sha256_file (there);
  g_test_message ("after %u steps: %s", at,
                  changing.transfer.error != NULL ? "noticed" : "it was there already");
  g_assert_cmpstr (after, ==, changing.transfer.error != NULL ? before : wanted);
  if (changing.transfer.error == NULL)
    return;
  g_assert_error (changing.transfer.error, PS_SFTP_ERROR, PS_SFTP_ERROR_CHANGED);
  g_assert_cmpuint (device_count_signatures (device), ==, 0);
}

/* Never a mixture, and nothing is told of what did not arrive. */
static void
test_changing (void)
{
  for (guint at = 0; at < 40; at += 3)
    {
      g_autoptr (Device) a = device_new (NULL, "a", "");
      g_autoptr (GByteArray) bytes = random_bytes (SIZE);

      upload_first (a, bytes);
      memset (bytes->data + SIZE / 2, 'y', 100000);
      device_write (a, "file", bytes);
      change_after (a, at, bytes);
    }
}

/* What becomes of two files that are sent over one link. */
typedef struct
{
  guint done; /* uploads */
  gboolean touched;
  guint done_before; /* when it was found to be a touch */
} Pair;

static void
pair_done (const PsRemoteResult *result, gpointer user_data)
{
  g_assert_no_error (result->error);
  ((Pair *)user_data)->done++;
}

static void
pair_touched (gpointer user_data)
{
  Pair *pair = user_data;

  g_assert_false (pair->touched);
  pair->touched = TRUE;
  pair->done_before = pair->done;
}

/* A large file of which only the time changed is read beside the link, not in its way. */
static void
test_touch_large (void)
{
  const off_t size = 512 * MIB; /* with nothing in it */
  g_autoptr (Device) a = device_new (NULL, "a", "");
  g_autofree char *large = g_build_filename (a->local_dir, "large", NULL);
  g_autofree char *sum = NULL;
  g_autoptr (GByteArray) bytes = random_bytes (1000);
  g_autoptr (GError) error = NULL;
  PsPut touched = { .path = "large" }, small = { .path = "small" };
  PsRow row = { .has_hash = TRUE };
  Pair pair = { 0 };

  ps_test_write (a->local_dir, "large", "");
  g_assert_no_errno (truncate (large, size));
  device_write (a, "small", bytes);
  sum = ps_test_sha256_file (large);
  for (gsize i = 0; i < sizeof row.sha256; i++)
    row.sha256[i]
        = (uint8_t)(g_ascii_xdigit_value (sum[2 * i]) << 4 | g_ascii_xdigit_value (sum[2 * i + 1]));
  touched.fd = ps_local_open_file (a->local, "large", &touched.source, &error);
  small.fd = ps_local_open_file (a->local, "small", &small.source, &error);
  g_assert_no_error (error);
  ps_reuse_put_async (a->reuse, &touched, &row, pair_done, pair_touched, &pair);
  ps_reuse_put_async (a->reuse, &small, NULL, pair_done, NULL, &pair);
  while (!pair.touched || pair.done == 0)
    g_assert_true (ps_reuse_step (a->reuse, -1, NULL, &error));
  g_assert_cmpuint (pair.done_before, ==, 1);
  g_assert_cmpuint (device_traffic (a), <, OVERHEAD);
  close (touched.fd);
  close (small.fd);
}

/* Where a base is known, too, nothing is sent before it is certain that there is something to send.
 */
static void
test_touch_known (void)
{
  g_autoptr (Device) a = device_new (NULL, "a", "");
  g_autoptr (GByteArray) bytes = random_bytes (SIZE);
  g_autoptr (GError) error = NULL;
  PsPut put = { .path = "file" };
  Pair pair = { 0 };
  PsRow row;
  guint64 before;

  upload_first (a, bytes);
  before = device_traffic (a);
  device_write (a, "file", bytes);
  g_assert_true (ps_store_get (a->store, "file", &row, &error));
  put.fd = ps_local_open_file (a->local, "file", &put.source, &error);
  put.expected = row.remote;
  g_assert_no_error (error);
  ps_reuse_put_async (a->reuse, &put, &row, pair_done, pair_touched, &pair);
  while (!pair.touched)
    g_assert_true (ps_reuse_step (a->reuse, -1, NULL, &error));
  device_tidy (a);
  g_assert_cmpuint (pair.done, ==, 0);
  g_assert_cmpuint (device_traffic (a), ==, before);
  close (put.fd);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/source/changing", test_changing);
  g_test_add_func ("/source/touched", test_touch_large);
  g_test_add_func ("/source/touched/base-known", test_touch_known);
  return g_test_run ();
}
