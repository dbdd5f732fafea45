/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/pass.h"

#include "engine/execute.h"
#include "engine/quick.h"
#include "engine/roots.h"
#include "engine/walk.h"
#include "util/fault.h"
#include "util/words.h"

#define KEY_HELD_DELETES "held-deletes"
#define KEY_HELD_EMPTIED "held-emptied"

static gboolean
is_flagged (PsStore *store, const char *key)
{
  g_autofree char *value = ps_store_get_value (store, key);

  return value != NULL;
}

/* Writes only what differs: a pass without news must not wake the disk. */
static gboolean
set_flag (PsStore *store, const char *key, gboolean on, GError **error)
{
  if (is_flagged (store, key) == on)
    return TRUE;
  return ps_store_set_value (store, key, on ? "1" : NULL, error);
}

/* What the planner and its guards have to know about this pair. */
static gboolean
fill_options (PsContext *context, PsPlanOptions *options, GError **error)
{
  PsStoreTotals totals;
  uint64_t total_bytes;

  if (!ps_store_totals (context->store, &totals, error))
    return FALSE;
  *options = (PsPlanOptions){
    .files_local = totals.files_local,
    .files_remote = totals.files_remote,
    .delete_guard_percent = context->config->delete_guard_percent,
    .allow_deletes = (context->flags & PS_SYNC_ALLOW_DELETES) != 0,
    .deletes_held_before = is_flagged (context->store, KEY_HELD_DELETES),
    .emptied_held_before = is_flagged (context->store, KEY_HELD_EMPTIED),
    .room_local = ps_local_free_space (context->local),
    .find_moves = !context->no_moves,
  };
  if (!ps_remote_space (context->remote, &options->room_remote, &total_bytes, context->cancellable,
                        error))
    return FALSE;
  context->progress->server_free = options->room_remote;
  context->progress->server_total = total_bytes;
  return TRUE;
}

static const char *
held_message (PsGuard guard)
{
  switch (guard)
    {
    case PS_GUARD_MASS_DELETE:
      return _ (
          "so many deletions at once are held until you allow them (--allow-deletes, or in the "
          "status window); "
          "everything else is synced");
    case PS_GUARD_MASS_EMPTIED:
      return _ ("many files became empty at once, as after a crash or a full disk; they are held "
                "until you allow it "
                "(--allow-deletes, or in the status window)");
    case PS_GUARD_INCOMPLETE:
      return _ ("a directory could not be listed to its end; what depends on it waits");
    case PS_GUARD_ROOM:
      return _ ("there is no room for these files; they wait until there is");
    case PS_GUARD_NONE:
    case PS_GUARD_ROOT:
    case PS_GUARD_RESTORED_SERVER:
    case PS_N_GUARDS:
    default:
      return "";
    }
}

/* What @guard held stays held over further runs until none of it is left. A pass that leaves
 * something for the next, or could not list all, has not seen whether there is more. */
static gboolean
remember_held (PsContext *context, const PsPlan *plan, PsGuard guard, const char *key,
               GError **error)
{
  gboolean saw_all
      = !ps_plan_wants_another_pass (plan) && ps_plan_n_held (plan, PS_GUARD_INCOMPLETE) == 0;

  if (ps_plan_n_held (plan, guard) == 0 && !saw_all)
    return TRUE;
  return set_flag (context->store, key, ps_plan_n_held (plan, guard) > 0, error);
}

/* Tells what the guards hold, and remembers it. */
static gboolean
tell_held (PsContext *context, const PsPlan *plan, GError **error)
{
  for (PsGuard guard = PS_GUARD_MASS_DELETE; guard < PS_N_GUARDS; guard++)
    if (ps_plan_n_held (plan, guard) > 0)
      ps_context_held (context, guard, ps_plan_n_held (plan, guard), held_message (guard));
  if ((context->flags & PS_SYNC_DRY_RUN) != 0)
    return TRUE;
  return remember_held (context, plan, PS_GUARD_MASS_DELETE, KEY_HELD_DELETES, error)
         && remember_held (context, plan, PS_GUARD_MASS_EMPTIED, KEY_HELD_EMPTIED, error);
}

/* The person wants held deletions undone: without their rows the files that are left are new ones,
 * and go to the other side. */
static gboolean
keep_held (PsContext *context, const PsPlan *plan, gboolean *again, GError **error)
{
  for (guint i = 0; i < ps_plan_n_steps (plan); i++)
    {
      const PsStep *step = ps_plan_peek_step (plan, i);

      if (step->held != PS_GUARD_MASS_DELETE)
        continue;
      if (!ps_store_remove (context->store, step->path, error))
        return FALSE;
      *again = TRUE;
    }
  return TRUE;
}

static gboolean
has_deletions (const PsPlan *plan)
{
  for (guint i = ps_plan_n_steps (plan); i > 0; i--)
    {
      const PsStep *step = ps_plan_peek_step (plan, i - 1);

      if ((step->kind == PS_STEP_DELETE_LOCAL || step->kind == PS_STEP_DELETE_REMOTE)
          && step->held == PS_GUARD_NONE)
        return TRUE;
    }
  return FALSE;
}

static gboolean
carry_out (PsContext *context, const PsPassOptions *options, const PsPlan *plan, GError **error)
{
  if (ps_fault ("pass-planned", error))
    return FALSE;
  if (has_deletions (plan) && !ps_roots_confirm (context, error))
    return FALSE;
  if (ps_plan_changes_remote (plan))
    ps_roots_raise_begin (context);
  options->set_state (options->data, PS_RUN_APPLY);
  if (!ps_execute (context, plan, error) || ps_fault ("pass-applied", error))
    return FALSE;
  return TRUE;
}

/* Sees both sides and fills the plan. */
static gboolean
scan (PsContext *context, gboolean ignore_base, PsPlan *plan, GError **error)
{
  PsWalkOptions options = { .ignore_base = ignore_base };
  g_autoptr (PsQuickLister) quick
      = context->dirs != NULL ? ps_quick_lister_new (context, context->dirs) : NULL;
  PsLister remote
      = quick != NULL ? ps_quick_lister_get (quick) : ps_remote_lister (context->remote);

  return ps_walk (context, &options, ps_local_lister (context->local), remote, plan, error);
}

gboolean
ps_pass (PsContext *context, const PsPassOptions *options, gboolean *again, GError **error)
{
  g_autoptr (PsPlan) plan = ps_plan_new ();
  PsPlanOptions plan_options;

  *again = FALSE;
  context->look_again = FALSE;
  context->progress->dirs_scanned = context->progress->files_scanned = 0;
  options->set_state (options->data, PS_RUN_SCAN);
  ps_remote_ask_space (context->remote);
  if (ps_fault ("pass-begin", error) || !scan (context, context->roots.restored, plan, error)
      || !ps_remote_prepare_end (context->remote, NULL, context->cancellable, error))
    return FALSE;
  if (!ps_plan_is_empty (plan))
    {
      if (!fill_options (context, &plan_options, error))
        return FALSE;
      ps_plan_finish (plan, &plan_options);
    }
  if (!tell_held (context, plan, error))
    return FALSE;
  if ((context->flags & PS_SYNC_DRY_RUN) != 0)
    {
      ps_execute_dry (context, plan);
      return TRUE;
    }
  if ((context->flags & PS_SYNC_KEEP_HELD) != 0 && !keep_held (context, plan, again, error))
    return FALSE;
  if (ps_plan_n_steps (plan) > 0 && !carry_out (context, options, plan, error))
    return FALSE;
  *again |= context->look_again || ps_plan_wants_another_pass (plan);
  return ps_store_commit (context->store, error) && !ps_fault ("pass-recorded", error);
}
