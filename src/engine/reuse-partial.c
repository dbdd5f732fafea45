/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How far a whole download has come. Every few megabytes, and on a slow link every moment, a thread
 * makes durable what has arrived without a gap and sums it up, segment by segment, each sum over
 * the one before; the base remembers "SIZE MTIME SEGMENTS SUM". A later transfer believes only what
 * gives that sum again. */
#include "engine/reuse-private.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SEGMENT (1024 * 1024)
#define CHUNK (256 * 1024)
#define FOLLOW_MOST (8 * 1024 * 1024) /* bytes; more are followed whatever the time */
#define FOLLOW_US (250 * 1000)        /* between two looks at fewer */
#define SECOND G_GINT64_CONSTANT (1000000000)

struct PsPartial
{
  PsReuse *reuse;
  PsLocalTemp *temp;
  int fd;
  char *key; /* of the named value */
  PsEntry remote;
  uint64_t reached;
  gboolean working; /* the thread owns what follows */
  uint64_t segments;
  uint8_t sum[PS_SHA256_SIZE]; /* of @segments */
  uint64_t wanted;             /* segments to sum up */
  gboolean ok;

  gboolean succeeded; /* the whole transfer */
  uint64_t recorded;  /* what the base says */
  uint8_t recorded_sum[PS_SHA256_SIZE];
  int64_t followed_at; /* monotonic */
  void (*checked) (uint64_t upto, gpointer user_data);
  void (*ended) (gpointer user_data);
  gpointer user_data;
};

PsPartial *
ps_partial_new (PsReuse *reuse, const char *path, const PsEntry *remote, PsLocalTemp *temp)
{
  PsPartial *self = g_new0 (PsPartial, 1);
  g_autofree char *sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, path, -1);

  self->reuse = reuse;
  self->temp = temp;
  self->fd = ps_local_temp_peek_fd (temp);
  self->remote = *remote;
  self->followed_at = g_get_monotonic_time ();
  self->key = g_strconcat ("partial/", sum, NULL);
  return self;
}

void
ps_partial_free (PsPartial *self)
{
  if (self == NULL)
    return;
  g_assert (!self->working);
  g_free (self->key);
  g_free (self);
}

/* In the thread: sums up segments until @wanted, as far as they are there. */
static void
sum_up (PsPartial *self, GCancellable *cancellable)
{
  g_autofree char *chunk = g_malloc (CHUNK);

  self->ok = FALSE;
  for (; self->segments < self->wanted; self->segments++)
    {
      g_autoptr (PsSha256) sha = ps_sha256_new ();

      ps_sha256_update (sha, self->sum, sizeof self->sum);
      for (uint64_t done = 0; done < SEGMENT; done += CHUNK)
        {
          if (g_cancellable_is_cancelled (cancellable)
              || pread (self->fd, chunk, CHUNK, (off_t)(self->segments * SEGMENT + done)) != CHUNK)
            return;
          ps_sha256_update (sha, chunk, CHUNK);
        }
      ps_sha256_finish (sha, self->sum);
    }
  self->ok = TRUE;
}

static void
check (gpointer data, GCancellable *cancellable)
{
  sum_up (data, cancellable);
}

static void
check_done (gpointer data)
{
  PsPartial *self = data;

  self->working = FALSE;
  if (!self->ok || memcmp (self->sum, self->recorded_sum, sizeof self->sum) != 0)
    {
      self->segments = 0;
      memset (self->sum, 0, sizeof self->sum);
    }
  self->checked (self->segments * SEGMENT, self->user_data);
}

/* What the base remembers of this very version of the file. */
static gboolean
read_record (PsPartial *self)
{
  g_autofree char *value = ps_store_get_value (self->reuse->context->store, self->key);
  g_autoptr (GBytes) note = NULL;
  guint64 size, segments;
  gint64 mtime;
  int end = 0;

  if (value == NULL
      || sscanf (value, "%" G_GUINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GUINT64_FORMAT " %n",
                 &size, &mtime, &segments, &end)
             != 3
      || end == 0 || size != self->remote.size || mtime != self->remote.mtime / SECOND
      || segments > size / SEGMENT)
    return FALSE;
  note = g_bytes_new (value + end, strlen (value + end));
  self->recorded = segments;
  return ps_reuse_parse_note (note, self->recorded_sum);
}

void
ps_partial_check (PsPartial *self, void (*checked) (uint64_t upto, gpointer user_data),
                  gpointer user_data)
{
  self->checked = checked;
  self->user_data = user_data;
  if (!read_record (self))
    {
      checked (0, user_data);
      return;
    }
  self->wanted = self->recorded;
  self->working = TRUE;
  ps_reuse_push (self->reuse, check, check_done, self);
}

static void
follow (gpointer data, GCancellable *cancellable)
{
  PsPartial *self = data;

  sum_up (self, NULL); /* not cancelled with the link: this is what is left of the transfer */
  self->ok = self->ok && fdatasync (self->fd) == 0;
}

/* Writes what the base is to remember. */
static void
record (PsPartial *self)
{
  g_autofree char *hex = ps_sha256_to_hex (self->sum);
  g_autofree char *value
      = g_strdup_printf ("%" G_GUINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GUINT64_FORMAT " %s\n",
                         self->remote.size, self->remote.mtime / SECOND, self->segments, hex);

  ps_local_temp_keep (self->temp);
  ps_reuse_note (self->reuse, self->key, value);
  self->recorded = self->segments;
}

static void follow_done (gpointer data);

static void
follow_if_due (PsPartial *self)
{
  int64_t now = g_get_monotonic_time ();

  if (self->working || self->succeeded || self->reached / SEGMENT <= self->segments)
    return;
  if (self->ended == NULL && self->reached - self->segments * SEGMENT < FOLLOW_MOST
      && now - self->followed_at < FOLLOW_US)
    return;
  self->followed_at = now;
  self->wanted = self->reached / SEGMENT;
  self->working = TRUE;
  ps_reuse_push (self->reuse, follow, follow_done, self);
}

/* The transfer is over and the thread rests. */
static void
end (PsPartial *self)
{
  if (self->succeeded && self->recorded > 0)
    ps_reuse_note (self->reuse, self->key, NULL);
  self->ended (self->user_data);
}

static void
follow_done (gpointer data)
{
  PsPartial *self = data;

  self->working = FALSE;
  if (self->ok && !self->succeeded)
    {
      record (self);
      follow_if_due (self); /* what has arrived meanwhile */
    }
  if (self->ended != NULL && !self->working)
    end (self);
}

void
ps_partial_reached (PsPartial *self, uint64_t upto)
{
  self->reached = upto;
  follow_if_due (self);
}

void
ps_partial_end (PsPartial *self, gboolean ok, void (*ended) (gpointer user_data),
                gpointer user_data)
{
  self->ended = ended;
  self->user_data = user_data;
  self->succeeded = ok;
  follow_if_due (self);
  if (!self->working)
    end (self);
}
