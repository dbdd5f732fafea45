/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fakes/account.h"

#include "fakes/test-util.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "pistest" /* followed by the pid of the test */

static void
set_password (const PsTestAccount *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) process
      = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE, &error, "chpasswd", NULL);
  g_autofree char *line = g_strdup_printf ("%s:%s\n", self->name, self->password);

  if (process == NULL || !g_subprocess_communicate_utf8 (process, line, NULL, NULL, NULL, &error)
      || !g_subprocess_get_successful (process))
    g_error ("chpasswd: %s", error != NULL ? error->message : "failed");
}

static void
remove_user (const char *name)
{
  const char *argv[] = { "userdel", name, NULL };
  g_autofree char *output = NULL;

  if (ps_test_run (argv, &output) != 0)
    g_test_message ("userdel %s: %s", name, output);
}

/* Removes accounts of tests that no longer run. */
static void
sweep (void)
{
  g_autoptr (GPtrArray) stale = g_ptr_array_new_with_free_func (g_free);
  const struct passwd *entry;

  setpwent ();
  while ((entry = getpwent ()) != NULL)
    if (g_str_has_prefix (entry->pw_name, PREFIX))
      {
        int pid = atoi (entry->pw_name + strlen (PREFIX));

        if (pid > 0 && kill (pid, 0) != 0 && errno == ESRCH)
          g_ptr_array_add (stale, g_strdup (entry->pw_name));
      }
  endpwent ();
  for (guint i = 0; i < stale->len; i++)
    remove_user (g_ptr_array_index (stale, i));
}

static char *
make_base (void)
{
  char *base = g_strdup ("/run/pisync-test-XXXXXX");

  if (g_mkdtemp_full (base, 0755) == NULL || chmod (base, 0755) != 0)
    g_error ("%s: %s", base, g_strerror (errno));
  return base;
}

void
ps_test_account_own (const PsTestAccount *self, const char *path)
{
  const struct passwd *entry = getpwnam (self->name);

  if (entry == NULL || lchown (path, entry->pw_uid, entry->pw_gid) != 0)
    g_error ("%s: cannot be given to %s", path, self->name);
}

PsTestAccount *
ps_test_account_new (const char *shell)
{
  static guint number;
  PsTestAccount *self = g_new0 (PsTestAccount, 1);

  sweep ();
  self->name = g_strdup_printf (PREFIX "%d%s%u", (int)getpid (), "n", number++);
  self->password = g_strdup_printf ("pw %08x'\"\\", g_random_int ());
  self->base = make_base ();
  self->home = g_build_filename (self->base, "home", NULL);
  {
    const char *argv[] = { "useradd", "-M", "-d", self->home, "-s", shell, self->name, NULL };

    ps_test_run_ok (argv);
  }
  set_password (self);
  if (g_mkdir (self->home, 0755) != 0)
    g_error ("%s: %s", self->home, g_strerror (errno));
  ps_test_account_own (self, self->home);
  return self;
}

/* Ends what still runs as the account, or userdel refuses. */
static void
end_processes (const char *name)
{
  const struct passwd *entry = getpwnam (name);
  g_autoptr (GDir) proc = g_dir_open ("/proc", 0, NULL);
  const char *pid;
  struct stat st;

  if (entry == NULL || proc == NULL)
    return;
  while ((pid = g_dir_read_name (proc)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc", pid, NULL);

      if (g_ascii_isdigit (pid[0]) && stat (path, &st) == 0 && st.st_uid == entry->pw_uid)
        kill (atoi (pid), SIGKILL);
    }
}

static gboolean
is_gone (gpointer name)
{
  end_processes (name);
  remove_user (name);
  return getpwnam (name) == NULL;
}

void
ps_test_account_free (PsTestAccount *self)
{
  if (self == NULL)
    return;
  if (!ps_test_wait_for (is_gone, self->name, 10))
    g_test_message ("the account %s could not be removed", self->name);
  ps_test_remove_tree (self->base);
  g_free (self->name);
  g_free (self->password);
  g_free (self->base);
  g_free (self->home);
  g_free (self);
}
