/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bad networks and odd servers at a login, and the channels of a libssh2 transport. */
#include "login-fixture.h"

#include "sftp/client.h"
#include "sftp/tcp.h"
#include "util/autofd.h"
#include "util/wait.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A socket on a free port that answers as it is told. */
static int
listen_somewhere (int backlog, int *port)
{
  struct sockaddr_in address = { .sin_family = AF_INET };
  socklen_t length = sizeof address;
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  g_assert_no_errno (bind (fd, (struct sockaddr *)&address, length));
  if (backlog > 0)
    g_assert_no_errno (listen (fd, backlog));
  g_assert_no_errno (getsockname (fd, (struct sockaddr *)&address, &length));
  *port = ntohs (address.sin_port);
  return fd;
}

static void
test_unknown_host (void)
{
  g_auto (LoginFixture) f = { 0 };

  if (!login_fixture_init (&f, NULL))
    return;
  f.options.host = "no-such-pi.invalid";
  login_fixture_expect_error (&f, PS_SFTP_ERROR, PS_SFTP_ERROR_UNREACHABLE, "no-such-pi.invalid");
}

static void
test_refused (gconstpointer data)
{
  g_auto (LoginFixture) f = { 0 };
  ps_autofd fd = -1;

  if (!login_fixture_init (&f, NULL))
    return;
  fd = listen_somewhere (0, &f.options.port);
  f.options.transport = GPOINTER_TO_INT (data);
  login_fixture_expect_error (&f, PS_SFTP_ERROR, PS_SFTP_ERROR_UNREACHABLE, "refuses");
}

/* A server that accepts and says nothing. */
static void
test_silent (gconstpointer data)
{
  g_auto (LoginFixture) f = { 0 };
  ps_autofd fd = -1;
  gint64 start;

  if (!login_fixture_init (&f, NULL))
    return;
  fd = listen_somewhere (8, &f.options.port);
  f.options.transport = GPOINTER_TO_INT (data);
  f.options.connect_timeout_s = 1;
  start = g_get_monotonic_time ();
  login_fixture_expect_error (&f, PS_SFTP_ERROR, PS_SFTP_ERROR_UNREACHABLE, "answer");
  g_assert_cmpint (g_get_monotonic_time () - start, <,
                   15 * G_USEC_PER_SEC); /* far below the usual 20 s */
}

typedef struct
{
  int listener;
  const char *text;
} Talker;

static gpointer
talk (gpointer data)
{
  const Talker *talker = data;
  int fd = accept (talker->listener, NULL, NULL);
  char buffer[256];

  if (fd >= 0)
    {
      if (write (fd, talker->text, strlen (talker->text)) >= 0)
        shutdown (fd, SHUT_WR);
      while (read (fd, buffer, sizeof buffer) > 0)
        ;
      close (fd);
    }
  return NULL;
}

static void
test_garbage (gconstpointer data)
{
  g_auto (LoginFixture) f = { 0 };
  Talker talker = { .text = data };
  GThread *thread;

  if (!login_fixture_init (&f, NULL))
    return;
  talker.listener = listen_somewhere (8, &f.options.port);
  thread = g_thread_new ("talker", talk, &talker);
  login_fixture_expect_error (&f, PS_SFTP_ERROR, PS_SFTP_ERROR_UNREACHABLE, "");
  g_thread_join (thread);
  close (talker.listener);
}

/* Cut, damaged, delayed or shredded at many places of the login: an error in words, or a login, but
 * never a hang, and no key or password taken for wrong. */
static void
test_bad_line (gconstpointer data)
{
  g_auto (LoginFixture) f = { 0 };
  g_autoptr (PsTestProxy) proxy = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (PsTransport) transport = NULL;
  gboolean must_work = strstr (data, "-x") == NULL && strstr (data, "-X") == NULL
                       && strstr (data, "flip") == NULL && strstr (data, "-S") == NULL;

  if (!login_fixture_init (&f, NULL))
    return;
  proxy = ps_test_proxy_new (ps_test_sshd_port (f.sshd), data);
  f.options.port = ps_test_proxy_port (proxy);
  f.options.connect_timeout_s = must_work ? 20 : 2;
  transport = ps_sftp_connect (&f.options, &f.prompts, NULL, &error);
  if (must_work)
    g_assert_no_error (error);
  if (transport != NULL && must_work)
    login_fixture_expect_sftp (transport);
  if (transport != NULL)
    return;
  g_test_message ("says: %s", error->message);
  g_assert_true (ps_sftp_error_is_link (error)
                 || g_error_matches (error, PS_SFTP_ERROR, PS_SFTP_ERROR_HOST_KEY));
}

static gboolean
cancel (gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
  return G_SOURCE_REMOVE;
}

static gpointer
cancel_in_thread (gpointer cancellable)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GSource) source = g_timeout_source_new (200);

  g_source_set_callback (source, cancel, cancellable, NULL);
  g_source_attach (source, context);
  g_main_context_iteration (context, TRUE);
  return NULL;
}

static void
test_cancel (gconstpointer data)
{
  g_auto (LoginFixture) f = { 0 };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (PsTransport) transport = NULL;
  g_autoptr (GError) error = NULL;
  ps_autofd fd = -1;
  GThread *thread;

  if (!login_fixture_init (&f, NULL))
    return;
  fd = listen_somewhere (8, &f.options.port); /* says nothing */
  f.options.transport = GPOINTER_TO_INT (data);
  thread = g_thread_new ("cancel", cancel_in_thread, cancellable);
  transport = ps_sftp_connect (&f.options, &f.prompts, cancellable, &error);
  g_thread_join (thread);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_no_sftp (gconstpointer data)
{
  const PsTestSshdOptions server = { .flags = PS_TEST_SSHD_NO_SFTP };
  g_auto (LoginFixture) f = { 0 };
  g_autoptr (PsTransport) transport = NULL;
  g_autoptr (GError) error = NULL;
  const PsClientOptions options = { 0 };
  PsClient *client;

  if (!login_fixture_init (&f, &server))
    return;
  f.options.transport = GPOINTER_TO_INT (data);
  transport = ps_sftp_connect (&f.options, &f.prompts, NULL, &error);
  g_assert_no_error (error);
  client = ps_client_new (g_steal_pointer (&transport), &options, NULL, &error);
  g_assert_null (client);
  g_assert_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_NO_SFTP);
}

/* A server that grants one session: the second channel is refused, the first lives. */
static void
test_max_sessions (void)
{
  const PsTestSshdOptions server = { .config = "MaxSessions 1\n" };
  g_auto (LoginFixture) f = { 0 };
  g_autoptr (PsTransport) transport = NULL;
  g_autoptr (GError) error = NULL;
  char buffer[64];
  int second;

  if (!login_fixture_init (&f, &server))
    return;
  transport = ps_sftp_connect (&f.options, &f.prompts, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (transport->klass->open_channel (transport, &error), ==, 0);
  second = transport->klass->open_channel (transport, &error);
  g_assert_cmpint (second, ==, 1);
  while (transport->klass->read (transport, second, buffer, sizeof buffer, &error) == 0)
    {
      GPollFD fds[8];
      guint n_fds = transport->klass->get_fds (transport, fds, 8);

      g_assert_cmpint (ps_wait_fds (fds, n_fds, 10 * G_USEC_PER_SEC, NULL, NULL), >, 0);
    }
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
  login_fixture_expect_version (transport, 0);
}

static void
test_many_channels (void)
{
  g_auto (LoginFixture) f = { 0 };
  g_autoptr (PsTransport) transport = NULL;
  g_autoptr (GError) error = NULL;

  if (!login_fixture_init (&f, NULL))
    return;
  transport = ps_sftp_connect (&f.options, &f.prompts, NULL, &error);
  g_assert_no_error (error);
  for (int i = 0; i < 8; i++)
    g_assert_cmpint (transport->klass->open_channel (transport, &error), ==, i);
  g_assert_cmpint (transport->klass->open_channel (transport, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
  for (int i = 7; i >= 0; i--)
    login_fixture_expect_version (transport, i);
}

/* The server is killed under a login that stands: reads end with an error, close does not wait. */
static void
test_killed (gconstpointer data)
{
  g_auto (LoginFixture) f = { 0 };
  PsTransport *transport;
  g_autoptr (GError) error = NULL;
  char buffer[64];
  gint64 start;

  if (!login_fixture_init (&f, NULL))
    return;
  f.options.transport = GPOINTER_TO_INT (data);
  transport = ps_sftp_connect (&f.options, &f.prompts, NULL, &error);
  g_assert_no_error (error);
  login_fixture_expect_sftp (transport);
  ps_test_sshd_cut (f.sshd);
  while (transport->klass->read (transport, 0, buffer, sizeof buffer, &error) == 0)
    {
      GPollFD fds[8];
      guint n_fds = transport->klass->get_fds (transport, fds, 8);

      g_assert_cmpint (ps_wait_fds (fds, n_fds, 10 * G_USEC_PER_SEC, NULL, NULL), >, 0);
    }
  g_assert_nonnull (error);
  start = g_get_monotonic_time ();
  transport->klass->close (transport);
  ps_transport_free (transport);
  g_assert_cmpint (g_get_monotonic_time () - start, <,
                   10 * G_USEC_PER_SEC); /* waiting would take for ever */
}

/* A line that swallows everything: closing does not wait for it either. */
static void
test_close_in_hole (void)
{
  g_auto (LoginFixture) f = { 0 };
  g_autoptr (PsTestProxy) proxy = NULL;
  g_autoptr (GError) error = NULL;
  PsTransport *transport;
  gint64 start;

  if (!login_fixture_init (&f, NULL))
    return;
  proxy = ps_test_proxy_new (ps_test_sshd_port (f.sshd), "-s 0.5:100");
  f.options.port = ps_test_proxy_port (proxy);
  transport = ps_sftp_connect (&f.options, &f.prompts, NULL, &error);
  if (transport == NULL) /* the machine was busy: the hole came before the login */
    {
      g_test_skip (error->message);
      return;
    }
  start = g_get_monotonic_time ();
  ps_transport_free (transport);
  g_assert_cmpint (g_get_monotonic_time () - start, <,
                   10 * G_USEC_PER_SEC); /* waiting would take for ever */
}

/* localhost is ::1 first, where nothing listens: the next address is tried. */
static void
test_second_address (void)
{
  g_autoptr (GError) error = NULL;
  ps_autofd listener = -1, fd = -1;
  int port;

  listener = listen_somewhere (8, &port);
  fd = ps_tcp_connect ("localhost", "localhost", port, 5, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (fd, >=, 0);
}

static void
add_bad_lines (void)
{
  static const char *const fixed[] = { "--split", "-d 50", "-u 4k -r 4k" };

  for (gsize i = 0; i < G_N_ELEMENTS (fixed); i++)
    {
      g_autofree char *path = g_strconcat ("/sftp/login/line/", fixed[i], NULL);

      g_test_add_data_func (path, fixed[i], test_bad_line);
    }
  for (int at = 10; at < 4000; at += 331)
    {
      static const char *const ways[]
          = { "-x %d", "-X %d", "-f -X %d", "--flip %d", "--flip-up %d" };

      for (gsize i = 0; i < G_N_ELEMENTS (ways); i++)
        {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
          char *options = g_strdup_printf (ways[i], at);
#pragma GCC diagnostic pop
          g_autofree char *path = g_strconcat ("/sftp/login/line/", options, NULL);

          g_test_add_data_func_full (path, options, test_bad_line, g_free);
        }
    }
}

static const struct
{
  const char *name;
  GTestDataFunc function;
} both[] = {
  { "refused", test_refused }, { "silent", test_silent }, { "cancel", test_cancel },
  { "no-sftp", test_no_sftp }, { "killed", test_killed },
};

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (both); i++)
    {
      g_autofree char *libssh2 = g_strconcat ("/sftp/login/net/libssh2/", both[i].name, NULL);
      g_autofree char *openssh = g_strconcat ("/sftp/login/net/openssh/", both[i].name, NULL);

      g_test_add_data_func (libssh2, GINT_TO_POINTER (PS_TRANSPORT_LIBSSH2), both[i].function);
      g_test_add_data_func (openssh, GINT_TO_POINTER (PS_TRANSPORT_OPENSSH), both[i].function);
    }
  g_test_add_func ("/sftp/login/net/unknown-host", test_unknown_host);
  g_test_add_data_func ("/sftp/login/net/http", "HTTP/1.1 400 Bad Request\r\n\r\n", test_garbage);
  g_test_add_data_func ("/sftp/login/net/empty", "", test_garbage);
  g_test_add_data_func ("/sftp/login/net/old", "SSH-1.5-old\r\n", test_garbage);
  g_test_add_data_func ("/sftp/login/net/banner-only", "SSH-2.0-x\r\n", test_garbage);
  g_test_add_data_func ("/sftp/login/net/too-many", "Exceeded MaxStartups\r\n", test_garbage);
  g_test_add_func ("/sftp/login/net/second-address", test_second_address);
  g_test_add_func ("/sftp/transport-libssh2/max-sessions", test_max_sessions);
  g_test_add_func ("/sftp/transport-libssh2/many-channels", test_many_channels);
  g_test_add_func ("/sftp/transport-libssh2/close-in-hole", test_close_in_hole);
  add_bad_lines ();
  return g_test_run ();
}
