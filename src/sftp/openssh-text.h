/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What ssh says and asks, understood. Pure. */
#pragma once

#include "sftp/trust.h"

G_BEGIN_DECLS

typedef enum
{
  PS_SSH_QUESTION_HOST_KEY,
  PS_SSH_QUESTION_PASSPHRASE,
  PS_SSH_QUESTION_PASSWORD,
  PS_SSH_QUESTION_OTHER
} PsSshQuestionKind;

typedef struct
{
  PsSshQuestionKind kind;
  char *text;                 /* as it can be shown */
  char *host;                 /* (nullable): of whom it is about, as ssh names it */
  char *subject;              /* PASSPHRASE: the key file */
  char *key_type;             /* HOST_KEY */
  char *fingerprint;          /* HOST_KEY */
  gboolean takes_fingerprint; /* HOST_KEY: it may be the answer, instead of "yes" */
} PsSshQuestion;

PsSshQuestion *ps_ssh_question_parse (const char *text);
void ps_ssh_question_free (PsSshQuestion *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsSshQuestion, ps_ssh_question_free)

/* Makes an error of what ssh wrote before it gave up. */
void ps_ssh_set_error (const char *messages, const PsLogin *login, const PsKnownHosts *known,
                       GError **error);

G_END_DECLS
