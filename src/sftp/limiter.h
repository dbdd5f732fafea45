/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A token bucket: so many bytes a second and no more. Pure: time comes as an argument. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

G_BEGIN_DECLS

typedef struct
{
  uint64_t rate;  /* bytes a second; 0 = no limit */
  double tokens;  /* bytes that may go now; below 0: so much was taken in advance */
  int64_t filled; /* microseconds: when @tokens was right */
} PsLimiter;

void ps_limiter_init (PsLimiter *self, uint64_t rate, int64_t now);

/* Whether something may go now. However large it is, it may: its debt is then waited for. */
bool ps_limiter_ready (PsLimiter *self, int64_t now);
void ps_limiter_take (PsLimiter *self, uint64_t bytes);

/* Returns: microseconds until ps_limiter_ready (), 0 = now. */
int64_t ps_limiter_wait (PsLimiter *self, int64_t now);

/* Returns: how much to take at once, so that a low rate does not come in lumps: at most @wish. */
uint32_t ps_limiter_chunk (const PsLimiter *self, uint32_t wish);

G_END_DECLS
