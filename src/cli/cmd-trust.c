/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pisync-cli trust: a person has compared the new or changed host key. */
#include "cli/commands.h"
#include "cli/server.h"
#include "cli/text.h"

static PsExit
tell_trusted (PsCli *cli, const PsConfig *config)
{
  g_autoptr (GString) json = g_string_new ("{");

  ps_text_json_member (json, "type", "trusted");
  ps_text_json_member (json, "host", config->host);
  g_string_append_c (json, '}');
  ps_output_json (cli->output, json->str);
  ps_output_line (cli->output, "The host key of %s is trusted and the login works", config->host);
  return PS_EXIT_OK;
}

static PsExit
trust (PsCli *cli, const char *fingerprint)
{
  g_auto (PsServerLogin) login = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (PsConfig) config = ps_cli_load_config (cli, &error);

  if (config == NULL || !ps_server_login (&login, cli, config, fingerprint, TRUE, &error))
    return ps_server_login_fail (&login, cli, error);
  return tell_trusted (cli, config);
}

static PsExit
run_trust (PsCli *cli, char **argv)
{
  g_autofree char *fingerprint = NULL;
  PsExit status;
  const GOptionEntry entries[] = {
    { "fingerprint", 0, 0, G_OPTION_ARG_STRING, &fingerprint,
      "Trust exactly this key without asking", "SHA256:..." },
    { NULL },
  };

  if (!ps_cli_parse (cli, &ps_command_trust, entries, &argv, 0, &status))
    return status;
  return trust (cli, fingerprint);
}

const PsCommand ps_command_trust = {
  .name = "trust",
  .arguments = "",
  .summary = "Look at and accept a new or changed host key",
  .description
  = "Shows the server's host key and, once you have compared it and typed \"yes\", trusts it from\n"
    "now on. Needed after the Pi was reinstalled.",
  .run = run_trust,
};
