/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starting with the desktop: $XDG_CONFIG_HOME/autostart/io.github.pisync.PiSync.desktop. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

gboolean ps_autostart_get (void);

/* Writes or removes the entry. */
gboolean ps_autostart_set (gboolean enabled, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
