/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Large files over a long link: several channels of one connection, refused channels, cuts. */
#include "fakes/proxy.h"
#include "fakes/test-util.h"
#include "sftp/wire.h"
#include "util/sha256.h"

#include <string.h>
#include <unistd.h>

#define SIZE ((gsize)48 << 20)
#define LONG_WAY "-d 20"

typedef struct
{
  PsTestSshd *sshd;
  PsTestProxy *proxy;
  int fd; /* the local file */
} Link;

/* Returns: FALSE when the test is skipped. */
static gboolean
link_init (Link *self, const char *config)
{
  PsTestSshdOptions options = { .config = config };

  self->sshd = ps_test_sshd_new (&options);
  if (self->sshd == NULL)
    return FALSE;
  self->proxy = ps_test_proxy_new (ps_test_sshd_port (self->sshd), LONG_WAY);
  self->fd = wire_local (NULL, SIZE, 11);
  return TRUE;
}

static void
link_clear (Link *self)
{
  close (self->fd);
  ps_test_proxy_free (self->proxy);
  ps_test_sshd_free (self->sshd);
}

static PsRemote *
link_connect (Link *self)
{
  return wire_connect (self->sshd, ps_test_proxy_port (self->proxy), TRUE);
}

static void
wait_for (PsRemote *remote, WireResult *result)
{
  while (!result->done)
    g_assert_true (ps_remote_step (remote, -1, NULL, NULL));
}

static void
assert_on_server (const Link *self, const char *path)
{
  g_autofree char *file = g_build_filename (ps_test_sshd_files (self->sshd), path, NULL);
  g_autofree char *data = NULL;
  g_autofree char *local = g_malloc (SIZE);
  gsize length;

  g_assert_true (g_file_get_contents (file, &data, &length, NULL));
  g_assert_cmpuint (length, ==, SIZE);
  g_assert_cmpint (pread (self->fd, local, SIZE, 0), ==, SIZE);
  g_assert_true (memcmp (local, data, SIZE) == 0);
}

static void
assert_same (int a, int b)
{
  uint8_t sum_a[PS_SHA256_SIZE], sum_b[PS_SHA256_SIZE];

  g_assert_true (ps_sha256_fd (a, sum_a, NULL, NULL));
  g_assert_true (ps_sha256_fd (b, sum_b, NULL, NULL));
  g_assert_cmpmem (sum_a, sizeof sum_a, sum_b, sizeof sum_b);
}

/* Up and down again. */
static void
test_both_ways (gconstpointer config)
{
  Link link = { 0 };
  g_autoptr (PsRemote) remote = NULL;
  g_auto (WireResult) up = { 0 };
  g_auto (WireResult) down = { 0 };
  int copy;
  PsPut put = { .path = "big", .source = wire_source (SIZE) };
  PsGet get = { .path = "big", .hash = TRUE };

  if (!link_init (&link, config))
    return;
  remote = link_connect (&link);
  put.fd = link.fd;
  ps_remote_put_async (remote, &put, wire_done, &up);
  wait_for (remote, &up);
  g_assert_no_error (up.error);
  assert_on_server (&link, "big");
  get.fd = copy = wire_local ("", 0, 0);
  get.expected = up.entry;
  ps_remote_get_async (remote, &get, wire_done, &down);
  wait_for (remote, &down);
  g_assert_no_error (down.error);
  assert_same (link.fd, copy);
  g_assert_cmpmem (up.sha256, sizeof up.sha256, down.sha256, sizeof down.sha256);
  close (copy);
  link_clear (&link);
}

typedef struct
{
  WireResult result;
  uint64_t moved;
  uint64_t durable;
} Upload;

static void
count_moved (uint64_t bytes, gpointer data)
{
  ((Upload *)data)->moved += bytes;
}

static void
note_durable (uint64_t upto, gpointer data)
{
  ((Upload *)data)->durable = upto;
}

/* Cut at a random place, again and again: what is on the server is gone on with, and never with a
 * hole in it. */
static void
test_cut (void)
{
  Link link = { 0 };
  guint cuts = 4;
  uint64_t durable = 0;
  bool done = false;

  if (!link_init (&link, NULL))
    return;
  while (!done)
    {
      g_autoptr (PsRemote) remote = link_connect (&link);
      uint64_t stop = cuts > 0 ? (uint64_t)g_test_rand_int_range (1 << 20, 30 << 20) : UINT64_MAX;
      Upload upload = { 0 };
      PsPut put = { .path = "big",
                    .fd = link.fd,
                    .source = wire_source (SIZE),
                    .resume_key = "big-48",
                    .resume = durable,
                    .durable = note_durable,
                    .moved = count_moved };

      ps_remote_put_async (remote, &put, wire_done, &upload);
      while (!upload.result.done && upload.moved < stop)
        g_assert_true (ps_remote_step (remote, -1, NULL, NULL));
      done = upload.result.done;
      if (done)
        g_assert_no_error (upload.result.error);
      else
        {
          cuts--;
          ps_test_sshd_cut (link.sshd);
          while (ps_remote_step (remote, -1, NULL, NULL))
            ;
          g_assert_error (upload.result.error, PS_SFTP_ERROR, PS_SFTP_ERROR_LINK);
          /* Once all of it was there, the server may have put it in place before it was cut. */
          g_assert_true (upload.durable >= durable || durable == SIZE);
          durable = upload.durable;
        }
      wire_result_clear (&upload.result);
    }
  assert_on_server (&link, "big");
  link_clear (&link);
}

/* Both directions at once, small and large, on one connection. */
static void
test_mixture (void)
{
  Link link = { 0 };
  g_autoptr (PsRemote) remote = NULL;
  g_autofree WireResult *results = g_new0 (WireResult, 200);
  WireResult up = { 0 }, again = { 0 }, down = { 0 };
  PsPut put = { .path = "big", .source = wire_source (SIZE) };
  PsGet get = { .path = "big" };
  int small, copy;

  if (!link_init (&link, NULL))
    return;
  remote = link_connect (&link);
  put.fd = link.fd;
  ps_remote_put_async (remote, &put, wire_done, &up);
  wait_for (remote, &up);
  g_assert_no_error (up.error);
  put.path = "big2";
  ps_remote_put_async (remote, &put, wire_done, &again);
  get.fd = copy = wire_local ("", 0, 0);
  get.expected = up.entry;
  ps_remote_get_async (remote, &get, wire_done, &down);
  small = wire_local (NULL, 5000, 3);
  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *path = g_strdup_printf ("small%u", i);
      PsPut request = { .path = path, .fd = small, .source = wire_source (5000) };

      ps_remote_put_async (remote, &request, wire_done, &results[i]);
    }
  while (ps_remote_outstanding (remote) > 0)
    g_assert_true (ps_remote_step (remote, -1, NULL, NULL));
  g_assert_no_error (again.error);
  g_assert_no_error (down.error);
  for (guint i = 0; i < 200; i++)
    g_assert_no_error (results[i].error);
  assert_on_server (&link, "big2");
  assert_same (link.fd, copy);
  close (copy);
  close (small);
  link_clear (&link);
}

/* A server that is busy with a disk for longer than any answer may take, over a line that lives or
 * does not. */
static void
test_busy_server (gconstpointer dies)
{
  PsTestSshdOptions options = { .flags = PS_TEST_SSHD_NO_SFTP,
                                .config = "Subsystem sftp env LD_PRELOAD=" PS_TEST_ODD_DISK
                                          " ODD_DISK_LINKS=1 ODD_DISK_SYNC=8 " WIRE_SERVER };
  g_autoptr (PsTestSshd) sshd = ps_test_sshd_new (&options);
  g_autoptr (PsTestProxy) proxy = NULL;
  g_autoptr (PsRemote) remote = NULL;
  g_auto (WireResult) result = { 0 };
  g_autoptr (GError) error = NULL;
  int fd = wire_local ("text", 4, 0);
  PsPut put = { .path = "f", .fd = fd, .source = wire_source (4) };
  gint64 began;

  if (sshd == NULL)
    return;
  proxy = ps_test_proxy_new (ps_test_sshd_port (sshd), "");
  remote = wire_connect_stall (sshd, ps_test_proxy_port (proxy), 2);
  ps_remote_put_async (remote, &put, wire_done, &result);
  began = g_get_monotonic_time ();
  while (!result.done && g_get_monotonic_time () - began < G_USEC_PER_SEC)
    g_assert_true (ps_remote_step (remote, G_USEC_PER_SEC / 10, NULL, NULL));
  g_assert_false (result.done);
  if (dies != NULL)
    ps_test_proxy_freeze (proxy);
  while (!result.done && ps_remote_step (remote, -1, NULL, &error))
    ;
  if (dies == NULL)
    g_assert_no_error (result.error);
  else
    g_assert_error (result.error, PS_SFTP_ERROR, PS_SFTP_ERROR_LINK);
  g_assert_cmpint (g_get_monotonic_time () - began, <, 15 * G_USEC_PER_SEC);
  close (fd);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/sftp/link/both-ways", NULL, test_both_ways);
  g_test_add_data_func ("/sftp/link/both-ways/one-channel", "MaxSessions 1", test_both_ways);
  g_test_add_data_func ("/sftp/link/both-ways/two-channels", "MaxSessions 2", test_both_ways);
  g_test_add_data_func ("/sftp/link/both-ways/rekeys", "RekeyLimit 4M none", test_both_ways);
  g_test_add_func ("/sftp/link/cut", test_cut);
  g_test_add_func ("/sftp/link/mixture", test_mixture);
  g_test_add_data_func ("/sftp/link/busy-server", NULL, test_busy_server);
  g_test_add_data_func ("/sftp/link/busy-server/dead-line", "", test_busy_server);
  return g_test_run ();
}
