/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Logging in with keys: of files, of an agent, and what is said when it does not work. */
#include "login-fixture.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

static void
test_plain (gconstpointer data)
{
  const char *type = data;
  const PsTestSshdOptions server = { .user_keys = type };
  g_auto (LoginFixture) f = { 0 };
  g_autofree char *key = NULL;

  if (!login_fixture_init (&f, &server))
    return;
  key = ps_test_sshd_user_key (f.sshd, type);
  f.options.keyfile = key;
  login_fixture_expect_success (&f);
  g_assert_cmpstr (f.questions->str, ==, "");
}

/* A server that takes the key is not asked first what it offers, which would take a round trip. */
static void
test_nothing_asked (void)
{
  const PsTestSshdOptions server = { .config = "LogLevel DEBUG1\n" };
  g_auto (LoginFixture) f = { 0 };
  g_autofree char *log = NULL;

  if (!login_fixture_init (&f, &server))
    return;
  login_fixture_expect_success (&f);
  log = ps_test_sshd_log (f.sshd);
  g_assert_nonnull (strstr (log, "method publickey"));
  g_assert_null (strstr (log, "method none"));
}

/* Replaces the fixture's key by one with a passphrase. */
static void
encrypt_key (LoginFixture *f, const char *passphrase)
{
  const char *argv[] = { "ssh-keygen", "-q", "-p", "-P", "", "-N", passphrase, "-f", f->key, NULL };

  ps_test_run_ok (argv);
}

typedef struct
{
  const char *name;
  const char *secrets[5];
  gboolean works;
  const char *questions;
} PassphraseCase;

static const PassphraseCase passphrase_cases[] = {
  { "right", { "open" }, TRUE, "passphrase 0;" },
  { "second-try", { "x", "open" }, TRUE, "passphrase 0;passphrase 1;" },
  { "third-try", { "x", "y", "open" }, TRUE, "passphrase 0;passphrase 1;passphrase 2;" },
  { "wrong", { "x" }, FALSE, "passphrase 0;passphrase 1;passphrase 2;" },
};

static void
test_passphrase (gconstpointer data)
{
  const PassphraseCase *c = data;
  g_auto (LoginFixture) f = { 0 };

  if (!login_fixture_init (&f, NULL))
    return;
  encrypt_key (&f, "open");
  f.secrets = c->secrets;
  if (c->works)
    login_fixture_expect_success (&f);
  else
    login_fixture_expect_error (&f, PS_SFTP_ERROR, PS_SFTP_ERROR_AUTH, "was wrong 3 times");
  g_assert_cmpstr (f.questions->str, ==, c->questions);
  g_assert_cmpint (f.accepted->len > 0, ==, c->works);
}

/* Nobody there to answer. */
static void
test_no_passphrase (void)
{
  g_auto (LoginFixture) f = { 0 };

  if (!login_fixture_init (&f, NULL))
    return;
  encrypt_key (&f, "open");
  login_fixture_expect_error (&f, PS_SFTP_ERROR, PS_SFTP_ERROR_AUTH, "There is no passphrase");
}

/* A key that the server does not want is not worth a question. */
static void
test_encrypted_stranger (void)
{
  static const char *const secrets[] = { "open", NULL };
  g_auto (LoginFixture) f = { 0 };

  if (!login_fixture_init (&f, NULL))
    return;
  ps_test_make_key (f.key, "ed25519", "open");
  f.secrets = secrets;
  login_fixture_expect_error (&f, PS_SFTP_ERROR, PS_SFTP_ERROR_AUTH, "authorized_keys");
  g_assert_cmpstr (f.questions->str, ==, "");
}

static void
test_stranger (void)
{
  g_auto (LoginFixture) f = { 0 };

  if (!login_fixture_init (&f, NULL))
    return;
  ps_test_make_key (f.key, "ed25519", NULL);
  login_fixture_expect_error (&f, PS_SFTP_ERROR, PS_SFTP_ERROR_AUTH, f.key);
}

typedef struct
{
  const char *name;
  const char *content; /* NULL: no such file */
  const char *says;
} BadFileCase;

static const BadFileCase bad_file_cases[] = {
  { "missing", NULL, "does not exist" },
  { "not-a-key", "hello\n", "is not a private key" },
  { "empty", "", "is not a private key" },
  { "putty", "PuTTY-User-Key-File-3: ssh-ed25519\n", "puttygen" },
  { "public",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBYSpWfXsm7FFKgCpmhmWLYOnLp2AAjc8dEeSxUrdNWS x\n",
    "public half" },
};

static void
test_bad_file (gconstpointer data)
{
  const BadFileCase *c = data;
  g_auto (LoginFixture) f = { 0 };
  g_autofree char *file = NULL;

  if (!login_fixture_init (&f, NULL))
    return;
  file = g_build_filename (f.home, "key", NULL);
  if (c->content != NULL)
    login_fixture_write (&f, "key", c->content);
  f.options.keyfile = file;
  login_fixture_expect_error (&f, PS_SFTP_ERROR, PS_SFTP_ERROR_SETUP, c->says);
}

/* The keys of ~/.ssh are found by themselves. */
static void
test_usual_key (void)
{
  g_auto (LoginFixture) f = { 0 };
  g_autofree char *content = NULL;

  if (!login_fixture_init (&f, NULL))
    return;
  g_file_get_contents (f.key, &content, NULL, NULL);
  login_fixture_write (&f, ".ssh/id_ed25519", content);
  f.options.keyfile = NULL;
  login_fixture_expect_success (&f);
}

static void
test_no_key (void)
{
  g_auto (LoginFixture) f = { 0 };

  if (!login_fixture_init (&f, NULL))
    return;
  f.options.keyfile = NULL;
  login_fixture_expect_error (&f, PS_SFTP_ERROR, PS_SFTP_ERROR_SETUP, "There is no key here");
}

static void
test_keys_off (void)
{
  const PsTestSshdOptions server = { .flags = PS_TEST_SSHD_NO_KEYS | PS_TEST_SSHD_PASSWORD };
  g_auto (LoginFixture) f = { 0 };

  if (!login_fixture_init (&f, &server))
    return;
  login_fixture_expect_error (&f, PS_SFTP_ERROR, PS_SFTP_ERROR_AUTH, "it offers: password");
}

typedef struct
{
  GPid pid;
  char *socket;
} Agent;

static void
agent_clear (Agent *agent)
{
  if (agent->pid != 0)
    {
      kill (agent->pid, SIGTERM);
      waitpid (agent->pid, NULL, 0);
    }
  g_free (agent->socket);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Agent, agent_clear)

/* The socket is there a moment before anybody listens. */
static gboolean
agent_is_up (gpointer data)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (data);
  g_autoptr (GSocketConnection) connection
      = g_socket_client_connect (client, G_SOCKET_CONNECTABLE (address), NULL, NULL);

  return connection != NULL;
}

/* Starts a private agent; @key: (nullable): is put into it. */
static void
agent_init (Agent *agent, LoginFixture *f, const char *key)
{
  g_autoptr (GError) error = NULL;
  const char *add[] = { "ssh-add", "-q", key, NULL };

  agent->socket = g_build_filename (f->home, "agent", NULL);
  {
    char *argv[] = { (char *)"ssh-agent", (char *)"-D", (char *)"-a", agent->socket, NULL };

    g_spawn_async (NULL, argv, NULL,
                   G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL,
                   NULL, NULL, &agent->pid, &error);
  }
  g_assert_no_error (error);
  ps_test_assert_soon (agent_is_up, agent->socket);
  g_setenv ("SSH_AUTH_SOCK", agent->socket, TRUE);
  if (key != NULL)
    ps_test_run_ok (add);
}

static void
test_agent (gconstpointer data)
{
  const char *type = data;
  const PsTestSshdOptions server = { .user_keys = type };
  g_auto (LoginFixture) f = { 0 };
  g_auto (Agent) agent = { 0 };
  g_autofree char *key = NULL;
  g_autoptr (PsTransport) transport = NULL;
  g_autoptr (GError) error = NULL;

  if (!login_fixture_init (&f, &server))
    return;
  key = ps_test_sshd_user_key (f.sshd, type);
  agent_init (&agent, &f, key);
  g_unlink (key);
  f.options.keyfile = NULL;
  f.options.auth = PS_AUTH_AGENT;
  transport = ps_sftp_connect (&f.options, &f.prompts, NULL, &error);
  g_assert_no_error (error);
  login_fixture_expect_sftp (transport);
  /* By libssh2, RSA too: ssh would have one channel only. */
  g_assert_cmpint (transport->klass->open_channel (transport, &error), ==, 1);
}

/* An encrypted file whose key the agent holds needs no passphrase. */
static void
test_agent_for_file (void)
{
  g_auto (LoginFixture) f = { 0 };
  g_auto (Agent) agent = { 0 };

  if (!login_fixture_init (&f, NULL))
    return;
  agent_init (&agent, &f, f.key);
  encrypt_key (&f, "open");
  login_fixture_expect_success (&f);
  g_assert_cmpstr (f.questions->str, ==, "");
}

static void
test_agent_empty (void)
{
  g_auto (LoginFixture) f = { 0 };
  g_auto (Agent) agent = { 0 };

  if (!login_fixture_init (&f, NULL))
    return;
  agent_init (&agent, &f, NULL);
  f.options.auth = PS_AUTH_AGENT;
  f.options.keyfile = NULL;
  login_fixture_expect_error (&f, PS_SFTP_ERROR, PS_SFTP_ERROR_SETUP, "holds no key");
}

static void
test_agent_none (void)
{
  g_auto (LoginFixture) f = { 0 };

  if (!login_fixture_init (&f, NULL))
    return;
  f.options.auth = PS_AUTH_AGENT;
  f.options.keyfile = NULL;
  login_fixture_expect_error (&f, PS_SFTP_ERROR, PS_SFTP_ERROR_SETUP, "No SSH agent is running");
  g_setenv ("SSH_AUTH_SOCK", "/nowhere/agent", TRUE);
  login_fixture_expect_error (&f, PS_SFTP_ERROR, PS_SFTP_ERROR_SETUP, "/nowhere/agent");
}

/* An alias of ~/.ssh/config: name, port, user and key come from there; ours count more. */
static void
test_alias (void)
{
  g_auto (LoginFixture) f = { 0 };
  g_autofree char *config = NULL;

  if (!login_fixture_init (&f, NULL))
    return;
  config = g_strdup_printf ("Host pi\n  HostName 127.0.0.1\n  Port %d\n  User %s\n"
                            "  IdentityFile \"%s\"\n",
                            f.options.port, f.options.user, f.key);
  login_fixture_write (&f, ".ssh/config", config);
  f.options.host = "pi";
  f.options.port = 0;
  f.options.user = NULL;
  f.options.keyfile = NULL;
  login_fixture_expect_success (&f);
  f.options.port = 1;
  login_fixture_expect_error (&f, PS_SFTP_ERROR, PS_SFTP_ERROR_UNREACHABLE, "refuses port 1");
}

static void
test_broken_config (void)
{
  g_auto (LoginFixture) f = { 0 };

  if (!login_fixture_init (&f, NULL))
    return;
  login_fixture_write (&f, ".ssh/config", "Nonsense yes\n");
  login_fixture_expect_error (&f, PS_SFTP_ERROR, PS_SFTP_ERROR_SETUP, "nonsense");
}

static void
add_table (void)
{
  static const char *const types[] = { "ed25519", "ecdsa", "rsa" };

  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autofree char *plain = g_strconcat ("/sftp/login/key/plain/", types[i], NULL);
      g_autofree char *agent = g_strconcat ("/sftp/login/key/agent/", types[i], NULL);

      g_test_add_data_func (plain, types[i], test_plain);
      g_test_add_data_func (agent, types[i], test_agent);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (passphrase_cases); i++)
    {
      g_autofree char *path
          = g_strconcat ("/sftp/login/key/passphrase/", passphrase_cases[i].name, NULL);

      g_test_add_data_func (path, &passphrase_cases[i], test_passphrase);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (bad_file_cases); i++)
    {
      g_autofree char *path
          = g_strconcat ("/sftp/login/key/bad-file/", bad_file_cases[i].name, NULL);

      g_test_add_data_func (path, &bad_file_cases[i], test_bad_file);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_table ();
  g_test_add_func ("/sftp/login/key/nothing-asked", test_nothing_asked);
  g_test_add_func ("/sftp/login/key/no-passphrase", test_no_passphrase);
  g_test_add_func ("/sftp/login/key/encrypted-stranger", test_encrypted_stranger);
  g_test_add_func ("/sftp/login/key/stranger", test_stranger);
  g_test_add_func ("/sftp/login/key/usual", test_usual_key);
  g_test_add_func ("/sftp/login/key/none", test_no_key);
  g_test_add_func ("/sftp/login/key/off", test_keys_off);
  g_test_add_func ("/sftp/login/agent/for-file", test_agent_for_file);
  g_test_add_func ("/sftp/login/agent/empty", test_agent_empty);
  g_test_add_func ("/sftp/login/agent/none", test_agent_none);
  g_test_add_func ("/sftp/login/alias", test_alias);
  g_test_add_func ("/sftp/login/broken-config", test_broken_config);
  return g_test_run ();
}
