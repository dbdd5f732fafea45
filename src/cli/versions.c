/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/versions.h"

#include "core/relpath.h"

#include <string.h>

char *
ps_version_argument (const PsConfig *config, const char *argument, GError **error)
{
  g_autofree char *whole = g_canonicalize_filename (argument, config->local_base);
  g_autofree char *base = g_canonicalize_filename (config->local_base, "/");
  gsize length = strlen (base);

  if (g_str_has_prefix (whole, base) && whole[length] == '\0')
    return g_strdup ("");
  if (g_str_has_prefix (whole, base) && whole[length] == '/'
      && ps_relpath_valid (whole + length + 1))
    return g_strdup (whole + length + 1);
  g_set_error (error, PS_CONFIG_ERROR, PS_CONFIG_ERROR_INVALID, "%s does not lie in %s", argument,
               config->local_base);
  return NULL;
}

GPtrArray *
ps_version_fetch_list (PsServerLogin *login, const char *path, GError **error)
{
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  ps_server_versions_async (login->server, path, login->cli->cancellable, ps_cli_on_ready, &slot);
  result = ps_cli_wait (&slot);
  return ps_server_versions_finish (login->server, result, error);
}

char *
ps_version_time (const PsVersion *version)
{
  g_autoptr (GDateTime) time
      = g_date_time_new_from_unix_local (version->when / G_GINT64_CONSTANT (1000000000));

  return time != NULL ? g_date_time_format (time, "%Y-%m-%d %H:%M:%S") : g_strdup ("?");
}
