/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Passwords and the server's questions, with a throw-away account (root only), over libssh2 and
 * over ssh. */
#include "login-fixture.h"

#include "util/redact.h"

#include <string.h>

typedef struct
{
  const char *name;
  PsTestSshdFlags flags;
  PsTransportKind transport;
  int right_at; /* which answer is the right one, from 0; -1: none */
  const char *questions;
  const char *accepted;
} Case;

/* clang-format off */
#define RIGHT(method, flags, transport)                                                            \
  { method "/right", flags, transport, 0, "password 0;", "password 0;" },                          \
  { method "/second", flags, transport, 1, "password 0;password 1;", "password 1;" }
#define WRONG(method, flags, transport)                                                            \
  { method "/third", flags, transport, 2, "password 0;password 1;password 2;", "password 2;" },    \
  { method "/wrong", flags, transport, -1, "password 0;password 1;password 2;", "" }

/* PAM takes its time over wrong ones, so not every combination is gone through. */
static const Case cases[] = {
  RIGHT ("libssh2/password", PS_TEST_SSHD_PASSWORD, PS_TRANSPORT_LIBSSH2),
  RIGHT ("libssh2/kbdint", PS_TEST_SSHD_KBDINT, PS_TRANSPORT_LIBSSH2),
  WRONG ("libssh2/kbdint", PS_TEST_SSHD_KBDINT, PS_TRANSPORT_LIBSSH2),
  RIGHT ("libssh2/both", PS_TEST_SSHD_PASSWORD | PS_TEST_SSHD_KBDINT, PS_TRANSPORT_LIBSSH2),
  RIGHT ("libssh2/chroot", PS_TEST_SSHD_PASSWORD | PS_TEST_SSHD_CHROOT, PS_TRANSPORT_LIBSSH2),
  RIGHT ("openssh/password", PS_TEST_SSHD_PASSWORD, PS_TRANSPORT_OPENSSH),
  RIGHT ("openssh/both", PS_TEST_SSHD_PASSWORD | PS_TEST_SSHD_KBDINT, PS_TRANSPORT_OPENSSH),
  WRONG ("openssh/both", PS_TEST_SSHD_PASSWORD | PS_TEST_SSHD_KBDINT, PS_TRANSPORT_OPENSSH),
};
/* clang-format on */

static guint
count (const char *text, const char *needle)
{
  guint n = 0;

  while ((text = strstr (text, needle)) != NULL)
    {
      n++;
      text += strlen (needle);
    }
  return n;
}

static void
test_case (gconstpointer data)
{
  const Case *c = data;
  const PsTestSshdOptions server = { .flags = c->flags };
  g_auto (LoginFixture) f = { 0 };
  const char *secrets[] = { "wrong", "wrong too", "wrong again", NULL };
  g_autofree char *log = NULL;

  if (!login_fixture_init (&f, &server))
    return;
  if (c->right_at >= 0)
    {
      secrets[c->right_at] = ps_test_sshd_password (f.sshd);
      secrets[c->right_at + 1] = NULL;
    }
  f.options.auth = PS_AUTH_PASSWORD;
  f.options.transport = c->transport;
  f.secrets = secrets;
  if (c->right_at >= 0)
    login_fixture_expect_success (&f);
  else
    login_fixture_expect_error (&f, PS_SFTP_ERROR, PS_SFTP_ERROR_AUTH, "refused");
  g_assert_cmpstr (f.questions->str, ==, c->questions);
  g_assert_cmpstr (f.accepted->str, ==, c->accepted);
  /* One attempt a question, so that nobody is locked out. */
  log = ps_test_sshd_log (f.sshd);
  g_assert_cmpuint (count (log, "Failed password") + count (log, "Failed keyboard-interactive"), <=,
                    count (c->questions, ";"));
}

/* The person says "not now": nothing wrong reaches the server. */
static void
test_refused_question (gconstpointer data)
{
  const Case *c = data;
  const PsTestSshdOptions server = { .flags = c->flags };
  g_auto (LoginFixture) f = { 0 };
  g_autofree char *log = NULL;

  if (!login_fixture_init (&f, &server))
    return;
  f.options.auth = PS_AUTH_PASSWORD;
  f.options.transport = c->transport;
  login_fixture_expect_error (&f, PS_SFTP_ERROR, PS_SFTP_ERROR_AUTH, "There is no password");
  g_assert_cmpstr (f.questions->str, ==, "password 0;");
  log = ps_test_sshd_log (f.sshd);
  g_assert_null (strstr (log, "Failed "));
}

/* The server hangs up after one wrong password: that is a refusal, not a bad line. */
static void
test_hung_up (gconstpointer data)
{
  const PsTestSshdOptions server = { .flags = PS_TEST_SSHD_PASSWORD, .config = "MaxAuthTries 1\n" };
  static const char *const secrets[] = { "wrong", NULL };
  g_auto (LoginFixture) f = { 0 };

  if (!login_fixture_init (&f, &server))
    return;
  f.options.auth = PS_AUTH_PASSWORD;
  f.options.transport = GPOINTER_TO_INT (data);
  f.secrets = secrets;
  login_fixture_expect_error (&f, PS_SFTP_ERROR, PS_SFTP_ERROR_AUTH, "refused");
}

static void
test_not_offered (void)
{
  g_auto (LoginFixture) f = { 0 };

  if (!login_fixture_init (&f, NULL))
    return;
  f.options.auth = PS_AUTH_PASSWORD;
  login_fixture_expect_error (&f, PS_SFTP_ERROR, PS_SFTP_ERROR_AUTH, "it offers: publickey");
}

/* Arguments and environment of all that runs. */
static char *
all_processes_texts (void)
{
  const char *argv[] = { "sh", "-c",
                         "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null "
                         "| tr '\\0' '\\n' | tr -cd '[:print:]\\n'",
                         NULL };
  char *output = NULL;

  ps_test_run (argv, &output);
  return output;
}

static char *
look_and_answer (const PsSecretRequest *request, gpointer data, GCancellable *cancellable,
                 GError **error)
{
  LoginFixture *f = data;

  return g_strdup (ps_test_sshd_password (f->sshd));
}

static void
look (const PsSecretRequest *request, gpointer data)
{
  LoginFixture *f = data;
  const char *argv[] = { "grep",  "-rlaF",
                         "--",    ps_test_sshd_password (f->sshd),
                         f->home, ps_test_sshd_dir (f->sshd),
                         NULL };
  g_autofree char *texts = all_processes_texts ();

  g_assert_nonnull (strstr (texts, "PISYNC_ASKPASS_SOCKET")); /* ssh is among them */
  g_assert_null (strstr (texts, ps_test_sshd_password (f->sshd)));
  g_assert_cmpint (ps_test_run (argv, NULL), ==, 1); /* found nothing */
  f->n_confirms += 100;
}

/* While ssh is running with the password, the password is nowhere to be read. */
static void
test_nowhere (void)
{
  const PsTestSshdOptions server = { .flags = PS_TEST_SSHD_PASSWORD };
  g_auto (LoginFixture) f = { 0 };

  if (!login_fixture_init (&f, &server))
    return;
  f.options.auth = PS_AUTH_PASSWORD;
  f.options.transport = PS_TRANSPORT_OPENSSH;
  f.prompts.ask_secret = look_and_answer;
  f.prompts.secret_accepted = look;
  login_fixture_expect_success (&f);
  g_assert_cmpuint (f.n_confirms, >=, 100);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/sftp/login/", cases[i].name, NULL);
      g_autofree char *refused = g_strconcat (path, "-not-now", NULL);

      g_test_add_data_func (path, &cases[i], test_case);
      if (g_str_has_suffix (cases[i].name, "/right"))
        g_test_add_data_func (refused, &cases[i], test_refused_question);
    }
  g_test_add_data_func ("/sftp/login/libssh2/hung-up", GINT_TO_POINTER (PS_TRANSPORT_LIBSSH2),
                        test_hung_up);
  g_test_add_data_func ("/sftp/login/openssh/hung-up", GINT_TO_POINTER (PS_TRANSPORT_OPENSSH),
                        test_hung_up);
  g_test_add_func ("/sftp/login/password-not-offered", test_not_offered);
  g_test_add_func ("/sftp/login/password-nowhere", test_nowhere);
  return g_test_run ();
}
