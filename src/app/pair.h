/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One folder pair in the application: its session, the newest status, and its place on the session
 * bus, through which pisync-cli reaches it. */
#pragma once

#include "engine/session.h"

G_BEGIN_DECLS

#define PS_TYPE_PAIR (ps_pair_get_type ())
G_DECLARE_FINAL_TYPE (PsPair, ps_pair, PS, PAIR, GObject)

PsPair *ps_pair_new (const PsConfig *config);

const char *ps_pair_get_name (PsPair *self);
/* The name for people: the local folder's own name, or what there is room for of it. Borrowed. */
const char *ps_pair_get_title (PsPair *self);
PsSession *ps_pair_get_session (PsPair *self);
const PsConfig *ps_pair_get_config (PsPair *self);

/* The newest status; borrowed, valid until "status-changed". */
PsStatus *ps_pair_get_status (PsPair *self);

/* Hands a changed configuration to the session; the caller has saved it. */
void ps_pair_set_config (PsPair *self, const PsConfig *config);

/* The configuration with the changes that are still being written: what another change starts from.
 * Every beginning, with a copy of @config, has its end. */
const PsConfig *ps_pair_get_wish (PsPair *self);
void ps_pair_begin_wish (PsPair *self, const PsConfig *config);
void ps_pair_end_wish (PsPair *self);

/* Writes into the ini what @config has otherwise than what was read from it, or written last: what
 * a person has changed in it meanwhile stays. In a thread, of which there is one at a time. */
gboolean ps_pair_write_config (PsPair *self, const PsConfig *config, GError **error);

/* Exports the pair on a connection of its own to the session bus. Where that fails it is said in
 * the log, and the pair works without. */
void ps_pair_export (PsPair *self);

/* Ends the session; @callback when no worker is left. */
void ps_pair_close_async (PsPair *self, GAsyncReadyCallback callback, gpointer user_data);
gboolean ps_pair_close_finish (PsPair *self, GAsyncResult *result, GError **error);

/* Signals: "status-changed" (), "event" (PsEvent), "question" (PsQuestion), "accepted" (): the
 * server let us in by what was answered. */

G_END_DECLS
