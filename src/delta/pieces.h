/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A new file put together from pieces, from its beginning to its end. Inside delta/ only. */
#pragma once

#include "delta/delta.h"

G_BEGIN_DECLS

typedef struct PsPieces PsPieces;

PsPieces *ps_pieces_new (uint64_t size);
void ps_pieces_free (PsPieces *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsPieces, ps_pieces_free)

/* [@at, @at + @length) of the new file lies at @from of the old one. @at never goes back. */
void ps_pieces_copy (PsPieces *self, uint64_t at, uint64_t from, uint64_t length);

/* Returns: how far it is put together. */
uint64_t ps_pieces_end (const PsPieces *self);

/* All up to @upto that was not copied is new. Tells of what was not told yet. */
void ps_pieces_tell (PsPieces *self, uint64_t upto, PsDeltaFound found, gpointer user_data);

/* Returns: (transfer full) (element-type PsDeltaPiece): all pieces, what was not copied being new;
 * NULL with NOT_WORTH where that is more than @limits allow. */
GArray *ps_pieces_finish (PsPieces *self, const PsDeltaLimits *limits, GError **error);

/* Returns: how many of @size bytes may be new. */
uint64_t ps_pieces_most_new (const PsDeltaLimits *limits, uint64_t size);

G_END_DECLS
