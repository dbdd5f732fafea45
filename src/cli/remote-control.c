/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/remote-control.h"

#include "cli/text.h"
#include "engine/control.h"

PsExit
ps_remote_control (PsCli *cli, const char *action, GVariant *parameter, const char *done)
{
  g_autofree char *pair = ps_cli_pair_name (cli);
  g_autoptr (GString) json = g_string_new ("{");
  g_autoptr (GError) error = NULL;

  if (!ps_control_activate (pair, action, parameter, &error))
    return ps_cli_fail (cli, error, NULL);
  ps_text_json_member (json, "type", "control");
  ps_text_json_member (json, "pair", pair);
  ps_text_json_member (json, "action", action);
  g_string_append_c (json, '}');
  ps_output_json (cli->output, json->str);
  ps_output_line (cli->output, "%s: %s", pair, done);
  return PS_EXIT_OK;
}
