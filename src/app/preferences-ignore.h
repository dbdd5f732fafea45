/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Edits the ignore rules of one folder, with an example that says what they do. What is typed is
 * written a moment later. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define PS_TYPE_PREFERENCES_IGNORE (ps_preferences_ignore_get_type ())
G_DECLARE_FINAL_TYPE (PsPreferencesIgnore, ps_preferences_ignore, PS, PREFERENCES_IGNORE, GtkBox)

/* @folder: (nullable): nothing to edit. Writes first what was typed for the one before. */
void ps_preferences_ignore_set_folder (PsPreferencesIgnore *self, const char *folder);

/* Begins to write what was typed, without waiting for more. */
void ps_preferences_ignore_flush (PsPreferencesIgnore *self);

G_END_DECLS
