/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The assistant that makes a new pair: server, login, folder there, folder here, preview. */
#pragma once

#include "app/pairs.h"
#include "app/prompts.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define PS_TYPE_SETUP_WINDOW (ps_setup_window_get_type ())
G_DECLARE_FINAL_TYPE (PsSetupWindow, ps_setup_window, PS, SETUP_WINDOW, GtkWindow)

/* Signal "done" (name of the pair), then it destroys itself. */
GtkWidget *ps_setup_window_new (PsPairs *pairs, PsPrompts *prompts);

G_END_DECLS
