/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When the next run is due: pause, network, sleep, back-off and what waits for a person. Pure
 * values; time is handed in. "mono" is monotonic, in microseconds; "wall" is Unix seconds. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* How a run ended, as far as it matters for the next one. */
typedef enum
{
  PS_OUTCOME_DONE,     /* to its end */
  PS_OUTCOME_RETRY,    /* network: back off */
  PS_OUTCOME_LOOK,     /* the root guard, or another process: look again now and then */
  PS_OUTCOME_PERSON,   /* login, host key, setting: no try before a person did something */
  PS_OUTCOME_CANCELLED /* by us: whatever that was for says when to go on */
} PsOutcome;

typedef struct
{
  gboolean started;
  gboolean asleep;
  gboolean offline;
  gboolean metered; /* and the pair pauses on that */
  gboolean paused;
  gboolean blocked;    /* PS_OUTCOME_PERSON */
  gboolean wanted;     /* a person asked: only pause and sleep stand in the way */
  guint attempt;       /* failed ones since the last good run */
  gint64 paused_until; /* wall, 0 = until resumed */
  gint64 due;          /* mono */
} PsSchedule;

/* Returns: µs until a run is due (0 = now) or the pause ends, -1 = nothing will be due by itself.
 */
gint64 ps_schedule_wait (const PsSchedule *self, gint64 mono, gint64 wall);

/* Ends a pause whose time is over. Returns: whether it did. */
gboolean ps_schedule_expire (PsSchedule *self, gint64 mono, gint64 wall);

/* A run begins. */
void ps_schedule_began (PsSchedule *self);

/* A run ended. @random: 0 … 1. @scan_us: how long both sides were looked at; the next look is at
 * least ten times that away, so that a slow disk is not kept busy by us alone. */
void ps_schedule_ended (PsSchedule *self, PsOutcome outcome, guint throttling, gint64 scan_us,
                        double random, gint64 mono);

/* Something changed for the better: due at once, back-off forgotten (but not @blocked). */
void ps_schedule_hurry (PsSchedule *self, gint64 mono);

G_END_DECLS
