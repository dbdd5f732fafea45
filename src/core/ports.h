/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the engine needs of either side in order to see it. local/ and sftp/ implement it, and so
 * does a tree in memory for tests.
 *
 * A scan is an iterator over directories, not a tree: the engine asks for the directories it wants
 * to see, as many as it likes at once, and takes the listings as they come, in whatever order they
 * come. Nothing is descended into that was not asked for. */
#pragma once

#include "core/entry.h"

G_BEGIN_DECLS

typedef struct _GCancellable PsCancellable; /* GIO's; the core itself never blocks */

/* One name in a directory. */
typedef struct
{
  char *name; /* bytes, valid by ps_name_valid () */
  PsEntry entry;
} PsDirEntry;

typedef enum
{
  PS_LISTING_COMPLETE,
  PS_LISTING_GONE,      /* there is no such directory (any more) */
  PS_LISTING_INCOMPLETE /* not listed to its end: nothing below may be decided */
} PsListingState;

/* One directory as listed. Names that cannot be used are left out and counted in @refused; .pisync
 * at the root is left out. */
typedef struct
{
  char *dir;       /* relative path, "" for the root */
  GArray *entries; /* (element-type PsDirEntry) sorted by strcmp of the names, no name twice */
  PsListingState state;
  char *message;      /* (nullable) why it is incomplete, in plain English */
  GPtrArray *refused; /* (element-type utf8) (nullable) escaped names refused in it, see
                         ps_name_valid () */
} PsListing;

PsListing *ps_listing_new (const char *dir);
void ps_listing_free (PsListing *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsListing, ps_listing_free)

/* Appends a copy; @name may be in any order until ps_listing_sort (). */
void ps_listing_add (PsListing *self, const char *name, const PsEntry *entry);
void ps_listing_sort (PsListing *self);

/* A lister: the vtable and the object it works on. */
typedef struct
{
  /* Asks for the listing of the directory @dir (relative, "" for the root). Never blocks. */
  void (*request) (gpointer self, const char *dir);

  /* Returns: (transfer full) (nullable): the next listing that is ready, waiting for it if need be;
   * NULL without @error when nothing is outstanding; NULL with @error when the side as a whole is
   * lost (link died, cancelled). */
  PsListing *(*next) (gpointer self, PsCancellable *cancellable, GError **error);
} PsListerClass;

typedef struct
{
  const PsListerClass *klass;
  gpointer self;
} PsLister;

G_END_DECLS
