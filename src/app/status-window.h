/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The main window: how every pair stands, and everything that the tray's menu has. */
#pragma once

#include "app/pairs.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define PS_TYPE_STATUS_WINDOW (ps_status_window_get_type ())
G_DECLARE_FINAL_TYPE (PsStatusWindow, ps_status_window, PS, STATUS_WINDOW, GtkApplicationWindow)

GtkWidget *ps_status_window_new (GtkApplication *app, PsPairs *pairs);

/* Turns to the pair called @name (nullable: the one that is most urgent). */
void ps_status_window_show_pair (PsStatusWindow *self, const char *name);

G_END_DECLS
