/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "delta/pieces.h"

struct PsPieces
{
  GArray *pieces; /* (element-type PsDeltaPiece) */
  uint64_t size;
  uint64_t end; /* of the last piece */
  uint64_t new_bytes;
  uint64_t told; /* all before it is */
  guint telling; /* the piece that it lies in, or ends */
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

/* Appends a piece, or makes the last one longer. */
static void
append (PsPieces *self, const PsDeltaPiece *piece)
{
  PsDeltaPiece *last = NULL;

  if (self->pieces->len > 0)
    last = &g_array_index (self->pieces, PsDeltaPiece, self->pieces->len - 1);
  if (last != NULL && last->copy == piece->copy && last->from + last->length == piece->from)
    last->length += piece->length;
  else
    g_array_append_vals (self->pieces, piece, 1);
  self->end += piece->length;
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
  self->new_bytes += piece.length;
  append (self, &piece);
}

void
ps_pieces_copy (PsPieces *self, uint64_t at, uint64_t from, uint64_t length)
{
  PsDeltaPiece piece = { .copy = TRUE, .from = from, .at = at, .length = length };

  fill_up_to (self, at);
  g_assert (length <= self->size - at);
  append (self, &piece);
}

uint64_t
ps_pieces_end (const PsPieces *self)
{
  return self->end;
}

void
ps_pieces_tell (PsPieces *self, uint64_t upto, PsDeltaFound found, gpointer user_data)
{
  fill_up_to (self, upto);
  while (self->told < self->end)
    {
      PsDeltaPiece piece = g_array_index (self->pieces, PsDeltaPiece, self->telling);
      uint64_t done = self->told - piece.at;

      if (done == piece.length)
        {
          self->telling++;
          continue;
        }
      piece.from += done;
      piece.at += done;
      piece.length -= done;
      found (&piece, user_data);
      self->told += piece.length;
    }
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
