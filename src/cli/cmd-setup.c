/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pisync-cli setup: from nothing to a pair that can be synced. Nothing is written before the server
 * has let us in. */
#include "cli/commands.h"
#include "cli/server.h"
#include "cli/setup-form.h"
#include "cli/text.h"

typedef struct
{
  PsSetupForm form;
  char *fingerprint; /* (nullable) */
  gboolean force;    /* an existing file may be replaced */
  gboolean rebind;   /* a local folder that was another pair's may be used */
  gboolean import;   /* take over ~/.PiSync/pisync.ini */
} SetupOptions;

static void
setup_options_clear (SetupOptions *options)
{
  ps_setup_form_clear (&options->form);
  g_clear_pointer (&options->fingerprint, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SetupOptions, setup_options_clear)

static gboolean
check_file_is_new (const char *file, gboolean force, GError **error)
{
  if (force || !g_file_test (file, G_FILE_TEST_EXISTS))
    return TRUE;
  g_set_error (error, PS_CONFIG_ERROR, PS_CONFIG_ERROR_INVALID,
               "%s is there already: name another file with --config, or replace it with --force",
               file);
  return FALSE;
}

/* Whether the ancestor's file is to be taken over. */
static gboolean
wants_import (PsCli *cli, const SetupOptions *options, const char *ancestor)
{
  g_autofree char *prompt = NULL;

  if (options->import)
    return TRUE;
  if (cli->terminal == NULL || options->form.values[PS_SETUP_HOST] != NULL
      || !g_file_test (ancestor, G_FILE_TEST_EXISTS))
    return FALSE;
  prompt = g_strdup_printf ("Take over what %s says? [Y/n] ", ancestor);
  return ps_answer_yes_no (cli, prompt, TRUE, NULL);
}

static PsConfig *
begin_config (PsCli *cli, const SetupOptions *options, GError **error)
{
  g_autofree char *file = ps_cli_config_file (cli);
  g_autofree char *ancestor = ps_config_ancestor_file ();
  PsConfig *config;

  if (!check_file_is_new (file, options->force, error))
    return NULL;
  if (wants_import (cli, options, ancestor))
    config = ps_config_import (ancestor, file, error);
  else
    config = ps_config_new (file);
  /* Whoever names a password file here will want it to be found by the next command too. */
  if (config != NULL && cli->options.password_file != NULL)
    {
      g_free (config->password_file);
      config->password_file = g_strdup (cli->options.password_file);
    }
  return config;
}

static gboolean
make_roots (PsServerLogin *login, const PsConfig *config, gboolean rebind, GError **error)
{
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  ps_server_make_roots_async (login->server, config, rebind, login->cli->cancellable,
                              ps_cli_on_ready, &slot);
  result = ps_cli_wait (&slot);
  return ps_server_make_roots_finish (login->server, result, error);
}

static void
tell_done (PsCli *cli, const PsConfig *config)
{
  g_autoptr (GString) json = g_string_new ("{");
  g_autofree char *standard = ps_config_default_file ();
  g_autofree char *option = NULL;

  ps_text_json_member (json, "type", "setup");
  ps_text_json_member (json, "config", config->file);
  ps_text_json_member (json, "local", config->local_base);
  ps_text_json_member (json, "remote", config->remote_base);
  g_string_append_c (json, '}');
  ps_output_json (cli->output, json->str);

  option = g_strcmp0 (standard, config->file) == 0 ? g_strdup ("")
                                                   : g_strdup_printf ("--config %s ", config->file);
  ps_output_line (cli->output, "Written: %s", config->file);
  ps_output_line (cli->output, "%s and %s:%s are ready. Next:", config->local_base, config->host,
                  config->remote_base);
  ps_output_line (cli->output, "  pisync-cli %ssync           bring both together once", option);
  ps_output_line (cli->output, "  pisync-cli %srun            keep them together", option);
  if (*option == '\0')
    ps_output_line (cli->output,
                    "  systemctl --user enable --now pisync-cli@%s   the same, from every login on",
                    config->name);
  if (config->auth == PS_AUTH_PASSWORD)
    ps_output_line (cli->output,
                    "  pisync-cli %sinstall-key    log in with a key instead of the password",
                    option);
}

static gboolean
write_config (const PsConfig *config, GError **error)
{
  g_autofree char *dir = g_path_get_dirname (config->file);

  if (g_mkdir_with_parents (dir, 0700) != 0)
    {
      g_set_error (error, PS_CONFIG_ERROR, PS_CONFIG_ERROR_FAILED, "Cannot make the folder %s",
                   dir);
      return FALSE;
    }
  return ps_config_save (config, error);
}

static PsExit
setup (PsCli *cli, SetupOptions *options)
{
  g_auto (PsServerLogin) login = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (PsConfig) config = begin_config (cli, options, &error);

  if (config == NULL || !ps_setup_form_apply (&options->form, cli, config, &error)
      || !ps_server_login (&login, cli, config, options->fingerprint, FALSE, &error)
      || !make_roots (&login, config, options->rebind, &error) || !write_config (config, &error))
    return ps_server_login_fail (&login, cli, error);
  ps_answerer_offer_to_keep (login.answerer);
  tell_done (cli, config);
  return PS_EXIT_OK;
}

static PsExit
run_setup (PsCli *cli, char **argv)
{
  g_auto (SetupOptions) options = { 0 };
  char **values = options.form.values;
  PsExit status;
  const GOptionEntry entries[] = {
    { "host", 0, 0, G_OPTION_ARG_STRING, &values[PS_SETUP_HOST],
      "Name, address or ssh_config alias of the Pi", "HOST" },
    { "port", 0, 0, G_OPTION_ARG_STRING, &values[PS_SETUP_PORT], "Port (22)", "N" },
    { "user", 0, 0, G_OPTION_ARG_STRING, &values[PS_SETUP_USER], "User name on the Pi", "USER" },
    { "auth", 0, 0, G_OPTION_ARG_STRING, &values[PS_SETUP_AUTH], "publickey, password or agent",
      "HOW" },
    { "keyfile", 0, 0, G_OPTION_ARG_FILENAME, &values[PS_SETUP_KEYFILE], "Private key", "FILE" },
    { "remote", 0, 0, G_OPTION_ARG_FILENAME, &values[PS_SETUP_REMOTE],
      "Folder on the Pi: absolute, or below the login folder", "DIR" },
    { "local", 0, 0, G_OPTION_ARG_FILENAME, &values[PS_SETUP_LOCAL], "Folder on this computer",
      "DIR" },
    { "device", 0, 0, G_OPTION_ARG_STRING, &values[PS_SETUP_DEVICE],
      "This computer's name in conflicted copies (default: its host name)", "NAME" },
    { "fingerprint", 0, 0, G_OPTION_ARG_STRING, &options.fingerprint,
      "Trust the host key with this fingerprint without asking", "SHA256:..." },
    { "import", 0, 0, G_OPTION_ARG_NONE, &options.import,
      "Begin with what ~/.PiSync/pisync.ini says", NULL },
    { "rebind", 0, 0, G_OPTION_ARG_NONE, &options.rebind,
      "Use a local folder that belonged to another pair", NULL },
    { "force", 0, 0, G_OPTION_ARG_NONE, &options.force, "Replace an existing file", NULL },
    { NULL },
  };

  if (!ps_cli_parse (cli, &ps_command_setup, entries, &argv, 0, &status))
    return status;
  return setup (cli, &options);
}

const PsCommand ps_command_setup = {
  .name = "setup",
  .arguments = "",
  .summary = "Make a new folder pair",
  .description
  = "Asks for what it needs (or takes it from the options), shows the server's host key, logs in,\n"
    "makes both folders ready and writes the pair's file. Deletes and transfers nothing.",
  .run = run_setup,
};
