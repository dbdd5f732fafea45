/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The session over a scripted run and a clock that only the test moves. */
#include "engine/fake-run.h"
#include "engine/log.h"
#include "engine/session-private.h"
#include "fakes/home.h"
#include "util/redact.h"

#include <string.h>

#define S ((gint64)G_USEC_PER_SEC)
#define WALL 1700000000

typedef struct
{
  PsSession *session;
  PsConfig *config;
  char *state_dir;
  gint64 now; /* monotonic, µs; the wall clock goes along */
  PsClock clock;
  guint events, changes, accepted;
  PsQuestion *question; /* (nullable) the last one asked */
  gboolean keep_questions;
  char *accepted_secret;
} Fixture;

static int64_t
fixture_now (gpointer data)
{
  const Fixture *f = data;

  return WALL * G_GINT64_CONSTANT (1000000000) + f->now * 1000;
}

static int64_t
fixture_monotonic (gpointer data)
{
  return ((const Fixture *)data)->now;
}

static void
on_event (PsSession *session, PsEvent *event, Fixture *f)
{
  f->events++;
}

static void
on_changed (PsSession *session, Fixture *f)
{
  f->changes++;
}

static void
on_question (PsSession *session, PsQuestion *question, Fixture *f)
{
  g_clear_pointer (&f->question, ps_question_unref);
  if (f->keep_questions)
    f->question = ps_question_ref (question);
}

static void
on_accepted (PsSession *session, PsQuestion *question, Fixture *f)
{
  f->accepted++;
  g_clear_pointer (&f->accepted_secret, ps_secret_free);
  f->accepted_secret = ps_question_dup_answer (question);
}

static void
open_session (Fixture *f)
{
  f->session = ps_session_new_with_clock (f->config, f->state_dir, &f->clock);
  g_signal_connect (f->session, "event", G_CALLBACK (on_event), f);
  g_signal_connect (f->session, "status-changed", G_CALLBACK (on_changed), f);
  g_signal_connect (f->session, "question", G_CALLBACK (on_question), f);
  g_signal_connect (f->session, "secret-accepted", G_CALLBACK (on_accepted), f);
}

static void
setup (Fixture *f, gconstpointer data)
{
  test_home_empty (NULL, NULL);
  f->now = 1000 * S;
  f->clock = (PsClock){ .now = fixture_now, .monotonic = fixture_monotonic, .data = f };
  f->keep_questions = TRUE;
  fake_run_reset (&f->now);
  f->config = ps_config_new ("pisync.ini");
  f->config->host = g_strdup ("server");
  f->config->user = g_strdup ("pi");
  f->config->local_base = g_strdup ("/nonexistent/local");
  f->config->remote_base = g_strdup ("remote");
  f->config->throttling = 3600; /* of the real time: the timer itself never fires in a test */
  f->state_dir = g_build_filename (g_get_user_state_dir (), "pisync", "pisync", NULL);
  open_session (f);
}

static void
on_closed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  ps_session_close_finish (PS_SESSION (source), result, &error);
  g_assert_no_error (error);
  *(gboolean *)data = TRUE;
}

static gboolean
is_true (gpointer data)
{
  return *(gboolean *)data;
}

static void
close_session (Fixture *f)
{
  gboolean closed = FALSE;

  ps_session_close_async (f->session, on_closed, &closed);
  ps_test_assert_soon (is_true, &closed);
  g_assert_cmpuint (fake_run_live (), ==, 0);
  g_assert_finalize_object (f->session);
  f->session = NULL;
}

static void
teardown (Fixture *f, gconstpointer data)
{
  if (f->session != NULL)
    close_session (f);
  g_clear_pointer (&f->question, ps_question_unref);
  g_clear_pointer (&f->accepted_secret, ps_secret_free);
  ps_config_free (f->config);
  g_free (f->state_dir);
}

/* Waiting for what a thread does. */

static PsStatusKind
kind (Fixture *f)
{
  g_autoptr (PsStatus) status = ps_session_get_status (f->session);

  return status->kind;
}

static gboolean
is_idle (gpointer data)
{
  return kind (data) == PS_STATUS_IDLE;
}

static gboolean
is_offline (gpointer data)
{
  return kind (data) == PS_STATUS_OFFLINE;
}

static gboolean
is_attention (gpointer data)
{
  return kind (data) == PS_STATUS_ATTENTION;
}

static gboolean
is_error (gpointer data)
{
  return kind (data) == PS_STATUS_ERROR;
}

static gboolean
is_hanging (gpointer data)
{
  return fake_run_hanging () == 1;
}

static gboolean
has_question (gpointer data)
{
  return ((Fixture *)data)->question != NULL;
}

/* Whether the next run is planned or will never be: so none is under way. */
typedef struct
{
  guint calls;
  Fixture *f;
} Calls;

static gboolean
has_called (gpointer data)
{
  const Calls *calls = data;
  g_autoptr (PsStatus) status = ps_session_get_status (calls->f->session);

  return fake_run_calls () == calls->calls && status->next_try != 0;
}

/* That many runs were made, and the last one is over. */
static void
assert_calls (Fixture *f, guint number)
{
  Calls calls = { number, f };

  ps_test_assert_soon (has_called, &calls);
}

static void
advance (Fixture *f, gint64 us)
{
  f->now += us;
  ps_session_tick (f->session);
}

static gboolean
never (gpointer data)
{
  return FALSE;
}

/* Gives whatever is ready now a chance to be wrong. */
static void
settle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
assert_message (Fixture *f, const char *message)
{
  g_autoptr (PsStatus) status = ps_session_get_status (f->session);

  g_assert_cmpstr (status->message, ==, message);
}

/* The schedule. */

static void
test_schedule (Fixture *f, gconstpointer data)
{
  g_autoptr (PsStatus) status = NULL;

  g_assert_cmpint (kind (f), ==, PS_STATUS_IDLE);
  ps_session_start (f->session);
  g_assert_cmpint (kind (f), ==, PS_STATUS_SYNCING);
  assert_calls (f, 1);
  g_assert_cmpint (kind (f), ==, PS_STATUS_IDLE);
  status = ps_session_get_status (f->session);
  g_assert_cmpint (status->last_sync, ==, WALL + 1000);
  g_assert_cmpint (status->next_try, ==, WALL + 1000 + 3600);
  advance (f, 3599 * S);
  settle ();
  g_assert_cmpuint (fake_run_calls (), ==, 1);
  advance (f, 1 * S);
  g_assert_cmpint (kind (f), ==, PS_STATUS_IDLE); /* a mere look does not show */
  assert_calls (f, 2);
  g_assert_cmpuint (fake_run_made (), ==, 1); /* the link is kept */
}

static void
test_slow_scan (Fixture *f, gconstpointer data)
{
  fake_run_then (FAKE_SCAN, 400);
  ps_session_start (f->session);
  assert_calls (f, 1);
  advance (f, 3999 * S);
  settle ();
  g_assert_cmpuint (fake_run_calls (), ==, 1);
  advance (f, 1 * S);
  assert_calls (f, 2);
}

static void
test_backoff (Fixture *f, gconstpointer data)
{
  guint events;

  for (guint i = 0; i < 3; i++)
    fake_run_then_error (PS_ENGINE_ERROR_RETRY, "server is not reachable");
  fake_run_then (FAKE_DONE, 0);
  fake_run_then_error (PS_ENGINE_ERROR_RETRY, "server is not reachable");
  ps_session_start (f->session);
  ps_test_assert_soon (is_offline, f);
  assert_calls (f, 1);
  assert_message (f, "server is not reachable");
  events = f->events;
  g_assert_cmpuint (events, ==, 1); /* said once */
  for (guint i = 1; i < 4; i++)
    {
      gint64 wait = (1 << (i - 1)) * S;

      advance (f, wait - 1);
      settle ();
      g_assert_cmpuint (fake_run_calls (), ==, i);
      advance (f, wait / 4 + 1);
      assert_calls (f, i + 1);
    }
  g_assert_cmpint (kind (f), ==, PS_STATUS_IDLE);
  g_assert_cmpuint (f->events, ==, events);
  ps_session_sync_now (f->session);
  assert_calls (f, 5);
  g_assert_cmpint (kind (f), ==, PS_STATUS_OFFLINE);
  advance (f, 5 * S / 4);
  assert_calls (f, 6); /* the back-off began anew */
}

static void
test_no_lock_out (Fixture *f, gconstpointer data)
{
  fake_run_then_error (PS_ENGINE_ERROR_AUTH, "login refused");
  ps_session_start (f->session);
  ps_test_assert_soon (is_attention, f);
  assert_message (f, "login refused");
  advance (f, 100000 * S);
  ps_session_set_network (f->session, FALSE, FALSE);
  ps_session_set_network (f->session, TRUE, FALSE);
  ps_session_suspend (f->session);
  ps_session_wake (f->session);
  settle ();
  g_assert_cmpuint (fake_run_calls (), ==, 1);
  ps_session_sync_now (f->session);
  assert_calls (f, 2);
  g_assert_cmpint (kind (f), ==, PS_STATUS_IDLE);
}

static void
test_config_error (Fixture *f, gconstpointer data)
{
  g_autoptr (PsStatus) status = NULL;

  fake_run_then_error (PS_ENGINE_ERROR_CONFIG, "no such folder");
  ps_session_start (f->session);
  ps_test_assert_soon (is_error, f);
  status = ps_session_get_status (f->session);
  g_assert_cmpint (status->error_code, ==, PS_ENGINE_ERROR_CONFIG);
  g_assert_cmpint (status->next_try, ==, WALL + 1030); /* the folder's disk may come back */
  f->config->throttling = 7200;
  ps_session_set_config (f->session, f->config); /* the person did something */
  assert_calls (f, 2);
}

static void
test_look_again (Fixture *f, gconstpointer data)
{
  fake_run_then_error (PS_ENGINE_ERROR_GUARD, "is the disk mounted?");
  fake_run_then_error (PS_ENGINE_ERROR_BUSY, "another process");
  ps_session_start (f->session);
  ps_test_assert_soon (is_attention, f);
  advance (f, 29 * S);
  settle ();
  g_assert_cmpuint (fake_run_calls (), ==, 1);
  advance (f, 1 * S);
  ps_test_assert_soon (is_error, f);
  advance (f, 30 * S);
  assert_calls (f, 3);
  g_assert_cmpint (kind (f), ==, PS_STATUS_IDLE);
}

static void
test_network (Fixture *f, gconstpointer data)
{
  ps_session_set_network (f->session, FALSE, FALSE);
  ps_session_start (f->session);
  settle ();
  g_assert_cmpint (kind (f), ==, PS_STATUS_OFFLINE);
  g_assert_cmpuint (fake_run_calls (), ==, 0);
  ps_session_sync_now (f->session); /* a person knows better */
  {
    Calls calls = { 1, f };

    while (fake_run_calls () < calls.calls)
      g_main_context_iteration (NULL, FALSE);
  }
  ps_test_assert_soon (is_offline, f);
  ps_session_set_network (f->session, TRUE, FALSE);
  assert_calls (f, 2);
  g_assert_cmpuint (fake_run_drops (), ==, 1);

  /* A run under way when the network goes is given up. */
  fake_run_then (FAKE_HANG, 0);
  ps_session_sync_now (f->session);
  ps_test_assert_soon (is_hanging, NULL);
  ps_session_set_network (f->session, FALSE, FALSE);
  ps_test_assert_soon (is_offline, f);
  g_assert_cmpuint (fake_run_hanging (), ==, 0);
}

static void
test_metered (Fixture *f, gconstpointer data)
{
  g_autoptr (PsStatus) status = NULL;

  ps_session_set_network (f->session, TRUE, TRUE);
  ps_session_start (f->session);
  assert_calls (f, 1); /* nobody asked to pause on that */
  f->config->pause_on_metered = TRUE;
  ps_session_set_config (f->session, f->config);
  status = ps_session_get_status (f->session);
  g_assert_cmpint (status->kind, ==, PS_STATUS_PAUSED);
  g_assert_true (status->metered);
  advance (f, 10000 * S);
  settle ();
  g_assert_cmpuint (fake_run_calls (), ==, 1);
  ps_session_set_network (f->session, TRUE, FALSE);
  assert_calls (f, 2);
  g_assert_cmpuint (fake_run_made (), ==, 1); /* no reason for a new login */
}

static void
test_sleep (Fixture *f, gconstpointer data)
{
  fake_run_then (FAKE_HANG, 0);
  ps_session_start (f->session);
  ps_test_assert_soon (is_hanging, NULL);
  ps_session_suspend (f->session);
  ps_test_assert_soon (is_idle, f);
  settle ();
  g_assert_cmpuint (fake_run_calls (), ==, 1);
  ps_session_wake (f->session);
  assert_calls (f, 2);
  g_assert_cmpuint (fake_run_drops (), ==, 2);
}

/* Pause. */

static void
test_pause (Fixture *f, gconstpointer data)
{
  fake_run_then (FAKE_HANG, 0);
  ps_session_start (f->session);
  ps_test_assert_soon (is_hanging, NULL);
  ps_session_pause (f->session, 0);
  ps_session_sync_now (f->session); /* ends no pause */
  while (fake_run_hanging () > 0)
    g_main_context_iteration (NULL, FALSE);
  advance (f, 100000 * S);
  settle ();
  g_assert_cmpuint (fake_run_calls (), ==, 1);

  /* It outlives the process. */
  close_session (f);
  open_session (f);
  ps_session_start (f->session);
  settle ();
  g_assert_cmpint (kind (f), ==, PS_STATUS_PAUSED);
  g_assert_cmpuint (fake_run_calls (), ==, 1);
  ps_session_resume (f->session);
  assert_calls (f, 2);
  close_session (f);
  open_session (f);
  ps_session_start (f->session);
  assert_calls (f, 3);
}

static void
test_pause_for_a_while (Fixture *f, gconstpointer data)
{
  g_autoptr (PsStatus) status = NULL;

  ps_session_start (f->session);
  assert_calls (f, 1);
  ps_session_pause (f->session, 60);
  status = ps_session_get_status (f->session);
  g_assert_cmpint (status->paused_until, ==, WALL + 1060);
  close_session (f);
  open_session (f);
  ps_session_start (f->session);
  advance (f, 59 * S);
  settle ();
  g_assert_cmpint (kind (f), ==, PS_STATUS_PAUSED);
  advance (f, S);
  assert_calls (f, 2);
}

/* Findings. */

static void
test_held (Fixture *f, gconstpointer data)
{
  g_autoptr (PsStatus) status = NULL;

  fake_run_then (FAKE_HELD, 0);
  ps_session_start (f->session);
  ps_test_assert_soon (is_attention, f);
  assert_message (f, "30 files would be deleted");
  status = ps_session_get_status (f->session);
  g_assert_cmpuint (status->held->len, ==, 1);
  fake_run_then_error (PS_ENGINE_ERROR_RETRY, "gone");
  ps_session_decide_held (f->session, PS_GUARD_MASS_DELETE, TRUE);
  ps_test_assert_soon (is_offline, f);
  g_assert_cmpuint (fake_run_flags (), ==, PS_SYNC_ALLOW_DELETES);
  advance (f, 2 * S); /* it was not carried out: so again */
  assert_calls (f, 3);
  g_assert_cmpuint (fake_run_flags (), ==, PS_SYNC_ALLOW_DELETES);
  g_assert_cmpint (kind (f), ==, PS_STATUS_IDLE);
  advance (f, 3600 * S); /* and never again by itself */
  assert_calls (f, 4);
  g_assert_cmpuint (fake_run_flags (), ==, PS_SYNC_DEFAULT);
  ps_session_decide_held (f->session, PS_GUARD_MASS_DELETE, FALSE);
  assert_calls (f, 5);
  g_assert_cmpuint (fake_run_flags (), ==, PS_SYNC_KEEP_HELD);
  ps_session_decide_held (f->session, PS_GUARD_RESTORED_SERVER, TRUE);
  assert_calls (f, 6);
  g_assert_cmpuint (fake_run_flags (), ==, PS_SYNC_ACCEPT_RESTORED);
  ps_session_decide_held (f->session, PS_GUARD_ROOT, TRUE);
  assert_calls (f, 7);
  g_assert_cmpuint (fake_run_flags (), ==, PS_SYNC_DEFAULT);
}

static void
test_problems (Fixture *f, gconstpointer data)
{
  g_autoptr (PsStatus) status = NULL;

  fake_run_then (FAKE_PROBLEMS, 600);
  fake_run_then_error (PS_ENGINE_ERROR_RETRY, "gone");
  ps_session_start (f->session);
  ps_test_assert_soon (is_error, f);
  assert_message (f, "600 paths could not be synced");
  advance (f, 3600 * S);
  ps_test_assert_soon (is_offline, f);
  status = ps_session_get_status (f->session);
  g_assert_cmpuint (status->problems->len, ==, 500); /* still known */
  g_assert_cmpuint (status->n_problems, ==, 600);
  advance (f, 2 * S);
  ps_test_assert_soon (is_idle, f);
}

/* What stays as it is, is told and logged once. */
static void
test_repeated (Fixture *f, gconstpointer data)
{
  g_autofree char *file = ps_log_file (f->state_dir);
  g_autofree char *text = NULL;
  g_autoptr (PsStatus) status = NULL;
  g_auto (GStrv) lines = NULL;

  fake_run_then (FAKE_PROBLEMS, 2);
  fake_run_then (FAKE_PROBLEMS, 3);
  fake_run_then_error (PS_ENGINE_ERROR_RETRY, "gone");
  fake_run_then (FAKE_PROBLEMS, 3);
  ps_session_start (f->session);
  assert_calls (f, 1);
  for (guint i = 2; i <= 4; i++)
    {
      advance (f, 3600 * S);
      assert_calls (f, i);
    }
  g_assert_cmpuint (f->events, ==, 3 + 1); /* and that the link was gone */
  status = ps_session_get_status (f->session);
  g_assert_cmpuint (status->n_problems, ==, 3);
  g_assert_true (g_file_get_contents (file, &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, 4 + 1);
  /* Gone and come again, it is news. */
  advance (f, 3600 * S);
  assert_calls (f, 5);
  fake_run_then (FAKE_PROBLEMS, 1);
  advance (f, 3600 * S);
  assert_calls (f, 6);
  g_assert_cmpuint (f->events, ==, 5);
}

static void
test_events (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) recent = NULL;
  g_autofree char *file = ps_log_file (f->state_dir);
  g_autofree char *text = NULL;

  fake_run_then (FAKE_EVENTS, 20000);
  ps_session_start (f->session);
  assert_calls (f, 1);
  g_assert_cmpuint (f->events, ==, 20001);
  g_assert_cmpuint (f->changes, <, 1000);
  recent = ps_session_dup_recent (f->session);
  g_assert_cmpuint (recent->len, ==, 1000);
  g_assert_cmpstr (((PsEvent *)recent->pdata[998])->path, ==, "f19998");
  g_assert_true (g_file_get_contents (file, &text, NULL, NULL));
  g_assert_true (g_str_has_suffix (text, " up to date: 20000 uploaded\n"));
  g_assert_null (strstr (text, "record"));
}

static gboolean
has_rate (gpointer data)
{
  Fixture *f = data;
  g_autoptr (PsStatus) status = ps_session_get_status (f->session);

  return status->kind == PS_STATUS_SYNCING && status->progress.bytes_done == 100;
}

static void
test_progress (Fixture *f, gconstpointer data)
{
  g_autoptr (PsStatus) status = NULL;

  fake_run_then (FAKE_PROGRESS, 0);
  ps_session_start (f->session);
  ps_test_assert_soon (has_rate, f);
  status = ps_session_get_status (f->session);
  g_assert_cmpuint (status->progress.server_total, ==, 10);
  g_assert_cmpuint (status->progress.bytes_total, ==, 1000);
}

/* Runs for a caller. */

typedef struct
{
  gboolean done;
  gboolean ok;
  PsSummary summary;
  GError *error;
} Result;

static void
on_synced (GObject *source, GAsyncResult *result, gpointer data)
{
  Result *r = data;

  r->ok = ps_session_sync_finish (PS_SESSION (source), result, &r->summary, &r->error);
  r->done = TRUE;
}

static void
on_checked (GObject *source, GAsyncResult *result, gpointer data)
{
  Result *r = data;

  r->ok = ps_session_check_finish (PS_SESSION (source), result, &r->summary, &r->error);
  r->done = TRUE;
}

static void
test_one_run (Fixture *f, gconstpointer data)
{
  Result first = { 0 }, second = { 0 }, third = { 0 };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  fake_run_then (FAKE_HELD, 0);
  ps_session_sync_async (f->session, PS_SYNC_FULL, NULL, on_synced, &first);
  g_assert_cmpint (kind (f), ==, PS_STATUS_SYNCING);
  ps_session_sync_async (f->session, PS_SYNC_DEFAULT, NULL, on_synced, &second);
  ps_test_assert_soon (is_true, &first.done);
  ps_test_assert_soon (is_true, &second.done);
  g_assert_no_error (first.error);
  g_assert_true (first.ok);
  g_assert_cmpuint (first.summary.held, ==, 30);
  g_assert_cmpuint (fake_run_flags (), ==, PS_SYNC_FULL);
  g_assert_error (second.error, G_IO_ERROR, G_IO_ERROR_PENDING);
  g_clear_error (&second.error);

  fake_run_then (FAKE_HANG, 0);
  ps_session_sync_async (f->session, PS_SYNC_DEFAULT, cancellable, on_synced, &third);
  ps_test_assert_soon (is_hanging, NULL);
  g_cancellable_cancel (cancellable);
  ps_test_assert_soon (is_true, &third.done);
  g_assert_error (third.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&third.error);
  settle ();
  g_assert_cmpuint (fake_run_calls (), ==, 2); /* not started: no run by itself */
}

static void
test_dry_run (Fixture *f, gconstpointer data)
{
  Result result = { 0 };
  g_autofree char *file = ps_log_file (f->state_dir);
  g_autoptr (GPtrArray) recent = NULL;
  g_autoptr (PsStatus) status = NULL;

  fake_run_then (FAKE_EVENTS, 8);
  ps_session_sync_async (f->session, PS_SYNC_DRY_RUN, NULL, on_synced, &result);
  ps_test_assert_soon (is_true, &result.done);
  g_assert_no_error (result.error);
  g_assert_cmpuint (f->events, ==, 8);
  g_assert_false (g_file_test (file, G_FILE_TEST_EXISTS));
  recent = ps_session_dup_recent (f->session);
  g_assert_cmpuint (recent->len, ==, 0);
  status = ps_session_get_status (f->session);
  g_assert_cmpint (status->last_sync, ==, 0);
}

static void
test_check (Fixture *f, gconstpointer data)
{
  Result result = { 0 };

  fake_run_then_error (PS_ENGINE_ERROR_FAILED, "disk");
  ps_session_check_async (f->session, NULL, on_checked, &result);
  ps_test_assert_soon (is_true, &result.done);
  g_assert_true (fake_run_was_check ());
  g_assert_error (result.error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_FAILED);
  g_clear_error (&result.error);
}

/* Questions. */

static void
test_password (Fixture *f, gconstpointer data)
{
  fake_run_then (FAKE_PASSWORD, 0);
  ps_session_start (f->session);
  ps_test_assert_soon (has_question, f);
  g_assert_cmpint (kind (f), ==, PS_STATUS_ATTENTION);
  g_assert_cmpstr (ps_question_pair (f->question), ==, "pisync");
  g_assert_cmpuint (ps_question_secret (f->question)->attempt, ==, 0);
  ps_question_answer_secret (f->question, "wrong");
  g_clear_pointer (&f->question, ps_question_unref);
  ps_test_assert_soon (has_question, f);
  g_assert_cmpuint (ps_question_secret (f->question)->attempt, ==, 1);
  g_assert_cmpuint (f->accepted, ==, 0);
  ps_question_answer_secret (f->question, "sesame");
  assert_calls (f, 1);
  g_assert_cmpint (kind (f), ==, PS_STATUS_IDLE);
  g_assert_cmpuint (f->accepted, ==, 1);
  g_assert_cmpstr (f->accepted_secret, ==, "sesame");
}

static void
test_nobody_answers (Fixture *f, gconstpointer data)
{
  f->keep_questions = FALSE;
  fake_run_then (FAKE_PASSWORD, 0);
  ps_session_start (f->session);
  ps_test_assert_soon (is_attention, f);
  while (fake_run_calls () == 0 || kind (f) != PS_STATUS_ATTENTION)
    g_main_context_iteration (NULL, FALSE);
  ps_test_wait_for (never, NULL, 0);
  {
    g_autoptr (PsStatus) status = NULL;

    do
      {
        g_main_context_iteration (NULL, FALSE);
        g_clear_pointer (&status, ps_status_unref);
        status = ps_session_get_status (f->session);
      }
    while (status->error_code == -1);
    g_assert_cmpint (status->error_code, ==, PS_ENGINE_ERROR_AUTH);
    g_assert_cmpstr (status->message, ==, "No password was given for pi on server");
  }
}

static void
test_password_file (Fixture *f, gconstpointer data)
{
  g_autofree char *file = g_build_filename (g_get_home_dir (), "pw", NULL);
  g_autofree char *expected = g_strdup_printf (
      "The server server did not accept the password in %s; correct it there", file);

  g_assert_true (
      g_file_set_contents_full (file, "sesame\n", -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
  f->config->password_file = g_strdup (file);
  ps_session_set_config (f->session, f->config);
  fake_run_then (FAKE_PASSWORD, 0);
  ps_session_start (f->session);
  assert_calls (f, 1);
  g_assert_cmpint (kind (f), ==, PS_STATUS_IDLE);
  g_assert_null (f->question);
  g_assert_cmpuint (f->accepted, ==, 0); /* nothing to remember */

  g_assert_true (
      g_file_set_contents_full (file, "old\n", -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
  fake_run_then (FAKE_PASSWORD, 0);
  ps_session_sync_now (f->session);
  ps_test_assert_soon (is_attention, f);
  assert_message (f, expected);
  g_assert_null (f->question);
}

static void
test_host_key (Fixture *f, gconstpointer data)
{
  fake_run_then (FAKE_HOST_KEY, 0);
  fake_run_then (FAKE_HOST_KEY, 0);
  ps_session_start (f->session);
  ps_test_assert_soon (has_question, f);
  g_assert_cmpstr (ps_question_host_key (f->question)->fingerprint, ==, "SHA256:abc");
  ps_question_answer_trust (f->question, TRUE);
  assert_calls (f, 1);
  g_clear_pointer (&f->question, ps_question_unref);
  ps_session_sync_now (f->session);
  ps_test_assert_soon (has_question, f);
  ps_question_answer_trust (f->question, FALSE);
  while (fake_run_calls () < 2 || ps_question_is_open (f->question))
    g_main_context_iteration (NULL, FALSE);
  ps_test_assert_soon (is_attention, f);
}

/* Configuration. */

static void
test_new_config (Fixture *f, gconstpointer data)
{
  ps_session_start (f->session);
  assert_calls (f, 1);
  f->config->throttling = 1800;
  ps_session_set_config (f->session, f->config);
  assert_calls (f, 2);
  g_assert_cmpuint (fake_run_made (), ==, 1);
  g_free (f->config->host);
  f->config->host = g_strdup ("other");
  fake_run_then (FAKE_HANG, 0);
  ps_session_set_config (f->session, f->config);
  ps_test_assert_soon (is_hanging, NULL);
  g_assert_cmpuint (fake_run_made (), ==, 2);
  g_assert_cmpuint (fake_run_live (), ==, 1);
  /* While a run is under way: with the next one. */
  g_free (f->config->host);
  f->config->host = g_strdup ("third");
  ps_session_set_config (f->session, f->config);
  settle ();
  g_assert_cmpuint (fake_run_made (), ==, 2);
  ps_session_pause (f->session, 0);
  ps_session_resume (f->session);
  assert_calls (f, 4);
  g_assert_cmpuint (fake_run_made (), ==, 3);
  g_assert_cmpuint (fake_run_live (), ==, 1);
}

static void
test_shared_folder (Fixture *f, gconstpointer data)
{
  g_autofree char *dir = ps_config_dir ();
  g_autofree char *file = g_build_filename (dir, "other.ini", NULL);

  g_assert_cmpint (g_mkdir_with_parents (dir, 0700), ==, 0);
  g_assert_true (g_file_set_contents (file,
                                      "[HOST]\nhost=x\n[LOCAL CONFIG]\nlocal_base=/nonexistent\n"
                                      "[REMOTE CONFIG]\nremote_base=y\n",
                                      -1, NULL));
  ps_session_start (f->session);
  ps_test_assert_soon (is_error, f);
  g_assert_cmpuint (fake_run_calls (), ==, 0);
}

static void
test_last_sync_outlives (Fixture *f, gconstpointer data)
{
  g_autoptr (PsStatus) status = NULL;

  ps_session_start (f->session);
  assert_calls (f, 1);
  close_session (f);
  open_session (f);
  status = ps_session_get_status (f->session);
  g_assert_cmpint (status->last_sync, ==, WALL + 1000);
}

/* The end. */

static void
test_close_while_asking (Fixture *f, gconstpointer data)
{
  fake_run_then (FAKE_PASSWORD, 0);
  ps_session_start (f->session);
  ps_test_assert_soon (has_question, f);
  close_session (f);
  g_assert_false (ps_question_is_open (f->question));
}

static void
test_close_while_running (Fixture *f, gconstpointer data)
{
  Result result = { 0 };
  gint64 began = g_get_monotonic_time ();

  fake_run_then (FAKE_HANG, 0);
  ps_session_sync_async (f->session, PS_SYNC_DEFAULT, NULL, on_synced, &result);
  ps_test_assert_soon (is_hanging, NULL);
  close_session (f);
  g_assert_cmpint (g_get_monotonic_time () - began, <, 10 * S);
  g_assert_true (result.done);
  g_assert_error (result.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&result.error);
}

static void
close_at_once (PsSession *session, gpointer data)
{
  g_signal_handlers_disconnect_by_func (session, close_at_once, data);
  ps_session_close_async (session, on_closed, data);
}

/* From within a signal of its own. */
static void
test_close_when_told (Fixture *f, gconstpointer data)
{
  gboolean closed = FALSE;

  fake_run_then (FAKE_EVENTS, 500);
  ps_session_start (f->session);
  g_signal_connect (f->session, "status-changed", G_CALLBACK (close_at_once), &closed);
  ps_test_assert_soon (is_true, &closed);
  g_assert_cmpuint (fake_run_live (), ==, 0);
  g_assert_finalize_object (f->session);
  f->session = NULL;
}

/* Let go without closing: the run under way ends first. */
static void
test_let_go (Fixture *f, gconstpointer data)
{
  gpointer weak = f->session;

  fake_run_then (FAKE_EVENTS, 100);
  ps_session_start (f->session);
  g_object_add_weak_pointer (G_OBJECT (f->session), &weak);
  g_signal_handlers_disconnect_by_data (f->session, f);
  g_object_unref (f->session);
  f->session = NULL;
  while (weak != NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (fake_run_live (), ==, 0);
}

static guint
count_threads (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/task", 0, NULL);
  guint threads = 0;

  while (g_dir_read_name (dir) != NULL)
    threads++;
  return threads;
}

static gboolean
has_threads (gpointer data)
{
  g_thread_pool_stop_unused_threads ();
  return count_threads () <= GPOINTER_TO_UINT (data);
}

/* In a context of its own, so that a source left behind would show. Deeds of all kinds. */
static void
test_cycles (Fixture *f, gconstpointer data)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  guint threads = count_threads ();

  close_session (f);
  g_thread_pool_set_max_unused_threads (0);
  threads = MIN (threads, count_threads ());
  for (guint i = 0; i < 200; i++)
    {
      gboolean closed = FALSE;
      guint rounds = (guint)g_test_rand_int_range (0, 20);

      fake_run_then (g_test_rand_int_range (FAKE_HANG, FAKE_HOST_KEY + 1), 50);
      g_main_context_push_thread_default (context);
      open_session (f);
      ps_session_start (f->session);
      while (rounds-- > 0)
        g_main_context_iteration (context, FALSE);
      ps_session_close_async (f->session, on_closed, &closed);
      while (!closed)
        g_main_context_iteration (context, TRUE);
      g_assert_finalize_object (f->session);
      f->session = NULL;
      g_clear_pointer (&f->question, ps_question_unref);
      g_main_context_pop_thread_default (context);
      g_assert_false (g_main_context_pending (context));
      fake_run_reset (&f->now);
    }
  ps_test_assert_soon (has_threads, GUINT_TO_POINTER (threads));
}

static void
add (const char *name, void (*test) (Fixture *, gconstpointer))
{
  g_autofree char *path = g_strconcat ("/engine/session/", name, NULL);

  g_test_add (path, Fixture, NULL, setup, test, teardown);
}

int
main (int argc, char **argv)
{
  test_home_make ();
  g_test_init (&argc, &argv, NULL);
  add ("schedule", test_schedule);
  add ("slow-scan", test_slow_scan);
  add ("backoff", test_backoff);
  add ("no-lock-out", test_no_lock_out);
  add ("config-error", test_config_error);
  add ("look-again", test_look_again);
  add ("network", test_network);
  add ("metered", test_metered);
  add ("sleep", test_sleep);
  add ("pause", test_pause);
  add ("pause-for-a-while", test_pause_for_a_while);
  add ("held", test_held);
  add ("problems", test_problems);
  add ("repeated", test_repeated);
  add ("events", test_events);
  add ("progress", test_progress);
  add ("one-run", test_one_run);
  add ("dry-run", test_dry_run);
  add ("check", test_check);
  add ("password", test_password);
  add ("nobody-answers", test_nobody_answers);
  add ("password-file", test_password_file);
  add ("host-key", test_host_key);
  add ("new-config", test_new_config);
  add ("shared-folder", test_shared_folder);
  add ("last-sync-outlives", test_last_sync_outlives);
  add ("close-while-asking", test_close_while_asking);
  add ("close-while-running", test_close_while_running);
  add ("close-when-told", test_close_when_told);
  add ("let-go", test_let_go);
  add ("cycles", test_cycles);
  return test_home_remove (g_test_run ());
}
