/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/prompts.h"

#include "engine/password.h"
#include "sftp/error.h"
#include "util/words.h"

void
ps_prompts_init (PsPrompts *self, const PsConfig *config, PsMailbox *mailbox)
{
  *self = (PsPrompts){ .config = config, .mailbox = mailbox };
}

static void
forget_tried (PsPrompts *self)
{
  g_clear_pointer (&self->tried_file, g_free);
  g_clear_pointer (&self->tried, ps_question_unref);
}

void
ps_prompts_clear (PsPrompts *self)
{
  forget_tried (self);
}

static gboolean
confirm_host_key (const PsHostKeyInfo *info, gpointer data, GCancellable *cancellable,
                  GError **error)
{
  PsPrompts *self = data;
  g_autoptr (PsQuestion) question = ps_question_new_host_key (self->config->name, info);
  gboolean trusted;

  ps_mailbox_post_question (self->mailbox, question);
  trusted = ps_question_wait_trust (question, cancellable, error);
  ps_mailbox_post_question_over (self->mailbox);
  return trusted;
}

static char *
ask_owner (PsPrompts *self, const PsSecretRequest *request, GCancellable *cancellable,
           GError **error)
{
  g_autoptr (PsQuestion) question = ps_question_new_secret (self->config->name, request);
  char *secret;

  ps_mailbox_post_question (self->mailbox, question);
  secret = ps_question_wait_secret (question, cancellable, error);
  ps_mailbox_post_question_over (self->mailbox);
  if (secret != NULL)
    self->tried = g_steal_pointer (&question);
  return secret;
}

/* Returns: (nullable): the password of a file; NULL without error where there is none. */
static char *
ask_file (PsPrompts *self, GError **error)
{
  g_autoptr (GError) reason = NULL;
  char *secret = ps_password_find (self->config, NULL, &reason);

  if (secret != NULL)
    self->tried_file = ps_password_source (self->config, NULL);
  else if (reason != NULL)
    g_set_error_literal (error, PS_SFTP_ERROR, PS_SFTP_ERROR_AUTH, reason->message);
  return secret;
}

static char *
ask_secret (const PsSecretRequest *request, gpointer data, GCancellable *cancellable,
            GError **error)
{
  PsPrompts *self = data;
  g_autoptr (GError) reason = NULL;
  g_autofree char *refused = NULL;
  char *secret = NULL;

  if (request->attempt > 0)
    refused = g_steal_pointer (&self->tried_file);
  forget_tried (self);
  if (refused != NULL)
    {
      g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_AUTH,
                   _ ("The server %s did not accept the password in %s; correct it there"),
                   request->host, refused);
      return NULL;
    }
  if (request->kind == PS_SECRET_PASSWORD && request->attempt == 0)
    secret = ask_file (self, &reason);
  if (reason != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&reason));
      return NULL;
    }
  return secret != NULL ? secret : ask_owner (self, request, cancellable, error);
}

static void
secret_accepted (const PsSecretRequest *request, gpointer data)
{
  PsPrompts *self = data;

  if (self->tried != NULL && request->kind != PS_SECRET_PROMPT)
    ps_mailbox_post_accepted (self->mailbox, self->tried);
  forget_tried (self);
}

PsLoginPrompts
ps_prompts_port (PsPrompts *self)
{
  return (PsLoginPrompts){ .confirm_host_key = confirm_host_key,
                           .ask_secret = ask_secret,
                           .secret_accepted = secret_accepted,
                           .data = self };
}
