/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fakes/sshd.h"

#include "fakes/account.h"
#include "fakes/test-util.h"
#include "util/autofd.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NEEDS_ACCOUNT                                                                              \
  (PS_TEST_SSHD_ACCOUNT | PS_TEST_SSHD_PASSWORD | PS_TEST_SSHD_KBDINT | PS_TEST_SSHD_CHROOT)

struct PsTestSshd
{
  PsTestSshdFlags flags;
  char *program;
  char *dir;
  char *config_file;
  char *log_file;
  char *files;
  char *remote_files;
  char *authorized_keys; /* where a new key would be added */
  char *user;
  char **host_keys; /* types */
  char **user_keys; /* types */
  char *config;     /* further lines */
  char *sftp_flags;
  PsTestAccount *account; /* (nullable) */
  int port;
  int port_fd;   /* bound but not listening: keeps the port ours over restarts */
  GPid pid;      /* 0: stopped */
  GArray *pairs; /* (element-type GPid) of sshd -i */
};

void
ps_test_make_key (const char *file, const char *type, const char *passphrase)
{
  const char *argv[] = { "ssh-keygen",
                         "-q",
                         "-t",
                         type,
                         "-N",
                         passphrase ?: "",
                         "-C",
                         "pisync-test",
                         "-f",
                         file,
                         strcmp (type, "rsa") == 0 ? "-b" : NULL,
                         "2048",
                         NULL };

  g_unlink (file);
  ps_test_run_ok (argv);
}

static char *
file_in (const PsTestSshd *self, const char *format, const char *type)
{
  g_autofree char *name = g_strdup_printf ("%s_%s", format, type);

  return g_build_filename (self->dir, name, NULL);
}

char *
ps_test_sshd_user_key (const PsTestSshd *self, const char *type)
{
  return file_in (self, "user", type);
}

static void
make_user_keys (PsTestSshd *self)
{
  g_autoptr (GString) lines = g_string_new (NULL);

  for (guint i = 0; self->user_keys[i] != NULL; i++)
    {
      g_autofree char *file = ps_test_sshd_user_key (self, self->user_keys[i]);
      g_autofree char *public_file = g_strconcat (file, ".pub", NULL);
      g_autofree char *line = NULL;

      ps_test_make_key (file, self->user_keys[i], NULL);
      g_file_get_contents (public_file, &line, NULL, NULL);
      g_string_append (lines, line);
    }
  ps_test_write (self->dir, "authorized_keys", lines->str);
}

void
ps_test_sshd_renew_host_keys (PsTestSshd *self)
{
  for (guint i = 0; self->host_keys[i] != NULL; i++)
    {
      g_autofree char *file = file_in (self, "host", self->host_keys[i]);

      ps_test_make_key (file, self->host_keys[i], NULL);
    }
}

static int
never_listening_socket (int *port)
{
  struct sockaddr_in address = { .sin_family = AF_INET };
  socklen_t length = sizeof address;
  int yes = 1, fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  if (fd < 0 || setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0
      || bind (fd, (struct sockaddr *)&address, length) != 0
      || getsockname (fd, (struct sockaddr *)&address, &length) != 0)
    g_error ("no free port: %s", g_strerror (errno));
  *port = ntohs (address.sin_port);
  return fd;
}

/* OpenSSH 9.8 and later ban addresses that fail to log in; older ones do not know the word. */
static gboolean
knows_penalties (const PsTestSshd *self)
{
  const char *argv[]
      = { self->program, "-t", "-f", self->config_file, "-o", "PerSourcePenalties=no", NULL };
  static int known = -1;

  if (known < 0)
    known = ps_test_run (argv, NULL) == 0;
  return known;
}

static void
add_subsystem (const PsTestSshd *self, GString *text)
{
  g_autofree char *flags = NULL;
  g_auto (GStrv) parts = NULL;

  parts = g_strsplit (self->sftp_flags, "%d", -1);
  flags = g_strjoinv (self->dir, parts);
  if (self->flags & PS_TEST_SSHD_NO_SFTP)
    return;
  g_string_append_printf (text, "Subsystem sftp internal-sftp %s\n", flags);
  if (self->flags & (PS_TEST_SSHD_CHROOT | PS_TEST_SSHD_SFTP_ONLY))
    g_string_append_printf (
        text, "ForceCommand internal-sftp %s\nAllowTcpForwarding no\nPermitTTY no\n", flags);
  if (self->flags & PS_TEST_SSHD_CHROOT)
    g_string_append_printf (text, "ChrootDirectory %s/jail\n", self->account->base);
}

static void
write_config (const PsTestSshd *self)
{
  g_autoptr (GString) text = g_string_new (self->config); /* the first value of a word holds */
  gboolean password = (self->flags & PS_TEST_SSHD_PASSWORD) != 0;
  gboolean kbdint = (self->flags & PS_TEST_SSHD_KBDINT) != 0;

  g_string_append_printf (text,
                          "\nPort %d\nListenAddress 127.0.0.1\nPidFile none\nStrictModes no\n"
                          "MaxStartups 100\nLogLevel VERBOSE\nPrintMotd no\nPermitRootLogin yes\n"
                          "UsePAM %s\nPasswordAuthentication %s\n"
                          "KbdInteractiveAuthentication %s\nPubkeyAuthentication %s\n"
                          "AuthorizedKeysFile %s/authorized_keys %s\n",
                          self->port, password || kbdint ? "yes" : "no", password ? "yes" : "no",
                          kbdint ? "yes" : "no", self->flags & PS_TEST_SSHD_NO_KEYS ? "no" : "yes",
                          self->dir, self->authorized_keys);
  for (guint i = 0; self->host_keys[i] != NULL; i++)
    {
      g_autofree char *file = file_in (self, "host", self->host_keys[i]);

      g_string_append_printf (text, "HostKey %s\n", file);
    }
  add_subsystem (self, text);
  ps_test_write (self->dir, "sshd_config", text->str);
  if (knows_penalties (self))
    {
      g_string_prepend (text, "PerSourcePenalties no\n");
      ps_test_write (self->dir, "sshd_config", text->str);
    }
}

static void
follow_parent (gpointer data)
{
  prctl (PR_SET_PDEATHSIG, SIGTERM);
}

static gboolean
is_listening (gpointer data)
{
  PsTestSshd *self = data;
  g_autofree char *log = ps_test_sshd_log (self);
  int status;

  if (strstr (log, "Server listening on") != NULL)
    return TRUE;
  if (waitpid (self->pid, &status, WNOHANG) == self->pid)
    g_error ("sshd ended at once:\n%s", log);
  return FALSE;
}

void
ps_test_sshd_start (PsTestSshd *self)
{
  char *argv[] = { self->program, (char *)"-D",   (char *)"-f", self->config_file,
                   (char *)"-E",  self->log_file, NULL };
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (self->pid, ==, 0);
  ps_test_write (self->dir, "log", "");
  if (!g_spawn_async ("/", argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, follow_parent, NULL, &self->pid,
                      &error))
    g_error ("%s", error->message);
  if (!ps_test_wait_for (is_listening, self, 20))
    g_error ("sshd does not listen");
}

/* Returns: the parent of a process, 0 when it has gone. */
static int
parent_of (int pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/stat", pid);
  g_autofree char *text = NULL;
  const char *rest;
  int parent = 0;

  if (!g_file_get_contents (path, &text, NULL, NULL) || (rest = strrchr (text, ')')) == NULL)
    return 0;
  return sscanf (rest, ") %*c %d", &parent) == 1 ? parent : 0;
}

static gboolean
is_below (int pid, int ancestor)
{
  while (pid > 1 && pid != ancestor)
    pid = parent_of (pid);
  return pid == ancestor;
}

static void
kill_below (int ancestor)
{
  g_autoptr (GDir) proc = g_dir_open ("/proc", 0, NULL);
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (int));
  const char *name;

  while ((name = g_dir_read_name (proc)) != NULL)
    {
      int pid = atoi (name);

      if (pid > 1 && pid != ancestor && is_below (pid, ancestor))
        g_array_append_val (found, pid);
    }
  for (guint i = 0; i < found->len; i++)
    kill (g_array_index (found, int, i), SIGKILL);
}

void
ps_test_sshd_cut (PsTestSshd *self)
{
  if (self->pid != 0)
    kill_below (self->pid);
}

void
ps_test_sshd_stop (PsTestSshd *self)
{
  if (self->pid == 0)
    return;
  kill (self->pid, SIGSTOP); /* so that it starts no further session meanwhile */
  kill_below (self->pid);
  kill (self->pid, SIGKILL);
  waitpid (self->pid, NULL, 0);
  self->pid = 0;
}

static void
end_pairs (PsTestSshd *self)
{
  for (guint i = 0; i < self->pairs->len; i++)
    {
      GPid pid = g_array_index (self->pairs, GPid, i);

      kill_below (pid);
      kill (pid, SIGKILL);
      waitpid (pid, NULL, 0);
    }
}

int
ps_test_sshd_connect_pair (PsTestSshd *self)
{
  const char *argv[] = { self->program, "-i", "-f", self->config_file, "-E", self->log_file, NULL };
  g_autoptr (GError) error = NULL;
  ps_autofd theirs = -1;
  int pair[2];
  GPid pid;

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
    g_error ("socketpair: %s", g_strerror (errno));
  theirs = pair[1];
  if (!g_spawn_async_with_pipes_and_fds ("/", argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, follow_parent,
                                         NULL, theirs, theirs, -1, NULL, NULL, 0, &pid, NULL, NULL,
                                         NULL, &error))
    g_error ("%s", error->message);
  g_array_append_val (self->pairs, pid);
  return pair[0];
}

static gboolean
requirements_met (const PsTestSshd *self)
{
  return ps_test_require ("sshd", self->program != NULL, "no sshd on this machine")
         && ps_test_require ("root", !(self->flags & NEEDS_ACCOUNT) || geteuid () == 0,
                             "needs root to make a throw-away account");
}

/* Folders and owners: the account's, or all in our own private folder. */
static void
make_places (PsTestSshd *self)
{
  if (!(self->flags & NEEDS_ACCOUNT))
    {
      self->user = g_strdup (g_get_user_name ());
      self->files = g_build_filename (self->dir, "files", NULL);
      self->remote_files = g_strdup (self->files);
      self->authorized_keys = g_build_filename (self->dir, "home/.ssh/authorized_keys", NULL);
      ps_test_make_tree (self->dir, "files/ home/");
      return;
    }
  self->account = ps_test_account_new ("/bin/sh");
  self->user = g_strdup (self->account->name);
  self->authorized_keys = g_build_filename (self->account->home, ".ssh/authorized_keys", NULL);
  if (self->flags & PS_TEST_SSHD_CHROOT)
    {
      ps_test_make_tree (self->account->base, "jail/data/");
      self->files = g_build_filename (self->account->base, "jail/data", NULL);
      self->remote_files = g_strdup ("/data");
    }
  else
    {
      ps_test_make_tree (self->account->home, "files/");
      self->files = g_build_filename (self->account->home, "files", NULL);
      self->remote_files = g_strdup (self->files);
    }
  ps_test_account_own (self->account, self->files);
  chmod (self->dir, 0755); /* the account reads authorized_keys there */
}

static char *
find_sshd (void)
{
  char *program = g_find_program_in_path ("sshd");

  if (program == NULL && g_file_test ("/usr/sbin/sshd", G_FILE_TEST_IS_EXECUTABLE))
    program = g_strdup ("/usr/sbin/sshd");
  return program;
}

PsTestSshd *
ps_test_sshd_new (const PsTestSshdOptions *options)
{
  static const PsTestSshdOptions none;
  g_autoptr (PsTestSshd) self = g_new0 (PsTestSshd, 1);

  options = options ?: &none;
  self->pairs = g_array_new (FALSE, FALSE, sizeof (GPid));
  self->port_fd = -1;
  self->flags = options->flags;
  self->program = find_sshd ();
  if (!requirements_met (self))
    return NULL;
  if (geteuid () == 0)
    g_mkdir_with_parents ("/run/sshd", 0755);
  self->dir = ps_test_dir_new ();
  self->config_file = g_build_filename (self->dir, "sshd_config", NULL);
  self->log_file = g_build_filename (self->dir, "log", NULL);
  self->host_keys = g_strsplit (options->host_keys ?: "ed25519 ecdsa", " ", -1);
  self->user_keys = g_strsplit (options->user_keys ?: "ed25519", " ", -1);
  self->config = g_strdup (options->config ?: "");
  self->sftp_flags = g_strdup (options->sftp_flags ?: "");
  self->port_fd = never_listening_socket (&self->port);
  make_places (self);
  make_user_keys (self);
  ps_test_sshd_renew_host_keys (self);
  write_config (self);
  ps_test_sshd_start (self);
  return g_steal_pointer (&self);
}

void
ps_test_sshd_free (PsTestSshd *self)
{
  if (self == NULL)
    return;
  ps_test_sshd_stop (self);
  end_pairs (self);
  if (self->log_file != NULL)
    {
      g_autofree char *log = ps_test_sshd_log (self);

      g_test_message ("log of sshd:\n%s", log);
    }
  g_array_unref (self->pairs);
  ps_close_fd (&self->port_fd);
  ps_test_account_free (self->account);
  ps_test_dir_free (self->dir);
  g_free (self->program);
  g_free (self->config_file);
  g_free (self->log_file);
  g_free (self->files);
  g_free (self->remote_files);
  g_free (self->authorized_keys);
  g_free (self->user);
  g_strfreev (self->host_keys);
  g_strfreev (self->user_keys);
  g_free (self->config);
  g_free (self->sftp_flags);
  g_free (self);
}

int
ps_test_sshd_port (const PsTestSshd *self)
{
  return self->port;
}

const char *
ps_test_sshd_user (const PsTestSshd *self)
{
  return self->user;
}

const char *
ps_test_sshd_password (const PsTestSshd *self)
{
  return self->account != NULL ? self->account->password : NULL;
}

const char *
ps_test_sshd_dir (const PsTestSshd *self)
{
  return self->dir;
}

const char *
ps_test_sshd_config (const PsTestSshd *self)
{
  return self->config_file;
}

const char *
ps_test_sshd_files (const PsTestSshd *self)
{
  return self->files;
}

const char *
ps_test_sshd_remote_files (const PsTestSshd *self)
{
  return self->remote_files;
}

const char *
ps_test_sshd_authorized_keys (const PsTestSshd *self)
{
  return self->authorized_keys;
}

char *
ps_test_sshd_host_key (const PsTestSshd *self, const char *type)
{
  g_autofree char *file = file_in (self, "host", type);
  g_autofree char *public_file = g_strconcat (file, ".pub", NULL);
  g_autofree char *line = NULL;
  g_auto (GStrv) words = NULL;

  if (!g_file_get_contents (public_file, &line, NULL, NULL))
    g_error ("%s is missing", public_file);
  words = g_strsplit (line, " ", 3);
  return g_strconcat (words[0], " ", words[1], NULL);
}

char *
ps_test_sshd_fingerprint (const PsTestSshd *self, const char *type)
{
  g_autofree char *file = file_in (self, "host", type);
  const char *argv[] = { "ssh-keygen", "-l", "-f", file, NULL };
  g_autofree char *output = NULL;
  g_auto (GStrv) words = NULL;

  g_assert_cmpint (ps_test_run (argv, &output), ==, 0);
  words = g_strsplit (output, " ", 3);
  return g_strdup (words[1]);
}

void
ps_test_sshd_write_known_hosts (const PsTestSshd *self, const char *file)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; self->host_keys[i] != NULL; i++)
    {
      g_autofree char *key = ps_test_sshd_host_key (self, self->host_keys[i]);

      g_string_append_printf (text, "[127.0.0.1]:%d %s\n", self->port, key);
    }
  if (!g_file_set_contents (file, text->str, -1, NULL))
    g_error ("%s: cannot be written", file);
}

char *
ps_test_sshd_log (const PsTestSshd *self)
{
  char *text = NULL;

  g_file_get_contents (self->log_file, &text, NULL, NULL);
  return text != NULL ? text : g_strdup ("");
}
