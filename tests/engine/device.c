/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/device.h"

#include "fakes/test-util.h"
#include "sftp/transport-process.h"
#include "util/autofd.h"

#include <string.h>
#include <sys/stat.h>

#define SERVER "/usr/lib/openssh/sftp-server"

/* A transport that breaks after so many bytes. */
typedef struct
{
  PsTransport parent;
  PsTransport *inner;
  guint64 left;
} Cutter;

static int
cutter_open_channel (PsTransport *transport, GError **error)
{
  PsTransport *inner = ((Cutter *)transport)->inner;

  return inner->klass->open_channel (inner, error);
}

static gboolean
spend (Cutter *self, gsize *length, GError **error)
{
  if (self->left == 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED, "cut by the test");
      return FALSE;
    }
  *length = MIN (*length, self->left);
  return TRUE;
}

static gssize
cutter_write (PsTransport *transport, int channel, const void *data, gsize length, GError **error)
{
  Cutter *self = (Cutter *)transport;
  gssize n;

  if (!spend (self, &length, error))
    return -1;
  n = self->inner->klass->write (self->inner, channel, data, length, error);
  self->left -= n > 0 ? (guint64)n : 0;
  return n;
}

static gssize
cutter_read (PsTransport *transport, int channel, void *buffer, gsize length, GError **error)
{
  Cutter *self = (Cutter *)transport;
  gssize n;

  if (!spend (self, &length, error))
    return -1;
  n = self->inner->klass->read (self->inner, channel, buffer, length, error);
  self->left -= n > 0 ? (guint64)n : 0;
  return n;
}

static gboolean
cutter_flush (PsTransport *transport, GError **error)
{
  PsTransport *inner = ((Cutter *)transport)->inner;

  return inner->klass->flush (inner, error);
}

static gsize
cutter_queued (PsTransport *transport)
{
  PsTransport *inner = ((Cutter *)transport)->inner;

  return inner->klass->queued (inner);
}

static guint
cutter_get_fds (PsTransport *transport, GPollFD *fds, guint max)
{
  PsTransport *inner = ((Cutter *)transport)->inner;

  return inner->klass->get_fds (inner, fds, max);
}

static void
cutter_close (PsTransport *transport)
{
  PsTransport *inner = ((Cutter *)transport)->inner;

  inner->klass->close (inner);
}

static void
cutter_free (PsTransport *transport)
{
  ps_transport_free (((Cutter *)transport)->inner);
  g_free (transport);
}

static const PsTransportClass cutter_class = {
  .open_channel = cutter_open_channel,
  .write = cutter_write,
  .read = cutter_read,
  .flush = cutter_flush,
  .queued = cutter_queued,
  .get_fds = cutter_get_fds,
  .close = cutter_close,
  .free = cutter_free,
};

static int64_t
read_clock (gpointer data)
{
  return ((Device *)data)->now;
}

static int64_t
read_monotonic (gpointer data)
{
  return g_get_monotonic_time ();
}

static void
take_event (PsEvent *event, gpointer data)
{
  Device *self = data;

  if (event->kind == PS_EVENT_PROBLEM)
    g_ptr_array_add (self->problems, g_strdup (event->code));
}

void
device_disconnect (Device *self)
{
  g_clear_pointer (&self->reuse, ps_reuse_free);
  g_clear_pointer (&self->remote, ps_remote_free);
}

void
device_connect (Device *self, const char *flags, guint64 cut_after)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *command = g_strdup_printf (SERVER " -e -u 0022 %s", flags);
  g_auto (GStrv) argv = NULL;
  Cutter *cutter = g_new0 (Cutter, 1);
  PsRemoteOptions options = {
    .root = self->server,
    .device = self->config->device,
    .clock = &self->clock,
  };

  device_disconnect (self);
  g_assert_true (g_shell_parse_argv (command, NULL, &argv, &error));
  cutter->parent.klass = &cutter_class;
  cutter->inner = ps_transport_process_new ((const char *const *)argv, 4, &error);
  g_assert_no_error (error);
  cutter->left = cut_after > 0 ? cut_after : G_MAXUINT64;
  self->remote = ps_remote_new (&cutter->parent, &options, NULL, &error);
  g_assert_no_error (error);
  self->context.remote = self->remote;
  self->reuse = ps_reuse_new (&self->context);
}

guint64
device_traffic (const Device *self)
{
  PsRemoteTraffic traffic;

  ps_remote_get_traffic (self->remote, &traffic);
  return traffic.bytes_sent + traffic.bytes_received;
}

static void
make_dir (const char *dir, const char *path)
{
  g_autofree char *whole = g_build_filename (dir, path, NULL);

  g_assert_no_errno (g_mkdir_with_parents (whole, 0755));
}

static void
open_sides (Device *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *state = g_build_filename (self->dir, "state", NULL);

  self->local_dir = g_build_filename (self->dir, "local", NULL);
  make_dir (self->local_dir, "");
  self->store = ps_store_open (state, NULL, &error);
  g_assert_no_error (error);
  self->local = ps_local_open (self->local_dir, &error);
  g_assert_no_error (error);
  ps_local_use_desktop_trash (self->local, FALSE);
  g_assert_true (ps_local_prepare (self->local, &error));
}

Device *
device_new (const char *server, const char *name, const char *flags)
{
  Device *self = g_new0 (Device, 1);

  self->dir = ps_test_dir_new ();
  self->owns_server = server == NULL;
  self->server = server != NULL ? g_strdup (server) : ps_test_dir_new ();
  make_dir (self->server, PS_OWN_DIR "/tmp");
  make_dir (self->server, PS_OWN_DIR "/versions");
  open_sides (self);
  self->problems = g_ptr_array_new_with_free_func (g_free);
  self->now = g_get_real_time () * 1000;
  self->clock = (PsClock){ .now = read_clock, .monotonic = read_monotonic, .data = self };
  self->config = ps_config_new ("/nowhere/pisync.ini");
  g_free (self->config->device);
  self->config->device = g_strdup (name);
  self->ports = (PsRunPorts){ .event = take_event, .data = self };
  self->context = (PsContext){
    .config = self->config,
    .clock = &self->clock,
    .ports = &self->ports,
    .store = self->store,
    .local = self->local,
    .summary = &self->summary,
    .progress = &self->progress,
  };
  self->context.given_up = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  device_connect (self, flags, 0);
  return self;
}

void
device_free (Device *self)
{
  device_disconnect (self);
  ps_local_free (self->local);
  ps_store_free (self->store);
  ps_config_free (self->config);
  g_hash_table_unref (self->context.given_up);
  g_ptr_array_unref (self->problems);
  if (self->owns_server)
    ps_test_dir_free (self->server);
  else
    g_free (self->server);
  ps_test_dir_free (self->dir);
  g_free (self->local_dir);
  g_free (self);
}

void
transfer_clear (Transfer *self)
{
  g_clear_error (&self->error);
}

static void
take_result (const PsRemoteResult *result, gpointer user_data)
{
  Transfer *self = user_data;

  g_assert_false (self->done);
  self->done = TRUE;
  self->error = result->error != NULL ? g_error_copy (result->error) : NULL;
  self->entry = result->entry;
  self->has_hash = result->has_hash;
  memcpy (self->sha256, result->sha256, sizeof self->sha256);
  self->wire = result->wire;
}

static void
count_moved (uint64_t bytes, gpointer user_data)
{
  ((Transfer *)user_data)->moved += bytes;
}

/* Until @transfer is done; a link that breaks must have ended it. */
static void
wait_for (Device *self, Transfer *transfer)
{
  g_autoptr (GError) error = NULL;

  while (!transfer->done)
    if (!ps_reuse_step (self->reuse, -1, NULL, &error))
      g_assert_true (transfer->done);
}

static void
stat_server (Device *self, const char *path, PsEntry *entry)
{
  Transfer looked = { 0 };

  ps_remote_stat_async (self->remote, path, take_result, &looked);
  wait_for (self, &looked);
  if (looked.error == NULL)
    *entry = looked.entry;
  transfer_clear (&looked);
}

static void
record (Device *self, const char *path, const PsEntry *local, const Transfer *transfer)
{
  g_autoptr (GError) error = NULL;
  PsRow row = { .local = *local, .remote = transfer->entry, .has_hash = transfer->has_hash };

  memcpy (row.sha256, transfer->sha256, sizeof row.sha256);
  g_assert_true (ps_store_put (self->store, path, &row, &error));
  g_assert_true (ps_store_commit (self->store, &error));
}

void
device_upload (Device *self, const char *path, Transfer *transfer)
{
  g_autoptr (GError) error = NULL;
  PsPut put = { .path = path, .moved = count_moved };
  ps_autofd fd = ps_local_open_file (self->local, path, &put.source, &error);
  PsRow row;
  gboolean has_row = ps_store_get (self->store, path, &row, &error);

  *transfer = (Transfer){ 0 };
  g_assert_no_error (error);
  put.fd = fd;
  stat_server (self, path, &put.expected);
  ps_reuse_put_async (self->reuse, &put, has_row ? &row : NULL, take_result, NULL, transfer);
  wait_for (self, transfer);
  if (transfer->error == NULL)
    record (self, path, &put.source, transfer);
}

void
device_download (Device *self, const char *path, Transfer *transfer)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PsLocalTemp) temp = NULL;
  g_autofree char *displaced = NULL;
  PsGet get = { .path = path, .hash = TRUE, .moved = count_moved };
  PsEntry local, placed;

  *transfer = (Transfer){ 0 };
  stat_server (self, path, &get.expected);
  g_assert_true (ps_local_stat (self->local, path, &local, &error));
  temp = ps_reuse_open_temp (self->reuse, path, &get.expected, &error);
  g_assert_no_error (error);
  ps_reuse_get_async (self->reuse, &get, temp, &local, take_result, transfer);
  wait_for (self, transfer);
  if (transfer->error != NULL)
    return;
  g_assert_true (ps_local_temp_finish (temp, &transfer->entry, &error));
  g_assert_true (ps_local_place (self->local, g_steal_pointer (&temp), path, &local, FALSE, &placed,
                                 &displaced, &error));
  g_assert_no_error (error);
  g_assert_null (displaced);
  record (self, path, &placed, transfer);
}

char *
device_server_path (const Device *self, const char *path)
{
  return g_build_filename (self->server, path, NULL);
}

void
device_assert_same (Device *self, const char *path)
{
  g_autofree char *here = g_build_filename (self->local_dir, path, NULL);
  g_autofree char *there = device_server_path (self, path);
  g_autofree char *here_sum = ps_test_sha256_file (here);
  g_autofree char *there_sum = ps_test_sha256_file (there);
  PsRow row;

  g_assert_cmpstr (here_sum, ==, there_sum);
  g_assert_true (ps_store_get (self->store, path, &row, NULL));
  for (gsize i = 0; row.has_hash && i < sizeof row.sha256; i++)
    {
      char digits[3];

      g_snprintf (digits, sizeof digits, "%02x", row.sha256[i]);
      g_assert_true (strncmp (digits, here_sum + 2 * i, 2) == 0);
    }
}

void
device_tidy (Device *device)
{
  g_autoptr (GError) error = NULL;
  gboolean tidied = ps_reuse_tidy (device->reuse, &error);

  g_assert_no_error (error);
  g_assert_true (tidied);
}

guint
device_count_signatures (const Device *device)
{
  g_autofree char *dir = device_server_path (device, PS_OWN_DIR "/signatures");
  g_autoptr (GDir) listing = g_dir_open (dir, 0, NULL);
  const char *name;
  guint n = 0;

  while (listing != NULL && (name = g_dir_read_name (listing)) != NULL)
    n += strcmp (name, "swept") != 0;
  return n;
}

gboolean
device_has_problem (const Device *self, const char *code)
{
  for (guint i = 0; i < self->problems->len; i++)
    if (strcmp (g_ptr_array_index (self->problems, i), code) == 0)
      return TRUE;
  return FALSE;
}

void
device_write (Device *self, const char *path, const GByteArray *bytes)
{
  static gint64 mtime = 1600000000; /* each writing is another time, however fast they follow */

  ps_test_write_bytes (self->local_dir, path, bytes->data, bytes->len);
  ps_test_set_mtime (self->local_dir, path, mtime += 10);
}
