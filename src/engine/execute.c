/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The phases of a plan in their order. Within the transfers as many files are under way as the link
 * welcomes; directories, moves and deletions keep the plan's order. */
#include "engine/execute.h"

#include "engine/executor.h"

#define COMMIT_ROWS 1000 /* rows gathered before a commit */

/* Nor does a commit wait longer than that. What was transferred and not recorded has to be compared
 * should the link or the program die, which costs about as much time as has passed since. */
#define COMMIT_US (5 * G_USEC_PER_SEC)

#define FETCHED_FILES 256 /* downloads placed together at most */
#define FETCHED_BYTES (64 * 1024 * 1024)
#define MAX_OPEN 400 /* transfers under way, each with a descriptor */

PsStepUnderWay *
ps_step_under_way_new (PsExecutor *executor, const PsStep *step)
{
  PsStepUnderWay *self = g_new0 (PsStepUnderWay, 1);

  self->executor = executor;
  self->step = step;
  return self;
}

void
ps_executor_step_failed (PsExecutor *self, const PsStep *step, const GError *error)
{
  if (ps_context_is_fatal (error))
    return; /* told once, by whoever waits for the link */
  if (ps_context_is_stale (error))
    {
      g_info ("%s: %s: %s", ps_step_kind_name (step->kind), step->path, error->message);
      self->context->look_again = TRUE;
      return;
    }
  ps_context_problem (self->context, step->path, ps_context_problem_code (error), error->message);
}

void
ps_executor_done (PsExecutor *self, const PsStep *step, const char *action, uint64_t bytes,
                  uint64_t wire)
{
  PsDone done = {
    .action = action,
    .path = step->path,
    .from = step->from,
    .decision = step->decision,
    .bytes = bytes,
    .wire = wire,
  };

  ps_context_done (self->context, &done);
}

/* Places what was fetched once enough has gathered, or nothing else is left to do meanwhile. */
static void
place_if_due (PsExecutor *self)
{
  if (self->fetched->len >= FETCHED_FILES || self->fetched_bytes >= FETCHED_BYTES
      || (self->in_flight == 0 && self->fetched->len > 0))
    ps_download_place_fetched (self);
}

/* Whether enough has gathered, or for long enough, to be made durable and recorded. */
static gboolean
wants_commit (PsExecutor *self)
{
  int64_t waited = ps_clock_monotonic (self->context->clock) - self->uncommitted_since;

  return self->uncommitted >= COMMIT_ROWS || (self->uncommitted > 0 && waited >= COMMIT_US)
         || ps_reuse_wants_commit (self->reuse);
}

/* What has come back from the link is placed and, once there is enough of it, recorded. */
static gboolean
take_in (PsExecutor *self, GError **error)
{
  place_if_due (self);
  if (self->failure != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&self->failure));
      return FALSE;
    }
  return !wants_commit (self) || ps_executor_commit (self, error);
}

/* One turn of the link. */
static gboolean
turn (PsExecutor *self, GError **error)
{
  if (!ps_reuse_step (self->reuse, PS_PROGRESS_US, self->context->cancellable, error))
    return FALSE;
  ps_transfers_tell (self);
  return take_in (self, error);
}

gboolean
ps_executor_drain (PsExecutor *self, guint most, GError **error)
{
  for (;;)
    if (self->in_flight > most)
      {
        if (!turn (self, error))
          return FALSE;
      }
    /* Placing and recording use the link too: the last files may have come meanwhile. */
    else if (self->in_flight > 0 || self->fetched->len == 0)
      return TRUE;
    else if (!take_in (self, error))
      return FALSE;
}

gboolean
ps_executor_make_room (PsExecutor *self, GError **error)
{
  while (self->in_flight > 0
         && (ps_remote_room (self->context->remote) == 0 || self->in_flight >= MAX_OPEN))
    if (!turn (self, error))
      return FALSE;
  return TRUE;
}

/* Both sides have the directory; of nothing else that can be said without looking at contents. */
static void
record_as_seen (PsExecutor *self, const PsStep *step)
{
  const PsRow row = { .local = step->local, .remote = step->remote };

  ps_executor_record (self, step->path, &row);
  ps_executor_done (self, step, "record", 0, 0);
}

static void
make_local_dir (PsExecutor *self, const PsStep *step)
{
  g_autoptr (GError) error = NULL;
  PsRow row = { .remote = step->remote };

  if (!ps_local_mkdir (self->context->local, step->path, &row.local, &error))
    {
      ps_executor_step_failed (self, step, error);
      return;
    }
  ps_executor_record (self, step->path, &row);
  ps_executor_done (self, step, "mkdir-local", 0, 0);
}

static void
remote_dir_made (const PsRemoteResult *result, gpointer user_data)
{
  g_autofree PsStepUnderWay *making = user_data;
  PsExecutor *self = making->executor;
  PsRow row = { .local = making->step->local, .remote = result->entry };

  self->in_flight--;
  if (result->error != NULL)
    ps_executor_step_failed (self, making->step, result->error);
  else
    {
      ps_executor_record_remote (self, making->step->path, &row);
      ps_executor_done (self, making->step, "mkdir-remote", 0, result->wire);
    }
}

static void
make_remote_dir (PsExecutor *self, const PsStep *step)
{
  PsStepUnderWay *making = ps_step_under_way_new (self, step);

  self->in_flight++;
  ps_remote_mkdir_async (self->context->remote, step->path, remote_dir_made, making);
}

/* Starts what can be started side by side; the switch is the phases up to the transfers. */
static void
start_step (PsExecutor *self, const PsStep *step)
{
  switch (step->kind)
    {
    case PS_STEP_RECORD:
      record_as_seen (self, step);
      break;
    case PS_STEP_FORGET:
      ps_executor_record (self, step->path, NULL);
      ps_executor_done (self, step, "forget", 0, 0);
      break;
    case PS_STEP_MKDIR_LOCAL:
      make_local_dir (self, step);
      break;
    case PS_STEP_MKDIR_REMOTE:
      make_remote_dir (self, step);
      break;
    case PS_STEP_UPLOAD:
      ps_upload_start (self, step, FALSE);
      break;
    case PS_STEP_DOWNLOAD:
      ps_download_start (self, step);
      break;
    case PS_STEP_COMPARE:
      if (step->local.kind == PS_KIND_SYMLINK)
        ps_conflict_compare_links (self, step);
      else
        ps_download_start (self, step);
      break;
    case PS_STEP_CONFLICT:
      ps_conflict_start (self, step);
      break;
    case PS_STEP_MOVE_LOCAL:
    case PS_STEP_MOVE_REMOTE:
    case PS_STEP_DELETE_LOCAL:
    case PS_STEP_DELETE_REMOTE:
    case PS_N_STEPS:
    default:
      g_assert_not_reached ();
    }
}

static gboolean
is_transfer (PsStepKind kind)
{
  return kind == PS_STEP_UPLOAD || kind == PS_STEP_DOWNLOAD || kind == PS_STEP_COMPARE
         || kind == PS_STEP_CONFLICT;
}

/* Everything up to the end of the transfers; *@next is the first move or deletion then. */
static gboolean
run_parallel_phases (PsExecutor *self, guint *next, GError **error)
{
  PsStepKind previous = PS_STEP_RECORD;

  for (; *next < ps_plan_n_steps (self->plan); ++*next)
    {
      const PsStep *step = ps_plan_peek_step (self->plan, *next);

      if (step->kind >= PS_STEP_MOVE_LOCAL)
        break;
      if (step->held != PS_GUARD_NONE)
        continue;
      if (!is_transfer (previous) && is_transfer (step->kind)
          && !ps_executor_drain (self, 0, error))
        return FALSE; /* the directories must be there before anything goes into them */
      previous = step->kind;
      if (!ps_executor_make_room (self, error))
        return FALSE;
      start_step (self, step);
    }
  return ps_executor_drain (self, 0, error);
}

static gboolean
run_phases (PsExecutor *self, GError **error)
{
  guint next = 0;

  if (!run_parallel_phases (self, &next, error) || !ps_moves_run (self, &next, error)
      || !ps_deletes_run (self, next, error))
    return FALSE;
  if (self->failure == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&self->failure));
  return FALSE;
}

/* What the transfers of the plan add up to, for the progress. */
static void
count_transfers (PsContext *context, const PsPlan *plan)
{
  for (guint i = 0; i < ps_plan_n_steps (plan); i++)
    {
      const PsStep *step = ps_plan_peek_step (plan, i);

      if (!is_transfer (step->kind) || step->held != PS_GUARD_NONE)
        continue;
      context->progress->files_total++;
      context->progress->bytes_total
          += step->kind == PS_STEP_UPLOAD ? step->local.size : step->remote.size;
    }
}

static void
clear_executor (PsExecutor *self)
{
  g_ptr_array_unref (self->transfers);
  g_ptr_array_unref (self->fetched);
  g_array_unref (self->unsure);
  g_array_unref (self->late);
  ps_reuse_free (self->reuse);
  ps_replaced_free (self->replaced);
  g_clear_error (&self->failure);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PsExecutor, clear_executor)

/* Nothing may call back into an executor that is gone. */
static void
wait_for_callbacks (PsExecutor *self)
{
  while ((self->in_flight > 0 || ps_replaced_is_waiting (self->replaced))
         && ps_reuse_step (self->reuse, -1, self->context->cancellable, NULL))
    ;
}

gboolean
ps_execute (PsContext *context, const PsPlan *plan, GError **error)
{
  g_auto (PsExecutor) self = {
    .context = context,
    .plan = plan,
    .reuse = ps_reuse_new (context),
    .replaced = ps_replaced_new (context),
    .transfers = g_ptr_array_new_with_free_func ((GDestroyNotify)ps_transfer_free),
    .fetched = g_ptr_array_new_with_free_func ((GDestroyNotify)ps_transfer_free),
    .unsure = ps_base_changes_new (),
    .late = ps_base_changes_new (),
  };
  gboolean ok;

  count_transfers (context, plan);
  ok = run_phases (&self, error);
  wait_for_callbacks (&self);
  context->progress->n_transfers = 0;
  /* Committed at once, while signatures are still on their way; then what came of these. */
  if (ok && ps_executor_commit (&self, error) && ps_reuse_tidy (self.reuse, error)
      && ps_executor_commit (&self, error))
    return TRUE;
  self.over = TRUE;
  wait_for_callbacks (&self);
  if (self.fetched->len > 0)
    ps_download_place_fetched (&self); /* it is here: do not fetch it twice */
  if (!ps_executor_commit (&self, NULL))
    g_info ("what was done before the failure could not be recorded");
  return FALSE;
}

/* What a dry run makes of a comparison: nothing is read, so the times have to do. */
static const char *
dry_action (const PsStep *step)
{
  if (step->kind == PS_STEP_CONFLICT)
    return "conflict";
  if (step->kind != PS_STEP_COMPARE)
    return ps_step_kind_name (step->kind);
  return step->local.mtime / PS_ENTRY_SECOND == step->remote.mtime / PS_ENTRY_SECOND ? "record"
                                                                                     : "conflict";
}

void
ps_execute_dry (PsContext *context, const PsPlan *plan)
{
  PsExecutor self = { .context = context, .plan = plan };

  for (guint i = 0; i < ps_plan_n_steps (plan); i++)
    {
      const PsStep *step = ps_plan_peek_step (plan, i);
      uint64_t bytes = step->kind == PS_STEP_UPLOAD     ? step->local.size
                       : step->kind == PS_STEP_DOWNLOAD ? step->remote.size
                                                        : 0;

      if (step->held == PS_GUARD_NONE && step->park <= 0)
        ps_executor_done (&self, step, dry_action (step), bytes, 0);
    }
}
