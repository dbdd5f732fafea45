/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who keeps the name when both sides changed a file. Pure. */
#pragma once

#include "core/entry.h"

G_BEGIN_DECLS

typedef enum
{
  PS_CONFLICT_NEWEST, /* the newer mtime; the local one where they are equal */
  PS_CONFLICT_LOCAL,
  PS_CONFLICT_REMOTE
} PsConflictRule;

/* Returns: the side whose version keeps the name. A directory keeps it against anything; a file
 * against a link. */
PsSide ps_conflict_winner (PsConflictRule rule, const PsEntry *local, const PsEntry *remote);

G_END_DECLS
