/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each question to a person is one attempt on the server, and there are at most three, so that no
 * account is locked by a program that repeats itself. */
#include "sftp/auth.h"

#include "sftp/auth-key.h"
#include "sftp/error.h"
#include "util/redact.h"
#include "util/words.h"

#include <stdlib.h>
#include <string.h>

#define MAX_DISPLAY 1000 /* characters of a server's text */

gboolean
ps_auth_is_password_prompt (const char *text)
{
  /* The server speaks its own language. */
  static const char *const words[]
      = { "password", "passwort", "kennwort", "mot de passe", "contrase", "senha", "wachtwoord" };
  g_autofree char *lower = g_ascii_strdown (text, -1);

  if (strstr (lower, "new password") != NULL || strstr (lower, "one-time") != NULL)
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    if (strstr (lower, words[i]) != NULL)
      return TRUE;
  return FALSE;
}

char *
ps_auth_display_text (const char *text, gsize length)
{
  g_autofree char *valid = g_utf8_make_valid (text, (gssize)length);
  GString *result = g_string_new (NULL);
  guint n = 0;

  for (const char *c = valid; *c != '\0' && n < MAX_DISPLAY; c = g_utf8_next_char (c), n++)
    {
      gunichar character = g_utf8_get_char (c);

      /* Direction marks could turn a sentence round. */
      if (character == '\n' || g_unichar_isprint (character))
        g_string_append_unichar (result, character);
      else
        g_string_append_printf (result, "\\u%04x", character);
    }
  return g_strstrip (g_string_free (result, FALSE));
}

typedef struct
{
  const PsLogin *login;
  PsSsh2Link *link;
  guint attempt;
  guint n_prompts;       /* of this attempt */
  PsSecretRequest asked; /* the last question; its subject is in @subject */
  char *subject;
  GError *error; /* the login must stop */
} Dialogue;

static void
dialogue_clear (Dialogue *dialogue)
{
  g_free (dialogue->subject);
  g_clear_error (&dialogue->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Dialogue, dialogue_clear)

static gint64
deadline (const Dialogue *dialogue)
{
  return g_get_monotonic_time () + dialogue->login->timeout_s * G_USEC_PER_SEC;
}

static gboolean
wait_more (const Dialogue *dialogue, gint64 until, GError **error)
{
  return ps_ssh2_link_wait (dialogue->link, until, dialogue->login->cancellable, error);
}

static void
note_accepted (Dialogue *dialogue)
{
  const PsLoginPrompts *prompts = dialogue->login->prompts;

  if (prompts->secret_accepted != NULL && dialogue->n_prompts > 0)
    prompts->secret_accepted (&dialogue->asked, prompts->data);
}

/* Answers one prompt of the server. */
static char *
answer_prompt (Dialogue *dialogue, const LIBSSH2_USERAUTH_KBDINT_PROMPT *prompt)
{
  char *text = ps_auth_display_text (prompt->text, prompt->length);
  gboolean password = !prompt->echo && ps_auth_is_password_prompt (text);

  g_free (dialogue->subject);
  dialogue->subject = text;
  dialogue->n_prompts++;
  dialogue->asked = (PsSecretRequest){ .kind = password ? PS_SECRET_PASSWORD : PS_SECRET_PROMPT,
                                       .subject = password ? NULL : text,
                                       .echo = prompt->echo != 0,
                                       .attempt = dialogue->attempt };
  return ps_auth_ask (dialogue->login, &dialogue->asked, &dialogue->error);
}

static void
prompts_cb (const char *name, int name_length, const char *instruction, int instruction_length,
            int n_prompts, const LIBSSH2_USERAUTH_KBDINT_PROMPT *prompts,
            LIBSSH2_USERAUTH_KBDINT_RESPONSE *responses, void **abstract)
{
  Dialogue *dialogue = ps_ssh2_link_get_data (*abstract);

  for (int i = 0; i < n_prompts && dialogue->error == NULL; i++)
    {
      ps_autosecret answer = answer_prompt (dialogue, &prompts[i]);

      if (answer == NULL)
        {
          /* Nobody answers: an empty one would count as a wrong password. */
          ps_ssh2_link_abort (dialogue->link);
          return;
        }
      responses[i].text = strdup (answer); /* libssh2 frees it */
      responses[i].length = (unsigned int)strlen (answer);
    }
}

static PsAuthOutcome
try_prompts (Dialogue *dialogue, GError **error)
{
  LIBSSH2_SESSION *session = ps_ssh2_link_session (dialogue->link);
  const char *user = dialogue->login->config->user;
  gint64 until = deadline (dialogue);
  guint seen = 0;
  int code;

  dialogue->n_prompts = 0;
  ps_ssh2_link_set_data (dialogue->link, dialogue);
  while ((code = libssh2_userauth_keyboard_interactive_ex (session, user,
                                                           (unsigned int)strlen (user), prompts_cb))
             == LIBSSH2_ERROR_EAGAIN
         && dialogue->error == NULL)
    {
      if (dialogue->n_prompts > seen) /* a person took time */
        until = deadline (dialogue);
      seen = dialogue->n_prompts;
      if (!wait_more (dialogue, until, error))
        return PS_AUTH_FAILED;
    }
  if (dialogue->error == NULL)
    return ps_auth_outcome (dialogue->link, code, _ ("The login failed"), error);
  g_propagate_error (error, g_steal_pointer (&dialogue->error));
  return PS_AUTH_FAILED;
}

static PsAuthOutcome
try_password (Dialogue *dialogue, GError **error)
{
  LIBSSH2_SESSION *session = ps_ssh2_link_session (dialogue->link);
  const char *user = dialogue->login->config->user;
  ps_autosecret password = NULL;
  gint64 until;
  int code;

  dialogue->n_prompts = 1;
  dialogue->asked = (PsSecretRequest){ .kind = PS_SECRET_PASSWORD, .attempt = dialogue->attempt };
  password = ps_auth_ask (dialogue->login, &dialogue->asked, error);
  if (password == NULL)
    return PS_AUTH_FAILED;
  until = deadline (dialogue);
  while ((code = libssh2_userauth_password_ex (session, user, (unsigned int)strlen (user), password,
                                               (unsigned int)strlen (password), NULL))
         == LIBSSH2_ERROR_EAGAIN)
    if (!wait_more (dialogue, until, error))
      return PS_AUTH_FAILED;
  if (code != LIBSSH2_ERROR_PASSWORD_EXPIRED)
    return ps_auth_outcome (dialogue->link, code, _ ("The login by password failed"), error);
  g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_AUTH,
               _ ("The password of %s on %s has expired. Log in there once and change it"), user,
               dialogue->login->options->host);
  return PS_AUTH_FAILED;
}

static gboolean
by_password (const PsLogin *login, PsSsh2Link *link, gboolean by_prompts, gboolean plain,
             GError **error)
{
  g_auto (Dialogue) dialogue = { .login = login, .link = link };

  while (dialogue.attempt < PS_AUTH_MAX_ATTEMPTS)
    {
      PsAuthOutcome outcome
          = by_prompts ? try_prompts (&dialogue, error) : try_password (&dialogue, error);

      if (outcome == PS_AUTH_ACCEPTED)
        note_accepted (&dialogue);
      if (outcome == PS_AUTH_FAILED && dialogue.attempt > 0)
        ps_auth_blame_refusal (login, link, error);
      if (outcome != PS_AUTH_REFUSED)
        return outcome == PS_AUTH_ACCEPTED;
      if (dialogue.n_prompts > 0)
        dialogue.attempt++;
      else if (by_prompts && plain) /* it offers prompts but has none */
        by_prompts = FALSE;
      else
        break;
    }
  g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_AUTH, _ ("%s refused the password of %s"),
               login->options->host, login->config->user);
  return FALSE;
}

/* Returns: (nullable): what the server offers, owned by the session; *@done: nothing is needed */
static const char *
list_methods (const PsLogin *login, PsSsh2Link *link, gboolean *done, GError **error)
{
  LIBSSH2_SESSION *session = ps_ssh2_link_session (link);
  const char *user = login->config->user;
  gint64 until = g_get_monotonic_time () + login->timeout_s * G_USEC_PER_SEC;
  const char *list;

  *done = FALSE;
  while ((list = libssh2_userauth_list (session, user, (unsigned int)strlen (user))) == NULL
         && libssh2_session_last_errno (session) == LIBSSH2_ERROR_EAGAIN)
    if (!ps_ssh2_link_wait (link, until, login->cancellable, error))
      return NULL;
  *done = list == NULL && libssh2_userauth_authenticated (session);
  if (list == NULL && !*done)
    ps_ssh2_link_set_error (link, libssh2_session_last_errno (session), PS_SFTP_ERROR_AUTH,
                            _ ("The server did not say how to log in"), error);
  return list;
}

static gboolean
offers (const char *methods, const char *method)
{
  g_auto (GStrv) list = g_strsplit (methods, ",", -1);

  return g_strv_contains ((const char *const *)list, method);
}

static gboolean
not_offered (const PsLogin *login, const char *what, const char *methods, GError **error)
{
  g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_AUTH,
               _ ("%s does not let %s log in by %s; it offers: %s"), login->options->host,
               login->config->user, what, methods);
  return FALSE;
}

/* A server that takes the key need not be asked what it offers: that saves a round trip. */
static gboolean
by_key (const PsLogin *login, PsSsh2Link *link, gboolean *needs_ssh, GError **error)
{
  g_autoptr (GError) refusal = NULL;
  PsAuthOutcome outcome = ps_auth_by_key (login, link, needs_ssh, &refusal);
  const char *methods = NULL;
  gboolean done = outcome == PS_AUTH_ACCEPTED;

  if (outcome == PS_AUTH_REFUSED)
    methods = list_methods (login, link, &done, NULL);
  if (done)
    return TRUE;
  if (methods != NULL && !offers (methods, "publickey"))
    return not_offered (login, "key", methods, error);
  g_propagate_error (error, g_steal_pointer (&refusal));
  return FALSE;
}

gboolean
ps_auth_login (const PsLogin *login, PsSsh2Link *link, gboolean *needs_ssh, GError **error)
{
  gboolean done, by_prompts, plain;
  const char *methods;

  *needs_ssh = FALSE;
  if (login->options->auth != PS_AUTH_PASSWORD)
    return by_key (login, link, needs_ssh, error);
  methods = list_methods (login, link, &done, error);
  if (methods == NULL)
    return done;
  by_prompts = offers (methods, "keyboard-interactive");
  plain = offers (methods, "password");
  if (!by_prompts && !plain)
    return not_offered (login, "password", methods, error);
  return by_password (login, link, by_prompts, plain, error);
}
