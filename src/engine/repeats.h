/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A pair is looked at every few seconds, and each run tells anew what is held and what could not be
 * synced. This says which of it is news. One thread. */
#pragma once

#include "engine/event.h"

G_BEGIN_DECLS

typedef struct
{
  GHashTable *before; /* (element-type utf8) what earlier runs said and still holds */
  GHashTable *now;    /* (element-type utf8) what this run says */
} PsRepeats;

void ps_repeats_init (PsRepeats *self);
void ps_repeats_clear (PsRepeats *self);

/* Returns: whether an earlier run said the same as @event. */
gboolean ps_repeats_check (PsRepeats *self, const PsEvent *event);

/* The run is over. @complete: what it did not say does not hold any more. */
void ps_repeats_end_run (PsRepeats *self, gboolean complete);

G_END_DECLS
