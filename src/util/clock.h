/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time from outside: every module that needs to know the time is handed a clock, so that tests and
 * simulations can set it. */
#pragma once

#include <glib.h>
#include <stdint.h>

G_BEGIN_DECLS

typedef struct
{
  int64_t (*now) (gpointer data);       /* nanoseconds since the Unix epoch; may jump */
  int64_t (*monotonic) (gpointer data); /* microseconds from some fixed moment; never goes back */
  gpointer data;
} PsClock;

/* The clock of this machine; static, usable from any thread. */
const PsClock *ps_clock_system (void);

static inline int64_t
ps_clock_now (const PsClock *clock)
{
  return clock->now (clock->data);
}

static inline int64_t
ps_clock_monotonic (const PsClock *clock)
{
  return clock->monotonic (clock->data);
}

G_END_DECLS
