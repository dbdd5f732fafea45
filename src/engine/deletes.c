/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deletions, deepest last in the plan's order. Nothing is destroyed: here it goes to the trash, on
 * the server into versions/. A directory goes only when it is empty; one that still holds something
 * (ignored files, say) simply stays. */
#include "engine/executor.h"
#include "engine/rules.h"
#include "util/words.h"

/* A directory that is not empty stays, and so does its row: once it is empty, a later run removes
 * it. */
static gboolean
is_kept_directory (const PsStep *step, const GError *error)
{
  return (step->local.kind == PS_KIND_DIR || step->remote.kind == PS_KIND_DIR)
         && (g_error_matches (error, PS_LOCAL_ERROR, PS_LOCAL_ERROR_NOT_EMPTY)
             || g_error_matches (error, PS_SFTP_ERROR, PS_SFTP_ERROR_NOT_EMPTY));
}

static void
deleted (PsExecutor *executor, const PsStep *step, uint64_t wire, const GError *error)
{
  if (error == NULL)
    {
      if (step->kind == PS_STEP_DELETE_REMOTE)
        ps_executor_record_remote (executor, step->path, NULL);
      else
        ps_executor_record (executor, step->path, NULL);
      ps_executor_done (executor, step, ps_step_kind_name (step->kind), 0, wire);
    }
  else if (is_kept_directory (step, error) && step->replaces_kind)
    ps_context_problem (
        executor->context, step->path, "not-empty",
        _ ("this is a folder on one side and a file on the other, and the folder still "
           "holds something that is never synced (ignored files or links): empty it, "
           "or give the file another name"));
  else if (is_kept_directory (step, error))
    g_info ("%s stays: it still holds something", step->path);
  else
    ps_executor_step_failed (executor, step, error);
}

static void
removed_remotely (const PsRemoteResult *result, gpointer user_data)
{
  g_autofree PsStepUnderWay *deletion = user_data;

  deletion->executor->in_flight--;
  deleted (deletion->executor, deletion->step, result->wire, result->error);
}

/* A server's disk that does not tell cases apart shows what @path was renamed to. Whether @found is
 * that, by what is recorded of the new name. */
static gboolean
is_other_case (PsExecutor *executor, const char *path, const PsEntry *found)
{
  const char *name = ps_relpath_name (path);
  g_autofree char *dir = ps_relpath_parent (path);
  g_autoptr (GArray) rows = NULL;

  if (ps_remote_peek_caps (executor->context->remote)->case_sensitive)
    return FALSE;
  rows = ps_store_list (executor->context->store, dir, NULL);
  for (guint i = 0; rows != NULL && i < rows->len; i++)
    {
      const PsStoreEntry *other = &g_array_index (rows, PsStoreEntry, i);

      if (ps_names_differ_in_case (name, other->name)
          && ps_remote_is_expected (executor->context->remote, found, &other->row.remote))
        return TRUE;
    }
  return FALSE;
}

/* The second look at what the scan took for a deletion on the server. */
static void
confirmed (const PsRemoteResult *result, gpointer user_data)
{
  g_autofree PsStepUnderWay *deletion = user_data;
  PsExecutor *executor = deletion->executor;
  const PsStep *step = deletion->step;
  g_autoptr (GError) error = NULL;

  executor->in_flight--;
  if (result->error != NULL)
    ps_executor_step_failed (executor, step, result->error);
  else if (result->entry.kind != step->remote.kind
           && !is_other_case (executor, step->path, &result->entry))
    executor->context->look_again = TRUE; /* it is (again) there, or of yet another kind */
  else if (ps_local_remove (executor->context->local, step->path, &step->local, &error))
    deleted (executor, step, result->wire, NULL);
  else
    deleted (executor, step, result->wire, error);
}

static void
remove_remotely (PsExecutor *executor, const PsStep *step)
{
  executor->in_flight++;
  ps_remote_remove_async (executor->context->remote, step->path, &step->remote, removed_remotely,
                          ps_step_under_way_new (executor, step));
}

/* What nobody here has sent is news from the server. */
static void
remove_if_ours (PsExecutor *executor, const PsStep *step, gboolean ours)
{
  if (ours)
    {
      remove_remotely (executor, step);
      return;
    }
  ps_executor_record (executor, step->path, NULL);
  executor->context->look_again = TRUE;
}

static void
start (PsExecutor *executor, const PsStep *step)
{
  if (step->kind == PS_STEP_DELETE_LOCAL)
    {
      executor->in_flight++;
      ps_remote_stat_async (executor->context->remote, step->path, confirmed,
                            ps_step_under_way_new (executor, step));
    }
  else if (step->decision.number == 7 && step->remote.kind == PS_KIND_FILE)
    ps_sent_ask (executor, step, remove_if_ours);
  else
    remove_remotely (executor, step);
}

static gboolean
is_directory (const PsStep *step)
{
  return (step->kind == PS_STEP_DELETE_LOCAL ? step->local.kind : step->remote.kind) == PS_KIND_DIR;
}

gboolean
ps_deletes_run (PsExecutor *executor, guint first, GError **error)
{
  gboolean in_directories = FALSE;
  guint depth = 0;

  for (; first < ps_plan_n_steps (executor->plan); first++)
    {
      const PsStep *step = ps_plan_peek_step (executor->plan, first);
      gboolean dir = is_directory (step);

      if (step->held != PS_GUARD_NONE)
        continue;
      /* What is in a directory must be gone before the directory goes. */
      if (dir && (!in_directories || ps_relpath_depth (step->path) != depth)
          && !ps_executor_drain (executor, 0, error))
        return FALSE;
      in_directories = dir;
      depth = ps_relpath_depth (step->path);
      if (!ps_executor_make_room (executor, error))
        return FALSE;
      start (executor, step);
    }
  return ps_executor_drain (executor, 0, error);
}
