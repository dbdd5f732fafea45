/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sftp/openssh-text.h"

#include "sftp/auth.h"
#include "sftp/error.h"
#include "util/words.h"

#include <string.h>

void
ps_ssh_question_free (PsSshQuestion *self)
{
  if (self == NULL)
    return;
  g_free (self->text);
  g_free (self->host);
  g_free (self->subject);
  g_free (self->key_type);
  g_free (self->fingerprint);
  g_free (self);
}

/* Matches; the named groups go to the pointers after @text, pairs of name and char **, NULL at the
 * end. */
static gboolean
match (const char *pattern, const char *text, ...)
{
  g_autoptr (GRegex) regex = g_regex_new (pattern, G_REGEX_DOTALL, 0, NULL);
  g_autoptr (GMatchInfo) info = NULL;
  gboolean found = g_regex_match (regex, text, 0, &info);
  const char *name;
  va_list args;

  va_start (args, text);
  while (found && (name = va_arg (args, const char *)) != NULL)
    {
      char **place = va_arg (args, char **);

      g_free (*place);
      *place = g_match_info_fetch_named (info, name);
    }
  va_end (args);
  return found;
}

/* ssh shows "ED25519" where known_hosts says "ssh-ed25519". */
static char *
full_key_type (const char *name)
{
  if (strcmp (name, "ED25519") == 0)
    return g_strdup ("ssh-ed25519");
  if (strcmp (name, "RSA") == 0)
    return g_strdup ("ssh-rsa");
  return g_strdup (name);
}

static gboolean
parse_host_key (PsSshQuestion *self, const char *text)
{
  g_autofree char *type = NULL;

  if (!match ("^The authenticity of host '(?<host>[^' ]+)( \\([^']*\\))?' can't be established.*"
              "\\n(?<type>\\S+) key fingerprint is (?<print>SHA256:[A-Za-z0-9+/]{43})",
              text, "host", &self->host, "type", &type, "print", &self->fingerprint, NULL))
    return FALSE;
  self->kind = PS_SSH_QUESTION_HOST_KEY;
  self->key_type = full_key_type (type);
  self->takes_fingerprint = strstr (text, "/[fingerprint]") != NULL;
  return TRUE;
}

static void
parse_secret (PsSshQuestion *self, const char *text)
{
  g_autofree char *prompt = NULL;

  if (match ("^Enter passphrase for (key )?'?(?<file>/[^']*[^': ])'?: $", text, "file",
             &self->subject, NULL))
    self->kind = PS_SSH_QUESTION_PASSPHRASE;
  else if (match ("^[^@ ]+@(?<host>[^ ]+)'s password: $", text, "host", &self->host, NULL))
    self->kind = PS_SSH_QUESTION_PASSWORD;
  else if (match ("^\\([^@ ]+@(?<host>[^ )]+)\\) (?<prompt>.*)$", text, "host", &self->host,
                  "prompt", &prompt, NULL)
           && ps_auth_is_password_prompt (prompt))
    self->kind = PS_SSH_QUESTION_PASSWORD;
  else if (self->host == NULL && ps_auth_is_password_prompt (text)
           && strchr (text, '@') == NULL) /* the server's bare prompt, before OpenSSH 8.5 */
    self->kind = PS_SSH_QUESTION_PASSWORD;
}

PsSshQuestion *
ps_ssh_question_parse (const char *text)
{
  PsSshQuestion *self = g_new0 (PsSshQuestion, 1);
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  self->kind = PS_SSH_QUESTION_OTHER;
  self->text = ps_auth_display_text (text, strlen (text));
  if (!parse_host_key (self, valid))
    parse_secret (self, valid);
  return self;
}

/* clang-format off */
/* What is found first counts. %s is the host. */
static const struct
{
  const char *needle;
  int code;
  const char *sentence;
} sayings[] = {
  { "marked as revoked", PS_SFTP_ERROR_HOST_KEY,
    N_ ("The host key of %s is marked as revoked: it must not be trusted") },
  { "Host key verification failed", PS_SFTP_ERROR_HOST_KEY,
    N_ ("The host key of %s could not be verified") },
  { "Could not resolve hostname", PS_SFTP_ERROR_UNREACHABLE,
    N_ ("No computer is known by the name \"%s\". Is the name right, and is this computer in the right "
    "network?") },
  { "Connection refused", PS_SFTP_ERROR_UNREACHABLE,
    N_ ("%s is there but refuses the connection. Is the SSH server running, and is this its port?") },
  { "No route to host", PS_SFTP_ERROR_UNREACHABLE,
    N_ ("There is no way to %s from here now. Is this computer online?") },
  { "Network is unreachable", PS_SFTP_ERROR_UNREACHABLE,
    N_ ("There is no way to %s from here now. Is this computer online?") },
  { "timed out", PS_SFTP_ERROR_UNREACHABLE,
    N_ ("%s does not answer. Is it switched on, and in this network?") },
  { "UNPROTECTED PRIVATE KEY FILE", PS_SFTP_ERROR_SETUP,
    N_ ("The key file for %s can be read by others, so ssh refuses it. Run chmod 600 on it") },
  { "Too many authentication failures", PS_SFTP_ERROR_AUTH,
    N_ ("%s refused all that was offered and closed the connection. If it is many keys, name one as "
    "keyfile") },
  { "Permission denied", PS_SFTP_ERROR_AUTH, N_ ("%s refused the login") },
  { "No more authentication methods", PS_SFTP_ERROR_AUTH, N_ ("%s refused the login") },
  { "no matching ", PS_SFTP_ERROR_SETUP, N_ ("This computer and %s have no common way to encrypt") },
  { "Bad configuration option", PS_SFTP_ERROR_SETUP, N_ ("The SSH configuration for %s has a mistake") },
  { "Bad owner or permissions", PS_SFTP_ERROR_SETUP, N_ ("ssh refuses its configuration for %s") },
};
/* clang-format on */

/* What ssh logs in good weather too. */
static gboolean
is_chatter (const char *line)
{
  static const char *const beginnings[]
      = { "Authenticated to",
          "Transferred:", "Bytes per second:", "debug1:", "Warning: Permanently" };

  for (gsize i = 0; i < G_N_ELEMENTS (beginnings); i++)
    if (g_str_has_prefix (line, beginnings[i]))
      return TRUE;
  return *line == '\0' || *line == '@';
}

/* Returns: (transfer full): the last line that says something */
static char *
last_saying (const char *messages)
{
  g_auto (GStrv) lines = g_strsplit (messages, "\n", -1);

  for (guint i = g_strv_length (lines); i > 0; i--)
    if (!is_chatter (g_strstrip (lines[i - 1])))
      return ps_auth_display_text (lines[i - 1], strlen (lines[i - 1]));
  return g_strdup (_ ("ssh ended without a word"));
}

/* A host on the way has another key: its known_hosts entry is ssh's own affair. */
static gboolean
set_gate_error (const char *messages, const PsLogin *login, GError **error)
{
  const PsSshConfig *config = login->config;
  g_autofree char *host = NULL;
  g_autofree char *target = g_strdup_printf ("[%s]:%d", config->host_key_name, config->port);

  if (!match ("Host key for (?<host>\\S+) has changed", messages, "host", &host, NULL)
      || g_ascii_strcasecmp (host, target) == 0
      || g_ascii_strcasecmp (host, config->host_key_name) == 0)
    return FALSE;
  g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_HOST_KEY,
               _ ("The host key of %s, on the way to %s, is not the one that is known. If it was "
                  "reinstalled, compare its fingerprint and then run: ssh-keygen -R '%s'"),
               host, login->options->host, host);
  return TRUE;
}

/* The large warning about a changed key. ssh names the last key that it knows; we name the one of
 * the same type, which is what a person can compare. */
static gboolean
set_changed_error (const char *messages, const PsLogin *login, const PsKnownHosts *known,
                   GError **error)
{
  g_autofree char *name = NULL, *type = NULL, *print = NULL, *where = NULL, *known_print = NULL;
  PsHostKeyInfo info = { .state = PS_HOST_KEY_CHANGED,
                         .host = login->options->host,
                         .type = _ ("another type"),
                         .fingerprint = _ ("a key") };

  if (strstr (messages, "marked as revoked") != NULL
      || (strstr (messages, "HAS CHANGED") == NULL
          && strstr (messages, "you have requested strict checking") == NULL))
    return FALSE;
  if (match ("for the (?<type>\\S+) key sent by the remote host is\\s+"
             "(?<print>SHA256:[A-Za-z0-9+/]{43})",
             messages, "type", &name, "print", &print, NULL))
    {
      type = full_key_type (name);
      info.type = type;
      info.fingerprint = print;
    }
  ps_known_hosts_check_name (known, login->config->host_key_name, login->config->port,
                             &(PsKeyName){ info.type, info.fingerprint }, &where, &known_print);
  info.known_in = where;
  info.known_fingerprint = known_print;
  ps_trust_set_changed_error (&info, error);
  return TRUE;
}

void
ps_ssh_set_error (const char *messages, const PsLogin *login, const PsKnownHosts *known,
                  GError **error)
{
  const char *host = login->options->host;
  g_autofree char *last = last_saying (messages);

  if (set_gate_error (messages, login, error) || set_changed_error (messages, login, known, error))
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (sayings); i++)
    if (strstr (messages, sayings[i].needle) != NULL)
      {
        g_autofree char *sentence = ps_words_about (sayings[i].sentence, host);

        g_set_error (error, PS_SFTP_ERROR, sayings[i].code, "%s (%s)", sentence, last);
        return;
      }
  g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_UNREACHABLE, _ ("No connection to %s: %s"), host,
               last);
}
