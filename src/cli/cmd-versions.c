/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pisync-cli versions: what the server keeps of a file, or of all. */
#include "cli/commands.h"
#include "cli/text.h"
#include "cli/versions.h"

static void
print_version (PsCli *cli, const PsVersion *version)
{
  g_autoptr (GString) json = g_string_new ("{");
  g_autofree char *time = ps_version_time (version);
  g_autofree char *size = ps_text_bytes ((double)version->entry.size);
  g_autofree char *id = ps_text_printable (version->id, FALSE);
  g_autofree char *device = ps_text_printable (version->device, FALSE);
  g_autofree char *bytes
      = g_strdup_printf (",\"size\":%" G_GUINT64_FORMAT "}", version->entry.size);

  ps_text_json_member (json, "type", "version");
  ps_text_json_member (json, "path", version->path);
  ps_text_json_member (json, "id", version->id);
  ps_text_json_member (json, "time", time);
  ps_text_json_member (json, "device", version->device);
  g_string_append (json, bytes);
  ps_output_json (cli->output, json->str);
  ps_output_line (cli->output, "%s  %10s  by %s  %s", time, size, device, id);
}

static PsExit
list_versions (PsCli *cli, const char *argument)
{
  g_auto (PsServerLogin) login = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (PsConfig) config = ps_cli_load_config (cli, &error);
  g_autofree char *path = config != NULL ? ps_version_argument (config, argument, &error) : NULL;
  g_autoptr (GPtrArray) versions = NULL;

  if (path == NULL || !ps_server_login (&login, cli, config, NULL, FALSE, &error))
    return ps_server_login_fail (&login, cli, error);
  versions = ps_version_fetch_list (&login, path, &error);
  if (versions == NULL)
    return ps_server_login_fail (&login, cli, error);
  for (guint i = 0; i < versions->len; i++)
    print_version (cli, g_ptr_array_index (versions, i));
  if (versions->len == 0)
    ps_output_note (cli->output, "The server keeps no earlier version of that.");
  return PS_EXIT_OK;
}

static PsExit
run_versions (PsCli *cli, char **argv)
{
  PsExit status;

  if (!ps_cli_parse (cli, &ps_command_versions, NULL, &argv, 1, &status))
    return status;
  return list_versions (cli, argv[1] != NULL ? argv[1] : "");
}

const PsCommand ps_command_versions = {
  .name = "versions",
  .arguments = "[PATH]",
  .summary = "Show earlier and deleted versions that the server keeps",
  .description
  = "Lists what the server keeps of a file, of all in a folder, or of everything: replaced and\n"
    "deleted versions and the losers of conflicts, the newest first, with the time at which each\n"
    "was replaced, its size, the device that did it, and its name for 'restore --version'.\n"
    "PATH is relative to the pair's folder, or absolute.",
  .run = run_versions,
};
