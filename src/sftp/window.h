/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many bytes may be on their way in one direction. Pure arithmetic: time comes as an argument,
 * in microseconds.
 *
 *   W = 1.25 * rate * minRTT + clamp (rate * 0.1 s, 64 KiB, 2 MiB), within 128 KiB and 16 MiB
 *
 * In the beginning no rate is known: then, as in TCP's slow start, W grows by what is acknowledged,
 * until a latency shows that bytes wait in a queue.
 *
 * A fixed window is too small for a long link and fills the buffers of a slow one, so that every
 * other request waits for seconds. The rate is what was acknowledged of late, minRTT the smallest
 * latency of a request. Because a latency measured while bytes queue up is no round trip, the queue
 * is drained for a moment when no new minimum was seen for a while. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

G_BEGIN_DECLS

#define PS_WINDOW_MIN (128 * 1024)
#define PS_WINDOW_MAX (16 * 1024 * 1024)
#define PS_WINDOW_START (256 * 1024)
#define PS_WINDOW_RTT_AGE (15 * G_USEC_PER_SEC) /* a minimum older than this is measured anew */

typedef struct
{
  uint64_t size;        /* W */
  uint64_t outstanding; /* bytes sent (or asked for) and not yet answered */
  double rate;          /* bytes a second */
  int64_t min_rtt;      /* microseconds, 0 = not known yet */
  int64_t rtt_seen;     /* when min_rtt was measured */
  int64_t begin;        /* of the present measuring interval */
  uint64_t acked;       /* bytes in it */
  int64_t answered;     /* when the last of them came */
  bool started;         /* the beginning is over */
  bool limited;         /* the window was full some time in this interval: the rate is the link's */
  bool draining;
  int64_t drained; /* when the queue was empty enough to measure; 0 = not yet */
} PsWindow;

void ps_window_init (PsWindow *self);

/* Whether more may be sent. A window that is full remembers it. */
bool ps_window_open (PsWindow *self);
void ps_window_sent (PsWindow *self, uint64_t bytes, int64_t now);

/* @bytes that were sent at @sent_at are answered. */
void ps_window_acked (PsWindow *self, uint64_t bytes, int64_t sent_at, int64_t now);

/* The latency of some other small request. */
void ps_window_latency (PsWindow *self, int64_t latency, int64_t now);

/* Returns: how many channels of @per_channel bytes a round trip the present rate asks for. */
guint ps_window_channels (const PsWindow *self, uint64_t per_channel);

G_END_DECLS
