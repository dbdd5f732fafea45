/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/server.h"

gboolean
ps_server_login (PsServerLogin *self, PsCli *cli, const PsConfig *config, const char *fingerprint,
                 gboolean accept_changed, GError **error)
{
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  self->cli = cli;
  self->server = ps_server_new (config, fingerprint, accept_changed);
  self->answerer = ps_answerer_new (cli, config, self->server);
  ps_output_note (cli->output, "Connecting to %s ...", config->host);
  ps_server_connect_async (self->server, cli->cancellable, ps_cli_on_ready, &slot);
  result = ps_cli_wait (&slot);
  return ps_server_connect_finish (self->server, result, error);
}

void
ps_server_login_clear (PsServerLogin *self)
{
  g_clear_pointer (&self->answerer, ps_answerer_free);
  g_clear_object (&self->server);
}

PsExit
ps_server_login_fail (PsServerLogin *self, PsCli *cli, const GError *error)
{
  const char *advice = self->answerer != NULL ? ps_answerer_peek_advice (self->answerer) : NULL;

  return ps_cli_fail (cli, error, advice);
}
