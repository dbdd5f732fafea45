/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The server's key at a login: first use, known, changed, accepted, revoked; each over libssh2 and
 * over ssh, which must behave alike. */
#include "login-fixture.h"

#include <string.h>

static gboolean
setup (LoginFixture *f, gconstpointer data, const PsTestSshdOptions *server)
{
  if (!login_fixture_init (f, server))
    return FALSE;
  f->options.transport = GPOINTER_TO_INT (data);
  return TRUE;
}

static void
test_first_use (gconstpointer data)
{
  g_auto (LoginFixture) f = { 0 };
  g_autofree char *expected = NULL, *known = NULL, *again = NULL;

  if (!setup (&f, data, NULL))
    return;
  expected = g_strconcat ("new ssh-ed25519 ", f.fingerprint, NULL);
  login_fixture_expect_success (&f);
  g_assert_cmpuint (f.n_confirms, ==, 1);
  g_assert_cmpstr (f.confirmed, ==, expected);
  known = ps_test_read ("/", f.known_hosts, NULL);
  g_assert_nonnull (strstr (known, "ssh-ed25519 "));
  login_fixture_expect_success (&f);
  g_assert_cmpuint (f.n_confirms, ==, 1);
  again = ps_test_read ("/", f.known_hosts, NULL);
  g_assert_cmpstr (known, ==, again);
}

static void
test_not_trusted (gconstpointer data)
{
  g_auto (LoginFixture) f = { 0 };

  if (!setup (&f, data, NULL))
    return;
  f.trusts = FALSE;
  login_fixture_expect_error (&f, PS_SFTP_ERROR, PS_SFTP_ERROR_HOST_KEY, "was not trusted");
  g_assert_false (g_file_test (f.known_hosts, G_FILE_TEST_EXISTS));
}

static void
test_fingerprint (gconstpointer data)
{
  g_auto (LoginFixture) f = { 0 };

  if (!setup (&f, data, NULL))
    return;
  f.trusts = FALSE;
  f.options.fingerprint = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
  login_fixture_expect_error (&f, PS_SFTP_ERROR, PS_SFTP_ERROR_HOST_KEY, f.fingerprint);
  f.options.fingerprint = f.fingerprint;
  login_fixture_expect_success (&f);
  g_assert_cmpuint (f.n_confirms, ==, 0);
}

/* Known by the user's own file, hashed, under an alias' real name. */
static void
test_user_file (gconstpointer data)
{
  g_auto (LoginFixture) f = { 0 };
  g_autofree char *file = NULL;

  if (!setup (&f, data, NULL))
    return;
  file = g_build_filename (f.home, ".ssh", "known_hosts", NULL);
  {
    const char *argv[] = { "ssh-keygen", "-H", "-f", file, NULL };

    ps_test_make_tree (f.home, ".ssh/");
    ps_test_sshd_write_known_hosts (f.sshd, file);
    ps_test_run_ok (argv);
  }
  login_fixture_expect_success (&f);
  g_assert_cmpuint (f.n_confirms, ==, 0);
  g_assert_false (g_file_test (f.known_hosts, G_FILE_TEST_EXISTS));
}

/* Only the key type that is known is asked for, whatever else the server has. */
static void
test_known_type_first (gconstpointer data)
{
  g_auto (LoginFixture) f = { 0 };
  g_autofree char *key = NULL, *line = NULL;

  if (!setup (&f, data, NULL))
    return;
  key = ps_test_sshd_host_key (f.sshd, "ecdsa");
  line = g_strdup_printf ("[127.0.0.1]:%d %s\n", f.options.port, key);
  login_fixture_write (&f, ".ssh/known_hosts", line);
  login_fixture_expect_success (&f);
  g_assert_cmpuint (f.n_confirms, ==, 0);
}

static void
reinstall (LoginFixture *f)
{
  ps_test_sshd_stop (f->sshd);
  ps_test_sshd_renew_host_keys (f->sshd);
  ps_test_sshd_start (f->sshd);
}

static void
test_changed (gconstpointer data)
{
  g_auto (LoginFixture) f = { 0 };
  g_autofree char *now = NULL;

  if (!setup (&f, data, NULL))
    return;
  login_fixture_know_host (&f);
  reinstall (&f);
  now = ps_test_sshd_fingerprint (f.sshd, "ed25519");
  login_fixture_expect_error (&f, PS_SFTP_ERROR, PS_SFTP_ERROR_HOST_KEY, "reinstall the Pi?");
  login_fixture_expect_error (&f, PS_SFTP_ERROR, PS_SFTP_ERROR_HOST_KEY, now);
  login_fixture_expect_error (&f, PS_SFTP_ERROR, PS_SFTP_ERROR_HOST_KEY, f.fingerprint);
  login_fixture_expect_error (&f, PS_SFTP_ERROR, PS_SFTP_ERROR_HOST_KEY, "known_hosts:1");
  login_fixture_expect_error (&f, PS_SFTP_ERROR, PS_SFTP_ERROR_HOST_KEY, "pisync-cli trust");
  g_assert_cmpuint (f.n_confirms, ==, 0);
  g_assert_cmpstr (f.questions->str, ==, "");
}

static void
test_accept_changed (gconstpointer data)
{
  g_auto (LoginFixture) f = { 0 };
  g_autofree char *now = NULL, *expected = NULL;

  if (!setup (&f, data, NULL))
    return;
  login_fixture_know_host (&f);
  reinstall (&f);
  now = ps_test_sshd_fingerprint (f.sshd, "ed25519");
  expected = g_strconcat ("changed ssh-ed25519 ", now, NULL);
  f.options.accept_changed = TRUE;
  f.trusts = FALSE;
  login_fixture_expect_error (&f, PS_SFTP_ERROR, PS_SFTP_ERROR_HOST_KEY, "was not trusted");
  g_assert_cmpstr (f.confirmed, ==, expected);
  f.trusts = TRUE;
  login_fixture_expect_success (&f);
  f.options.accept_changed = FALSE;
  login_fixture_expect_success (&f);
  g_assert_cmpuint (f.n_confirms, ==, 2);
}

/* The old key is in the user's file, which is not ours to write: the new one in ours counts. */
static void
test_accept_changed_elsewhere (gconstpointer data)
{
  g_auto (LoginFixture) f = { 0 };
  g_autofree char *now = NULL, *file = NULL, *before = NULL, *after = NULL;

  if (!setup (&f, data, NULL))
    return;
  file = g_build_filename (f.home, ".ssh", "known_hosts", NULL);
  ps_test_make_tree (f.home, ".ssh/");
  ps_test_sshd_write_known_hosts (f.sshd, file);
  before = ps_test_read (f.home, ".ssh/known_hosts", NULL);
  reinstall (&f);
  now = ps_test_sshd_fingerprint (f.sshd, "ed25519");
  f.options.accept_changed = TRUE;
  f.options.fingerprint = f.fingerprint;
  login_fixture_expect_error (&f, PS_SFTP_ERROR, PS_SFTP_ERROR_HOST_KEY, now);
  f.options.fingerprint = now;
  login_fixture_expect_success (&f);
  f.options.accept_changed = FALSE;
  f.options.fingerprint = NULL;
  login_fixture_expect_success (&f);
  g_assert_cmpuint (f.n_confirms, ==, 0);
  after = ps_test_read (f.home, ".ssh/known_hosts", NULL);
  g_assert_cmpstr (before, ==, after);
}

/* The key is known and the same: nothing to accept. */
static void
test_accept_unchanged (gconstpointer data)
{
  g_auto (LoginFixture) f = { 0 };

  if (!setup (&f, data, NULL))
    return;
  login_fixture_know_host (&f);
  f.options.accept_changed = TRUE;
  login_fixture_expect_success (&f);
  g_assert_cmpuint (f.n_confirms, ==, 0);
}

/* Another key of the known type, while the server has one of a type that is not known, too. */
static void
test_other_type (gconstpointer data)
{
  g_auto (LoginFixture) f = { 0 };
  g_autofree char *line = NULL;
  g_autofree char *stranger = NULL, *public_line = NULL;

  if (!setup (&f, data, NULL))
    return;
  stranger = g_build_filename (f.home, "stranger", NULL);
  ps_test_make_key (stranger, "ecdsa", NULL);
  public_line = ps_test_read (f.home, "stranger.pub", NULL);
  line = g_strdup_printf ("[127.0.0.1]:%d %s", f.options.port, public_line);
  login_fixture_write (&f, ".ssh/known_hosts", line);
  login_fixture_expect_error (&f, PS_SFTP_ERROR, PS_SFTP_ERROR_HOST_KEY, "reinstall the Pi?");
  g_assert_cmpuint (f.n_confirms, ==, 0);
}

/* A server that suddenly has keys of another type only is not a new host. */
static void
test_type_gone (gconstpointer data)
{
  const PsTestSshdOptions server = { .host_keys = "ed25519" };
  g_auto (LoginFixture) f = { 0 };
  g_autofree char *line = NULL, *stranger = NULL, *public_line = NULL;

  if (!setup (&f, data, &server))
    return;
  stranger = g_build_filename (f.home, "stranger", NULL);
  ps_test_make_key (stranger, "ecdsa", NULL);
  public_line = ps_test_read (f.home, "stranger.pub", NULL);
  line = g_strdup_printf ("[127.0.0.1]:%d %s", f.options.port, public_line);
  login_fixture_write (&f, ".ssh/known_hosts", line);
  login_fixture_expect_error (&f, PS_SFTP_ERROR, PS_SFTP_ERROR_HOST_KEY, "reinstall the Pi?");
  g_assert_cmpuint (f.n_confirms, ==, 0);
  f.options.accept_changed = TRUE;
  login_fixture_expect_success (&f);
  g_assert_cmpuint (f.n_confirms, ==, 1);
  f.options.accept_changed = FALSE;
  login_fixture_expect_success (&f);
  g_assert_cmpuint (f.n_confirms, ==, 1);
}

static void
test_revoked (gconstpointer data)
{
  g_auto (LoginFixture) f = { 0 };
  g_autofree char *one = NULL, *two = NULL, *text = NULL;

  if (!setup (&f, data, NULL))
    return;
  one = ps_test_sshd_host_key (f.sshd, "ed25519");
  two = ps_test_sshd_host_key (f.sshd, "ecdsa");
  text = g_strdup_printf ("@revoked * %s\n@revoked * %s\n", one, two);
  login_fixture_write (&f, ".ssh/known_hosts", text);
  f.options.fingerprint = f.fingerprint;
  login_fixture_expect_error (&f, PS_SFTP_ERROR, PS_SFTP_ERROR_HOST_KEY, "marked as revoked");
  f.options.accept_changed = TRUE;
  login_fixture_expect_error (&f, PS_SFTP_ERROR, PS_SFTP_ERROR_HOST_KEY, "marked as revoked");
}

/* libssh2 1.10 cannot check RSA host keys with SHA-2: ssh takes over by itself. */
static void
test_rsa_only (gconstpointer data)
{
  const PsTestSshdOptions server = { .host_keys = "rsa" };
  g_auto (LoginFixture) f = { 0 };
  g_autofree char *fingerprint = NULL, *expected = NULL;

  if (!setup (&f, data, &server))
    return;
  fingerprint = ps_test_sshd_fingerprint (f.sshd, "rsa");
  expected = g_strconcat ("new ssh-rsa ", fingerprint, NULL);
  login_fixture_expect_success (&f);
  g_assert_cmpstr (f.confirmed, ==, expected);
  login_fixture_expect_success (&f);
  g_assert_cmpuint (f.n_confirms, ==, 1);
}

/* An old known_hosts has the RSA key alone, the server more: no false alarm. */
static void
test_rsa_known (gconstpointer data)
{
  const PsTestSshdOptions server = { .host_keys = "ed25519 rsa" };
  g_auto (LoginFixture) f = { 0 };
  g_autofree char *key = NULL, *line = NULL;

  if (!setup (&f, data, &server))
    return;
  key = ps_test_sshd_host_key (f.sshd, "rsa");
  line = g_strdup_printf ("[127.0.0.1]:%d %s\n", f.options.port, key);
  login_fixture_write (&f, ".ssh/known_hosts", line);
  login_fixture_expect_success (&f);
  g_assert_cmpuint (f.n_confirms, ==, 0);
}

static const struct
{
  const char *name;
  GTestDataFunc function;
} tests[] = {
  { "first-use", test_first_use },
  { "not-trusted", test_not_trusted },
  { "fingerprint", test_fingerprint },
  { "user-file-hashed", test_user_file },
  { "known-type-first", test_known_type_first },
  { "changed", test_changed },
  { "accept-changed", test_accept_changed },
  { "accept-changed-elsewhere", test_accept_changed_elsewhere },
  { "accept-unchanged", test_accept_unchanged },
  { "other-type", test_other_type },
  { "type-gone", test_type_gone },
  { "revoked", test_revoked },
  { "rsa-only", test_rsa_only },
  { "rsa-known", test_rsa_known },
};

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *libssh2 = g_strconcat ("/sftp/login/host/libssh2/", tests[i].name, NULL);
      g_autofree char *openssh = g_strconcat ("/sftp/login/host/openssh/", tests[i].name, NULL);

      g_test_add_data_func (libssh2, GINT_TO_POINTER (PS_TRANSPORT_LIBSSH2), tests[i].function);
      g_test_add_data_func (openssh, GINT_TO_POINTER (PS_TRANSPORT_OPENSSH), tests[i].function);
    }
  return g_test_run ();
}
