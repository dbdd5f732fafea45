/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Other folders for a pair. What the two held when they were last the same says nothing of other
 * ones, so the pair begins anew with them, as after setup: nothing is deleted on either side. */
#pragma once

#include "app/pairs.h"
#include "app/prompts.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define PS_TYPE_FOLDERS_DIALOG (ps_folders_dialog_get_type ())
G_DECLARE_FINAL_TYPE (PsFoldersDialog, ps_folders_dialog, PS, FOLDERS_DIALOG, GtkDialog)

/* Modal for @parent; to be presented. */
GtkWidget *ps_folders_dialog_new (GtkWindow *parent, PsPairs *pairs, PsPair *pair,
                                  PsPrompts *prompts);

G_END_DECLS
