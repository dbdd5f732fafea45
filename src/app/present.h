/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How every window of the application comes to the front. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Shows @window above the others and with the keyboard, also when it was asked for from the tray,
 * by a timer or over D-Bus, and another application was used since: a window manager that prevents
 * focus stealing would put it behind otherwise. */
void ps_present_now (GtkWindow *window);

/* Minimises @window, so that it stays in the window list. */
void ps_put_away (GtkWindow *window);

/* Whether a dialog of @window would be seen: one of a minimised window is minimised with it. On
 * Wayland that is known of the window with the keyboard only. */
gboolean ps_is_in_sight (GtkWindow *window);

G_END_DECLS
