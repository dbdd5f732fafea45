/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/schedule.h"

#include "core/backoff.h"

#define LOOK_AGAIN_SECONDS 30
#define SCAN_FACTOR 10

gint64
ps_schedule_wait (const PsSchedule *self, gint64 mono, gint64 wall)
{
  if (!self->started || self->asleep)
    return -1;
  if (self->paused && self->paused_until == 0)
    return -1;
  if (self->paused)
    return MAX (self->paused_until - wall, 0) * G_USEC_PER_SEC;
  if (self->wanted)
    return 0;
  if (self->metered || self->offline || self->blocked)
    return -1;
  return MAX (self->due - mono, 0);
}

gboolean
ps_schedule_expire (PsSchedule *self, gint64 mono, gint64 wall)
{
  if (!self->paused || self->paused_until == 0 || self->paused_until > wall)
    return FALSE;
  self->paused = FALSE;
  self->paused_until = 0;
  ps_schedule_hurry (self, mono);
  return TRUE;
}

void
ps_schedule_began (PsSchedule *self)
{
  self->wanted = FALSE;
}

void
ps_schedule_ended (PsSchedule *self, PsOutcome outcome, guint throttling, gint64 scan_us,
                   double random, gint64 mono)
{
  switch (outcome)
    {
    case PS_OUTCOME_DONE:
      self->attempt = 0;
      self->blocked = FALSE;
      self->due = mono + MAX ((gint64)throttling * G_USEC_PER_SEC, SCAN_FACTOR * scan_us);
      break;
    case PS_OUTCOME_RETRY:
      self->attempt++;
      self->due = mono + (gint64)ps_backoff_ms (self->attempt, random) * 1000;
      break;
    case PS_OUTCOME_LOOK:
      self->due = mono + LOOK_AGAIN_SECONDS * G_USEC_PER_SEC;
      break;
    case PS_OUTCOME_PERSON:
      self->blocked = TRUE;
      break;
    case PS_OUTCOME_CANCELLED:
      self->due = mono;
      break;
    default:
      g_assert_not_reached ();
    }
}

void
ps_schedule_hurry (PsSchedule *self, gint64 mono)
{
  self->attempt = 0;
  self->due = mono;
}
