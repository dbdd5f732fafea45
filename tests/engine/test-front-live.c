/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The session over the real run and a real sshd: it keeps going by itself, and ends when told. */
#include "engine/session.h"
#include "fakes/home.h"
#include "fakes/sshd.h"

#include <string.h>

#define SOON 40 /* seconds; each wait is over in a few on an idle machine */

typedef struct
{
  PsTestSshd *sshd; /* NULL: skipped */
  PsConfig *config;
  PsSession *session;
  const char *wanted; /* a file that is waited for, below @where */
  const char *where;
  PsStatusKind kind; /* that is waited for */
  guint changes;
} Fixture;

static void
on_question (PsSession *session, PsQuestion *question, Fixture *f)
{
  if (ps_question_kind (question) == PS_QUESTION_HOST_KEY)
    ps_question_answer_trust (question, TRUE);
}

static void
on_changed (PsSession *session, Fixture *f)
{
  f->changes++;
}

static void
setup (Fixture *f, gconstpointer data)
{
  static const PsTestSshdOptions by_key = { .user_keys = "ed25519" };
  g_autofree char *file = ps_config_default_file ();

  test_home_empty (NULL, NULL);
  f->sshd = ps_test_sshd_new (&by_key);
  if (f->sshd == NULL)
    return;
  f->config = ps_config_new (file);
  f->config->host = g_strdup ("127.0.0.1");
  f->config->port = (guint)ps_test_sshd_port (f->sshd);
  f->config->user = g_strdup (ps_test_sshd_user (f->sshd));
  f->config->keyfile = ps_test_sshd_user_key (f->sshd, "ed25519");
  f->config->local_base = g_build_filename (g_get_home_dir (), "PiSync", NULL);
  f->config->remote_base = g_strdup (ps_test_sshd_remote_files (f->sshd));
  f->config->throttling = 1;
  g_assert_cmpint (g_mkdir_with_parents (f->config->local_base, 0700), ==, 0);
  f->session = ps_session_new (f->config, NULL);
  g_signal_connect (f->session, "question", G_CALLBACK (on_question), f);
  g_signal_connect (f->session, "status-changed", G_CALLBACK (on_changed), f);
}

static void
on_closed (GObject *source, GAsyncResult *result, gpointer data)
{
  *(gboolean *)data = ps_session_close_finish (PS_SESSION (source), result, NULL);
}

static gboolean
is_true (gpointer data)
{
  return *(gboolean *)data;
}

static void
close_session (Fixture *f)
{
  gint64 began = g_get_monotonic_time ();
  gboolean closed = FALSE;

  ps_session_close_async (f->session, on_closed, &closed);
  ps_test_assert_soon (is_true, &closed);
  g_assert_cmpint (g_get_monotonic_time () - began, <, 10 * G_USEC_PER_SEC);
  g_assert_finalize_object (f->session);
  f->session = NULL;
}

static void
teardown (Fixture *f, gconstpointer data)
{
  if (f->sshd == NULL)
    return;
  if (f->session != NULL)
    close_session (f);
  ps_config_free (f->config);
  ps_test_sshd_free (f->sshd);
}

static gboolean
is_there (gpointer data)
{
  Fixture *f = data;

  return ps_test_exists (f->where, f->wanted);
}

/* What the session thinks, for a failure. */
static void
explain (Fixture *f, const char *what)
{
  g_autoptr (PsStatus) status = ps_session_get_status (f->session);
  g_autoptr (GPtrArray) recent = ps_session_dup_recent (f->session);
  g_autofree char *text = ps_status_to_text (status);

  g_printerr ("waited in vain for %s; %s\n", what, text);
  for (guint i = 0; i < recent->len; i++)
    {
      g_autofree char *line = ps_event_to_text (recent->pdata[i]);

      g_printerr ("  %s\n", line);
    }
}

static void
assert_appears (Fixture *f, const char *where, const char *name)
{
  f->where = where;
  f->wanted = name;
  if (ps_test_wait_for (is_there, f, SOON))
    return;
  explain (f, name);
  g_assert_not_reached ();
}

static gboolean
has_kind (gpointer data)
{
  Fixture *f = data;
  g_autoptr (PsStatus) status = ps_session_get_status (f->session);

  return status->kind == f->kind;
}

static void
assert_becomes (Fixture *f, PsStatusKind kind)
{
  f->kind = kind;
  if (ps_test_wait_for (has_kind, f, SOON))
    return;
  explain (f, ps_status_kind_name (kind));
  g_assert_not_reached ();
}

/* Both ways, through a server that goes away for a while. */
static void
test_keeps_going (Fixture *f, gconstpointer data)
{
  const char *remote;

  if (f->sshd == NULL)
    return;
  remote = ps_test_sshd_files (f->sshd);
  ps_test_write (f->config->local_base, "first", "x");
  ps_session_start (f->session);
  assert_appears (f, remote, "first");
  assert_becomes (f, PS_STATUS_IDLE);
  ps_test_write (remote, "second", "y");
  assert_appears (f, f->config->local_base, "second");

  ps_test_sshd_stop (f->sshd);
  ps_test_write (f->config->local_base, "third", "z");
  assert_becomes (f, PS_STATUS_OFFLINE);
  ps_test_sshd_start (f->sshd);
  assert_appears (f, remote, "third");
  assert_becomes (f, PS_STATUS_IDLE);

  ps_test_sshd_cut (f->sshd);
  ps_test_write (remote, "fourth", "z");
  assert_appears (f, f->config->local_base, "fourth");
  ps_session_suspend (f->session);
  ps_session_wake (f->session);
  ps_test_write (remote, "fifth", "z");
  assert_appears (f, f->config->local_base, "fifth");
}

static gboolean
is_sending (gpointer data)
{
  Fixture *f = data;
  g_autoptr (PsStatus) status = ps_session_get_status (f->session);

  return status->progress.bytes_up > 0;
}

/* In the midst of a big upload. */
static void
test_close_while_syncing (Fixture *f, gconstpointer data)
{
  if (f->sshd == NULL)
    return;
  ps_test_make_tree (f->config->local_base, "big=@30000000:1");
  f->config->upload_limit = 100;
  ps_session_set_config (f->session, f->config);
  ps_session_start (f->session);
  assert_becomes (f, PS_STATUS_SYNCING);
  ps_test_wait_for (is_sending, f, SOON);
  g_assert_true (is_sending (f));
  close_session (f);
  g_assert_false (ps_test_exists (ps_test_sshd_files (f->sshd), "big"));
}

/* A server that takes the connection and then says nothing. */
static void
test_close_while_connecting (Fixture *f, gconstpointer data)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();

  if (f->sshd == NULL)
    return;
  f->config->port = g_socket_listener_add_any_inet_port (listener, NULL, NULL);
  ps_session_set_config (f->session, f->config);
  ps_session_start (f->session);
  assert_becomes (f, PS_STATUS_SYNCING);
  for (guint i = 0; i < 20; i++)
    g_main_context_iteration (NULL, FALSE);
  close_session (f);
}

/* Two sessions of one pair: the second says so, and takes over when the first is gone. */
static void
test_busy (Fixture *f, gconstpointer data)
{
  Fixture second = *f;
  g_autoptr (PsStatus) status = NULL;

  if (f->sshd == NULL)
    return;
  ps_session_start (f->session);
  assert_appears (f, f->config->local_base, ".pisync/root");
  assert_becomes (f, PS_STATUS_IDLE);
  second.session = ps_session_new (f->config, NULL);
  ps_session_start (second.session);
  assert_becomes (&second, PS_STATUS_ERROR);
  status = ps_session_get_status (second.session);
  g_assert_cmpint (status->error_code, ==, PS_ENGINE_ERROR_BUSY);
  close_session (f);
  ps_session_sync_now (second.session);
  assert_becomes (&second, PS_STATUS_IDLE);
  close_session (&second);
}

int
main (int argc, char **argv)
{
  test_home_make ();
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/engine/live/keeps-going", Fixture, NULL, setup, test_keeps_going, teardown);
  g_test_add ("/engine/live/close-while-syncing", Fixture, NULL, setup, test_close_while_syncing,
              teardown);
  g_test_add ("/engine/live/close-while-connecting", Fixture, NULL, setup,
              test_close_while_connecting, teardown);
  g_test_add ("/engine/live/busy", Fixture, NULL, setup, test_busy, teardown);
  return test_home_remove (g_test_run ());
}
