/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What setup does, against a real sshd. */
#include "engine/run.h"
#include "engine/server.h"
#include "fakes/home.h"
#include "fakes/sshd.h"
#include "util/redact.h"

#include <string.h>

typedef struct
{
  PsTestSshd *sshd; /* NULL: skipped */
  PsConfig *config;
  PsServer *server;
  guint questions, accepted;
  gboolean trusts;
  const char *const *secrets; /* (nullable) answers, one after the other */
  gboolean keeps_waiting;     /* never answers */
  PsQuestion *open;           /* (nullable) then */
} Fixture;

static void
answer_secret (Fixture *f, PsQuestion *question)
{
  if (f->secrets == NULL || *f->secrets == NULL)
    ps_question_refuse (question);
  else
    ps_question_answer_secret (question, *f->secrets++);
}

static void
on_question (PsServer *server, PsQuestion *question, Fixture *f)
{
  f->questions++;
  if (f->keeps_waiting)
    {
      g_clear_pointer (&f->open, ps_question_unref);
      f->open = ps_question_ref (question);
    }
  else if (ps_question_kind (question) == PS_QUESTION_HOST_KEY)
    ps_question_answer_trust (question, f->trusts);
  else
    answer_secret (f, question);
}

static void
on_accepted (PsServer *server, PsQuestion *question, Fixture *f)
{
  f->accepted++;
}

static void
new_server (Fixture *f, const char *fingerprint)
{
  g_clear_object (&f->server);
  f->server = ps_server_new (f->config, fingerprint, FALSE);
  g_signal_connect (f->server, "question", G_CALLBACK (on_question), f);
  g_signal_connect (f->server, "secret-accepted", G_CALLBACK (on_accepted), f);
}

static void
setup (Fixture *f, gconstpointer data)
{
  const PsTestSshdOptions *options = data;
  g_autofree char *file = ps_config_default_file ();

  test_home_empty (NULL, NULL);
  f->sshd = ps_test_sshd_new (options);
  if (f->sshd == NULL)
    return;
  f->trusts = TRUE;
  f->config = ps_config_new (file);
  f->config->host = g_strdup ("127.0.0.1");
  f->config->port = (guint)ps_test_sshd_port (f->sshd);
  f->config->user = g_strdup (ps_test_sshd_user (f->sshd));
  f->config->keyfile = ps_test_sshd_user_key (f->sshd, "ed25519");
  f->config->local_base = g_build_filename (g_get_home_dir (), "PiSync", NULL);
  f->config->remote_base = g_build_filename (ps_test_sshd_remote_files (f->sshd), "deep", NULL);
  new_server (f, NULL);
}

static void
teardown (Fixture *f, gconstpointer data)
{
  if (f->sshd == NULL)
    return;
  g_clear_pointer (&f->open, ps_question_unref);
  g_assert_finalize_object (f->server);
  ps_config_free (f->config);
  ps_test_sshd_free (f->sshd);
}

/* Calls, waited for. */

typedef struct
{
  GAsyncResult *result;
} Slot;

static void
on_ready (GObject *source, GAsyncResult *result, gpointer data)
{
  ((Slot *)data)->result = g_object_ref (result);
}

static gboolean
is_ready (gpointer data)
{
  return ((Slot *)data)->result != NULL;
}

static gboolean
connect_it (Fixture *f, GCancellable *cancellable, GError **error)
{
  Slot slot = { 0 };
  gboolean ok;

  ps_server_connect_async (f->server, cancellable, on_ready, &slot);
  ps_test_assert_soon (is_ready, &slot);
  ok = ps_server_connect_finish (f->server, slot.result, error);
  g_object_unref (slot.result);
  return ok;
}

static GPtrArray *
list (Fixture *f, const char *path, char **real_path, GError **error)
{
  Slot slot = { 0 };
  GPtrArray *names;

  ps_server_list_async (f->server, path, NULL, on_ready, &slot);
  ps_test_assert_soon (is_ready, &slot);
  names = ps_server_list_finish (f->server, slot.result, real_path, error);
  g_object_unref (slot.result);
  return names;
}

static gboolean
make_dir (Fixture *f, const char *path, GError **error)
{
  Slot slot = { 0 };
  gboolean ok;

  ps_server_mkdir_async (f->server, path, NULL, on_ready, &slot);
  ps_test_assert_soon (is_ready, &slot);
  ok = ps_server_mkdir_finish (f->server, slot.result, error);
  g_object_unref (slot.result);
  return ok;
}

static gboolean
make_roots (Fixture *f, gboolean rebind, GError **error)
{
  Slot slot = { 0 };
  gboolean ok;

  ps_server_make_roots_async (f->server, f->config, rebind, NULL, on_ready, &slot);
  ps_test_assert_soon (is_ready, &slot);
  ok = ps_server_make_roots_finish (f->server, slot.result, error);
  g_object_unref (slot.result);
  return ok;
}

static void
assert_connects (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = connect_it (f, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
}

/* The tests. */

static void
test_folders (Fixture *f, gconstpointer data)
{
  const char *files;
  g_autoptr (GError) error = NULL;
  g_autofree char *real = NULL;
  g_autofree char *login_dir = NULL;
  g_autofree char *new_dir = NULL;
  g_autoptr (GPtrArray) names = NULL;
  g_autoptr (GPtrArray) home = NULL;

  if (f->sshd == NULL)
    return;
  files = ps_test_sshd_remote_files (f->sshd);
  ps_test_make_tree (ps_test_sshd_files (f->sshd), "b/ a%20a/ file=x link>b .hidden/ bad%ff/");
  assert_connects (f);
  g_assert_cmpuint (f->questions, ==, 1);
  names = list (f, files, &real, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (real, ==, files);
  g_assert_cmpuint (names->len, ==, 3);
  g_assert_cmpstr (names->pdata[0], ==, ".hidden");
  g_assert_cmpstr (names->pdata[1], ==, "a a");
  g_assert_cmpstr (names->pdata[2], ==, "b");

  home = list (f, "", &login_dir, &error);
  g_assert_no_error (error);
  g_assert_true (g_path_is_absolute (login_dir));

  new_dir = g_build_filename (files, "b", "new", "er", NULL);
  g_assert_true (make_dir (f, new_dir, &error));
  g_assert_no_error (error);
  g_assert_true (ps_test_exists (ps_test_sshd_files (f->sshd), "b/new/er"));
  g_assert_true (make_dir (f, new_dir, &error));
}

static void
test_folder_errors (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *real = NULL;
  g_autofree char *file = NULL;

  if (f->sshd == NULL)
    return;
  g_assert_null (list (f, "", &real, &error));
  g_assert_error (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_FAILED);
  g_clear_error (&error);
  assert_connects (f);
  g_assert_null (list (f, "/nonexistent/folder", &real, &error));
  g_assert_error (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, "/nonexistent"));
  g_clear_error (&error);
  ps_test_write (ps_test_sshd_files (f->sshd), "file", "x");
  file = g_build_filename (ps_test_sshd_remote_files (f->sshd), "file", NULL);
  g_assert_false (make_dir (f, file, &error));
  g_assert_error (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_FAILED);
  g_assert_null (real);
}

static void
test_roots (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *here = NULL;
  g_autofree char *there = NULL;
  g_autofree char *second = NULL;

  if (f->sshd == NULL)
    return;
  assert_connects (f);
  g_assert_true (make_roots (f, FALSE, &error));
  g_assert_no_error (error);
  here = ps_test_read (f->config->local_base, ".pisync/root", NULL);
  there = ps_test_read (ps_test_sshd_files (f->sshd), "deep/.pisync/root", NULL);
  g_assert_nonnull (here);
  g_assert_cmpstr (here, ==, there);

  /* Another device adopts the server's; a folder of another pair is refused, unless it is meant. */
  g_free (f->config->local_base);
  f->config->local_base = g_build_filename (g_get_home_dir (), "Second", NULL);
  g_assert_true (make_roots (f, FALSE, &error));
  second = ps_test_read (f->config->local_base, ".pisync/root", NULL);
  g_assert_cmpstr (second, ==, there);
  g_free (f->config->remote_base);
  f->config->remote_base = g_build_filename (ps_test_sshd_remote_files (f->sshd), "other", NULL);
  g_assert_false (make_roots (f, FALSE, &error));
  g_assert_error (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_CONFIG);
  g_clear_error (&error);
  g_assert_true (make_roots (f, TRUE, &error));
  g_assert_no_error (error);
}

static void
test_roots_refused (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  if (f->sshd == NULL)
    return;
  assert_connects (f);
  g_free (f->config->local_base);
  f->config->local_base = g_strdup ("/proc/nowhere");
  g_assert_false (make_roots (f, FALSE, &error));
  g_assert_error (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_CONFIG);
  g_assert_nonnull (strstr (error->message, "/proc/nowhere"));
}

/* The first directory that cannot be made says why, not those below it. */
static void
test_roots_denied (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  if (f->sshd == NULL)
    return;
  assert_connects (f);
  g_free (f->config->remote_base);
  f->config->remote_base = g_strdup ("/pisync-not-there/disk/PiSync");
  g_assert_false (make_roots (f, FALSE, &error));
  g_assert_nonnull (strstr (error->message, "/pisync-not-there/disk/PiSync"));
  g_assert_nonnull (strstr (error->message, "permission denied"));
}

static void
test_not_trusted (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  if (f->sshd == NULL)
    return;
  f->trusts = FALSE;
  g_assert_false (connect_it (f, NULL, &error));
  g_assert_error (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_AUTH);
  g_assert_cmpuint (f->questions, ==, 1);
}

static void
test_fingerprint (Fixture *f, gconstpointer data)
{
  g_autofree char *fingerprint = NULL;

  if (f->sshd == NULL)
    return;
  fingerprint = ps_test_sshd_fingerprint (f->sshd, "ed25519");
  new_server (f, fingerprint);
  assert_connects (f);
  g_assert_cmpuint (f->questions, ==, 0);
}

static void
test_cancel (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  Slot slot = { 0 };

  if (f->sshd == NULL)
    return;
  f->keeps_waiting = TRUE;
  ps_server_connect_async (f->server, cancellable, on_ready, &slot);
  while (f->open == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_cancellable_cancel (cancellable);
  ps_test_assert_soon (is_ready, &slot);
  g_assert_false (ps_server_connect_finish (f->server, slot.result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (ps_question_is_open (f->open));
  g_object_unref (slot.result);
  f->keeps_waiting = FALSE;
  assert_connects (f); /* and can be used again */
}

static void
test_unreachable (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *real = NULL;

  if (f->sshd == NULL)
    return;
  assert_connects (f);
  ps_test_sshd_stop (f->sshd);
  g_assert_null (list (f, "", &real, &error));
  g_assert_error (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_RETRY);
  g_clear_error (&error);
  g_assert_false (connect_it (f, NULL, &error));
  g_assert_error (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_RETRY);
  ps_test_sshd_start (f->sshd);
  assert_connects (f);
}

static void
test_password (Fixture *f, gconstpointer data)
{
  const char *secrets[] = { "wrong", NULL, NULL };

  if (f->sshd == NULL)
    return;
  secrets[1] = ps_test_sshd_password (f->sshd);
  f->secrets = secrets;
  f->config->auth = PS_AUTH_PASSWORD;
  new_server (f, NULL);
  assert_connects (f);
  g_assert_cmpuint (f->questions, ==, 3);
  g_assert_cmpuint (f->accepted, ==, 1);
}

static char *
install_key (Fixture *f, GError **error)
{
  Slot slot = { 0 };
  char *file;

  ps_server_install_key_async (f->server, NULL, on_ready, &slot);
  ps_test_assert_soon (is_ready, &slot);
  file = ps_server_install_key_finish (f->server, slot.result, error);
  g_object_unref (slot.result);
  return file;
}

/* From a password to a key. */
static void
test_install_key (Fixture *f, gconstpointer data)
{
  const char *secrets[] = { NULL, NULL };
  g_autoptr (GError) error = NULL;
  g_autofree char *dir = ps_config_dir ();
  g_autofree char *expected = g_build_filename (dir, "id_ed25519-127.0.0.1", NULL);
  g_autofree char *file = NULL;

  if (f->sshd == NULL)
    return;
  secrets[0] = ps_test_sshd_password (f->sshd);
  f->secrets = secrets;
  f->config->auth = PS_AUTH_PASSWORD;
  new_server (f, NULL);
  assert_connects (f);
  file = install_key (f, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (file, ==, expected);

  /* What it is for: nobody is asked any more. */
  f->config->auth = PS_AUTH_PUBLICKEY;
  g_free (f->config->keyfile);
  f->config->keyfile = g_strdup (file);
  f->questions = 0;
  new_server (f, NULL);
  assert_connects (f);
  g_assert_cmpuint (f->questions, ==, 0);
}

/* The account cannot reach the file: a person is told what to add. */
static void
test_install_key_refused (Fixture *f, gconstpointer data)
{
  const char *secrets[] = { NULL, NULL };
  g_autoptr (GError) error = NULL;

  if (f->sshd == NULL)
    return;
  secrets[0] = ps_test_sshd_password (f->sshd);
  f->secrets = secrets;
  f->config->auth = PS_AUTH_PASSWORD;
  new_server (f, NULL);
  assert_connects (f);
  g_assert_null (install_key (f, &error));
  g_assert_error (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, "ssh-ed25519 "));
}

/* Many calls at once keep their order and answer all. */
static void
test_queue (Fixture *f, gconstpointer data)
{
  Slot slots[20] = { 0 };

  if (f->sshd == NULL)
    return;
  ps_server_connect_async (f->server, NULL, on_ready, &slots[0]);
  for (gsize i = 1; i < G_N_ELEMENTS (slots); i++)
    ps_server_list_async (f->server, "/", NULL, on_ready, &slots[i]);
  for (gsize i = 0; i < G_N_ELEMENTS (slots); i++)
    ps_test_assert_soon (is_ready, &slots[i]);
  g_assert_true (ps_server_connect_finish (f->server, slots[0].result, NULL));
  g_object_unref (slots[0].result);
  for (gsize i = 1; i < G_N_ELEMENTS (slots); i++)
    {
      g_autoptr (GPtrArray) names = ps_server_list_finish (f->server, slots[i].result, NULL, NULL);

      g_assert_cmpuint (names->len, >, 0);
      g_object_unref (slots[i].result);
    }
}

static const PsTestSshdOptions by_key = { .user_keys = "ed25519" };
static const PsTestSshdOptions by_password = { .flags = PS_TEST_SSHD_PASSWORD };

static const PsTestSshdOptions ordinary_user = { .flags = PS_TEST_SSHD_ACCOUNT };
static const PsTestSshdOptions in_a_chroot
    = { .flags = PS_TEST_SSHD_PASSWORD | PS_TEST_SSHD_CHROOT };

static void
add (const char *name, const PsTestSshdOptions *options, void (*test) (Fixture *, gconstpointer))
{
  g_autofree char *path = g_strconcat ("/engine/server/", name, NULL);

  g_test_add (path, Fixture, options, setup, test, teardown);
}

int
main (int argc, char **argv)
{
  test_home_make ();
  g_test_init (&argc, &argv, NULL);
  add ("folders", &by_key, test_folders);
  add ("folder-errors", &by_key, test_folder_errors);
  add ("roots", &by_key, test_roots);
  add ("roots-refused", &by_key, test_roots_refused);
  add ("roots-denied", &ordinary_user, test_roots_denied);
  add ("not-trusted", &by_key, test_not_trusted);
  add ("fingerprint", &by_key, test_fingerprint);
  add ("cancel", &by_key, test_cancel);
  add ("unreachable", &by_key, test_unreachable);
  add ("password", &by_password, test_password);
  add ("install-key", &by_password, test_install_key);
  add ("install-key-refused", &in_a_chroot, test_install_key_refused);
  add ("queue", &by_key, test_queue);
  return test_home_remove (g_test_run ());
}
