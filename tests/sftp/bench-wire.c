/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Measures the wire alone, login not counted: bench-wire [ROUND-TRIP-MS [RATE [PARTS]]]
 *
 * RATE is the proxy's (bytes a second, "0" = none), PARTS any of the letters s (small files), l
 * (listing), b (a big file). A real sshd behind tests/fakes/slowlink; prints one line a part. */
#include "fakes/proxy.h"
#include "fakes/sshd.h"
#include "fakes/test-util.h"
#include "sftp/wire.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SMALL_FILES 2000
#define SMALL_SIZE 4096
#define DIRS 1000
#define FILES_IN_DIR 20
#define BIG_SIZE ((gsize)256 << 20)

static void
count (const PsRemoteResult *result, gpointer user_data)
{
  g_assert_no_error (result->error);
  ++*(guint *)user_data;
}

static void
finish (PsRemote *remote)
{
  while (ps_remote_outstanding (remote) > 0)
    g_assert_true (ps_remote_step (remote, -1, NULL, NULL));
}

typedef void (*Queue) (PsRemote *remote, const char *path, int fd, const PsEntry *entry,
                       guint *done);

static void
queue_put (PsRemote *remote, const char *path, int fd, const PsEntry *entry, guint *done)
{
  PsPut put = { .path = path, .fd = fd, .source = *entry };

  ps_remote_put_async (remote, &put, count, done);
}

static void
queue_get (PsRemote *remote, const char *path, int fd, const PsEntry *entry, guint *done)
{
  PsGet get = { .path = path, .fd = fd, .expected = *entry, .hash = TRUE };

  ps_remote_get_async (remote, &get, count, done);
}

static double
run (PsRemote *remote, Queue queue, const char *prefix, guint n, int fd, const PsEntry *entry)
{
  gint64 begin = g_get_monotonic_time ();
  guint done = 0;

  for (guint i = 0; i < n;)
    {
      for (; i < n && ps_remote_room (remote) > 0; i++)
        {
          g_autofree char *path = g_strdup_printf ("%s%u", prefix, i);

          queue (remote, path, fd, entry, &done);
        }
      g_assert_true (ps_remote_step (remote, -1, NULL, NULL));
    }
  finish (remote);
  g_assert_cmpuint (done, ==, n);
  return (double)(g_get_monotonic_time () - begin) / 1e6;
}

static void
say (const char *what, double seconds, gsize bytes)
{
  if (bytes > 0)
    g_print ("%-28s %7.3f s %8.1f MB/s\n", what, seconds, (double)bytes / seconds / 1e6);
  else
    g_print ("%-28s %7.3f s\n", what, seconds);
}

static void
bench_small (PsTestSshd *sshd, int port)
{
  PsEntry entry = wire_source (SMALL_SIZE);
  int fd = wire_local (NULL, SMALL_SIZE, 1);

  for (int durable = 0; durable < 2; durable++)
    {
      g_autoptr (PsRemote) remote = wire_connect (sshd, port, durable);
      const char *prefix = durable ? "durable" : "quick";

      say (durable ? "2000 x 4 KiB up, fsync" : "2000 x 4 KiB up",
           run (remote, queue_put, prefix, SMALL_FILES, fd, &entry), 0);
      if (!durable)
        say ("2000 x 4 KiB down", run (remote, queue_get, prefix, SMALL_FILES, fd, &entry), 0);
    }
  close (fd);
}

static void
bench_big (PsTestSshd *sshd, int port)
{
  g_autoptr (PsRemote) remote = wire_connect (sshd, port, FALSE);
  PsEntry entry = wire_source (BIG_SIZE);
  int fd = wire_local (NULL, BIG_SIZE, 1), copy = wire_local ("", 0, 0);

  say ("256 MiB up", run (remote, queue_put, "big", 1, fd, &entry), BIG_SIZE);
  say ("256 MiB down", run (remote, queue_get, "big", 1, copy, &entry), BIG_SIZE);
  close (fd);
  close (copy);
}

static void
bench_listing (PsTestSshd *sshd, int port)
{
  g_autoptr (PsRemote) remote = NULL;
  PsLister lister;
  gint64 begin;
  guint names = 0;

  for (guint i = 0; i < DIRS; i++)
    for (guint j = 0; j < FILES_IN_DIR; j++)
      {
        g_autofree char *path = g_strdup_printf ("tree/d%u/file%u.txt", i, j);

        ps_test_write (ps_test_sshd_files (sshd), path, "x");
      }
  remote = wire_connect (sshd, port, FALSE);
  lister = ps_remote_lister (remote);
  begin = g_get_monotonic_time ();
  for (guint i = 0; i < DIRS; i++)
    {
      g_autofree char *dir = g_strdup_printf ("tree/d%u", i);

      lister.klass->request (lister.self, dir);
    }
  for (;;)
    {
      g_autoptr (PsListing) listing = lister.klass->next (lister.self, NULL, NULL);

      if (listing == NULL)
        break;
      g_assert_cmpint (listing->state, ==, PS_LISTING_COMPLETE);
      names += listing->entries->len;
    }
  g_assert_cmpuint (names, ==, DIRS * FILES_IN_DIR);
  say ("list 1000 dirs, 20000 files", (double)(g_get_monotonic_time () - begin) / 1e6, 0);
}

int
main (int argc, char **argv)
{
  int round_trip = argc > 1 ? atoi (argv[1]) : 20;
  const char *rate = argc > 2 ? argv[2] : "0";
  const char *parts = argc > 3 ? argv[3] : "slb";
  g_autoptr (PsTestSshd) sshd = NULL;
  g_autoptr (PsTestProxy) proxy = NULL;
  g_autofree char *options = NULL;
  int port;

  g_test_init (&argc, &argv, NULL);
  sshd = ps_test_sshd_new (NULL);
  if (sshd == NULL)
    return 77;
  options = strcmp (rate, "0") == 0
                ? g_strdup_printf ("-d %d", round_trip / 2)
                : g_strdup_printf ("-d %d -u %s -r %s", round_trip / 2, rate, rate);
  proxy = ps_test_proxy_new (ps_test_sshd_port (sshd), options);
  port = ps_test_proxy_port (proxy);
  g_print ("round trip %d ms, rate %s\n", round_trip, rate);
  if (strchr (parts, 's') != NULL)
    bench_small (sshd, port);
  if (strchr (parts, 'l') != NULL)
    bench_listing (sshd, port);
  if (strchr (parts, 'b') != NULL)
    bench_big (sshd, port);
  return 0;
}
