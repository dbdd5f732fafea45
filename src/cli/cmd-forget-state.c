/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pisync-cli forget-state: the next sync is a union. */
#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/text.h"
#include "engine/state.h"

static gboolean
may_forget (PsCli *cli, gboolean yes, GError **error)
{
  if (yes)
    return TRUE;
  if (cli->terminal == NULL)
    {
      g_set_error (error, PS_CONFIG_ERROR, PS_CONFIG_ERROR_INVALID,
                   "There is no terminal to ask at: say --yes if the state is to be forgotten");
      return FALSE;
    }
  ps_terminal_say (cli->terminal,
                   "What both sides last agreed on is forgotten. The next sync deletes nothing: "
                   "it puts together\nwhat is on either side, so files deleted meanwhile on one "
                   "side come back.\n");
  return ps_answer_yes_no (cli, "Forget it? [y/N] ", FALSE, error);
}

static PsExit
forget (PsCli *cli, gboolean yes)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PsConfig) config = ps_cli_load_config (cli, &error);
  g_autofree char *state_dir = NULL;
  g_autoptr (GString) json = g_string_new ("{");

  if (config == NULL)
    return ps_cli_fail (cli, error, NULL);
  state_dir = ps_cli_state_dir (cli, config);
  if (!may_forget (cli, yes, &error))
    {
      if (error != NULL)
        return ps_cli_fail (cli, error, NULL);
      ps_output_note (cli->output, "Nothing was forgotten");
      return PS_EXIT_OK;
    }
  if (!ps_state_forget (state_dir, &error))
    return ps_cli_fail (cli, error, NULL);
  ps_text_json_member (json, "type", "forgotten");
  ps_text_json_member (json, "state", state_dir);
  g_string_append_c (json, '}');
  ps_output_json (cli->output, json->str);
  ps_output_line (cli->output, "Forgotten: the next sync of %s is a union", config->name);
  return PS_EXIT_OK;
}

static PsExit
run_forget_state (PsCli *cli, char **argv)
{
  gboolean yes = FALSE;
  PsExit status;
  const GOptionEntry entries[] = {
    { "yes", 'y', 0, G_OPTION_ARG_NONE, &yes, "Do not ask", NULL },
    { NULL },
  };

  if (!ps_cli_parse (cli, &ps_command_forget_state, entries, &argv, 0, &status))
    return status;
  return forget (cli, yes);
}

const PsCommand ps_command_forget_state = {
  .name = "forget-state",
  .arguments = "",
  .summary = "Forget what both sides last agreed on",
  .description
  = "Drops what is recorded of the last agreement of both sides. The next sync is a union:\n"
    "nothing is deleted, equal files are recorded without transfer, unequal ones are kept twice.",
  .run = run_forget_state,
};
