/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The test tools themselves. */
#include "fakes/proxy.h"
#include "fakes/sshd.h"
#include "fakes/test-util.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void
test_tree (void)
{
  ps_autotestdir a = ps_test_dir_new ();
  ps_autotestdir b = ps_test_dir_new ();
  g_autofree char *difference = NULL;
  g_autofree char *text = NULL;

  ps_test_make_tree (a,
                     "d/e/ d/f=hello d/x*=run d/l>f big=@70000:3 with%20space=a%0Ab .pisync/t=1");
  ps_test_make_tree (b, "d/e/ d/f=hello d/x*=run d/l>f big=@70000:3 with%20space=a%0Ab");
  ps_test_assert_same_trees (a, b);
  text = ps_test_read (b, "with space", NULL);
  g_assert_cmpstr (text, ==, "a\nb");
  ps_test_make_tree (b, "d/f=hullo new= -d/e big=@70000:4");
  difference = ps_test_compare_trees (a, b);
  g_assert_nonnull (strstr (difference, "- d/e/\n"));
  g_assert_nonnull (strstr (difference, "+ d/f 5 "));
  g_assert_nonnull (strstr (difference, "+ new 0 "));
  g_assert_null (strstr (difference, "d/x"));
}

static void
test_remove (void)
{
  char *dir = ps_test_dir_new ();
  g_autofree char *locked = g_build_filename (dir, "d/e", NULL);
  g_autofree char *name = g_strdup (dir);

  ps_test_make_tree (dir, "d/e/f=1 l>/etc");
  chmod (locked, 0);
  ps_test_dir_free (dir);
  g_assert_false (g_file_test (name, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test ("/etc/passwd", G_FILE_TEST_EXISTS));
}

static gboolean
login_works (const PsTestSshd *sshd, int port)
{
  g_autofree char *key = ps_test_sshd_user_key (sshd, "ed25519");
  g_autofree char *known = g_build_filename (ps_test_sshd_dir (sshd), "known", NULL);
  g_autofree char *known_option = g_strconcat ("UserKnownHostsFile=", known, NULL);
  g_autofree char *port_text = g_strdup_printf ("%d", port);
  const char *argv[] = { "ssh",
                         "-F",
                         "none",
                         "-i",
                         key,
                         "-p",
                         port_text,
                         "-o",
                         known_option,
                         "-o",
                         "StrictHostKeyChecking=yes",
                         "-o",
                         "BatchMode=yes",
                         "-o",
                         "IdentityAgent=none",
                         "-o",
                         "HostKeyAlias=pi",
                         "-l",
                         ps_test_sshd_user (sshd),
                         "127.0.0.1",
                         "true",
                         NULL };
  g_autofree char *host_key = ps_test_sshd_host_key (sshd, "ed25519");
  g_autofree char *line = g_strdup_printf ("pi %s\n", host_key);
  g_autofree char *output = NULL;
  gboolean ok;

  ps_test_write (ps_test_sshd_dir (sshd), "known", line);
  ok = ps_test_run (argv, &output) == 0;
  g_test_message ("ssh: %s", output);
  return ok;
}

static void
test_sshd (void)
{
  g_autoptr (PsTestSshd) sshd = ps_test_sshd_new (NULL);
  g_autoptr (PsTestProxy) proxy = NULL;
  g_autofree char *before = NULL, *after = NULL;

  if (sshd == NULL)
    return;
  g_assert_true (login_works (sshd, ps_test_sshd_port (sshd)));
  ps_test_sshd_stop (sshd);
  g_assert_false (login_works (sshd, ps_test_sshd_port (sshd)));
  before = ps_test_sshd_fingerprint (sshd, "ed25519");
  ps_test_sshd_renew_host_keys (sshd);
  after = ps_test_sshd_fingerprint (sshd, "ed25519");
  g_assert_cmpstr (before, !=, after);
  g_assert_true (g_str_has_prefix (after, "SHA256:"));
  ps_test_sshd_start (sshd);
  proxy = ps_test_proxy_new (ps_test_sshd_port (sshd), "-d 1 -X 100 -n 1");
  g_assert_false (login_works (sshd, ps_test_proxy_port (proxy)));
  g_assert_true (login_works (sshd, ps_test_proxy_port (proxy)));
  ps_test_proxy_toggle (proxy);
  g_assert_false (login_works (sshd, ps_test_proxy_port (proxy)));
}

static void
test_account (gconstpointer data)
{
  const PsTestSshdOptions options = { .flags = GPOINTER_TO_UINT (data) };
  g_autoptr (PsTestSshd) sshd = ps_test_sshd_new (&options);

  if (sshd == NULL)
    return;
  g_assert_cmpstr (ps_test_sshd_user (sshd), !=, "root");
  /* A chrooted account may not run programs: sshd says so with status 1. */
  g_assert_cmpint (login_works (sshd, ps_test_sshd_port (sshd)), ==,
                   !(options.flags & PS_TEST_SSHD_CHROOT));
}

static void
test_pair (void)
{
  g_autoptr (PsTestSshd) sshd = ps_test_sshd_new (NULL);
  char banner[5] = "";
  int fd;

  if (sshd == NULL)
    return;
  fd = ps_test_sshd_connect_pair (sshd);
  g_assert_cmpint (recv (fd, banner, 4, MSG_WAITALL), ==, 4);
  g_assert_cmpstr (banner, ==, "SSH-");
  close (fd);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fakes/tree", test_tree);
  g_test_add_func ("/fakes/remove", test_remove);
  g_test_add_func ("/fakes/sshd", test_sshd);
  g_test_add_data_func ("/fakes/account", GUINT_TO_POINTER (PS_TEST_SSHD_PASSWORD), test_account);
  g_test_add_data_func ("/fakes/chroot", GUINT_TO_POINTER (PS_TEST_SSHD_CHROOT), test_account);
  g_test_add_func ("/fakes/pair", test_pair);
  return g_test_run ();
}
