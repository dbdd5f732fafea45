/* SPDX-License-Identifier: GPL-3.0-or-later */
/* librsync's delta format, taken apart as it comes. What literals hold is skipped: it lies in the
 * file that the delta was made from. Inside delta/ only. */
#pragma once

#include <gio/gio.h>
#include <stdint.h>

G_BEGIN_DECLS

typedef struct
{
  /* The next @length bytes are those at @from of the file that the signature is of. */
  gboolean (*copy) (uint64_t from, uint64_t length, gpointer user_data, GError **error);
  /* The next @length bytes are in no block of it. */
  gboolean (*literal) (uint64_t length, gpointer user_data, GError **error);
  gpointer user_data;
} PsStreamTaker;

typedef struct
{
  PsStreamTaker taker;
  uint8_t pending[1 + 8 + 8]; /* the command or magic that is not complete yet */
  gsize n_pending;
  uint64_t skip; /* bytes of a literal that are still to come */
  gboolean began, ended;
} PsStream;

void ps_stream_init (PsStream *self, const PsStreamTaker *taker);

/* Takes the next bytes, however they are cut. PS_DELTA_ERROR_DAMAGED where it is no delta. */
gboolean ps_stream_feed (PsStream *self, const uint8_t *data, gsize length,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
