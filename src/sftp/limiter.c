/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sftp/limiter.h"

#define BURST_S 0.1 /* what may go at once after a pause */
#define CHUNK_MIN 4096

void
ps_limiter_init (PsLimiter *self, uint64_t rate, int64_t now)
{
  *self = (PsLimiter){ .rate = rate, .filled = now };
}

static void
fill (PsLimiter *self, int64_t now)
{
  double limit = (double)self->rate * BURST_S;

  self->tokens += (double)self->rate * (double)MAX (now - self->filled, 0) / 1e6;
  self->tokens = MIN (self->tokens, limit);
  self->filled = now;
}

bool
ps_limiter_ready (PsLimiter *self, int64_t now)
{
  if (self->rate == 0)
    return true;
  fill (self, now);
  return self->tokens >= 0;
}

void
ps_limiter_take (PsLimiter *self, uint64_t bytes)
{
  if (self->rate != 0)
    self->tokens -= (double)bytes;
}

int64_t
ps_limiter_wait (PsLimiter *self, int64_t now)
{
  if (ps_limiter_ready (self, now))
    return 0;
  return (int64_t)(-self->tokens / (double)self->rate * 1e6) + 1;
}

uint32_t
ps_limiter_chunk (const PsLimiter *self, uint32_t wish)
{
  if (self->rate == 0)
    return wish;
  return (uint32_t)CLAMP (self->rate / 8, MIN (CHUNK_MIN, wish), wish);
}
