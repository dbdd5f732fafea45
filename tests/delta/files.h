/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files in memory, edits of every kind, and a look at whether pieces make the new file. */
#pragma once

#include "delta/delta.h"

G_BEGIN_DECLS

/* Kinds of edits: what a person or a program does to a file. */
#define EDITS(X)                                                                                   \
  X (NONE, "none")                                                                                 \
  X (IN_PLACE, "in-place")                                                                         \
  X (SCATTERED, "scattered")                                                                       \
  X (APPEND, "append")                                                                             \
  X (PREPEND, "prepend")                                                                           \
  X (INSERT, "insert")                                                                             \
  X (REMOVE, "remove")                                                                             \
  X (TRUNCATE, "truncate")                                                                         \
  X (SWAP, "swap")                                                                                 \
  X (REPEAT, "repeat")                                                                             \
  X (ZEROS, "zeros")                                                                               \
  X (MIXED, "mixed")                                                                               \
  X (OTHER, "other")                                                                               \
  X (EMPTY, "empty")

#define EDIT_ENUM(id, name) EDIT_##id,
typedef enum
{
  EDITS (EDIT_ENUM) N_EDITS
} Edit;
#undef EDIT_ENUM

extern const char *const edit_names[];

/* Returns: (transfer full): @length random bytes by g_test_rand_int (). */
GByteArray *random_bytes (gsize length);

/* Returns: (transfer full): @old after an edit of that kind at random places. */
GByteArray *edited (const GByteArray *old, Edit edit);

/* Returns: an fd of a file without a name that holds @bytes. */
int file_of (const GByteArray *bytes);

/* Checks that the pieces are whole, in order, merged, and make @wanted, copies being taken from
 * @source. */
void assert_pieces_make (const GArray *pieces, const GByteArray *source, const GByteArray *wanted);

/* Returns: how many bytes are not copied. */
uint64_t new_bytes (const GArray *pieces);

G_END_DECLS
