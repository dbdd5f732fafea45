/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/backoff.h"

#define LIMIT_MS 60000

guint
ps_backoff_ms (guint attempt, double random)
{
  guint doublings = CLAMP (attempt, 1, 7) - 1; /* 2^6 seconds are beyond the limit */
  guint wait = MIN (1000u << doublings, LIMIT_MS);

  return wait + (guint)(wait / 4 * CLAMP (random, 0.0, 1.0));
}
