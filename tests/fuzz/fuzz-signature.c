/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a signature, against a file of a fixed content: refused, or pieces of sound form.
 * The first four bytes are the size that the other file is said to have. */
#include "delta/delta.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LOCAL_SIZE 3000

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

/* Returns: an fd of the bytes 0, 1, 2, … with a stretch of zeros; made once. */
static int
local_file (void)
{
  static int fd = -1;
  uint8_t bytes[LOCAL_SIZE];

  if (fd >= 0)
    return fd;
  for (gsize i = 0; i < sizeof bytes; i++)
    bytes[i] = (uint8_t)(i * 7 + i / 256);
  memset (bytes + 1000, 0, 600);
  fd = memfd_create ("local", MFD_CLOEXEC);
  g_assert (fd >= 0 && write (fd, bytes, sizeof bytes) == sizeof bytes);
  return fd;
}

static void
assert_form (GArray *pieces, uint64_t source_size, uint64_t size)
{
  uint64_t at = 0;

  if (pieces == NULL)
    return;
  for (guint i = 0; i < pieces->len; i++)
    {
      const PsDeltaPiece *piece = &g_array_index (pieces, PsDeltaPiece, i);
      uint64_t room = piece->copy ? source_size : size;

      g_assert (piece->at == at && piece->length > 0);
      g_assert (piece->from <= room && piece->length <= room - piece->from);
      at += piece->length;
    }
  g_assert (at == size);
  g_array_unref (pieces);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const PsDeltaLimits limits = { .worth = 1.0 };
  g_autoptr (GBytes) signature = NULL;
  uint32_t there;

  if (size < sizeof there)
    return 0;
  memcpy (&there, data, sizeof there);
  there = GUINT32_FROM_BE (there) % 200000;
  signature = g_bytes_new (data + sizeof there, size - sizeof there);
  assert_form (ps_delta_upload (signature, there, local_file (), LOCAL_SIZE, &limits, NULL, NULL,
                                NULL, NULL),
               there, LOCAL_SIZE);
  assert_form (
      ps_delta_download (signature, there, local_file (), NULL, &limits, NULL, NULL, NULL, NULL),
      LOCAL_SIZE, there);
  return 0;
}
