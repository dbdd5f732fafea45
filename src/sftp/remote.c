/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The remote folder as an object: made, turned, freed. */
#include "sftp/remote-private.h"

#include "util/words.h"

#include <string.h>

#define ROOM 448 /* operations at once; a transfer holds a local descriptor, of 1024 in all */
#define DEVICE_MAX 64
#define BULK_AHEAD 3                  /* channels opened before the rate of the link is known: */
#define BULK_SHARE (32 * 1024 * 1024) /* one for so many bytes */
#define WAKE_US (G_USEC_PER_SEC / 20) /* how often new channels and windows are considered */

/* A device's name as it may begin a file name on any file system. */
static char *
device_for_temp (const char *device)
{
  char *name = g_strndup (device, DEVICE_MAX);

  for (char *p = name; *p != '\0'; p++)
    if (!g_ascii_isalnum (*p) && *p != '_' && *p != '.')
      *p = '_';
  if (*name == '\0' || *name == '.')
    {
      g_free (name);
      return g_strdup ("device");
    }
  return name;
}

static void
take_caps (PsRemote *self)
{
  const PsServerInfo *info = ps_client_peek_info (self->client);

  self->caps = (PsRemoteCaps){
    .posix_rename = info->posix_rename,
    .hardlink = info->hardlink,
    .fsync = info->fsync,
    .statvfs = info->statvfs,
    .lsetstat = info->lsetstat,
    .limits = info->limits,
    .copy_data = info->copy_data,
    .names = PS_NAMES_POSIX,
    .case_sensitive = true,
    .executable_bit = true,
    .symlinks = true,
    .hardlinks = info->hardlink,
  };
}

static void
init_queues (PsRemote *self)
{
  g_queue_init (&self->live);
  g_queue_init (&self->done);
  for (int i = 0; i < PS_N_QUEUES; i++)
    g_queue_init (&self->waiting[i]);
  for (int upload = 0; upload < 2; upload++)
    for (int bulk = 0; bulk < 2; bulk++)
      g_queue_init (&self->streams[upload][bulk]);
  g_queue_init (&self->complete);
}

/* Relative paths begin in the home directory anyway. */
static const char *
without_tilde (const char *root)
{
  if (g_str_has_prefix (root, "~/"))
    return root + strlen ("~/");
  return strcmp (root, "~") == 0 ? "" : root;
}

PsRemote *
ps_remote_new (PsTransport *transport, const PsRemoteOptions *options, GCancellable *cancellable,
               GError **error)
{
  g_autoptr (PsRemote) self = g_new0 (PsRemote, 1);
  PsClientOptions client_options = {
    .stall_timeout_s = options->stall_timeout_s,
    .upload_limit = options->upload_limit,
    .download_limit = options->download_limit,
    .clock = options->clock,
  };

  init_queues (self);
  self->options = *options;
  self->options.root = self->root = g_strdup (without_tilde (options->root));
  self->options.device = self->device_name = g_strdup (options->device);
  self->device = device_for_temp (options->device);
  self->clock = options->clock != NULL ? options->clock : ps_clock_system ();
  g_snprintf (self->nonce, sizeof self->nonce, "%08x%08x", g_random_int (), g_random_int ());
  self->made_dirs = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->renamed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->changed_dirs = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->used_versions = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->client = ps_client_new (transport, &client_options, cancellable, error);
  if (self->client == NULL)
    return NULL;
  take_caps (self);
  return g_steal_pointer (&self);
}

void
ps_remote_free (PsRemote *self)
{
  if (self == NULL)
    return;
  if (self->client != NULL)
    {
      g_autoptr (GError) error
          = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, _ ("The connection was closed"));

      while (self->live.length + self->done.length > 0)
        ps_remote_lose (self, error);
    }
  ps_scan_free (self->scan);
  ps_preparation_free (self->preparation);
  ps_raise_free (self->raise);
  ps_space_answer_free (self->space);
  ps_client_free (self->client);
  g_clear_error (&self->lost);
  g_hash_table_unref (self->made_dirs);
  g_hash_table_unref (self->renamed);
  g_hash_table_unref (self->changed_dirs);
  g_hash_table_unref (self->used_versions);
  g_free (self->root);
  g_free (self->device);
  g_free (self->device_name);
  g_free (self);
}

void
ps_remote_set_root (PsRemote *self, const char *root)
{
  g_return_if_fail (self->outstanding == 0);

  g_free (self->root);
  self->options.root = self->root = g_strdup (without_tilde (root));
  g_hash_table_remove_all (self->made_dirs);
  g_hash_table_remove_all (self->used_versions);
  take_caps (self);
}

const PsRemoteCaps *
ps_remote_peek_caps (const PsRemote *self)
{
  return &self->caps;
}

bool
ps_remote_is_expected (const PsRemote *self, const PsEntry *found, const PsEntry *expected)
{
  PsEntry like = *expected;

  if (!self->caps.executable_bit)
    like.executable = found->executable; /* it means nothing there */
  return ps_entry_same (found, &like);
}

void
ps_remote_get_traffic (const PsRemote *self, PsRemoteTraffic *traffic)
{
  ps_client_get_traffic (self->client, &traffic->bytes_sent, &traffic->bytes_received,
                         &traffic->requests);
}

guint
ps_remote_room (const PsRemote *self)
{
  return self->outstanding < ROOM ? ROOM - self->outstanding : 0;
}

guint
ps_remote_outstanding (const PsRemote *self)
{
  return self->outstanding;
}

void
ps_remote_expect (PsRemote *self, uint64_t size)
{
  if (size > PS_BULK)
    ps_client_expect (self->client, PS_LANE_BULK, (guint)CLAMP (size / BULK_SHARE, 1, BULK_AHEAD));
  else if (size > 0)
    ps_client_expect (self->client, PS_LANE_SMALL, 1);
}

/* Begins, sends, receives, calls back, as far as it goes without waiting. */
static gboolean
turn (PsRemote *self, bool *progress, GError **error)
{
  guint64 finished = self->finished;

  ps_remote_pump (self);
  if (!ps_client_turn (self->client, progress, error))
    return FALSE;
  if (*progress)
    ps_remote_pump (self);
  ps_remote_deliver (self);
  *progress = *progress || self->busy || self->finished != finished;
  return TRUE;
}

/* Bulk transfers look at the link now and then, whether or not bytes come. */
static gint64
limit_wait (const PsRemote *self, gint64 timeout_us)
{
  bool bulk = self->streams[0][1].length + self->streams[1][1].length > 0;
  bool waiting = self->waiting[PS_QUEUE_BULK].length > 0;

  if (!bulk && !waiting)
    return timeout_us;
  return timeout_us < 0 ? WAKE_US : MIN (timeout_us, WAKE_US);
}

static gboolean
step (PsRemote *self, gint64 timeout_us, GCancellable *cancellable, GError **error)
{
  int64_t deadline = timeout_us < 0 ? G_MAXINT64 : ps_client_now (self->client) + timeout_us;

  for (;;)
    {
      bool progress = false;
      int64_t now;
      gint64 wait;

      if (g_cancellable_set_error_if_cancelled (cancellable, error)
          || !turn (self, &progress, error))
        return FALSE;
      now = ps_client_now (self->client);
      if (progress || now >= deadline)
        return TRUE;
      wait = limit_wait (self, deadline == G_MAXINT64 ? -1 : deadline - now);
      if (!ps_client_wait (self->client, wait, cancellable, error))
        return FALSE;
    }
}

gboolean
ps_remote_step (PsRemote *self, gint64 timeout_us, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) own = NULL;

  if (self->lost == NULL && step (self, timeout_us, cancellable, &own))
    return TRUE;
  ps_remote_lose (self, own != NULL ? own : self->lost);
  g_propagate_error (error, g_error_copy (self->lost));
  return FALSE;
}
