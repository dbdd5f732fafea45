/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The icon in the tray: one interface, two makers (tray-ayatana.c, tray-none.c), chosen when the
 * program is built.
 *
 * Signal "visible-changed" (): somebody shows the icon now, or nobody does any more. */
#pragma once

#include "app/tray-menu.h"

#include <gio/gio.h>

G_BEGIN_DECLS

#define PS_TYPE_TRAY (ps_tray_get_type ())
G_DECLARE_FINAL_TYPE (PsTray, ps_tray, PS, TRAY, GObject)

/* @actions: what the menu's entries activate; an entry without its action is left out. */
PsTray *ps_tray_new (GActionGroup *actions);

/* Icon and what a screen reader says of it. */
void ps_tray_set_state (PsTray *self, PsStatusKind kind, const char *description);

/* Takes @menu, of ps_tray_menu_new (). Rebuilds only where the shape changed. */
void ps_tray_take_menu (PsTray *self, GPtrArray *menu);

/* Whether there is a tray that shows the icon, as far as one can know. */
gboolean ps_tray_is_visible (PsTray *self);

G_END_DECLS
