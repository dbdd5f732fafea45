/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/replaced.h"

#include "core/names.h"

#define VERSIONS PS_OWN_DIR "/versions"

struct PsReplaced
{
  PsContext *context;  /* borrowed */
  guint waiting;       /* listings that have not come */
  GHashTable *asked;   /* (element-type filename) directories asked for */
  GHashTable *entries; /* (element-type filename GArray) owned: what is kept (PsEntry), by path */
};

PsReplaced *
ps_replaced_new (PsContext *context)
{
  PsReplaced *self = g_new0 (PsReplaced, 1);

  self->context = context;
  self->asked = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->entries
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_array_unref);
  return self;
}

void
ps_replaced_free (PsReplaced *self)
{
  if (self == NULL)
    return;
  g_assert (self->waiting == 0);
  g_hash_table_unref (self->asked);
  g_hash_table_unref (self->entries);
  g_free (self);
}

/* Sorts one directory of versions by the paths that they are versions of. */
static void
take_listing (PsReplaced *self, const PsListing *listing)
{
  for (guint i = 0; i < listing->entries->len; i++)
    {
      const PsDirEntry *entry = &g_array_index (listing->entries, PsDirEntry, i);
      g_autofree char *version = ps_relpath_join (listing->dir, entry->name);
      g_autofree char *path = NULL, *device = NULL;
      int64_t when;
      GArray *kept;

      if (entry->entry.kind != PS_KIND_FILE || !ps_version_parse (version, &path, &when, &device))
        continue;
      kept = g_hash_table_lookup (self->entries, path);
      if (kept == NULL)
        {
          kept = g_array_new (FALSE, FALSE, sizeof (PsEntry));
          g_hash_table_insert (self->entries, g_steal_pointer (&path), kept);
        }
      g_array_append_val (kept, entry->entry);
    }
}

static void
listed (PsListing *own, gpointer data)
{
  PsReplaced *self = data;
  g_autoptr (PsListing) listing = own;

  self->waiting--;
  take_listing (self, listing);
}

void
ps_replaced_ask (PsReplaced *self, const char *path)
{
  g_autofree char *parent = ps_relpath_parent (path);
  g_autofree char *dir = *parent != '\0' ? ps_relpath_join (VERSIONS, parent) : g_strdup (VERSIONS);

  if (g_hash_table_add (self->asked, g_strdup (dir)))
    {
      self->waiting++;
      ps_remote_list_async (self->context->remote, dir, listed, self);
    }
}

gboolean
ps_replaced_is_waiting (const PsReplaced *self)
{
  return self->waiting > 0;
}

gboolean
ps_replaced_wait (PsReplaced *self, GError **error)
{
  while (ps_replaced_is_waiting (self))
    if (!ps_remote_step (self->context->remote, -1, self->context->cancellable, error))
      return FALSE;
  return TRUE;
}

gboolean
ps_replaced_is_kept (PsReplaced *self, const char *path, const PsEntry *entry)
{
  const GArray *kept = g_hash_table_lookup (self->entries, path);

  for (guint i = 0; kept != NULL && i < kept->len; i++)
    {
      const PsEntry *version = &g_array_index (kept, PsEntry, i);

      if (version->size == entry->size && version->mtime == entry->mtime)
        return TRUE;
    }
  return FALSE;
}
