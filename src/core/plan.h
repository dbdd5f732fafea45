/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plan of one pass: the decided paths turned into an ordered list of steps. Moves are found,
 * type changes taken apart, the guards applied. Pure; memory grows with what has to be done, not
 * with the tree. */
#pragma once

#include "core/decide.h"
#include "core/guard.h"

G_BEGIN_DECLS

/* In the order in which phases are carried out; each phase waits for the one before. Steps of one
 * phase may run side by side, except that directories and moves keep the order in which they stand
 * in the plan. In the two last phases files stand before directories, and directories from the
 * deepest up: a directory waits for all that stands before it, and is removed only when it is
 * empty. */
typedef enum
{
  PS_STEP_RECORD,
  PS_STEP_FORGET,
  PS_STEP_MKDIR_LOCAL,
  PS_STEP_MKDIR_REMOTE,
  PS_STEP_UPLOAD,
  PS_STEP_DOWNLOAD,
  PS_STEP_COMPARE,
  PS_STEP_CONFLICT,
  PS_STEP_MOVE_LOCAL,
  PS_STEP_MOVE_REMOTE,
  PS_STEP_DELETE_LOCAL,
  PS_STEP_DELETE_REMOTE,
  PS_N_STEPS
} PsStepKind;

typedef struct
{
  PsStepKind kind;
  char *path; /* where it happens; for a move the new path */
  char *from; /* (nullable) moves only: the old path */
  PsDecision decision;
  bool has_row;
  PsRow row;      /* as recorded (for a move: the row of @from), if has_row */
  PsEntry local;  /* as seen by this pass at @path (for MOVE_REMOTE at the new path, for MOVE_LOCAL
                     what lies at @from) */
  PsEntry remote; /* as seen by this pass at @path (for MOVE_LOCAL at the new path, for MOVE_REMOTE
                     what lies at @from) */
  bool replaces_kind; /* DELETE_*: the other side has another kind under this name. Once it is done
                         the row is dropped, so that the next pass finds the new kind as created */
  bool verify; /* MOVE_LOCAL: a file, or the files of a directory, found by size and mtime alone:
                  compare content before the move */
  int park; /* moves in a cycle: > 0: @from goes to parking slot N first (path is not yet taken); <
             * 0: slot -N goes to @path; 0: straight from @from to @path */
  PsGuard held; /* not PS_GUARD_NONE: must not be carried out in this pass */
} PsStep;

typedef struct
{
  /* The guards' inputs. */
  uint64_t files_local;  /* files in the recorded local listing */
  uint64_t files_remote; /* and in the remote one */
  guint delete_guard_percent;
  bool deletes_held_before; /* the mass-delete guard held something in the last pass: it holds until
                               allowed or nothing is left */
  bool emptied_held_before; /* likewise mass-emptied */

  /* (nullable) Whether a person has said that @guard (mass-delete, mass-emptied) need not hold
   * @step. */
  bool (*is_allowed) (const PsStep *step, PsGuard guard, gconstpointer data);
  gconstpointer allowed_data;
  uint64_t room_local; /* free bytes, UINT64_MAX = not known */
  uint64_t room_remote;
  bool find_moves;
} PsPlanOptions;

typedef struct PsPlan PsPlan;

PsPlan *ps_plan_new (void);
void ps_plan_free (PsPlan *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsPlan, ps_plan_free)

/* Adds one decided path, in any order; PS_ACTION_NONE is dropped. @row may be NULL. Values are
 * copied. */
void ps_plan_add (PsPlan *self, const char *path, const PsRow *row, const PsEntry *local,
                  const PsEntry *remote, PsDecision decision);

/* Says that the directory @dir could not be listed on @side: nothing below it may be created, moved
 * or deleted; steps that would are held by PS_GUARD_INCOMPLETE (the pass itself does not decide
 * below it). */
void ps_plan_add_incomplete (PsPlan *self, const char *dir, PsSide side);

/* Whether nothing was added: then there is nothing to finish either. */
bool ps_plan_is_empty (const PsPlan *self);

/* Turns what was added into steps. Call once, after the last add. */
void ps_plan_finish (PsPlan *self, const PsPlanOptions *options);

guint ps_plan_n_steps (const PsPlan *self);
const PsStep *ps_plan_peek_step (const PsPlan *self, guint index);

/* How many steps @guard holds. */
guint ps_plan_n_held (const PsPlan *self, PsGuard guard);

/* Whether the plan changes the server (anything not held but RECORD, FORGET, downloads and local
 * changes). */
bool ps_plan_changes_remote (const PsPlan *self);

/* Whether another pass must follow for the rest (type changes, renamed directories). */
bool ps_plan_wants_another_pass (const PsPlan *self);

/* "upload", "mkdir-local" … as in --json; static. */
const char *ps_step_kind_name (PsStepKind kind);

G_END_DECLS
