/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Per directory there are three sorted lists of names: the local listing, the remote listing and
 * the rows of the base. They are merged like three sorted files; each name of the merge is one path
 * to decide. A directory that is there on the server is asked for at once, and decided when its
 * listing comes; one that is not is decided with an empty remote side right away. */
#include "engine/walk.h"

#include "core/ignore.h"
#include "engine/content.h"
#include "engine/rules.h"
#include "util/words.h"

#include <string.h>

typedef struct
{
  PsContext *context; /* borrowed */
  const PsWalkOptions *options;
  PsLister local, remote;
  PsPlan *plan;           /* borrowed */
  PsIgnore *ignore;       /* owned */
  GHashTable *local_gone; /* (element-type filename) directories asked for remotely that are not
                             there locally */
  GPtrArray *local_only;  /* (element-type filename) directories still to be walked that the server
                             does not have */
  GError *failure;        /* (nullable) what ended the walk */
} Walk;

/* One name of the merge: what each of the three lists has for it. */
typedef struct
{
  const char *path;
  const PsRow *row; /* (nullable) */
  PsEntry local, remote;
} Sight;

/* The listings of one directory; either side may have none. */
typedef struct
{
  const char *dir;
  const PsListing *local;
  const PsListing *remote;
  PsNameClashes *clashes_local;
  PsNameClashes *clashes_remote;
} Place;

/* Removes the rows at and below @path: it has become ignored, and un-ignoring it one day must not
 * look like a deletion. */
static gboolean
forget_below (PsStore *store, const char *path, gboolean is_dir, GError **error)
{
  g_autoptr (GArray) rows = NULL;

  if (is_dir)
    {
      rows = ps_store_list (store, path, error);
      if (rows == NULL)
        return FALSE;
    }
  for (guint i = 0; rows != NULL && i < rows->len; i++)
    {
      const PsStoreEntry *entry = &g_array_index (rows, PsStoreEntry, i);
      g_autofree char *below = ps_relpath_join (path, entry->name);
      gboolean dir = entry->row.local.kind == PS_KIND_DIR || entry->row.remote.kind == PS_KIND_DIR;

      if (!forget_below (store, below, dir, error))
        return FALSE;
    }
  return ps_store_remove (store, path, error);
}

static gboolean
is_dir (const Sight *sight)
{
  if (ps_entry_present (&sight->local) || ps_entry_present (&sight->remote))
    return sight->local.kind == PS_KIND_DIR || sight->remote.kind == PS_KIND_DIR;
  return sight->row != NULL
         && (sight->row->local.kind == PS_KIND_DIR || sight->row->remote.kind == PS_KIND_DIR);
}

/* Asks for the directory at @sight, or puts it by for later, wherever it is. */
static void
descend (Walk *walk, const Sight *sight)
{
  gboolean was_dir
      = sight->row != NULL
        && (sight->row->local.kind == PS_KIND_DIR || sight->row->remote.kind == PS_KIND_DIR);

  if (sight->remote.kind == PS_KIND_DIR)
    {
      if (sight->local.kind != PS_KIND_DIR)
        g_hash_table_add (walk->local_gone, g_strdup (sight->path));
      walk->remote.klass->request (walk->remote.self, sight->path);
    }
  else if (sight->local.kind == PS_KIND_DIR || was_dir)
    {
      if (sight->local.kind != PS_KIND_DIR)
        g_hash_table_add (walk->local_gone, g_strdup (sight->path));
      g_ptr_array_add (walk->local_only, g_strdup (sight->path));
    }
}

/* Says once what is never synced: links (unless kept), sockets and the like. TRUE when the path is
 * to be left alone. */
static gboolean
is_skipped (Walk *walk, const Sight *sight)
{
  const PsEntry *odd = NULL;
  gboolean keep_links = walk->context->config->keep_symlinks
                        && ps_local_peek_caps (walk->context->local)->symlinks
                        && ps_remote_peek_caps (walk->context->remote)->symlinks;

  if (sight->local.kind == PS_KIND_SPECIAL || (sight->local.kind == PS_KIND_SYMLINK && !keep_links))
    odd = &sight->local;
  else if (sight->remote.kind == PS_KIND_SPECIAL
           || (sight->remote.kind == PS_KIND_SYMLINK && !keep_links))
    odd = &sight->remote;
  if (odd == NULL)
    return FALSE;
  ps_context_notice (walk->context, sight->path,
                     odd->kind == PS_KIND_SYMLINK ? "symlink" : "special",
                     odd->kind == PS_KIND_SYMLINK
                         ? _ ("is a symbolic link and is left alone (symlinks = keep copies links)")
                         : _ ("is neither a file nor a directory and is left alone"));
  return TRUE;
}

/* Gives the side without executable bits (FAT) the bit that the other side or the base has, so that
 * it never looks like a change. */
static void
fill_in_executable (Walk *walk, Sight *sight)
{
  if (!ps_local_peek_caps (walk->context->local)->executable_bit)
    sight->local.executable
        = sight->row != NULL ? sight->row->local.executable : sight->remote.executable;
  if (!ps_remote_peek_caps (walk->context->remote)->executable_bit)
    sight->remote.executable
        = sight->row != NULL ? sight->row->remote.executable : sight->local.executable;
}

/* A file whose row is racy, or that has another inode than it had, is looked at by content although
 * size and mtime agree. @row is a copy: it is made to look different where the content is. */
static gboolean
look_closely (Walk *walk, const Sight *sight, PsRow *row, GError **error)
{
  PsContext *context = walk->context;
  gboolean moved = row->local.inode != sight->local.inode && row->local.inode != 0
                   && ps_local_peek_caps (context->local)->names == PS_NAMES_POSIX;
  int64_t began = ps_clock_now (context->clock);
  PsContentVerdict verdict;

  if (sight->local.kind != PS_KIND_FILE || !row->has_hash || (!row->racy && !moved)
      || !ps_entry_same (&row->local, &sight->local))
    return TRUE;
  if (!ps_content_compare_local (context, sight->path, &sight->local, row->sha256, &verdict, error))
    return FALSE;
  if (verdict == PS_CONTENT_UNKNOWN)
    return TRUE;
  if (verdict == PS_CONTENT_OTHER)
    {
      row->local.mtime = INT64_MIN;
      return TRUE;
    }
  row->local = sight->local;
  row->racy = ps_content_is_racy (context, &sight->local, began);
  return (context->flags & PS_SYNC_DRY_RUN) != 0
         || ps_store_put (context->store, sight->path, row, error);
}

static bool
lists (const PsListing *listing, const char *name)
{
  for (guint i = 0; listing != NULL && i < listing->entries->len; i++)
    if (strcmp (g_array_index (listing->entries, PsDirEntry, i).name, name) == 0)
      return true;
  return false;
}

/* Whether a person gave a thing the same name in another case: @other has gone from @side, and what
 * appeared there is the same thing. It will be moved on the other side, where both names are one.
 * Without inodes, a directory cannot be told again. */
static bool
is_other_case (const Walk *walk, const Place *place, const Sight *sight, PsSide side,
               const char *other)
{
  g_autofree char *path = ps_relpath_join (place->dir, other);
  const PsEntry *now = side == PS_SIDE_LOCAL ? &sight->local : &sight->remote;
  const PsEntry *was;
  PsRow row;

  if (walk->context->no_moves || walk->options->ignore_base
      || lists (side == PS_SIDE_LOCAL ? place->local : place->remote, other)
      || !ps_store_get (walk->context->store, path, &row, NULL))
    return false;
  was = side == PS_SIDE_LOCAL ? &row.local : &row.remote;
  if (side == PS_SIDE_LOCAL)
    return was->kind == now->kind && was->inode != 0 && was->inode == now->inode
           && was->device == now->device;
  return was->kind == PS_KIND_FILE && now->size > 0 && ps_entry_same (was, now);
}

/* Whether the decided action would make a name that its target side cannot hold; says so. */
static gboolean
is_refused (Walk *walk, const Place *place, const Sight *sight, PsAction action)
{
  PsContext *context = walk->context;
  const char *name = ps_relpath_name (sight->path);
  const char *why = NULL, *other = NULL;
  PsSide side = action == PS_ACTION_UPLOAD ? PS_SIDE_LOCAL : PS_SIDE_REMOTE;

  if (action == PS_ACTION_UPLOAD && !ps_entry_present (&sight->remote))
    why = ps_name_clashes_check (place->clashes_remote, name, &other);
  else if (action == PS_ACTION_DOWNLOAD && !ps_entry_present (&sight->local))
    why = ps_name_clashes_check (place->clashes_local, name, &other);
  if (why == NULL || (other != NULL && is_other_case (walk, place, sight, side, other)))
    return FALSE;
  ps_context_problem (context, sight->path, "name", _ (why));
  return TRUE;
}

/* Lets the link make ready for what the decided action will move. */
static void
expect (Walk *walk, const Sight *sight, PsAction action)
{
  const PsEntry *moved = action == PS_ACTION_UPLOAD ? &sight->local : &sight->remote;

  if ((action == PS_ACTION_UPLOAD || action == PS_ACTION_DOWNLOAD || action == PS_ACTION_COMPARE)
      && moved->kind == PS_KIND_FILE && (walk->context->flags & PS_SYNC_DRY_RUN) == 0)
    ps_remote_expect (walk->context->remote, moved->size);
}

/* Decides one path. *@into is set to FALSE where nothing is known of what lies below it. */
static gboolean
decide (Walk *walk, const Place *place, Sight *sight, gboolean *into, GError **error)
{
  PsContext *context = walk->context;
  const PsRow *row = walk->options->ignore_base ? NULL : sight->row;
  PsRow looked_at;
  PsDecision decision;

  if (g_hash_table_contains (context->given_up, sight->path))
    return TRUE;
  fill_in_executable (walk, sight);
  if (row != NULL)
    {
      looked_at = *row;
      if (!look_closely (walk, sight, &looked_at, error))
        return FALSE;
      row = &looked_at;
    }
  decision = ps_decide (row, &sight->local, &sight->remote);
  *into = !is_refused (walk, place, sight, decision.action);
  if (decision.action == PS_ACTION_NONE || !*into)
    return TRUE;
  ps_plan_add (walk->plan, sight->path, row, &sight->local, &sight->remote, decision);
  expect (walk, sight, decision.action);
  return TRUE;
}

/* One name of the merge. */
static gboolean
visit (Walk *walk, const Place *place, Sight *sight, GError **error)
{
  gboolean dir = is_dir (sight);
  gboolean into = TRUE;

  if (!ps_relpath_valid (sight->path))
    {
      ps_context_problem (walk->context, sight->path, "name", _ ("the path is too long"));
      return TRUE;
    }
  if (ps_ignore_match (walk->ignore, sight->path, dir))
    return sight->row == NULL || (walk->context->flags & PS_SYNC_DRY_RUN) != 0
           || forget_below (walk->context->store, sight->path, dir, error);
  if (sight->local.kind == PS_KIND_FILE || sight->remote.kind == PS_KIND_FILE)
    walk->context->progress->files_scanned++;
  /* What is skipped here or there says nothing about what lay below it: it is not gone. */
  if (is_skipped (walk, sight))
    return TRUE;
  if (!decide (walk, place, sight, &into, error))
    return FALSE;
  if (into)
    descend (walk, sight);
  return TRUE;
}

static const PsDirEntry *
entry_at (const PsListing *listing, guint index)
{
  if (listing == NULL || index >= listing->entries->len)
    return NULL;
  return &g_array_index (listing->entries, PsDirEntry, index);
}

static const char *
smaller_name (const char *a, const char *b)
{
  if (a == NULL || (b != NULL && strcmp (b, a) < 0))
    return b;
  return a;
}

/* Merges the three lists of @place. */
static gboolean
merge (Walk *walk, const Place *place, const GArray *rows, GError **error)
{
  guint l = 0, r = 0, b = 0;

  for (;;)
    {
      const PsDirEntry *local = entry_at (place->local, l), *remote = entry_at (place->remote, r);
      const PsStoreEntry *base = b < rows->len ? &g_array_index (rows, PsStoreEntry, b) : NULL;
      const char *name
          = smaller_name (local != NULL ? local->name : NULL, remote != NULL ? remote->name : NULL);
      g_autofree char *path = NULL;
      Sight sight = { 0 };

      name = smaller_name (name, base != NULL ? base->name : NULL);
      if (name == NULL)
        return TRUE;
      path = ps_relpath_join (place->dir, name);
      sight.path = path;
      if (local != NULL && strcmp (local->name, name) == 0)
        sight.local = entry_at (place->local, l++)->entry;
      if (remote != NULL && strcmp (remote->name, name) == 0)
        sight.remote = entry_at (place->remote, r++)->entry;
      if (base != NULL && strcmp (base->name, name) == 0)
        sight.row = &g_array_index (rows, PsStoreEntry, b++).row;
      if (!visit (walk, place, &sight, error))
        return FALSE;
    }
}

/* Names that a lister refused are problems of the person's, never deletions. */
static void
tell_refused (Walk *walk, const PsListing *listing, const char *message)
{
  for (guint i = 0; listing != NULL && listing->refused != NULL && i < listing->refused->len; i++)
    {
      g_autofree char *path
          = ps_relpath_join (listing->dir, g_ptr_array_index (listing->refused, i));
      ps_context_problem (walk->context, path, "name", message);
    }
}

/* A side whose listing did not come to its end: below it nothing is decided. */
static gboolean
is_incomplete (Walk *walk, const PsListing *listing, PsSide side)
{
  g_autofree char *message = NULL;

  if (listing == NULL || listing->state == PS_LISTING_COMPLETE)
    return FALSE;
  ps_plan_add_incomplete (walk->plan, listing->dir, side);
  walk->context->look_again |= listing->state == PS_LISTING_GONE;
  if (listing->state == PS_LISTING_INCOMPLETE)
    {
      message = g_strdup_printf (
          side == PS_SIDE_LOCAL
              ? _ ("the directory could not be listed here: %s; nothing below it is touched")
              : _ ("the directory could not be listed on the server: %s; nothing below it is "
                   "touched"),
          listing->message != NULL ? listing->message : _ ("unknown reason"));
      ps_context_problem (walk->context, listing->dir, "incomplete", message);
    }
  return TRUE;
}

/* Reads the rule file of a directory, the local one before the server's. FALSE when it is there and
 * cannot be read: then what is ignored below is not known, and nothing below is decided. */
static gboolean
read_rules (Walk *walk, const Place *place)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) text = NULL;
  gconstpointer data;
  gsize length;

  if (!ps_rules_read (walk->context, place->dir, place->local, place->remote, &text, &error))
    {
      if (ps_context_is_fatal (error))
        walk->failure = g_steal_pointer (&error);
      else
        ps_context_problem (walk->context, place->dir, "unreadable", error->message);
      ps_plan_add_incomplete (walk->plan, place->dir, PS_SIDE_LOCAL);
      return FALSE;
    }
  if (text != NULL)
    {
      data = g_bytes_get_data (text, &length);
      ps_ignore_set (walk->ignore, place->dir, data, length);
    }
  return TRUE;
}

/* One directory of which both listings are known. */
static gboolean
walk_dir (Walk *walk, const char *dir, const PsListing *local, const PsListing *remote,
          GError **error)
{
  PsContext *context = walk->context;
  g_autoptr (PsNameClashes) clashes_local = NULL, clashes_remote = NULL;
  g_autoptr (GArray) rows = NULL;
  Place place = { .dir = dir, .local = local, .remote = remote };

  if (g_cancellable_set_error_if_cancelled (context->cancellable, error))
    return FALSE;
  context->progress->dirs_scanned++;
  if (is_incomplete (walk, local, PS_SIDE_LOCAL) || is_incomplete (walk, remote, PS_SIDE_REMOTE))
    return TRUE;
  tell_refused (walk, local, "here");
  tell_refused (walk, remote,
                _ ("the name cannot be used (seen on the server); nothing was written"));
  if (!read_rules (walk, &place))
    {
      if (walk->failure == NULL)
        return TRUE;
      g_propagate_error (error, g_steal_pointer (&walk->failure));
      return FALSE;
    }
  rows = ps_store_list (context->store, dir, error);
  if (rows == NULL)
    return FALSE;
  clashes_local = ps_name_clashes_new (ps_local_peek_caps (context->local)->names,
                                       ps_local_peek_caps (context->local)->case_sensitive, local);
  clashes_remote
      = ps_name_clashes_new (ps_remote_peek_caps (context->remote)->names,
                             ps_remote_peek_caps (context->remote)->case_sensitive, remote);
  place.clashes_local = clashes_local;
  place.clashes_remote = clashes_remote;
  return merge (walk, &place, rows, error);
}

/* Returns: (transfer full): the local listing of @dir, which the local lister gives at once. */
static PsListing *
list_locally (Walk *walk, const char *dir, GError **error)
{
  walk->local.klass->request (walk->local.self, dir);
  return walk->local.klass->next (walk->local.self, walk->context->cancellable, error);
}

/* Walks @dir with what the server said of it (@remote NULL: it has no such directory). */
static gboolean
walk_with_local (Walk *walk, const char *dir, const PsListing *remote, GError **error)
{
  g_autoptr (PsListing) local = NULL;

  if (!g_hash_table_remove (walk->local_gone, dir))
    {
      local = list_locally (walk, dir, error);
      if (local == NULL)
        return FALSE;
    }
  return walk_dir (walk, dir, local, remote, error);
}

static gboolean
walk_local_only (Walk *walk, GError **error)
{
  while (walk->local_only->len > 0)
    {
      g_autofree char *dir = g_ptr_array_steal_index (walk->local_only, walk->local_only->len - 1);

      if (!walk_with_local (walk, dir, NULL, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
ps_walk (PsContext *context, const PsWalkOptions *options, PsLister local, PsLister remote,
         PsPlan *plan, GError **error)
{
  g_autoptr (GHashTable) local_gone = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GPtrArray) local_only = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (PsIgnore) ignore = ps_ignore_new ();
  Walk walk = {
    .context = context,
    .options = options,
    .local = local,
    .remote = remote,
    .plan = plan,
    .ignore = ignore,
    .local_gone = local_gone,
    .local_only = local_only,
  };
  guint walked = 0;

  remote.klass->request (remote.self, "");
  for (;;)
    {
      g_autoptr (GError) lost = NULL;
      g_autoptr (PsListing) listing = remote.klass->next (remote.self, context->cancellable, &lost);

      if (lost != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&lost));
          return FALSE;
        }
      if (listing == NULL)
        return TRUE;
      if (!walk_with_local (&walk, listing->dir, listing, error) || !walk_local_only (&walk, error))
        return FALSE;
      if (++walked % 64 == 0)
        ps_context_progress (context);
    }
}
