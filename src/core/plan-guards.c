/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The guards that look at the plan. Each marks the steps of files that it holds; what follows for
 * the directories above is plan.c's. */
#include "core/plan-private.h"

#include <string.h>

#define MASS_DELETE_MIN 20 /* up to so many files at once are nothing unusual */
#define ALL_GONE_MIN 3     /* from so many files on, "all of them" is */
#define MASS_EMPTIED_MIN 10
#define ROOM_RESERVE (16 * 1024 * 1024)

/* --- incomplete listing ---------------------------------------------------------------------- */

static bool
below_incomplete (const PsPlan *self, const char *path)
{
  g_autofree char *above = g_strdup (path);

  while (*above != '\0')
    {
      char *slash = strrchr (above, '/');

      *(slash != NULL ? slash : above) = '\0';
      if (g_hash_table_contains (self->incomplete, above))
        return true;
    }
  return false;
}

/* Nothing is done below such a directory, and neither it nor one above it is removed. */
void
ps_plan_guard_incomplete (PsPlan *self)
{
  if (g_hash_table_size (self->incomplete) == 0)
    return;
  for (guint i = 0; i < self->items->len; i++)
    {
      PsItem *item = ps_plan_item (self, i);
      PsSide side;

      if (below_incomplete (self, item->step.path))
        {
          item->step.held = PS_GUARD_INCOMPLETE;
          item->blocked = true;
        }
      else if (ps_step_deletes (&item->step, &side)
               && g_hash_table_contains (self->above_incomplete, item->step.path))
        item->step.held = PS_GUARD_INCOMPLETE;
    }
}

/* --- what a person has allowed --- */

static bool
is_allowed (const PsPlanOptions *options, const PsItem *item, PsGuard guard)
{
  return options->is_allowed != NULL
         && options->is_allowed (&item->step, guard, options->allowed_data);
}

/* --- mass delete ----------------------------------------------------------------------------- */

/* Files that are gone for good: what another kind replaces under its name is a change. */
static bool
deletes_file (const PsItem *item, PsSide side)
{
  PsSide deleted;

  return item->role == PS_ROLE_PLAIN && ps_step_deletes (&item->step, &deleted) && deleted == side
         && item->step.held == PS_GUARD_NONE && !item->step.replaces_kind
         && ps_step_entry (&item->step, side)->kind != PS_KIND_DIR;
}

static bool
is_mass_delete (const PsPlanOptions *options, uint64_t files, uint64_t deleted)
{
  if (deleted >= ALL_GONE_MIN && deleted >= files)
    return true;
  return deleted > MASS_DELETE_MIN && deleted * 100 > files * options->delete_guard_percent;
}

static void
guard_deletes_on (PsPlan *self, const PsPlanOptions *options, PsSide side)
{
  uint64_t files = side == PS_SIDE_LOCAL ? options->files_local : options->files_remote;
  uint64_t deleted = 0, allowed = 0;

  for (guint i = 0; i < self->items->len; i++)
    if (deletes_file (ps_plan_item (self, i), side))
      *(is_allowed (options, ps_plan_item (self, i), PS_GUARD_MASS_DELETE) ? &allowed : &deleted)
          += 1;
  if (!options->deletes_held_before
      && !is_mass_delete (options, files - MIN (files, allowed), deleted))
    return;
  for (guint i = 0; i < self->items->len; i++)
    if (deletes_file (ps_plan_item (self, i), side)
        && !is_allowed (options, ps_plan_item (self, i), PS_GUARD_MASS_DELETE))
      ps_plan_item (self, i)->step.held = PS_GUARD_MASS_DELETE;
}

void
ps_plan_guard_deletes (PsPlan *self, const PsPlanOptions *options)
{
  guard_deletes_on (self, options, PS_SIDE_LOCAL);
  guard_deletes_on (self, options, PS_SIDE_REMOTE);
}

/* --- mass emptied ---------------------------------------------------------------------------- */

/* Whether the step carries over that a file became empty on @side, and nobody has allowed it. */
static bool
carries_emptied (const PsPlanOptions *options, const PsItem *item, PsSide side)
{
  const PsStep *step = &item->step;
  const PsEntry *was = ps_step_recorded (step, side);
  const PsEntry *is = ps_step_entry (step, side);

  return item->role == PS_ROLE_PLAIN && step->held == PS_GUARD_NONE
         && step->kind == (side == PS_SIDE_LOCAL ? PS_STEP_UPLOAD : PS_STEP_DOWNLOAD)
         && was->kind == PS_KIND_FILE && was->size > 0 && is->kind == PS_KIND_FILE && is->size == 0
         && !is_allowed (options, item, PS_GUARD_MASS_EMPTIED);
}

static void
guard_emptied_on (PsPlan *self, const PsPlanOptions *options, PsSide side)
{
  uint64_t emptied = 0;

  for (guint i = 0; i < self->items->len; i++)
    emptied += carries_emptied (options, ps_plan_item (self, i), side);
  if (!options->emptied_held_before && emptied <= MASS_EMPTIED_MIN)
    return;
  for (guint i = 0; i < self->items->len; i++)
    if (carries_emptied (options, ps_plan_item (self, i), side))
      ps_plan_item (self, i)->step.held = PS_GUARD_MASS_EMPTIED;
}

void
ps_plan_guard_emptied (PsPlan *self, const PsPlanOptions *options)
{
  guard_emptied_on (self, options, PS_SIDE_LOCAL);
  guard_emptied_on (self, options, PS_SIDE_REMOTE);
}

/* --- room ------------------------------------------------------------------------------------ */

/* Returns: how much of @free_bytes may be filled: all but 1 % or 16 MiB, whichever is less. */
static uint64_t
usable (uint64_t free_bytes)
{
  return free_bytes == UINT64_MAX ? UINT64_MAX : free_bytes - MIN (free_bytes / 100, ROOM_RESERVE);
}

static uint64_t
bytes_to (const PsStep *step, PsSide side)
{
  const PsEntry *source = ps_step_entry (step, ps_side_other (side));
  bool transfers = step->kind == PS_STEP_CONFLICT
                   || step->kind == (side == PS_SIDE_REMOTE ? PS_STEP_UPLOAD : PS_STEP_DOWNLOAD);

  return transfers && source->kind == PS_KIND_FILE ? source->size : 0;
}

/* What is fetched to be compared goes away again: it has to fit, and leaves the others their room.
 */
static bool
is_too_large_to_compare (const PsStep *step, uint64_t local)
{
  return step->kind == PS_STEP_COMPARE && step->remote.kind == PS_KIND_FILE
         && step->remote.size > local;
}

/* What is replaced is kept, so nothing is counted as becoming free. A conflict needs room on both
 * sides. */
void
ps_plan_guard_room (PsPlan *self, const PsPlanOptions *options)
{
  uint64_t local = usable (options->room_local), remote = usable (options->room_remote);

  for (guint i = 0; i < self->items->len; i++)
    {
      PsItem *item = ps_plan_item (self, i);
      uint64_t down = bytes_to (&item->step, PS_SIDE_LOCAL);
      uint64_t up = bytes_to (&item->step, PS_SIDE_REMOTE);

      if (item->role != PS_ROLE_PLAIN || item->step.held != PS_GUARD_NONE)
        continue;
      if (down > local || up > remote || is_too_large_to_compare (&item->step, local))
        {
          item->step.held = PS_GUARD_ROOM;
          continue;
        }
      local -= local == UINT64_MAX ? 0 : down;
      remote -= remote == UINT64_MAX ? 0 : up;
    }
}
