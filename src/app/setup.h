/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The setup of a new pair without its pages: signs in, makes both folders ready, looks at what a
 * first sync would do, and lets the pair begin. One call at a time. */
#pragma once

#include "app/pairs.h"
#include "app/prompts.h"
#include "engine/server.h"

G_BEGIN_DECLS

#define PS_TYPE_SETUP (ps_setup_get_type ())
G_DECLARE_FINAL_TYPE (PsSetup, ps_setup, PS, SETUP, GObject)

PsSetup *ps_setup_new (PsPairs *pairs, PsPrompts *prompts);

/* What was chosen so far; to be filled in. */
PsConfig *ps_setup_get_config (PsSetup *self);

/* Begins anew with what the ancestor's file says. */
gboolean ps_setup_import (PsSetup *self, GError **error);

/* Logs in; questions are asked in front of @parent. @make_key: with the password, and then a key is
 * made, put on the server and used from then on. */
void ps_setup_sign_in_async (PsSetup *self, GtkWindow *parent, gboolean make_key,
                             GCancellable *cancellable, GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean ps_setup_sign_in_finish (PsSetup *self, GAsyncResult *result, GError **error);

/* Returns: (transfer none) (nullable): the server that let us in. */
PsServer *ps_setup_get_server (PsSetup *self);

/* Makes both folders, then looks at what would be transferred; changes no file. */
void ps_setup_preview_async (PsSetup *self, gboolean rebind, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer user_data);
gboolean ps_setup_preview_finish (PsSetup *self, GAsyncResult *result, PsSummary *summary,
                                  GError **error);

/* Writes the ini and starts the pair, which finish returns (transfer none). */
void ps_setup_begin_async (PsSetup *self, GAsyncReadyCallback callback, gpointer user_data);
PsPair *ps_setup_begin_finish (PsSetup *self, GAsyncResult *result, GError **error);

G_END_DECLS
