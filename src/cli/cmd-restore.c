/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pisync-cli restore: brings an earlier version back. */
#include "cli/commands.h"
#include "cli/text.h"
#include "cli/versions.h"

#include <string.h>

typedef struct
{
  char *version; /* (nullable) */
  char *to;      /* (nullable) */
} Options;

static void
options_clear (Options *options)
{
  g_free (options->version);
  g_free (options->to);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

/* Returns: (nullable): the version that is meant: that of the name, or else the newest; none of a
 * file in a directory of that path. */
static const PsVersion *
choose (const GPtrArray *versions, const char *path, const char *id, GError **error)
{
  g_autofree char *below = g_strconcat (path, "/", NULL);

  for (guint i = 0; i < versions->len; i++)
    {
      const PsVersion *version = g_ptr_array_index (versions, i);

      if (!g_str_has_prefix (version->id, below) && (id == NULL || strcmp (version->id, id) == 0))
        return version;
    }
  g_set_error (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_FAILED,
               id != NULL ? "The server keeps no version of %s of that name; see 'versions'"
                          : "The server keeps no earlier version of %s",
               path);
  return NULL;
}

static gboolean
bring_back (PsServerLogin *login, const PsVersion *version, const char *path, const char *file,
            GError **error)
{
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  GCancellable *cancellable = login->cli->cancellable;

  if (file == NULL)
    {
      ps_server_restore_async (login->server, version->id, path, cancellable, ps_cli_on_ready,
                               &slot);
      result = ps_cli_wait (&slot);
      return ps_server_restore_finish (login->server, result, error);
    }
  ps_server_save_version_async (login->server, version->id, file, cancellable, ps_cli_on_ready,
                                &slot);
  result = ps_cli_wait (&slot);
  return ps_server_save_version_finish (login->server, result, error);
}

static void
tell (PsCli *cli, const PsVersion *version, const char *path, const char *file)
{
  g_autoptr (GString) json = g_string_new ("{");
  g_autofree char *time = ps_version_time (version);
  g_autofree char *where = ps_text_printable (file != NULL ? file : path, FALSE);

  ps_text_json_member (json, "type", "restored");
  ps_text_json_member (json, "path", path);
  ps_text_json_member (json, "id", version->id);
  ps_text_json_member (json, "to", file);
  g_string_append_c (json, '}');
  ps_output_json (cli->output, json->str);
  ps_output_line (cli->output, "%s is as it was until %s", where, time);
  if (file == NULL)
    ps_output_note (cli->output, "The next sync sends it; what was there is in the trash.");
}

static PsExit
restore (PsCli *cli, const char *argument, const Options *options)
{
  g_auto (PsServerLogin) login = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (PsConfig) config = ps_cli_load_config (cli, &error);
  g_autofree char *path = config != NULL ? ps_version_argument (config, argument, &error) : NULL;
  g_autofree char *file = options->to != NULL ? g_canonicalize_filename (options->to, NULL) : NULL;
  g_autoptr (GPtrArray) versions = NULL;
  const PsVersion *version;

  if (path == NULL || !ps_server_login (&login, cli, config, NULL, FALSE, &error))
    return ps_server_login_fail (&login, cli, error);
  versions = ps_version_fetch_list (&login, path, &error);
  version = versions != NULL ? choose (versions, path, options->version, &error) : NULL;
  if (version == NULL || !bring_back (&login, version, path, file, &error))
    return ps_server_login_fail (&login, cli, error);
  tell (cli, version, path, file);
  return PS_EXIT_OK;
}

static PsExit
run_restore (PsCli *cli, char **argv)
{
  g_auto (Options) options = { 0 };
  const GOptionEntry entries[] = {
    { "version", 0, 0, G_OPTION_ARG_FILENAME, &options.version,
      "Which version, by the name that 'versions' shows", "ID" },
    { "to", 0, 0, G_OPTION_ARG_FILENAME, &options.to, "Save it as this new file instead", "FILE" },
    { 0 },
  };
  PsExit status;

  if (!ps_cli_parse (cli, &ps_command_restore, entries, &argv, 1, &status))
    return status;
  if (argv[1] == NULL)
    return ps_cli_usage_error (cli, &ps_command_restore, "PATH is missing");
  return restore (cli, argv[1], &options);
}

const PsCommand ps_command_restore = {
  .name = "restore",
  .arguments = "PATH",
  .summary = "Bring an earlier or deleted version of a file back",
  .description
  = "Brings back the newest version that the server keeps of a file, or the one that --version\n"
    "names, as a change of the local folder: the next sync sends it. What lies there now goes to\n"
    "the trash. With --to it is saved elsewhere, and the folder stays as it is.\n"
    "PATH is relative to the pair's folder, or absolute; the file need not be there any more.",
  .run = run_restore,
};
