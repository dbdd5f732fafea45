/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One large upload:
 *
 *   sum it up, and beside that compare it with its base  ->  nothing to be sent: its attributes
 *                                                        ->  the same content is there: copy
 *                                                        ->  a delta, or all of it
 *
 * The sum and the comparison have a thread each. What the comparison has found travels as soon as
 * it is certain that something has to travel; where it is given up, the rest is sent. Only when the
 * sum is known, too, the source is asked whether it is still the same and put in place: so what was
 * summed up, compared and sent is one content. Beside the transfer, a thread makes the signature of
 * the new version, as far as that does not follow from the comparison. When what was to be copied
 * on the server turns out not to be there any more, all is sent. */
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
  PsReuseUntouched untouched; /* (nullable) */
  gpointer user_data;

  /* The looks at it, each in a thread. */
  gboolean summing, comparing;
  int own_fd;         /* for them, which may take longer than the transfer */
  GCancellable *vain; /* cancelled where nobody waits for them any more */
  gboolean has_sum;
  uint8_t sum[PS_SHA256_SIZE];
  GBytes *old_signature; /* what it is compared with: a version of */
  uint64_t old_size;     /* so many bytes */
  PsDeltaLimits limits;
  GArray *delta;       /* (element-type PsDeltaPiece) (nullable) all that came of it */
  uint64_t found_upto; /* by the comparison */
  gboolean found_new;
  gboolean any_copy;

  /* What came of them. */
  gboolean begun;             /* the transfer is */
  gboolean may_lie_elsewhere; /* some other file on the server is as long */
  gboolean differs;           /* from its base */
  gboolean sum_known;         /* @sum is */
  gboolean is_touch;
  char *same; /* (nullable) path of the same content on the server */
  PsEntry same_expected;
  GAsyncQueue *pieces; /* (element-type PsPutPiece) found and not given yet */
  uint64_t given;      /* bytes in those that were given */

  gboolean wants_signature;
  GBytes *signature;          /* (nullable) */
  PsPublication *publication; /* (nullable) under way */
  uint64_t told;              /* bytes, for the progress */
  guint waits;                /* for the transfer and for each thread */
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
  g_free (self->same);
  g_object_unref (self->vain);
  g_clear_pointer (&self->old_signature, g_bytes_unref);
  g_clear_pointer (&self->signature, g_bytes_unref);
  g_clear_pointer (&self->delta, g_array_unref);
  g_async_queue_unref (self->pieces);
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

/* Nobody else can have a part of a file that is new and like no other, nor of one that did not
 * arrive. */
static gboolean
wants_publication (const Upload *self)
{
  return self->signature != NULL && !self->reuse->lost && self->result.error == NULL
         && (ps_entry_present (&self->put.expected) || self->base != NULL);
}

/* As soon as there is something to publish, beside the transfer. */
static void
publish_signature (Upload *self)
{
  if (self->publication == NULL && wants_publication (self))
    self->publication
        = ps_publication_new (self->reuse, self->sum, self->put.source.size, self->signature);
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
  publish_signature (self);
  if (self->publication != NULL)
    ps_publication_end (g_steal_pointer (&self->publication), self->path, &result->entry,
                        replaces_known (self) ? &self->row : NULL);
}

static void
stop_waiting (Upload *self)
{
  if (--self->waits > 0)
    return;
  remember (self);
  if (self->publication != NULL)
    ps_publication_drop (self->publication);
  upload_free (self);
}

/* The transfer is over, and with it the use of the descriptor; threads may take longer. */
static void
finish (Upload *self)
{
  self->reuse->under_way--;
  if (self->result.error != NULL)
    g_cancellable_cancel (self->vain);
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

/* What the base remembers of an upload of this very source: "BYTES SUM", the sum of the key. One
 * that was complete may still be put in place, by a request that the server has not read yet: its
 * temporary file is left alone, and another one is begun. */
static void
read_note (Upload *self)
{
  g_autofree char *path_sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, self->path, -1);
  g_autofree char *other_key = g_strconcat (self->resume_key, "\nother", NULL);
  char *keys[] = { self->resume_key, other_key };
  g_autofree char *value = NULL;
  char *end;
  guint64 bytes;

  self->note_key = g_strconcat (PS_NOTE_UPLOAD "/", path_sum, NULL);
  value = ps_note_get (self->reuse->context, self->note_key, NULL);
  if (value == NULL)
    return;
  bytes = g_ascii_strtoull (value, &end, 10);
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_autofree char *sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, keys[i], -1);
      gboolean complete = bytes == self->put.source.size;

      if (*end != ' ' || strcmp (end + 1, sum) != 0)
        continue;
      self->resume_key = g_strdup (keys[complete ? 1 - i : i]);
      g_free (keys[0]);
      self->durable = complete ? 0 : bytes;
      return;
    }
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

/* Of what was put together the sum is ours. */
static void
take_sum (Upload *self)
{
  PsRemoteResult *result = &self->result.result;

  if (result->has_hash || !self->sum_known)
    return;
  memcpy (result->sha256, self->sum, sizeof result->sha256);
  result->has_hash = TRUE;
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
      if (result->error->code == PS_SFTP_ERROR_FAILED)
        forget_durable (self);
      g_clear_pointer (&self->base, g_free);
      g_clear_error (&self->result.error);
      self->result.result.error = NULL;
      send_it (self);
      return;
    }
  if (result->error == NULL
      || g_error_matches (result->error, PS_SFTP_ERROR, PS_SFTP_ERROR_CHANGED))
    forget_durable (self);
  if (result->error == NULL)
    take_sum (self);
  if (result->error == NULL && self->told < self->put.source.size)
    moved (self->put.source.size - self->told, self); /* what need not travel */
  finish (self);
}

static gboolean
next_piece (PsPutPiece *piece, gpointer user_data)
{
  Upload *self = user_data;
  g_autofree PsPutPiece *found = NULL;

  if (self->given == self->put.source.size)
    return !self->summing;
  found = g_async_queue_try_pop (self->pieces);
  if (found == NULL)
    return FALSE;
  *piece = *found;
  self->given += found->length;
  return TRUE;
}

static void
send_it (Upload *self)
{
  PsPut put = self->put;

  put.sha256 = self->sum_known ? self->sum : NULL;
  put.resume_key = self->resume_key;
  put.resume = self->durable;
  put.durable = durable;
  put.still_same = still_same;
  put.moved = moved;
  put.base = self->base;
  put.next_piece = self->base != NULL ? next_piece : NULL;
  ps_remote_put_async (self->reuse->context->remote, &put, sent, self);
}

/* --- Its signature --- */

/* In a thread. */
static void
sign (gpointer data, GCancellable *cancellable)
{
  Upload *self = data;

  if (!self->sum_known)
    self->has_sum = ps_reuse_sum_fd (self->own_fd, self->put.source.size, self->sum,
                                     &self->signature, cancellable);
  else if (self->delta != NULL)
    self->signature = ps_signature_derive (self->old_signature, self->old_size, self->delta,
                                           self->own_fd, self->put.source.size, cancellable, NULL);
  else
    self->signature = ps_signature_of_fd (self->own_fd, self->put.source.size, cancellable, NULL);
}

static void
signed_it (gpointer data)
{
  publish_signature (data);
  stop_waiting (data);
}

static void
take_own_fd (Upload *self)
{
  if (self->own_fd < 0)
    self->own_fd = fcntl (self->put.fd, F_DUPFD_CLOEXEC, 0);
}

static void
begin_signing (Upload *self)
{
  if (!self->wants_signature)
    return;
  if (self->sum_known)
    self->signature = ps_store_get_signature (self->reuse->context->store, self->sum);
  if (self->signature != NULL)
    return;
  self->waits++;
  ps_reuse_push_behind (self->reuse, sign, signed_it, self);
}

/* --- What is known of it --- */

static void
add_piece (Upload *self, gboolean copy, uint64_t from, uint64_t length)
{
  PsPutPiece *piece = g_new (PsPutPiece, 1);

  *piece = (PsPutPiece){ .copy = copy, .from = from, .length = length };
  g_async_queue_push (self->pieces, piece);
}

/* Only attributes are to be sent, which is for the caller. */
static void
end_touch (Upload *self)
{
  self->reuse->under_way--;
  self->untouched (self->user_data);
  stop_waiting (self);
}

/* Instead of what the comparison has found until it was stopped. */
static void
copy_same (Upload *self)
{
  PsPutPiece *piece;

  while ((piece = g_async_queue_try_pop (self->pieces)) != NULL)
    g_free (piece);
  g_free (self->base);
  self->base = g_steal_pointer (&self->same);
  self->put.base_expected = self->same_expected;
  g_clear_pointer (&self->delta, g_array_unref);
  add_piece (self, TRUE, 0, self->put.source.size);
}

static void
begin_transfer (Upload *self)
{
  self->begun = TRUE;
  if (self->reuse->lost)
    {
      fail_cancelled (self);
      return;
    }
  if (self->is_touch)
    {
      end_touch (self);
      return;
    }
  if (self->same != NULL)
    copy_same (self);
  else if (!self->comparing && !self->any_copy)
    g_clear_pointer (&self->base, g_free);
  send_it (self);
}

/* Whether it is certain that there is something to be sent, and from what. */
static gboolean
can_begin (const Upload *self)
{
  gboolean looking = self->summing || self->comparing;

  if (self->is_touch || self->same != NULL || self->reuse->lost)
    return !looking;
  if (!self->summing)
    return TRUE;
  return self->base != NULL && !self->may_lie_elsewhere
         && (self->untouched == NULL || self->differs);
}

/* More is known. */
static void
consider (Upload *self)
{
  if (!self->begun && can_begin (self))
    begin_transfer (self);
}

/* A thread has come to its end. */
static void
looked (Upload *self)
{
  consider (self);
  if (!self->summing && !self->comparing && !self->is_touch && self->result.error == NULL)
    begin_signing (self);
  stop_waiting (self);
}

static void
give_up (GCancellable *stop, gpointer vain)
{
  g_cancellable_cancel (vain);
}

static void
found_difference (gpointer data)
{
  Upload *self = data;

  self->differs = TRUE;
  consider (self);
}

/* In a thread. */
static void
take_found (const PsDeltaPiece *piece, gpointer user_data)
{
  Upload *self = user_data;

  add_piece (self, piece->copy, piece->from, piece->length);
  self->found_upto = piece->at + piece->length;
  self->any_copy |= piece->copy;
  if (piece->copy || self->found_new)
    return;
  self->found_new = TRUE;
  ps_reuse_tell (self->reuse, found_difference, self);
}

/* In a thread. What is not found until it is given up has to be sent. */
static void
compare (gpointer data, GCancellable *cancellable)
{
  Upload *self = data;
  uint64_t size = self->put.source.size;
  g_autoptr (GError) error = NULL;
  gulong id = g_cancellable_connect (cancellable, G_CALLBACK (give_up), self->vain, NULL);

  self->delta = ps_delta_upload (self->old_signature, self->old_size, self->own_fd, size,
                                 &self->limits, take_found, self, self->vain, &error);
  g_cancellable_disconnect (cancellable, id);
  if (self->delta == NULL)
    g_debug ("%s is compared up to byte %" G_GUINT64_FORMAT " only: %s", self->path,
             self->found_upto, error->message);
  if (self->found_upto < size)
    add_piece (self, FALSE, self->found_upto, size - self->found_upto);
}

static void
compared (gpointer data)
{
  Upload *self = data;

  self->comparing = FALSE;
  looked (self);
}

/* In a thread. */
static void
hash (gpointer data, GCancellable *cancellable)
{
  Upload *self = data;
  gulong id = g_cancellable_connect (cancellable, G_CALLBACK (give_up), self->vain, NULL);

  self->has_sum
      = ps_reuse_sum_fd (self->own_fd, self->put.source.size, self->sum, NULL, self->vain);
  g_cancellable_disconnect (cancellable, id);
}

/* Looks for a file of the same content on the server. */
static void
find_same (Upload *self)
{
  PsStore *store = self->reuse->context->store;
  uint64_t size = self->put.source.size;
  PsRow row;

  if (!ps_remote_peek_caps (self->reuse->context->remote)->copy_data)
    return;
  self->same = ps_store_find_content (store, self->sum, size, PS_SIDE_REMOTE, self->path, NULL);
  if (self->same != NULL && ps_store_get (store, self->same, &row, NULL))
    self->same_expected = row.remote;
  else
    g_clear_pointer (&self->same, g_free);
}

static void
hashed (gpointer data)
{
  Upload *self = data;

  self->summing = FALSE;
  self->sum_known = self->has_sum;
  if (self->sum_known && !self->begun && !self->reuse->lost)
    {
      self->is_touch = self->untouched != NULL
                       && memcmp (self->sum, self->row.sha256, sizeof self->sum) == 0
                       && still_same (self);
      if (!self->is_touch)
        find_same (self);
    }
  if (self->is_touch || self->same != NULL)
    g_cancellable_cancel (self->vain);
  looked (self);
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

  if (!ps_remote_peek_caps (self->reuse->context->remote)->copy_data)
    return FALSE;
  if (replaces_known (self))
    return take_base (self, self->path, &self->row);
  if (ps_entry_present (&self->put.expected))
    return FALSE;
  similar = ps_reuse_find_similar (self->reuse, self->path, self->put.source.size, PS_SIDE_REMOTE,
                                   &row);
  return similar != NULL && take_base (self, similar, &row);
}

static void
begin_looks (Upload *self)
{
  PsReuse *reuse = self->reuse;
  uint64_t size = self->put.source.size;

  self->may_lie_elsewhere = ps_store_has_remote_size (reuse->context->store, size, self->path);
  self->comparing = find_base (self);
  self->summing = self->comparing || self->untouched != NULL || self->may_lie_elsewhere;
  self->waits += (guint)self->summing + (guint)self->comparing;
  take_own_fd (self);
  if (self->summing)
    ps_reuse_push (reuse, hash, hashed, self);
  if (self->comparing)
    {
      self->limits = ps_reuse_limits (reuse, size, TRUE);
      ps_reuse_push (reuse, compare, compared, self);
    }
  if (!self->summing)
    begin_signing (self);
  consider (self);
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
                    PsReuseUntouched untouched, gpointer user_data)
{
  Upload *upload;

  if (put->source.size < PS_DELTA_MIN_SIZE)
    {
      ps_remote_put_async (self->context->remote, put, done, user_data);
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
  upload->untouched = row != NULL && row->has_hash ? untouched : NULL;
  upload->vain = g_cancellable_new ();
  upload->pieces = g_async_queue_new_full (g_free);
  upload->user_data = user_data;
  upload->wants_signature
      = ps_reuse_wants_signature (self, put->source.size, ps_entry_present (&put->expected));
  self->under_way++;
  begin_looks (upload);
}
