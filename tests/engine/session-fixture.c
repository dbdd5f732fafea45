/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/session-fixture.h"

#include "fakes/home.h"
#include "util/redact.h"

static int64_t
fixture_now (gpointer data)
{
  const SessionFixture *f = data;

  return WALL * G_GINT64_CONSTANT (1000000000) + f->now * 1000;
}

static int64_t
fixture_monotonic (gpointer data)
{
  return ((const SessionFixture *)data)->now;
}

static void
on_event (PsSession *session, PsEvent *event, SessionFixture *f)
{
  f->events++;
}

static void
on_changed (PsSession *session, SessionFixture *f)
{
  f->changes++;
}

static void
on_question (PsSession *session, PsQuestion *question, SessionFixture *f)
{
  g_clear_pointer (&f->question, ps_question_unref);
  if (f->keep_questions)
    f->question = ps_question_ref (question);
}

static void
on_accepted (PsSession *session, PsQuestion *question, SessionFixture *f)
{
  f->accepted++;
  g_clear_pointer (&f->accepted_secret, ps_secret_free);
  f->accepted_secret = ps_question_dup_answer (question);
}

void
session_fixture_open (SessionFixture *f)
{
  f->session = ps_session_new_with_clock (f->config, f->state_dir, &f->clock);
  g_signal_connect (f->session, "event", G_CALLBACK (on_event), f);
  g_signal_connect (f->session, "status-changed", G_CALLBACK (on_changed), f);
  g_signal_connect (f->session, "question", G_CALLBACK (on_question), f);
  g_signal_connect (f->session, "secret-accepted", G_CALLBACK (on_accepted), f);
}

static void
setup (SessionFixture *f, gconstpointer data)
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
  f->config->throttling
      = 3600; /* of the real time: the timer itself session_never fires in a test */
  f->state_dir = g_build_filename (g_get_user_state_dir (), "pisync", "pisync", NULL);
  session_fixture_open (f);
}

void
session_fixture_on_closed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  ps_session_close_finish (PS_SESSION (source), result, &error);
  g_assert_no_error (error);
  *(gboolean *)data = TRUE;
}

gboolean
session_is_true (gpointer data)
{
  return *(gboolean *)data;
}

void
session_fixture_close (SessionFixture *f)
{
  gboolean closed = FALSE;

  ps_session_close_async (f->session, session_fixture_on_closed, &closed);
  ps_test_assert_soon (session_is_true, &closed);
  g_assert_cmpuint (fake_run_live (), ==, 0);
  g_assert_finalize_object (f->session);
  f->session = NULL;
}

static void
teardown (SessionFixture *f, gconstpointer data)
{
  if (f->session != NULL)
    session_fixture_close (f);
  g_clear_pointer (&f->question, ps_question_unref);
  g_clear_pointer (&f->accepted_secret, ps_secret_free);
  ps_config_free (f->config);
  g_free (f->state_dir);
}

/* Waiting for what a thread does. */

void
session_on_synced (GObject *source, GAsyncResult *result, gpointer data)
{
  SessionResult *r = data;

  r->ok = ps_session_sync_finish (PS_SESSION (source), result, &r->summary, &r->error);
  r->done = TRUE;
}

PsStatusKind
session_kind (SessionFixture *f)
{
  g_autoptr (PsStatus) status = ps_session_get_status (f->session);

  return status->kind;
}

gboolean
session_is_idle (gpointer data)
{
  return session_kind (data) == PS_STATUS_IDLE;
}

gboolean
session_is_offline (gpointer data)
{
  return session_kind (data) == PS_STATUS_OFFLINE;
}

gboolean
session_needs_attention (gpointer data)
{
  return session_kind (data) == PS_STATUS_ATTENTION;
}

gboolean
session_has_error (gpointer data)
{
  return session_kind (data) == PS_STATUS_ERROR;
}

gboolean
session_is_hanging (gpointer data)
{
  return fake_run_hanging () == 1;
}

gboolean
session_has_question (gpointer data)
{
  return ((SessionFixture *)data)->question != NULL;
}

/* Whether the next run is planned or will session_never be: so none is under way. */
typedef struct
{
  guint calls;
  SessionFixture *f;
} Calls;

static gboolean
has_called (gpointer data)
{
  const Calls *calls = data;
  g_autoptr (PsStatus) status = ps_session_get_status (calls->f->session);

  return fake_run_calls () == calls->calls && status->next_try != 0;
}

void
session_assert_calls (SessionFixture *f, guint number)
{
  Calls calls = { number, f };

  ps_test_assert_soon (has_called, &calls);
}

void
session_advance (SessionFixture *f, gint64 us)
{
  f->now += us;
  ps_session_tick (f->session);
}

gboolean
session_never (gpointer data)
{
  return FALSE;
}

void
session_settle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

void
session_assert_message (SessionFixture *f, const char *message)
{
  g_autoptr (PsStatus) status = ps_session_get_status (f->session);

  g_assert_cmpstr (status->message, ==, message);
}

void
session_add_test (const char *name, void (*test) (SessionFixture *, gconstpointer))
{
  g_autofree char *path = g_strconcat ("/engine/session/", name, NULL);

  g_test_add (path, SessionFixture, NULL, setup, test, teardown);
}

int
session_fixture_main (int argc, char **argv, void (*add_tests) (void))
{
  test_home_make ();
  g_test_init (&argc, &argv, NULL);
  add_tests ();
  return test_home_remove (g_test_run ());
}
