/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/memo.h"

#include <glib/gstdio.h>

gboolean
ps_memo_read (const char *state_dir, const char *name, gint64 *number)
{
  g_autofree char *file = g_build_filename (state_dir, name, NULL);
  g_autofree char *text = NULL;

  return g_file_get_contents (file, &text, NULL, NULL)
         && g_ascii_string_to_signed (g_strchomp (text), 10, 0, G_MAXINT64, number, NULL);
}

void
ps_memo_write (const char *state_dir, const char *name, gint64 number)
{
  g_autofree char *file = g_build_filename (state_dir, name, NULL);
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT "\n", number);
  g_autoptr (GError) error = NULL;

  g_mkdir_with_parents (state_dir, 0700);
  if (!g_file_set_contents_full (file, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error))
    g_info ("not remembered: %s", error->message);
}

void
ps_memo_forget (const char *state_dir, const char *name)
{
  g_autofree char *file = g_build_filename (state_dir, name, NULL);

  g_unlink (file);
}
