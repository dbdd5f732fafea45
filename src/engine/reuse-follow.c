/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Follows a whole download while it comes. Every few megabytes, and on a slow link every moment, a
 * thread reads back what has arrived without a gap, for the file's sum and its signature, makes it
 * durable, and the base remembers "SIZE MTIME BYTES SUM", the sum of so many bytes. A later
 * transfer believes only what gives that sum again, and goes on summing from there. */
#include "engine/reuse-private.h"

#include "util/words.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CHUNK (256 * 1024)
#define FOLLOW_MOST (8 * 1024 * 1024) /* bytes; more are followed whatever the time */
#define FOLLOW_US (250 * 1000)        /* between two looks at fewer */

struct PsFollower
{
  PsReuse *reuse;
  PsLocalTemp *temp;
  int fd;
  char *key; /* (nullable) of the named value; NULL: nothing to go on with later */
  PsEntry remote;
  gboolean signs;
  uint64_t reached;

  gboolean working; /* the thread owns what follows */
  uint64_t wanted;  /* bytes to sum up */
  uint64_t summed;
  PsSha256 *sha;
  PsSignatureMaker *maker; /* (nullable) */
  GError *problem;         /* (nullable) of this file: it stays, since a disk tells of it once */

  gboolean ending, succeeded; /* the whole transfer */
  uint64_t recorded;          /* what the base says */
  uint8_t recorded_sum[PS_SHA256_SIZE];
  int64_t followed_at; /* monotonic */
  void (*checked) (uint64_t upto, gpointer user_data);
  void (*ended) (gpointer user_data);
  gpointer user_data;
};

static void
forget_sums (PsFollower *self)
{
  g_clear_pointer (&self->sha, ps_sha256_free);
  g_clear_pointer (&self->maker, ps_signature_maker_free);
  g_clear_error (&self->problem);
}

/* From the first byte. */
static void
begin_sums (PsFollower *self)
{
  forget_sums (self);
  self->summed = 0;
  self->sha = ps_sha256_new ();
  if (self->signs)
    self->maker = ps_signature_maker_new (self->remote.size);
}

PsFollower *
ps_follower_new (PsReuse *reuse, const char *path, const PsEntry *remote, PsLocalTemp *temp,
                 gboolean signs)
{
  PsFollower *self = g_new0 (PsFollower, 1);

  self->reuse = reuse;
  self->temp = temp;
  self->fd = ps_local_temp_peek_fd (temp);
  self->remote = *remote;
  self->signs = signs;
  self->followed_at = g_get_monotonic_time ();
  if (path != NULL && remote->size >= PS_REUSE_RESUME_LEAST)
    {
      g_autofree char *sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, path, -1);

      self->key = g_strconcat (PS_NOTE_DOWNLOAD "/", sum, NULL);
    }
  begin_sums (self);
  return self;
}

void
ps_follower_free (PsFollower *self)
{
  if (self == NULL)
    return;
  g_assert (!self->working);
  forget_sums (self);
  g_free (self->key);
  g_free (self);
}

/* In the thread: sums up what lies there until @wanted. */
static void
sum_up (PsFollower *self, GCancellable *cancellable)
{
  g_autofree char *chunk = g_malloc (CHUNK);

  while (self->summed < self->wanted)
    {
      gssize got = pread (self->fd, chunk, (gsize)MIN (CHUNK, self->wanted - self->summed),
                          (off_t)self->summed);

      if (got <= 0 || g_cancellable_is_cancelled (cancellable))
        {
          g_set_error (&self->problem, PS_SFTP_ERROR, PS_SFTP_ERROR_LOCAL_IO,
                       _ ("reading the local file back failed: %s"),
                       g_strerror (got < 0 ? errno : EIO));
          return;
        }
      ps_sha256_update (self->sha, chunk, (gsize)got);
      if (self->maker != NULL && !ps_signature_maker_feed (self->maker, chunk, (gsize)got, NULL))
        g_clear_pointer (&self->maker, ps_signature_maker_free);
      self->summed += (uint64_t)got;
    }
}

static void
check (gpointer data, GCancellable *cancellable)
{
  sum_up (data, cancellable);
}

static void
check_done (gpointer data)
{
  PsFollower *self = data;
  uint8_t sum[PS_SHA256_SIZE];

  self->working = FALSE;
  ps_sha256_so_far (self->sha, sum);
  if (self->problem != NULL || memcmp (sum, self->recorded_sum, sizeof sum) != 0)
    begin_sums (self);
  self->reached = self->summed;
  self->checked (self->summed, self->user_data);
}

/* What the base remembers of this very version of the file. */
static gboolean
read_record (PsFollower *self)
{
  g_autofree char *value
      = self->key != NULL ? ps_note_get (self->reuse->context, self->key, NULL) : NULL;
  g_autoptr (GBytes) note = NULL;
  guint64 size, bytes;
  gint64 mtime;
  int end = 0;

  if (value == NULL
      || sscanf (value, "%" G_GUINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GUINT64_FORMAT " %n",
                 &size, &mtime, &bytes, &end)
             != 3
      || end == 0 || size != self->remote.size || mtime != self->remote.mtime / PS_ENTRY_SECOND
      || bytes > size)
    return FALSE;
  note = g_bytes_new (value + end, strlen (value + end));
  self->recorded = bytes;
  return ps_reuse_parse_note (note, self->recorded_sum);
}

void
ps_follower_check (PsFollower *self, void (*checked) (uint64_t upto, gpointer user_data),
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
  PsFollower *self = data;

  /* Not cancelled with the link: what is noted is what is left of the transfer. */
  sum_up (self, self->key != NULL ? NULL : cancellable);
  if (self->problem == NULL && self->key != NULL && fdatasync (self->fd) != 0)
    g_set_error (&self->problem, PS_SFTP_ERROR, PS_SFTP_ERROR_LOCAL_IO,
                 _ ("writing the local file failed: %s"), g_strerror (errno));
}

/* Writes what the base is to remember. */
static void
record (PsFollower *self)
{
  uint8_t sum[PS_SHA256_SIZE];
  g_autofree char *hex = NULL;
  g_autofree char *value = NULL;

  ps_sha256_so_far (self->sha, sum);
  hex = ps_sha256_to_hex (sum);
  value = g_strdup_printf ("%" G_GUINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GUINT64_FORMAT " %s\n",
                           self->remote.size, self->remote.mtime / PS_ENTRY_SECOND, self->summed,
                           hex);
  ps_local_temp_keep (self->temp);
  ps_reuse_note (self->reuse, self->key, value);
  self->recorded = self->summed;
}

static void follow_done (gpointer data);

static void
follow_if_due (PsFollower *self)
{
  int64_t now = g_get_monotonic_time ();

  if (self->working || self->problem != NULL || self->reached <= self->summed)
    return;
  if (self->ending && !self->succeeded && self->key == NULL)
    return; /* in vain */
  if (!self->ending && self->reached - self->summed < FOLLOW_MOST
      && now - self->followed_at < FOLLOW_US)
    return;
  self->followed_at = now;
  self->wanted = self->reached;
  self->working = TRUE;
  ps_reuse_push (self->reuse, follow, follow_done, self);
}

/* The transfer is over and the thread rests. */
static void
end (PsFollower *self)
{
  if (self->succeeded && self->recorded > 0)
    ps_reuse_note (self->reuse, self->key, NULL);
  self->ended (self->user_data);
}

static void
follow_done (gpointer data)
{
  PsFollower *self = data;

  self->working = FALSE;
  if (self->problem == NULL)
    {
      if (!self->succeeded && self->key != NULL)
        record (self);
      follow_if_due (self); /* what has arrived meanwhile */
    }
  if (self->ending && !self->working)
    end (self);
}

void
ps_follower_reached (PsFollower *self, uint64_t upto)
{
  self->reached = upto;
  follow_if_due (self);
}

void
ps_follower_end (PsFollower *self, gboolean ok, void (*ended) (gpointer user_data),
                 gpointer user_data)
{
  self->ended = ended;
  self->user_data = user_data;
  self->ending = TRUE;
  self->succeeded = ok;
  follow_if_due (self);
  if (!self->working)
    end (self);
}

gboolean
ps_follower_finish (PsFollower *self, uint8_t sha256[PS_SHA256_SIZE], GBytes **signature,
                    GError **error)
{
  if (self->problem != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&self->problem));
      return FALSE;
    }
  g_assert (self->summed == self->remote.size);
  ps_sha256_so_far (self->sha, sha256);
  *signature = self->maker != NULL ? ps_signature_maker_finish (self->maker, NULL) : NULL;
  return TRUE;
}
