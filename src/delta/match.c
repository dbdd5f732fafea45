/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Three looks, from cheap to dear, and as far as can be in the order of the file, so that what is
 * decided can be used while the rest is looked at:
 *
 * 1. along: is the block that comes next there what comes next here? It costs the sums of what it
 *    looks at, made by two threads (256 MiB: 0.25 s of a processor, 0.17 s of two; nothing where
 *    they are known), and stops after a stretch that matches nothing. Then the third look goes a
 *    little ahead: what was inserted or removed has shifted the rest, along which it goes on.
 * 2. backward: the same from the ends of both, where there was nothing near ahead.
 * 3. librsync's delta, byte by byte, of the gaps that are left: nineteen times as dear where it
 *    finds nothing (64 MiB: 1.2 s of a processor, and it can use but one), so it stops when it has
 *    found nearly nothing for long. */
#include "delta/match.h"

#include "delta/stream.h"

#include <string.h>

#define CHUNK (256 * 1024)
#define WINDOW (16 * 1024 * 1024) /* summed at once, by two threads; and copied at once */
#define STRETCH (4 * 1024 * 1024) /* without an equal block: 1 and 2 stop */
#define AHEAD (8 * 1024 * 1024)   /* 3 goes no further ahead of 1 */
#define PROBE (1024 * 1024)       /* of which it scans so much at once */
#define ASTRAY 8                  /* so often it may lead 1 to less than a stretch */
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
  uint64_t at;             /* all of the file before it is decided */
  uint64_t same;           /* bytes of it in matches */
  uint64_t passed;         /* before it, 3 has found nothing behind @at */
  uint64_t scanned, found; /* by 3 */
  gboolean *seen;          /* of each block, whether it is in a match */
  uint64_t unseen;         /* bytes in those that are in none */
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
  g_free (self->seen);
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

/* Appends the block @index, or makes the last match longer that ends where it begins on both sides.
 */
static void
add_block (Search *self, uint64_t index, uint64_t here)
{
  PsMatch match = { index * self->signature->block_length, here,
                    ps_signature_length_of (self->signature, index) };
  PsMatch *last = last_match (self);

  self->same += match.length;
  self->unseen -= self->seen[index] ? 0 : match.length;
  self->seen[index] = TRUE;
  if (last != NULL && last->here + last->length == here
      && last->there + last->length == match.there)
    last->length += match.length;
  else
    g_array_append_val (self->matches, match);
}

/* Returns: the number of a block that is equal to @index, if there is one that goes on where the
 * last match ended: long runs of equal blocks become one piece. */
static uint64_t
following_equal (Search *self, uint64_t index, uint64_t here)
{
  const PsSignature *signature = self->signature;
  const PsMatch *last = last_match (self);
  uint64_t next;

  if (last == NULL || last->here + last->length != here)
    return index;
  next = (last->there + last->length) / signature->block_length;
  if (next >= signature->n_blocks
      || ps_signature_length_of (signature, next) != ps_signature_length_of (signature, index))
    return index;
  return memcmp (ps_signature_record (signature, next), ps_signature_record (signature, index),
                 PS_SIGNATURE_RECORD)
                 == 0
             ? next
             : index;
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

static gboolean
take_literal (uint64_t length, gpointer user_data, GError **error)
{
  Gap *gap = user_data;
  Search *self = gap->search;

  gap->at += length;
  self->scanned += length;
  return TRUE;
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

      add_block (gap->search, following_equal (gap->search, index, gap->at + done), gap->at + done);
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

/* All before @upto is decided. */
static gboolean
decide (Search *self, uint64_t upto, GError **error)
{
  self->at = upto;
  if (self->file->decided != NULL)
    self->file->decided (self->matches, upto, self->file->user_data);
  if (upto - self->same <= self->file->most_missed)
    return TRUE;
  g_set_error_literal (error, PS_DELTA_ERROR, PS_DELTA_ERROR_NOT_WORTH,
                       "Too little of the file is the same");
  return FALSE;
}

/* The third look, at [start, end). @last: nobody looks at that again, so it is decided as it goes.
 */
static gboolean
scan (Search *self, uint64_t start, uint64_t end, gboolean last, GError **error)
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
      if (last && !decide (self, gap.at, error))
        return FALSE;
    }
  return TRUE;
}

/* Whether what may still be found is worth a look byte by byte at @length bytes. */
static gboolean
is_scan_worth (const Search *self, uint64_t length)
{
  return !seems_vain (self) && (!self->file->once || self->unseen >= length / SCAN_WORTH);
}

/* Decides all up to @end. */
static gboolean
scan_gap (Search *self, uint64_t end, GError **error)
{
  const PsSignature *signature = self->signature;
  uint64_t shortest = ps_signature_length_of (signature, signature->n_blocks - 1);
  uint64_t start = MAX (self->at, self->passed);

  if (end > start && end - start >= shortest && is_scan_worth (self, end - start)
      && !scan (self, start, end, TRUE, error))
    return FALSE;
  self->at = end;
  return TRUE;
}

/* The block @index lies at @here, and what is before that is no longer looked for by others. */
static gboolean
take_block (Search *self, uint64_t index, uint64_t here, GError **error)
{
  if (!scan_gap (self, here, error))
    return FALSE;
  add_block (self, index, here);
  self->at = here + ps_signature_length_of (self->signature, index);
  return TRUE;
}

/* Returns: how many blocks from @first on the file has room for from @here on. */
static uint64_t
count_blocks (const Search *self, uint64_t first, uint64_t here)
{
  const PsSignature *signature = self->signature;
  uint64_t room = self->file->size - here;

  if (room >= signature->size - MIN (first * signature->block_length, signature->size))
    return signature->n_blocks - first;
  return room / signature->block_length;
}

/* The first look: at the blocks from @first on, as if they lay from @here on. */
static gboolean
look_along (Search *self, uint64_t first, uint64_t here, GError **error)
{
  const PsSignature *signature = self->signature;
  uint64_t missed = 0, n;

  while (missed < STRETCH && (n = MIN (self->blocks_at_once, count_blocks (self, first, here))) > 0)
    {
      if (!sum_blocks (self, first, n, here, error))
        return FALSE;
      for (uint64_t i = 0; i < n; i++)
        {
          missed = is_same (self, first + i, i) ? 0 : missed + signature->block_length;
          if (missed == 0
              && !take_block (self, first + i, here + i * signature->block_length, error))
            return FALSE;
        }
      if (!decide (self, self->at, error))
        return FALSE;
      first += n;
      here += n * signature->block_length;
    }
  return TRUE;
}

/* Looks a little ahead for the next block, wherever it lay. Sets *@found, and *@first and *@here to
 * what follows it. */
static gboolean
look_ahead (Search *self, gboolean *found, uint64_t *first, uint64_t *here, GError **error)
{
  const PsSignature *signature = self->signature;
  uint64_t before = self->found, end = MIN (self->file->size, self->at + AHEAD);
  const PsMatch *last;

  for (uint64_t from = self->at;
       from < end && self->found == before && is_scan_worth (self, end - from); from = self->passed)
    {
      uint64_t upto = MIN (from + MAX (PROBE, 2 * signature->block_length), end);

      if (!scan (self, from, upto, FALSE, error))
        return FALSE;
      self->passed = upto == end ? end : upto - signature->block_length + 1;
    }
  *found = self->found > before;
  if (!*found)
    return TRUE;
  last = last_match (self);
  *here = last->here + last->length;
  *first = (last->there + last->length + signature->block_length - 1) / signature->block_length;
  return decide (self, *here, error);
}

/* The first look and what leads it on. */
static gboolean
look_forward (Search *self, GError **error)
{
  uint64_t first = 0, here = 0;
  gboolean goes_on = TRUE;

  for (guint astray = 0; goes_on && astray < ASTRAY;)
    {
      if (!look_along (self, first, here, error))
        return FALSE;
      if (self->at < here + STRETCH)
        astray++;
      if (!look_ahead (self, &goes_on, &first, &here, error))
        return FALSE;
    }
  return TRUE;
}

/* Takes what look_backward () found, which is in descending order. */
static gboolean
take_reversed (Search *self, const GArray *blocks, GError **error)
{
  uint64_t block_length = self->signature->block_length;

  for (guint i = blocks->len; i > 0; i--)
    {
      uint64_t index = g_array_index (blocks, uint64_t, i - 1);

      if (!take_block (self, index, index * block_length + self->file->size - self->signature->size,
                       error))
        return FALSE;
    }
  return TRUE;
}

/* The second look: down to what is decided. */
static gboolean
look_backward (Search *self, GError **error)
{
  const PsSignature *signature = self->signature;
  int64_t shift = (int64_t)self->file->size - (int64_t)signature->size;
  int64_t floor = (int64_t)self->at - shift;
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
  return take_reversed (self, blocks, error);
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
    .seen = g_new0 (gboolean, signature->n_blocks),
    .unseen = signature->size,
  };

  if (signature->n_blocks > 0 && file->size > 0
      && (!look_forward (&search, error) || !look_backward (&search, error)
          || !scan_gap (&search, file->size, error)))
    return NULL;
  if (!decide (&search, file->size, error))
    return NULL;
  return g_steal_pointer (&search.matches);
}
