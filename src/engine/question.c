/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/question.h"

#include "sftp/error.h"
#include "util/redact.h"
#include "util/words.h"

typedef enum
{
  STATE_OPEN,
  STATE_ANSWERED,
  STATE_REFUSED,
  STATE_GONE /* the worker waits no longer */
} State;

struct PsQuestion
{
  /* const after new */
  PsQuestionKind kind;
  char *pair;
  PsHostKeyInfo host_key; /* its strings are owned */
  PsSecretRequest secret; /* likewise */

  GMutex lock;
  GCond changed;
  guint refs;   /* (lock) */
  State state;  /* (lock) */
  char *answer; /* (lock) SECRET, ANSWERED */
};

G_DEFINE_BOXED_TYPE (PsQuestion, ps_question, ps_question_ref, ps_question_unref)

static PsQuestion *
question_new (PsQuestionKind kind, const char *pair)
{
  PsQuestion *self = g_new0 (PsQuestion, 1);

  self->kind = kind;
  self->pair = g_strdup (pair);
  self->refs = 1;
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  return self;
}

PsQuestion *
ps_question_new_host_key (const char *pair, const PsHostKeyInfo *info)
{
  PsQuestion *self = question_new (PS_QUESTION_HOST_KEY, pair);

  self->host_key.state = info->state;
  self->host_key.host = g_strdup (info->host);
  self->host_key.port = info->port;
  self->host_key.type = g_strdup (info->type);
  self->host_key.fingerprint = g_strdup (info->fingerprint);
  self->host_key.known_fingerprint = g_strdup (info->known_fingerprint);
  self->host_key.known_in = g_strdup (info->known_in);
  return self;
}

PsQuestion *
ps_question_new_secret (const char *pair, const PsSecretRequest *request)
{
  PsQuestion *self = question_new (PS_QUESTION_SECRET, pair);

  self->secret.kind = request->kind;
  self->secret.user = g_strdup (request->user);
  self->secret.host = g_strdup (request->host);
  self->secret.port = request->port;
  self->secret.subject = g_strdup (request->subject);
  self->secret.echo = request->echo;
  self->secret.attempt = request->attempt;
  return self;
}

static void
question_free (PsQuestion *self)
{
  g_free ((char *)self->host_key.host);
  g_free ((char *)self->host_key.type);
  g_free ((char *)self->host_key.fingerprint);
  g_free ((char *)self->host_key.known_fingerprint);
  g_free ((char *)self->host_key.known_in);
  g_free ((char *)self->secret.user);
  g_free ((char *)self->secret.host);
  g_free ((char *)self->secret.subject);
  g_free (self->pair);
  ps_secret_free (self->answer);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
  g_free (self);
}

PsQuestion *
ps_question_ref (PsQuestion *self)
{
  g_mutex_lock (&self->lock);
  self->refs++;
  g_mutex_unlock (&self->lock);
  return self;
}

/* (lock) Only the first answer counts. */
static void
settle (PsQuestion *self, State state)
{
  if (self->state != STATE_OPEN)
    return;
  self->state = state;
  g_cond_broadcast (&self->changed);
}

void
ps_question_unref (PsQuestion *self)
{
  guint left;

  g_mutex_lock (&self->lock);
  left = --self->refs;
  if (left == 1) /* the worker's own: nobody is left who could answer */
    settle (self, STATE_REFUSED);
  g_mutex_unlock (&self->lock);
  if (left == 0)
    question_free (self);
}

PsQuestionKind
ps_question_kind (const PsQuestion *self)
{
  return self->kind;
}

const char *
ps_question_pair (const PsQuestion *self)
{
  return self->pair;
}

const PsHostKeyInfo *
ps_question_host_key (const PsQuestion *self)
{
  return self->kind == PS_QUESTION_HOST_KEY ? &self->host_key : NULL;
}

const PsSecretRequest *
ps_question_secret (const PsQuestion *self)
{
  return self->kind == PS_QUESTION_SECRET ? &self->secret : NULL;
}

gboolean
ps_question_is_open (const PsQuestion *self)
{
  PsQuestion *mutable = (PsQuestion *)self;
  gboolean open;

  g_mutex_lock (&mutable->lock);
  open = self->state == STATE_OPEN;
  g_mutex_unlock (&mutable->lock);
  return open;
}

static void
answer (PsQuestion *self, State state)
{
  g_mutex_lock (&self->lock);
  settle (self, state);
  g_mutex_unlock (&self->lock);
}

void
ps_question_answer_trust (PsQuestion *self, gboolean trust)
{
  g_return_if_fail (self->kind == PS_QUESTION_HOST_KEY);
  answer (self, trust ? STATE_ANSWERED : STATE_REFUSED);
}

void
ps_question_answer_secret (PsQuestion *self, const char *secret)
{
  g_return_if_fail (self->kind == PS_QUESTION_SECRET);
  g_return_if_fail (secret != NULL);
  g_mutex_lock (&self->lock);
  if (self->state == STATE_OPEN)
    self->answer = g_strdup (secret);
  settle (self, STATE_ANSWERED);
  g_mutex_unlock (&self->lock);
}

void
ps_question_refuse (PsQuestion *self)
{
  answer (self, STATE_REFUSED);
}

static void
on_cancelled (GCancellable *cancellable, gpointer data)
{
  answer (data, STATE_GONE);
}

/* Returns: how it ended; never OPEN. */
static State
wait_for_answer (PsQuestion *self, GCancellable *cancellable)
{
  gulong handler = 0;
  State state;

  if (cancellable != NULL)
    handler = g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), self, NULL);
  g_mutex_lock (&self->lock);
  while (self->state == STATE_OPEN)
    g_cond_wait (&self->changed, &self->lock);
  state = self->state;
  g_mutex_unlock (&self->lock);
  /* Not with the lock held: it waits for a handler under way. */
  g_cancellable_disconnect (cancellable, handler);
  return state;
}

static void
set_cancelled (GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, _ ("The login was cancelled"));
}

gboolean
ps_question_wait_trust (PsQuestion *self, GCancellable *cancellable, GError **error)
{
  State state = wait_for_answer (self, cancellable);

  if (state == STATE_ANSWERED)
    return TRUE;
  if (state == STATE_GONE)
    set_cancelled (error);
  else
    g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_HOST_KEY,
                 _ ("The host key of %s (%s) was not accepted"), self->host_key.host,
                 self->host_key.fingerprint);
  return FALSE;
}

static void
set_refused (const PsQuestion *self, GError **error)
{
  const char *user = self->secret.user != NULL ? self->secret.user : _ ("the account");
  const char *host = self->secret.host;

  switch (self->secret.kind)
    {
    case PS_SECRET_PASSWORD:
      g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_AUTH,
                   _ ("No password was given for %s on %s"), user, host);
      break;
    case PS_SECRET_PASSPHRASE:
      g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_AUTH,
                   _ ("No passphrase was given for %s on %s"), user, host);
      break;
    case PS_SECRET_PROMPT:
    default:
      g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_AUTH, _ ("No answer was given for %s on %s"),
                   user, host);
      break;
    }
}

char *
ps_question_wait_secret (PsQuestion *self, GCancellable *cancellable, GError **error)
{
  State state = wait_for_answer (self, cancellable);
  char *secret;

  if (state == STATE_ANSWERED)
    {
      g_mutex_lock (&self->lock);
      secret = g_strdup (self->answer); /* the owner may keep it once it was accepted */
      g_mutex_unlock (&self->lock);
      return secret;
    }
  if (state == STATE_GONE)
    set_cancelled (error);
  else
    set_refused (self, error);
  return NULL;
}

char *
ps_question_dup_answer (PsQuestion *self)
{
  char *secret;

  g_mutex_lock (&self->lock);
  secret = g_strdup (self->answer);
  g_mutex_unlock (&self->lock);
  return secret;
}
