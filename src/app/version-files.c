/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/version-files.h"

#include "app/conflicts.h"
#include "app/view.h"
#include "core/names.h"

#include <glib/gi18n.h>
#include <string.h>
#include <sys/stat.h>

#define NS_PER_SECOND G_GINT64_CONSTANT (1000000000)

void
ps_version_file_free (PsVersionFile *self)
{
  if (self == NULL)
    return;
  g_free (self->path);
  g_free (self->folded);
  g_ptr_array_unref (self->versions);
  g_free (self);
}

/* The file of @path (transfer full), made where there is none yet. */
static PsVersionFile *
file_of (GHashTable *by_path, GPtrArray *files, char *path)
{
  g_autofree char *owned = path;
  g_autofree char *shown = NULL;
  PsVersionFile *file = g_hash_table_lookup (by_path, path);

  if (file != NULL)
    return file;
  file = g_new0 (PsVersionFile, 1);
  file->path = g_steal_pointer (&owned);
  shown = ps_view_path (file->path);
  file->folded = g_utf8_casefold (shown, -1);
  file->versions = g_ptr_array_new_with_free_func ((GDestroyNotify)ps_version_free);
  g_ptr_array_add (files, file);
  g_hash_table_insert (by_path, file->path, file);
  return file;
}

/* Returns: (transfer full): the path of the file that @version is shown with. */
static char *
path_of (const PsVersion *version, const char *wanted)
{
  char *original = ps_conflicts_original (version->path);

  if (original != NULL)
    return original;
  return g_strdup (wanted != NULL && ps_version_is_of (version, wanted) ? wanted : version->path);
}

static gint
newest_version_first (gconstpointer a, gconstpointer b)
{
  const PsVersion *first = *(const PsVersion *const *)a, *second = *(const PsVersion *const *)b;

  if (first->when != second->when)
    return first->when > second->when ? -1 : 1;
  return strcmp (second->id, first->id);
}

static gint
newest_file_first (gconstpointer a, gconstpointer b)
{
  const PsVersionFile *first = *(const PsVersionFile *const *)a;
  const PsVersionFile *second = *(const PsVersionFile *const *)b;
  const PsVersion *version = first->versions->pdata[0], *other = second->versions->pdata[0];

  if (version->when != other->when)
    return version->when > other->when ? -1 : 1;
  return strcmp (first->path, second->path);
}

static void
look_at_present (PsVersionFile *self, const char *root)
{
  g_autofree char *path = g_build_filename (root, self->path, NULL);
  struct stat st;

  if (lstat (path, &st) != 0)
    {
      self->presence = PS_PRESENCE_ABSENT;
      return;
    }
  self->presence = S_ISREG (st.st_mode) ? PS_PRESENCE_FILE : PS_PRESENCE_OTHER;
  self->size = (guint64)st.st_size;
  self->mtime = st.st_mtim.tv_sec;
}

GPtrArray *
ps_version_files_new (GPtrArray *versions, const char *root, const char *wanted)
{
  g_autoptr (GPtrArray) owned = versions;
  g_autoptr (GHashTable) by_path = g_hash_table_new (g_str_hash, g_str_equal);
  GPtrArray *files = g_ptr_array_new_with_free_func ((GDestroyNotify)ps_version_file_free);
  struct stat st;
  gboolean root_there = stat (root, &st) == 0 && S_ISDIR (st.st_mode);

  g_ptr_array_set_free_func (owned, NULL);
  for (guint i = 0; i < owned->len; i++)
    {
      PsVersion *version = owned->pdata[i];
      PsVersionFile *file = file_of (by_path, files, path_of (version, wanted));

      g_ptr_array_add (file->versions, version);
    }
  for (guint i = 0; i < files->len; i++)
    {
      PsVersionFile *file = files->pdata[i];

      g_ptr_array_sort (file->versions, newest_version_first);
      if (root_there)
        look_at_present (file, root);
    }
  g_ptr_array_sort (files, newest_file_first);
  return files;
}

static gboolean
is_of_conflict (const PsVersionFile *self, guint index)
{
  const PsVersion *version = self->versions->pdata[index];

  return ps_is_conflict_path (version->path) && strcmp (version->path, self->path) != 0;
}

PsKept
ps_version_file_kept (const PsVersionFile *self, guint index)
{
  if (is_of_conflict (self, index))
    return PS_KEPT_CONFLICT;
  for (guint i = 0; i < index; i++)
    if (!is_of_conflict (self, i))
      return PS_KEPT_REPLACED;
  return self->presence == PS_PRESENCE_ABSENT ? PS_KEPT_DELETED : PS_KEPT_REPLACED;
}

gboolean
ps_version_file_matches (const PsVersionFile *self, const char *needle)
{
  return strstr (self->folded, needle) != NULL;
}

char *
ps_version_date (gint64 seconds)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (seconds);

  if (time == NULL)
    return g_strdup ("?");
  /* Translators: date and time as strftime writes them: 3 Nov 2026, 14:05 */
  return g_date_time_format (time, _ ("%-e %b %Y, %H:%M"));
}

char *
ps_version_kept_text (const PsVersion *version, PsKept kept)
{
  g_autofree char *when = ps_version_date (version->when / NS_PER_SECOND);
  g_autofree char *device = ps_view_path (version->device);

  switch (kept)
    {
    case PS_KEPT_DELETED:
      /* Translators: the name of a computer, then date and time */
      return g_strdup_printf (_ ("Deleted on %s, %s"), device, when);
    case PS_KEPT_CONFLICT:
      /* Translators: a file was changed in two places, and another version kept its name. The name
       * of a computer, then date and time */
      return g_strdup_printf (_ ("Lost a conflict (%s, %s)"), device, when);
    case PS_KEPT_REPLACED:
    default:
      /* Translators: the name of a computer, then date and time */
      return g_strdup_printf (_ ("Replaced on %s, %s"), device, when);
    }
}

char *
ps_version_save_name (const char *path, const PsVersion *version)
{
  g_autofree char *name = ps_view_name (path);
  g_autoptr (GDateTime) time
      = g_date_time_new_from_unix_local (version->entry.mtime / NS_PER_SECOND);
  g_autofree char *when = time != NULL ? g_date_time_format (time, "%Y-%m-%d %H%M") : g_strdup ("");
  const char *dot = strrchr (name, '.');
  int stem = dot != NULL && dot != name ? (int)(dot - name) : (int)strlen (name);

  return g_strdup_printf ("%.*s (%s)%s", stem, name, when, name + stem);
}
