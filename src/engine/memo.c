/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/memo.h"

#include <errno.h>
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
  g_autofree char *new_file = g_strconcat (file, ".new", NULL);
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT "\n", number);
  g_autoptr (GError) error = NULL;

  g_mkdir_with_parents (state_dir, 0700);
  /* Whole or not at all, but without an fsync, which GLib would make: a window is being drawn
   * meanwhile, and a power cut may take a memo along. */
  if (!g_file_set_contents_full (new_file, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, &error))
    g_info ("not remembered: %s", error->message);
  else if (g_rename (new_file, file) != 0)
    g_info ("not remembered: %s: %s", file, g_strerror (errno));
}

void
ps_memo_forget (const char *state_dir, const char *name)
{
  g_autofree char *file = g_build_filename (state_dir, name, NULL);

  g_unlink (file);
}
