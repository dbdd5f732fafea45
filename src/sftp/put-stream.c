/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The content of an upload: read from the local file, sent chunk by chunk in ascending order, over
 * as many channels as help; or copied on the server from what lies there. */
#include "sftp/put.h"

#include "util/words.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define COPY_MAX (16 * 1024 * 1024)        /* at once: the server is deaf meanwhile */
#define COPIES_MAX 4                       /* asked for, so that it is never idle */
#define HASH_STEP (1024 * 1024)            /* bytes hashed before others have their turn */
#define BUSY_CHANNEL (1024 * 1024)         /* one with more on its way is worth a helper */
#define HELPER_BEGINS_AT (4 * 1024 * 1024) /* bytes still to be sent that are worth a helper */

/* Reads the source; FALSE: the operation has failed. */
static bool
read_source (PsPutOp *self, uint64_t offset, uint8_t *into, gsize length)
{
  if (self->content != NULL)
    {
      memcpy (into, (const uint8_t *)g_bytes_get_data (self->content, NULL) + offset, length);
      return true;
    }
  for (gsize done = 0; done < length;)
    {
      gssize n = pread (self->fd, into + done, length - done, (off_t)(offset + done));

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        ps_op_fail (&self->op, PS_SFTP_ERROR_LOCAL_IO, _ ("reading the local file failed: %s"),
                    g_strerror (errno));
      else if (n == 0)
        ps_op_fail (&self->op, PS_SFTP_ERROR_CHANGED,
                    _ ("the local file became shorter meanwhile"));
      if (n <= 0)
        return false;
      done += (gsize)n;
    }
  return true;
}

/* Hashes what is not sent (an earlier upload has) up to @end, a step of it. Returns: whether @end
 * is reached. */
static bool
hash_up_to (PsPutOp *self, uint64_t end)
{
  gsize length = (gsize)MIN (end - self->hashed, HASH_STEP);
  g_autofree uint8_t *buffer = NULL;

  if (self->sha == NULL || self->hashed >= end)
    return true;
  buffer = g_malloc (length);
  if (!read_source (self, self->hashed, buffer, length))
    return false;
  ps_sha256_update (self->sha, buffer, length);
  self->hashed += length;
  self->op.remote->busy = true;
  return self->hashed == end;
}

static guint
take_flight (PsPutOp *self, uint64_t offset, uint32_t length)
{
  PsFlight flight = { offset, length };

  for (guint i = 0; i < self->flights->len; i++)
    if (g_array_index (self->flights, PsFlight, i).length == 0)
      {
        g_array_index (self->flights, PsFlight, i) = flight;
        return i;
      }
  g_array_append_val (self->flights, flight);
  return self->flights->len - 1;
}

uint64_t
ps_put_acknowledged (const PsPutOp *self)
{
  uint64_t oldest = self->next;

  for (guint i = 0; i < self->flights->len; i++)
    {
      const PsFlight *flight = &g_array_index (self->flights, PsFlight, i);

      if (flight->length > 0)
        oldest = MIN (oldest, flight->offset);
    }
  return oldest;
}

static bool
has_channel (const PsPutOp *self, int channel)
{
  for (guint i = 0; i < self->n_handles; i++)
    if (self->handles[i].channel == channel)
      return true;
  return false;
}

static void
open_more (PsPutOp *self, int channel)
{
  PsHandle *handle = &self->handles[self->n_handles];

  if (!ps_client_take_handle (self->op.remote->client, channel))
    return;
  handle->channel = channel;
  ps_request_open (&self->op, channel, self->temp, PS_OPEN_WRITE, false,
                   PS_PUT_TAG (PS_PUT_TAG_OPEN_MORE, self->n_handles));
  self->n_handles++;
  self->opening++;
}

/* Another channel takes part, where one is idle while ours is busy. */
static void
consider_helper (PsPutOp *self, guint64 load)
{
  int channels[PS_CLIENT_MAX_CHANNELS];
  guint n = ps_client_bulk_channels (self->op.remote->client, channels);

  if (self->opening > 0 || load < BUSY_CHANNEL || self->source.size - self->next < HELPER_BEGINS_AT)
    return;
  for (guint i = 0; i < n && self->n_handles < G_N_ELEMENTS (self->handles); i++)
    {
      if (has_channel (self, channels[i])
          || ps_client_load (self->op.remote->client, channels[i]) > load / 2)
        continue;
      open_more (self, channels[i]);
      return;
    }
}

/* Whether nothing is copied from here on: that has to be in order, over one channel. */
static bool
is_only_sent (const PsPutOp *self)
{
  return self->next_piece == NULL
         || (!self->piece.copy && self->copies == 0
             && self->piece_begin + self->piece.length == self->source.size);
}

/* The handle on the channel that has the least to do; NULL: none can take more now. */
static const PsHandle *
choose_handle (PsPutOp *self)
{
  PsClient *client = self->op.remote->client;
  const PsHandle *best = NULL;
  guint64 least = G_MAXUINT64;

  for (guint i = 0; i < self->n_handles; i++)
    {
      const PsHandle *handle = &self->handles[i];
      guint64 load = ps_client_load (client, handle->channel);

      if (handle->open && ps_client_has_room (client, handle->channel) && load < least)
        {
          best = handle;
          least = load;
        }
    }
  if (self->op.queue == PS_QUEUE_BULK && is_only_sent (self))
    consider_helper (self, least);
  return best;
}

static bool
send_chunk (PsPutOp *self, uint64_t end)
{
  const PsServerInfo *info = ps_client_peek_info (self->op.remote->client);
  const PsHandle *handle = choose_handle (self);
  uint32_t length = ps_client_chunk (self->op.remote->client, true, info->write_length);
  uint8_t *buffer;
  bool good;

  if (handle == NULL)
    return false;
  length = (uint32_t)MIN (length, end - self->next);
  buffer = ps_request_write_begin (&self->op, handle, self->next, length);
  good = read_source (self, self->next, buffer, length);
  if (good && self->sha != NULL)
    {
      ps_sha256_update (self->sha, buffer, length);
      self->hashed += length;
    }
  ps_request_write_end (&self->op, length, good,
                        good ? PS_PUT_TAG (PS_PUT_TAG_WRITE, take_flight (self, self->next, length))
                             : 0);
  if (good)
    {
      self->next += length;
      self->sent += length;
    }
  return good;
}

/* The server copies from the base. It answers OK to some failures, so every copy is followed by a
 * look at the size. */
static bool
send_copy (PsPutOp *self)
{
  const PsPutPiece *piece = &self->piece;
  uint64_t done = self->next - self->piece_begin;
  uint64_t length = MIN (piece->length - done, COPY_MAX);
  uint64_t size = self->next + length;

  PsCopyCheck check = { .size = size };

  if (self->copies >= COPIES_MAX)
    return false;
  check.flight = take_flight (self, self->next, (uint32_t)length);
  ps_request_copy (&self->op, &self->base_handle, piece->from + done, length, &self->handles[0],
                   self->next, PS_PUT_TAG (PS_PUT_TAG_COPY, 0));
  ps_request_handle (&self->op, PS_FXP_FSTAT, &self->handles[0],
                     PS_PUT_TAG (PS_PUT_TAG_CHECK, self->checks->len));
  g_array_append_val (self->checks, check);
  self->copies++;
  self->next = size;
  return true;
}

void
ps_put_fail_pieces (PsPutOp *self)
{
  ps_op_fail (&self->op, PS_SFTP_ERROR_FAILED,
              "it cannot be put together on the server; the whole file has to be sent");
}

/* Sets self->piece to the next one. FALSE: it is not known yet, or the operation has failed. */
static bool
take_piece (PsPutOp *self)
{
  PsPutPiece *piece = &self->piece;

  self->piece_begin += piece->length;
  *piece = (PsPutPiece){ 0 };
  if (!self->next_piece (piece, self->op.user_data))
    return false;
  if (piece->length <= self->source.size - self->piece_begin
      && (!piece->copy || self->base != NULL))
    return true;
  ps_put_fail_pieces (self);
  return false;
}

static bool
send_piece (PsPutOp *self)
{
  while (self->next >= self->piece_begin + self->piece.length)
    if (!take_piece (self))
      return false;
  return self->piece.copy ? send_copy (self)
                          : send_chunk (self, self->piece_begin + self->piece.length);
}

/* Whether all was sent, and may be put in place. */
static bool
is_complete (PsPutOp *self)
{
  PsPutPiece none;

  return self->op.error == NULL && self->next == self->source.size
         && (self->next_piece == NULL || self->next_piece (&none, self->op.user_data));
}

bool
ps_put_pull (PsOp *op)
{
  PsPutOp *self = (PsPutOp *)op;
  bool moved;

  if (ps_put_waits_for_durable (self) || !hash_up_to (self, self->next))
    return false;
  if (self->next == self->source.size)
    moved = false; /* it only waits for its end */
  else if (self->next_piece != NULL)
    moved = send_piece (self);
  else
    moved = send_chunk (self, self->source.size);
  if (is_complete (self))
    {
      bool alone = self->n_handles == 1 && self->opening == 0;

      ps_op_stop_stream (op);
      ps_put_end_stream (self, alone);
    }
  return moved;
}

void
ps_put_begin_stream (PsOp *op)
{
  PsPutOp *self = (PsPutOp *)op;

  self->next = self->resume;
  ps_put_begin_durable (self);
  ps_op_stream (op, true);
}

static void
check_copy (PsPutOp *self, const PsReply *reply, guint number)
{
  const PsCopyCheck *check = &g_array_index (self->checks, PsCopyCheck, number);

  self->copies--;
  if (!ps_op_check_type (&self->op, reply, PS_FXP_ATTRS))
    return;
  if (!(reply->attrs.flags & PS_ATTR_SIZE) || reply->attrs.size != check->size)
    {
      self->spoilt = true;
      ps_op_fail (&self->op, PS_SFTP_ERROR_FAILED,
                  "the server did not copy what it should; the whole file has to be sent");
      return;
    }
  g_array_index (self->flights, PsFlight, check->flight).length = 0;
  ps_put_consider_durable (self);
}

static void
landed (PsPutOp *self, const PsReply *reply, guint number)
{
  PsFlight *flight = &g_array_index (self->flights, PsFlight, number);
  uint32_t length = flight->length;

  if (!ps_op_check (&self->op, reply))
    return;
  flight->length = 0;
  if (self->moved != NULL)
    self->moved (length, self->op.user_data);
  ps_put_consider_durable (self);
}

/* A further handle is an offer only: without it, those that are there go on. */
static void
opened_more (PsPutOp *self, const PsReply *reply, guint number)
{
  PsHandle *handle = &self->handles[number];

  self->opening--;
  if (reply->type == PS_FXP_HANDLE)
    ps_handle_take (&self->op, handle, handle->channel, reply);
  else
    ps_client_untake_handle (self->op.remote->client, handle->channel);
}

bool
ps_put_take_stream_reply (PsPutOp *self, const PsReply *reply, guint tag)
{
  guint number = PS_PUT_TAG_NUMBER (tag);

  switch (PS_PUT_TAG_KIND (tag))
    {
    case PS_PUT_TAG_WRITE:
      landed (self, reply, number);
      return true;
    case PS_PUT_TAG_COPY:
      ps_op_check (&self->op, reply);
      return true;
    case PS_PUT_TAG_CHECK:
      check_copy (self, reply, number);
      return true;
    case PS_PUT_TAG_OPEN_MORE:
      opened_more (self, reply, number);
      return true;
    case PS_PUT_TAG_DURABLE:
      ps_put_take_durable_reply (self, reply);
      return true;
    default:
      return false;
    }
}
