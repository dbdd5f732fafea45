/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pisync-cli install-key: from a password to a key of this device's own. */
#include "cli/commands.h"
#include "cli/server.h"
#include "cli/text.h"

static char *
install (PsServerLogin *login, GError **error)
{
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  ps_server_install_key_async (login->server, login->cli->cancellable, ps_cli_on_ready, &slot);
  result = ps_cli_wait (&slot);
  return ps_server_install_key_finish (login->server, result, error);
}

/* From now on the pair logs in with the key. The file is read anew: what options changed for this
 * process does not belong into it. */
static gboolean
use_key (const char *config_file, const char *keyfile, GError **error)
{
  g_autoptr (PsConfig) config = ps_config_load (config_file, error);

  if (config == NULL)
    return FALSE;
  config->auth = PS_AUTH_PUBLICKEY;
  g_free (config->keyfile);
  config->keyfile = g_strdup (keyfile);
  return ps_config_save (config, error);
}

static PsExit
install_key (PsCli *cli)
{
  g_auto (PsServerLogin) login = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (PsConfig) config = ps_cli_load_config (cli, &error);
  g_autoptr (GString) json = g_string_new ("{");
  g_autofree char *keyfile = NULL;

  if (config == NULL || !ps_server_login (&login, cli, config, NULL, FALSE, &error))
    return ps_server_login_fail (&login, cli, error);
  keyfile = install (&login, &error);
  if (keyfile == NULL || !use_key (config->file, keyfile, &error))
    return ps_server_login_fail (&login, cli, error);
  ps_text_json_member (json, "type", "key-installed");
  ps_text_json_member (json, "keyfile", keyfile);
  g_string_append_c (json, '}');
  ps_output_json (cli->output, json->str);
  ps_output_line (cli->output, "The server knows this device's key now: %s", keyfile);
  ps_output_line (cli->output, "%s uses it from now on; no password is needed", config->file);
  return PS_EXIT_OK;
}

static PsExit
run_install_key (PsCli *cli, char **argv)
{
  PsExit status;

  if (!ps_cli_parse (cli, &ps_command_install_key, NULL, &argv, 0, &status))
    return status;
  return install_key (cli);
}

const PsCommand ps_command_install_key = {
  .name = "install-key",
  .arguments = "",
  .summary = "Make a key for this device and install it on the server",
  .description
  = "Makes an ed25519 key for this device, adds it to the account on the server over SFTP, proves\n"
    "that it works and has the pair use it. Where the account is locked into a folder so that its\n"
    "authorized_keys cannot be reached, it prints the line that must be added there by hand.",
  .run = run_install_key,
};
