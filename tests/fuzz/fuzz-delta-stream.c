/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a delta: the first byte says in what parts they come. Whole or in parts, the same
 * is understood. */
#include "delta/stream.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static gboolean
take_copy (uint64_t from, uint64_t length, gpointer user_data, GError **error)
{
  uint64_t *sum = user_data;

  g_assert (length > 0 && from + length > from);
  *sum = (*sum ^ from) * 31 + length;
  return TRUE;
}

static gboolean
take_literal (uint64_t length, gpointer user_data, GError **error)
{
  uint64_t *sum = user_data;

  g_assert (length > 0);
  *sum = *sum * 37 + length;
  return TRUE;
}

static uint64_t
understood (const uint8_t *data, gsize size, gsize part)
{
  uint64_t sum = 1;
  PsStreamTaker taker = { .copy = take_copy, .literal = take_literal, .user_data = &sum };
  PsStream stream;

  ps_stream_init (&stream, &taker);
  for (gsize at = 0; at < size; at += part)
    if (!ps_stream_feed (&stream, data + at, MIN (part, size - at), NULL))
      return sum + 1;
  return sum;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  if (size > 1)
    g_assert (understood (data + 1, size - 1, data[0] + 1u)
              == understood (data + 1, size - 1, size));
  return 0;
}
