/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The matches say where blocks of the new file lie in the file here. A block that is several times
 * in the new file is matched only once; its likes are found by their equal sums. */
#include "delta/match.h"
#include "delta/pieces.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define NOWHERE UINT64_MAX
#define CHUNK (256 * 1024)

/* Where each block of the new file lies in the file here. */
typedef struct
{
  const PsSignature *signature;
  uint64_t *places;   /* NOWHERE, or an offset */
  guint n_taken;      /* matches that are in it, the last of which may have grown */
  PsDeltaFound found; /* (nullable) */
  gpointer user_data;
} Map;

static void
map_clear (Map *self)
{
  g_free (self->places);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Map, map_clear)

static void
map_init (Map *self, const PsSignature *signature)
{
  self->signature = signature;
  self->places = g_new (uint64_t, MAX (signature->n_blocks, 1)); /* an empty file has none */
  memset (self->places, 0xff, signature->n_blocks * sizeof *self->places);
}

static void
tell (const Map *self, const PsDeltaPiece *run)
{
  if (run->length > 0 && self->found != NULL)
    self->found (run, self->user_data);
}

/* Gives the blocks of @match that have none their places. */
static void
take_match (Map *self, const PsMatch *match)
{
  uint64_t block_length = self->signature->block_length;
  PsDeltaPiece run = { .copy = TRUE };

  for (uint64_t done = 0; done < match->length; done += block_length)
    {
      uint64_t at = match->there + done;
      uint64_t *place = &self->places[at / block_length];

      if (*place != NOWHERE)
        continue;
      *place = match->here + done;
      if (run.length == 0 || run.at + run.length != at)
        {
          tell (self, &run);
          run.from = *place;
          run.at = at;
          run.length = 0;
        }
      run.length += ps_signature_length_of (self->signature, at / block_length);
    }
  tell (self, &run);
}

static void
take_matches (const GArray *matches, uint64_t upto, gpointer user_data)
{
  Map *self = user_data;

  for (guint i = MAX (self->n_taken, 1) - 1; i < matches->len; i++)
    take_match (self, &g_array_index (matches, PsMatch, i));
  self->n_taken = matches->len;
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

/* Returns: the length of @fd, -1 with @error. */
static int64_t
length_of (int fd, GError **error)
{
  struct stat st;

  if (fstat (fd, &st) == 0)
    return (int64_t)st.st_size;
  g_set_error (error, PS_DELTA_ERROR, PS_DELTA_ERROR_FAILED, "Reading the file failed: %s",
               g_strerror (errno));
  return -1;
}

GArray *
ps_delta_download (GBytes *signature, uint64_t new_size, int fd, GBytes *known,
                   const PsDeltaLimits *limits, PsDeltaFound found, gpointer user_data,
                   GCancellable *cancellable, GError **error)
{
  PsSignature new_one, known_one;
  g_auto (Map) map = { .found = found, .user_data = user_data };
  PsMatchFile file = {
    .fd = fd,
    .most_missed = UINT64_MAX,
    .deadline_us = limits->deadline_us,
    .once = TRUE,
    .decided = take_matches,
    .user_data = &map,
  };
  g_autoptr (GArray) matches = NULL;
  int64_t length = length_of (fd, error);

  if (length < 0 || !ps_signature_parse (&new_one, signature, new_size, error))
    return NULL;
  file.size = (uint64_t)length;
  if (known != NULL && ps_signature_parse (&known_one, known, file.size, NULL))
    file.known = &known_one;
  map_init (&map, &new_one);
  matches = ps_match_find (&new_one, &file, cancellable, error);
  if (matches == NULL)
    return NULL;
  map_fill (&map);
  return map_pieces (&map, limits, error);
}

/* Compares @n blocks from @first on with what lies in their places. */
static gboolean
compare_blocks (const PsSignature *self, uint64_t first, uint64_t n, int fd, char *chunk,
                GByteArray *records, PsPieces *pieces, GError **error)
{
  uint64_t begin = first * self->block_length;
  gsize length = (gsize)MIN (n * self->block_length, self->size - begin);

  if (!ps_job_read (fd, chunk, length, begin, error))
    return FALSE;
  ps_signature_sum (self, chunk, length, records);
  for (uint64_t i = 0; i < n; i++)
    if (memcmp (records->data + i * PS_SIGNATURE_RECORD, ps_signature_record (self, first + i),
                PS_SIGNATURE_RECORD)
        == 0)
      ps_pieces_copy (pieces, begin + i * self->block_length, begin + i * self->block_length,
                      ps_signature_length_of (self, first + i));
  return TRUE;
}

GArray *
ps_delta_in_place (GBytes *signature, uint64_t size, int fd, GCancellable *cancellable,
                   GError **error)
{
  PsSignature self;
  PsDeltaLimits limits = { .worth = 1.0 };
  g_autoptr (PsPieces) pieces = ps_pieces_new (size);
  g_autoptr (GByteArray) records = g_byte_array_new ();
  g_autofree char *chunk = NULL;
  int64_t length = length_of (fd, error);
  uint64_t n_blocks, at_once;

  if (length < 0 || !ps_signature_parse (&self, signature, size, error))
    return NULL;
  n_blocks = (uint64_t)length >= size ? self.n_blocks : (uint64_t)length / self.block_length;
  at_once = MAX (CHUNK / self.block_length, 1);
  chunk = g_malloc (at_once * self.block_length);
  for (uint64_t first = 0; first < n_blocks; first += at_once)
    if (g_cancellable_set_error_if_cancelled (cancellable, error)
        || !compare_blocks (&self, first, MIN (at_once, n_blocks - first), fd, chunk, records,
                            pieces, error))
      return NULL;
  return ps_pieces_finish (pieces, &limits, error);
}
