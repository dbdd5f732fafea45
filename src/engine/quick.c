/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/quick.h"

#include <string.h>

/* A server's times are whole seconds: a directory that was listed within the second of its mtime
 * may have changed again in it. One that shows the same mtime this much later cannot change any
 * more without showing it. */
#define SETTLED_US (2500 * 1000)

/* What is known of one directory. */
typedef struct
{
  int64_t mtime;    /* as the server said */
  int64_t seen_at;  /* monotonic time when that mtime was first seen */
  gboolean trusted; /* its listing was the same as the base once the mtime had settled */
} Known;

struct PsDirCache
{
  GHashTable *dirs; /* (element-type filename Known) */
};

struct PsQuickLister
{
  PsContext *context; /* borrowed */
  PsDirCache *cache;  /* borrowed */
  PsLister real;      /* the server's own */
  GHashTable *mtimes; /* (element-type filename gint64) of the directories that are being listed */
  GQueue *ready;      /* (element-type PsListing) owned: made from the base */
  guint waiting;      /* stats not yet answered */
  GError *failure;    /* (nullable) of the base, in a callback */
};

/* One directory being looked at. */
typedef struct
{
  PsQuickLister *lister;
  char *dir;
  gboolean trusted; /* only the mtime was asked for: the listing still depends on it */
} Look;

PsDirCache *
ps_dir_cache_new (void)
{
  PsDirCache *self = g_new0 (PsDirCache, 1);

  self->dirs = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
ps_dir_cache_free (PsDirCache *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->dirs);
  g_free (self);
}

void
ps_dir_cache_clear (PsDirCache *self)
{
  g_hash_table_remove_all (self->dirs);
}

/* Returns: (transfer full): what the base says the server's directory holds; NULL with the lister's
 * failure set. */
static PsListing *
listing_from_base (PsQuickLister *self, const char *dir)
{
  g_autoptr (GArray) rows
      = ps_store_list (self->context->store, dir, self->failure == NULL ? &self->failure : NULL);
  PsListing *listing;

  if (rows == NULL)
    return NULL;
  listing = ps_listing_new (dir);
  for (guint i = 0; i < rows->len; i++)
    {
      const PsStoreEntry *entry = &g_array_index (rows, PsStoreEntry, i);

      if (ps_entry_present (&entry->row.remote))
        ps_listing_add (listing, entry->name, &entry->row.remote);
    }
  return listing;
}

/* Returns: whether both list the same names with the same attributes, in the same order. */
static gboolean
same_listing (const PsRemote *remote, const PsListing *shown, const PsListing *recorded)
{
  if (shown->entries->len != recorded->entries->len || shown->refused != NULL)
    return FALSE;
  for (guint i = 0; i < shown->entries->len; i++)
    {
      const PsDirEntry *left = &g_array_index (shown->entries, PsDirEntry, i);
      const PsDirEntry *right = &g_array_index (recorded->entries, PsDirEntry, i);

      if (strcmp (left->name, right->name) != 0
          || !ps_remote_is_expected (remote, &left->entry, &right->entry))
        return FALSE;
    }
  return TRUE;
}

/* Learns from a listing that came from the server itself. */
static void
learn (PsQuickLister *self, const PsListing *listing)
{
  int64_t now = ps_clock_monotonic (self->context->clock);
  const int64_t *mtime = g_hash_table_lookup (self->mtimes, listing->dir);
  Known *known = g_hash_table_lookup (self->cache->dirs, listing->dir);
  g_autoptr (PsListing) recorded = NULL;

  if (mtime == NULL || listing->state != PS_LISTING_COMPLETE)
    {
      g_hash_table_remove (self->cache->dirs, listing->dir);
      return;
    }
  if (known == NULL || known->mtime != *mtime)
    {
      known = g_new0 (Known, 1);
      known->mtime = *mtime;
      known->seen_at = now;
      g_hash_table_replace (self->cache->dirs, g_strdup (listing->dir), known);
      return;
    }
  if (now - known->seen_at < SETTLED_US)
    return;
  recorded = listing_from_base (self, listing->dir);
  known->trusted = recorded != NULL && same_listing (self->context->remote, listing, recorded);
}

static void
take_mtime (const PsRemoteResult *result, gpointer user_data)
{
  Look *look = user_data;
  PsQuickLister *self = look->lister;
  const Known *known = g_hash_table_lookup (self->cache->dirs, look->dir);
  gboolean is_dir = result->error == NULL && result->entry.kind == PS_KIND_DIR;
  PsListing *listing = NULL;

  self->waiting--;
  if (is_dir)
    g_hash_table_replace (self->mtimes, g_strdup (look->dir),
                          g_memdup2 (&result->entry.mtime, sizeof (int64_t)));
  if (look->trusted && is_dir && known != NULL && known->mtime == result->entry.mtime)
    listing = listing_from_base (self, look->dir);
  if (listing != NULL)
    g_queue_push_tail (self->ready, listing);
  else if (look->trusted && (result->error == NULL || !ps_context_is_fatal (result->error)))
    self->real.klass->request (self->real.self, look->dir);
  g_free (look->dir);
  g_free (look);
}

static void
request (gpointer lister, const char *dir)
{
  PsQuickLister *self = lister;
  const Known *known = g_hash_table_lookup (self->cache->dirs, dir);
  Look *look = g_new0 (Look, 1);

  look->lister = self;
  look->dir = g_strdup (dir);
  look->trusted = known != NULL && known->trusted;
  self->waiting++;
  /* The mtime is asked for before the listing, so that a change between the two is seen next time.
   */
  ps_remote_stat_async (self->context->remote, dir, take_mtime, look);
  if (!look->trusted)
    self->real.klass->request (self->real.self, dir);
}

static PsListing *
next (gpointer lister, PsCancellable *cancellable, GError **error)
{
  PsQuickLister *self = lister;

  for (;;)
    {
      PsListing *listing = g_queue_pop_head (self->ready);
      g_autoptr (GError) failure = g_steal_pointer (&self->failure);

      if (listing != NULL)
        return listing;
      if (failure == NULL)
        listing = self->real.klass->next (self->real.self, cancellable, &failure);
      if (failure != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&failure));
          return NULL;
        }
      if (listing != NULL)
        {
          learn (self, listing);
          return listing;
        }
      if (self->waiting == 0 && g_queue_is_empty (self->ready))
        return NULL;
      if (self->waiting > 0 && !ps_remote_step (self->context->remote, -1, cancellable, error))
        return NULL;
    }
}

PsQuickLister *
ps_quick_lister_new (PsContext *context, PsDirCache *cache)
{
  PsQuickLister *self = g_new0 (PsQuickLister, 1);

  self->context = context;
  self->cache = cache;
  self->real = ps_remote_lister (context->remote);
  self->mtimes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->ready = g_queue_new ();
  return self;
}

void
ps_quick_lister_free (PsQuickLister *self)
{
  if (self == NULL)
    return;
  while (self->waiting > 0
         && ps_remote_step (self->context->remote, -1, self->context->cancellable, NULL))
    ; /* nothing may call back into a lister that is gone */
  g_hash_table_unref (self->mtimes);
  g_queue_free_full (self->ready, (GDestroyNotify)ps_listing_free);
  g_clear_error (&self->failure);
  g_free (self);
}

PsLister
ps_quick_lister_get (PsQuickLister *self)
{
  static const PsListerClass klass = { .request = request, .next = next };

  return (PsLister){ .klass = &klass, .self = self };
}
