/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/reuse-private.h"

#include <sys/resource.h>
#include <unistd.h>

#define THREADS 2
#define NICENESS 5 /* of the thread behind, more than that of the others */
#define CHUNK (256 * 1024)

/* While threads work, the link is not waited for longer than this: their results start transfers.
 */
#define PATIENCE_US 1000

#define MEASURE_US (250 * 1000)
#define COMMIT_US (250 * 1000)
#define RATE_DECAY 0.9                    /* of the best rate seen, with every measure */
#define RATE_UNKNOWN (20.0 * 1024 * 1024) /* a second: a guess */
#define DEADLINE_LEAST_US (3000 * 1000)   /* a delta may always take so long */

/* In a thread. */
static void
work (gpointer data, gpointer user_data)
{
  PsReuseJob *job = data;
  PsReuse *self = user_data;

  job->work (job->data, self->stop);
  g_async_queue_push (self->finished, job);
}

/* Pushed as the last one: ends the thread behind. */
static PsReuseJob no_more;

/* For what nobody waits for: the link comes first where processors are few. The thread is joined in
 * the end: one that still ends while the program exits meets libraries that have been shut down. */
static gpointer
work_behind (gpointer user_data)
{
  PsReuse *self = user_data;
  PsReuseJob *job;
  id_t thread = (id_t)gettid ();

  (void)setpriority (PRIO_PROCESS, thread, getpriority (PRIO_PROCESS, thread) + NICENESS);
  while ((job = g_async_queue_pop (self->jobs_behind)) != &no_more)
    work (job, self);
  return NULL;
}

PsReuse *
ps_reuse_new (PsContext *context)
{
  PsReuse *self = g_new0 (PsReuse, 1);
  PsRemoteTraffic traffic;

  self->context = context;
  self->threads = g_thread_pool_new (work, self, THREADS, FALSE, NULL);
  self->jobs_behind = g_async_queue_new ();
  self->finished = g_async_queue_new ();
  self->stop = g_cancellable_new ();
  self->signatures_size = ps_store_signatures_size (context->store);
  self->measured_at = g_get_monotonic_time ();
  ps_remote_get_traffic (context->remote, &traffic);
  self->up.bytes = traffic.bytes_sent;
  self->down.bytes = traffic.bytes_received;
  return self;
}

static PsReuseJob *
new_job (PsReuse *self, void (*do_work) (gpointer data, GCancellable *cancellable),
         void (*done) (gpointer data), gpointer data)
{
  PsReuseJob *job = g_new (PsReuseJob, 1);

  *job = (PsReuseJob){ .work = do_work, .done = done, .data = data };
  self->running++;
  return job;
}

void
ps_reuse_tell (PsReuse *self, void (*told) (gpointer data), gpointer data)
{
  PsReuseJob *job = g_new (PsReuseJob, 1);

  *job = (PsReuseJob){ .done = told, .data = data };
  g_async_queue_push (self->finished, job);
}

void
ps_reuse_push (PsReuse *self, void (*do_work) (gpointer data, GCancellable *cancellable),
               void (*done) (gpointer data), gpointer data)
{
  g_thread_pool_push (self->threads, new_job (self, do_work, done, data), NULL);
}

void
ps_reuse_push_behind (PsReuse *self, void (*do_work) (gpointer data, GCancellable *cancellable),
                      void (*done) (gpointer data), gpointer data)
{
  if (self->behind == NULL)
    self->behind = g_thread_new ("behind", work_behind, self);
  g_async_queue_push (self->jobs_behind, new_job (self, do_work, done, data));
}

static void
hand_over (PsReuse *self, PsReuseJob *job)
{
  void (*done) (gpointer data) = job->done;
  gpointer data = job->data;

  if (job->work != NULL)
    self->running--;
  g_free (job);
  done (data);
}

/* Hands over what is finished, and what is finished when that has been handed over. Returns:
 * whether that was anything. */
static gboolean
hand_over_finished (PsReuse *self)
{
  PsReuseJob *job;
  gboolean any = FALSE;

  for (; (job = g_async_queue_try_pop (self->finished)) != NULL; any = TRUE)
    hand_over (self, job);
  return any;
}

/* Ends all that still works in threads; those who wait for it see that the link is lost. */
static void
stop_all (PsReuse *self)
{
  self->lost = TRUE;
  g_cancellable_cancel (self->stop);
  while (self->running > 0)
    hand_over (self, g_async_queue_pop (self->finished));
}

void
ps_reuse_free (PsReuse *self)
{
  if (self == NULL)
    return;
  stop_all (self);
  g_assert (self->under_way == 0);
  for (GList *l = self->publications; l != NULL; l = l->next)
    *(PsReuse **)l->data = NULL; /* the link calls them back later */
  g_list_free (self->publications);
  g_thread_pool_free (self->threads, FALSE, TRUE);
  if (self->behind != NULL)
    {
      g_async_queue_push (self->jobs_behind, &no_more);
      g_thread_join (self->behind);
    }
  g_async_queue_unref (self->jobs_behind);
  g_async_queue_unref (self->finished);
  g_object_unref (self->stop);
  ps_reuse_forget_neighbours (self);
  g_clear_error (&self->failure);
  g_free (self);
}

static void
measure (PsReuseRate *rate, uint64_t bytes, double seconds)
{
  double now = (double)(bytes - rate->bytes) / seconds;

  rate->bytes = bytes;
  rate->rate = MAX (now, rate->rate * RATE_DECAY);
}

/* An idle link says nothing about its rate, so the best of late counts. */
static void
measure_rates (PsReuse *self)
{
  int64_t now = g_get_monotonic_time ();
  double seconds = (double)(now - self->measured_at) / G_USEC_PER_SEC;
  PsRemoteTraffic traffic;

  if (now - self->measured_at < MEASURE_US)
    return;
  ps_remote_get_traffic (self->context->remote, &traffic);
  measure (&self->up, traffic.bytes_sent, seconds);
  measure (&self->down, traffic.bytes_received, seconds);
  self->measured_at = now;
}

PsDeltaLimits
ps_reuse_limits (const PsReuse *self, uint64_t size, gboolean up)
{
  const PsReuseRate *measured = up ? &self->up : &self->down;
  double rate = measured->rate > 0 ? measured->rate : RATE_UNKNOWN;
  double us = (double)size / rate * G_USEC_PER_SEC;

  return (PsDeltaLimits){
    .worth = PS_REUSE_WORTH,
    .deadline_us = g_get_monotonic_time () + MAX ((int64_t)us, (int64_t)DEADLINE_LEAST_US),
  };
}

gboolean
ps_reuse_step (PsReuse *self, gint64 timeout_us, GCancellable *cancellable, GError **error)
{
  /* What was handed over may have been all that the caller waits for. */
  if (hand_over_finished (self))
    timeout_us = 0;
  else if (self->running > 0 && (timeout_us < 0 || timeout_us > PATIENCE_US))
    timeout_us = PATIENCE_US;
  if (!ps_remote_step (self->context->remote, timeout_us, cancellable, error))
    {
      stop_all (self);
      return FALSE;
    }
  measure_rates (self);
  hand_over_finished (self);
  return TRUE;
}

gboolean
ps_reuse_sum_fd (int fd, uint64_t size, uint8_t sha256[32], GBytes **signature,
                 GCancellable *cancellable)
{
  g_autoptr (PsSha256) sha = ps_sha256_new ();
  g_autoptr (PsSignatureMaker) maker = signature != NULL ? ps_signature_maker_new (size) : NULL;
  g_autofree char *chunk = g_malloc (CHUNK);
  uint64_t at = 0;

  while (at < size)
    {
      ssize_t got = pread (fd, chunk, (size_t)MIN (CHUNK, size - at), (off_t)at);

      if (got <= 0 || g_cancellable_is_cancelled (cancellable))
        return FALSE;
      ps_sha256_update (sha, chunk, (gsize)got);
      if (maker != NULL && !ps_signature_maker_feed (maker, chunk, (gsize)got, NULL))
        return FALSE;
      at += (uint64_t)got;
    }
  ps_sha256_finish (sha, sha256);
  if (maker != NULL)
    *signature = ps_signature_maker_finish (maker, NULL);
  return maker == NULL || *signature != NULL;
}

void
ps_reuse_note (PsReuse *self, const char *key, const char *text)
{
  GError *error = NULL;

  if (ps_note_set (self->context, key, text, &error))
    self->noted = TRUE;
  else
    ps_reuse_take_failure (self, error);
}

gboolean
ps_reuse_wants_commit (PsReuse *self)
{
  int64_t now = g_get_monotonic_time ();

  if (!self->noted || now - self->committed_at < COMMIT_US)
    return FALSE;
  self->noted = FALSE;
  self->committed_at = now;
  return TRUE;
}

gboolean
ps_reuse_is_over (const PsReuse *self, const GError *error)
{
  return self->lost || (error != NULL && ps_context_is_fatal (error));
}

void
ps_reuse_take_failure (PsReuse *self, GError *error)
{
  if (error == NULL)
    return;
  g_info ("The base did not take a signature: %s", error->message);
  if (self->failure == NULL)
    self->failure = error;
  else
    g_error_free (error);
}

void
ps_reuse_result_clear (PsReuseResult *self)
{
  g_clear_error (&self->error);
  g_clear_pointer (&self->kept_at, g_free);
  self->result = (PsRemoteResult){ 0 };
}

void
ps_reuse_result_set (PsReuseResult *self, const PsRemoteResult *result)
{
  uint64_t wire = self->result.wire + result->wire; /* of all attempts */

  ps_reuse_result_clear (self);
  self->error = result->error != NULL ? g_error_copy (result->error) : NULL;
  self->kept_at = g_strdup (result->kept_at);
  self->result = *result;
  self->result.error = self->error;
  self->result.kept_at = self->kept_at;
  self->result.target = NULL;
  self->result.bytes = NULL;
  self->result.wire = wire;
}

void
ps_reuse_result_fail (PsReuseResult *self, GError *error)
{
  ps_reuse_result_clear (self);
  self->error = error;
  self->result.error = error;
}
