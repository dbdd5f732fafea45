/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hosts behind a proxy: ssh is used by itself, and the keys of both hosts are asked for. */
#include "login-fixture.h"

#include <string.h>

/* "pi" through "gate", which are both the test's server. */
static void
write_config (LoginFixture *f, const char *proxy)
{
  g_autofree char *config = g_strdup_printf (
      "Host gate pi\n  HostName 127.0.0.1\n  Port %d\n  User %s\n"
      "  IdentityFile %s\n  IdentitiesOnly yes\n"
      "  UserKnownHostsFile %s/.ssh/known_hosts\n"
      "Host pi\n  HostKeyAlias the-pi\n  %s\n",
      ps_test_sshd_port (f->sshd), ps_test_sshd_user (f->sshd), f->key, f->home, proxy);

  login_fixture_write (f, ".ssh/config", config);
  f->options.host = "pi";
  f->options.port = 0;
  f->options.user = NULL;
  f->options.keyfile = NULL;
}

static void
test_jump (void)
{
  g_auto (LoginFixture) f = { 0 };
  g_autofree char *ours = NULL, *theirs = NULL;

  if (!login_fixture_init (&f, NULL))
    return;
  write_config (&f, "ProxyJump gate");
  login_fixture_expect_success (&f);
  g_assert_cmpuint (f.n_confirms, ==, 2);
  /* The gate's key is ssh's own affair, the Pi's is ours. */
  ours = ps_test_read ("/", f.known_hosts, NULL);
  theirs = ps_test_read (f.home, ".ssh/known_hosts", NULL);
  g_assert_nonnull (ours);
  g_assert_nonnull (theirs);
  g_assert_cmpstr (ours, !=, theirs);
  login_fixture_expect_success (&f);
  g_assert_cmpuint (f.n_confirms, ==, 2);
}

static void
test_jump_not_trusted (void)
{
  g_auto (LoginFixture) f = { 0 };

  if (!login_fixture_init (&f, NULL))
    return;
  write_config (&f, "ProxyJump gate");
  f.trusts = FALSE;
  login_fixture_expect_error (&f, PS_SFTP_ERROR, PS_SFTP_ERROR_HOST_KEY, "was not trusted");
  g_assert_cmpuint (f.n_confirms, ==, 1);
}

/* A fingerprint that was given is the Pi's: it does not speak for the gate. */
static void
test_jump_fingerprint (void)
{
  g_auto (LoginFixture) f = { 0 };

  if (!login_fixture_init (&f, NULL))
    return;
  write_config (&f, "ProxyJump gate");
  f.options.fingerprint = f.fingerprint;
  login_fixture_expect_success (&f);
  g_assert_cmpuint (f.n_confirms, ==, 1);
  g_assert_true (g_file_test (f.known_hosts, G_FILE_TEST_EXISTS));
}

static void
test_jump_changed (void)
{
  g_auto (LoginFixture) f = { 0 };

  if (!login_fixture_init (&f, NULL))
    return;
  write_config (&f, "ProxyJump gate");
  login_fixture_expect_success (&f);
  ps_test_sshd_stop (f.sshd);
  ps_test_sshd_renew_host_keys (f.sshd);
  ps_test_sshd_start (f.sshd);
  /* The gate's own key is the first that does not fit. */
  login_fixture_expect_error (&f, PS_SFTP_ERROR, PS_SFTP_ERROR_HOST_KEY, "on the way to pi");
  g_assert_cmpuint (f.n_confirms, ==, 2);
}

static void
test_jump_down (void)
{
  g_auto (LoginFixture) f = { 0 };

  if (!login_fixture_init (&f, NULL))
    return;
  write_config (&f, "ProxyJump gate");
  ps_test_sshd_stop (f.sshd);
  login_fixture_expect_error (&f, PS_SFTP_ERROR, PS_SFTP_ERROR_UNREACHABLE, "pi");
}

/* No network at all: the server at the other end of a pipe. */
static void
test_command (void)
{
  g_auto (LoginFixture) f = { 0 };
  g_autofree char *command = NULL;

  if (!login_fixture_init (&f, NULL))
    return;
  command = g_strdup_printf ("ProxyCommand /usr/sbin/sshd -i -f %s", ps_test_sshd_config (f.sshd));
  write_config (&f, command);
  login_fixture_expect_success (&f);
  g_assert_cmpuint (f.n_confirms, ==, 1);
  login_fixture_expect_success (&f);
  g_assert_cmpuint (f.n_confirms, ==, 1);
}

static void
test_command_fails (void)
{
  g_auto (LoginFixture) f = { 0 };

  if (!login_fixture_init (&f, NULL))
    return;
  write_config (&f, "ProxyCommand false");
  login_fixture_expect_error (&f, PS_SFTP_ERROR, PS_SFTP_ERROR_UNREACHABLE, "pi");
}

/* What people write into their configuration for terminals does no harm. */
static void
test_terminal_config (void)
{
  g_auto (LoginFixture) f = { 0 };
  g_autofree char *options = NULL;

  if (!login_fixture_init (&f, NULL))
    return;
  options = g_strdup_printf ("ControlMaster auto\n  ControlPath %s/master\n  RequestTTY force\n"
                             "  RemoteCommand sleep 100\n  LocalCommand echo noise\n"
                             "  PermitLocalCommand yes\n  ForwardAgent yes\n  VisualHostKey yes\n"
                             "  LogLevel QUIET\n  BatchMode yes\n  ServerAliveInterval 60",
                             f.home);
  write_config (&f, options);
  f.options.transport = PS_TRANSPORT_OPENSSH;
  login_fixture_expect_success (&f);
  g_assert_cmpuint (f.n_confirms, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sftp/login/jump/works", test_jump);
  g_test_add_func ("/sftp/login/jump/not-trusted", test_jump_not_trusted);
  g_test_add_func ("/sftp/login/jump/fingerprint", test_jump_fingerprint);
  g_test_add_func ("/sftp/login/jump/changed", test_jump_changed);
  g_test_add_func ("/sftp/login/jump/down", test_jump_down);
  g_test_add_func ("/sftp/login/proxy-command/works", test_command);
  g_test_add_func ("/sftp/login/proxy-command/fails", test_command_fails);
  g_test_add_func ("/sftp/login/terminal-config", test_terminal_config);
  return g_test_run ();
}
