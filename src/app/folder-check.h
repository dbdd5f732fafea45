/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a folder of this computer will do, while its path is typed. The disk is looked at in
 * threads: where a network mount hangs, a look takes as long as it takes.
 *
 * Signal "changed" (): it is known now, or it is taking long. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define PS_TYPE_FOLDER_CHECK (ps_folder_check_get_type ())
G_DECLARE_FINAL_TYPE (PsFolderCheck, ps_folder_check, PS, FOLDER_CHECK, GObject)

PsFolderCheck *ps_folder_check_new (void);

/* @text: what is typed now; @file: the ini of the pair that is to keep the folder. */
void ps_folder_check_set (PsFolderCheck *self, const char *text, const char *file);

/* Returns: whether the folder will do. Where it does not, or where that is not known yet, *@wrong
 * (transfer none) (nullable) is a sentence to show. */
gboolean ps_folder_check_get (PsFolderCheck *self, const char **wrong);

G_END_DECLS
