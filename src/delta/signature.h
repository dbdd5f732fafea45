/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A signature as librsync writes it, looked at in place. Inside delta/ only.
 *
 * Twelve bytes of head (magic, block length, length of a strong sum; big-endian), then for every
 * block of the file its weak sum (4 bytes) and its strong one. The last block may be short. */
#pragma once

#include "delta/job.h"

G_BEGIN_DECLS

typedef struct
{
  const uint8_t *bytes; /* borrowed: all of it */
  gsize length;
  uint64_t size; /* of the file it is of */
  gsize block_length;
  uint64_t n_blocks;
} PsSignature;

#define PS_SIGNATURE_HEAD 12
#define PS_SIGNATURE_STRONG 12
#define PS_SIGNATURE_RECORD (4 + PS_SIGNATURE_STRONG)

/* Returns: librsync's advice for a file of @size bytes. */
gsize ps_signature_block_length (uint64_t size);

/* Checks that @bytes can be a signature of a file of @size bytes: everything that librsync itself
 * takes on trust. PS_DELTA_ERROR_DAMAGED. */
gboolean ps_signature_parse (PsSignature *self, GBytes *bytes, uint64_t size,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: the sums of block @index: PS_SIGNATURE_RECORD bytes. */
const uint8_t *ps_signature_record (const PsSignature *self, uint64_t index);

/* Returns: the length of the block @index: the block length, or what is left at the end. */
gsize ps_signature_length_of (const PsSignature *self, uint64_t index);

/* Returns: (transfer full): @self as librsync's table, ready for rs_delta_begin (). Not for a
 * signature without blocks. */
rs_signature_t *ps_signature_load (const PsSignature *self, GError **error);

/* Sets @records to the sums of the blocks that @data begins with, each of the block length but the
 * last, which ends where @data does. */
void ps_signature_sum (const PsSignature *self, const void *data, gsize length,
                       GByteArray *records);

G_END_DECLS
