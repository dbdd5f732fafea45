/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a left click on the icon does where it would do nothing. The library knows no "Activate",
 * whereupon panels open the menu; MATE's does not, and the icon would seem dead. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Answers "Activate" on @bus by the action "show-status" of @actions, on MATE only. Returns what
 * g_dbus_connection_remove_filter () takes, or 0. */
guint ps_tray_click_watch (GDBusConnection *bus, GActionGroup *actions);

G_END_DECLS
