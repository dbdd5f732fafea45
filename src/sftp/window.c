/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sftp/window.h"

#define SLACK_S 0.1
#define SLACK_MIN (64 * 1024)
#define SLACK_MAX (2 * 1024 * 1024)
#define INTERVAL_MIN (G_USEC_PER_SEC / 10)
#define QUEUE_LATENCY (G_USEC_PER_SEC / 100) /* beyond twice the round trip: bytes are waiting */
#define PAUSE_MIN (G_USEC_PER_SEC / 100)
#define INTERVAL_MAX (G_USEC_PER_SEC / 4)

void
ps_window_init (PsWindow *self)
{
  *self = (PsWindow){ .size = PS_WINDOW_START };
}

bool
ps_window_open (PsWindow *self)
{
  uint64_t size = self->draining ? PS_WINDOW_MIN : self->size;

  if (self->outstanding < size)
    return true;
  self->limited = true;
  return false;
}

void
ps_window_sent (PsWindow *self, uint64_t bytes, int64_t now)
{
  /* A pause is no part of what is measured. */
  if (self->outstanding == 0 && now - self->answered > PAUSE_MIN)
    {
      self->begin = now;
      self->acked = 0;
      self->limited = false;
    }
  self->outstanding += bytes;
}

static void
compute_size (PsWindow *self)
{
  double slack = CLAMP (self->rate * SLACK_S, SLACK_MIN, SLACK_MAX);
  double size = 1.25 * self->rate * (double)self->min_rtt / 1e6 + slack;

  self->size = (uint64_t)CLAMP (size, PS_WINDOW_MIN, PS_WINDOW_MAX);
}

static void
measure_rate (PsWindow *self, int64_t now)
{
  int64_t interval = CLAMP (2 * self->min_rtt, INTERVAL_MIN, INTERVAL_MAX);
  double rate;

  if (now - self->begin < interval)
    return;
  rate = (double)self->acked * 1e6 / (double)(now - self->begin);
  /* Where there was nothing to send, a low rate says nothing about the link. */
  if (self->limited || rate > self->rate)
    {
      self->rate = rate;
      if (self->started && !self->draining)
        compute_size (self);
    }
  self->begin = now;
  self->acked = 0;
  self->limited = false;
}

/* A minimum that was not seen again for long may be that of another route. */
static void
drain (PsWindow *self, int64_t sent_at, int64_t latency, int64_t now)
{
  if (!self->draining)
    {
      self->draining
          = now - self->rtt_seen > PS_WINDOW_RTT_AGE && self->outstanding > PS_WINDOW_MIN;
      self->drained = 0;
      return;
    }
  if (self->drained == 0)
    {
      if (self->outstanding <= PS_WINDOW_MIN)
        self->drained = now;
    }
  else if (sent_at >= self->drained)
    {
      self->min_rtt = MAX (latency, 1);
      self->rtt_seen = now;
      self->draining = false;
    }
}

void
ps_window_latency (PsWindow *self, int64_t latency, int64_t now)
{
  if (self->min_rtt != 0 && latency > self->min_rtt)
    return;
  self->min_rtt = MAX (latency, 1);
  self->rtt_seen = now;
}

static void
begin_slowly (PsWindow *self, uint64_t bytes, int64_t latency)
{
  if (latency > 2 * self->min_rtt + QUEUE_LATENCY)
    self->started = true;
  else if (self->limited)
    self->size = MIN (self->size + bytes, PS_WINDOW_MAX);
}

void
ps_window_acked (PsWindow *self, uint64_t bytes, int64_t sent_at, int64_t now)
{
  self->outstanding -= MIN (bytes, self->outstanding);
  self->acked += bytes;
  self->answered = now;
  ps_window_latency (self, now - sent_at, now);
  if (!self->started)
    begin_slowly (self, bytes, now - sent_at);
  drain (self, sent_at, now - sent_at, now);
  measure_rate (self, now);
}

guint
ps_window_channels (const PsWindow *self, uint64_t per_channel)
{
  return 1 + (guint)(self->rate * (double)self->min_rtt / 1e6 / (double)per_channel);
}
