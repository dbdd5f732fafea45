/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/versions.h"

#include "core/names.h"
#include "engine/await.h"
#include "util/words.h"

#include <string.h>

#define ATTEMPTS 1000 /* names of a conflicted copy */

void
ps_version_free (PsVersion *self)
{
  if (self == NULL)
    return;
  g_free (self->id);
  g_free (self->path);
  g_free (self->device);
  g_free (self);
}

/* Returns: (transfer full) (nullable): the version that lies at @id, NULL where that is none. */
static PsVersion *
version_new (const char *id, const PsEntry *entry)
{
  g_autoptr (PsVersion) self = g_new0 (PsVersion, 1);

  if (entry->kind != PS_KIND_FILE
      || !ps_version_parse (id, &self->path, &self->when, &self->device))
    return NULL;
  self->id = g_strdup (id);
  self->entry = *entry;
  return g_steal_pointer (&self);
}

/* The name is made again and compared up to its time. */
gboolean
ps_version_is_of (const PsVersion *version, const char *path)
{
  g_autofree char *made = ps_version_path (path, version->device, version->when, 0);
  const char *id = made + strlen (PS_VERSIONS_DIR "/");
  const char *tail = strrchr (id, '~');

  tail = memrchr (id, '~', (gsize)(tail - id));
  return strncmp (id, version->id, (gsize)(tail - id) + 1) == 0
         && strchr (version->id + (tail - id) + 1, '/') == NULL;
}

/* The directory of @id, as a path below .pisync/versions. */
static char *
join_versions (const char *path)
{
  return *path != '\0' ? ps_relpath_join (PS_VERSIONS_DIR, path) : g_strdup (PS_VERSIONS_DIR);
}

static void
request (const PsLister *lister, const char *dir)
{
  g_autofree char *path = join_versions (dir);

  lister->klass->request (lister->self, path);
}

/* Adds what a listing holds; of the directory @only_in only versions of @path. Directories below
 * are asked for, too, where all of it is wanted. */
static void
take_listing (GPtrArray *versions, const PsLister *lister, const PsListing *listing,
              const char *path, gboolean only_path)
{
  const char *dir = listing->dir + strlen (PS_VERSIONS_DIR);

  dir += *dir == '/';
  for (guint i = 0; i < listing->entries->len; i++)
    {
      const PsDirEntry *found = &g_array_index (listing->entries, PsDirEntry, i);
      g_autofree char *id = ps_relpath_join (dir, found->name);
      g_autoptr (PsVersion) version = version_new (id, &found->entry);

      if (version != NULL && (!only_path || ps_version_is_of (version, path)))
        g_ptr_array_add (versions, g_steal_pointer (&version));
      else if (found->entry.kind == PS_KIND_DIR && (!only_path || strcmp (id, path) == 0))
        request (lister, id);
    }
}

static gint
compare_versions (gconstpointer a, gconstpointer b)
{
  const PsVersion *first = *(const PsVersion *const *)a, *second = *(const PsVersion *const *)b;
  int order = strcmp (first->path, second->path);

  if (order != 0)
    return order;
  if (first->when != second->when)
    return first->when > second->when ? -1 : 1;
  return strcmp (second->id, first->id);
}

GPtrArray *
ps_versions_list (PsRemote *remote, const char *path, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) versions = g_ptr_array_new_with_free_func ((GDestroyNotify)ps_version_free);
  g_autofree char *parent = *path != '\0' ? ps_relpath_parent (path) : g_strdup ("");
  PsLister lister = ps_remote_lister (remote);
  g_autoptr (GError) lost = NULL;
  gboolean first = TRUE;
  PsListing *listing;

  request (&lister, parent);
  while ((listing = lister.klass->next (lister.self, cancellable, &lost)) != NULL)
    {
      g_autoptr (PsListing) owned = listing;

      take_listing (versions, &lister, owned, path, first && *path != '\0');
      first = FALSE;
    }
  if (lost != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&lost));
      return NULL;
    }
  g_ptr_array_sort (versions, compare_versions);
  return g_steal_pointer (&versions);
}

gboolean
ps_versions_fetch (PsRemote *remote, const char *id, int fd, PsEntry *entry,
                   GCancellable *cancellable, GError **error)
{
  g_autofree char *path = join_versions (id);

  if (!ps_await_stat (remote, path, entry, cancellable, error))
    return FALSE;
  if (entry->kind != PS_KIND_FILE)
    {
      g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_GONE,
                   _ ("the version %s is not on the server (any more)"), id);
      return FALSE;
    }
  return ps_await_get (remote, path, fd, entry, cancellable, error);
}

/* Makes the directories above @path that are missing. */
static gboolean
make_parents (PsLocal *local, const char *path, GError **error)
{
  for (const char *slash = strchr (path, '/'); slash != NULL; slash = strchr (slash + 1, '/'))
    {
      g_autofree char *dir = g_strndup (path, (gsize)(slash - path));
      PsEntry made;

      if (!ps_local_mkdir (local, dir, &made, error))
        return FALSE;
    }
  return TRUE;
}

/* What a person wrote at @path while it was being replaced lies at @displaced now. */
static gboolean
keep_displaced (PsLocal *local, const char *displaced, const char *path, int64_t when,
                GError **error)
{
  for (guint attempt = 0; attempt < ATTEMPTS; attempt++)
    {
      g_autofree char *copy = ps_conflict_path (path, "restore", when, attempt);
      g_autoptr (GError) taken = NULL;
      PsEntry moved;

      if (ps_local_move (local, displaced, copy, NULL, &moved, &taken))
        return TRUE;
      if (!g_error_matches (taken, PS_LOCAL_ERROR, PS_LOCAL_ERROR_EXISTS))
        {
          g_propagate_error (error, g_steal_pointer (&taken));
          return FALSE;
        }
    }
  g_set_error (error, PS_LOCAL_ERROR, PS_LOCAL_ERROR_EXISTS,
               _ ("%s was written meanwhile and lies at %s: there is no free name for it"), path,
               displaced);
  return FALSE;
}

static gboolean
put_in_place (PsLocal *local, PsLocalTemp *temp /* (transfer full) */, const char *path,
              int64_t now, GError **error)
{
  g_autoptr (PsLocalTemp) owned = temp;
  g_autofree char *displaced = NULL;
  PsEntry present, placed;

  if (!make_parents (local, path, error) || !ps_local_stat (local, path, &present, error))
    return FALSE;
  if (present.kind != PS_KIND_ABSENT && present.kind != PS_KIND_FILE)
    {
      g_set_error (error, PS_LOCAL_ERROR, PS_LOCAL_ERROR_EXISTS,
                   _ ("%s is no file now; restore the version under another name"), path);
      return FALSE;
    }
  return ps_local_place (local, g_steal_pointer (&owned), path, &present, TRUE, &placed, &displaced,
                         error)
         && (displaced == NULL || keep_displaced (local, displaced, path, now, error))
         && ps_local_sync_dirs (local, error);
}

gboolean
ps_versions_restore (PsRemote *remote, PsLocal *local, const char *id, const char *path,
                     int64_t now, GCancellable *cancellable, GError **error)
{
  g_autofree char *key = g_strconcat ("restore\n", id, NULL);
  g_autoptr (PsLocalTemp) temp = ps_local_temp_new (local, key, FALSE, error);
  PsEntry entry;

  if (temp == NULL)
    return FALSE;
  /* A name that another process does not sweep; but nothing to be left behind. */
  ps_local_temp_keep (temp);
  ps_local_temp_unkeep (temp);
  if (!ps_versions_fetch (remote, id, ps_local_temp_peek_fd (temp), &entry, cancellable, error))
    return FALSE;
  entry.mtime = now;
  return ps_local_temp_finish (temp, &entry, error)
         && put_in_place (local, g_steal_pointer (&temp), path, now, error);
}
