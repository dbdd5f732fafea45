/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A folder pair as application and CLI see it. Lives in the main context that was the thread
 * default at construction; all calls and signals there. Runs passes in GTask worker threads, owns
 * the timers, back-off, pause and network state.
 *
 * Signals: "status-changed" (no arguments; ask ps_session_get_status ()), "event" (PsEvent; held
 * things and problems that an earlier run told of are not told again while they last), "question"
 * (PsQuestion; answered by the handler, now or later; no handler = refused), "secret-accepted"
 * (PsQuestion: the answer given to it was right and may be remembered, see ps_question_dup_answer
 * ()). A password is looked for in config.password_file and the service manager's credential before
 * a question is asked. */
#pragma once

#include "engine/config.h"
#include "engine/event.h"
#include "engine/question.h"
#include "engine/run.h"
#include "engine/status.h"

G_BEGIN_DECLS

#define PS_TYPE_SESSION (ps_session_get_type ())
G_DECLARE_FINAL_TYPE (PsSession, ps_session, PS, SESSION, GObject)

/* @state_dir: (nullable): default. */
PsSession *ps_session_new (const PsConfig *config, const char *state_dir);
const PsConfig *ps_session_get_config (PsSession *self);
/* Takes effect with the next run; the link is dropped if where to or how to log in changed. */
void ps_session_set_config (PsSession *self, const PsConfig *config);
PsStatus *ps_session_get_status (PsSession *self); /* (transfer full) */

/* Keeps syncing from now on: at once, then every config.throttling seconds, with back-off after
 * network errors. */
void ps_session_start (PsSession *self);

/* One run, outside of the schedule. G_IO_ERROR_PENDING while another one is under way. */
void ps_session_sync_async (PsSession *self, PsSyncFlags flags, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data);
gboolean ps_session_sync_finish (PsSession *self, GAsyncResult *result, PsSummary *summary,
                                 GError **error);

/* The same shape: reads and compares everything. */
void ps_session_check_async (PsSession *self, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer user_data);
gboolean ps_session_check_finish (PsSession *self, GAsyncResult *result, PsSummary *summary,
                                  GError **error);

/* @seconds: 0 = until resumed. A run under way is cancelled; nothing is lost by that. The pause
 * outlives the process (kept in the state dir). */
void ps_session_pause (PsSession *self, guint seconds);
void ps_session_resume (PsSession *self);
/* Now, whatever the schedule or back-off says; ends no pause by itself. After an AUTH error this is
 * what asks again. */
void ps_session_sync_now (PsSession *self);

/* The person's answer to what @guard holds, as ps_session_get_status () shows it: the next run
 * carries it out, once, and no more than that. @allow FALSE, "keep": what was to be deleted or
 * emptied is put back from the other side. Of a restored server there is one answer, that it is the
 * right one: by neither is anything deleted. */
void ps_session_decide_held (PsSession *self, PsGuard guard, gboolean allow);

/* Told by the owner: network up or down, metered, the machine about to sleep or awake again. */
void ps_session_set_network (PsSession *self, gboolean available, gboolean metered);
void ps_session_suspend (PsSession *self);
void ps_session_wake (PsSession *self);

/* Recent events, newest last, at most 1000: (transfer full) (element-type PsEvent). */
GPtrArray *ps_session_dup_recent (PsSession *self);

/* Stops timers and cancels the run; @callback once no worker is left (within 2 s). After that only
 * unref. */
void ps_session_close_async (PsSession *self, GAsyncReadyCallback callback, gpointer user_data);
gboolean ps_session_close_finish (PsSession *self, GAsyncResult *result, GError **error);

G_END_DECLS
