/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shows a server's new or changed host key for a person to compare. Enter never trusts: the default
 * is to cancel, and a changed key has to be ticked as compared first. GTK_RESPONSE_OK = trust. */
#pragma once

#include "engine/question.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define PS_TYPE_HOST_KEY_DIALOG (ps_host_key_dialog_get_type ())
G_DECLARE_FINAL_TYPE (PsHostKeyDialog, ps_host_key_dialog, PS, HOST_KEY_DIALOG, GtkDialog)

GtkWidget *ps_host_key_dialog_new (const PsHostKeyInfo *info);

G_END_DECLS
