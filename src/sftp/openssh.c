/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Host keys: ssh reads the same files as we do, and writes what was trusted to ours, which stands
 * first. Where a key is known, ssh checks strictly. Where none is, it asks, and the answer is the
 * fingerprint that the person saw, so that no other key can slip in. To accept a changed key it is
 * run with an empty file: what it writes there is then put in the place of the old key. */
#include "sftp/openssh.h"

#include "sftp/askpass.h"
#include "sftp/auth-key.h"
#include "sftp/auth.h"
#include "sftp/error.h"
#include "sftp/keyfile.h"
#include "sftp/openssh-text.h"
#include "sftp/transport-process.h"
#include "util/redact.h"
#include "util/wait.h"
#include "util/words.h"

#include <glib/gstdio.h>
#include <string.h>

#define MAX_FDS 8

typedef struct
{
  const PsLogin *login;
  const PsKnownHosts *known;
  PsAskpass *askpass;
  PsTransport *transport;
  char *known_folder;   /* (nullable) private: holds the empty file */
  char *known_file;     /* (nullable) that file */
  GHashTable *asked;    /* (element-type utf8 guint) how often a question was asked */
  PsSecretRequest last; /* the last secret given; its subject is in @subject */
  char *subject;
  gboolean has_last;
} Ssh;

static void
ssh_clear (Ssh *self)
{
  ps_transport_free (self->transport);
  ps_askpass_free (self->askpass);
  g_clear_pointer (&self->asked, g_hash_table_unref);
  if (self->known_file != NULL)
    g_unlink (self->known_file);
  if (self->known_folder != NULL)
    g_rmdir (self->known_folder);
  g_free (self->known_file);
  g_free (self->known_folder);
  g_free (self->subject);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Ssh, ssh_clear)

static void
add (GPtrArray *argv, const char *word)
{
  g_ptr_array_add (argv, g_strdup (word));
}

G_GNUC_PRINTF (2, 3)
static void
add_option (GPtrArray *argv, const char *format, ...)
{
  va_list args;

  add (argv, "-o");
  va_start (args, format);
  g_ptr_array_add (argv, g_strdup_vprintf (format, args));
  va_end (args);
}

/* Adds a file to a list as ssh reads it: quoted, % doubled. */
static void
append_file (GString *list, const char *file)
{
  g_auto (GStrv) parts = g_strsplit (file, "%", -1);
  g_autofree char *escaped = g_strjoinv ("%%", parts);

  g_string_append_printf (list, "%s\"%s\"", list->len > 0 ? " " : "", escaped);
}

static void
add_known_hosts (const Ssh *self, GPtrArray *argv)
{
  const PsSshConfig *config = self->login->config;
  g_autoptr (GPtrArray) types
      = ps_known_hosts_types (self->known, config->host_key_name, config->port);
  g_autoptr (GString) files = g_string_new (NULL);
  gboolean known
      = types->len > 0
        || ps_known_hosts_has_authority (self->known, config->host_key_name, config->port);

  if (self->known_file != NULL)
    append_file (files, self->known_file);
  else
    {
      if (self->login->options->known_hosts != NULL)
        append_file (files, self->login->options->known_hosts);
      for (char **file = config->known_hosts; *file != NULL; file++)
        append_file (files, *file);
    }
  add_option (argv, "UserKnownHostsFile=%s", files->str);
  add_option (argv, "GlobalKnownHostsFile=/dev/null");
  add_option (argv, "StrictHostKeyChecking=%s", known && self->known_file == NULL ? "yes" : "ask");
  add_option (argv, "UpdateHostKeys=no");
  add_option (argv, "CheckHostIP=no");
}

static void
add_authentication (const Ssh *self, GPtrArray *argv)
{
  const PsConnectOptions *options = self->login->options;

  add_option (argv, "NumberOfPasswordPrompts=%d", PS_AUTH_MAX_ATTEMPTS);
  if (options->auth == PS_AUTH_PASSWORD)
    {
      add_option (argv, "PreferredAuthentications=keyboard-interactive,password");
      add_option (argv, "PubkeyAuthentication=no");
      return;
    }
  add_option (argv, "PreferredAuthentications=publickey");
  if (options->keyfile != NULL)
    {
      add_option (argv, "IdentitiesOnly=yes");
      add (argv, "-i");
      add (argv, options->keyfile);
    }
  else if (options->auth == PS_AUTH_AGENT)
    add_option (argv, "IdentityFile=none");
}

/* Returns: (transfer full): the command line; nothing in it is secret */
static char **
make_argv (const Ssh *self)
{
  const PsConnectOptions *options = self->login->options;
  /* What a person's configuration may hold for terminals, and would be in the way here. */
  static const char *const fixed[]
      = { "LogLevel=VERBOSE", "ControlMaster=no", "ControlPath=none", "RemoteCommand=none",
          "RequestTTY=no", "PermitLocalCommand=no", "ClearAllForwardings=yes", "ForwardAgent=no",
          "ForwardX11=no", "Tunnel=no", "EscapeChar=none", "BatchMode=no",
          /* While the server is busy nobody else notices a dead line. */
          "ServerAliveInterval=20", "ServerAliveCountMax=2", NULL };
  GPtrArray *argv = g_ptr_array_new ();

  add (argv, "ssh");
  add (argv, "-T");
  add (argv, "-s");
  if (self->login->config->config_file != NULL)
    {
      add (argv, "-F");
      add (argv, self->login->config->config_file);
    }
  add_option (argv, "Port=%d", self->login->config->port);
  add_option (argv, "User=%s", self->login->config->user);
  add_option (argv, "ConnectTimeout=%u", self->login->timeout_s);
  for (guint i = 0; fixed[i] != NULL; i++)
    add_option (argv, "%s", fixed[i]);
  add_known_hosts (self, argv);
  add_authentication (self, argv);
  add (argv, "--");
  add (argv, options->host);
  add (argv, "sftp");
  g_ptr_array_add (argv, NULL);
  return (char **)g_ptr_array_free (argv, FALSE);
}

static gboolean
start (Ssh *self, GError **error)
{
  g_auto (GStrv) argv = make_argv (self);
  g_auto (GStrv) environment = NULL;

  self->askpass = ps_askpass_new (error);
  if (self->askpass == NULL)
    return FALSE;
  environment = ps_askpass_environment (self->askpass);
  environment = g_environ_setenv (environment, "LC_ALL", "C.UTF-8", TRUE);
  self->transport = ps_transport_process_new_with_environment (
      (const char *const *)argv, (const char *const *)environment, 1, error);
  return self->transport != NULL && ps_transport_process_start (self->transport, error);
}

/* Whether @host, as ssh writes it in a question, is the server and not a host on the way to it. */
static gboolean
is_target (const Ssh *self, const char *host)
{
  const PsSshConfig *config = self->login->config;
  g_autofree char *with_port = g_strdup_printf ("[%s]:%d", config->host_key_name, config->port);

  return g_ascii_strcasecmp (host, config->host_key_name) == 0
         || g_ascii_strcasecmp (host, config->host_name) == 0
         || g_ascii_strcasecmp (host, with_port) == 0;
}

/* The server shows a key that ssh does not know, or that it was not told of. */
static char *
answer_host_key (Ssh *self, const PsSshQuestion *question, GError **error)
{
  const PsSshConfig *config = self->login->config;
  g_autofree char *where = NULL, *known_fingerprint = NULL;
  PsConnectOptions options = *self->login->options;
  PsLogin login = *self->login;
  PsHostKeyInfo info = { .state = PS_HOST_KEY_NEW,
                         .host = options.host,
                         .port = config->port,
                         .type = question->key_type,
                         .fingerprint = question->fingerprint };
  PsKnownHostState state;

  login.options = &options;
  if (!is_target (self, question->host))
    {
      info.host = question->host;
      options.fingerprint = NULL; /* was said of the server, not of this one */
    }
  else if (self->known_file != NULL)
    {
      state = ps_known_hosts_check_name (self->known, config->host_key_name, config->port,
                                         &(PsKeyName){ info.type, info.fingerprint }, &where,
                                         &known_fingerprint);
      if (state == PS_KNOWN_HOST_OK)
        return g_strdup (question->fingerprint);
      if (state == PS_KNOWN_HOST_REVOKED)
        {
          ps_trust_set_revoked_error (&info, where, error);
          return NULL;
        }
      if (state == PS_KNOWN_HOST_CHANGED)
        info.state = PS_HOST_KEY_CHANGED;
      info.known_fingerprint = known_fingerprint;
      info.known_in = where;
    }
  if (!ps_trust_confirm (&login, &info, error))
    return NULL;
  return g_strdup (question->takes_fingerprint ? question->fingerprint : "yes");
}

static guint
count_question (Ssh *self, const char *text)
{
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (self->asked, text));

  g_hash_table_insert (self->asked, g_strdup (text), GUINT_TO_POINTER (n + 1));
  return n;
}

static PsSecretRequest
request_for (const Ssh *self, const PsSshQuestion *question)
{
  gboolean ours = question->host == NULL || is_target (self, question->host);

  if (question->kind == PS_SSH_QUESTION_PASSPHRASE)
    return (PsSecretRequest){ .kind = PS_SECRET_PASSPHRASE, .subject = question->subject };
  /* The password of a host on the way is not the server's. */
  if (question->kind == PS_SSH_QUESTION_PASSWORD && ours
      && self->login->options->auth == PS_AUTH_PASSWORD)
    return (PsSecretRequest){ .kind = PS_SECRET_PASSWORD };
  return (PsSecretRequest){ .kind = PS_SECRET_PROMPT, .subject = question->text };
}

static char *
answer_secret (Ssh *self, const PsSshQuestion *question, GError **error)
{
  PsSecretRequest request = request_for (self, question);

  request.attempt
      = count_question (self, request.kind == PS_SECRET_PASSWORD ? "the password" : question->text);
  if (request.attempt >= PS_AUTH_MAX_ATTEMPTS)
    {
      g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_AUTH,
                   request.kind == PS_SECRET_PASSPHRASE
                       ? _ ("The passphrase was wrong %d times (%s)")
                       : _ ("The password was refused %d times (%s)"),
                   PS_AUTH_MAX_ATTEMPTS, request.subject ?: self->login->options->host);
      return NULL;
    }
  g_free (self->subject);
  self->subject = g_strdup (request.subject);
  request.subject = self->subject;
  self->last = request;
  self->has_last = TRUE;
  self->last.user = self->login->config->user;
  self->last.host = self->login->options->host;
  self->last.port = self->login->config->port;
  return ps_auth_ask (self->login, &request, error);
}

/* Answers what ssh asks. FALSE with @error when the login is to be given up. */
static gboolean
handle_question (Ssh *self, GError **error)
{
  g_autoptr (PsSshQuestion) question = NULL;
  g_autoptr (GError) refused = NULL;
  g_autofree char *text = NULL;
  ps_autosecret answer = NULL;
  PsAskpassKind kind;

  text = ps_askpass_take (self->askpass, &kind);
  if (text == NULL)
    return TRUE;
  if (kind == PS_ASKPASS_NOTICE)
    {
      g_message ("%s", text); /* "touch your key"; it goes away by itself */
      return TRUE;
    }
  question = ps_ssh_question_parse (text);
  answer = question->kind == PS_SSH_QUESTION_HOST_KEY ? answer_host_key (self, question, &refused)
                                                      : answer_secret (self, question, &refused);
  ps_askpass_answer (self->askpass, answer);
  if (answer != NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&refused));
  return FALSE;
}

static gboolean
has_logged_in (const Ssh *self, const char *messages)
{
  const PsSshConfig *config = self->login->config;
  g_autofree char *line = g_strdup_printf ("Authenticated to %s ", config->host_name);

  return strstr (messages, line) != NULL;
}

/* Waits for the next thing that happens: a message, a question, the end. */
static gboolean
wait_for_event (Ssh *self, gint64 deadline, GError **error)
{
  GPollFD fds[MAX_FDS];
  guint n = self->transport->klass->get_fds (self->transport, fds, MAX_FDS - 1);
  int ready;

  fds[n] = (GPollFD){ .fd = ps_askpass_fd (self->askpass), .events = G_IO_IN };
  ready = ps_wait_fds (fds, n + 1, MAX (deadline - g_get_monotonic_time (), 0),
                       self->login->cancellable, error);
  if (ready < 0)
    return FALSE;
  if (ready == 0 && g_get_monotonic_time () >= deadline)
    {
      g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_UNREACHABLE,
                   _ ("%s does not answer (waited %u s). Is it switched on, and in this network?"),
                   self->login->options->host, self->login->timeout_s);
      return FALSE;
    }
  return fds[n].revents == 0 || handle_question (self, error);
}

static gboolean
follow_login (Ssh *self, GError **error)
{
  for (;;)
    {
      /* ssh has its own, shorter limit for the connection; questions take their time. */
      gint64 deadline = g_get_monotonic_time () + 2 * self->login->timeout_s * G_USEC_PER_SEC;
      int status;
      gboolean ended = ps_transport_process_has_ended (self->transport, &status);
      const char *messages = ps_transport_process_messages (self->transport);

      if (has_logged_in (self, messages))
        return TRUE;
      if (ended)
        {
          ps_ssh_set_error (messages, self->login, self->known, error);
          return FALSE;
        }
      if (!wait_for_event (self, deadline, error))
        return FALSE;
    }
}

static gboolean
use_empty_file (Ssh *self, GError **error)
{
  self->known_folder = g_dir_make_tmp ("pisync-XXXXXX", error);
  if (self->known_folder == NULL)
    return FALSE;
  self->known_file = g_build_filename (self->known_folder, "known_hosts", NULL);
  return TRUE;
}

/* Puts the key that ssh wrote to the empty file in the place of the old one. */
static gboolean
store_accepted (const Ssh *self, GError **error)
{
  const PsSshConfig *config = self->login->config;
  g_autoptr (PsKnownHosts) accepted = ps_known_hosts_new ();
  g_autoptr (GBytes) key = NULL;

  if (self->known_file == NULL || self->login->options->known_hosts == NULL)
    return TRUE;
  if (!ps_known_hosts_add_file (accepted, self->known_file, error))
    return FALSE;
  key = ps_known_hosts_first_key (accepted, config->host_key_name, config->port);
  return key == NULL /* ssh knew it from elsewhere */
         || ps_known_hosts_check (self->known, config->host_key_name, config->port, key, NULL, NULL)
                == PS_KNOWN_HOST_OK
         || ps_known_hosts_store (self->login->options->known_hosts, config->host_key_name,
                                  config->port, key, error);
}

static gboolean
check_options (const PsLogin *login, GError **error)
{
  const PsConnectOptions *options = login->options;
  g_autoptr (PsKeyFile) file = NULL;

  if (!login->config->has_ssh)
    {
      g_set_error_literal (error, PS_SFTP_ERROR, PS_SFTP_ERROR_SETUP,
                           _ ("The ssh program is needed here and not installed. Install "
                              "openssh-client, or set transport = libssh2"));
      return FALSE;
    }
  if (options->keyfile == NULL || options->auth == PS_AUTH_PASSWORD)
    return TRUE;
  file = ps_key_file_read (options->keyfile, error);
  return file != NULL;
}

/* Our known_hosts must have a folder for ssh to write it. */
static void
make_known_folder (const PsLogin *login)
{
  g_autofree char *folder = NULL;

  if (login->options->known_hosts == NULL)
    return;
  folder = g_path_get_dirname (login->options->known_hosts);
  if (g_mkdir_with_parents (folder, 0700) != 0)
    g_debug ("%s cannot be made: ssh will say so", folder);
}

PsTransport *
ps_openssh_connect (const PsLogin *login, const PsKnownHosts *known, GError **error)
{
  g_auto (Ssh) self = { .login = login, .known = known };

  if (!check_options (login, error))
    return NULL;
  make_known_folder (login);
  self.asked = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (login->options->accept_changed && !use_empty_file (&self, error))
    return NULL;
  if (!start (&self, error) || !follow_login (&self, error) || !store_accepted (&self, error))
    return NULL;
  if (self.has_last && login->prompts->secret_accepted != NULL)
    login->prompts->secret_accepted (&self.last, login->prompts->data);
  return g_steal_pointer (&self.transport);
}
