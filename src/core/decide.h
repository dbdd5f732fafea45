/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The decision table of core/README.md: what to do about one path. Pure. */
#pragma once

#include "core/entry.h"

G_BEGIN_DECLS

typedef enum
{
  PS_ACTION_NONE,
  PS_ACTION_RECORD,   /* both sides hold the same: write the row */
  PS_ACTION_FORGET,   /* neither side has it: drop the row */
  PS_ACTION_UPLOAD,   /* make the remote side like the local one (file, directory or link) */
  PS_ACTION_DOWNLOAD, /* and the other way */
  PS_ACTION_DELETE_LOCAL,
  PS_ACTION_DELETE_REMOTE,
  PS_ACTION_COMPARE,  /* same kind, content to be compared: equal → record, else conflict */
  PS_ACTION_CONFLICT, /* already known to differ (other kind, or other size) */
  PS_N_ACTIONS
} PsAction;

/* One answer of the table: number 1..16 and letter ('a'..'d', 0 where the row has no letters) name
 * the case, as "s1b". */
typedef struct
{
  uint8_t number;
  char letter;
  PsAction action;
} PsDecision;

/**
 * ps_decide:
 * @row: (nullable): what the base holds for the path; NULL the same as a row with both sides absent
 * @local: what the scan saw locally (PS_KIND_ABSENT: nothing)
 * @remote: and on the server
 *
 * Looks the case up in the table. Special files must not be handed in. A racy row counts as
 * unchanged here: whoever calls looks at the content first (see ps_entry_same () and PsRow.racy).
 */
PsDecision ps_decide (const PsRow *row, const PsEntry *local, const PsEntry *remote);

/* "upload", … for logs and tests; static. */
const char *ps_action_name (PsAction action);

/* Returns: (transfer full): "s1b". */
char *ps_decision_to_string (const PsDecision *decision);

G_END_DECLS
