/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The picture that a session has of its pair: built from what runs tell, turned into a PsStatus.
 * Does nothing by itself; one thread. */
#pragma once

#include "engine/findings.h"
#include "engine/rate.h"
#include "engine/schedule.h"
#include "engine/status.h"

G_BEGIN_DECLS

typedef struct
{
  /* The run under way. */
  gboolean working;
  gboolean asked;     /* a person wants to see it */
  const char *asking; /* (nullable) static: what it waits for a person to answer */
  PsProgress progress;
  PsRate rate;
  PsFindings current;

  /* The last one that ended. */
  gboolean tried;  /* there was one */
  GError *error;   /* (nullable) how it failed */
  guint64 failed;  /* paths */
  PsFindings last; /* of the last one that looked at anything */
  gint64 last_sync;

  GQueue recent; /* (element-type PsEvent) */
} PsPicture;

void ps_picture_init (PsPicture *self);
void ps_picture_clear (PsPicture *self);

void ps_picture_began (PsPicture *self, gboolean asked);
void ps_picture_take_event (PsPicture *self, PsEvent *event);
void ps_picture_take_progress (PsPicture *self, const PsProgress *progress, gint64 mono);

/* The run is over, for whatever reason. */
void ps_picture_ended (PsPicture *self);

/* It came to its end (@error NULL) or failed. Returns: whether that is news. */
gboolean ps_picture_judge (PsPicture *self, const PsSummary *summary, const GError *error,
                           gint64 wall);

/* Returns: (transfer none) (nullable): what @guard holds, of that which is shown now. */
const PsEvent *ps_picture_find_held (const PsPicture *self, PsGuard guard);

/* Returns: (transfer full): what to show now. */
PsStatus *ps_picture_to_status (const PsPicture *self, const PsSchedule *schedule, const char *pair,
                                gint64 mono, gint64 wall);

G_END_DECLS
