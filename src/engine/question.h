/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A question from the worker to the person. Made in the worker, answered in the owner's context by
 * whoever shows it (dialog, terminal, test); the worker waits meanwhile. Thread-safe, shared by
 * reference; answering twice is harmless, not answering and letting go refuses. */
#pragma once

#include "sftp/connect.h"

G_BEGIN_DECLS

typedef enum
{
  PS_QUESTION_HOST_KEY, /* trust this new (or, for trust, changed) host key? */
  PS_QUESTION_SECRET    /* password, passphrase or a prompt of the server */
} PsQuestionKind;

typedef struct PsQuestion PsQuestion;

#define PS_TYPE_QUESTION (ps_question_get_type ())
GType ps_question_get_type (void);
PsQuestion *ps_question_ref (PsQuestion *self);
void ps_question_unref (PsQuestion *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsQuestion, ps_question_unref)

PsQuestionKind ps_question_kind (const PsQuestion *self);
const char *ps_question_pair (const PsQuestion *self);              /* name of the pair */
const PsHostKeyInfo *ps_question_host_key (const PsQuestion *self); /* HOST_KEY only */
const PsSecretRequest *ps_question_secret (const PsQuestion *self); /* SECRET only */

void ps_question_answer_trust (PsQuestion *self, gboolean trust);
/* @secret is copied. */
void ps_question_answer_secret (PsQuestion *self, const char *secret);
/* "Not now": the login ends with PS_SFTP_ERROR_AUTH or HOST_KEY, saying so. */
void ps_question_refuse (PsQuestion *self);

/* Returns: (transfer full) (nullable): the secret that was given, for the owner's keyring once the
 * server has accepted it; free with ps_secret_free (). */
char *ps_question_dup_answer (PsQuestion *self);

/* Whether the worker still waits; a dialog closes itself when not. A dialog looks at this when the
 * status changes. */
gboolean ps_question_is_open (const PsQuestion *self);

/* Worker side. */
PsQuestion *ps_question_new_host_key (const char *pair, const PsHostKeyInfo *info);
PsQuestion *ps_question_new_secret (const char *pair, const PsSecretRequest *request);

/* Blocks until answered, refused or cancelled. Returns as the prompts of PsLoginPrompts want; where
 * it is refused, @error says so (PS_SFTP_ERROR_HOST_KEY, PS_SFTP_ERROR_AUTH). */
gboolean ps_question_wait_trust (PsQuestion *self, GCancellable *cancellable, GError **error);
char *ps_question_wait_secret (PsQuestion *self, GCancellable *cancellable, GError **error);

G_END_DECLS
