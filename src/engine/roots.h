/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The markers of both roots: are these the two folders of this pair, and is the server still the
 * one we knew? Worker thread. */
#pragma once

#include "engine/context.h"

G_BEGIN_DECLS

/**
 * ps_roots_check:
 *
 * Reads both markers and asks the guards. On a first run the markers are made, or the server's is
 * adopted (not in a dry run).
 *
 * Returns: FALSE with PS_ENGINE_ERROR_GUARD when the root guard holds, else with what went wrong
 */
gboolean ps_roots_check (PsContext *context, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The local root could not be opened (@error is set): where it was synced before, that is the root
 * guard's to tell. Always FALSE, with @error set. */
gboolean ps_roots_hold_missing (PsContext *context, GError **error);

/* Looks again, right before something is deleted: are both markers still there? */
gboolean ps_roots_confirm (PsContext *context, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Begins to raise the server's generation: nothing on it changes before. Leaves a restored server's
 * alone. */
void ps_roots_raise_begin (PsContext *context);

/* Waits for that. Nothing to do where nothing was begun. */
gboolean ps_roots_raise_end (PsContext *context, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Raises it once more behind all that a long pass has changed, and writes it down: a backup of the
 * server that was taken in the middle of the pass has the generation of its beginning. */
gboolean ps_roots_raise_again (PsContext *context, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes down the raised generation once its marker is durable: not before, since a server that
 * lost its power comes back with the old one, and would look restored; and together with the first
 * row of what was changed under it. */
gboolean ps_roots_remember (PsContext *context, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* After a run that held nothing: a restored server that was accepted is as it should be from now
 * on, and deletions count again. A path that could not be synced is a new one. */
gboolean ps_roots_settle (PsContext *context, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Makes or adopts the markers outside of a run (setup): both sides then bear one id. @rebind: a
 * local marker of another pair is replaced. */
gboolean ps_roots_bind (PsLocal *local, PsRemote *remote, gboolean rebind,
                        GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
