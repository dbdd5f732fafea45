/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/fake-run.h"

#include "sftp/error.h"
#include "util/redact.h"

#include <string.h>

typedef struct
{
  FakeDeed deed;
  guint number;
  PsEngineError code;
  char *message; /* (nullable) */
} Step;

static struct
{
  GMutex lock;
  GQueue script; /* (element-type Step) */
  gint64 *now;
  guint calls, hanging, live, made, drops, closed;
  PsSyncFlags flags;
  gboolean was_check;
} fake = { .script = G_QUEUE_INIT };

struct PsRun
{
  PsRunPorts ports;
  gboolean working;
};

static void
step_free (gpointer data)
{
  Step *step = data;

  g_free (step->message);
  g_free (step);
}

void
fake_run_reset (gint64 *now)
{
  g_mutex_lock (&fake.lock);
  g_assert_cmpuint (fake.live, ==, 0);
  g_queue_clear_full (&fake.script, step_free);
  fake.now = now;
  fake.calls = fake.hanging = fake.made = fake.drops = fake.closed = 0;
  fake.flags = PS_SYNC_DEFAULT;
  g_mutex_unlock (&fake.lock);
}

static void
push (FakeDeed deed, guint number, PsEngineError code, const char *message)
{
  Step *step = g_new (Step, 1);

  *step = (Step){ deed, number, code, g_strdup (message) };
  g_mutex_lock (&fake.lock);
  g_queue_push_tail (&fake.script, step);
  g_mutex_unlock (&fake.lock);
}

void
fake_run_then (FakeDeed deed, guint number)
{
  push (deed, number, PS_ENGINE_ERROR_FAILED, NULL);
}

void
fake_run_then_error (PsEngineError code, const char *message)
{
  push (FAKE_ERROR, 0, code, message);
}

static guint
get (const guint *figure)
{
  guint value;

  g_mutex_lock (&fake.lock);
  value = *figure;
  g_mutex_unlock (&fake.lock);
  return value;
}

guint
fake_run_calls (void)
{
  return get (&fake.calls);
}

guint
fake_run_hanging (void)
{
  return get (&fake.hanging);
}

guint
fake_run_live (void)
{
  return get (&fake.live);
}

guint
fake_run_made (void)
{
  return get (&fake.made);
}

guint
fake_run_drops (void)
{
  return get (&fake.drops);
}

guint
fake_run_closed (void)
{
  return get (&fake.closed);
}

PsSyncFlags
fake_run_flags (void)
{
  return (PsSyncFlags)get ((const guint *)&fake.flags);
}

gboolean
fake_run_was_check (void)
{
  return (gboolean)get ((const guint *)&fake.was_check);
}

static void
add (guint *figure, int more)
{
  g_mutex_lock (&fake.lock);
  *figure += (guint)more;
  g_mutex_unlock (&fake.lock);
}

/* The deeds. */

static void
tell (PsRun *self, PsEvent *event)
{
  event->when = g_get_real_time () * 1000;
  self->ports.event (event, self->ports.data);
  ps_event_unref (event);
}

static void
tell_action (PsRun *self, guint number)
{
  PsEvent *event = ps_event_new (PS_EVENT_ACTION);

  event->action = g_strdup (number % 4 == 3 ? "record" : "upload");
  event->path = g_strdup_printf ("f%u", number);
  event->case_name = g_strdup ("s12");
  tell (self, event);
}

static void
tell_problem (PsRun *self, guint number)
{
  PsEvent *event = ps_event_new (PS_EVENT_PROBLEM);

  event->path = g_strdup_printf ("p%u", number);
  event->code = g_strdup ("denied");
  event->message = g_strdup ("no permission");
  tell (self, event);
}

static void
tell_held (PsRun *self, guint number)
{
  PsEvent *event = ps_event_new (PS_EVENT_HELD);

  event->guard = PS_GUARD_MASS_DELETE;
  event->count = 30;
  event->message = g_strdup ("30 files would be deleted");
  event->shown = g_strdup_printf ("%u", number);
  tell (self, event);
}

static void
tell_state (PsRun *self, PsRunState state, uint64_t done, uint64_t total)
{
  PsProgress progress = { .state = state,
                          .files_total = total > 0,
                          .bytes_done = done,
                          .bytes_total = total,
                          .bytes_up = done,
                          .server_free = 5,
                          .server_total = 10 };

  self->ports.progress (&progress, self->ports.data);
}

static gboolean
hang (GCancellable *cancellable, GError **error)
{
  GPollFD fd = { 0 };
  gboolean has_fd = g_cancellable_make_pollfd (cancellable, &fd);

  g_assert_true (has_fd);
  add (&fake.hanging, 1);
  while (!g_cancellable_is_cancelled (cancellable))
    g_poll (&fd, 1, -1);
  add (&fake.hanging, -1);
  g_cancellable_release_fd (cancellable);
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

static gboolean
ask_password (PsRun *self, GCancellable *cancellable, GError **error)
{
  const PsLoginPrompts *prompts = &self->ports.prompts;
  PsSecretRequest request = { .kind = PS_SECRET_PASSWORD, .user = "pi", .host = "server" };
  g_autoptr (GError) reason = NULL;

  for (; request.attempt < 3; request.attempt++)
    {
      ps_autosecret secret = prompts->ask_secret (&request, prompts->data, cancellable, &reason);

      if (secret == NULL)
        break;
      if (strcmp (secret, "sesame") != 0)
        continue;
      prompts->secret_accepted (&request, prompts->data);
      return TRUE;
    }
  if (g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_propagate_error (error, g_steal_pointer (&reason));
  else
    g_set_error_literal (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_AUTH,
                         reason != NULL ? reason->message : "login refused");
  return FALSE;
}

static gboolean
ask_host_key (PsRun *self, GCancellable *cancellable, GError **error)
{
  const PsLoginPrompts *prompts = &self->ports.prompts;
  PsHostKeyInfo info = {
    .state = PS_HOST_KEY_NEW, .host = "server", .type = "ssh-ed25519", .fingerprint = "SHA256:abc"
  };
  g_autoptr (GError) reason = NULL;

  if (prompts->confirm_host_key (&info, prompts->data, cancellable, &reason))
    return TRUE;
  g_set_error_literal (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_AUTH, reason->message);
  return FALSE;
}

static gboolean
do_step (PsRun *self, const Step *step, PsSummary *summary, GCancellable *cancellable,
         GError **error)
{
  summary->in_sync = TRUE;
  switch (step->deed)
    {
    case FAKE_DONE:
      return TRUE;
    case FAKE_ERROR:
      g_set_error_literal (error, PS_ENGINE_ERROR, (gint)step->code, step->message);
      return FALSE;
    case FAKE_HANG:
      return hang (cancellable, error);
    case FAKE_EVENTS:
      for (guint i = 0; i < step->number; i++)
        tell_action (self, i);
      summary->uploaded = step->number;
      return TRUE;
    case FAKE_HELD:
      tell_held (self, step->number);
      summary->in_sync = FALSE;
      summary->guard_held = TRUE;
      summary->held = 30;
      return TRUE;
    case FAKE_PROBLEMS:
      for (guint i = 0; i < step->number; i++)
        tell_problem (self, i);
      summary->in_sync = FALSE;
      summary->failed = step->number;
      return TRUE;
    case FAKE_PROGRESS:
      tell_state (self, PS_RUN_APPLY, 0, 1000);
      tell_state (self, PS_RUN_APPLY, 100, 1000);
      return hang (cancellable, error);
    case FAKE_SCAN:
      tell_state (self, PS_RUN_CHECK, 0, 0);
      tell_state (self, PS_RUN_SCAN, 0, 0);
      *fake.now += (gint64)step->number * G_USEC_PER_SEC;
      tell_state (self, PS_RUN_APPLY, 0, 0);
      return TRUE;
    case FAKE_PASSWORD:
      return ask_password (self, cancellable, error);
    case FAKE_HOST_KEY:
      return ask_host_key (self, cancellable, error);
    default:
      g_assert_not_reached ();
    }
}

static gboolean
call (PsRun *self, PsSummary *summary, GCancellable *cancellable, GError **error)
{
  static const Step done = { .deed = FAKE_DONE };
  Step *step;
  gboolean ok;

  g_assert_false (self->working);
  self->working = TRUE;
  memset (summary, 0, sizeof *summary);
  g_mutex_lock (&fake.lock);
  fake.calls++;
  step = g_queue_pop_head (&fake.script);
  g_mutex_unlock (&fake.lock);
  ok = do_step (self, step != NULL ? step : &done, summary, cancellable, error);
  g_clear_pointer (&step, step_free);
  self->working = FALSE;
  return ok;
}

/* The interface. */

PsRun *
ps_run_new (const PsConfig *config, const char *state_dir, const PsRunPorts *ports,
            const PsClock *clock)
{
  PsRun *self = g_new0 (PsRun, 1);

  g_assert_nonnull (state_dir);
  self->ports = *ports;
  add (&fake.live, 1);
  add (&fake.made, 1);
  return self;
}

void
ps_run_free (PsRun *self)
{
  g_assert_false (self->working);
  add (&fake.live, -1);
  g_free (self);
}

void
ps_run_set_connect (PsRun *self, PsRunConnect connect, gpointer data)
{
}

gboolean
ps_run_sync (PsRun *self, PsSyncFlags flags, PsSummary *summary, GCancellable *cancellable,
             GError **error)
{
  g_mutex_lock (&fake.lock);
  fake.flags = flags;
  fake.was_check = FALSE;
  g_mutex_unlock (&fake.lock);
  return call (self, summary, cancellable, error);
}

gboolean
ps_run_check (PsRun *self, PsSummary *summary, GCancellable *cancellable, GError **error)
{
  g_mutex_lock (&fake.lock);
  fake.was_check = TRUE;
  g_mutex_unlock (&fake.lock);
  return call (self, summary, cancellable, error);
}

void
ps_run_drop_link (PsRun *self)
{
  add (&fake.drops, 1);
}

void
ps_run_close_link (PsRun *self)
{
  add (&fake.closed, 1);
}

const char *
ps_run_state_name (PsRunState state)
{
#define NAME(id, name) name,
  static const char *const names[] = { PS_RUN_STATES (NAME) };
#undef NAME

  return names[state];
}
