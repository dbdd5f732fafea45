/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a session remembers of its events: what the last run held back and could not do, and the
 * recent activity. One thread: the owner's. */
#pragma once

#include "engine/event.h"

G_BEGIN_DECLS

#define PS_FINDINGS_PROBLEMS 500
#define PS_FINDINGS_RECENT 1000

/* Of one run. */
typedef struct
{
  GPtrArray *held;     /* (element-type PsEvent) one a guard, the newest */
  GPtrArray *problems; /* (element-type PsEvent) the first of them */
  guint64 n_problems;
} PsFindings;

void ps_findings_init (PsFindings *self);
void ps_findings_clear (PsFindings *self);

/* Forgets all, for the next run. */
void ps_findings_reset (PsFindings *self);
void ps_findings_add (PsFindings *self, PsEvent *event);
gboolean ps_findings_any (const PsFindings *self);

/* @to becomes what @from was; @from is empty afterwards. */
void ps_findings_move (PsFindings *to, PsFindings *from);

/* Appends @event, and drops the oldest where there are too many. */
void ps_recent_add (GQueue *recent, PsEvent *event);

G_END_DECLS
