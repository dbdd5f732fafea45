/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Both transports under load, over lines that delay, shred and throttle, with a server that changes
 * its keys all the time: what arrives is what was sent. */
#include "login-fixture.h"

#include "sftp/remote.h"
#include "sftp/wire.h"

#include <string.h>
#include <unistd.h>

#define SMALL_FILES 200
#define SMALL_SIZE 3000

typedef struct
{
  const char *name;
  PsTransportKind transport;
  const char *config; /* of the server */
  const char *proxy;  /* (nullable) options of slowlink */
  gsize big;          /* bytes */
} Case;

static const Case cases[] = {
  { "libssh2/plain", PS_TRANSPORT_LIBSSH2, "", NULL, 24 << 20 },
  { "libssh2/rekey", PS_TRANSPORT_LIBSSH2, "RekeyLimit 1M none\n", NULL, 24 << 20 },
  { "libssh2/rekey-delay", PS_TRANSPORT_LIBSSH2, "RekeyLimit 1M none\n", "-d 5", 8 << 20 },
  { "libssh2/rekey-time", PS_TRANSPORT_LIBSSH2, "RekeyLimit default 1s\n", "-u 2m -r 4m", 4 << 20 },
  { "libssh2/small-queue", PS_TRANSPORT_LIBSSH2, "", "-d 10 -q 8192", 1 << 20 },
  { "libssh2/split", PS_TRANSPORT_LIBSSH2, "RekeyLimit 64K none\n", "--split", 100 << 10 },
  { "libssh2/one-session", PS_TRANSPORT_LIBSSH2, "MaxSessions 1\n", "-d 2", 8 << 20 },
  { "openssh/plain", PS_TRANSPORT_OPENSSH, "", NULL, 24 << 20 },
  { "openssh/rekey", PS_TRANSPORT_OPENSSH, "RekeyLimit 1M none\n", "-d 2", 8 << 20 },
};

static PsRemote *
open_remote (LoginFixture *f)
{
  const PsRemoteOptions options
      = { .root = ps_test_sshd_remote_files (f->sshd), .device = "laptop", .fsync = FALSE };
  g_autoptr (GError) error = NULL;
  PsTransport *transport = ps_sftp_connect (&f->options, &f->prompts, NULL, &error);
  PsRemote *remote;

  g_assert_no_error (error);
  remote = ps_remote_new (transport, &options, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (wire_prepare (remote, NULL, NULL, &error));
  g_assert_no_error (error);
  return remote;
}

static void
count (const PsRemoteResult *result, gpointer user_data)
{
  g_assert_no_error (result->error);
  ++*(guint *)user_data;
}

static void
finish (PsRemote *remote, const guint *done, guint n)
{
  g_autoptr (GError) error = NULL;

  while (*done < n)
    if (!ps_remote_step (remote, 20 * G_USEC_PER_SEC, NULL, &error))
      g_error ("%s", error->message);
}

/* Queues an upload or a download of file @i; the last one is big. */
static void
queue (PsRemote *remote, guint i, gboolean up, int fd, gsize length, guint *done)
{
  g_autofree char *path = g_strdup_printf ("file-%u", i);
  PsEntry entry = wire_source (length);
  PsPut put = { .path = path, .fd = fd, .source = entry };
  PsGet get = { .path = path, .fd = fd, .expected = entry, .hash = TRUE };

  if (up)
    ps_remote_put_async (remote, &put, count, done);
  else
    ps_remote_get_async (remote, &get, count, done);
}

static void
assert_same (int a, int b, gsize length)
{
  g_autofree char *x = g_malloc (length), *y = g_malloc (length);

  g_assert_cmpint (pread (a, x, length, 0), ==, (gssize)length);
  g_assert_cmpint (pread (b, y, length, 0), ==, (gssize)length);
  g_assert_cmpint (memcmp (x, y, length), ==, 0);
}

static void
test_load (gconstpointer data)
{
  const Case *c = data;
  const PsTestSshdOptions server = { .config = c->config };
  g_auto (LoginFixture) f = { 0 };
  g_autoptr (PsTestProxy) proxy = NULL;
  g_autoptr (PsRemote) remote = NULL;
  int sources[SMALL_FILES + 1], targets[SMALL_FILES + 1];
  guint sent = 0, fetched = 0;

  if (!login_fixture_init (&f, &server))
    return;
  proxy = ps_test_proxy_new (ps_test_sshd_port (f.sshd), c->proxy ?: "");
  f.options.port = ps_test_proxy_port (proxy);
  f.options.transport = c->transport;
  remote = open_remote (&f);
  for (guint i = 0; i <= SMALL_FILES; i++)
    {
      gsize length = i == SMALL_FILES ? c->big : SMALL_SIZE;

      sources[i] = wire_local (NULL, length, i);
      targets[i] = wire_local ("", 0, 0);
      queue (remote, i, TRUE, sources[i], length, &sent);
    }
  finish (remote, &sent, SMALL_FILES + 1);
  for (guint i = 0; i <= SMALL_FILES; i++)
    queue (remote, i, FALSE, targets[i], i == SMALL_FILES ? c->big : SMALL_SIZE, &fetched);
  finish (remote, &fetched, SMALL_FILES + 1);
  for (guint i = 0; i <= SMALL_FILES; i++)
    {
      assert_same (sources[i], targets[i], i == SMALL_FILES ? c->big : SMALL_SIZE);
      close (sources[i]);
      close (targets[i]);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/sftp/login/load/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_load);
    }
  return g_test_run ();
}
