/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The blocking half of a session: a PsRun with its log and its prompts. Used by one thread at a
 * time; freeing it closes the link and the base, which may block. */
#pragma once

#include "engine/mailbox.h"
#include "engine/run.h"

G_BEGIN_DECLS

typedef struct PsWorker PsWorker;

PsWorker *ps_worker_new (const PsConfig *config, const char *state_dir, PsMailbox *mailbox,
                         const PsClock *clock);
void ps_worker_free (PsWorker *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsWorker, ps_worker_free)

/* As ps_run_sync () and ps_run_check (). */
gboolean ps_worker_sync (PsWorker *self, PsSyncFlags flags, PsSummary *summary,
                         GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean ps_worker_check (PsWorker *self, PsSummary *summary, GCancellable *cancellable,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Closes a link that was dropped; may block. */
void ps_worker_close_link (PsWorker *self);

/* Returns: µs that the last look at both sides took; while nothing runs. */
gint64 ps_worker_get_scan_time (const PsWorker *self);

/* Any thread. */
void ps_worker_drop_link (PsWorker *self);
void ps_worker_log (PsWorker *self, const PsEvent *event);

G_END_DECLS
