/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers the engine's questions: from what this run remembers, from the keyring, then from the
 * person, one dialog at a time. A password is kept only once the server took it.
 *
 * Signals: "keyring-failed" (message): a password could not be kept in the keyring; it is
 * remembered until the program quits. "refused" (pair): the person did not want to answer. */
#pragma once

#include "engine/config.h"
#include "engine/question.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define PS_TYPE_PROMPTS (ps_prompts_get_type ())
G_DECLARE_FINAL_TYPE (PsPrompts, ps_prompts, PS, PROMPTS, GObject)

PsPrompts *ps_prompts_new (void);

/* Takes care of @question, now or when those before it are answered. @config: of the pair. @parent:
 * (nullable): a window in front of which to ask. */
void ps_prompts_ask (PsPrompts *self, PsQuestion *question, const PsConfig *config,
                     GtkWindow *parent);

/* What app/login.h decides. The pair (or server being looked at) got in: what was typed for it may
 * be kept. It did not: what was typed is dropped. */
void ps_prompts_accepted (PsPrompts *self, const char *pair);
void ps_prompts_rejected (PsPrompts *self, const char *pair);

/* Drops what is remembered, here and in the keyring, for the account of @config: of any port or
 * user where it names none. @keyfile: (nullable): only the passphrase of that file. In the
 * background; nobody is asked or told. */
void ps_prompts_forget (PsPrompts *self, const PsConfig *config, const char *keyfile);

/* Closes the dialog of a question that nobody waits for any more. */
void ps_prompts_check (PsPrompts *self);

/* Whether a dialog is up or will be. */
gboolean ps_prompts_is_asking (PsPrompts *self, const char *pair);

G_END_DECLS
