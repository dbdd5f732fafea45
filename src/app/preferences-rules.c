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

static gboolean
has_line (char **lines, const char *line)
{
  return g_strv_contains ((const char *const *)lines, line);
}

char *
ps_preferences_rules_merge (const char *base, const char *mine, const char *theirs)
{
  g_auto (GStrv) base_lines = g_strsplit (base, "\n", -1);
  g_auto (GStrv) my_lines = g_strsplit (mine, "\n", -1);
  g_auto (GStrv) their_lines = g_strsplit (theirs, "\n", -1);
  GString *merged = g_string_new (NULL);

  for (guint i = 0; their_lines[i] != NULL; i++)
    if (has_line (my_lines, their_lines[i]) || !has_line (base_lines, their_lines[i])
        || *their_lines[i] == '\0')
      g_string_append_printf (merged, "%s\n", their_lines[i]);
  /* A text ends with a line break, after which the split saw one empty line more. */
  if (merged->len > 0 && *their_lines[g_strv_length (their_lines) - 1] == '\0')
    g_string_truncate (merged, merged->len - 1);
  for (guint i = 0; my_lines[i] != NULL; i++)
    if (*my_lines[i] != '\0' && !has_line (base_lines, my_lines[i])
        && !has_line (their_lines, my_lines[i]))
      g_string_append_printf (merged, "%s\n", my_lines[i]);
  return g_string_free (merged, FALSE);
}
