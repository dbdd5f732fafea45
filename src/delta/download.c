/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The matches say where blocks of the new file lie in the file here. A block that is several times
 * in the new file is matched only once; its likes are found by their equal sums. */
#include "delta/match.h"
#include "delta/pieces.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define NOWHERE UINT64_MAX

/* Where each block of the new file lies in the file here. */
typedef struct
{
  const PsSignature *signature;
  uint64_t *places; /* NOWHERE, or an offset */
} Map;

static void
map_clear (Map *self)
{
  g_free (self->places);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Map, map_clear)

static void
map_init (Map *self, const PsSignature *signature, const GArray *matches)
{
  self->signature = signature;
  self->places = g_new (uint64_t, MAX (signature->n_blocks, 1)); /* an empty file has none */
  memset (self->places, 0xff, signature->n_blocks * sizeof *self->places);
  for (guint i = 0; i < matches->len; i++)
    {
      const PsMatch *match = &g_array_index (matches, PsMatch, i);

      for (uint64_t done = 0; done < match->length; done += signature->block_length)
        {
          uint64_t *place = &self->places[(match->there + done) / signature->block_length];

          if (*place == NOWHERE)
            *place = match->here + done;
        }
    }
}

static guint
hash_record (gconstpointer record)
{
  guint hash;

  /* The strong sum is as good a hash as any. */
  memcpy (&hash, (const uint8_t *)record + 4, sizeof hash);
  return hash;
}

static gboolean
equal_records (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, PS_SIGNATURE_RECORD) == 0;
}

/* Gives every block without a place that of an equal one; the last block may be shorter, and then
 * has no equal. */
static void
map_fill (Map *self)
{
  const PsSignature *signature = self->signature;
  g_autoptr (GHashTable) by_record /* (element-type record place) borrowed */
      = g_hash_table_new (hash_record, equal_records);
  uint64_t n_whole = signature->size / signature->block_length;

  for (uint64_t i = 0; i < n_whole; i++)
    if (self->places[i] != NOWHERE)
      g_hash_table_insert (by_record, (gpointer)ps_signature_record (signature, i),
                           &self->places[i]);
  for (uint64_t i = 0; i < n_whole; i++)
    if (self->places[i] == NOWHERE)
      {
        const uint64_t *place = g_hash_table_lookup (by_record, ps_signature_record (signature, i));

        if (place != NULL)
          self->places[i] = *place;
      }
}

static GArray *
map_pieces (const Map *self, const PsDeltaLimits *limits, GError **error)
{
  const PsSignature *signature = self->signature;
  g_autoptr (PsPieces) pieces = ps_pieces_new (signature->size);

  for (uint64_t i = 0; i < signature->n_blocks; i++)
    if (self->places[i] != NOWHERE)
      ps_pieces_copy (pieces, i * signature->block_length, self->places[i],
                      ps_signature_length_of (signature, i));
  return ps_pieces_finish (pieces, limits, error);
}

GArray *
ps_delta_download (GBytes *signature, uint64_t new_size, int fd, const PsDeltaLimits *limits,
                   GCancellable *cancellable, GError **error)
{
  PsSignature new_one;
  PsMatchFile file = { .fd = fd, .most_missed = UINT64_MAX, .deadline_us = limits->deadline_us };
  g_autoptr (GArray) matches = NULL;
  g_auto (Map) map = { 0 };
  struct stat st;

  if (!ps_signature_parse (&new_one, signature, new_size, error))
    return NULL;
  if (fstat (fd, &st) != 0)
    {
      g_set_error (error, PS_DELTA_ERROR, PS_DELTA_ERROR_FAILED, "Reading the file failed: %s",
                   g_strerror (errno));
      return NULL;
    }
  file.size = (uint64_t)st.st_size;
  matches = ps_match_find (&new_one, &file, cancellable, error);
  if (matches == NULL)
    return NULL;
  map_init (&map, &new_one, matches);
  map_fill (&map);
  return map_pieces (&map, limits, error);
}
