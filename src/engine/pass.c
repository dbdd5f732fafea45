/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/pass.h"

#include "engine/execute.h"
#include "engine/held.h"
#include "engine/quick.h"
#include "engine/roots.h"
#include "engine/walk.h"
#include "util/fault.h"

#define LONG_PASS_US (5 * G_USEC_PER_SEC)

/* The answer came with the listings. A person wants to see it too where nothing is to be done. */
static gboolean
read_space (PsContext *context, GError **error)
{
  return ps_remote_space (context->remote, &context->progress->server_free,
                          &context->progress->server_total, context->cancellable, error);
}

/* What the planner and its guards have to know about this pair. */
static gboolean
fill_options (PsContext *context, PsPlanOptions *options, GError **error)
{
  PsStoreTotals totals;

  if (!ps_store_totals (context->store, &totals, error))
    return FALSE;
  *options = (PsPlanOptions){
    .files_local = totals.files_local,
    .files_remote = totals.files_remote,
    .delete_guard_percent = context->config->delete_guard_percent,
    .room_local = ps_local_free_space (context->local),
    .room_remote = context->progress->server_free,
    .find_moves = !context->no_moves,
  };
  ps_held_fill_options (context->held, options);
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

/* Whether somebody may have made a backup of the server meanwhile. It costs some round trips to be
 * able to tell it from the end of the pass, which are a small part of so long a time. */
static gboolean
took_long (const PsContext *context, int64_t began)
{
  return ps_clock_monotonic (context->clock) - began >= LONG_PASS_US;
}

static gboolean
carry_out (PsContext *context, const PsPassOptions *options, const PsPlan *plan, GError **error)
{
  int64_t began = ps_clock_monotonic (context->clock);

  if (ps_fault ("pass-planned", error))
    return FALSE;
  if (has_deletions (plan) && !ps_roots_confirm (context, error))
    return FALSE;
  if (ps_plan_changes_remote (plan))
    ps_roots_raise_begin (context);
  options->set_state (options->data, PS_RUN_APPLY);
  if (!ps_execute (context, plan, error) || ps_fault ("pass-applied", error))
    return FALSE;
  return !ps_plan_changes_remote (plan) || !took_long (context, began)
         || ps_roots_raise_again (context, error);
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
      || !ps_remote_prepare_end (context->remote, NULL, context->cancellable, error)
      || !read_space (context, error))
    return FALSE;
  if (!ps_plan_is_empty (plan))
    {
      if (!fill_options (context, &plan_options, error))
        return FALSE;
      ps_plan_finish (plan, &plan_options);
    }
  if (!ps_held_tell (context->held, plan, error))
    return FALSE;
  if ((context->flags & PS_SYNC_DRY_RUN) != 0)
    {
      ps_execute_dry (context, plan);
      return TRUE;
    }
  if (!ps_held_keep (context->held, plan, again, error))
    return FALSE;
  if (ps_plan_n_steps (plan) > 0 && !carry_out (context, options, plan, error))
    return FALSE;
  *again |= context->look_again || ps_plan_wants_another_pass (plan);
  return ps_store_commit (context->store, error) && !ps_fault ("pass-recorded", error);
}
