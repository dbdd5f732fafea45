/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A part of a file into memory: markers, signatures, journals. */
#include "sftp/remote-private.h"

#include "util/words.h"

#include <string.h>

#define READ_MAX (4 * 1024 * 1024)
#define TURNS_MAX 64 /* of a server that gives less than asked for */

typedef struct
{
  PsOp op;
  PsHandle handle;
  uint64_t offset;
  GByteArray *data; /* @length bytes, of which the first @good have come */
  gsize length, good;
  uint32_t chunk;
  GArray *got; /* (element-type uint32_t) bytes that came of each chunk of this turn */
  guint turns;
} ReadOp;

enum
{
  TAG_OPEN,
  TAG_FSTAT,
  TAG_READ
};

static void
take_size (ReadOp *self, const PsReply *reply)
{
  if (!ps_op_check_type (&self->op, reply, PS_FXP_ATTRS))
    return;
  self->op.result.entry = ps_attrs_to_entry (&reply->attrs);
  if (self->op.result.entry.size < self->offset + self->length)
    self->length
        = (gsize)(self->op.result.entry.size - MIN (self->offset, self->op.result.entry.size));
}

static void
on_read (PsOp *op, const PsReply *reply, guint tag)
{
  ReadOp *self = (ReadOp *)op;
  guint number = tag - TAG_READ;
  gsize at = self->good + (gsize)number * self->chunk;

  if (tag == TAG_FSTAT)
    {
      take_size (self, reply);
      return;
    }
  if (ps_reply_is (reply, PS_FX_EOF) || !ps_op_check_type (op, reply, PS_FXP_DATA))
    return;
  if (reply->length > self->chunk || at + reply->length > self->data->len)
    {
      ps_op_fail (op, PS_SFTP_ERROR_FAILED, _ ("the server sent other data than asked for"));
      return;
    }
  memcpy (self->data->data + at, reply->text, reply->length);
  g_array_index (self->got, uint32_t, number) = (uint32_t)reply->length;
}

static void after_read (PsOp *op);

static void
read_rest (ReadOp *self)
{
  gsize wanted = self->length - self->good;
  guint n = (guint)((wanted + self->chunk - 1) / self->chunk);

  g_array_set_size (self->got, 0);
  g_array_set_size (self->got, n);
  ps_op_expect (&self->op, on_read, after_read);
  for (guint i = 0; i < n; i++)
    {
      gsize at = self->good + (gsize)i * self->chunk;

      ps_request_read (&self->op, &self->handle, self->offset + at,
                       (uint32_t)MIN (self->chunk, self->length - at), TAG_READ + i);
    }
  ps_request_handle (&self->op, PS_FXP_FSTAT, &self->handle, TAG_FSTAT);
}

static void
after_read (PsOp *op)
{
  ReadOp *self = (ReadOp *)op;
  gsize before = self->good;

  for (guint i = 0; i < self->got->len; i++)
    {
      uint32_t got = g_array_index (self->got, uint32_t, i);

      self->good += got;
      if (got < self->chunk)
        break;
    }
  if (self->good < self->length && self->good > before && ++self->turns < TURNS_MAX)
    {
      read_rest (self);
      return;
    }
  ps_request_close_detached (op->remote, &self->handle);
  g_byte_array_set_size (self->data, (guint)MIN (self->good, self->length));
  op->bytes = g_byte_array_free_to_bytes (g_steal_pointer (&self->data));
}

static void
after_opened (PsOp *op)
{
  read_rest ((ReadOp *)op);
}

static void
on_opened (PsOp *op, const PsReply *reply, guint tag)
{
  ps_handle_take (op, &((ReadOp *)op)->handle, 0, reply);
}

static bool
can_begin (PsOp *op)
{
  return ps_client_has_room (op->remote->client, 0)
         && ps_client_take_handle (op->remote->client, 0);
}

static void
begin (PsOp *op)
{
  ps_op_expect (op, on_opened, after_opened);
  ps_request_open (op, 0, op->path, PS_OPEN_READ, false, TAG_OPEN);
}

static void
cleanup (PsOp *op)
{
  ps_request_close_detached (op->remote, &((ReadOp *)op)->handle);
}

static void
clear (PsOp *op)
{
  ReadOp *self = (ReadOp *)op;

  g_clear_pointer (&self->data, g_byte_array_unref);
  g_array_unref (self->got);
}

static const PsOpClass read_class = {
  .failure = N_ ("Could not read %s"),
  .can_begin = can_begin,
  .begin = begin,
  .cleanup = cleanup,
  .clear = clear,
  .size = sizeof (ReadOp),
};

void
ps_remote_read_async (PsRemote *self, const char *path, uint64_t offset, gsize length,
                      PsRemoteDone done, gpointer user_data)
{
  ReadOp *op = ps_op_new (self, &read_class, PS_QUEUE_CONTROL, path, done, user_data);

  op->offset = offset;
  op->length = MIN (length, READ_MAX);
  op->data = g_byte_array_new ();
  g_byte_array_set_size (op->data, (guint)op->length);
  op->chunk = ps_client_peek_info (self->client)->read_length;
  op->got = g_array_new (FALSE, TRUE, sizeof (uint32_t));
}
