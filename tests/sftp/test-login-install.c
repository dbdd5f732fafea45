/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Installing a key: made once, added without harm to what is there, proved by a login; and accounts
 * that cannot. */
#include "login-fixture.h"

#include "sftp/installkey.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static PsRemote *
open_remote (LoginFixture *f)
{
  const PsRemoteOptions options = { .root = "", .device = "laptop", .fsync = TRUE };
  g_autoptr (GError) error = NULL;
  PsTransport *transport = ps_sftp_connect (&f->options, &f->prompts, NULL, &error);
  PsRemote *remote;

  g_assert_no_error (error);
  remote = ps_remote_new (transport, &options, NULL, &error);
  g_assert_no_error (error);
  return remote;
}

/* The login directory is a folder of the test, so that nobody's own keys are touched. */
static const PsTestSshdOptions in_test_home = { .sftp_flags = "-d %d/home" };

typedef struct
{
  const char *name;
  const char *before; /* (nullable) content of authorized_keys */
  mode_t mode;        /* of it */
} Case;

static const Case cases[] = {
  { "none", NULL, 0 },
  { "empty", "", 0600 },
  { "others", "ssh-ed25519 AAAAC3Nza other\n# a note\n", 0644 },
  { "no-newline", "command=\"x\" ssh-rsa AAAAB3Nza other", 0600 },
  { "too-open", "# shared\n", 0666 },
};

static char *
make_key (LoginFixture *f, char **file)
{
  g_autoptr (GError) error = NULL;
  char *line;

  *file = g_build_filename (f->home, "config", "pisync", "id_ed25519-pi", NULL);
  line = ps_key_ensure (*file, "pisync@laptop", NULL, &error);
  g_assert_no_error (error);
  return line;
}

static void
test_install (gconstpointer data)
{
  const Case *c = data;
  g_auto (LoginFixture) f = { 0 };
  g_autoptr (PsRemote) remote = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *file = NULL, *line = NULL, *again = NULL, *after = NULL, *expected = NULL;
  g_autofree char *same_file = NULL;
  const char *path;
  const char *gap = "";
  struct stat st;

  if (!login_fixture_init (&f, &in_test_home))
    return;
  path = ps_test_sshd_authorized_keys (f.sshd);
  if (c->before != NULL)
    {
      ps_test_write ("/", path, c->before);
      chmod (path, c->mode);
      gap = *c->before != '\0' && !g_str_has_suffix (c->before, "\n") ? "\n" : "";
    }
  line = make_key (&f, &file);
  remote = open_remote (&f);
  for (guint i = 0; i < 2; i++) /* the second time changes nothing */
    {
      gboolean ok = ps_sftp_install_key (remote, line, NULL, &error);

      g_assert_no_error (error);
      g_assert_true (ok);
    }
  after = ps_test_read ("/", path, NULL);
  expected = g_strconcat (c->before ?: "", gap, line, "\n", NULL);
  g_assert_cmpstr (after, ==, expected);
  g_assert_no_errno (stat (path, &st));
  g_assert_cmpint (st.st_mode & 0777, ==, c->before == NULL ? 0600 : c->mode & ~022u);
  g_assert_true (ps_sftp_prove_key (&f.options, file, line, &f.prompts, NULL, &error));
  g_assert_no_error (error);
  again = make_key (&f, &same_file);
  g_assert_cmpstr (again, ==, line);
}

/* A link to the file that someone keeps elsewhere stays a link. */
static void
test_symlink (void)
{
  g_auto (LoginFixture) f = { 0 };
  g_autoptr (PsRemote) remote = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *file = NULL, *line = NULL, *after = NULL, *folder = NULL, *real = NULL;
  const char *path;

  if (!login_fixture_init (&f, &in_test_home))
    return;
  path = ps_test_sshd_authorized_keys (f.sshd);
  folder = g_path_get_dirname (path);
  g_assert_no_errno (g_mkdir (folder, 0700));
  real = g_build_filename (ps_test_sshd_dir (f.sshd), "dotfiles-keys", NULL);
  ps_test_write ("/", real, "# mine\n");
  g_assert_no_errno (symlink (real, path));
  line = make_key (&f, &file);
  remote = open_remote (&f);
  g_assert_true (ps_sftp_install_key (remote, line, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (g_file_test (path, G_FILE_TEST_IS_SYMLINK));
  after = ps_test_read ("/", real, NULL);
  g_assert_true (g_str_has_prefix (after, "# mine\n"));
  g_assert_nonnull (strstr (after, line));
}

static void
test_key_file (void)
{
  g_auto (LoginFixture) f = { 0 };
  g_autofree char *file = NULL, *line = NULL, *again = NULL, *public_file = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) words = NULL, words_again = NULL;
  struct stat st;

  if (!login_fixture_init (&f, NULL))
    return;
  line = make_key (&f, &file);
  g_assert_true (g_str_has_prefix (line, "ssh-ed25519 AAAA"));
  g_assert_true (g_str_has_suffix (line, " pisync@laptop"));
  g_assert_no_errno (stat (file, &st));
  g_assert_cmpint (st.st_mode & 0777, ==, 0600);
  public_file = g_strconcat (file, ".pub", NULL);
  g_assert_no_errno (g_unlink (public_file));
  again = ps_key_ensure (file, "x", NULL, &error);
  words = g_strsplit (line, " ", 3);
  words_again = g_strsplit (again, " ", 3);
  g_assert_cmpstr (words[1], ==, words_again[1]);
}

/* With a password into a real account, then with the key alone. */
static void
test_account (void)
{
  const PsTestSshdOptions server = { .flags = PS_TEST_SSHD_PASSWORD };
  g_auto (LoginFixture) f = { 0 };
  g_autoptr (PsRemote) remote = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *file = NULL, *line = NULL;
  const char *secrets[2] = { NULL, NULL };
  struct stat st;

  if (!login_fixture_init (&f, &server))
    return;
  secrets[0] = ps_test_sshd_password (f.sshd);
  f.secrets = secrets;
  f.options.auth = PS_AUTH_PASSWORD;
  line = make_key (&f, &file);
  remote = open_remote (&f);
  g_assert_true (ps_sftp_install_key (remote, line, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (ps_sftp_prove_key (&f.options, file, line, &f.prompts, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (f.questions->str, ==, "password 0;");
  g_assert_no_errno (stat (ps_test_sshd_authorized_keys (f.sshd), &st));
  g_assert_cmpint (st.st_mode & 0777, ==, 0600);
  g_assert_cmpuint (st.st_uid, !=, 0);
}

/* Where authorized_keys cannot be written the person is told which line to add. */
static void
test_refused (gconstpointer data)
{
  g_auto (LoginFixture) f = { 0 };
  g_autoptr (PsRemote) remote = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *file = NULL, *line = NULL;

  if (!login_fixture_init (&f, data))
    return;
  line = make_key (&f, &file);
  remote = open_remote (&f);
  g_assert_false (ps_sftp_install_key (remote, line, NULL, &error));
  g_test_message ("says: %s", error->message);
  g_assert_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_DENIED);
  g_assert_nonnull (strstr (error->message, line));
}

/* The key was added where sshd does not look. */
static void
test_not_proved (void)
{
  const PsTestSshdOptions server = { .sftp_flags = "-d %d/files" };
  g_auto (LoginFixture) f = { 0 };
  g_autoptr (PsRemote) remote = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *file = NULL, *line = NULL;

  if (!login_fixture_init (&f, &server))
    return;
  line = make_key (&f, &file);
  remote = open_remote (&f);
  g_assert_true (ps_sftp_install_key (remote, line, NULL, &error));
  g_assert_no_error (error);
  g_assert_false (ps_sftp_prove_key (&f.options, file, line, &f.prompts, NULL, &error));
  g_test_message ("says: %s", error->message);
  g_assert_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_DENIED);
  g_assert_nonnull (strstr (error->message, line));
}

int
main (int argc, char **argv)
{
  static const PsTestSshdOptions chrooted = { .flags = PS_TEST_SSHD_CHROOT };
  static const PsTestSshdOptions read_only = { .sftp_flags = "-R -d %d/home" };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/sftp/install-key/file/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_install);
    }
  g_test_add_func ("/sftp/install-key/symlink", test_symlink);
  g_test_add_func ("/sftp/install-key/key-file", test_key_file);
  g_test_add_func ("/sftp/install-key/account", test_account);
  g_test_add_data_func ("/sftp/install-key/chroot", &chrooted, test_refused);
  g_test_add_data_func ("/sftp/install-key/read-only", &read_only, test_refused);
  g_test_add_func ("/sftp/install-key/not-proved", test_not_proved);
  return g_test_run ();
}
