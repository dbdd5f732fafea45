/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The activity log: STATE_DIR/log.txt, one line an event, cut to config.log_file_max lines. */
#pragma once

#include "engine/event.h"

G_BEGIN_DECLS

typedef struct PsLog PsLog;

PsLog *ps_log_open (const char *state_dir, guint max_lines, GError **error);
void ps_log_free (PsLog *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsLog, ps_log_free)

/* Appends "2026-11-22 14:05:33 upload a/b.txt (12 kB)"; bookkeeping (record, forget) is left out.
 * Any thread. Never fails loudly: a full disk loses log lines, not syncs. Full, the file is
 * replaced by one with its newer three quarters. */
void ps_log_add (PsLog *self, const PsEvent *event);

/* Returns: (transfer full): the path of the log of a state directory. */
char *ps_log_file (const char *state_dir);

G_END_DECLS
