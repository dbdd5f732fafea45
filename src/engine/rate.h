/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Smoothed rates and the time left, from counters that only grow. Pure. */
#pragma once

#include <glib.h>
#include <stdint.h>

G_BEGIN_DECLS

typedef struct
{
  gboolean primed;
  gint64 when; /* µs, monotonic */
  uint64_t up, down;
  double rate_up, rate_down; /* bytes a second */
} PsRate;

/* The counters stood at @up and @down at @when. { 0 } is a valid beginning. */
void ps_rate_feed (PsRate *self, gint64 when, uint64_t up, uint64_t down);

/* Returns: seconds for @left bytes at the present rates, -1 = not known. */
gint64 ps_rate_seconds_left (const PsRate *self, uint64_t left);

G_END_DECLS
