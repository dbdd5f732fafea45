/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Both sides and the base, seen together: walks every directory that any of the three knows and
 * hands each path to the decision table.
 *
 * The walk streams: it holds the listings that are under way, never a tree, so memory grows with
 * what is to be done. */
#pragma once

#include "core/plan.h"
#include "engine/context.h"

G_BEGIN_DECLS

typedef struct
{
  gboolean ignore_base; /* decide as if there were no base: the union of a restored server */
} PsWalkOptions;

/**
 * ps_walk:
 * @local: lister of the local side
 * @remote: lister of the server's side, pipelined
 * @plan: takes every decided path that needs something
 *
 * Rows of paths that have become ignored are dropped from the base, rows whose inode moved are
 * renewed; nothing else is changed.
 *
 * Returns: FALSE with @error when the link or the base is lost, or when cancelled
 */
gboolean ps_walk (PsContext *context, const PsWalkOptions *options, PsLister local, PsLister remote,
                  PsPlan *plan, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
