/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The session: runs for a caller, questions, changed settings. */
#include "engine/session-fixture.h"

#include "engine/log.h"

static void
on_checked (GObject *source, GAsyncResult *result, gpointer data)
{
  SessionResult *r = data;

  r->ok = ps_session_check_finish (PS_SESSION (source), result, &r->summary, &r->error);
  r->done = TRUE;
}

static void
test_one_run (SessionFixture *f, gconstpointer data)
{
  SessionResult first = { 0 }, second = { 0 }, third = { 0 };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  fake_run_then (FAKE_HELD, 0);
  ps_session_sync_async (f->session, PS_SYNC_FULL, NULL, session_on_synced, &first);
  g_assert_cmpint (session_kind (f), ==, PS_STATUS_SYNCING);
  ps_session_sync_async (f->session, PS_SYNC_DEFAULT, NULL, session_on_synced, &second);
  ps_test_assert_soon (session_is_true, &first.done);
  ps_test_assert_soon (session_is_true, &second.done);
  g_assert_no_error (first.error);
  g_assert_true (first.ok);
  g_assert_cmpuint (first.summary.held, ==, 30);
  g_assert_cmpuint (fake_run_flags (), ==, PS_SYNC_FULL);
  g_assert_error (second.error, G_IO_ERROR, G_IO_ERROR_PENDING);
  g_clear_error (&second.error);

  fake_run_then (FAKE_HANG, 0);
  ps_session_sync_async (f->session, PS_SYNC_DEFAULT, cancellable, session_on_synced, &third);
  ps_test_assert_soon (session_is_hanging, NULL);
  g_cancellable_cancel (cancellable);
  ps_test_assert_soon (session_is_true, &third.done);
  g_assert_error (third.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&third.error);
  session_settle ();
  g_assert_cmpuint (fake_run_calls (), ==, 2); /* not started: no run by itself */
}

static void
test_dry_run (SessionFixture *f, gconstpointer data)
{
  SessionResult result = { 0 };
  g_autofree char *file = ps_log_file (f->state_dir);
  g_autoptr (GPtrArray) recent = NULL;
  g_autoptr (PsStatus) status = NULL;

  fake_run_then (FAKE_EVENTS, 8);
  ps_session_sync_async (f->session, PS_SYNC_DRY_RUN, NULL, session_on_synced, &result);
  ps_test_assert_soon (session_is_true, &result.done);
  g_assert_no_error (result.error);
  g_assert_cmpuint (f->events, ==, 8);
  g_assert_false (g_file_test (file, G_FILE_TEST_EXISTS));
  recent = ps_session_dup_recent (f->session);
  g_assert_cmpuint (recent->len, ==, 0);
  status = ps_session_get_status (f->session);
  g_assert_cmpint (status->last_sync, ==, 0);
}

static void
test_check (SessionFixture *f, gconstpointer data)
{
  SessionResult result = { 0 };

  fake_run_then_error (PS_ENGINE_ERROR_FAILED, "disk");
  ps_session_check_async (f->session, NULL, on_checked, &result);
  ps_test_assert_soon (session_is_true, &result.done);
  g_assert_true (fake_run_was_check ());
  g_assert_error (result.error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_FAILED);
  g_clear_error (&result.error);
}

/* Questions. */

static void
test_password (SessionFixture *f, gconstpointer data)
{
  fake_run_then (FAKE_PASSWORD, 0);
  ps_session_start (f->session);
  ps_test_assert_soon (session_has_question, f);
  g_assert_cmpint (session_kind (f), ==, PS_STATUS_ATTENTION);
  g_assert_cmpstr (ps_question_pair (f->question), ==, "pisync");
  g_assert_cmpuint (ps_question_secret (f->question)->attempt, ==, 0);
  ps_question_answer_secret (f->question, "wrong");
  g_clear_pointer (&f->question, ps_question_unref);
  ps_test_assert_soon (session_has_question, f);
  g_assert_cmpuint (ps_question_secret (f->question)->attempt, ==, 1);
  g_assert_cmpuint (f->accepted, ==, 0);
  ps_question_answer_secret (f->question, "sesame");
  session_assert_calls (f, 1);
  g_assert_cmpint (session_kind (f), ==, PS_STATUS_IDLE);
  g_assert_cmpuint (f->accepted, ==, 1);
  g_assert_cmpstr (f->accepted_secret, ==, "sesame");
}

static void
test_nobody_answers (SessionFixture *f, gconstpointer data)
{
  f->keep_questions = FALSE;
  fake_run_then (FAKE_PASSWORD, 0);
  ps_session_start (f->session);
  ps_test_assert_soon (session_needs_attention, f);
  while (fake_run_calls () == 0 || session_kind (f) != PS_STATUS_ATTENTION)
    g_main_context_iteration (NULL, FALSE);
  ps_test_wait_for (session_never, NULL, 0);
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
test_password_file (SessionFixture *f, gconstpointer data)
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
  session_assert_calls (f, 1);
  g_assert_cmpint (session_kind (f), ==, PS_STATUS_IDLE);
  g_assert_null (f->question);
  g_assert_cmpuint (f->accepted, ==, 0); /* nothing to remember */

  g_assert_true (
      g_file_set_contents_full (file, "old\n", -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
  fake_run_then (FAKE_PASSWORD, 0);
  ps_session_sync_now (f->session);
  ps_test_assert_soon (session_needs_attention, f);
  session_assert_message (f, expected);
  g_assert_null (f->question);
}

static void
test_host_key (SessionFixture *f, gconstpointer data)
{
  fake_run_then (FAKE_HOST_KEY, 0);
  fake_run_then (FAKE_HOST_KEY, 0);
  ps_session_start (f->session);
  ps_test_assert_soon (session_has_question, f);
  g_assert_cmpstr (ps_question_host_key (f->question)->fingerprint, ==, "SHA256:abc");
  ps_question_answer_trust (f->question, TRUE);
  session_assert_calls (f, 1);
  g_clear_pointer (&f->question, ps_question_unref);
  ps_session_sync_now (f->session);
  ps_test_assert_soon (session_has_question, f);
  ps_question_answer_trust (f->question, FALSE);
  while (fake_run_calls () < 2 || ps_question_is_open (f->question))
    g_main_context_iteration (NULL, FALSE);
  ps_test_assert_soon (session_needs_attention, f);
}

/* Configuration. */

static void
test_new_config (SessionFixture *f, gconstpointer data)
{
  ps_session_start (f->session);
  session_assert_calls (f, 1);
  f->config->throttling = 1800;
  ps_session_set_config (f->session, f->config);
  session_assert_calls (f, 2);
  g_assert_cmpuint (fake_run_made (), ==, 1);
  g_free (f->config->host);
  f->config->host = g_strdup ("other");
  fake_run_then (FAKE_HANG, 0);
  ps_session_set_config (f->session, f->config);
  ps_test_assert_soon (session_is_hanging, NULL);
  g_assert_cmpuint (fake_run_made (), ==, 2);
  g_assert_cmpuint (fake_run_live (), ==, 1);
  /* While a run is under way: with the next one. */
  g_free (f->config->host);
  f->config->host = g_strdup ("third");
  ps_session_set_config (f->session, f->config);
  session_settle ();
  g_assert_cmpuint (fake_run_made (), ==, 2);
  ps_session_pause (f->session, 0);
  ps_session_resume (f->session);
  session_assert_calls (f, 4);
  g_assert_cmpuint (fake_run_made (), ==, 3);
  g_assert_cmpuint (fake_run_live (), ==, 1);
}

static void
test_shared_folder (SessionFixture *f, gconstpointer data)
{
  g_autofree char *dir = ps_config_dir ();
  g_autofree char *file = g_build_filename (dir, "other.ini", NULL);

  g_assert_cmpint (g_mkdir_with_parents (dir, 0700), ==, 0);
  g_assert_true (g_file_set_contents (file,
                                      "[HOST]\nhost=x\n[LOCAL CONFIG]\nlocal_base=/nonexistent\n"
                                      "[REMOTE CONFIG]\nremote_base=y\n",
                                      -1, NULL));
  ps_session_start (f->session);
  ps_test_assert_soon (session_has_error, f);
  g_assert_cmpuint (fake_run_calls (), ==, 0);
}

static void
test_last_sync_outlives (SessionFixture *f, gconstpointer data)
{
  g_autoptr (PsStatus) status = NULL;

  ps_session_start (f->session);
  session_assert_calls (f, 1);
  session_fixture_close (f);
  session_fixture_open (f);
  status = ps_session_get_status (f->session);
  g_assert_cmpint (status->last_sync, ==, WALL + 1000);
}

/* The end. */

static void
add_tests (void)
{
  session_add_test ("one-run", test_one_run);
  session_add_test ("dry-run", test_dry_run);
  session_add_test ("check", test_check);
  session_add_test ("password", test_password);
  session_add_test ("nobody-answers", test_nobody_answers);
  session_add_test ("password-file", test_password_file);
  session_add_test ("host-key", test_host_key);
  session_add_test ("new-config", test_new_config);
  session_add_test ("shared-folder", test_shared_folder);
  session_add_test ("last-sync-outlives", test_last_sync_outlives);
}

int
main (int argc, char **argv)
{
  return session_fixture_main (argc, argv, add_tests);
}
