/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The library's tray icon with a fallback of its own: an old-style (XEmbed) icon is made only where
 * something that embeds such icons has been there for a while and no host of today's icons has: a
 * panel that starts offers both within moments. Each tray gets an icon of its own. */
#pragma once

#include <libayatana-appindicator/app-indicator.h>

G_BEGIN_DECLS

/* Signal "shown-changed" (): somebody shows the icon now, or nobody does any more; may be told
 * without need. */
AppIndicator *ps_indicator_new (const char *icon);

/* Whether somebody shows the icon, in one way or the other. */
gboolean ps_indicator_is_shown (AppIndicator *indicator);

G_END_DECLS
