/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The application: one instance, its pairs, its tray icon, its windows. */
#pragma once

#include "app/notes.h"
#include "app/pairs.h"
#include "app/prompts.h"
#include "app/settings.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define PS_TYPE_APP (ps_app_get_type ())
G_DECLARE_FINAL_TYPE (PsApp, ps_app, PS, APP, GtkApplication)

PsApp *ps_app_new (void);

/* All borrowed; there from "startup" on. */
PsPairs *ps_app_get_pairs (PsApp *self);
PsPrompts *ps_app_get_prompts (PsApp *self);
PsSettings *ps_app_get_settings (PsApp *self);

/* The windows: made when wanted, brought to the front. @pair: (nullable): whose page to turn to. */
void ps_app_show_status (PsApp *self, const char *pair);
void ps_app_show_log (PsApp *self);
void ps_app_show_setup (PsApp *self);
void ps_app_show_preferences (PsApp *self);
/* Earlier versions of the files of @pair; of @path first of all, "" for no one in particular. */
void ps_app_show_versions (PsApp *self, PsPair *pair, const char *path);
/* A window that dialogs may stand in front of; NULL where none is open. */
GtkWindow *ps_app_get_front_window (PsApp *self);

/* Ends the sessions, then the program; within two seconds. */
void ps_app_close (PsApp *self);

G_END_DECLS
