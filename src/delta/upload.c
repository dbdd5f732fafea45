/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "delta/match.h"
#include "delta/pieces.h"

/* The new file, as far as it is decided. */
typedef struct
{
  PsPieces *pieces;   /* borrowed */
  guint n_taken;      /* matches that are in it, the last of which may have grown */
  PsDeltaFound found; /* (nullable) */
  gpointer user_data;
} Taker;

static void
take_matches (const GArray *matches, uint64_t upto, gpointer user_data)
{
  Taker *self = user_data;

  for (guint i = MAX (self->n_taken, 1) - 1; i < matches->len; i++)
    {
      const PsMatch *match = &g_array_index (matches, PsMatch, i);
      uint64_t end = ps_pieces_end (self->pieces);
      uint64_t done = end > match->here ? end - match->here : 0;

      if (done < match->length)
        ps_pieces_copy (self->pieces, match->here + done, match->there + done,
                        match->length - done);
    }
  self->n_taken = matches->len;
  if (self->found != NULL)
    ps_pieces_tell (self->pieces, upto, self->found, self->user_data);
}

GArray *
ps_delta_upload (GBytes *signature, uint64_t old_size, int fd, uint64_t size,
                 const PsDeltaLimits *limits, PsDeltaFound found, gpointer user_data,
                 GCancellable *cancellable, GError **error)
{
  PsSignature old;
  g_autoptr (PsPieces) pieces = ps_pieces_new (size);
  Taker taker = { .pieces = pieces, .found = found, .user_data = user_data };
  PsMatchFile file = {
    .fd = fd,
    .size = size,
    .most_missed = ps_pieces_most_new (limits, size),
    .deadline_us = limits->deadline_us,
    .decided = take_matches,
    .user_data = &taker,
  };
  g_autoptr (GArray) matches = NULL;

  if (!ps_signature_parse (&old, signature, old_size, error))
    return NULL;
  matches = ps_match_find (&old, &file, cancellable, error);
  return matches != NULL ? ps_pieces_finish (pieces, limits, error) : NULL;
}
