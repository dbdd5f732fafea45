/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which bytes of a file here lie in the file there that a signature is of. Inside delta/ only. */
#pragma once

#include "delta/delta.h"
#include "delta/signature.h"

G_BEGIN_DECLS

/* Whole blocks of the signature's file: @there and @there + @length are ends of blocks. */
typedef struct
{
  uint64_t there; /* offset in the file that the signature is of */
  uint64_t here;  /* offset in the file that is open */
  uint64_t length;
} PsMatch;

typedef struct
{
  int fd;
  uint64_t size;
  uint64_t most_missed; /* NOT_WORTH as soon as more bytes of it are in no block; UINT64_MAX: never
                         */
  int64_t deadline_us;  /* as PsDeltaLimits */
  gboolean once; /* a block that was found somewhere need not be found again: it is not looked
                  * through byte by byte for the sake of a few */
  const PsSignature *known; /* (nullable) of the file itself: what it says need not be read */

  /* (nullable): told now and then, and at the end. @matches: (element-type PsMatch): none will
   * begin before @upto but those that are there; the last may still grow. */
  void (*decided) (const GArray *matches, uint64_t upto, gpointer user_data);
  gpointer user_data;
} PsMatchFile;

/**
 * ps_match_find:
 *
 * Returns: (transfer full) (element-type PsMatch): in ascending order of .here, none overlapping
 * another there; each in range of both files
 */
GArray *ps_match_find (const PsSignature *signature, const PsMatchFile *file,
                       GCancellable *cancellable, GError **error);

G_END_DECLS
