/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/picture.h"

#include "util/words.h"

#include <string.h>

static void
reset_progress (PsPicture *self)
{
  memset (&self->progress, 0, sizeof self->progress);
  memset (&self->rate, 0, sizeof self->rate);
}

void
ps_picture_init (PsPicture *self)
{
  memset (self, 0, sizeof *self);
  self->progress.server_free = self->progress.server_total = UINT64_MAX;
  ps_findings_init (&self->current);
  ps_findings_init (&self->last);
  g_queue_init (&self->recent);
}

void
ps_picture_clear (PsPicture *self)
{
  ps_findings_clear (&self->current);
  ps_findings_clear (&self->last);
  g_queue_clear_full (&self->recent, (GDestroyNotify)ps_event_unref);
  g_clear_error (&self->error);
}

void
ps_picture_began (PsPicture *self, gboolean asked)
{
  uint64_t server_free = self->progress.server_free;
  uint64_t server_total = self->progress.server_total;

  self->working = TRUE;
  self->asked = asked;
  reset_progress (self);
  self->progress.server_free = server_free; /* the last figure is better than none */
  self->progress.server_total = server_total;
  ps_findings_reset (&self->current);
}

void
ps_picture_take_event (PsPicture *self, PsEvent *event)
{
  ps_findings_add (&self->current, event);
  if (!event->repeated && !ps_event_is_bookkeeping (event))
    ps_recent_add (&self->recent, event);
}

void
ps_picture_take_progress (PsPicture *self, const PsProgress *progress, gint64 mono)
{
  uint64_t server_free = self->progress.server_free;
  uint64_t server_total = self->progress.server_total;

  self->progress = *progress;
  if (progress->server_total == UINT64_MAX)
    {
      self->progress.server_free = server_free;
      self->progress.server_total = server_total;
    }
  ps_rate_feed (&self->rate, mono, progress->bytes_up, progress->bytes_down);
}

void
ps_picture_ended (PsPicture *self)
{
  self->working = FALSE;
  self->asking = NULL;
  memset (&self->rate, 0, sizeof self->rate);
}

static gboolean
same_error (const GError *a, const GError *b)
{
  return a != NULL && b != NULL && a->domain == b->domain && a->code == b->code
         && strcmp (a->message, b->message) == 0;
}

gboolean
ps_picture_judge (PsPicture *self, const PsSummary *summary, const GError *error, gint64 wall)
{
  gboolean news = error != NULL && !same_error (error, self->error);

  if (error == NULL || ps_findings_any (&self->current))
    ps_findings_move (&self->last, &self->current);
  if (error == NULL)
    {
      self->failed = summary->failed;
      if (summary->in_sync)
        self->last_sync = wall;
    }
  self->tried = TRUE;
  if (news || error == NULL)
    {
      g_clear_error (&self->error);
      self->error = error != NULL ? g_error_copy (error) : NULL;
    }
  return news;
}

/* Most runs are looks that find nothing: they are not shown, or the icon would blink all day. */
static gboolean
is_seen_working (const PsPicture *self)
{
  if (!self->working)
    return FALSE;
  if (self->asked || !self->tried || self->progress.state == PS_RUN_APPLY
      || self->progress.files_total > 0)
    return TRUE;
  return g_error_matches (self->error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_RETRY)
         && self->progress.state == PS_RUN_SCAN;
}

static PsStatusKind
kind_of_error (const GError *error)
{
  if (g_error_matches (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_RETRY))
    return PS_STATUS_OFFLINE;
  if (g_error_matches (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_AUTH)
      || g_error_matches (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_GUARD))
    return PS_STATUS_ATTENTION;
  return PS_STATUS_ERROR;
}

static void
say (PsStatus *status, PsStatusKind kind, const char *message)
{
  status->kind = kind;
  status->message = g_strdup (message);
}

static void
say_failed (PsStatus *status, guint64 failed)
{
  status->kind = PS_STATUS_ERROR;
  status->message
      = g_strdup_printf (ps_words_plural ("%lu path could not be synced",
                                          "%lu paths could not be synced", (gulong)failed),
                         (gulong)failed);
}

/* The first that holds is what is shown. */
static void
choose_kind (const PsPicture *self, const PsSchedule *schedule, PsStatus *status)
{
  if (self->asking != NULL)
    say (status, PS_STATUS_ATTENTION, self->asking);
  else if (is_seen_working (self))
    say (status, PS_STATUS_SYNCING, NULL);
  else if (schedule->paused || schedule->metered)
    say (status, PS_STATUS_PAUSED, NULL);
  else if (schedule->offline)
    say (status, PS_STATUS_OFFLINE, _ ("there is no network"));
  else if (self->error != NULL)
    say (status, kind_of_error (self->error), self->error->message);
  else if (self->last.held->len > 0)
    say (status, PS_STATUS_ATTENTION, ((PsEvent *)self->last.held->pdata[0])->message);
  else if (self->failed > 0)
    say_failed (status, self->failed);
  else
    say (status, PS_STATUS_IDLE, NULL);
}

static void
append_events (GPtrArray *to, const GPtrArray *from)
{
  for (guint i = 0; i < from->len; i++)
    g_ptr_array_add (to, ps_event_ref (from->pdata[i]));
}

static const PsFindings *
shown_findings (const PsPicture *self)
{
  return is_seen_working (self) && ps_findings_any (&self->current) ? &self->current : &self->last;
}

const PsEvent *
ps_picture_find_held (const PsPicture *self, PsGuard guard)
{
  const PsFindings *findings = shown_findings (self);

  for (guint i = 0; i < findings->held->len; i++)
    {
      const PsEvent *event = findings->held->pdata[i];

      if (event->guard == guard)
        return event;
    }
  return NULL;
}

static void
fill_findings (const PsPicture *self, PsStatus *status)
{
  const PsFindings *findings = shown_findings (self);

  append_events (status->held, findings->held);
  append_events (status->problems, findings->problems);
  status->n_problems = findings->n_problems;
}

static gint64
next_try (const PsPicture *self, const PsSchedule *schedule, gint64 mono, gint64 wall)
{
  gint64 wait = ps_schedule_wait (schedule, mono, wall);

  if (self->working || wait < 0 || schedule->paused)
    return 0;
  return wall + wait / G_USEC_PER_SEC;
}

PsStatus *
ps_picture_to_status (const PsPicture *self, const PsSchedule *schedule, const char *pair,
                      gint64 mono, gint64 wall)
{
  PsStatus *status = ps_status_new (pair);
  const PsProgress *progress = &self->progress;

  choose_kind (self, schedule, status);
  fill_findings (self, status);
  status->progress = *progress;
  status->rate_up = self->rate.rate_up;
  status->rate_down = self->rate.rate_down;
  if (progress->bytes_total >= progress->bytes_done && self->working)
    status->seconds_left
        = ps_rate_seconds_left (&self->rate, progress->bytes_total - progress->bytes_done);
  status->last_sync = self->last_sync;
  status->next_try = next_try (self, schedule, mono, wall);
  status->paused_until = schedule->paused_until;
  status->metered = schedule->metered && !schedule->paused;
  if (self->error != NULL)
    status->error_code
        = self->error->domain == PS_ENGINE_ERROR ? self->error->code : PS_ENGINE_ERROR_FAILED;
  return status;
}
