/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/version-lists.h"

#include "app/view.h"

#include <glib/gi18n.h>

#define MAX_ROWS 1000
#define NS_PER_SECOND G_GINT64_CONSTANT (1000000000)

static char *
size_and_date (guint64 size, gint64 mtime)
{
  g_autofree char *bytes = g_format_size (size);
  g_autofree char *date = ps_version_date (mtime);

  return g_strdup_printf ("%s · %s", bytes, date);
}

char *
ps_version_text (const PsVersion *version)
{
  return size_and_date (version->entry.size, version->entry.mtime / NS_PER_SECOND);
}

char *
ps_version_present_text (const PsVersionFile *file, const char *root)
{
  g_autofree char *folder = ps_view_path (root);

  switch (file->presence)
    {
    case PS_PRESENCE_FILE:
      return size_and_date (file->size, file->mtime);
    case PS_PRESENCE_OTHER:
      return g_strdup (_ ("Something else has this name."));
    case PS_PRESENCE_UNKNOWN:
      /* Translators: %s is a folder */
      return g_strdup_printf (_ ("%s is not there. Is the disk mounted?"), folder);
    case PS_PRESENCE_ABSENT:
    default:
      return g_strdup (_ ("It is not there any more."));
    }
}

/* The files. */

/* The name, and smaller below it: "Deleted · 3 versions · Letters". */
static char *
file_markup (const PsVersionFile *file)
{
  g_autofree char *name = ps_view_name (file->path);
  g_autofree char *folder = ps_view_folder (file->path);
  guint n = file->versions->len;
  g_autofree char *count = g_strdup_printf (ngettext ("%u version", "%u versions", n), n);
  g_autoptr (GString) below = g_string_new (NULL);

  if (file->presence == PS_PRESENCE_ABSENT)
    g_string_append_printf (below, "%s · ", _ ("Deleted"));
  g_string_append (below, count);
  if (*folder != '\0')
    g_string_append_printf (below, " · %s", folder);
  return g_markup_printf_escaped ("%s\n<small>%s</small>", name, below->str);
}

static void
add_file (GtkListStore *store, PsVersionFile *file)
{
  g_autofree char *markup = file_markup (file);
  g_autofree char *path = ps_view_path (file->path);
  g_autofree char *tooltip = g_markup_escape_text (path, -1);
  const char *icon
      = file->presence == PS_PRESENCE_ABSENT ? "user-trash-symbolic" : "text-x-generic-symbolic";

  gtk_list_store_insert_with_values (store, NULL, -1, PS_VERSION_FILE_ICON, icon,
                                     PS_VERSION_FILE_MARKUP, markup, PS_VERSION_FILE_TOOLTIP,
                                     tooltip, PS_VERSION_FILE_POINTER, file, -1);
}

static char *
rest_text (guint matching)
{
  guint more = matching - MIN (matching, MAX_ROWS);

  if (matching == 0)
    return g_strdup (_ ("No such file has earlier versions."));
  if (more == 0)
    return NULL;
  return g_strdup_printf (ngettext ("%u more file; type a part of its name to find it.",
                                    "%u more files; type a part of a name to find one.", more),
                          more);
}

GtkListStore *
ps_version_list_files (const GPtrArray *files, const PsVersionFilter *filter, const char *chosen,
                       guint *choice, char **rest)
{
  GtkListStore *store = gtk_list_store_new (PS_VERSION_N_FILE_COLUMNS, G_TYPE_STRING, G_TYPE_STRING,
                                            G_TYPE_STRING, G_TYPE_POINTER);
  g_autofree char *needle = g_utf8_casefold (filter->text, -1);
  guint matching = 0;

  *choice = 0;
  for (guint i = 0; i < files->len; i++)
    {
      PsVersionFile *file = files->pdata[i];

      if ((filter->deleted && file->presence != PS_PRESENCE_ABSENT)
          || !ps_version_file_matches (file, needle))
        continue;
      if (matching < MAX_ROWS)
        {
          if (g_strcmp0 (file->path, chosen) == 0)
            *choice = matching;
          add_file (store, file);
        }
      matching++;
    }
  *rest = rest_text (matching);
  return store;
}

/* The versions. */

static void
add_version (GtkListStore *store, const PsVersionFile *file, guint index)
{
  PsVersion *version = file->versions->pdata[index];
  g_autofree char *date = ps_version_date (version->entry.mtime / NS_PER_SECOND);
  g_autofree char *size = g_format_size (version->entry.size);
  g_autofree char *why = ps_version_kept_text (version, ps_version_file_kept (file, index));

  gtk_list_store_insert_with_values (store, NULL, -1, PS_VERSION_DATE, date, PS_VERSION_SIZE, size,
                                     PS_VERSION_WHY, why, PS_VERSION_POINTER, version, -1);
}

GtkListStore *
ps_version_list_versions (const PsVersionFile *file, const char *chosen, guint *choice)
{
  GtkListStore *store = gtk_list_store_new (PS_VERSION_N_COLUMNS, G_TYPE_STRING, G_TYPE_STRING,
                                            G_TYPE_STRING, G_TYPE_POINTER);

  *choice = 0;
  for (guint i = 0; file != NULL && i < file->versions->len && i < MAX_ROWS; i++)
    {
      const PsVersion *version = file->versions->pdata[i];

      add_version (store, file, i);
      if (g_strcmp0 (version->id, chosen) == 0)
        *choice = i;
    }
  return store;
}
