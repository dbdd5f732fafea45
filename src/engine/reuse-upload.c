/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One large upload:
 *
 *   look for the same content on the server  ->  look for a base of a delta  ->  send
 *
 * each with its work in a thread. Meanwhile another thread makes its signature. When
 * what was to be copied on the server turns out not to be there any more, all is sent. */
#include "engine/reuse-private.h"

#include "util/autofd.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define PREFIX (256 * 1024) /* of a file, in the key of its resume */

typedef struct
{
  PsReuse *reuse;
  PsPut put; /* its strings are: */
  char *path;
  char *base;       /* (nullable) */
  char *resume_key; /* (nullable) */
  char *note_key;   /* of the named value that says how far it has come */
  uint64_t durable; /* and what it says */
  gboolean has_row;
  PsRow row;
  PsRemoteDone done;
  gpointer user_data;

  /* The delta, for its thread. */
  GBytes *old_signature;
  uint64_t old_size;
  PsDeltaLimits limits;
  GArray *delta;  /* (element-type PsDeltaPiece) (nullable) */
  GArray *pieces; /* (element-type PsPutPiece) (nullable) */

  /* The sum, for its thread. */
  gboolean has_sum;
  uint8_t sum[PS_SHA256_SIZE];
  GBytes *signature; /* (nullable) */

  gboolean wants_signature;
  int own_fd;    /* for its thread, which may take longer than the transfer */
  uint64_t told; /* bytes, for the progress */
  guint waits;   /* for the transfer, for the sum */
  PsReuseResult result;
} Upload;

static void
upload_free (Upload *self)
{
  ps_close_fd (&self->own_fd);
  g_free (self->path);
  g_free (self->base);
  g_free (self->resume_key);
  g_free (self->note_key);
  g_clear_pointer (&self->old_signature, g_bytes_unref);
  g_clear_pointer (&self->signature, g_bytes_unref);
  g_clear_pointer (&self->delta, g_array_unref);
  g_clear_pointer (&self->pieces, g_array_unref);
  ps_reuse_result_clear (&self->result);
  g_free (self);
}

/* Whether the upload puts another version in the place of one that is known. */
static gboolean
replaces_known (const Upload *self)
{
  return self->has_row && self->row.has_hash && self->row.remote.kind == PS_KIND_FILE
         && ps_entry_same (&self->row.remote, &self->put.expected);
}

static void
remember (Upload *self)
{
  const PsRemoteResult *result = &self->result.result;

  if (result->error != NULL || self->signature == NULL)
    return;
  if (result->has_hash && memcmp (result->sha256, self->sum, sizeof self->sum) != 0)
    return; /* changed meanwhile: the next pass sees it */
  ps_reuse_keep_signature (self->reuse, self->sum, self->signature);
  /* Nobody else can have a part of a file that is new and like no other. */
  if (!self->reuse->lost && (ps_entry_present (&self->put.expected) || self->base != NULL))
    ps_reuse_publish (self->reuse, self->path, &result->entry, self->sum, self->signature,
                      replaces_known (self) ? &self->row : NULL);
}

static void
stop_waiting (Upload *self)
{
  if (--self->waits > 0)
    return;
  remember (self);
  upload_free (self);
}

/* The transfer is over, and with it the use of the descriptor; the signature may take longer. */
static void
finish (Upload *self)
{
  self->reuse->under_way--;
  self->done (&self->result.result, self->user_data);
  stop_waiting (self);
}

/* Ends an upload whose transfer has not begun. */
static void
fail_cancelled (Upload *self)
{
  ps_reuse_result_fail (
      &self->result, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "The link was lost"));
  finish (self);
}

static gboolean
still_same (gpointer user_data)
{
  Upload *self = user_data;

  return self->put.still_same == NULL || self->put.still_same (self->user_data);
}

static void
moved (uint64_t bytes, gpointer user_data)
{
  Upload *self = user_data;

  self->told += bytes;
  if (self->put.moved != NULL)
    self->put.moved (bytes, self->user_data);
}

/* --- How far it has come --- */

/* What the base remembers of an upload of this very source: "BYTES SUM", the sum of the key. */
static void
read_note (Upload *self)
{
  g_autofree char *path_sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, self->path, -1);
  g_autofree char *sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, self->resume_key, -1);
  g_autofree char *value = NULL;
  char *end;
  guint64 bytes;

  self->note_key = g_strconcat ("upload/", path_sum, NULL);
  value = ps_store_get_value (self->reuse->context->store, self->note_key);
  if (value == NULL)
    return;
  bytes = g_ascii_strtoull (value, &end, 10);
  if (*end == ' ' && strcmp (end + 1, sum) == 0)
    self->durable = bytes;
}

static void
durable (uint64_t upto, gpointer user_data)
{
  Upload *self = user_data;
  g_autofree char *sum = NULL;
  g_autofree char *value = NULL;

  if (upto == self->durable)
    return;
  self->durable = upto;
  sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, self->resume_key, -1);
  value = g_strdup_printf ("%" G_GUINT64_FORMAT " %s", upto, sum);
  ps_reuse_note (self->reuse, self->note_key, upto > 0 ? value : NULL);
}

/* The temporary file is in its place, or gone. */
static void
forget_durable (Upload *self)
{
  if (self->durable > 0)
    durable (0, self);
}

static void send_it (Upload *self);

/* Whether the server no longer has what was to be copied: then all can be sent instead. A base that
 * is the target itself and has changed means that another device wrote it: that is for the next
 * pass. */
static gboolean
base_failed (const Upload *self, const GError *error)
{
  if (error == NULL || self->base == NULL || ps_reuse_is_over (self->reuse, error)
      || error->domain != PS_SFTP_ERROR)
    return FALSE;
  return error->code == PS_SFTP_ERROR_FAILED
         || ((error->code == PS_SFTP_ERROR_CHANGED || error->code == PS_SFTP_ERROR_GONE)
             && strcmp (self->base, self->path) != 0);
}

static void
sent (const PsRemoteResult *result, gpointer user_data)
{
  Upload *self = user_data;

  ps_reuse_result_set (&self->result, result);
  if (base_failed (self, result->error))
    {
      g_info ("%s could not be put together on the server and is sent whole: %s", self->path,
              result->error->message);
      g_clear_pointer (&self->base, g_free);
      if (result->error->code == PS_SFTP_ERROR_FAILED)
        forget_durable (self);
      send_it (self);
      return;
    }
  if (result->error == NULL
      || g_error_matches (result->error, PS_SFTP_ERROR, PS_SFTP_ERROR_CHANGED))
    forget_durable (self);
  if (result->error == NULL && self->told < self->put.source.size)
    moved (self->put.source.size - self->told, self); /* what need not travel */
  finish (self);
}

static void
send_it (Upload *self)
{
  PsPut put = self->put;

  put.resume_key = self->resume_key;
  put.resume = self->durable;
  put.durable = durable;
  put.still_same = still_same;
  put.moved = moved;
  put.base = self->base;
  put.pieces = self->base != NULL ? (const PsPutPiece *)(gpointer)self->pieces->data : NULL;
  put.n_pieces = self->base != NULL ? self->pieces->len : 0;
  ps_remote_put_async (self->reuse->context->remote, &put, sent, self);
}

/* In a thread. */
static void
sign (gpointer data, GCancellable *cancellable)
{
  Upload *self = data;

  self->has_sum = ps_reuse_sum_fd (self->own_fd, self->put.source.size, self->sum, &self->signature,
                                   cancellable);
}

static void
signed_it (gpointer data)
{
  stop_waiting (data);
}

/* Beside the delta, if there is one, else beside the transfer. */
static void
begin_signing (Upload *self)
{
  if (!self->wants_signature || self->own_fd >= 0)
    return;
  self->waits++;
  self->own_fd = fcntl (self->put.fd, F_DUPFD_CLOEXEC, 0);
  ps_reuse_push_behind (self->reuse, sign, signed_it, self);
}

static void
begin_transfer (Upload *self)
{
  if (self->reuse->lost)
    {
      fail_cancelled (self);
      return;
    }
  begin_signing (self);
  send_it (self);
}

static void
add_piece (Upload *self, gboolean copy, uint64_t from, uint64_t length)
{
  PsPutPiece piece = { .copy = copy, .from = from, .length = length };

  if (self->pieces == NULL)
    self->pieces = g_array_new (FALSE, FALSE, sizeof (PsPutPiece));
  g_array_append_val (self->pieces, piece);
}

/* In a thread. */
static void
make_delta (gpointer data, GCancellable *cancellable)
{
  Upload *self = data;
  g_autoptr (GError) error = NULL;

  self->delta = ps_delta_upload (self->old_signature, self->old_size, self->put.fd,
                                 self->put.source.size, &self->limits, cancellable, &error);
  if (self->delta == NULL)
    g_debug ("No delta of %s: %s", self->path, error->message);
}

static void
delta_made (gpointer data)
{
  Upload *self = data;

  if (self->delta == NULL)
    g_clear_pointer (&self->base, g_free);
  for (guint i = 0; self->delta != NULL && i < self->delta->len; i++)
    {
      const PsDeltaPiece *piece = &g_array_index (self->delta, PsDeltaPiece, i);

      add_piece (self, piece->copy, piece->from, piece->length);
    }
  begin_transfer (self);
}

/* Takes the file @path, as recorded in @row, as the base of a delta, if its signature is known. */
static gboolean
take_base (Upload *self, const char *path, const PsRow *row)
{
  if (!row->has_hash || row->remote.kind != PS_KIND_FILE || row->remote.size < PS_DELTA_MIN_SIZE)
    return FALSE;
  self->old_signature = ps_store_get_signature (self->reuse->context->store, row->sha256);
  if (self->old_signature == NULL)
    return FALSE;
  self->base = g_strdup (path);
  self->put.base_expected = row->remote;
  self->old_size = row->remote.size;
  return TRUE;
}

static gboolean
find_base (Upload *self)
{
  g_autofree char *similar = NULL;
  PsRow row;

  if (replaces_known (self))
    return take_base (self, self->path, &self->row);
  if (ps_entry_present (&self->put.expected))
    return FALSE;
  similar = ps_reuse_find_similar (self->reuse, self->path, self->put.source.size, PS_SIDE_REMOTE,
                                   &row);
  return similar != NULL && take_base (self, similar, &row);
}

static void
look_for_base (Upload *self)
{
  if (self->reuse->lost || !find_base (self))
    {
      begin_transfer (self);
      return;
    }
  self->limits = ps_reuse_limits (self->reuse, self->put.source.size, TRUE);
  ps_reuse_push (self->reuse, make_delta, delta_made, self);
  begin_signing (self);
}

/* In a thread. */
static void
hash (gpointer data, GCancellable *cancellable)
{
  Upload *self = data;

  self->has_sum
      = ps_reuse_sum_fd (self->put.fd, self->put.source.size, self->sum, NULL, cancellable);
}

static void
hashed (gpointer data)
{
  Upload *self = data;
  PsStore *store = self->reuse->context->store;
  uint64_t size = self->put.source.size;
  PsRow row;

  if (self->has_sum && !self->reuse->lost)
    self->base = ps_store_find_content (store, self->sum, size, PS_SIDE_REMOTE, self->path, NULL);
  if (self->base == NULL || !ps_store_get (store, self->base, &row, NULL))
    {
      g_clear_pointer (&self->base, g_free);
      look_for_base (self);
      return;
    }
  self->put.base_expected = row.remote;
  add_piece (self, TRUE, 0, size);
  begin_transfer (self);
}

/* Names what an interrupted upload of the very same file has left on the server. */
static char *
make_resume_key (const char *path, const PsPut *put)
{
  gsize length = MIN (put->source.size, PREFIX);
  g_autofree char *prefix = g_malloc (length);
  g_autofree char *sum = NULL;

  if (put->source.size < PS_REUSE_RESUME_LEAST
      || pread (put->fd, prefix, length, 0) != (gssize)length)
    return NULL;
  sum = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *)prefix, length);
  return g_strdup_printf ("%s\n%" G_GUINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GUINT64_FORMAT
                          " %" G_GUINT64_FORMAT "\n%s",
                          path, put->source.size, put->source.mtime, put->source.device,
                          put->source.inode, sum);
}

void
ps_reuse_put_async (PsReuse *self, const PsPut *put, const PsRow *row, PsRemoteDone done,
                    gpointer user_data)
{
  PsContext *context = self->context;
  Upload *upload;

  if (put->source.size < PS_DELTA_MIN_SIZE)
    {
      ps_remote_put_async (context->remote, put, done, user_data);
      return;
    }
  upload = g_new0 (Upload, 1);
  upload->reuse = self;
  upload->own_fd = -1;
  upload->waits = 1;
  upload->put = *put;
  upload->put.path = upload->path = g_strdup (put->path);
  upload->resume_key = make_resume_key (put->path, put);
  if (upload->resume_key != NULL)
    read_note (upload);
  upload->has_row = row != NULL;
  upload->row = row != NULL ? *row : (PsRow){ 0 };
  upload->done = done;
  upload->user_data = user_data;
  upload->wants_signature
      = ps_reuse_wants_signature (self, put->source.size, ps_entry_present (&put->expected));
  self->under_way++;
  if (!ps_remote_peek_caps (context->remote)->copy_data)
    begin_transfer (upload);
  else if (ps_store_has_remote_size (context->store, put->source.size))
    ps_reuse_push (self, hash, hashed, upload);
  else
    look_for_base (upload);
}
