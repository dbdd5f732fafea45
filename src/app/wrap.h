/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Large letters and long languages: a window need not be as wide as its longest check box. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Lets the texts of all check and radio buttons in @widget wrap, which a template cannot say. */
void ps_wrap_buttons (GtkWidget *widget);

G_END_DECLS
