/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An asynchronous call of GIO that a worker thread waits for, no longer than a time. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct PsLimited PsLimited;

/* @seconds: from now on. @cancellable: (nullable): ends the wait too. Until it is freed the thread
 * has a default context of its own. */
PsLimited *ps_limited_new (guint seconds, GCancellable *cancellable);
void ps_limited_free (PsLimited *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsLimited, ps_limited_free)

/* Returns: (transfer none): to be given to the call; cancelled when the time is over */
GCancellable *ps_limited_cancellable (PsLimited *self);

/* The call's callback; its user_data is the PsLimited. */
void ps_limited_done (GObject *source, GAsyncResult *result, gpointer self);

/* Blocks until the call is done, which may be because it was cancelled. Returns: (transfer none) */
GAsyncResult *ps_limited_wait (PsLimited *self);

/* Whether the time was over before the call was done. */
gboolean ps_limited_is_over (const PsLimited *self);

/* The whole conversation with a child; its end where that fails. G_IO_ERROR_TIMED_OUT. GLib's call
 * that blocks is not to be used in a thread: it frees its context too early (see limited.c). */
gboolean ps_limited_communicate (GSubprocess *process, const char *input, guint seconds,
                                 char **output, char **messages, GCancellable *cancellable,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
