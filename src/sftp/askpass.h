/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Our end of the questions that ssh asks through SSH_ASKPASS: a private socket on which the helper
 * (askpass-helper.c) hands over the question and waits for the answer. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct PsAskpass PsAskpass;

typedef enum
{
  PS_ASKPASS_TEXT,    /* wants a text */
  PS_ASKPASS_CONFIRM, /* wants yes or no */
  PS_ASKPASS_NOTICE   /* wants nothing: "touch your key"; ends by itself */
} PsAskpassKind;

/* PS_SFTP_ERROR_SETUP when no socket can be made or the helper is not installed. */
PsAskpass *ps_askpass_new (GError **error);
void ps_askpass_free (PsAskpass *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsAskpass, ps_askpass_free)

/* Returns: (transfer full): our environment with what ssh needs to find the helper. */
char **ps_askpass_environment (const PsAskpass *self);

int ps_askpass_fd (const PsAskpass *self); /* readable when there is a question */

/* Takes the next question. Returns: (transfer full) (nullable): its text; NULL: it was withdrawn,
 * or did not come from one of our own processes. It must be answered before the next. */
char *ps_askpass_take (PsAskpass *self, PsAskpassKind *kind);

/* NULL refuses. */
void ps_askpass_answer (PsAskpass *self, const char *answer);

G_END_DECLS
