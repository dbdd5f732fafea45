/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Who made this, under which licence. @parent: (nullable). */
void ps_about_show (GtkWindow *parent);

G_END_DECLS
