/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starting with the desktop: $XDG_CONFIG_HOME/autostart/io.github.pisync.PiSync.desktop. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Reads the entry. */
void ps_autostart_get_async (GAsyncReadyCallback callback, gpointer user_data);
gboolean ps_autostart_get_finish (GAsyncResult *result);

/* Writes or removes the entry. */
void ps_autostart_set_async (gboolean enabled, GAsyncReadyCallback callback, gpointer user_data);
gboolean ps_autostart_set_finish (GAsyncResult *result, GError **error);

G_END_DECLS
