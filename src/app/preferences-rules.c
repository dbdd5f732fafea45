/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/preferences-rules.h"

#include "core/ignore.h"

#include <string.h>

gboolean
ps_preferences_rules_match (const char *rules, const char *path)
{
  g_autoptr (PsIgnore) ignore = ps_ignore_new ();
  g_auto (GStrv) parts = g_strsplit (path, "/", -1);
  g_autoptr (GString) so_far = g_string_new (NULL);
  gboolean is_dir = g_str_has_suffix (path, "/");

  ps_ignore_set (ignore, "", rules, strlen (rules));
  for (guint i = 0; parts[i] != NULL; i++)
    {
      gboolean last = TRUE;

      if (*parts[i] == '\0')
        continue;
      for (guint j = i + 1; parts[j] != NULL; j++)
        last = last && *parts[j] == '\0';
      g_string_append_printf (so_far, "%s%s", so_far->len > 0 ? "/" : "", parts[i]);
      if (ps_ignore_match (ignore, so_far->str, !last || is_dir))
        return TRUE;
    }
  return FALSE;
}
