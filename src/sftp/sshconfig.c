/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sftp/sshconfig.h"

#include "sftp/error.h"
#include "util/limited.h"
#include "util/words.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SSH_PORT 22

static const char *const usual_keys[] = { "id_ed25519", "id_ecdsa", "id_rsa", NULL };

void
ps_ssh_config_free (PsSshConfig *self)
{
  if (self == NULL)
    return;
  g_free (self->config_file);
  g_free (self->host_name);
  g_free (self->user);
  g_free (self->host_key_name);
  g_strfreev (self->identity_files);
  g_strfreev (self->known_hosts);
  g_free (self->identity_agent);
  g_free (self);
}

/* The two homes of a person: $HOME is ours and every other program's, but ssh asks the password
 * database alone. */
typedef struct
{
  const char *home;
  const char *real;
} Homes;

/* Returns: (transfer full): @path with ~ and ssh's own idea of home resolved */
static char *
resolve (const Homes *homes, const char *path)
{
  g_autofree char *ssh_folder = g_build_filename (homes->real, ".ssh/", NULL);

  if (g_str_has_prefix (path, "~/"))
    return g_build_filename (homes->home, path + 2, NULL);
  if (strcmp (homes->home, homes->real) != 0 && g_str_has_prefix (path, ssh_folder))
    return g_build_filename (homes->home, ".ssh", path + strlen (ssh_folder), NULL);
  return g_strdup (path);
}

/* Adds the words of @value, which may be in double quotes. */
static void
add_paths (const Homes *homes, const char *value, GPtrArray *paths)
{
  g_auto (GStrv) words = NULL;

  if (!g_shell_parse_argv (value, NULL, &words, NULL))
    return;
  for (guint i = 0; words[i] != NULL; i++)
    if (strcmp (words[i], "none") != 0)
      g_ptr_array_add (paths, resolve (homes, words[i]));
}

static char *
agent_socket (const Homes *homes, const char *value)
{
  if (strcmp (value, "none") == 0)
    return NULL;
  if (strcmp (value, "SSH_AUTH_SOCK") == 0)
    return g_strdup (g_getenv ("SSH_AUTH_SOCK"));
  if (value[0] == '$')
    {
      g_autofree char *name = g_strdup (value + (value[1] == '{' ? 2 : 1));

      name[strcspn (name, "}")] = '\0';
      return g_strdup (g_getenv (name));
    }
  return resolve (homes, value);
}

static char **
steal_paths (GPtrArray *paths)
{
  g_ptr_array_add (paths, NULL);
  return (char **)g_ptr_array_free (paths, FALSE);
}

static void
replace (char **field, const char *value)
{
  g_free (*field);
  *field = g_strdup (value);
}

/* Lists that grow while the output is read. (element-type filename) */
typedef struct
{
  GPtrArray *identities, *user_known, *system_known;
} Lists;

/* Takes in one line of the output. */
static void
apply (PsSshConfig *self, const Homes *homes, const char *key, const char *value,
       const Lists *lists)
{
  if (strcmp (key, "hostname") == 0)
    replace (&self->host_name, value);
  else if (strcmp (key, "port") == 0)
    self->port = atoi (value);
  else if (strcmp (key, "user") == 0)
    replace (&self->user, value);
  else if (strcmp (key, "hostkeyalias") == 0)
    replace (&self->host_key_name, value);
  else if (strcmp (key, "identityfile") == 0)
    g_ptr_array_add (lists->identities, resolve (homes, value)); /* a whole line, spaces and all */
  else if (strcmp (key, "userknownhostsfile") == 0)
    add_paths (homes, value, lists->user_known);
  else if (strcmp (key, "globalknownhostsfile") == 0)
    add_paths (homes, value, lists->system_known);
  else if (strcmp (key, "identitiesonly") == 0)
    self->identities_only = strcmp (value, "yes") == 0;
  else if (strcmp (key, "identityagent") == 0)
    {
      g_free (self->identity_agent);
      self->identity_agent = agent_socket (homes, value);
    }
  else if (strcmp (key, "proxyjump") == 0 || strcmp (key, "proxycommand") == 0)
    self->needs_ssh = self->needs_ssh || strcmp (value, "none") != 0;
  else if (strcmp (key, "certificatefile") == 0)
    self->needs_ssh = TRUE;
}

PsSshConfig *
ps_ssh_config_parse (const char *text, const char *home, const char *real_home)
{
  PsSshConfig *self = g_new0 (PsSshConfig, 1);
  Homes homes = { .home = home, .real = real_home };
  Lists lists = { g_ptr_array_new (), g_ptr_array_new (), g_ptr_array_new () };
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  self->has_ssh = TRUE;
  self->port = SSH_PORT;
  self->identity_agent = g_strdup (g_getenv ("SSH_AUTH_SOCK"));
  for (guint i = 0; lines[i] != NULL; i++)
    {
      char *space = strchr (lines[i], ' ');

      if (space == NULL)
        continue;
      *space = '\0';
      apply (self, &homes, lines[i], space + 1, &lists);
    }
  g_ptr_array_extend_and_steal (lists.user_known, lists.system_known);
  self->identity_files = steal_paths (lists.identities);
  self->known_hosts = steal_paths (lists.user_known);
  return self;
}

/* A machine without the ssh program. */
static PsSshConfig *
make_defaults (const char *home)
{
  PsSshConfig *self = g_new0 (PsSshConfig, 1);
  GPtrArray *identities = g_ptr_array_new (), *known = g_ptr_array_new ();

  self->port = SSH_PORT;
  self->identity_agent = g_strdup (g_getenv ("SSH_AUTH_SOCK"));
  for (guint i = 0; usual_keys[i] != NULL; i++)
    g_ptr_array_add (identities, g_build_filename (home, ".ssh", usual_keys[i], NULL));
  g_ptr_array_add (known, g_build_filename (home, ".ssh", "known_hosts", NULL));
  g_ptr_array_add (known, g_strdup ("/etc/ssh/ssh_known_hosts"));
  self->identity_files = steal_paths (identities);
  self->known_hosts = steal_paths (known);
  return self;
}

/* What could be taken for an option, or for several words, is no host name. */
static gboolean
is_sane_name (const char *name)
{
  if (name[0] == '\0' || name[0] == '-' || strlen (name) > 255)
    return FALSE;
  for (const char *c = name; *c != '\0'; c++)
    if (!g_ascii_isgraph (*c) || strchr ("'\"`$\\;&<>|(){}/@", *c) != NULL)
      return FALSE;
  return TRUE;
}

/* What ends the wait for ssh -G. It may run commands of the configuration, and look up names, which
 * another time may be quicker. */
static void
fail_without_answer (const char *host, guint timeout_s, GError *cause, GError **error)
{
  if (!g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    {
      g_propagate_error (error, cause);
      return;
    }
  g_set_error (
      error, PS_SFTP_ERROR, PS_SFTP_ERROR_UNREACHABLE,
      _ ("\"ssh -G %s\", which reads the SSH configuration, did not end within %u s. A "
         "command in ~/.ssh/config (\"Match exec\") or the look-up of a name may hang: try "
         "it in a terminal"),
      host, timeout_s);
  g_error_free (cause);
}

/* Returns: (transfer full): the output of ssh -G */
static char *
ask_ssh (const char *config_file, const char *host, int port, const char *user, guint timeout_s,
         GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autofree char *port_text = g_strdup_printf ("%d", port);
  g_autofree char *output = NULL, *messages = NULL;
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GError) cause = NULL;

  g_ptr_array_add (argv, (char *)"ssh");
  g_ptr_array_add (argv, (char *)"-G");
  if (config_file != NULL)
    {
      g_ptr_array_add (argv, (char *)"-F");
      g_ptr_array_add (argv, (char *)config_file);
    }
  if (port > 0)
    {
      g_ptr_array_add (argv, (char *)"-p");
      g_ptr_array_add (argv, port_text);
    }
  if (user != NULL)
    {
      g_ptr_array_add (argv, (char *)"-l");
      g_ptr_array_add (argv, (char *)user);
    }
  g_ptr_array_add (argv, (char *)"--");
  g_ptr_array_add (argv, (char *)host);
  g_ptr_array_add (argv, NULL);
  process
      = g_subprocess_newv ((const char *const *)argv->pdata,
                           G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE, &cause);
  if (process == NULL
      || !ps_limited_communicate (process, NULL, timeout_s, &output, &messages, cancellable,
                                  &cause))
    {
      fail_without_answer (host, timeout_s, g_steal_pointer (&cause), error);
      return NULL;
    }
  if (g_subprocess_get_successful (process))
    return g_steal_pointer (&output);
  g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_SETUP,
               _ ("The SSH configuration has a mistake: %s"), g_strstrip (messages));
  return NULL;
}

/* The home that ssh believes in. */
static char *
passwd_home (void)
{
  struct passwd entry, *found = NULL;
  char buffer[4096];

  if (getpwuid_r (getuid (), &entry, buffer, sizeof buffer, &found) == 0 && found != NULL)
    return g_strdup (found->pw_dir);
  return g_strdup (g_get_home_dir ());
}

/* ssh would read the other home's configuration: name ours. */
static char *
choose_config_file (const char *home, const char *real_home)
{
  g_autofree char *file = NULL;

  if (strcmp (home, real_home) == 0)
    return NULL;
  file = g_build_filename (home, ".ssh", "config", NULL);
  return g_file_test (file, G_FILE_TEST_EXISTS) ? g_steal_pointer (&file) : g_strdup ("none");
}

PsSshConfig *
ps_ssh_config_read (const char *host, int port, const char *user, guint timeout_s,
                    GCancellable *cancellable, GError **error)
{
  const char *home = g_get_home_dir ();
  g_autofree char *real_home = passwd_home ();
  g_autofree char *ssh = g_find_program_in_path ("ssh");
  g_autofree char *config_file = choose_config_file (home, real_home);
  g_autoptr (PsSshConfig) self = NULL;

  if (!is_sane_name (host) || (user != NULL && user[0] == '-'))
    {
      g_set_error (
          error, PS_SFTP_ERROR, PS_SFTP_ERROR_SETUP,
          _ ("\"%s\" cannot be the name of a computer. Write a host name, an address or an "
             "alias of ~/.ssh/config"),
          host);
      return NULL;
    }
  if (ssh != NULL)
    {
      g_autofree char *text
          = ask_ssh (config_file, host, port, user, timeout_s, cancellable, error);

      if (text == NULL)
        return NULL;
      self = ps_ssh_config_parse (text, home, real_home);
      self->config_file = g_steal_pointer (&config_file);
    }
  else
    self = make_defaults (home);
  if (self->host_name == NULL)
    self->host_name = g_strdup (host);
  if (port > 0)
    self->port = port;
  if (user != NULL)
    replace (&self->user, user);
  if (self->user == NULL)
    self->user = g_strdup (g_get_user_name ());
  if (self->host_key_name == NULL)
    self->host_key_name = g_strdup (self->host_name);
  return g_steal_pointer (&self);
}
