/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The phases of a plan in their order. Within the transfers as many files are under way as the link
 * welcomes; directories, moves and deletions keep the plan's order. */
#include "engine/execute.h"

#include "engine/content.h"
#include "engine/executor.h"
#include "util/autofd.h"

#include <string.h>

#define PROGRESS_US (100 * 1000) /* tell the progress at most this often */
#define COMMIT_ROWS 1000         /* rows gathered before a commit */
#define FETCHED_FILES 256        /* downloads placed together at most */
#define FETCHED_BYTES (64 * 1024 * 1024)
#define MAX_OPEN 400 /* transfers under way, each with a descriptor */

PsTransfer *
ps_transfer_new (PsExecutor *executor, const PsStep *step, gboolean up)
{
  PsTransfer *self = g_new0 (PsTransfer, 1);

  self->executor = executor;
  self->step = step;
  self->up = up;
  self->fd = -1;
  g_ptr_array_add (executor->transfers, self);
  return self;
}

void
ps_transfer_free (PsTransfer *self)
{
  if (self == NULL)
    return;
  ps_close_fd (&self->fd);
  g_clear_pointer (&self->temp, ps_local_temp_free);
  g_free (self->copy);
  g_free (self);
}

void
ps_transfer_end (PsTransfer *self)
{
  guint index;

  if (g_ptr_array_find (self->executor->transfers, self, &index))
    g_ptr_array_steal_index_fast (self->executor->transfers, index);
}

void
ps_transfer_moved (uint64_t bytes, gpointer transfer)
{
  PsTransfer *self = transfer;
  PsProgress *progress = self->executor->context->progress;

  self->moved += bytes;
  progress->bytes_done += bytes;
  *(self->up ? &progress->bytes_up : &progress->bytes_down) += bytes;
}

/* Copies the transfers under way into the progress and tells it, unless that was done a moment ago.
 */
static void
tell_progress (PsExecutor *self)
{
  PsProgress *progress = self->context->progress;
  int64_t now = ps_clock_monotonic (self->context->clock);

  if (now - self->told_at < PROGRESS_US)
    return;
  self->told_at = now;
  progress->n_transfers = MIN (self->transfers->len, PS_PROGRESS_TRANSFERS);
  for (guint i = 0; i < progress->n_transfers; i++)
    {
      const PsTransfer *transfer = g_ptr_array_index (self->transfers, i);
      PsTransferProgress *shown = &progress->transfers[i];
      const char *path = transfer->step->path;
      gsize length = strlen (path);

      path += length < sizeof shown->path ? 0 : length - (sizeof shown->path - 1);
      g_strlcpy (shown->path, path, sizeof shown->path);
      shown->up = transfer->up;
      shown->done = transfer->moved;
      shown->size = transfer->up ? transfer->source.size : transfer->step->remote.size;
    }
  ps_context_progress (self->context);
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

/* One turn of the link. */
static gboolean
turn (PsExecutor *self, GError **error)
{
  if (!ps_reuse_step (self->reuse, PROGRESS_US, self->context->cancellable, error))
    return FALSE;
  tell_progress (self);
  place_if_due (self);
  if (self->failure != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&self->failure));
      return FALSE;
    }
  return (self->uncommitted < COMMIT_ROWS && !ps_reuse_wants_commit (self->reuse))
         || ps_executor_commit (self, error);
}

gboolean
ps_executor_drain (PsExecutor *self, guint most, GError **error)
{
  while (self->in_flight > most)
    if (!turn (self, error))
      return FALSE;
  return TRUE;
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

/* The row after both sides were found to hold the same. */
static void
record_as_seen (PsExecutor *self, const PsStep *step)
{
  PsRow row = { .local = step->local, .remote = step->remote };

  if (step->has_row && step->row.has_hash && ps_entry_same (&step->row.local, &step->local))
    {
      row.has_hash = true;
      memcpy (row.sha256, step->row.sha256, sizeof row.sha256);
    }
  row.racy = ps_content_is_racy (self->context, &step->local);
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
  PsTransfer *transfer = user_data;
  PsExecutor *self = transfer->executor;
  PsRow row = { .local = transfer->step->local, .remote = result->entry };

  self->in_flight--;
  if (result->error != NULL)
    ps_executor_step_failed (self, transfer->step, result->error);
  else
    {
      ps_executor_record_remote (self, transfer->step->path, &row);
      ps_executor_done (self, transfer->step, "mkdir-remote", 0, result->wire);
    }
  ps_transfer_free (transfer);
}

static void
make_remote_dir (PsExecutor *self, const PsStep *step)
{
  PsTransfer *transfer = ps_transfer_new (self, step, TRUE);

  ps_transfer_end (transfer);
  self->in_flight++;
  ps_remote_mkdir_async (self->context->remote, step->path, remote_dir_made, transfer);
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

/* Everything up to the end of the transfers; returns the index of the first move or deletion. */
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
  g_clear_error (&self->failure);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PsExecutor, clear_executor)

/* Nothing may call back into an executor that is gone. */
static void
wait_for_callbacks (PsExecutor *self)
{
  while (self->in_flight > 0 && ps_reuse_step (self->reuse, -1, self->context->cancellable, NULL))
    ;
}

gboolean
ps_execute (PsContext *context, const PsPlan *plan, GError **error)
{
  g_auto (PsExecutor) self = {
    .context = context,
    .plan = plan,
    .reuse = ps_reuse_new (context),
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
  return step->local.mtime / G_GINT64_CONSTANT (1000000000)
                 == step->remote.mtime / G_GINT64_CONSTANT (1000000000)
             ? "record"
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
