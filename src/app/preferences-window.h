/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person may change. Everything applies at once and is written to the pair's ini. */
#pragma once

#include "app/pairs.h"
#include "app/prompts.h"
#include "app/settings.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define PS_TYPE_PREFERENCES_WINDOW (ps_preferences_window_get_type ())
G_DECLARE_FINAL_TYPE (PsPreferencesWindow, ps_preferences_window, PS, PREFERENCES_WINDOW, GtkWindow)

/* @prompts: asks what the server wants to know when a pair gets other folders. */
GtkWidget *ps_preferences_window_new (PsPairs *pairs, PsSettings *settings, PsPrompts *prompts);

G_END_DECLS
