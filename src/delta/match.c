/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Three looks, from cheap to dear:
 *
 * 1. forward: is the block of the same place the same? Finds appends, truncations, edits in place.
 * 2. backward: the same, counted from the ends. Finds what an insertion or a removal has shifted.
 *    Both cost one hashing of what they look at, and stop after a stretch that matches nothing.
 * 3. librsync's delta, byte by byte, of the gaps that are left: six to ten times dearer where
 *    nothing is found, so it stops when it has found nearly nothing for long. */
#include "delta/match.h"

#include "delta/stream.h"

#include <string.h>

#define CHUNK (256 * 1024)
#define WINDOW (8 * 1024 * 1024)  /* summed at once, by two threads */
#define STRETCH (4 * 1024 * 1024) /* without an equal block: 1 and 2 stop */
#define TRIAL (64 * 1024 * 1024)  /* after so much with less than a tenth found: 3 stops */
#define TRIAL_PART 10
#define SCAN_WORTH 32 /* bytes scanned for one that might be found: as dear as to fetch it */

typedef struct
{
  const PsSignature *signature;
  const PsMatchFile *file;
  GCancellable *cancellable;
  uint64_t blocks_at_once;
  char *chunk;
  GByteArray *records;     /* of the blocks that were summed last */
  GArray *matches;         /* (element-type PsMatch) */
  rs_signature_t *sums;    /* (nullable) until 3 needs it */
  uint64_t scanned, found; /* by 3 */
} Search;

/* One run of librsync over a gap. */
typedef struct
{
  Search *search;
  uint64_t at; /* how far what it said reaches in the file */
} Gap;

static void
search_clear (Search *self)
{
  g_free (self->chunk);
  g_byte_array_unref (self->records);
  g_clear_pointer (&self->matches, g_array_unref);
  g_clear_pointer (&self->sums, rs_free_sumset);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Search, search_clear)

static gboolean
may_go_on (Search *self, GError **error)
{
  if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
    return FALSE;
  if (self->file->deadline_us == 0 || g_get_monotonic_time () < self->file->deadline_us)
    return TRUE;
  g_set_error_literal (error, PS_DELTA_ERROR, PS_DELTA_ERROR_NOT_WORTH,
                       "Comparing takes longer than sending the file");
  return FALSE;
}

static PsMatch *
last_match (Search *self)
{
  return self->matches->len > 0 ? &g_array_index (self->matches, PsMatch, self->matches->len - 1)
                                : NULL;
}

/* Appends one block. Of several equal blocks the one is taken that goes on where the last match
 * ended: long runs of equal blocks become one piece. */
static void
add_block (Search *self, uint64_t index, uint64_t here)
{
  const PsSignature *signature = self->signature;
  uint64_t length = ps_signature_length_of (signature, index);
  PsMatch *last = last_match (self);
  PsMatch match = { index * signature->block_length, here, length };

  if (last != NULL && last->here + last->length == here)
    {
      uint64_t next = (last->there + last->length) / signature->block_length;

      if (next < signature->n_blocks && ps_signature_length_of (signature, next) == length
          && memcmp (ps_signature_record (signature, next), ps_signature_record (signature, index),
                     PS_SIGNATURE_RECORD)
                 == 0)
        {
          last->length += length;
          return;
        }
    }
  g_array_append_val (self->matches, match);
}

/* The same from what is known of the file. Returns: whether that is enough. */
static gboolean
take_known (Search *self, uint64_t first, uint64_t n, uint64_t here)
{
  const PsSignature *known = self->file->known;
  gsize block_length = self->signature->block_length;
  uint64_t at = here / block_length;

  if (known == NULL || known->block_length != block_length || here % block_length != 0
      || at + n > known->n_blocks
      || ps_signature_length_of (known, at + n - 1)
             != ps_signature_length_of (self->signature, first + n - 1))
    return FALSE;
  g_byte_array_set_size (self->records, 0);
  g_byte_array_append (self->records, ps_signature_record (known, at),
                       (guint)(n * PS_SIGNATURE_RECORD));
  return TRUE;
}

/* Blocks to be summed, as if the first lay at @here. */
typedef struct
{
  Search *search;
  uint64_t first, n, here;
  GByteArray *records; /* of them */
  GError *error;
} Part;

static void
part_clear (Part *self)
{
  g_byte_array_unref (self->records);
  g_clear_error (&self->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Part, part_clear)

/* Any thread. Returns: NULL when @data, a Part, has an error. */
static gpointer
sum_part (gpointer data)
{
  Part *self = data;
  Search *search = self->search;
  const PsSignature *signature = search->signature;
  uint64_t at_once = MAX (CHUNK / signature->block_length, 1);
  g_autofree char *chunk = g_malloc (at_once * signature->block_length);
  g_autoptr (GByteArray) records = g_byte_array_new ();

  for (uint64_t done = 0; done < self->n; done += at_once)
    {
      uint64_t last = self->first + MIN (done + at_once, self->n) - 1;
      gsize length = (gsize)((last - self->first - done) * signature->block_length)
                     + ps_signature_length_of (signature, last);

      if (!may_go_on (search, &self->error)
          || !ps_job_read (search->file->fd, chunk, length,
                           self->here + done * signature->block_length, &self->error))
        return NULL;
      ps_signature_sum (signature, chunk, length, records);
      g_byte_array_append (self->records, records->data, records->len);
    }
  return self;
}

/* Sums the blocks [first, first + n), half of them in another thread. */
static gboolean
sum_blocks (Search *self, uint64_t first, uint64_t n, uint64_t here, GError **error)
{
  uint64_t half = n - n / 2;
  g_auto (Part) front = { self, first, half, here, g_byte_array_new (), NULL };
  g_auto (Part) back = {
    self, first + half, n - half, here + half * self->signature->block_length, g_byte_array_new (),
    NULL
  };
  GThread *thread;
  gpointer front_done, back_done;

  if (take_known (self, first, n, here))
    return may_go_on (self, error);
  thread = g_thread_new ("delta", sum_part, &back);
  front_done = sum_part (&front);
  back_done = g_thread_join (thread);
  if (front_done == NULL || back_done == NULL)
    {
      GError **failed = front_done == NULL ? &front.error : &back.error;

      g_propagate_error (error, g_steal_pointer (failed));
      return FALSE;
    }
  g_byte_array_set_size (self->records, 0);
  g_byte_array_append (self->records, front.records->data, front.records->len);
  g_byte_array_append (self->records, back.records->data, back.records->len);
  return TRUE;
}

/* Returns: whether the block @index is the same as the @nth of those just summed. */
static gboolean
is_same (Search *self, uint64_t index, uint64_t nth)
{
  return memcmp (ps_signature_record (self->signature, index),
                 self->records->data + nth * PS_SIGNATURE_RECORD, PS_SIGNATURE_RECORD)
         == 0;
}

/* The first look. Sets *@whole when it went to the end. */
static gboolean
look_forward (Search *self, gboolean *whole, GError **error)
{
  const PsSignature *signature = self->signature;
  uint64_t n_blocks = self->file->size >= signature->size
                          ? signature->n_blocks
                          : self->file->size / signature->block_length;
  uint64_t missed = 0;

  for (uint64_t first = 0; first < n_blocks && missed < STRETCH;)
    {
      uint64_t n = MIN (self->blocks_at_once, n_blocks - first);

      if (!sum_blocks (self, first, n, first * signature->block_length, error))
        return FALSE;
      for (uint64_t i = 0; i < n; i++)
        if (is_same (self, first + i, i))
          {
            add_block (self, first + i, (first + i) * signature->block_length);
            missed = 0;
          }
        else
          missed += signature->block_length;
      first += n;
    }
  *whole = missed < STRETCH;
  return TRUE;
}

/* Appends what look_backward () found, which is in descending order. */
static void
add_reversed (Search *self, GArray *blocks)
{
  for (guint i = blocks->len; i > 0; i--)
    {
      uint64_t index = g_array_index (blocks, uint64_t, i - 1);

      add_block (self, index,
                 index * self->signature->block_length + self->file->size - self->signature->size);
    }
}

/* The second look: down to where the first has found something. */
static gboolean
look_backward (Search *self, GError **error)
{
  const PsSignature *signature = self->signature;
  const PsMatch *last = last_match (self);
  int64_t shift = (int64_t)self->file->size - (int64_t)signature->size;
  int64_t floor = (last != NULL ? (int64_t)(last->here + last->length) : 0) - shift;
  uint64_t lowest = floor > 0 ? ((uint64_t)floor - 1) / signature->block_length + 1 : 0; /* block */
  uint64_t missed = 0, end = signature->n_blocks;
  g_autoptr (GArray) blocks = g_array_new (FALSE, FALSE, sizeof (uint64_t));

  while (end > lowest && missed < STRETCH)
    {
      uint64_t n = MIN (self->blocks_at_once, end - lowest);
      uint64_t first = end - n;

      if (!sum_blocks (self, first, n, first * signature->block_length + (uint64_t)shift, error))
        return FALSE;
      for (uint64_t index = end; index > first; index--)
        {
          uint64_t block = index - 1;

          missed = is_same (self, block, block - first) ? 0 : missed + signature->block_length;
          if (missed == 0)
            g_array_append_val (blocks, block);
        }
      end = first;
    }
  add_reversed (self, blocks);
  return TRUE;
}

static gboolean
not_worth (GError **error)
{
  g_set_error_literal (error, PS_DELTA_ERROR, PS_DELTA_ERROR_NOT_WORTH,
                       "Too little of the file is the same");
  return FALSE;
}

static gboolean
take_literal (uint64_t length, gpointer user_data, GError **error)
{
  Gap *gap = user_data;
  Search *self = gap->search;

  gap->at += length;
  self->scanned += length;
  return self->scanned - self->found <= self->file->most_missed || not_worth (error);
}

static gboolean
take_copy (uint64_t from, uint64_t length, gpointer user_data, GError **error)
{
  Gap *gap = user_data;
  const PsSignature *signature = gap->search->signature;

  if (from % signature->block_length != 0 || from > signature->size
      || length > signature->size - from
      || ((from + length) % signature->block_length != 0 && from + length != signature->size))
    {
      g_set_error_literal (error, PS_DELTA_ERROR, PS_DELTA_ERROR_DAMAGED,
                           "The signature is damaged: it has a block where there can be none");
      return FALSE;
    }
  for (uint64_t done = 0; done < length;)
    {
      uint64_t index = (from + done) / signature->block_length;

      add_block (gap->search, index, gap->at + done);
      done += ps_signature_length_of (signature, index);
    }
  gap->at += length;
  gap->search->scanned += length;
  gap->search->found += length;
  return TRUE;
}

static gboolean
feed_stream (const uint8_t *data, gsize length, gpointer user_data, GError **error)
{
  return ps_stream_feed (user_data, data, length, error);
}

static gboolean
seems_vain (const Search *self)
{
  return self->scanned >= TRIAL && self->found < self->scanned / TRIAL_PART;
}

/* The third look, at [start, end). */
static gboolean
scan_gap (Search *self, uint64_t start, uint64_t end, GError **error)
{
  Gap gap = { .search = self, .at = start };
  PsStreamTaker taker = { .copy = take_copy, .literal = take_literal, .user_data = &gap };
  PsStream stream;
  g_autoptr (rs_job_t) job = NULL;

  if (self->sums == NULL)
    self->sums = ps_signature_load (self->signature, error);
  if (self->sums == NULL)
    return FALSE;
  job = rs_delta_begin (self->sums);
  ps_stream_init (&stream, &taker);
  for (uint64_t at = start; at < end && !seems_vain (self);)
    {
      gsize length = (gsize)MIN (end - at, CHUNK);

      if (!may_go_on (self, error) || !ps_job_read (self->file->fd, self->chunk, length, at, error)
          || !ps_job_feed (job, self->chunk, length, at + length == end, feed_stream, &stream,
                           error))
        return FALSE;
      at += length;
    }
  return TRUE;
}

/* Scans the gaps between the @known matches, which find their places among the new ones. */
static gboolean
scan_gaps (Search *self, GArray *known, GError **error)
{
  const PsSignature *signature = self->signature;
  uint64_t shortest = ps_signature_length_of (signature, signature->n_blocks - 1);
  uint64_t at = 0;

  for (guint i = 0; i <= known->len; i++)
    {
      const PsMatch *match = i < known->len ? &g_array_index (known, PsMatch, i) : NULL;
      uint64_t end = match != NULL ? match->here : self->file->size;

      if (end - at >= shortest && end > at && !seems_vain (self)
          && !scan_gap (self, at, end, error))
        return FALSE;
      if (match != NULL)
        {
          g_array_append_vals (self->matches, match, 1);
          at = match->here + match->length;
        }
    }
  return TRUE;
}

/* Whether what no match has yet is worth a look byte by byte at all that lies between them. */
static gboolean
is_scan_worth (const Search *self)
{
  const PsSignature *signature = self->signature;
  g_autofree gboolean *found = g_new0 (gboolean, signature->n_blocks);
  uint64_t gaps = self->file->size, missing = signature->size;

  for (guint i = 0; i < self->matches->len; i++)
    {
      const PsMatch *match = &g_array_index (self->matches, PsMatch, i);

      gaps -= match->length;
      for (uint64_t at = match->there; at < match->there + match->length;)
        {
          uint64_t block = at / signature->block_length;
          uint64_t length = ps_signature_length_of (signature, block);

          missing -= found[block] ? 0 : length;
          found[block] = TRUE;
          at += length;
        }
    }
  return missing >= gaps / SCAN_WORTH;
}

GArray *
ps_match_find (const PsSignature *signature, const PsMatchFile *file, GCancellable *cancellable,
               GError **error)
{
  g_auto (Search) search = {
    .signature = signature,
    .file = file,
    .cancellable = cancellable,
    .blocks_at_once = MAX (WINDOW / signature->block_length, 1),
    .chunk = g_malloc (CHUNK),
    .records = g_byte_array_new (),
    .matches = g_array_new (FALSE, FALSE, sizeof (PsMatch)),
  };
  g_autoptr (GArray) known = NULL;
  gboolean whole;

  if (signature->n_blocks == 0 || file->size == 0)
    return g_steal_pointer (&search.matches);
  if (!look_forward (&search, &whole, error))
    return NULL;
  if ((file->size != signature->size || !whole) && !look_backward (&search, error))
    return NULL;
  if (file->once && !is_scan_worth (&search))
    return g_steal_pointer (&search.matches);
  known = g_steal_pointer (&search.matches);
  search.matches = g_array_new (FALSE, FALSE, sizeof (PsMatch));
  if (!scan_gaps (&search, known, error))
    return NULL;
  return g_steal_pointer (&search.matches);
}
