/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions, and secrets from files. */
#include "engine/password.h"
#include "engine/question.h"
#include "fakes/home.h"

#include "sftp/error.h"
#include "util/redact.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

static const PsSecretRequest request
    = { .kind = PS_SECRET_PASSWORD, .user = "pi", .host = "server", .attempt = 1 };
static const PsHostKeyInfo key = { .state = PS_HOST_KEY_NEW,
                                   .host = "server",
                                   .port = 22,
                                   .type = "ssh-ed25519",
                                   .fingerprint = "SHA256:abc" };

/* The worker's side in a thread of its own. */
typedef struct
{
  PsQuestion *question;
  GCancellable *cancellable;
  char *secret;
  gboolean trusted;
  GError *error;
} Asker;

static gpointer
ask (gpointer data)
{
  Asker *asker = data;

  if (ps_question_kind (asker->question) == PS_QUESTION_SECRET)
    asker->secret = ps_question_wait_secret (asker->question, asker->cancellable, &asker->error);
  else
    asker->trusted = ps_question_wait_trust (asker->question, asker->cancellable, &asker->error);
  return NULL;
}

static void
asker_clear (Asker *asker)
{
  ps_question_unref (asker->question);
  g_clear_object (&asker->cancellable);
  ps_secret_free (asker->secret);
  g_clear_error (&asker->error);
}

static void
test_answered (gpointer fixture, gconstpointer data)
{
  Asker asker = { .question = ps_question_new_secret ("home", &request) };
  PsQuestion *mine = ps_question_ref (asker.question);
  g_autoptr (GThread) thread = g_thread_ref (g_thread_new ("asker", ask, &asker));
  g_autofree char *answer = NULL;

  g_assert_cmpstr (ps_question_pair (mine), ==, "home");
  g_assert_cmpstr (ps_question_secret (mine)->host, ==, "server");
  g_assert_cmpuint (ps_question_secret (mine)->attempt, ==, 1);
  g_assert_null (ps_question_host_key (mine));
  g_assert_true (ps_question_is_open (mine));
  ps_question_answer_secret (mine, "sesame");
  ps_question_answer_secret (mine, "twice");
  ps_question_refuse (mine);
  g_assert_false (ps_question_is_open (mine));
  g_thread_join (g_steal_pointer (&thread));
  g_assert_no_error (asker.error);
  g_assert_cmpstr (asker.secret, ==, "sesame");
  answer = ps_question_dup_answer (mine);
  g_assert_cmpstr (answer, ==, "sesame");
  ps_question_unref (mine);
  asker_clear (&asker);
}

static void
test_refused (gpointer fixture, gconstpointer data)
{
  Asker asker = { .question = ps_question_new_host_key ("home", &key) };
  PsQuestion *mine = ps_question_ref (asker.question);
  GThread *thread = g_thread_new ("asker", ask, &asker);

  g_assert_cmpstr (ps_question_host_key (mine)->fingerprint, ==, "SHA256:abc");
  ps_question_answer_trust (mine, FALSE);
  g_thread_join (thread);
  g_assert_false (asker.trusted);
  g_assert_error (asker.error, PS_SFTP_ERROR, PS_SFTP_ERROR_HOST_KEY);
  ps_question_unref (mine);
  asker_clear (&asker);
}

/* Nobody keeps the question: nobody will ever answer. */
static void
test_let_go (gpointer fixture, gconstpointer data)
{
  Asker asker = { .question = ps_question_new_secret ("home", &request) };
  PsQuestion *mine = ps_question_ref (asker.question);
  GThread *thread = g_thread_new ("asker", ask, &asker);

  ps_question_unref (mine);
  g_thread_join (thread);
  g_assert_null (asker.secret);
  g_assert_error (asker.error, PS_SFTP_ERROR, PS_SFTP_ERROR_AUTH);
  g_assert_cmpstr (asker.error->message, ==, "No password was given for pi on server");
  asker_clear (&asker);
}

static void
test_cancelled (gpointer fixture, gconstpointer data)
{
  Asker asker = { .question = ps_question_new_secret ("home", &request),
                  .cancellable = g_cancellable_new () };
  PsQuestion *mine = ps_question_ref (asker.question);
  GThread *thread = g_thread_new ("asker", ask, &asker);

  g_cancellable_cancel (asker.cancellable);
  g_thread_join (thread);
  g_assert_error (asker.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (ps_question_is_open (mine));
  ps_question_answer_secret (mine, "late");
  ps_question_unref (mine);
  asker_clear (&asker);
}

typedef struct
{
  const char *name;
  const char *text;
  gssize length;
  int mode;
  const char *password; /* NULL: refused */
  const char *says;
} FileCase;

static char too_long[5000];

static const FileCase file_cases[] = {
  { "plain", "sesame", -1, 0600, "sesame", NULL },
  { "read-only", "sesame\n", -1, 0400, "sesame", NULL },
  { "first-line", "a b\nrest", -1, 0600, "a b", NULL },
  { "crlf", "x\r\n", -1, 0600, "x", NULL },
  { "empty", "", -1, 0600, NULL, "its first line is empty" },
  { "empty-line", "\nx", -1, 0600, NULL, "its first line is empty" },
  { "nul", "a\0b\n", 4, 0600, NULL, "its first line is not text" },
  { "too-long", too_long, -1, 0600, NULL, "its first line is too long for a password" },
  { "group", "x\n", -1, 0640, NULL, "others may read it; run \"chmod 600\" on it" },
  { "others", "x\n", -1, 0604, NULL, "others may read it; run \"chmod 600\" on it" },
};

static char *
make_file (const char *name, const char *text, gssize length, int mode)
{
  char *file = g_build_filename (g_get_home_dir (), name, NULL);

  g_assert_true (g_file_set_contents (file, text, length, NULL));
  g_assert_cmpint (g_chmod (file, mode), ==, 0);
  return file;
}

static void
test_file (gpointer fixture, gconstpointer data)
{
  const FileCase *c = data;
  g_autofree char *file = make_file ("pw", c->text, c->length, c->mode);
  g_autofree char *expected
      = g_strdup_printf ("The password file %s is not used: %s", file, c->says);
  g_autoptr (GError) error = NULL;
  ps_autosecret secret = ps_password_from_file (file, &error);

  g_assert_cmpstr (secret, ==, c->password);
  if (c->password != NULL)
    g_assert_no_error (error);
  else
    g_assert_cmpstr (error->message, ==, expected);
}

static void
test_not_regular (gpointer fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *fifo = g_build_filename (g_get_home_dir (), "fifo", NULL);

  g_assert_null (ps_password_from_file ("/", &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  g_assert_null (ps_password_from_file (fifo, &error));
  g_assert_nonnull (strstr (error->message, "not a regular file"));
  g_clear_error (&error);
  g_assert_null (ps_password_from_file ("/nonexistent", &error));
  g_assert_nonnull (error);
}

static void
check_find (const PsConfig *config, const char *override_file, const char *expected)
{
  g_autoptr (GError) error = NULL;
  ps_autosecret secret = ps_password_find (config, override_file, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (secret, ==, expected);
}

static void
test_order (gpointer fixture, gconstpointer data)
{
  g_autofree char *a = make_file ("a", "from-option\n", -1, 0600);
  g_autofree char *b = make_file ("b", "from-ini\n", -1, 0600);
  g_autofree G_GNUC_UNUSED char *c = make_file ("pisync-password", "from-manager\n", -1, 0440);
  g_autoptr (PsConfig) config = ps_config_new ("x.ini");
  g_autoptr (GError) error = NULL;

  g_unsetenv ("CREDENTIALS_DIRECTORY");
  check_find (config, NULL, NULL);
  g_setenv ("CREDENTIALS_DIRECTORY", g_get_home_dir (), TRUE);
  check_find (config, NULL, "from-manager");
  config->password_file = g_strdup (b);
  check_find (config, NULL, "from-ini");
  check_find (config, a, "from-option");
  /* A named file that cannot be used is an error, not a reason to look elsewhere. */
  g_assert_null (ps_password_find (config, "/nonexistent", &error));
  g_assert_error (error, PS_CONFIG_ERROR, PS_CONFIG_ERROR_INVALID);
  g_unsetenv ("CREDENTIALS_DIRECTORY");
}

int
main (int argc, char **argv)
{
  memset (too_long, 'x', sizeof too_long - 1);
  test_home_make ();
  g_test_init (&argc, &argv, NULL);
  test_home_add ("/engine/question/answered", NULL, test_answered);
  test_home_add ("/engine/question/refused", NULL, test_refused);
  test_home_add ("/engine/question/let-go", NULL, test_let_go);
  test_home_add ("/engine/question/cancelled", NULL, test_cancelled);
  for (gsize i = 0; i < G_N_ELEMENTS (file_cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/engine/password/file/%s", file_cases[i].name);

      test_home_add (path, &file_cases[i], test_file);
    }
  test_home_add ("/engine/password/not-regular", NULL, test_not_regular);
  test_home_add ("/engine/password/order", NULL, test_order);
  return test_home_remove (g_test_run ());
}
