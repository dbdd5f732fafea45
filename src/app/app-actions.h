/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The commands as GActions, shared by menus, windows, notifications and D-Bus. */
#pragma once

#include "app/app.h"

G_BEGIN_DECLS

void ps_app_actions_add (PsApp *app);

/* Puts how all pairs stand into the state of the read-only action "status": a{sv} with "state",
 * "text" and "pairs" (aa{sv}, as ps_status_to_variant () gives them). */
void ps_app_actions_update_status (PsApp *app);

G_END_DECLS
