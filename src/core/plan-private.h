/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What plan.c, plan-moves.c and plan-guards.c share: the items of a plan while it is being made. */
#pragma once

#include "core/plan.h"

G_BEGIN_DECLS

/* What an item has become. */
typedef enum
{
  PS_ROLE_PLAIN,   /* its step is what step.kind says */
  PS_ROLE_MOVE,    /* the new path of a move; step.kind is the move */
  PS_ROLE_MOVED,   /* the old path of a move, and not a new path itself: no step of its own */
  PS_ROLE_CARRIED, /* below either path of a moved directory: no step, the move does it */
  PS_ROLE_DEFERRED /* no step in this pass, the next one looks again */
} PsRole;

/* What may happen below a path in this pass. */
typedef enum
{
  PS_BELOW_FREE,
  PS_BELOW_DELETES, /* the directory is to be replaced by another kind, or comes in its stead */
  PS_BELOW_NOTHING  /* a directory and something else contend for the name */
} PsBelow;

typedef struct PsItem PsItem;

/* One added path. Items are sorted so that all below a directory follow it directly. */
struct PsItem
{
  PsStep step;
  PsItem *parent; /* (nullable) the nearest item above, borrowed */
  guint end;      /* index after the last item below this one */
  guint index;
  PsRole role;
  PsBelow below;

  PsItem *moved_from; /* (nullable) what lies here now lay there */
  PsItem *moved_to;   /* (nullable) and what lay here lies there now */
  PsStepKind move;    /* where moved_from is set: PS_STEP_MOVE_LOCAL or PS_STEP_MOVE_REMOTE */
  bool blocked;       /* takes no part in moves: an unfinished listing, or a fight for the name */
  bool endpoint;      /* of a renamed directory */
  bool walked;        /* its chain of moves has been looked at */

  bool creates_below; /* something below comes to be or stays */
  bool waits_below;   /* something below is deferred */
  PsGuard held_below; /* something below is held */
};

struct PsPlan
{
  GStringChunk *paths;
  GPtrArray *items;             /* (element-type PsItem) owned */
  GHashTable *incomplete;       /* (element-type utf8) directories not listed to their end */
  GHashTable *above_incomplete; /* (element-type utf8) these and all above them */
  GPtrArray *steps;             /* (element-type PsStep) borrowed from items and parked */
  GPtrArray *parked;            /* (element-type PsStep) owned: second steps of moves in cycles */
  guint held[PS_N_GUARDS];
  bool changes_remote;
  bool another_pass;
};

static inline PsItem *
ps_plan_item (const PsPlan *self, guint index)
{
  return g_ptr_array_index (self->items, index);
}

static inline const PsEntry *
ps_step_entry (const PsStep *step, PsSide side)
{
  return side == PS_SIDE_LOCAL ? &step->local : &step->remote;
}

static inline const PsEntry *
ps_step_recorded (const PsStep *step, PsSide side)
{
  return side == PS_SIDE_LOCAL ? &step->row.local : &step->row.remote;
}

static inline PsSide
ps_side_other (PsSide side)
{
  return side == PS_SIDE_LOCAL ? PS_SIDE_REMOTE : PS_SIDE_LOCAL;
}

/* Whether the step removes something, and on which side. */
static inline bool
ps_step_deletes (const PsStep *step, PsSide *side)
{
  *side = step->kind == PS_STEP_DELETE_LOCAL ? PS_SIDE_LOCAL : PS_SIDE_REMOTE;
  return step->kind == PS_STEP_DELETE_LOCAL || step->kind == PS_STEP_DELETE_REMOTE;
}

/* The order of items: bytewise, but '/' before everything else. */
int ps_plan_compare_paths (const char *a, const char *b);

/* Returns: (nullable) (transfer none): the item at @path, once they are sorted. */
PsItem *ps_plan_find (const PsPlan *self, const char *path);

/* plan-moves.c: finds what was moved on either side, and sets roles. */
void ps_plan_find_moves (PsPlan *self);

/* plan-guards.c: the guards on files, each sets step.held. */
void ps_plan_guard_incomplete (PsPlan *self);
void ps_plan_guard_deletes (PsPlan *self, const PsPlanOptions *options);
void ps_plan_guard_emptied (PsPlan *self, const PsPlanOptions *options);
void ps_plan_guard_room (PsPlan *self, const PsPlanOptions *options);

G_END_DECLS
