/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a whole block of the new file is a whole block of the old one, their sums are the same. */
#include "delta/delta.h"
#include "delta/signature.h"

#define CHUNK (256 * 1024)
#define LIKE 2 /* how far from the advice the old block length may be */

/* Walks the blocks of the new file. */
typedef struct
{
  const PsSignature *old;
  PsSignature new_one; /* of its layout only */
  const GArray *pieces;
  guint piece; /* the one in which the present block begins */
} Walk;

/* Returns: (nullable): the record of block @index where it follows from the old signature. */
static const uint8_t *
known_record (Walk *self, uint64_t index)
{
  uint64_t at = index * self->new_one.block_length;
  gsize length = ps_signature_length_of (&self->new_one, index);
  const PsDeltaPiece *piece = &g_array_index (self->pieces, PsDeltaPiece, self->piece);
  uint64_t from;

  while (at >= piece->at + piece->length)
    piece = &g_array_index (self->pieces, PsDeltaPiece, ++self->piece);
  from = piece->from + (at - piece->at);
  if (!piece->copy || at + length > piece->at + piece->length || from % self->old->block_length != 0
      || ps_signature_length_of (self->old, from / self->old->block_length) != length)
    return NULL;
  return ps_signature_record (self->old, from / self->old->block_length);
}

/* Appends the records of the @n blocks before @end. */
static gboolean
sum_blocks (const Walk *self, uint64_t end, uint64_t n, int fd, GByteArray *out, GError **error)
{
  uint64_t begin = (end - n) * self->new_one.block_length;
  gsize length = (gsize)((n - 1) * self->new_one.block_length)
                 + ps_signature_length_of (&self->new_one, end - 1);
  g_autofree char *chunk = g_malloc (length);
  g_autoptr (GByteArray) records = g_byte_array_new ();

  if (!ps_job_read (fd, chunk, length, begin, error))
    return FALSE;
  ps_signature_sum (&self->new_one, chunk, length, records);
  g_byte_array_append (out, records->data, records->len);
  return TRUE;
}

static gboolean
derive (Walk *self, int fd, GByteArray *out, GCancellable *cancellable, GError **error)
{
  uint64_t at_once = MAX (CHUNK / self->new_one.block_length, 1), unknown = 0;

  for (uint64_t i = 0; i < self->new_one.n_blocks; i++)
    {
      const uint8_t *record = known_record (self, i);

      if (record == NULL)
        unknown++;
      if (unknown > 0 && (record != NULL || unknown == at_once || i + 1 == self->new_one.n_blocks))
        {
          if (g_cancellable_set_error_if_cancelled (cancellable, error)
              || !sum_blocks (self, record != NULL ? i : i + 1, unknown, fd, out, error))
            return FALSE;
          unknown = 0;
        }
      if (record != NULL)
        g_byte_array_append (out, record, PS_SIGNATURE_RECORD);
    }
  return TRUE;
}

GBytes *
ps_signature_derive (GBytes *signature, uint64_t old_size, const GArray *pieces, int fd,
                     uint64_t size, GCancellable *cancellable, GError **error)
{
  PsSignature old;
  Walk walk = { .old = &old, .pieces = pieces };
  gsize advice = ps_signature_block_length (size);
  g_autoptr (GByteArray) out = g_byte_array_new ();

  if (!ps_signature_parse (&old, signature, old_size, error))
    return NULL;
  if (size == 0 || old.block_length > advice * LIKE || old.block_length < advice / LIKE)
    return ps_signature_of_fd (fd, size, cancellable, error);
  walk.new_one = old;
  walk.new_one.size = size;
  walk.new_one.n_blocks = (size - 1) / old.block_length + 1;
  g_byte_array_append (out, old.bytes, PS_SIGNATURE_HEAD);
  if (!derive (&walk, fd, out, cancellable, error))
    return NULL;
  return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}
