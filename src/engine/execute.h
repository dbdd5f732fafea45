/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Carries out a plan: through local/ and sftp/, re-checking every precondition, recording each path
 * in the base only after its bytes are durable. Worker thread. */
#pragma once

#include "core/plan.h"
#include "engine/context.h"

G_BEGIN_DECLS

/**
 * ps_execute:
 *
 * Steps that a guard holds are left out. A step that fails on its own becomes a problem of its
 * path; one whose premises no longer hold sets
 * @context->look_again; neither ends the whole.
 *
 * Returns: FALSE with @error when link, base or local root is lost, or when cancelled; what was
 * done until then is recorded
 */
gboolean ps_execute (PsContext *context, const PsPlan *plan,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Tells each step of @plan as if it had been carried out (dry run). Contents that would have to be
 * compared count as equal where the times agree to the second, else as conflicts. */
void ps_execute_dry (PsContext *context, const PsPlan *plan);

G_END_DECLS
