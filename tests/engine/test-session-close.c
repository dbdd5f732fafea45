/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The session: closed or let go of at any moment. */
#include "engine/session-fixture.h"

static void
test_close_while_asking (SessionFixture *f, gconstpointer data)
{
  fake_run_then (FAKE_PASSWORD, 0);
  ps_session_start (f->session);
  ps_test_assert_soon (session_has_question, f);
  session_fixture_close (f);
  g_assert_false (ps_question_is_open (f->question));
}

static void
test_close_while_running (SessionFixture *f, gconstpointer data)
{
  SessionResult result = { 0 };
  gint64 began = g_get_monotonic_time ();

  fake_run_then (FAKE_HANG, 0);
  ps_session_sync_async (f->session, PS_SYNC_DEFAULT, NULL, session_on_synced, &result);
  ps_test_assert_soon (session_is_hanging, NULL);
  session_fixture_close (f);
  g_assert_cmpint (g_get_monotonic_time () - began, <, 10 * S);
  g_assert_true (result.done);
  g_assert_error (result.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&result.error);
}

static void
close_at_once (PsSession *session, gpointer data)
{
  g_signal_handlers_disconnect_by_func (session, close_at_once, data);
  ps_session_close_async (session, session_fixture_on_closed, data);
}

/* From within a signal of its own. */
static void
test_close_when_told (SessionFixture *f, gconstpointer data)
{
  gboolean closed = FALSE;

  fake_run_then (FAKE_EVENTS, 500);
  ps_session_start (f->session);
  g_signal_connect (f->session, "status-changed", G_CALLBACK (close_at_once), &closed);
  ps_test_assert_soon (session_is_true, &closed);
  g_assert_cmpuint (fake_run_live (), ==, 0);
  g_assert_finalize_object (f->session);
  f->session = NULL;
}

/* Let go without closing: the run under way ends first. */
static void
test_let_go (SessionFixture *f, gconstpointer data)
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
test_cycles (SessionFixture *f, gconstpointer data)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  guint threads = count_threads ();

  session_fixture_close (f);
  g_thread_pool_set_max_unused_threads (0);
  threads = MIN (threads, count_threads ());
  for (guint i = 0; i < 200; i++)
    {
      gboolean closed = FALSE;
      guint rounds = (guint)g_test_rand_int_range (0, 20);

      fake_run_then (g_test_rand_int_range (FAKE_HANG, FAKE_HOST_KEY + 1), 50);
      g_main_context_push_thread_default (context);
      session_fixture_open (f);
      ps_session_start (f->session);
      while (rounds-- > 0)
        g_main_context_iteration (context, FALSE);
      ps_session_close_async (f->session, session_fixture_on_closed, &closed);
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
add_tests (void)
{
  session_add_test ("close-while-asking", test_close_while_asking);
  session_add_test ("close-while-running", test_close_while_running);
  session_add_test ("close-when-told", test_close_when_told);
  session_add_test ("let-go", test_let_go);
  session_add_test ("cycles", test_cycles);
}

int
main (int argc, char **argv)
{
  return session_fixture_main (argc, argv, add_tests);
}
