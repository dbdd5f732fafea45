/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks for a password, a key's passphrase, or what else the server wants to know. Show it with
 * ps_present_now (): whoever sees it may type at once. GTK_RESPONSE_OK = sign in. */
#pragma once

#include "engine/question.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define PS_TYPE_PASSWORD_DIALOG (ps_password_dialog_get_type ())
G_DECLARE_FINAL_TYPE (PsPasswordDialog, ps_password_dialog, PS, PASSWORD_DIALOG, GtkDialog)

typedef enum
{
  PS_KEYRING_USABLE,
  PS_KEYRING_LOCKED, /* the person did not unlock it just now */
  PS_KEYRING_MISSING /* there is none, or it does not answer */
} PsKeyringState;

GtkWidget *ps_password_dialog_new (const PsSecretRequest *request, PsKeyringState keyring);

/* Returns: (transfer full): what was typed; free with ps_secret_free (). */
char *ps_password_dialog_dup_secret (PsPasswordDialog *self);
gboolean ps_password_dialog_get_remember (PsPasswordDialog *self);

G_END_DECLS
