/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening files and folders with the desktop's own programs; never blocks. What fails is said in a
 * message dialog in front of @parent (nullable). */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Opens a file or folder with what the desktop opens it with. */
void ps_open_path (const char *path, GtkWindow *parent);

/* Shows @path selected in its folder in the file manager, or at least the folder. */
void ps_open_show_in_folder (const char *path, GtkWindow *parent);

/* Shows a message that needs no answer. */
void ps_open_say (GtkWindow *parent, const char *title, const char *detail);

G_END_DECLS
