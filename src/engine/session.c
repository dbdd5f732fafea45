/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One job at a time works in a thread; everything in here happens in the owner's context. The job
 * keeps the session alive until its callback ran, so that it is never finalised in the worker. */
#include "engine/session-private.h"

#include "engine/answers.h"
#include "engine/job.h"
#include "engine/memo.h"
#include "engine/picture.h"
#include "util/words.h"

#define LAST_SYNC_EVERY 300           /* seconds between writing it down: not every few seconds */
#define TIMER_MAX_MS (10 * 60 * 1000) /* the wall clock may be set: a pause is looked at again */

struct _PsSession
{
  GObject parent_instance;

  GMainContext *context;
  const PsClock *clock;
  PsConfig *config;
  char *state_dir;
  PsMailbox *mailbox;

  PsWorker *worker;  /* (nullable) made with the first job of a configuration */
  PsWorker *stale;   /* (nullable) of an earlier configuration: goes with the next job */
  gboolean outdated; /* the worker of the job under way is of an earlier configuration */
  PsJob *job;        /* (nullable) under way; borrowed from its task */
  GSource *timer;    /* (nullable) */
  GTask *closing;    /* (nullable) */
  gboolean closed;

  PsSchedule schedule;
  PsPicture picture;
  gboolean dropped; /* the worker's link, which no job has closed yet */
  gboolean metered; /* the network is, whether the pair cares or not */
  PsAnswers answers;
  gint64 last_sync_kept; /* as the state directory has it */
};

enum
{
  SIGNAL_STATUS_CHANGED,
  SIGNAL_EVENT,
  SIGNAL_QUESTION,
  SIGNAL_SECRET_ACCEPTED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (PsSession, ps_session, G_TYPE_OBJECT)

static gint64
mono (PsSession *self)
{
  return ps_clock_monotonic (self->clock);
}

static gint64
wall (PsSession *self)
{
  return ps_clock_now (self->clock) / G_GINT64_CONSTANT (1000000000);
}

static void
tell_changed (PsSession *self)
{
  if (!self->closed)
    g_signal_emit (self, signals[SIGNAL_STATUS_CHANGED], 0);
}

/* Whether what the job tells is what there is: a dry run and a check change nothing. */
static gboolean
is_real (const PsJob *job)
{
  return job->kind == PS_JOB_SYNC && (job->flags & PS_SYNC_DRY_RUN) == 0;
}

/* Events. */

static void
take_event (PsEvent *event, gpointer data)
{
  PsSession *self = data;

  if (self->job == NULL || is_real (self->job))
    ps_picture_take_event (&self->picture, event);
  if (!event->repeated)
    g_signal_emit (self, signals[SIGNAL_EVENT], 0, event);
}

/* An event of the session's own, which no worker has logged. */
static void
say (PsSession *self, PsEventKind kind, const char *code, const char *message)
{
  g_autoptr (PsEvent) event = ps_event_new (kind);

  event->when = ps_clock_now (self->clock);
  event->code = g_strdup (code);
  event->message = g_strdup (message);
  if (self->worker != NULL)
    ps_worker_log (self->worker, event);
  take_event (event, self);
}

static void
take_question (PsQuestion *question, gpointer data)
{
  PsSession *self = data;

  self->picture.asking = ps_question_kind (question) == PS_QUESTION_HOST_KEY
                             ? _ ("the server's host key must be confirmed")
                             : _ ("the server wants a password or another answer");
  g_signal_emit (self, signals[SIGNAL_QUESTION], 0, question);
}

static void
take_question_over (gpointer data)
{
  PS_SESSION (data)->picture.asking = NULL;
}

static void
take_accepted (PsQuestion *question, gpointer data)
{
  g_signal_emit (data, signals[SIGNAL_SECRET_ACCEPTED], 0, question);
}

static void
take_progress (const PsProgress *progress, gpointer data)
{
  PsSession *self = data;

  ps_picture_take_progress (&self->picture, progress, mono (self));
}

static void
take_changed (gpointer data)
{
  tell_changed (data);
}

static const PsMailboxClass mailbox_class = { .event = take_event,
                                              .question = take_question,
                                              .question_over = take_question_over,
                                              .accepted = take_accepted,
                                              .progress = take_progress,
                                              .changed = take_changed };

/* Jobs. */

/* The same failure is said once, not with every try. */
static void
say_error (PsSession *self, const GError *error)
{
  if (g_error_matches (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_GUARD))
    return; /* the run told of it as held */
  if (g_error_matches (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_RETRY))
    say (self, PS_EVENT_LINK, NULL, error->message);
  else
    say (self, PS_EVENT_PROBLEM, "failed", error->message);
}

static void
keep_last_sync (PsSession *self)
{
  if (self->picture.last_sync == self->last_sync_kept)
    return;
  ps_memo_write (self->state_dir, PS_MEMO_LAST_SYNC, self->picture.last_sync);
  self->last_sync_kept = self->picture.last_sync;
}

/* A run came to its end, failed or was cancelled. */
static void
take_outcome (PsSession *self, const PsJob *job, const GError *error)
{
  PsOutcome outcome = ps_job_outcome (error);

  ps_schedule_ended (&self->schedule, outcome, self->config->throttling,
                     ps_worker_get_scan_time (job->worker), g_random_double (), mono (self));
  if (outcome == PS_OUTCOME_CANCELLED || outcome == PS_OUTCOME_RETRY)
    ps_answers_put_back (&self->answers, job->flags);
  if (outcome == PS_OUTCOME_CANCELLED)
    return;
  if (ps_picture_judge (&self->picture, &job->summary, error, wall (self)))
    say_error (self, error);
  if (self->picture.last_sync - self->last_sync_kept >= LAST_SYNC_EVERY)
    keep_last_sync (self);
}

/* The worker's configuration is not ours any more. */
static void
retire_worker (PsSession *self)
{
  self->outdated = self->job != NULL;
  if (self->outdated || self->worker == NULL)
    return;
  g_assert (self->stale == NULL);
  self->stale = g_steal_pointer (&self->worker);
}

static void begin_close (PsSession *self);

static void
finish_close (PsSession *self)
{
  g_autoptr (GTask) closing = g_steal_pointer (&self->closing);

  ps_mailbox_close (self->mailbox);
  self->closed = TRUE;
  g_task_return_boolean (closing, TRUE);
}

static void
on_job_done (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PsSession) self = data;
  g_autoptr (GError) error = NULL;
  PsJob *job = ps_job_peek (result);

  ps_job_finish (result, &error);
  ps_mailbox_drain (self->mailbox);
  if (job->kind == PS_JOB_CLOSE)
    {
      self->job = NULL;
      finish_close (self);
      return;
    }
  if (is_real (job))
    take_outcome (self, job, error);
  ps_picture_ended (&self->picture);
  self->job = NULL;
  if (self->outdated)
    retire_worker (self);
  ps_job_return_to_caller (job, error);
  tell_changed (self);
  /* Whoever was told may have begun something new, or to close. */
  if (self->closing != NULL && self->job == NULL)
    begin_close (self);
  ps_session_tick (self);
}

static void
stop_timer (PsSession *self)
{
  if (self->timer == NULL)
    return;
  g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
}

static PsJob *
start_job (PsSession *self, PsJobKind kind, PsSyncFlags flags, PsWorker *worker)
{
  stop_timer (self);
  self->job = ps_job_new (kind, worker, g_steal_pointer (&self->stale));
  self->job->flags = flags;
  ps_job_start (self->job, self->context, on_job_done, g_object_ref (self));
  return self->job;
}

static PsJob *
start_run (PsSession *self, PsJobKind kind, PsSyncFlags flags, gboolean asked)
{
  if (self->worker == NULL)
    self->worker = ps_worker_new (self->config, self->state_dir, self->mailbox, self->clock);
  if (kind == PS_JOB_SYNC && (flags & PS_SYNC_DRY_RUN) == 0)
    flags |= ps_answers_take (&self->answers, &self->picture);
  self->dropped = FALSE;
  ps_picture_began (&self->picture, asked);
  return start_job (self, kind, flags, self->worker);
}

static void
cancel_job (PsSession *self)
{
  if (self->job != NULL && self->job->kind != PS_JOB_CLOSE)
    g_cancellable_cancel (self->job->cancellable);
}

/* The schedule. */

static gboolean
on_timer (gpointer data)
{
  PsSession *self = data;

  g_clear_pointer (&self->timer, g_source_unref);
  ps_session_tick (self);
  return G_SOURCE_REMOVE;
}

static void
arm_timer (PsSession *self, gint64 wait)
{
  guint ms = (guint)MIN ((wait + 999) / 1000, TIMER_MAX_MS);

  stop_timer (self);
  self->timer = g_timeout_source_new (ms);
  g_source_set_callback (self->timer, on_timer, self, NULL);
  g_source_attach (self->timer, self->context);
}

static void
end_pause (PsSession *self)
{
  ps_memo_forget (self->state_dir, PS_MEMO_PAUSED);
  tell_changed (self);
}

void
ps_session_tick (PsSession *self)
{
  gint64 wait;
  gboolean asked;

  if (self->closing != NULL || self->closed)
    return;
  if (ps_schedule_expire (&self->schedule, mono (self), wall (self)))
    end_pause (self);
  if (self->job != NULL)
    return;
  wait = ps_schedule_wait (&self->schedule, mono (self), wall (self));
  if (wait != 0 && self->dropped && self->worker != NULL)
    {
      self->dropped = FALSE;
      start_job (self, PS_JOB_CLOSE_LINK, PS_SYNC_DEFAULT, self->worker);
    }
  else if (wait < 0)
    stop_timer (self);
  else if (wait > 0 || self->schedule.paused)
    arm_timer (self, MAX (wait, 1));
  else
    {
      asked = self->schedule.wanted;
      ps_schedule_began (&self->schedule);
      start_run (self, PS_JOB_SYNC, PS_SYNC_DEFAULT, asked);
      if (asked || !self->picture.tried) /* else it does not show yet */
        tell_changed (self);
    }
}

void
ps_session_start (PsSession *self)
{
  g_return_if_fail (PS_IS_SESSION (self));

  self->schedule.started = TRUE;
  ps_schedule_hurry (&self->schedule, mono (self));
  ps_session_tick (self);
}

void
ps_session_pause (PsSession *self, guint seconds)
{
  g_return_if_fail (PS_IS_SESSION (self));

  self->schedule.paused = TRUE;
  self->schedule.paused_until = seconds > 0 ? wall (self) + seconds : 0;
  ps_memo_write (self->state_dir, PS_MEMO_PAUSED, self->schedule.paused_until);
  cancel_job (self);
  tell_changed (self);
  ps_session_tick (self);
}

void
ps_session_resume (PsSession *self)
{
  g_return_if_fail (PS_IS_SESSION (self));

  if (!self->schedule.paused)
    return;
  self->schedule.paused = FALSE;
  self->schedule.paused_until = 0;
  ps_schedule_hurry (&self->schedule, mono (self));
  end_pause (self);
  ps_session_tick (self);
}

void
ps_session_sync_now (PsSession *self)
{
  g_return_if_fail (PS_IS_SESSION (self));

  self->schedule.wanted = TRUE;
  ps_session_tick (self);
}

void
ps_session_decide_held (PsSession *self, PsGuard guard, gboolean allow)
{
  g_return_if_fail (PS_IS_SESSION (self));

  ps_answers_give (&self->answers, guard, allow, &self->picture);
  ps_session_sync_now (self);
}

static void
drop_link (PsSession *self)
{
  if (self->worker == NULL)
    return;
  ps_worker_drop_link (self->worker);
  self->dropped = TRUE;
}

static void
apply_metered (PsSession *self)
{
  self->schedule.metered = self->metered && self->config->pause_on_metered;
  if (self->schedule.metered && self->job != NULL && !self->picture.asked)
    cancel_job (self);
}

void
ps_session_set_network (PsSession *self, gboolean available, gboolean metered)
{
  gboolean was_metered;

  g_return_if_fail (PS_IS_SESSION (self));

  was_metered = self->schedule.metered;
  self->metered = metered;
  apply_metered (self);
  if (self->schedule.offline != !available)
    {
      drop_link (self);
      self->schedule.offline = !available;
      if (available)
        ps_schedule_hurry (&self->schedule, mono (self));
      else
        cancel_job (self);
    }
  else if (was_metered == self->schedule.metered)
    return;
  tell_changed (self);
  ps_session_tick (self);
}

void
ps_session_suspend (PsSession *self)
{
  g_return_if_fail (PS_IS_SESSION (self));

  self->schedule.asleep = TRUE;
  drop_link (self);
  cancel_job (self);
  ps_session_tick (self);
}

void
ps_session_wake (PsSession *self)
{
  g_return_if_fail (PS_IS_SESSION (self));

  self->schedule.asleep = FALSE;
  drop_link (self);
  ps_schedule_hurry (&self->schedule, mono (self));
  ps_session_tick (self);
}

/* The configuration. */

const PsConfig *
ps_session_get_config (PsSession *self)
{
  g_return_val_if_fail (PS_IS_SESSION (self), NULL);
  return self->config;
}

void
ps_session_set_config (PsSession *self, const PsConfig *config)
{
  gboolean same;

  g_return_if_fail (PS_IS_SESSION (self));
  g_return_if_fail (config != NULL);

  same = ps_config_same_run (self->config, config);
  ps_config_free (self->config);
  self->config = ps_config_copy (config);
  if (!same)
    retire_worker (self);
  apply_metered (self);
  self->schedule.blocked = FALSE;
  ps_schedule_hurry (&self->schedule, mono (self));
  tell_changed (self);
  ps_session_tick (self);
}

/* One run for a caller. */

/* Returns: (nullable): a task to be answered when the run it is given to ends, or NULL when it was
 * answered at once. */
static GTask *
accept_caller (PsSession *self, gpointer tag, GCancellable *cancellable,
               GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, g_new0 (PsSummary, 1), g_free);
  if (self->job == NULL && self->closing == NULL && !self->closed)
    return task;
  if (self->job != NULL && self->closing == NULL)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_PENDING, "A run is under way already");
  else
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CLOSED, "The session is closed");
  g_object_unref (task);
  return NULL;
}

/* @caller: (transfer full). */
static void
run_for_caller (PsSession *self, PsJobKind kind, PsSyncFlags flags, GTask *caller)
{
  ps_job_set_caller (start_run (self, kind, flags, TRUE), caller);
  tell_changed (self);
}

static gboolean
finish_caller (PsSession *self, GAsyncResult *result, gpointer tag, PsSummary *summary,
               GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, tag), FALSE);

  if (summary != NULL)
    *summary = *(const PsSummary *)g_task_get_task_data (G_TASK (result));
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
ps_session_sync_async (PsSession *self, PsSyncFlags flags, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *caller;

  g_return_if_fail (PS_IS_SESSION (self));

  caller = accept_caller (self, ps_session_sync_async, cancellable, callback, user_data);
  if (caller != NULL)
    run_for_caller (self, PS_JOB_SYNC, flags, caller);
}

gboolean
ps_session_sync_finish (PsSession *self, GAsyncResult *result, PsSummary *summary, GError **error)
{
  return finish_caller (self, result, ps_session_sync_async, summary, error);
}

void
ps_session_check_async (PsSession *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                        gpointer user_data)
{
  GTask *caller;

  g_return_if_fail (PS_IS_SESSION (self));

  caller = accept_caller (self, ps_session_check_async, cancellable, callback, user_data);
  if (caller != NULL)
    run_for_caller (self, PS_JOB_CHECK, PS_SYNC_DEFAULT, caller);
}

gboolean
ps_session_check_finish (PsSession *self, GAsyncResult *result, PsSummary *summary, GError **error)
{
  return finish_caller (self, result, ps_session_check_async, summary, error);
}

/* The end. */

static void
begin_close (PsSession *self)
{
  keep_last_sync (self);
  start_job (self, PS_JOB_CLOSE, PS_SYNC_DEFAULT, g_steal_pointer (&self->worker));
}

void
ps_session_close_async (PsSession *self, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (PS_IS_SESSION (self));

  task = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (task, ps_session_close_async);
  if (self->closed)
    g_task_return_boolean (task, TRUE);
  else if (self->closing != NULL)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_PENDING, "The session is closing");
  else
    {
      self->closing = g_steal_pointer (&task);
      stop_timer (self);
      cancel_job (self);
      if (self->job == NULL)
        begin_close (self);
    }
}

gboolean
ps_session_close_finish (PsSession *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* The object. */

PsStatus *
ps_session_get_status (PsSession *self)
{
  g_return_val_if_fail (PS_IS_SESSION (self), NULL);
  return ps_picture_to_status (&self->picture, &self->schedule, self->config->name, mono (self),
                               wall (self));
}

GPtrArray *
ps_session_dup_recent (PsSession *self)
{
  GPtrArray *events;

  g_return_val_if_fail (PS_IS_SESSION (self), NULL);

  events = g_ptr_array_new_with_free_func ((GDestroyNotify)ps_event_unref);
  for (GList *l = self->picture.recent.head; l != NULL; l = l->next)
    g_ptr_array_add (events, ps_event_ref (l->data));
  return events;
}

static void
ps_session_dispose (GObject *object)
{
  PsSession *self = PS_SESSION (object);

  /* No job is under way: it would hold a reference. */
  stop_timer (self);
  ps_mailbox_close (self->mailbox);
  g_clear_pointer (&self->worker, ps_worker_free);
  g_clear_pointer (&self->stale, ps_worker_free);
  G_OBJECT_CLASS (ps_session_parent_class)->dispose (object);
}

static void
ps_session_finalize (GObject *object)
{
  PsSession *self = PS_SESSION (object);

  ps_picture_clear (&self->picture);
  ps_mailbox_unref (self->mailbox);
  g_main_context_unref (self->context);
  ps_config_free (self->config);
  g_free (self->state_dir);
  ps_answers_clear (&self->answers);
  G_OBJECT_CLASS (ps_session_parent_class)->finalize (object);
}

static guint
add_signal (const char *name, GType type)
{
  return g_signal_new (name, PS_TYPE_SESSION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                       type != G_TYPE_NONE ? 1 : 0, type);
}

static void
ps_session_class_init (PsSessionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = ps_session_dispose;
  object_class->finalize = ps_session_finalize;
  signals[SIGNAL_STATUS_CHANGED] = add_signal ("status-changed", G_TYPE_NONE);
  signals[SIGNAL_EVENT] = add_signal ("event", PS_TYPE_EVENT);
  signals[SIGNAL_QUESTION] = add_signal ("question", PS_TYPE_QUESTION);
  signals[SIGNAL_SECRET_ACCEPTED] = add_signal ("secret-accepted", PS_TYPE_QUESTION);
}

static void
ps_session_init (PsSession *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->mailbox = ps_mailbox_new (self->context, &mailbox_class, self);
  ps_picture_init (&self->picture);
}

PsSession *
ps_session_new_with_clock (const PsConfig *config, const char *state_dir, const PsClock *clock)
{
  PsSession *self = g_object_new (PS_TYPE_SESSION, NULL);

  self->clock = clock;
  self->config = ps_config_copy (config);
  self->state_dir = state_dir != NULL ? g_strdup (state_dir) : ps_config_state_dir (config);
  self->schedule.paused
      = ps_memo_read (self->state_dir, PS_MEMO_PAUSED, &self->schedule.paused_until);
  ps_memo_read (self->state_dir, PS_MEMO_LAST_SYNC, &self->picture.last_sync);
  self->last_sync_kept = self->picture.last_sync;
  return self;
}

PsSession *
ps_session_new (const PsConfig *config, const char *state_dir)
{
  g_return_val_if_fail (config != NULL, NULL);
  return ps_session_new_with_clock (config, state_dir, ps_clock_system ());
}
