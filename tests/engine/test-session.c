/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The session: when it runs, waits, pauses, and what it tells. */
#include "engine/session-fixture.h"

#include "engine/log.h"

#include <string.h>

static void
test_schedule (SessionFixture *f, gconstpointer data)
{
  g_autoptr (PsStatus) status = NULL;

  g_assert_cmpint (session_kind (f), ==, PS_STATUS_IDLE);
  ps_session_start (f->session);
  g_assert_cmpint (session_kind (f), ==, PS_STATUS_SYNCING);
  session_assert_calls (f, 1);
  g_assert_cmpint (session_kind (f), ==, PS_STATUS_IDLE);
  status = ps_session_get_status (f->session);
  g_assert_cmpint (status->last_sync, ==, WALL + 1000);
  g_assert_cmpint (status->next_try, ==, WALL + 1000 + 3600);
  session_advance (f, 3599 * S);
  session_settle ();
  g_assert_cmpuint (fake_run_calls (), ==, 1);
  session_advance (f, 1 * S);
  g_assert_cmpint (session_kind (f), ==, PS_STATUS_IDLE); /* a mere look does not show */
  session_assert_calls (f, 2);
  g_assert_cmpuint (fake_run_made (), ==, 1); /* the link is kept */
}

static void
test_slow_scan (SessionFixture *f, gconstpointer data)
{
  fake_run_then (FAKE_SCAN, 400);
  ps_session_start (f->session);
  session_assert_calls (f, 1);
  session_advance (f, 3999 * S);
  session_settle ();
  g_assert_cmpuint (fake_run_calls (), ==, 1);
  session_advance (f, 1 * S);
  session_assert_calls (f, 2);
}

static void
test_backoff (SessionFixture *f, gconstpointer data)
{
  guint events;

  for (guint i = 0; i < 3; i++)
    fake_run_then_error (PS_ENGINE_ERROR_RETRY, "server is not reachable");
  fake_run_then (FAKE_DONE, 0);
  fake_run_then_error (PS_ENGINE_ERROR_RETRY, "server is not reachable");
  ps_session_start (f->session);
  ps_test_assert_soon (session_is_offline, f);
  session_assert_calls (f, 1);
  session_assert_message (f, "server is not reachable");
  events = f->events;
  g_assert_cmpuint (events, ==, 1); /* said once */
  for (guint i = 1; i < 4; i++)
    {
      gint64 wait = (1 << (i - 1)) * S;

      session_advance (f, wait - 1);
      session_settle ();
      g_assert_cmpuint (fake_run_calls (), ==, i);
      session_advance (f, wait / 4 + 1);
      session_assert_calls (f, i + 1);
    }
  g_assert_cmpint (session_kind (f), ==, PS_STATUS_IDLE);
  g_assert_cmpuint (f->events, ==, events);
  ps_session_sync_now (f->session);
  session_assert_calls (f, 5);
  g_assert_cmpint (session_kind (f), ==, PS_STATUS_OFFLINE);
  session_advance (f, 5 * S / 4);
  session_assert_calls (f, 6); /* the back-off began anew */
}

static void
test_no_lock_out (SessionFixture *f, gconstpointer data)
{
  fake_run_then_error (PS_ENGINE_ERROR_AUTH, "login refused");
  ps_session_start (f->session);
  ps_test_assert_soon (session_needs_attention, f);
  session_assert_message (f, "login refused");
  session_advance (f, 100000 * S);
  ps_session_set_network (f->session, FALSE, FALSE);
  ps_session_set_network (f->session, TRUE, FALSE);
  ps_session_suspend (f->session);
  ps_session_wake (f->session);
  session_settle ();
  g_assert_cmpuint (fake_run_calls (), ==, 1);
  ps_session_sync_now (f->session);
  session_assert_calls (f, 2);
  g_assert_cmpint (session_kind (f), ==, PS_STATUS_IDLE);
}

static void
test_config_error (SessionFixture *f, gconstpointer data)
{
  g_autoptr (PsStatus) status = NULL;

  fake_run_then_error (PS_ENGINE_ERROR_CONFIG, "no such folder");
  ps_session_start (f->session);
  ps_test_assert_soon (session_has_error, f);
  status = ps_session_get_status (f->session);
  g_assert_cmpint (status->error_code, ==, PS_ENGINE_ERROR_CONFIG);
  g_assert_cmpint (status->next_try, ==, WALL + 1030); /* the folder's disk may come back */
  f->config->throttling = 7200;
  ps_session_set_config (f->session, f->config); /* the person did something */
  session_assert_calls (f, 2);
}

static void
test_look_again (SessionFixture *f, gconstpointer data)
{
  fake_run_then_error (PS_ENGINE_ERROR_GUARD, "is the disk mounted?");
  fake_run_then_error (PS_ENGINE_ERROR_BUSY, "another process");
  ps_session_start (f->session);
  ps_test_assert_soon (session_needs_attention, f);
  session_advance (f, 29 * S);
  session_settle ();
  g_assert_cmpuint (fake_run_calls (), ==, 1);
  session_advance (f, 1 * S);
  ps_test_assert_soon (session_has_error, f);
  session_advance (f, 30 * S);
  session_assert_calls (f, 3);
  g_assert_cmpint (session_kind (f), ==, PS_STATUS_IDLE);
}

static void
test_network (SessionFixture *f, gconstpointer data)
{
  ps_session_set_network (f->session, FALSE, FALSE);
  ps_session_start (f->session);
  session_settle ();
  g_assert_cmpint (session_kind (f), ==, PS_STATUS_OFFLINE);
  g_assert_cmpuint (fake_run_calls (), ==, 0);
  ps_session_sync_now (f->session); /* a person knows better */
  while (fake_run_calls () < 1)
    g_main_context_iteration (NULL, FALSE);
  ps_test_assert_soon (session_is_offline, f);
  ps_session_set_network (f->session, TRUE, FALSE);
  session_assert_calls (f, 2);
  g_assert_cmpuint (fake_run_drops (), ==, 1);

  /* A run under way when the network goes is given up. */
  fake_run_then (FAKE_HANG, 0);
  ps_session_sync_now (f->session);
  ps_test_assert_soon (session_is_hanging, NULL);
  ps_session_set_network (f->session, FALSE, FALSE);
  ps_test_assert_soon (session_is_offline, f);
  g_assert_cmpuint (fake_run_hanging (), ==, 0);
}

static void
test_metered (SessionFixture *f, gconstpointer data)
{
  g_autoptr (PsStatus) status = NULL;

  ps_session_set_network (f->session, TRUE, TRUE);
  ps_session_start (f->session);
  session_assert_calls (f, 1); /* nobody asked to pause on that */
  f->config->pause_on_metered = TRUE;
  ps_session_set_config (f->session, f->config);
  status = ps_session_get_status (f->session);
  g_assert_cmpint (status->kind, ==, PS_STATUS_PAUSED);
  g_assert_true (status->metered);
  session_advance (f, 10000 * S);
  session_settle ();
  g_assert_cmpuint (fake_run_calls (), ==, 1);
  ps_session_set_network (f->session, TRUE, FALSE);
  session_assert_calls (f, 2);
  g_assert_cmpuint (fake_run_made (), ==, 1); /* no reason for a new login */
}

static gboolean
one_is_closed (gpointer unused)
{
  return fake_run_closed () == 1;
}

static void
test_sleep (SessionFixture *f, gconstpointer data)
{
  fake_run_then (FAKE_HANG, 0);
  ps_session_start (f->session);
  ps_test_assert_soon (session_is_hanging, NULL);
  ps_session_suspend (f->session);
  ps_test_assert_soon (session_is_idle, f);
  session_settle ();
  g_assert_cmpuint (fake_run_calls (), ==, 1);
  ps_test_assert_soon (one_is_closed, NULL); /* not as late as when it is needed again */
  ps_session_wake (f->session);
  session_assert_calls (f, 2);
  g_assert_cmpuint (fake_run_drops (), ==, 2);
  g_assert_cmpuint (fake_run_closed (), ==, 1); /* the run itself did so */
}

/* Pause. */

static void
test_pause (SessionFixture *f, gconstpointer data)
{
  fake_run_then (FAKE_HANG, 0);
  ps_session_start (f->session);
  ps_test_assert_soon (session_is_hanging, NULL);
  ps_session_pause (f->session, 0);
  ps_session_sync_now (f->session); /* ends no pause */
  while (fake_run_hanging () > 0)
    g_main_context_iteration (NULL, FALSE);
  session_advance (f, 100000 * S);
  session_settle ();
  g_assert_cmpuint (fake_run_calls (), ==, 1);

  /* It outlives the process. */
  session_fixture_close (f);
  session_fixture_open (f);
  ps_session_start (f->session);
  session_settle ();
  g_assert_cmpint (session_kind (f), ==, PS_STATUS_PAUSED);
  g_assert_cmpuint (fake_run_calls (), ==, 1);
  ps_session_resume (f->session);
  session_assert_calls (f, 2);
  session_fixture_close (f);
  session_fixture_open (f);
  ps_session_start (f->session);
  session_assert_calls (f, 3);
}

static void
test_pause_for_a_while (SessionFixture *f, gconstpointer data)
{
  g_autoptr (PsStatus) status = NULL;

  ps_session_start (f->session);
  session_assert_calls (f, 1);
  ps_session_pause (f->session, 60);
  status = ps_session_get_status (f->session);
  g_assert_cmpint (status->paused_until, ==, WALL + 1060);
  session_fixture_close (f);
  session_fixture_open (f);
  ps_session_start (f->session);
  session_advance (f, 59 * S);
  session_settle ();
  g_assert_cmpint (session_kind (f), ==, PS_STATUS_PAUSED);
  session_advance (f, S);
  session_assert_calls (f, 2);
}

/* Findings. */

static void
test_held (SessionFixture *f, gconstpointer data)
{
  g_autoptr (PsStatus) status = NULL;

  fake_run_then (FAKE_HELD, 0);
  ps_session_start (f->session);
  ps_test_assert_soon (session_needs_attention, f);
  session_assert_message (f, "30 files would be deleted");
  status = ps_session_get_status (f->session);
  g_assert_cmpuint (status->held->len, ==, 1);
  fake_run_then_error (PS_ENGINE_ERROR_RETRY, "gone");
  ps_session_decide_held (f->session, PS_GUARD_MASS_DELETE, TRUE);
  ps_test_assert_soon (session_is_offline, f);
  g_assert_cmpuint (fake_run_flags (), ==, PS_SYNC_ALLOW_DELETES);
  session_advance (f, 2 * S); /* it was not carried out: so again */
  session_assert_calls (f, 3);
  g_assert_cmpuint (fake_run_flags (), ==, PS_SYNC_ALLOW_DELETES);
  g_assert_cmpint (session_kind (f), ==, PS_STATUS_IDLE);
  session_advance (f, 3600 * S); /* and session_never again by itself */
  session_assert_calls (f, 4);
  g_assert_cmpuint (fake_run_flags (), ==, PS_SYNC_DEFAULT);
  ps_session_decide_held (f->session, PS_GUARD_MASS_DELETE, FALSE);
  session_assert_calls (f, 5);
  g_assert_cmpuint (fake_run_flags (), ==, PS_SYNC_KEEP_DELETED);
  ps_session_decide_held (f->session, PS_GUARD_RESTORED_SERVER, TRUE);
  session_assert_calls (f, 6);
  g_assert_cmpuint (fake_run_flags (), ==, PS_SYNC_ACCEPT_RESTORED);
  ps_session_decide_held (f->session, PS_GUARD_RESTORED_SERVER, FALSE);
  session_assert_calls (f, 7);
  g_assert_cmpuint (fake_run_flags (), ==, PS_SYNC_ACCEPT_RESTORED);
  ps_session_decide_held (f->session, PS_GUARD_ROOT, TRUE);
  session_assert_calls (f, 8);
  g_assert_cmpuint (fake_run_flags (), ==, PS_SYNC_DEFAULT);
}

/* While the answer waited, the run under way found other things than the person had seen. */
static void
test_held_changed (SessionFixture *f, gconstpointer data)
{
  fake_run_then (FAKE_HELD, 1);
  ps_session_start (f->session);
  ps_test_assert_soon (session_needs_attention, f);
  fake_run_then (FAKE_HELD, 2);
  ps_session_sync_now (f->session);
  ps_session_decide_held (f->session, PS_GUARD_MASS_DELETE, TRUE);
  session_assert_calls (f, 3);
  g_assert_cmpuint (fake_run_flags (), ==, PS_SYNC_DEFAULT);
  ps_test_assert_soon (session_is_idle, f);
  fake_run_then (FAKE_HELD, 2);
  ps_session_sync_now (f->session);
  ps_test_assert_soon (session_needs_attention, f);
  ps_session_decide_held (f->session, PS_GUARD_MASS_DELETE, TRUE);
  session_assert_calls (f, 5);
  g_assert_cmpuint (fake_run_flags (), ==, PS_SYNC_ALLOW_DELETES);
}

static void
test_problems (SessionFixture *f, gconstpointer data)
{
  g_autoptr (PsStatus) status = NULL;

  fake_run_then (FAKE_PROBLEMS, 600);
  fake_run_then_error (PS_ENGINE_ERROR_RETRY, "gone");
  ps_session_start (f->session);
  ps_test_assert_soon (session_has_error, f);
  session_assert_message (f, "600 paths could not be synced");
  session_advance (f, 3600 * S);
  ps_test_assert_soon (session_is_offline, f);
  status = ps_session_get_status (f->session);
  g_assert_cmpuint (status->problems->len, ==, 500); /* still known */
  g_assert_cmpuint (status->n_problems, ==, 600);
  session_advance (f, 2 * S);
  ps_test_assert_soon (session_is_idle, f);
}

/* What stays as it is, is told and logged once. */
static void
test_repeated (SessionFixture *f, gconstpointer data)
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
  session_assert_calls (f, 1);
  for (guint i = 2; i <= 4; i++)
    {
      session_advance (f, 3600 * S);
      session_assert_calls (f, i);
    }
  g_assert_cmpuint (f->events, ==, 3 + 1); /* and that the link was gone */
  status = ps_session_get_status (f->session);
  g_assert_cmpuint (status->n_problems, ==, 3);
  g_assert_true (g_file_get_contents (file, &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, 4 + 1);
  /* Gone and come again, it is news. */
  session_advance (f, 3600 * S);
  session_assert_calls (f, 5);
  fake_run_then (FAKE_PROBLEMS, 1);
  session_advance (f, 3600 * S);
  session_assert_calls (f, 6);
  g_assert_cmpuint (f->events, ==, 5);
}

static void
test_events (SessionFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) recent = NULL;
  g_autofree char *file = ps_log_file (f->state_dir);
  g_autofree char *text = NULL;

  fake_run_then (FAKE_EVENTS, 20000);
  ps_session_start (f->session);
  session_assert_calls (f, 1);
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
  SessionFixture *f = data;
  g_autoptr (PsStatus) status = ps_session_get_status (f->session);

  return status->kind == PS_STATUS_SYNCING && status->progress.bytes_done == 100;
}

static void
test_progress (SessionFixture *f, gconstpointer data)
{
  g_autoptr (PsStatus) status = NULL;

  fake_run_then (FAKE_PROGRESS, 0);
  ps_session_start (f->session);
  ps_test_assert_soon (has_rate, f);
  status = ps_session_get_status (f->session);
  g_assert_cmpuint (status->progress.server_total, ==, 10);
  g_assert_cmpuint (status->progress.bytes_total, ==, 1000);
}

static void
add_tests (void)
{
  session_add_test ("schedule", test_schedule);
  session_add_test ("slow-scan", test_slow_scan);
  session_add_test ("backoff", test_backoff);
  session_add_test ("no-lock-out", test_no_lock_out);
  session_add_test ("config-error", test_config_error);
  session_add_test ("look-again", test_look_again);
  session_add_test ("network", test_network);
  session_add_test ("metered", test_metered);
  session_add_test ("sleep", test_sleep);
  session_add_test ("pause", test_pause);
  session_add_test ("pause-for-a-while", test_pause_for_a_while);
  session_add_test ("held", test_held);
  session_add_test ("held-changed", test_held_changed);
  session_add_test ("problems", test_problems);
  session_add_test ("repeated", test_repeated);
  session_add_test ("events", test_events);
  session_add_test ("progress", test_progress);
}

int
main (int argc, char **argv)
{
  return session_fixture_main (argc, argv, add_tests);
}
