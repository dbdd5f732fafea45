/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One piece of blocking work of a session: started and finished in the owner's context, carried out
 * in a thread by a GTask that owns it. */
#pragma once

#include "engine/schedule.h"
#include "engine/worker.h"

G_BEGIN_DECLS

typedef enum
{
  PS_JOB_SYNC,
  PS_JOB_CHECK,
  PS_JOB_CLOSE_LINK, /* where it is not to be used again */
  PS_JOB_CLOSE
} PsJobKind;

typedef struct
{
  PsJobKind kind;
  PsSyncFlags flags; /* SYNC */
  PsWorker *worker;  /* (nullable) CLOSE: owned, freed in the thread; else borrowed */
  PsWorker *stale;   /* (nullable) owned; freed first, as it may hold the pair's lock */
  GCancellable *cancellable;
  GTask *caller;         /* (nullable) owned, owner's context only: who wants the result */
  gulong caller_handler; /* owner's context only */
  PsSummary summary;     /* valid once it is done */
} PsJob;

PsJob *ps_job_new (PsJobKind kind, PsWorker *worker, PsWorker *stale);

/* @job: (transfer full). @callback: called in @context with a result for the two below. */
void ps_job_start (PsJob *job, GMainContext *context, GAsyncReadyCallback callback,
                   gpointer user_data);

/* Returns: (transfer none): the job, valid as long as @result. */
PsJob *ps_job_peek (GAsyncResult *result);
gboolean ps_job_finish (GAsyncResult *result, GError **error);

/* @caller: (transfer full): its task data is a PsSummary; its cancellable cancels the job. */
void ps_job_set_caller (PsJob *job, GTask *caller);
void ps_job_return_to_caller (PsJob *job, const GError *error);

/* What @error (nullable) of a job means for the next one. */
PsOutcome ps_job_outcome (const GError *error);

G_END_DECLS
