/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "login-fixture.h"

#include "util/wait.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

static gboolean
confirm (const PsHostKeyInfo *info, gpointer data, GCancellable *cancellable, GError **error)
{
  LoginFixture *f = data;

  f->n_confirms++;
  g_free (f->confirmed);
  f->confirmed
      = g_strdup_printf ("%s %s %s", info->state == PS_HOST_KEY_CHANGED ? "changed" : "new",
                         info->type, info->fingerprint);
  return f->trusts;
}

static void
note (GString *list, const PsSecretRequest *request)
{
  static const char *const kinds[] = { "password", "passphrase", "prompt" };

  g_string_append_printf (list, "%s %u;", kinds[request->kind], request->attempt);
}

static char *
ask (const PsSecretRequest *request, gpointer data, GCancellable *cancellable, GError **error)
{
  LoginFixture *f = data;
  const char *secret = f->secrets != NULL ? f->secrets[0] : NULL;

  g_assert_nonnull (request->user);
  g_assert_cmpstr (request->host, ==, f->options.host);
  note (f->questions, request);
  if (secret != NULL && f->secrets[1] != NULL)
    f->secrets++;
  return g_strdup (secret);
}

static void
accepted (const PsSecretRequest *request, gpointer data)
{
  LoginFixture *f = data;

  note (f->accepted, request);
}

/* One for all tests of a program, since GLib looks at $HOME only once. */
static char *
private_home (void)
{
  static char *home;

  if (home == NULL)
    {
      home = ps_test_dir_new ();
      g_setenv ("HOME", home, TRUE);
    }
  else
    g_assert_no_errno (g_mkdir (home, 0700));
  return g_strdup (home);
}

gboolean
login_fixture_init (LoginFixture *f, const PsTestSshdOptions *options)
{
  *f = (LoginFixture){ .sshd = ps_test_sshd_new (options) };
  f->questions = g_string_new (NULL);
  f->accepted = g_string_new (NULL);
  if (f->sshd == NULL)
    return FALSE;
  f->home = private_home ();
  g_unsetenv ("SSH_AUTH_SOCK");
  f->known_hosts = g_build_filename (f->home, ".config", "pisync", "known_hosts", NULL);
  f->key = ps_test_sshd_user_key (f->sshd, "ed25519"); /* a test with other keys names its own */
  if (options == NULL || options->host_keys == NULL || strstr (options->host_keys, "ed25519"))
    f->fingerprint = ps_test_sshd_fingerprint (f->sshd, "ed25519");
  f->trusts = TRUE;
  f->options = (PsConnectOptions){ .host = "127.0.0.1",
                                   .port = ps_test_sshd_port (f->sshd),
                                   .user = ps_test_sshd_user (f->sshd),
                                   .auth = PS_AUTH_PUBLICKEY,
                                   .keyfile = f->key,
                                   .known_hosts = f->known_hosts,
                                   .connect_timeout_s = 15 };
  f->prompts = (PsLoginPrompts){
    .confirm_host_key = confirm, .ask_secret = ask, .secret_accepted = accepted, .data = f
  };
  return TRUE;
}

void
login_fixture_clear (LoginFixture *f)
{
  ps_test_sshd_free (f->sshd);
  ps_test_dir_free (f->home);
  g_free (f->known_hosts);
  g_free (f->key);
  g_free (f->fingerprint);
  g_free (f->confirmed);
  g_string_free (f->questions, TRUE);
  g_string_free (f->accepted, TRUE);
}

void
login_fixture_write (LoginFixture *f, const char *path, const char *text)
{
  g_autofree char *full = g_build_filename (f->home, path, NULL);

  ps_test_write (f->home, path, text);
  chmod (full, 0600);
}

void
login_fixture_know_host (LoginFixture *f)
{
  ps_test_make_tree (f->home, ".config/pisync/");
  ps_test_sshd_write_known_hosts (f->sshd, f->known_hosts);
}

static void
wait_ready (PsTransport *transport)
{
  g_autoptr (GError) error = NULL;
  GPollFD fds[16];
  guint n = transport->klass->get_fds (transport, fds, G_N_ELEMENTS (fds));
  int ready = ps_wait_fds (fds, n, 15 * G_USEC_PER_SEC, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpint (ready, >, 0);
}

void
login_fixture_expect_version (PsTransport *transport, int channel)
{
  static const guint8 init[] = { 0, 0, 0, 5, 1, 0, 0, 0, 3 };
  g_autoptr (GError) error = NULL;
  guint8 answer[1024];
  gsize sent = 0, got = 0;

  while (got < 9)
    {
      gssize n;

      if (sent < sizeof init)
        {
          n = transport->klass->write (transport, channel, init + sent, sizeof init - sent, &error);
          g_assert_no_error (error);
          sent += (gsize)n;
          g_assert_true (transport->klass->flush (transport, &error));
        }
      n = transport->klass->read (transport, channel, answer + got, sizeof answer - got, &error);
      g_assert_no_error (error);
      got += (gsize)n;
      if (n == 0)
        wait_ready (transport);
    }
  g_assert_cmpint (answer[4], ==, 2); /* SSH_FXP_VERSION */
  g_assert_cmpint (answer[8], ==, 3);
}

void
login_fixture_expect_sftp (PsTransport *transport)
{
  g_autoptr (GError) error = NULL;
  int channel = transport->klass->open_channel (transport, &error);

  g_assert_no_error (error);
  g_assert_cmpint (channel, >=, 0);
  login_fixture_expect_version (transport, channel);
}

void
login_fixture_expect_success (LoginFixture *f)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PsTransport) transport = ps_sftp_connect (&f->options, &f->prompts, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (transport);
  login_fixture_expect_sftp (transport);
}

void
login_fixture_expect_error (LoginFixture *f, GQuark domain, int code, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PsTransport) transport = ps_sftp_connect (&f->options, &f->prompts, NULL, &error);

  g_assert_null (transport);
  g_test_message ("says: %s", error->message);
  g_assert_error (error, domain, code);
  if (strstr (error->message, text) == NULL)
    g_error ("\"%s\" is not in: %s", text, error->message);
}
