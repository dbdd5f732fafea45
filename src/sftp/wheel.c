/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Turning the client: moving bytes, waiting, and noticing that nobody answers any more. */
#include "sftp/client-private.h"

#include "util/wait.h"
#include "util/words.h"

#define MAX_FDS 16
#define SLOW_FACTOR 10 /* how much longer a server may be busy with one request */

gboolean
ps_client_turn (PsClient *self, bool *progress, GError **error)
{
  for (int i = 0; i < self->n_channels; i++)
    if (!ps_channel_write (self, &self->channels[i], progress, error))
      return FALSE;
  if (!self->transport->klass->flush (self->transport, error))
    {
      g_prefix_error (error, _ ("The connection to the server was lost: "));
      return FALSE;
    }
  for (int i = 0; i < self->n_channels; i++)
    if (!ps_channel_read (self, &self->channels[i], progress, error))
      return FALSE;
  return TRUE;
}

static void
got_pong (const PsReply *reply, gpointer data, guint tag)
{
  PsClient *self = data;

  self->pinged = 0;
}

/* The connection is asked beside the server behind the first channel, which may be busy. */
static void
probe (PsClient *self)
{
  if (self->transport->klass->probe != NULL)
    self->transport->klass->probe (self->transport);
  self->probed = ps_client_now (self);
}

/* Whether the connection itself does not answer, asked again and again while the server is busy. */
static bool
is_deaf (PsClient *self, int64_t now)
{
  if (self->transport->klass->probe == NULL || now < self->probed + self->stall_us)
    return false;
  if (!self->transport->klass->answers (self->transport))
    return true;
  probe (self);
  return false;
}

static void
ping (PsClient *self)
{
  ps_packet_string (ps_client_begin (self, 0, PS_FXP_REALPATH), ".");
  ps_client_end (self, (PsCost){ 0 }, got_pong, self, 0);
  self->pinged = ps_client_now (self);
  probe (self);
}

static gboolean
lost (PsClient *self, int64_t silence, GError **error)
{
  g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_LINK,
               _ ("The server has not answered for %d seconds"), (int)(silence / G_USEC_PER_SEC));
  return FALSE;
}

/* A channel that is silent while others talk, and one that never came to be. */
static gboolean
check_channels (PsClient *self, int64_t now, GError **error)
{
  for (int i = 0; i < self->n_channels; i++)
    {
      PsChannel *c = &self->channels[i];
      int64_t silence = now - c->heard;

      if (c->state == PS_CHANNEL_OPENING && i > 0 && silence > self->stall_us)
        {
          c->state = PS_CHANNEL_GONE;
          self->no_more_channels = true;
        }
      if (c->state == PS_CHANNEL_READY && c->owed > 0 && silence > SLOW_FACTOR * self->stall_us)
        return lost (self, silence, error);
    }
  return TRUE;
}

/* Pings a silent server, and gives up on one that is silent for too long; @next: (inout) when to
 * look again. */
static gboolean
check_stall (PsClient *self, int64_t *next, GError **error)
{
  int64_t now = ps_client_now (self);
  int64_t patience = self->stall_us * (self->channels[0].slow > 0 ? SLOW_FACTOR : 1);
  int64_t deadline;

  if (!check_channels (self, now, error))
    return FALSE;
  if (self->owed == 0)
    return TRUE;
  if (self->pinged == 0 && now >= self->heard + self->stall_us
      && self->channels[0].state == PS_CHANNEL_READY)
    ping (self);
  deadline = self->heard + self->stall_us;
  if (self->pinged != 0)
    {
      deadline = MAX (self->pinged, self->heard) + patience;
      if (now >= deadline || is_deaf (self, now))
        return lost (self, now - self->heard, error);
      if (self->transport->klass->probe != NULL)
        deadline = MIN (deadline, self->probed + self->stall_us);
    }
  *next = MIN (*next, deadline);
  return TRUE;
}

/* When a limiter lets the next bytes through for which somebody waits. */
static void
check_limits (PsClient *self, int64_t *next)
{
  int64_t now = ps_client_now (self);

  if (self->wake_up)
    *next = MIN (*next, now + ps_limiter_wait (&self->up_limit, now));
  if (self->wake_down)
    *next = MIN (*next, now + ps_limiter_wait (&self->down_limit, now));
  self->wake_up = self->wake_down = false;
}

gboolean
ps_client_wait (PsClient *self, gint64 timeout_us, GCancellable *cancellable, GError **error)
{
  GPollFD fds[MAX_FDS];
  guint n_fds;
  int64_t now = ps_client_now (self);
  int64_t next = timeout_us < 0 ? G_MAXINT64 : now + timeout_us;
  guint owed = self->owed;

  if (!check_stall (self, &next, error))
    return FALSE;
  if (self->owed > owed) /* a ping was queued: it has to be written first */
    return TRUE;
  check_limits (self, &next);
  n_fds = self->transport->klass->get_fds (self->transport, fds, MAX_FDS);
  return ps_wait_fds (fds, n_fds, next == G_MAXINT64 ? -1 : MAX (next - now, 0), cancellable, error)
         >= 0;
}

bool
ps_client_may_move (PsClient *self, bool upload)
{
  PsWindow *window = upload ? &self->up : &self->down;
  PsLimiter *limiter = upload ? &self->up_limit : &self->down_limit;

  if (!ps_window_open (window))
    return false;
  if (ps_limiter_ready (limiter, ps_client_now (self)))
    return true;
  if (upload)
    self->wake_up = true;
  else
    self->wake_down = true;
  return false;
}

uint64_t
ps_client_bytes_a_round_trip (const PsClient *self, bool upload)
{
  const PsWindow *window = upload ? &self->up : &self->down;

  return (uint64_t)(window->rate * (double)window->min_rtt / 1e6);
}

uint32_t
ps_client_chunk (const PsClient *self, bool upload, uint32_t wish)
{
  return ps_limiter_chunk (upload ? &self->up_limit : &self->down_limit, wish);
}
