/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/job.h"

#include "engine/memo.h"

PsJob *
ps_job_new (PsJobKind kind, PsWorker *worker, PsWorker *stale)
{
  PsJob *job = g_new0 (PsJob, 1);

  job->kind = kind;
  job->worker = worker;
  job->stale = stale;
  job->cancellable = g_cancellable_new ();
  return job;
}

static void
job_free (gpointer data)
{
  PsJob *job = data;

  ps_worker_free (job->stale);
  if (job->kind == PS_JOB_CLOSE)
    ps_worker_free (job->worker);
  g_object_unref (job->cancellable);
  g_free (job);
}

static void
run_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  PsJob *job = task_data;
  GError *error = NULL;
  gboolean ok = TRUE;

  g_clear_pointer (&job->stale, ps_worker_free);
  switch (job->kind)
    {
    case PS_JOB_SYNC:
      ok = ps_worker_sync (job->worker, job->flags, &job->summary, cancellable, &error);
      break;
    case PS_JOB_CHECK:
      ok = ps_worker_check (job->worker, &job->summary, cancellable, &error);
      break;
    case PS_JOB_CLOSE_LINK:
      ps_worker_close_link (job->worker);
      break;
    case PS_JOB_CLOSE:
      g_clear_pointer (&job->worker, ps_worker_free);
      ps_memo_wait ();
      break;
    default:
      g_assert_not_reached ();
    }
  if (ok)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
ps_job_start (PsJob *job, GMainContext *context, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  /* A timer's callback runs in the owner's context without its being the thread's default. */
  g_main_context_push_thread_default (context);
  task = g_task_new (NULL, job->cancellable, callback, user_data);
  g_main_context_pop_thread_default (context);
  g_task_set_source_tag (task, ps_job_start);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, job, job_free);
  g_task_run_in_thread (task, run_thread);
}

PsJob *
ps_job_peek (GAsyncResult *result)
{
  return g_task_get_task_data (G_TASK (result));
}

gboolean
ps_job_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
on_caller_cancelled (GCancellable *cancellable, gpointer data)
{
  g_cancellable_cancel (data);
}

void
ps_job_set_caller (PsJob *job, GTask *caller)
{
  GCancellable *cancellable = g_task_get_cancellable (caller);

  job->caller = caller;
  if (cancellable != NULL)
    job->caller_handler = g_cancellable_connect (cancellable, G_CALLBACK (on_caller_cancelled),
                                                 g_object_ref (job->cancellable), g_object_unref);
}

void
ps_job_return_to_caller (PsJob *job, const GError *error)
{
  g_autoptr (GTask) caller = g_steal_pointer (&job->caller);

  if (caller == NULL)
    return;
  if (job->caller_handler != 0)
    g_cancellable_disconnect (g_task_get_cancellable (caller), job->caller_handler);
  *(PsSummary *)g_task_get_task_data (caller) = job->summary;
  if (error != NULL)
    g_task_return_error (caller, g_error_copy (error));
  else
    g_task_return_boolean (caller, TRUE);
}

PsOutcome
ps_job_outcome (const GError *error)
{
  if (error == NULL)
    return PS_OUTCOME_DONE;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return PS_OUTCOME_CANCELLED;
  if (g_error_matches (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_AUTH))
    return PS_OUTCOME_PERSON;
  /* None of these gets as far as a new login, so looking again can lock nobody out. CONFIG is a
   * local folder that is not there, too: its disk may come back. */
  if (g_error_matches (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_GUARD)
      || g_error_matches (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_BUSY)
      || g_error_matches (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_CONFIG))
    return PS_OUTCOME_LOOK;
  return PS_OUTCOME_RETRY; /* a full disk gets room again, too */
}
