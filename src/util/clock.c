/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "util/clock.h"

#include <time.h>

static int64_t
system_now (gpointer data)
{
  struct timespec ts;

  clock_gettime (CLOCK_REALTIME, &ts);
  return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static int64_t
system_monotonic (gpointer data)
{
  return g_get_monotonic_time ();
}

const PsClock *
ps_clock_system (void)
{
  static const PsClock clock = { .now = system_now, .monotonic = system_monotonic };

  return &clock;
}
