/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "delta/match.h"
#include "delta/pieces.h"

GArray *
ps_delta_upload (GBytes *signature, uint64_t old_size, int fd, uint64_t size,
                 const PsDeltaLimits *limits, GCancellable *cancellable, GError **error)
{
  PsSignature old;
  PsMatchFile file = {
    .fd = fd,
    .size = size,
    .most_missed = ps_pieces_most_new (limits, size),
    .deadline_us = limits->deadline_us,
  };
  g_autoptr (GArray) matches = NULL;
  g_autoptr (PsPieces) pieces = ps_pieces_new (size);

  if (!ps_signature_parse (&old, signature, old_size, error))
    return NULL;
  matches = ps_match_find (&old, &file, cancellable, error);
  if (matches == NULL)
    return NULL;
  for (guint i = 0; i < matches->len; i++)
    {
      const PsMatch *match = &g_array_index (matches, PsMatch, i);

      ps_pieces_copy (pieces, match->here, match->there, match->length);
    }
  return ps_pieces_finish (pieces, limits, error);
}
