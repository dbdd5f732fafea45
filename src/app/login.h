/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Logging in where a person is there to be asked, and what becomes of what they typed:
 *
 * - the server let us in: it may be kept;
 * - the login was refused, or the person did not answer: it is dropped;
 * - anything else ended the login (the line, a cancel): nobody knows, so the next login tries it
 *   before asking again. */
#pragma once

#include "app/pair.h"
#include "app/prompts.h"
#include "engine/server.h"

G_BEGIN_DECLS

#define PS_TYPE_LOGIN (ps_login_get_type ())
G_DECLARE_FINAL_TYPE (PsLogin, ps_login, PS, LOGIN, GObject)

/* @accept_changed_key: a person is here to compare a changed key too. @parent: (nullable): in front
 * of which to ask; held weakly. */
PsLogin *ps_login_new (PsPrompts *prompts, const PsConfig *config, gboolean accept_changed_key,
                       GtkWindow *parent);

/* Finish as ps_server_connect_finish (). */
void ps_login_connect_async (PsLogin *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean ps_login_connect_finish (PsLogin *self, GAsyncResult *result, GError **error);

/* Returns: (transfer none): its questions are asked for as long as @self lives. */
PsServer *ps_login_get_server (PsLogin *self);

/* @session: one that is not of a PsPair, of the same server. Its questions are asked in the same
 * way; @error (nullable) is how its run ended. */
void ps_login_ask_for (PsLogin *self, PsSession *session);
void ps_login_judge (PsLogin *self, const GError *error);

/* The same for a pair: its secret was accepted, whatever becomes of the run; its status has
 * changed, which tells of a refusal, or that all was right. */
void ps_login_accept_pair (PsPrompts *prompts, PsPair *pair);
void ps_login_judge_pair (PsPrompts *prompts, PsPair *pair);

G_END_DECLS
