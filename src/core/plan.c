/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A plan is made in these strokes; README.md tells why each is as it is.
 *
 *   sort      items so that all below a directory follow it; link each to the nearest item above
 *   classify  decision → step, type changes taken apart
 *   moves     plan-moves.c
 *   shape     from the leaves up: a directory below which something lives on is not removed
 *   defer     from the root down: nothing is made below a name that is not a directory yet
 *   guard     plan-guards.c, on files; then from the leaves up to the directories
 *   emit      in the order of the phases */
#include "core/plan-private.h"

#include <string.h>

PsPlan *
ps_plan_new (void)
{
  PsPlan *self = g_new0 (PsPlan, 1);

  self->paths = g_string_chunk_new (64 * 1024);
  self->items = g_ptr_array_new_with_free_func (g_free);
  self->incomplete = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->above_incomplete = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->steps = g_ptr_array_new ();
  self->parked = g_ptr_array_new_with_free_func (g_free);
  return self;
}

void
ps_plan_free (PsPlan *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->steps);
  g_ptr_array_unref (self->parked);
  g_ptr_array_unref (self->items);
  g_hash_table_unref (self->incomplete);
  g_hash_table_unref (self->above_incomplete);
  g_string_chunk_free (self->paths);
  g_free (self);
}

void
ps_plan_add (PsPlan *self, const char *path, const PsRow *row, const PsEntry *local,
             const PsEntry *remote, PsDecision decision)
{
  PsItem *item;

  if (decision.action == PS_ACTION_NONE)
    return;
  item = g_new0 (PsItem, 1);
  item->step.path = g_string_chunk_insert (self->paths, path);
  item->step.decision = decision;
  item->step.has_row = row != NULL;
  if (row != NULL)
    item->step.row = *row;
  item->step.local = *local;
  item->step.remote = *remote;
  g_ptr_array_add (self->items, item);
}

void
ps_plan_add_incomplete (PsPlan *self, const char *dir, PsSide side)
{
  g_autofree char *above = g_strdup (dir);
  char *slash;

  g_hash_table_add (self->incomplete, g_strdup (dir));
  while (g_hash_table_add (self->above_incomplete, g_strdup (above)) && *above != '\0')
    {
      slash = strrchr (above, '/');
      *(slash != NULL ? slash : above) = '\0';
    }
}

/* --- sort ------------------------------------------------------------------------------------ */

static guint
path_rank (char c)
{
  return c == '\0' ? 0 : c == '/' ? 1 : (guint)(guchar)c + 1;
}

int
ps_plan_compare_paths (const char *a, const char *b)
{
  for (; *a == *b; a++, b++)
    if (*a == '\0')
      return 0;
  return path_rank (*a) < path_rank (*b) ? -1 : 1;
}

static int
compare_items (gconstpointer a, gconstpointer b)
{
  return ps_plan_compare_paths ((*(const PsItem *const *)a)->step.path,
                                (*(const PsItem *const *)b)->step.path);
}

PsItem *
ps_plan_find (const PsPlan *self, const char *path)
{
  guint from = 0, to = self->items->len;

  while (from < to)
    {
      guint middle = from + (to - from) / 2;
      int order = ps_plan_compare_paths (ps_plan_item (self, middle)->step.path, path);

      if (order == 0)
        return ps_plan_item (self, middle);
      if (order < 0)
        from = middle + 1;
      else
        to = middle;
    }
  return NULL;
}

static bool
lies_below (const PsItem *item, const PsItem *above)
{
  gsize length = strlen (above->step.path);

  return strncmp (item->step.path, above->step.path, length) == 0 && item->step.path[length] == '/';
}

/* Sets index, parent and end of every item. */
static void
sort_items (PsPlan *self)
{
  PsItem *above = NULL;

  g_ptr_array_sort (self->items, compare_items);
  for (guint i = 0; i < self->items->len; i++)
    {
      PsItem *item = ps_plan_item (self, i);

      for (; above != NULL && !lies_below (item, above); above = above->parent)
        above->end = i;
      item->index = i;
      item->parent = above;
      above = item;
    }
  for (; above != NULL; above = above->parent)
    above->end = self->items->len;
}

/* --- classify -------------------------------------------------------------------------------- */

/* Makes the side @to like the other one. */
static void
classify_transfer (PsStep *step, PsSide to)
{
  const PsEntry *source = ps_step_entry (step, ps_side_other (to));
  const PsEntry *target = ps_step_entry (step, to);
  bool remote = to == PS_SIDE_REMOTE;

  if (ps_entry_present (target) && target->kind != source->kind)
    {
      step->kind = remote ? PS_STEP_DELETE_REMOTE : PS_STEP_DELETE_LOCAL;
      step->replaces_kind = true;
    }
  else if (source->kind != PS_KIND_DIR)
    step->kind = remote ? PS_STEP_UPLOAD : PS_STEP_DOWNLOAD;
  else if (ps_entry_present (target))
    step->kind = PS_STEP_RECORD;
  else
    step->kind = remote ? PS_STEP_MKDIR_REMOTE : PS_STEP_MKDIR_LOCAL;
}

static void
classify (PsStep *step)
{
  static const PsStepKind kinds[PS_N_ACTIONS] = {
    [PS_ACTION_RECORD] = PS_STEP_RECORD,
    [PS_ACTION_FORGET] = PS_STEP_FORGET,
    [PS_ACTION_DELETE_LOCAL] = PS_STEP_DELETE_LOCAL,
    [PS_ACTION_DELETE_REMOTE] = PS_STEP_DELETE_REMOTE,
    [PS_ACTION_COMPARE] = PS_STEP_COMPARE,
    [PS_ACTION_CONFLICT] = PS_STEP_CONFLICT,
  };

  if (step->decision.action == PS_ACTION_UPLOAD)
    classify_transfer (step, PS_SIDE_REMOTE);
  else if (step->decision.action == PS_ACTION_DOWNLOAD)
    classify_transfer (step, PS_SIDE_LOCAL);
  else
    step->kind = kinds[step->decision.action];
}

/* What this item lets happen below itself. */
static PsBelow
below_of (const PsStep *step)
{
  if (step->local.kind != PS_KIND_DIR && step->remote.kind != PS_KIND_DIR)
    return PS_BELOW_FREE;
  if (step->kind == PS_STEP_CONFLICT)
    return PS_BELOW_NOTHING;
  return step->replaces_kind ? PS_BELOW_DELETES : PS_BELOW_FREE;
}

static void
classify_items (PsPlan *self)
{
  for (guint i = 0; i < self->items->len; i++)
    {
      PsItem *item = ps_plan_item (self, i);
      const PsItem *parent = item->parent;

      classify (&item->step);
      item->below = below_of (&item->step);
      item->blocked = item->below != PS_BELOW_FREE || (parent != NULL && parent->blocked);
    }
}

/* --- shape ----------------------------------------------------------------------------------- */

static bool
removes_directory (const PsItem *item)
{
  PsSide side;

  return item->role == PS_ROLE_PLAIN && ps_step_deletes (&item->step, &side)
         && ps_step_entry (&item->step, side)->kind == PS_KIND_DIR;
}

/* The directory that was to be removed lives on: it is made again where it is missing. Where
 * another kind has its name already, the two contend for it. */
static void
turn_around (PsItem *item)
{
  PsStep *step = &item->step;

  step->held = PS_GUARD_NONE; /* only the removal was in question */
  if (step->replaces_kind)
    {
      step->kind = PS_STEP_CONFLICT;
      step->replaces_kind = false;
      item->below = PS_BELOW_NOTHING;
    }
  else
    step->kind = step->kind == PS_STEP_DELETE_LOCAL ? PS_STEP_MKDIR_REMOTE : PS_STEP_MKDIR_LOCAL;
}

static bool
creates (const PsItem *item)
{
  PsSide side;

  if (item->role == PS_ROLE_MOVE)
    return true;
  return item->role == PS_ROLE_PLAIN && item->step.held != PS_GUARD_INCOMPLETE
         && item->step.kind != PS_STEP_FORGET && !ps_step_deletes (&item->step, &side);
}

static void
shape_directories (PsPlan *self)
{
  for (guint i = self->items->len; i > 0; i--)
    {
      PsItem *item = ps_plan_item (self, i - 1);

      if (item->creates_below && removes_directory (item))
        turn_around (item);
      if (item->parent != NULL)
        item->parent->creates_below |= item->creates_below || creates (item);
    }
}

/* --- defer ----------------------------------------------------------------------------------- */

static void
defer_below (PsPlan *self)
{
  for (guint i = 0; i < self->items->len; i++)
    {
      PsItem *item = ps_plan_item (self, i);
      PsBelow below = item->parent != NULL ? item->parent->below : PS_BELOW_FREE;
      bool removes = item->step.kind == PS_STEP_FORGET || item->step.kind == PS_STEP_DELETE_LOCAL
                     || item->step.kind == PS_STEP_DELETE_REMOTE;

      if (item->role == PS_ROLE_PLAIN
          && (below == PS_BELOW_NOTHING || (below == PS_BELOW_DELETES && !removes)))
        item->role = PS_ROLE_DEFERRED;
      item->below = MAX (item->below, below);
    }
}

/* --- guard ----------------------------------------------------------------------------------- */

/* A directory goes only when all below it goes. */
static void
hold_directories (PsPlan *self)
{
  for (guint i = self->items->len; i > 0; i--)
    {
      PsItem *item = ps_plan_item (self, i - 1);
      PsItem *parent = item->parent;

      if (removes_directory (item))
        {
          if (item->step.held == PS_GUARD_NONE)
            item->step.held = item->held_below;
          if (item->step.held == PS_GUARD_NONE && item->waits_below)
            item->role = PS_ROLE_DEFERRED;
        }
      if (parent == NULL)
        continue;
      parent->waits_below |= item->waits_below || item->role == PS_ROLE_DEFERRED;
      if (parent->held_below == PS_GUARD_NONE)
        parent->held_below = item->step.held != PS_GUARD_NONE ? item->step.held : item->held_below;
    }
}

/* --- emit ------------------------------------------------------------------------------------ */

static bool
is_type_change (const PsStep *step)
{
  return step->replaces_kind
         || (step->kind == PS_STEP_CONFLICT && step->local.kind != step->remote.kind);
}

static bool
moves_directory (const PsStep *step)
{
  return step->kind == PS_STEP_MOVE_LOCAL
             ? step->local.kind == PS_KIND_DIR
             : step->kind == PS_STEP_MOVE_REMOTE && step->remote.kind == PS_KIND_DIR;
}

static void
emit (PsPlan *self, PsStep *step)
{
  static const bool local_only[PS_N_STEPS] = {
    [PS_STEP_RECORD] = true,   [PS_STEP_FORGET] = true,     [PS_STEP_MKDIR_LOCAL] = true,
    [PS_STEP_DOWNLOAD] = true, [PS_STEP_MOVE_LOCAL] = true, [PS_STEP_DELETE_LOCAL] = true,
  };

  g_ptr_array_add (self->steps, step);
  self->held[step->held]++;
  if (step->held != PS_GUARD_NONE)
    return;
  self->changes_remote |= !local_only[step->kind];
  self->another_pass |= is_type_change (step) || moves_directory (step);
}

static void
fill_move (PsStep *step, const PsItem *from, const PsItem *to)
{
  PsStep move = to->step;

  move.kind = to->move;
  move.from = from->step.path;
  move.has_row = from->step.has_row;
  move.row = from->step.row;
  if (move.kind == PS_STEP_MOVE_REMOTE)
    move.remote = from->step.remote;
  else
    move.local = from->step.local;
  move.verify = move.kind == PS_STEP_MOVE_LOCAL;
  move.held = PS_GUARD_NONE;
  *step = move;
}

static PsStep *
add_parked (PsPlan *self, const PsItem *from, const PsItem *to, int park)
{
  PsStep *step = g_new0 (PsStep, 1);

  fill_move (step, from, to);
  step->park = park;
  g_ptr_array_add (self->parked, step);
  return step;
}

/* Moves @last's content in, then what its place is taken from, and so on back to @stop. */
static void
emit_moves_back (PsPlan *self, PsItem *last, const PsItem *stop)
{
  for (PsItem *to = last; to != stop && to->moved_from != NULL; to = to->moved_from)
    {
      fill_move (&to->step, to->moved_from, to);
      emit (self, &to->step);
    }
}

/* a → b → c: c is free, so b goes there first, then a. a → b → a: a is parked, b goes to a, a comes
 * from its slot. */
static void
emit_chain (PsPlan *self, PsItem *item, int *slot)
{
  PsItem *last = item;
  PsStep *from_slot;

  do
    {
      last->walked = true;
      if (last->moved_to == NULL)
        break;
      last = last->moved_to;
    }
  while (last != item);
  if (last->moved_to == NULL)
    {
      for (PsItem *to = last; to != NULL; to = to->moved_from)
        to->walked = true;
      emit_moves_back (self, last, NULL);
      return;
    }
  (*slot)++;
  emit (self, add_parked (self, item, item->moved_to, *slot));
  from_slot = add_parked (self, item, item->moved_to, -*slot); /* before the items change */
  emit_moves_back (self, item, item->moved_to);
  emit (self, from_slot);
}

static void
emit_moves (PsPlan *self, PsStepKind kind)
{
  int slot = 0;

  for (guint i = 0; i < self->items->len; i++)
    ps_plan_item (self, i)->walked = false;
  for (guint i = 0; i < self->items->len; i++)
    {
      PsItem *item = ps_plan_item (self, i);

      if (item->role == PS_ROLE_MOVE && item->move == kind && !item->walked)
        emit_chain (self, item, &slot);
    }
}

/* Files in the order of their paths, then directories from the deepest up. */
static void
emit_deletes (PsPlan *self, PsStepKind kind)
{
  for (guint i = 0; i < self->items->len; i++)
    {
      PsItem *item = ps_plan_item (self, i);

      if (item->role == PS_ROLE_PLAIN && item->step.kind == kind && !removes_directory (item))
        emit (self, &item->step);
    }
  for (guint i = self->items->len; i > 0; i--)
    {
      PsItem *item = ps_plan_item (self, i - 1);

      if (item->role == PS_ROLE_PLAIN && item->step.kind == kind && removes_directory (item))
        emit (self, &item->step);
    }
}

static void
emit_phase (PsPlan *self, PsStepKind kind)
{
  for (guint i = 0; i < self->items->len; i++)
    {
      PsItem *item = ps_plan_item (self, i);

      if (item->role == PS_ROLE_PLAIN && item->step.kind == kind)
        emit (self, &item->step);
    }
}

bool
ps_plan_is_empty (const PsPlan *self)
{
  return self->items->len == 0;
}

void
ps_plan_finish (PsPlan *self, const PsPlanOptions *options)
{
  sort_items (self);
  classify_items (self);
  ps_plan_guard_incomplete (self);
  if (options->find_moves)
    ps_plan_find_moves (self);
  shape_directories (self);
  defer_below (self);
  ps_plan_guard_deletes (self, options);
  ps_plan_guard_emptied (self, options);
  ps_plan_guard_room (self, options);
  hold_directories (self);
  for (PsStepKind kind = PS_STEP_RECORD; kind < PS_STEP_MOVE_LOCAL; kind++)
    emit_phase (self, kind);
  emit_moves (self, PS_STEP_MOVE_LOCAL);
  emit_moves (self, PS_STEP_MOVE_REMOTE);
  emit_deletes (self, PS_STEP_DELETE_LOCAL);
  emit_deletes (self, PS_STEP_DELETE_REMOTE);
}

guint
ps_plan_n_steps (const PsPlan *self)
{
  return self->steps->len;
}

const PsStep *
ps_plan_peek_step (const PsPlan *self, guint index)
{
  g_return_val_if_fail (index < self->steps->len, NULL);
  return g_ptr_array_index (self->steps, index);
}

guint
ps_plan_n_held (const PsPlan *self, PsGuard guard)
{
  g_return_val_if_fail (guard > PS_GUARD_NONE && guard < PS_N_GUARDS, 0);
  return self->held[guard];
}

bool
ps_plan_changes_remote (const PsPlan *self)
{
  return self->changes_remote;
}

bool
ps_plan_wants_another_pass (const PsPlan *self)
{
  return self->another_pass;
}

const char *
ps_step_kind_name (PsStepKind kind)
{
  static const char *const names[PS_N_STEPS] = {
    [PS_STEP_RECORD] = "record",
    [PS_STEP_FORGET] = "forget",
    [PS_STEP_MKDIR_LOCAL] = "mkdir-local",
    [PS_STEP_MKDIR_REMOTE] = "mkdir-remote",
    [PS_STEP_UPLOAD] = "upload",
    [PS_STEP_DOWNLOAD] = "download",
    [PS_STEP_COMPARE] = "compare",
    [PS_STEP_CONFLICT] = "conflict",
    [PS_STEP_MOVE_LOCAL] = "move-local",
    [PS_STEP_MOVE_REMOTE] = "move-remote",
    [PS_STEP_DELETE_LOCAL] = "delete-local",
    [PS_STEP_DELETE_REMOTE] = "delete-remote",
  };

  return names[kind];
}
