/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "delta/pieces.h"

struct PsPieces
{
  GArray *pieces; /* (element-type PsDeltaPiece) */
  uint64_t size;
  uint64_t end; /* of the last piece */
  uint64_t new_bytes;
};

PsPieces *
ps_pieces_new (uint64_t size)
{
  PsPieces *self = g_new0 (PsPieces, 1);

  self->pieces = g_array_new (FALSE, FALSE, sizeof (PsDeltaPiece));
  self->size = size;
  return self;
}

void
ps_pieces_free (PsPieces *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->pieces, g_array_unref);
  g_free (self);
}

/* Makes all up to @at new that is not there yet. */
static void
fill_up_to (PsPieces *self, uint64_t at)
{
  PsDeltaPiece piece = { .copy = FALSE, .from = self->end, .at = self->end };

  g_assert (at >= self->end && at <= self->size);
  if (at == self->end)
    return;
  piece.length = at - self->end;
  g_array_append_val (self->pieces, piece);
  self->new_bytes += piece.length;
  self->end = at;
}

void
ps_pieces_copy (PsPieces *self, uint64_t at, uint64_t from, uint64_t length)
{
  PsDeltaPiece piece = { .copy = TRUE, .from = from, .at = at, .length = length };
  PsDeltaPiece *last;

  fill_up_to (self, at);
  g_assert (length <= self->size - at);
  self->end = at + length;
  last = self->pieces->len > 0 ? &g_array_index (self->pieces, PsDeltaPiece, self->pieces->len - 1)
                               : NULL;
  if (last != NULL && last->copy && last->from + last->length == from)
    last->length += length;
  else
    g_array_append_val (self->pieces, piece);
}

uint64_t
ps_pieces_most_new (const PsDeltaLimits *limits, uint64_t size)
{
  return limits->worth >= 1.0 ? size : (uint64_t)(limits->worth * (double)size);
}

GArray *
ps_pieces_finish (PsPieces *self, const PsDeltaLimits *limits, GError **error)
{
  fill_up_to (self, self->size);
  if (self->new_bytes > ps_pieces_most_new (limits, self->size))
    {
      g_set_error (error, PS_DELTA_ERROR, PS_DELTA_ERROR_NOT_WORTH,
                   "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " bytes are new", self->new_bytes,
                   self->size);
      return NULL;
    }
  return g_steal_pointer (&self->pieces);
}
