/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/rate.h"

#define WINDOW_SECONDS 3.0 /* a figure this old has lost half of its weight */
#define LEAST_SECONDS 0.2  /* shorter gaps say little */

static double
mix (double old, uint64_t bytes, double seconds)
{
  double weight = seconds / (seconds + WINDOW_SECONDS);

  return old + weight * ((double)bytes / seconds - old);
}

void
ps_rate_feed (PsRate *self, gint64 when, uint64_t up, uint64_t down)
{
  double seconds = (double)(when - self->when) / G_USEC_PER_SEC;

  if (self->primed && up >= self->up && down >= self->down)
    {
      if (seconds < LEAST_SECONDS)
        return;
      self->rate_up = mix (self->rate_up, up - self->up, seconds);
      self->rate_down = mix (self->rate_down, down - self->down, seconds);
    }
  self->primed = TRUE;
  self->when = when;
  self->up = up;
  self->down = down;
}

gint64
ps_rate_seconds_left (const PsRate *self, uint64_t left)
{
  double rate = self->rate_up + self->rate_down;
  double seconds = rate >= 1 ? (double)left / rate : -1;

  return seconds < 0 || seconds > G_MAXINT ? -1 : (gint64)(seconds + 0.5);
}
