/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The icon for a tray of the old kind (XEmbed), which says what an indicator says. The library
 * makes one too, but names it once it is there, for which GTK makes its window anew and counts
 * wrong from then on, until a critical. */
#pragma once

#include <libayatana-appindicator/app-indicator.h>

G_BEGIN_DECLS

/* An icon with state, description and menu of @indicator, which it follows. Only for a screen that
 * has a tray. */
GtkStatusIcon *ps_status_icon_new (AppIndicator *indicator);

G_END_DECLS
