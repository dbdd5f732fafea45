/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/answer.h"

#include "cli/text.h"
#include "secrets/secrets.h"
#include "util/redact.h"

/* Shared by reference (g_rc_box): every answer under way holds one, and does nothing any more once
 * @stopped is cancelled. */
struct PsAnswerer
{
  PsCli *cli;            /* borrowed; not to be used once stopped */
  PsConfig *config;      /* owned */
  GObject *source;       /* owned: who asks */
  PsQuestion *question;  /* (nullable) owned: the one under way */
  GCancellable *stopped; /* owned: cancelled when freed */
  char *advice;          /* (nullable) */
  PsQuestion *typed;     /* (nullable) owned: the one that the person answered last */
  PsQuestion *accepted;  /* (nullable) owned: typed, and the server took it */
};

static void
answerer_clear (PsAnswerer *self)
{
  if (self->question != NULL)
    ps_question_refuse (self->question);
  g_clear_pointer (&self->question, ps_question_unref);
  g_object_unref (self->stopped);
  g_object_unref (self->source);
  ps_config_free (self->config);
  g_clear_pointer (&self->typed, ps_question_unref);
  g_clear_pointer (&self->accepted, ps_question_unref);
  g_free (self->advice);
}

static void
answerer_unref (PsAnswerer *self)
{
  g_rc_box_release_full (self, (GDestroyNotify)answerer_clear);
}

typedef PsAnswerer AnswererRef;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnswererRef, answerer_unref)

static void G_GNUC_PRINTF (2, 3) set_advice (PsAnswerer *self, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_free (self->advice);
  self->advice = g_strdup_vprintf (format, args);
  va_end (args);
}

const char *
ps_answerer_peek_advice (const PsAnswerer *self)
{
  return self->advice;
}

static void
end_question (PsAnswerer *self)
{
  g_clear_pointer (&self->question, ps_question_unref);
}

static void
refuse (PsAnswerer *self)
{
  ps_question_refuse (self->question);
  end_question (self);
}

/* Host keys. */

static char *
host_key_text (const PsHostKeyInfo *info)
{
  GString *text = g_string_new (NULL);

  if (info->state == PS_HOST_KEY_CHANGED)
    {
      g_string_append_printf (text,
                              "The host key of %s (port %d) has CHANGED.\n"
                              "  known until now: %s (%s)\n  shown by it now: %s (%s)\n",
                              info->host, info->port, info->known_fingerprint, info->known_in,
                              info->fingerprint, info->type);
      g_string_append (text, "Did you reinstall the Pi? Then this is expected. If not, another "
                             "machine may be answering in its place.\n");
    }
  else
    {
      g_string_append_printf (text,
                              "The server %s (port %d) is not known here yet. Its host key is\n"
                              "  %s (%s)\n",
                              info->host, info->port, info->fingerprint, info->type);
    }
  g_string_append (text, "Compare it with what the Pi itself says:  for f in "
                         "/etc/ssh/ssh_host_*.pub; do ssh-keygen -lf $f; done\n");
  return g_string_free (text, FALSE);
}

static void
on_trust_typed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (AnswererRef) self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *line = ps_terminal_ask_finish (result, &error);

  if (g_cancellable_is_cancelled (self->stopped))
    return;
  ps_question_answer_trust (self->question, g_strcmp0 (line, "yes") == 0);
  if (g_strcmp0 (line, "yes") != 0)
    set_advice (self, "The host key was not accepted");
  end_question (self);
}

static void
ask_host_key (PsAnswerer *self)
{
  const PsHostKeyInfo *info = ps_question_host_key (self->question);
  g_autofree char *text = host_key_text (info);

  if (self->cli->terminal == NULL)
    {
      set_advice (self,
                  "The host key of %s is %s. There is no terminal to ask at: compare it, then name "
                  "it with --fingerprint to \"pisync-cli setup\" or \"pisync-cli trust\"",
                  info->host, info->fingerprint);
      refuse (self);
      return;
    }
  ps_output_clear_progress (self->cli->output);
  ps_terminal_say (self->cli->terminal, text);
  ps_terminal_ask_async (self->cli->terminal, "Type \"yes\" in full to trust it: ", TRUE,
                         self->stopped, on_trust_typed, g_rc_box_acquire (self));
}

/* Secrets. */

static PsSecretId
secret_id (PsAnswerer *self, const PsSecretRequest *request)
{
  const gboolean passphrase = request->kind == PS_SECRET_PASSPHRASE;

  return (PsSecretId){ .host = self->config->host,
                       .port = (guint)request->port,
                       .user = request->user,
                       .kind = passphrase ? "passphrase" : "password",
                       .subject = passphrase ? request->subject : NULL,
                       .named_port = self->config->port,
                       .named_user = self->config->user };
}

static char *
secret_prompt (const PsSecretRequest *request)
{
  switch (request->kind)
    {
    case PS_SECRET_PASSWORD:
      return g_strdup_printf ("Password of %s at %s: ", request->user, request->host);
    case PS_SECRET_PASSPHRASE:
      return g_strdup_printf ("Passphrase of the key %s: ", request->subject);
    case PS_SECRET_PROMPT:
    default:
      return g_strdup_printf ("%s asks: %s ", request->host, request->subject);
    }
}

static void
on_secret_typed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (AnswererRef) self = data;
  g_autoptr (GError) error = NULL;
  ps_autosecret line = ps_terminal_ask_finish (result, &error);

  if (g_cancellable_is_cancelled (self->stopped))
    return;
  if (line == NULL)
    {
      refuse (self);
      return;
    }
  g_clear_pointer (&self->typed, ps_question_unref);
  self->typed = ps_question_ref (self->question);
  ps_question_answer_secret (self->question, line);
  end_question (self);
}

static void
advise_without_terminal (PsAnswerer *self, const PsSecretRequest *request)
{
  if (request->kind == PS_SECRET_PASSPHRASE)
    set_advice (self,
                "The key %s needs its passphrase and there is no terminal to ask at: load it into "
                "ssh-agent (auth=agent), or make a key for this device with \"pisync-cli "
                "install-key\"",
                request->subject);
  else
    set_advice (self,
                "A password is needed and there is no terminal to ask at: put it into a file that "
                "only you can read (mode 0600) and name it with --password-file, or as "
                "password_file= in %s",
                self->config->file);
}

static void
ask_person (PsAnswerer *self)
{
  const PsSecretRequest *request = ps_question_secret (self->question);
  g_autofree char *prompt = secret_prompt (request);
  g_autofree char *printable = ps_text_printable (prompt, FALSE);

  if (self->cli->terminal == NULL)
    {
      advise_without_terminal (self, request);
      refuse (self);
      return;
    }
  ps_output_clear_progress (self->cli->output);
  if (request->attempt > 0)
    ps_terminal_say (self->cli->terminal, "That was not accepted.\n");
  ps_terminal_ask_async (self->cli->terminal, printable,
                         request->kind == PS_SECRET_PROMPT && request->echo, self->stopped,
                         on_secret_typed, g_rc_box_acquire (self));
}

static void
on_looked_up (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (AnswererRef) self = data;
  gboolean locked = FALSE;
  g_autoptr (GError) error = NULL;
  ps_autosecret secret = ps_secrets_lookup_finish (result, &locked, &error);

  if (g_cancellable_is_cancelled (self->stopped))
    return;
  if (secret != NULL)
    {
      ps_question_answer_secret (self->question, secret);
      end_question (self);
      return;
    }
  if (locked)
    ps_output_note (self->cli->output, "The keyring is locked and was not opened");
  else if (error != NULL)
    g_debug ("keyring: %s", error->message);
  ask_person (self);
}

static void
ask_secret (PsAnswerer *self)
{
  const PsSecretRequest *request = ps_question_secret (self->question);
  PsSecretId id;

  /* What the keyring holds was wrong, or it cannot know the answer. */
  if (request->attempt > 0 || request->kind == PS_SECRET_PROMPT)
    {
      ask_person (self);
      return;
    }
  id = secret_id (self, request);
  ps_secrets_lookup_async (&id, self->stopped, on_looked_up, g_rc_box_acquire (self));
}

static void
on_question (GObject *source, PsQuestion *question, gpointer data)
{
  PsAnswerer *self = data;

  /* One at a time is all a terminal can show; the engine asks one after the other. */
  if (self->question != NULL)
    {
      ps_question_refuse (question);
      return;
    }
  self->question = ps_question_ref (question);
  if (ps_question_kind (question) == PS_QUESTION_HOST_KEY)
    ask_host_key (self);
  else
    ask_secret (self);
}

static void
on_accepted (GObject *source, PsQuestion *question, gpointer data)
{
  PsAnswerer *self = data;

  if (question != self->typed)
    return;
  g_clear_pointer (&self->accepted, ps_question_unref);
  self->accepted = ps_question_ref (question);
}

static void
on_cancelled (GCancellable *cancellable, gpointer data)
{
  g_cancellable_cancel (G_CANCELLABLE (data));
}

PsAnswerer *
ps_answerer_new (PsCli *cli, const PsConfig *config, gpointer source)
{
  PsAnswerer *self = g_rc_box_new0 (PsAnswerer);

  self->cli = cli;
  self->config = ps_config_copy (config);
  self->source = g_object_ref (source);
  self->stopped = g_cancellable_new ();
  g_signal_connect (source, "question", G_CALLBACK (on_question), self);
  g_signal_connect (source, "secret-accepted", G_CALLBACK (on_accepted), self);
  g_signal_connect_object (cli->cancellable, "cancelled", G_CALLBACK (on_cancelled), self->stopped,
                           0);
  return self;
}

void
ps_answerer_free (PsAnswerer *self)
{
  if (self == NULL)
    return;
  g_signal_handlers_disconnect_by_data (self->source, self);
  g_cancellable_cancel (self->stopped);
  answerer_unref (self);
}

void
ps_answerer_offer_to_keep (PsAnswerer *self)
{
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  ps_autosecret answer = NULL;
  PsSecretId id;

  if (self->accepted == NULL || self->cli->terminal == NULL)
    return;
  if (!ps_answer_yes_no (self->cli, "Keep it in the desktop's keyring? [Y/n] ", TRUE, NULL))
    return;
  id = secret_id (self, ps_question_secret (self->accepted));
  answer = ps_question_dup_answer (self->accepted);
  ps_secrets_store_async (&id, answer, self->cli->cancellable, ps_cli_on_ready, &slot);
  result = ps_cli_wait (&slot);
  if (!ps_secrets_store_finish (result, &error))
    ps_output_complain (self->cli->output,
                        "Could not keep it in the keyring (%s); use password_file or \"pisync-cli "
                        "install-key\"",
                        error->message);
}

char *
ps_answer_line (PsCli *cli, const char *prompt, GError **error)
{
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  ps_output_clear_progress (cli->output);
  ps_terminal_ask_async (cli->terminal, prompt, TRUE, cli->cancellable, ps_cli_on_ready, &slot);
  result = ps_cli_wait (&slot);
  return ps_terminal_ask_finish (result, error);
}

gboolean
ps_answer_yes_no (PsCli *cli, const char *prompt, gboolean otherwise, GError **error)
{
  g_autofree char *line = ps_answer_line (cli, prompt, error);

  if (line == NULL)
    return FALSE;
  if (*line == '\0')
    return otherwise;
  return g_ascii_tolower (*line) == 'y';
}
