/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The commands, by their first byte:
 *   00        end
 *   01..40    a literal of that many bytes follows
 *   41..44    a literal; its length comes first, in 1, 2, 4 or 8 bytes
 *   45..54    copy; where from and how long, each in 1, 2, 4 or 8 bytes
 * All numbers are big-endian. */
#include "delta/stream.h"

#include "delta/delta.h"

#define MAGIC 0x72730236u
#define OP_END 0x00
#define OP_LITERAL_1 0x40
#define OP_LITERAL_N 0x41
#define OP_COPY 0x45
#define OP_RESERVED 0x55

static gboolean
refuse (GError **error, const char *why)
{
  g_set_error (error, PS_DELTA_ERROR, PS_DELTA_ERROR_DAMAGED, "The delta is damaged: %s", why);
  return FALSE;
}

void
ps_stream_init (PsStream *self, const PsStreamTaker *taker)
{
  *self = (PsStream){ .taker = *taker };
}

static uint64_t
number (const uint8_t *bytes, gsize width)
{
  uint64_t value = 0;

  for (gsize i = 0; i < width; i++)
    value = value << 8 | bytes[i];
  return value;
}

/* Returns: how many bytes the command that begins with @op has, without what a literal holds. */
static gsize
command_length (uint8_t op)
{
  if (op < OP_LITERAL_N || op >= OP_RESERVED)
    return 1;
  if (op < OP_COPY)
    return 1 + ((gsize)1 << (op - OP_LITERAL_N));
  return 1 + ((gsize)1 << (op - OP_COPY) / 4) + ((gsize)1 << (op - OP_COPY) % 4);
}

static gboolean
take_literal (PsStream *self, uint64_t length, GError **error)
{
  if (length == 0)
    return refuse (error, "an empty literal");
  self->skip = length;
  return self->taker.literal (length, self->taker.user_data, error);
}

static gboolean
take_copy (PsStream *self, uint64_t from, uint64_t length, GError **error)
{
  if (length == 0 || from > UINT64_MAX - length)
    return refuse (error, "a copy of nothing, or from nowhere");
  return self->taker.copy (from, length, self->taker.user_data, error);
}

static gboolean
take_command (PsStream *self, GError **error)
{
  uint8_t op = self->pending[0];
  const uint8_t *rest = self->pending + 1;
  gsize width;

  if (op >= OP_RESERVED)
    return refuse (error, "an unknown command");
  if (op == OP_END)
    {
      self->ended = TRUE;
      return TRUE;
    }
  if (op <= OP_LITERAL_1)
    return take_literal (self, op, error);
  if (op < OP_COPY)
    return take_literal (self, number (rest, self->n_pending - 1), error);
  width = (gsize)1 << (op - OP_COPY) / 4;
  return take_copy (self, number (rest, width), number (rest + width, self->n_pending - 1 - width),
                    error);
}

/* Returns: how many bytes have to be pending before something can be done with them. */
static gsize
wanted (const PsStream *self)
{
  if (!self->began)
    return 4;
  return self->n_pending == 0 ? 1 : command_length (self->pending[0]);
}

static gboolean
take_pending (PsStream *self, GError **error)
{
  if (!self->began)
    {
      self->began = number (self->pending, 4) == MAGIC;
      self->n_pending = 0;
      return self->began || refuse (error, "it does not begin like one");
    }
  if (!take_command (self, error))
    return FALSE;
  self->n_pending = 0;
  return TRUE;
}

gboolean
ps_stream_feed (PsStream *self, const uint8_t *data, gsize length, GError **error)
{
  for (gsize i = 0; i < length;)
    {
      gsize skipped = (gsize)MIN (self->skip, length - i);

      self->skip -= skipped;
      i += skipped;
      if (i == length)
        break;
      if (self->ended)
        return refuse (error, "something follows its end");
      self->pending[self->n_pending++] = data[i++];
      if (self->n_pending >= wanted (self) && !take_pending (self, error))
        return FALSE;
    }
  return TRUE;
}
