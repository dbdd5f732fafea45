/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Earlier and deleted versions of the files of one pair: found, looked at, brought back, saved
 * elsewhere. */
#pragma once

#include "app/pair.h"
#include "app/prompts.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define PS_TYPE_VERSIONS_WINDOW (ps_versions_window_get_type ())
G_DECLARE_FINAL_TYPE (PsVersionsWindow, ps_versions_window, PS, VERSIONS_WINDOW,
                      GtkApplicationWindow)

GtkWidget *ps_versions_window_new (GtkApplication *app, PsPair *pair, PsPrompts *prompts);
PsPair *ps_versions_window_get_pair (PsVersionsWindow *self);

/* Looks at the server again and turns to the file @path; "": to what was shown before. */
void ps_versions_window_show_file (PsVersionsWindow *self, const char *path);

G_END_DECLS
