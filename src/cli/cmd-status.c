/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pisync-cli status: what a running program says of the pair. */
#include "cli/commands.h"
#include "cli/text.h"
#include "engine/control.h"

static void
append_value (GString *json, const char *key, GVariant *value)
{
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    {
      ps_text_json_member (json, key, g_variant_get_string (value, NULL));
      return;
    }
  /* Numbers and truth values print alike in both notations, save for the prefix of some types. */
  g_autofree char *text = g_variant_print (value, FALSE);

  g_string_append_printf (json, ",\"%s\":%s", key, text);
}

static char *
status_to_json (GVariant *status)
{
  GString *json = g_string_new ("{");
  GVariantIter iter;
  const char *key;
  GVariant *value;

  ps_text_json_member (json, "type", "status");
  g_variant_iter_init (&iter, status);
  while (g_variant_iter_loop (&iter, "{&sv}", &key, &value))
    append_value (json, key, value);
  g_string_append_c (json, '}');
  return g_string_free (json, FALSE);
}

static void
append_last_sync (GString *text, GVariant *status)
{
  gint64 when = 0;
  g_autoptr (GDateTime) time = NULL;
  g_autofree char *formatted = NULL;

  if (!g_variant_lookup (status, "last-sync", "x", &when) || when == 0)
    return;
  time = g_date_time_new_from_unix_local (when);
  formatted = g_date_time_format (time, "%Y-%m-%d %H:%M:%S");
  g_string_append_printf (text, "\nLast in agreement: %s", formatted);
}

static char *
status_to_text (GVariant *status)
{
  GString *text = g_string_new (NULL);
  const char *pair = "", *state = "", *message = "";

  g_variant_lookup (status, "pair", "&s", &pair);
  g_variant_lookup (status, "state", "&s", &state);
  g_variant_lookup (status, "message", "&s", &message);
  g_string_append_printf (text, "%s: %s", pair, state);
  if (*message != '\0')
    g_string_append_printf (text, "\n%s", message);
  append_last_sync (text, status);
  return g_string_free (text, FALSE);
}

static PsExit
run_status (PsCli *cli, char **argv)
{
  PsExit exit_status;
  g_autofree char *pair = NULL;
  g_autoptr (GVariant) status = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *json = NULL;
  g_autofree char *text = NULL;

  if (!ps_cli_parse (cli, &ps_command_status, NULL, &argv, 0, &exit_status))
    return exit_status;
  pair = ps_cli_pair_name (cli);
  status = ps_control_get_status (pair, &error);
  if (status == NULL)
    return ps_cli_fail (cli, error, NULL);
  json = status_to_json (status);
  text = status_to_text (status);
  ps_output_json (cli->output, json);
  ps_output_answer (cli->output, text);
  return PS_EXIT_OK;
}

const PsCommand ps_command_status = {
  .name = "status",
  .arguments = "",
  .summary = "Ask the running program how it stands",
  .description
  = "Asks the running pisync or \"pisync-cli run\" over D-Bus how the pair stands. Where nothing\n"
    "runs it says so and ends with 1.",
  .run = run_status,
};
