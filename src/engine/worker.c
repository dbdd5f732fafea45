/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/worker.h"

#include "engine/log.h"
#include "engine/prompts.h"
#include "engine/repeats.h"
#include "util/words.h"

struct PsWorker
{
  PsConfig *config;     /* const after new */
  char *state_dir;      /* const after new */
  PsMailbox *mailbox;   /* const after new */
  const PsClock *clock; /* const after new */
  PsRun *run;           /* const after new */
  PsPrompts prompts;    /* worker thread only */
  PsRepeats repeats;    /* worker thread only */
  gboolean alone;       /* worker thread only: no other pair shares the folder */
  gboolean quiet;       /* worker thread only: a dry run or a check is no activity */
  gint64 scan_began;    /* worker thread only: 0 = not scanning */
  gint64 scan_time;     /* worker thread only, while it runs */

  GMutex lock;
  PsLog *log;          /* (lock) (nullable) opened when first needed */
  gboolean log_failed; /* (lock) said once */
};

static void
on_event (PsEvent *event, gpointer data)
{
  PsWorker *self = data;

  event->repeated = !self->quiet && ps_repeats_check (&self->repeats, event);
  if (!self->quiet && !event->repeated)
    ps_worker_log (self, event);
  ps_mailbox_post_event (self->mailbox, event);
}

static void
watch_scan (PsWorker *self, gboolean scanning)
{
  gint64 now = ps_clock_monotonic (self->clock);

  if (scanning && self->scan_began == 0)
    self->scan_began = now;
  else if (!scanning && self->scan_began != 0)
    {
      self->scan_time = now - self->scan_began;
      self->scan_began = 0;
    }
}

static void
on_progress (const PsProgress *progress, gpointer data)
{
  PsWorker *self = data;

  watch_scan (self, progress->state == PS_RUN_SCAN);
  ps_mailbox_post_progress (self->mailbox, progress);
}

PsWorker *
ps_worker_new (const PsConfig *config, const char *state_dir, PsMailbox *mailbox,
               const PsClock *clock)
{
  PsWorker *self = g_new0 (PsWorker, 1);
  PsRunPorts ports = { .event = on_event, .progress = on_progress, .data = self };

  g_mutex_init (&self->lock);
  self->config = ps_config_copy (config);
  self->state_dir = g_strdup (state_dir);
  self->mailbox = ps_mailbox_ref (mailbox);
  self->clock = clock;
  ps_prompts_init (&self->prompts, self->config, self->mailbox);
  ps_repeats_init (&self->repeats);
  ports.prompts = ps_prompts_port (&self->prompts);
  self->run = ps_run_new (self->config, self->state_dir, &ports, clock);
  return self;
}

void
ps_worker_free (PsWorker *self)
{
  if (self == NULL)
    return;
  ps_run_free (self->run);
  ps_prompts_clear (&self->prompts);
  ps_repeats_clear (&self->repeats);
  ps_log_free (self->log);
  ps_mailbox_unref (self->mailbox);
  ps_config_free (self->config);
  g_free (self->state_dir);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static gboolean
did_something (const PsSummary *summary)
{
  return summary->uploaded + summary->downloaded + summary->made_dirs + summary->moved
             + summary->deleted_local + summary->deleted_remote + summary->attributes
             + summary->conflicts
         > 0;
}

/* A line at the end of a run that did something. */
static void
tell_summary (PsWorker *self, const PsSummary *summary)
{
  g_autoptr (PsEvent) event = ps_event_new (PS_EVENT_SUMMARY);
  g_autofree char *text = ps_summary_to_text (summary);

  if (text == NULL || !did_something (summary))
    return;
  event->when = ps_clock_now (self->clock);
  event->message = g_strdup_printf (
      summary->in_sync ? /* Translators: "3 uploaded, 1 conflict" */ _ ("up to date: %s")
                       : _ ("done: %s"),
      text);
  on_event (event, self);
}

/* Once for each configuration: two pairs in one folder would sync each other's files. */
static gboolean
check_alone (PsWorker *self, GError **error)
{
  g_autoptr (GError) reason = NULL;

  if (self->alone || ps_config_check_pairs (self->config, &reason))
    {
      self->alone = TRUE;
      return TRUE;
    }
  g_set_error_literal (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_CONFIG, reason->message);
  return FALSE;
}

gboolean
ps_worker_sync (PsWorker *self, PsSyncFlags flags, PsSummary *summary, GCancellable *cancellable,
                GError **error)
{
  gboolean ok;

  if (!check_alone (self, error))
    return FALSE;
  self->quiet = (flags & PS_SYNC_DRY_RUN) != 0;
  self->scan_time = 0;
  ok = ps_run_sync (self->run, flags, summary, cancellable, error);
  watch_scan (self, FALSE);
  if (!self->quiet)
    ps_repeats_end_run (&self->repeats, ok);
  if (ok && !self->quiet)
    tell_summary (self, summary);
  self->quiet = FALSE;
  return ok;
}

gboolean
ps_worker_check (PsWorker *self, PsSummary *summary, GCancellable *cancellable, GError **error)
{
  gboolean ok;

  if (!check_alone (self, error))
    return FALSE;
  self->quiet = TRUE;
  ok = ps_run_check (self->run, summary, cancellable, error);
  self->quiet = FALSE;
  return ok;
}

gint64
ps_worker_get_scan_time (const PsWorker *self)
{
  return self->scan_time;
}

void
ps_worker_drop_link (PsWorker *self)
{
  ps_run_drop_link (self->run);
}

void
ps_worker_close_link (PsWorker *self)
{
  ps_run_close_link (self->run);
}

void
ps_worker_log (PsWorker *self, const PsEvent *event)
{
  g_autoptr (GError) error = NULL;

  g_mutex_lock (&self->lock);
  if (self->log == NULL && !self->log_failed)
    self->log = ps_log_open (self->state_dir, self->config->log_file_max, &error);
  if (error != NULL)
    {
      self->log_failed = TRUE;
      g_message ("%s", error->message);
    }
  if (self->log != NULL)
    ps_log_add (self->log, event);
  g_mutex_unlock (&self->lock);
}
