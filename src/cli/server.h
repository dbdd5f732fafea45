/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A server for one command (setup, trust, install-key): logged in to, its questions answered,
 * waited for. */
#pragma once

#include "cli/answer.h"
#include "engine/server.h"

G_BEGIN_DECLS

typedef struct
{
  PsCli *cli;           /* borrowed */
  PsServer *server;     /* owned */
  PsAnswerer *answerer; /* owned */
} PsServerLogin;

/* Logs in to the server of @config. @fingerprint: (nullable): the host key that is trusted without
 * asking. @accept_changed: a changed host key is asked about instead of refused. */
gboolean ps_server_login (PsServerLogin *self, PsCli *cli, const PsConfig *config,
                          const char *fingerprint, gboolean accept_changed,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
void ps_server_login_clear (PsServerLogin *self); /* @self may be zero */
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PsServerLogin, ps_server_login_clear)

/* Says what went wrong, with what the questions left as advice. */
PsExit ps_server_login_fail (PsServerLogin *self, PsCli *cli, const GError *error);

G_END_DECLS
