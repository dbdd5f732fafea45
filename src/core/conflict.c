/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/conflict.h"

/* How strongly a kind holds on to its name: a directory cannot be renamed without all that lies in
 * it. */
static int
kind_rank (PsKind kind)
{
  return kind == PS_KIND_DIR ? 2 : kind == PS_KIND_FILE ? 1 : 0;
}

PsSide
ps_conflict_winner (PsConflictRule rule, const PsEntry *local, const PsEntry *remote)
{
  int lead = kind_rank (local->kind) - kind_rank (remote->kind);

  if (lead != 0)
    return lead > 0 ? PS_SIDE_LOCAL : PS_SIDE_REMOTE;
  if (rule == PS_CONFLICT_NEWEST)
    return local->mtime >= remote->mtime ? PS_SIDE_LOCAL : PS_SIDE_REMOTE;
  return rule == PS_CONFLICT_LOCAL ? PS_SIDE_LOCAL : PS_SIDE_REMOTE;
}
