/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the guards against mass deletion and mass emptying hold, over passes and runs, and what of
 * it a person has let go: each guard's for itself, and no more than was shown. Worker thread. */
#pragma once

#include "core/plan.h"
#include "engine/context.h"

G_BEGIN_DECLS

/* Takes the answers among the flags of @context: what was shown last is allowed from now on, until
 * a run has come to its end. Where nothing was shown, whatever the guards that are answered would
 * hold in this run is. */
PsHeld *ps_held_new (PsContext *context, GError **error);
void ps_held_free (PsHeld *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsHeld, ps_held_free)

/* Says to the planner what was held before and what is allowed. @self must outlive the plan. */
void ps_held_fill_options (const PsHeld *self, PsPlanOptions *options);

/* Tells what the guards hold in @plan, and remembers that it was shown. */
gboolean ps_held_tell (PsHeld *self, const PsPlan *plan, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Where a person wants to keep what was to be deleted or emptied: sees to it that the next pass
 * brings it back. *@again is set when there is something to do. */
gboolean ps_held_keep (PsHeld *self, const PsPlan *plan, gboolean *again,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The run has come to its end: nothing is allowed any more. */
gboolean ps_held_end (PsHeld *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
