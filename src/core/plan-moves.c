/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finds what was moved on one side, so that the other side renames instead of transferring.
 *
 * A candidate source is a path from which the recorded thing has gone on the moving side, and which
 * the other side left as it was; a candidate target is a path where something appeared. They belong
 * together when the recorded and the present entry have the same key: the inode and all that shows
 * of a file locally; size, time and executable bit of a file on the server. A pair is taken only
 * where it is the only one with its key, or with its key and its name.
 *
 * A path may be both: a → b → c, or a swap. A chain of pairs holds only as a whole: it must begin
 * at a path where nothing is left and end at one where nothing was, or go round in a circle.
 * Anything else is left to transfers and deletions. */
#include "core/plan-private.h"
#include "core/relpath.h"

#include <string.h>

#define ANCHOR_TRIES                                                                               \
  16 /* how many files of equal looks and name are tried as the old place of one */

/* One end of a possible move. */
typedef struct
{
  const PsEntry *key;
  PsItem *item;
  bool target;
} Candidate;

/* --- candidates ------------------------------------------------------------------------------ */

/* Whether what the row says of @side still lies there on the other side. */
static bool
untouched_on (const PsStep *step, PsSide side)
{
  const PsEntry *recorded = ps_step_recorded (step, side);

  return ps_entry_present (recorded) && ps_entry_same (recorded, ps_step_entry (step, side));
}

static bool
same_inode (const PsEntry *a, const PsEntry *b)
{
  return a->inode == b->inode && a->device == b->device;
}

/* Whether an entry can be told again on another path of its side. */
static bool
has_key (const PsEntry *entry, PsSide side)
{
  if (side == PS_SIDE_LOCAL)
    return entry->inode != 0;
  return entry->kind == PS_KIND_FILE && entry->size > 0;
}

static bool
is_source (const PsItem *item, PsSide side)
{
  const PsStep *step = &item->step;
  const PsEntry *was = ps_step_recorded (step, side);
  const PsEntry *is = ps_step_entry (step, side);

  if (!step->has_row || !ps_entry_present (was) || !has_key (was, side)
      || !untouched_on (step, ps_side_other (side)))
    return false;
  if (!ps_entry_present (is)) /* s5a, s2a */
    return true;
  /* s1b, s1c: it may have made way for another file. */
  return was->kind != PS_KIND_DIR && is->kind == was->kind
         && !(side == PS_SIDE_LOCAL && same_inode (was, is));
}

static bool
is_target (const PsItem *item, PsSide side)
{
  const PsStep *step = &item->step;
  const PsEntry *is = ps_step_entry (step, side);
  guint8 created = side == PS_SIDE_LOCAL ? 12 : 15;
  char changed = side == PS_SIDE_LOCAL ? 'b' : 'c';

  if (!ps_entry_present (is) || !has_key (is, side))
    return false;
  if (step->decision.number == created)
    return true;
  return step->decision.number == 1 && step->decision.letter == changed && is->kind != PS_KIND_DIR
         && is->kind == ps_step_recorded (step, side)->kind;
}

#define COMPARE(a, b)                                                                              \
  if ((a) != (b))                                                                                  \
  return (a) < (b) ? -1 : 1

/* Inode and device are 0 in entries of a server. Of directories nothing else counts. */
static int
compare_keys (const PsEntry *a, const PsEntry *b)
{
  COMPARE (a->inode, b->inode);
  COMPARE (a->device, b->device);
  COMPARE (a->kind, b->kind);
  if (a->kind == PS_KIND_DIR)
    return 0;
  COMPARE (a->size, b->size);
  COMPARE (a->mtime, b->mtime);
  COMPARE (a->executable, b->executable);
  return 0;
}

static int
compare_names (const Candidate *a, const Candidate *b)
{
  return strcmp (ps_relpath_name (a->item->step.path), ps_relpath_name (b->item->step.path));
}

/* By key, then by name. */
static int
compare_looks (const Candidate *a, const Candidate *b)
{
  int order = compare_keys (a->key, b->key);

  return order != 0 ? order : compare_names (a, b);
}

/* Those of equal looks: sources first, then by path. */
static int
compare_candidates (gconstpointer a, gconstpointer b)
{
  const Candidate *x = a, *y = b;
  int order = compare_looks (x, y);

  if (order != 0)
    return order;
  COMPARE (x->target, y->target);
  return x->item->index < y->item->index ? -1 : 1;
}

static GArray *
collect_candidates (const PsPlan *self, PsSide side)
{
  GArray *candidates = g_array_new (FALSE, FALSE, sizeof (Candidate));

  for (guint i = 0; i < self->items->len; i++)
    {
      PsItem *item = ps_plan_item (self, i);

      if (item->blocked)
        continue;
      if (is_source (item, side))
        {
          const Candidate source = { ps_step_recorded (&item->step, side), item, false };
          g_array_append_val (candidates, source);
        }
      if (is_target (item, side))
        {
          const Candidate target = { ps_step_entry (&item->step, side), item, true };
          g_array_append_val (candidates, target);
        }
    }
  g_array_sort (candidates, compare_candidates);
  return candidates;
}

/* --- pairs ----------------------------------------------------------------------------------- */

static void
link_pair (PsItem *from, PsItem *to, PsSide side)
{
  from->moved_to = to;
  to->moved_from = from;
  to->move = side == PS_SIDE_LOCAL ? PS_STEP_MOVE_REMOTE : PS_STEP_MOVE_LOCAL;
}

static void
unlink_pair (PsItem *to)
{
  to->moved_from->moved_to = NULL;
  to->moved_from = NULL;
}

/* Links the two of @n candidates that are free yet, if they are just one source and one target. */
static bool
link_only_pair (const Candidate *candidates, guint n, PsSide side)
{
  PsItem *from = NULL, *to = NULL;
  guint n_from = 0, n_to = 0;

  for (guint i = 0; i < n; i++)
    if (candidates[i].target && candidates[i].item->moved_from == NULL)
      {
        to = candidates[i].item;
        n_to++;
      }
    else if (!candidates[i].target && candidates[i].item->moved_to == NULL)
      {
        from = candidates[i].item;
        n_from++;
      }
  if (n_from != 1 || n_to != 1 || from == to)
    return false;
  link_pair (from, to, side);
  return true;
}

/* All @n candidates have one key. */
static void
link_run (const Candidate *run, guint n, PsSide side)
{
  if (link_only_pair (run, n, side))
    return;
  for (guint from = 0, to; from < n; from = to)
    {
      for (to = from + 1; to < n && compare_names (&run[from], &run[to]) == 0; to++)
        ;
      link_only_pair (run + from, to - from, side);
    }
}

static void
link_pairs (const GArray *candidates, PsSide side)
{
  const Candidate *all = (const Candidate *)(gpointer)candidates->data;

  for (guint from = 0, to; from < candidates->len; from = to)
    {
      for (to = from + 1; to < candidates->len && compare_keys (all[from].key, all[to].key) == 0;
           to++)
        ;
      link_run (all + from, to - from, side);
    }
}

/* --- renamed directories on the server ------------------------------------------------------- */

/* Returns: the first of the candidates with the key and the name of @probe. */
static guint
find_run (const GArray *candidates, const Candidate *probe)
{
  guint from = 0, to = candidates->len;

  while (from < to)
    {
      guint middle = from + (to - from) / 2;

      if (compare_looks (&g_array_index (candidates, Candidate, middle), probe) < 0)
        from = middle + 1;
      else
        to = middle;
    }
  return from;
}

/* Returns: (nullable): a file with content below @dir. */
static PsItem *
find_anchor (const PsPlan *self, const PsItem *dir)
{
  for (guint i = dir->index + 1; i < dir->end; i++)
    {
      PsItem *item = ps_plan_item (self, i);

      if (item->step.remote.kind == PS_KIND_FILE && item->step.remote.size > 0)
        return item;
    }
  return NULL;
}

static guint
count_files (const PsPlan *self, const PsItem *dir, PsSide side)
{
  guint files = 0;

  for (guint i = dir->index + 1; i < dir->end; i++)
    {
      const PsEntry *entry = ps_step_entry (&ps_plan_item (self, i)->step, side);

      files += ps_entry_present (entry) && entry->kind != PS_KIND_DIR;
    }
  return files;
}

/* Whether every file below the new directory @to was recorded at the same place below the old one
 * @from, and they are not just a few that were picked out of it. */
static bool
holds_same_files (const PsPlan *self, const PsItem *from, const PsItem *to)
{
  guint files = 0;

  for (guint i = to->index + 1; i < to->end; i++)
    {
      const PsItem *item = ps_plan_item (self, i);
      g_autofree char *old_path = NULL;
      const PsItem *old;

      if (item->step.remote.kind == PS_KIND_DIR)
        continue;
      old_path = g_strconcat (from->step.path, item->step.path + strlen (to->step.path), NULL);
      old = ps_plan_find (self, old_path);
      if (old == NULL || !old->step.has_row || old->step.local.kind != item->step.remote.kind
          || !ps_entry_same (&old->step.row.remote, &item->step.remote))
        return false;
      files++;
    }
  return 2 * files >= count_files (self, from, PS_SIDE_LOCAL);
}

/* Whether @item is a directory that is gone from the server and unchanged here, and may be moved.
 */
static bool
is_gone_dir (const PsPlan *self, const PsItem *item)
{
  return item != NULL && !item->blocked && item->moved_to == NULL && item->step.decision.number == 2
         && item->step.decision.letter == 'a' && item->step.local.kind == PS_KIND_DIR
         && !g_hash_table_contains (self->above_incomplete, item->step.path);
}

/* Returns: (nullable): where the new directory @to was before, by the old places of @anchor, a file
 * in it. */
static PsItem *
find_old_dir (const PsPlan *self, const GArray *candidates, const PsItem *to, PsItem *anchor)
{
  const char *inner = anchor->step.path + strlen (to->step.path);
  const Candidate probe = { &anchor->step.remote, anchor, true };
  guint first = find_run (candidates, &probe);

  for (guint i = first; i < candidates->len && i < first + ANCHOR_TRIES; i++)
    {
      const Candidate *candidate = &g_array_index (candidates, Candidate, i);
      const char *old_path = candidate->item->step.path;
      g_autofree char *dir = NULL;
      PsItem *from;

      if (compare_looks (candidate, &probe) != 0 || candidate->target)
        break;
      if (!g_str_has_suffix (old_path, inner))
        continue;
      dir = g_strndup (old_path, strlen (old_path) - strlen (inner));
      from = ps_plan_find (self, dir);
      if (is_gone_dir (self, from) && holds_same_files (self, from, to))
        return from;
    }
  return NULL;
}

static void
link_remote_dirs (const PsPlan *self, const GArray *candidates)
{
  for (guint i = 0; i < self->items->len; i++)
    {
      PsItem *to = ps_plan_item (self, i);
      PsItem *anchor, *from;

      if (to->blocked || to->step.decision.number != 15 || to->step.remote.kind != PS_KIND_DIR
          || g_hash_table_contains (self->above_incomplete, to->step.path))
        continue;
      anchor = find_anchor (self, to);
      from = anchor != NULL ? find_old_dir (self, candidates, to, anchor) : NULL;
      if (from == NULL)
        continue;
      link_pair (from, to, PS_SIDE_REMOTE);
      i = to->end - 1;
    }
}

/* --- chains ---------------------------------------------------------------------------------- */

static PsSide
moving_side (const PsItem *target)
{
  return target->move == PS_STEP_MOVE_REMOTE ? PS_SIDE_LOCAL : PS_SIDE_REMOTE;
}

/* Whether the base knows of something below @dir: its rows would be in the way of those that come
 * with a renamed directory. */
static bool
rows_below (const PsPlan *self, const PsItem *dir)
{
  for (guint i = dir->index + 1; i < dir->end; i++)
    if (ps_plan_item (self, i)->step.has_row)
      return true;
  return false;
}

/* Whether the directory @to, which has the inode of @from, is that directory: file systems give the
 * inode of a removed one to the next that is made. If there were files in it, one must have come
 * along. */
static bool
is_same_dir (const PsPlan *self, const PsItem *from, const PsItem *to)
{
  bool had_files = false;

  for (guint i = from->index + 1; i < from->end; i++)
    {
      const PsStep *old = &ps_plan_item (self, i)->step;
      g_autofree char *new_path = NULL;
      const PsItem *item;

      if (!ps_entry_present (&old->row.local) || old->row.local.kind == PS_KIND_DIR)
        continue;
      had_files = true;
      new_path = g_strconcat (to->step.path, old->path + strlen (from->step.path), NULL);
      item = ps_plan_find (self, new_path);
      if (item != NULL && same_inode (&old->row.local, &item->step.local))
        return true;
    }
  return !had_files;
}

/* Whether the last pair of a chain, which ends at @tail, is sound beyond what its ends say. */
static bool
is_sound_pair (const PsPlan *self, const PsItem *tail)
{
  if (ps_step_entry (&tail->step, moving_side (tail))->kind != PS_KIND_DIR)
    return true;
  if (rows_below (self, tail))
    return false;
  return tail->move == PS_STEP_MOVE_LOCAL || is_same_dir (self, tail->moved_from, tail);
}

/* Takes the chain apart that begins at @head unless its beginning is left empty and its end was. */
static void
check_chain (const PsPlan *self, PsItem *head)
{
  PsSide side = moving_side (head->moved_to);
  PsItem *tail = head;
  bool sound;

  while (tail->moved_to != NULL)
    tail = tail->moved_to;
  sound = !ps_entry_present (ps_step_entry (&head->step, side)) && tail->step.decision.number != 1
          && is_sound_pair (self, tail);
  for (; !sound && tail->moved_from != NULL; tail = head)
    {
      head = tail->moved_from;
      unlink_pair (tail);
    }
}

static void
check_chains (const PsPlan *self)
{
  for (guint i = 0; i < self->items->len; i++)
    {
      PsItem *item = ps_plan_item (self, i);

      if (item->moved_to != NULL && item->moved_from == NULL)
        check_chain (self, item);
    }
}

/* --- what is done in this pass --------------------------------------------------------------- */

/* Whether @item lies below a path of a renamed directory; @settled: of one that moves in this pass
 * or waits for the next. */
static bool
endpoint_above (const PsItem *item, bool settled)
{
  for (item = item->parent; item != NULL; item = item->parent)
    if (item->endpoint && (!settled || item->role != PS_ROLE_PLAIN))
      return true;
  return false;
}

/* The next pass looks at all of it again. */
static void
defer_tree (const PsPlan *self, const PsItem *dir)
{
  for (guint i = dir->index; i < dir->end; i++)
    if (ps_plan_item (self, i)->role == PS_ROLE_PLAIN)
      ps_plan_item (self, i)->role = PS_ROLE_DEFERRED;
}

/* All below goes with the directory. */
static void
carry_below (const PsPlan *self, const PsItem *dir)
{
  for (guint i = dir->index + 1; i < dir->end; i++)
    ps_plan_item (self, i)->role = PS_ROLE_CARRIED;
}

static void
take_directory (const PsPlan *self, PsItem *to)
{
  to->moved_from->role = PS_ROLE_MOVED;
  to->role = PS_ROLE_MOVE;
  to->step.kind = to->move;
  carry_below (self, to->moved_from);
  carry_below (self, to);
}

/* Returns: whether any of the renamed directories @nested, with one of its paths below another's,
 * has to wait for that other one now. Those are taken out. */
static bool
defer_nested (const PsPlan *self, GPtrArray *nested)
{
  guint before = nested->len;

  for (guint i = nested->len; i > 0; i--)
    {
      const PsItem *to = nested->pdata[i - 1];

      if (!endpoint_above (to, true) && !endpoint_above (to->moved_from, true))
        continue;
      defer_tree (self, to->moved_from);
      defer_tree (self, to);
      g_ptr_array_remove_index_fast (nested, i - 1);
    }
  return nested->len < before;
}

/* Of renamed directories within renamed directories only the outermost moves in this pass, the
 * others wait for the next. Those that lie within each other (a went into b on one side, b into a
 * on the other) would wait for ever: they are no moves. */
static void
take_directories (const PsPlan *self)
{
  g_autoptr (GPtrArray) dirs = g_ptr_array_new ();
  g_autoptr (GPtrArray) nested = g_ptr_array_new ();

  for (guint i = 0; i < self->items->len; i++)
    {
      PsItem *to = ps_plan_item (self, i);

      if (to->moved_from == NULL
          || ps_step_entry (&to->step, moving_side (to))->kind != PS_KIND_DIR)
        continue;
      to->endpoint = to->moved_from->endpoint = true;
      g_ptr_array_add (dirs, to);
    }
  for (guint i = 0; i < dirs->len; i++)
    {
      PsItem *to = dirs->pdata[i];

      if (endpoint_above (to, false) || endpoint_above (to->moved_from, false))
        g_ptr_array_add (nested, to);
      else
        take_directory (self, to);
    }
  while (defer_nested (self, nested))
    ;
  for (guint i = 0; i < nested->len; i++)
    unlink_pair (nested->pdata[i]);
}

/* Sets the roles of the chain that @item is in. If a directory above one of its paths is moved
 * itself, the whole chain waits. */
static void
take_chain (PsItem *item)
{
  PsItem *head = item, *end;
  bool wait = false;

  while (head->moved_from != NULL && head->moved_from != item)
    head = head->moved_from;
  end = head->moved_from != NULL ? head : NULL; /* a circle ends where it begins */
  for (PsItem *at = head; at != NULL; at = at->moved_to != end ? at->moved_to : NULL)
    {
      at->walked = true;
      wait |= at->role != PS_ROLE_PLAIN;
    }
  for (PsItem *at = head; at != NULL; at = at->moved_to != end ? at->moved_to : NULL)
    {
      if (at->role != PS_ROLE_PLAIN)
        continue;
      at->role = wait ? PS_ROLE_DEFERRED : at->moved_from != NULL ? PS_ROLE_MOVE : PS_ROLE_MOVED;
      if (at->role == PS_ROLE_MOVE)
        at->step.kind = at->move;
    }
}

static void
take_files (const PsPlan *self)
{
  for (guint i = 0; i < self->items->len; i++)
    {
      PsItem *item = ps_plan_item (self, i);

      if ((item->moved_from != NULL || item->moved_to != NULL) && !item->walked && !item->endpoint)
        take_chain (item);
    }
}

static void
find_on (const PsPlan *self, PsSide side)
{
  g_autoptr (GArray) candidates = collect_candidates (self, side);

  if (side == PS_SIDE_REMOTE)
    link_remote_dirs (self, candidates);
  link_pairs (candidates, side);
}

void
ps_plan_find_moves (PsPlan *self)
{
  find_on (self, PS_SIDE_LOCAL);
  find_on (self, PS_SIDE_REMOTE);
  check_chains (self);
  take_directories (self);
  take_files (self);
}
