/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The folders of a server as a tree; each is listed when it is opened. Signal "chosen" (path). */
#pragma once

#include "engine/server.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define PS_TYPE_SETUP_TREE (ps_setup_tree_get_type ())
G_DECLARE_FINAL_TYPE (PsSetupTree, ps_setup_tree, PS, SETUP_TREE, GtkTreeView)

/* Begins anew with @server: the login folder, opened, and the root. */
void ps_setup_tree_set_server (PsSetupTree *self, PsServer *server);

/* Returns: (transfer full) (nullable): the absolute path of the selected folder. */
char *ps_setup_tree_dup_path (PsSetupTree *self);

/* Makes the folder @name in the selected one, and selects it. What fails is said in "failed"
 * (message). */
void ps_setup_tree_make_folder (PsSetupTree *self, const char *name);

G_END_DECLS
