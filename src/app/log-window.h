/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The activity log, live: filtered by text and kind, followed, copied, saved. */
#pragma once

#include "app/pairs.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define PS_TYPE_LOG_WINDOW (ps_log_window_get_type ())
G_DECLARE_FINAL_TYPE (PsLogWindow, ps_log_window, PS, LOG_WINDOW, GtkApplicationWindow)

GtkWidget *ps_log_window_new (GtkApplication *app, PsPairs *pairs);

G_END_DECLS
