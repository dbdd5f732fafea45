/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fills a new file with what is here already. Runs in a thread; a second one copies what that has
 * found while it looks on. */
#include "engine/reuse-private.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK (1024 * 1024)
#define STEP (16 * CHUNK) /* bytes that are copied before others hear of it */
#define AHEAD (4 * CHUNK) /* bytes that are copied in one go while the rest is looked for */

static gboolean
fail (GError **error, const char *doing, int number)
{
  g_set_error (error, PS_DELTA_ERROR, PS_DELTA_ERROR_FAILED, "%s failed: %s", doing,
               g_strerror (number));
  return FALSE;
}

/* Reads and writes one stretch, for where the kernel cannot copy by itself. */
static gboolean
copy_by_hand (int source, uint64_t from, int target, uint64_t at, gsize length, GError **error)
{
  g_autofree char *buffer = g_malloc (length);

  for (gsize done = 0; done < length;)
    {
      ssize_t got = pread (source, buffer, length - done, (off_t)(from + done));

      if (got <= 0)
        return fail (error, "Reading a local file", got < 0 ? errno : EIO);
      for (ssize_t wrote = 0; wrote < got;)
        {
          ssize_t n = pwrite (target, buffer + wrote, (size_t)(got - wrote),
                              (off_t)(at + done + (uint64_t)wrote));

          if (n <= 0)
            return fail (error, "Writing a local file", n < 0 ? errno : EIO);
          wrote += n;
        }
      done += (gsize)got;
    }
  return TRUE;
}

/* Has the disk begin to write a long stretch at once: while the rest is compared and summed up it
 * has nothing else to do, and in the end all has to be there. */
static gboolean
copy (const PsFill *self, uint64_t from, uint64_t at, uint64_t length, GCancellable *cancellable,
      GError **error)
{
  uint64_t begin = at;

  while (length > 0)
    {
      off_t in = (off_t)from, out = (off_t)at;
      gsize step = (gsize)MIN (length, CHUNK);
      ssize_t copied;

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      copied = copy_file_range (self->source, &in, self->target, &out, step, 0);
      if (copied <= 0)
        {
          if (!copy_by_hand (self->source, from, self->target, at, step, error))
            return FALSE;
          copied = (ssize_t)step;
        }
      from += (uint64_t)copied;
      at += (uint64_t)copied;
      length -= (uint64_t)copied;
    }
  if (at - begin >= CHUNK)
    (void)sync_file_range (self->target, (off_t)begin, (off_t)(at - begin), SYNC_FILE_RANGE_WRITE);
  return TRUE;
}

/* --- Copied while the rest is looked for --- */

typedef struct
{
  const PsFill *fill;
  GCancellable *cancellable;
  GAsyncQueue *found; /* (element-type PsDeltaPiece), the last of no length */
  GArray *copied;     /* (element-type PsDeltaPiece) */
  GThread *thread;
} Ahead;

/* In a thread of its own. What cannot be copied is tried again later, by who can tell of it. */
static gpointer
copy_ahead (gpointer data)
{
  Ahead *self = data;

  while (TRUE)
    {
      g_autofree PsDeltaPiece *piece = g_async_queue_pop (self->found);

      if (piece->length == 0)
        return NULL;
      if (copy (self->fill, piece->from, piece->at, piece->length, self->cancellable, NULL))
        g_array_append_vals (self->copied, piece, 1);
    }
}

static void
add_found (const PsDeltaPiece *piece, gpointer user_data)
{
  Ahead *self = user_data;

  for (uint64_t done = 0; done < piece->length; done += AHEAD)
    {
      PsDeltaPiece *part = g_memdup2 (piece, sizeof *piece);

      part->from += done;
      part->at += done;
      part->length = MIN (piece->length - done, AHEAD);
      g_async_queue_push (self->found, part);
    }
}

static void
ahead_begin (Ahead *self, const PsFill *fill, GCancellable *cancellable)
{
  self->fill = fill;
  self->cancellable = cancellable;
  self->found = g_async_queue_new_full (g_free);
  self->copied = g_array_new (FALSE, FALSE, sizeof (PsDeltaPiece));
  self->thread = g_thread_new ("copy", copy_ahead, self);
}

static gint
compare_places (gconstpointer a, gconstpointer b)
{
  const PsDeltaPiece *one = a, *other = b;

  return one->at < other->at ? -1 : one->at > other->at;
}

static void
add_piece (GArray *pieces, gboolean copy, uint64_t at, uint64_t end)
{
  PsDeltaPiece piece = { .copy = copy, .from = at, .at = at, .length = end - at };

  if (end > at)
    g_array_append_val (pieces, piece);
}

/* What is not under way yet is left to others. Returns: what is in its place, as pieces that cover
 * the file. */
static GArray *
ahead_end (Ahead *self)
{
  GArray *pieces = g_array_new (FALSE, FALSE, sizeof (PsDeltaPiece));
  gpointer piece;
  uint64_t end = 0;

  while ((piece = g_async_queue_try_pop (self->found)) != NULL)
    g_free (piece);
  g_async_queue_push (self->found, g_new0 (PsDeltaPiece, 1));
  g_thread_join (self->thread);
  g_array_sort (self->copied, compare_places);
  for (guint i = 0; i < self->copied->len; i++)
    {
      const PsDeltaPiece *copied = &g_array_index (self->copied, PsDeltaPiece, i);

      add_piece (pieces, FALSE, end, copied->at);
      end = copied->at + copied->length;
      add_piece (pieces, TRUE, copied->at, end);
    }
  add_piece (pieces, FALSE, end, self->fill->size);
  g_async_queue_unref (self->found);
  g_array_unref (self->copied);
  return pieces;
}

/* --- What is to be copied --- */

static void
add_copy (PsFill *self, uint64_t from, uint64_t at, uint64_t length)
{
  PsDeltaPiece piece = { .copy = TRUE, .from = from, .at = at, .length = length };

  g_array_append_val (self->copies, piece);
  self->filled += length;
}

static gboolean
plan_whole (PsFill *self, GError **error)
{
  struct stat st;

  if (fstat (self->source, &st) != 0)
    return fail (error, "Reading a local file", errno);
  if ((uint64_t)st.st_size != self->size)
    return fail (error, "Copying a local file that has changed", EIO);
  if (ioctl (self->target, FICLONE, self->source) == 0)
    self->filled = self->size;
  else
    add_copy (self, 0, 0, self->size);
  return TRUE;
}

/* What an interrupted transfer left in @target: pieces in their own places. NULL: nothing. */
static GArray *
find_in_place (PsFill *self, GCancellable *cancellable)
{
  g_autoptr (GArray) pieces = NULL;
  struct stat st;

  if (fstat (self->target, &st) != 0 || st.st_size == 0)
    return NULL;
  pieces = ps_delta_in_place (self->signature, self->size, self->target, cancellable, NULL);
  for (guint i = 0; pieces != NULL && i < pieces->len; i++)
    if (g_array_index (pieces, PsDeltaPiece, i).copy)
      return g_steal_pointer (&pieces);
  return NULL;
}

static void
add_missing (PsFill *self, uint64_t offset, uint64_t length)
{
  PsRange range = { .offset = offset, .length = length };
  PsRange *last = self->missing->len > 0
                      ? &g_array_index (self->missing, PsRange, self->missing->len - 1)
                      : NULL;

  if (last != NULL && last->offset + last->length == offset)
    last->length += length;
  else
    g_array_append_val (self->missing, range);
}

/* Walks both lists, which cover the file without gaps, side by side. */
static void
plan_pieces (PsFill *self, const GArray *in_place, const GArray *pieces)
{
  uint64_t at = 0;

  for (guint i = 0, j = 0; i < pieces->len;)
    {
      const PsDeltaPiece *piece = &g_array_index (pieces, PsDeltaPiece, i);
      const PsDeltaPiece *there
          = in_place != NULL ? &g_array_index (in_place, PsDeltaPiece, j) : NULL;
      uint64_t end = piece->at + piece->length;

      if (there != NULL)
        end = MIN (end, there->at + there->length);
      if (there != NULL && there->copy && there->from == there->at)
        self->filled += end - at;
      else if (piece->copy)
        add_copy (self, piece->from + (at - piece->at), at, end - at);
      else
        add_missing (self, at, end - at);
      at = end;
      i += at == piece->at + piece->length;
      j += there != NULL && at == there->at + there->length;
    }
}

/* Finds what is here, and copies of it what it can meanwhile: then *@in_place says so. */
static GArray *
find_pieces (PsFill *self, GArray **in_place, GCancellable *cancellable, GError **error)
{
  gboolean anew = *in_place == NULL; /* else it is not to be written again */
  Ahead ahead = { 0 };
  GArray *pieces;

  if (anew)
    ahead_begin (&ahead, self, cancellable);
  pieces = ps_delta_download (self->signature, self->size, self->source, self->known, &self->limits,
                              anew ? add_found : NULL, &ahead, cancellable, error);
  if (anew)
    *in_place = ahead_end (&ahead);
  return pieces;
}

gboolean
ps_fill_plan (PsFill *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GArray) in_place = NULL;
  g_autoptr (GArray) pieces = NULL;
  gboolean resumes;

  self->missing = g_array_new (FALSE, FALSE, sizeof (PsRange));
  self->copies = g_array_new (FALSE, FALSE, sizeof (PsDeltaPiece));
  if (self->signature == NULL)
    return plan_whole (self, error);
  in_place = find_in_place (self, cancellable);
  resumes = in_place != NULL;
  pieces = find_pieces (self, &in_place, cancellable, error);
  if (pieces == NULL && resumes)
    {
      g_clear_error (error);
      pieces = g_array_ref (in_place); /* better than nothing */
    }
  if (pieces == NULL)
    return FALSE;
  if (ftruncate (self->target, (off_t)self->size) != 0)
    return fail (error, "Writing a local file", errno);
  plan_pieces (self, in_place, pieces);
  return TRUE;
}

gboolean
ps_fill_some (PsFill *self, GCancellable *cancellable, GError **error)
{
  for (uint64_t left = STEP; left > 0 && self->next < self->copies->len;)
    {
      PsDeltaPiece *piece = &g_array_index (self->copies, PsDeltaPiece, self->next);
      uint64_t length = MIN (piece->length, left);

      if (!copy (self, piece->from, piece->at, length, cancellable, error))
        return FALSE;
      piece->from += length;
      piece->at += length;
      piece->length -= length;
      left -= length;
      if (piece->length == 0)
        self->next++;
    }
  return TRUE;
}

uint64_t
ps_fill_reached (const PsFill *self)
{
  return self->next < self->copies->len ? g_array_index (self->copies, PsDeltaPiece, self->next).at
                                        : self->size;
}

void
ps_fill_clear (PsFill *self)
{
  g_clear_pointer (&self->signature, g_bytes_unref);
  g_clear_pointer (&self->known, g_bytes_unref);
  g_clear_pointer (&self->missing, g_array_unref);
  g_clear_pointer (&self->copies, g_array_unref);
}
