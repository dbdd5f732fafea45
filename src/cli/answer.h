/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers the engine's questions: a password from the keyring, then from the person at the terminal
 * (the engine has looked into files before it asks); a host key from the person alone. Main thread.
 */
#pragma once

#include "cli/cli.h"
#include "engine/question.h"

G_BEGIN_DECLS

typedef struct PsAnswerer PsAnswerer;

/* Answers every "question" of @source, a PsSession or a PsServer, until freed. */
PsAnswerer *ps_answerer_new (PsCli *cli, const PsConfig *config, gpointer source);
void ps_answerer_free (PsAnswerer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsAnswerer, ps_answerer_free)

/* (nullable): what a person can do about the last question that had to be refused. */
const char *ps_answerer_peek_advice (const PsAnswerer *self);

/* After a login that worked: offers to keep in the keyring what was typed for it. Waits. */
void ps_answerer_offer_to_keep (PsAnswerer *self);

/* Asks for a line at the terminal and waits for it. (transfer full) (nullable): to be freed with
 * ps_secret_free (). */
char *ps_answer_line (PsCli *cli, const char *prompt, GError **error);

/* Asks for yes or no; Enter alone means @otherwise. */
gboolean ps_answer_yes_no (PsCli *cli, const char *prompt, gboolean otherwise, GError **error);

G_END_DECLS
