/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Channels over child processes: bytes both ways, ends, limits, reaping. */
#include "sftp/error.h"
#include "sftp/transport-process.h"
#include "util/wait.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

static void
wait_ready (PsTransport *transport)
{
  g_autoptr (GError) error = NULL;
  GPollFD fds[16];
  guint n = transport->klass->get_fds (transport, fds, G_N_ELEMENTS (fds));
  int ready = ps_wait_fds (fds, n, 10 * G_USEC_PER_SEC, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpint (ready, >, 0);
}

/* Reads until an error, which it returns. */
static GError *
read_to_end (PsTransport *transport, int channel, GString *into)
{
  GError *error = NULL;
  char buffer[4096];
  gssize n;

  while ((n = transport->klass->read (transport, channel, buffer, sizeof buffer, &error)) >= 0)
    if (n > 0)
      g_string_append_len (into, buffer, n);
    else
      wait_ready (transport);
  return error;
}

/* More than the pipe holds, so that both sides have to wait for each other. */
static void
test_echo (void)
{
  const char *argv[] = { "cat", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (PsTransport) transport = ps_transport_process_new (argv, 2, &error);
  g_autofree char *data = g_malloc (3 << 20);
  g_autofree char *back = g_malloc (3 << 20);
  gsize sent = 0, received = 0, length = 3 << 20;
  int channel;

  for (gsize i = 0; i < length; i++)
    data[i] = (char)(i * 7 + i / 251);
  g_assert_cmpint (transport->klass->open_channel (transport, &error), ==, 0);
  channel = transport->klass->open_channel (transport, &error);
  g_assert_cmpint (channel, ==, 1);
  while (received < length)
    {
      gssize w = transport->klass->write (transport, channel, data + sent, length - sent, &error);
      gssize r
          = transport->klass->read (transport, channel, back + received, length - received, &error);

      g_assert_no_error (error);
      sent += (gsize)w;
      received += (gsize)r;
      if (w == 0 && r == 0)
        wait_ready (transport);
    }
  g_assert_cmpmem (data, length, back, length);
}

static void
test_limit (void)
{
  const char *argv[] = { "cat", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (PsTransport) transport = ps_transport_process_new (argv, 1, &error);

  g_assert_cmpint (transport->klass->open_channel (transport, &error), ==, 0);
  g_assert_cmpint (transport->klass->open_channel (transport, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
}

static void
test_no_program (void)
{
  const char *argv[] = { "/nowhere/sftp-server", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (PsTransport) transport = ps_transport_process_new (argv, 1, &error);

  g_assert_cmpint (transport->klass->open_channel (transport, &error), ==, -1);
  g_assert_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_SETUP);
  g_assert_nonnull (strstr (error->message, "/nowhere/sftp-server"));
}

/* What it said last is in the error; a flood on standard error does not block it. */
static void
test_messages (void)
{
  const char *argv[] = { "sh", "-c",
                         "i=0; while [ $i -lt 5000 ]; do echo noise-noise-noise-$i >&2; "
                         "i=$((i+1)); done; printf data; echo 'no such thing' >&2; exit 3",
                         NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) data = g_string_new (NULL);
  g_autoptr (PsTransport) transport = ps_transport_process_new (argv, 1, &error);
  int status;

  g_assert_true (ps_transport_process_start (transport, &error));
  g_assert_cmpint (transport->klass->open_channel (transport, &error), ==, 0);
  error = read_to_end (transport, 0, data);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  g_assert_nonnull (strstr (error->message, "no such thing"));
  g_assert_cmpstr (data->str, ==, "data");
  g_assert_true (ps_transport_process_has_ended (transport, &status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 3);
  g_assert_cmpuint (strlen (ps_transport_process_messages (transport)), <=, 8192);
}

static void
test_no_subsystem (void)
{
  const char *argv[] = { "sh", "-c", "echo 'subsystem request failed on channel 0' >&2", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) data = g_string_new (NULL);
  g_autoptr (PsTransport) transport = ps_transport_process_new (argv, 1, &error);

  g_assert_cmpint (transport->klass->open_channel (transport, &error), ==, 0);
  error = read_to_end (transport, 0, data);
  g_assert_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_NO_SFTP);
}

/* Writing to a child that has gone is an error, not a signal. */
static void
test_dead_child (void)
{
  const char *argv[] = { "true", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (PsTransport) transport = ps_transport_process_new (argv, 1, &error);
  char data[1024] = { 0 };
  int status;

  g_assert_cmpint (transport->klass->open_channel (transport, &error), ==, 0);
  while (!ps_transport_process_has_ended (transport, &status))
    wait_ready (transport);
  while (transport->klass->write (transport, 0, data, sizeof data, &error) >= 0)
    ;
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
}

/* One that ignores TERM is killed; none is left over. */
static void
test_stubborn (void)
{
  const char *argv[] = { "sh", "-c", "trap '' TERM; echo up; while :; do read x || :; done", NULL };
  g_autoptr (GError) error = NULL;
  PsTransport *transport = ps_transport_process_new (argv, 1, &error);
  char buffer[16];

  g_assert_cmpint (transport->klass->open_channel (transport, &error), ==, 0);
  while (transport->klass->read (transport, 0, buffer, sizeof buffer, &error) == 0)
    wait_ready (transport);
  g_assert_no_error (error);
  transport->klass->close (transport);
  g_assert_cmpint (transport->klass->read (transport, 0, buffer, sizeof buffer, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  ps_transport_free (transport);
  g_assert_cmpint (waitpid (-1, NULL, WNOHANG), ==, -1);
  g_assert_cmpint (errno, ==, ECHILD);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sftp/transport-process/echo", test_echo);
  g_test_add_func ("/sftp/transport-process/limit", test_limit);
  g_test_add_func ("/sftp/transport-process/no-program", test_no_program);
  g_test_add_func ("/sftp/transport-process/messages", test_messages);
  g_test_add_func ("/sftp/transport-process/no-subsystem", test_no_subsystem);
  g_test_add_func ("/sftp/transport-process/dead-child", test_dead_child);
  g_test_add_func ("/sftp/transport-process/stubborn", test_stubborn);
  return g_test_run ();
}
