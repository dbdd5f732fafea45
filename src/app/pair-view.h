/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Everything about one pair in the status window. */
#pragma once

#include "app/pair.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define PS_TYPE_PAIR_VIEW (ps_pair_view_get_type ())
G_DECLARE_FINAL_TYPE (PsPairView, ps_pair_view, PS, PAIR_VIEW, GtkBox)

GtkWidget *ps_pair_view_new (PsPair *pair);
PsPair *ps_pair_view_get_pair (PsPairView *self);

/* Whether there are other pairs: what the window's menu does for all is then here for this one. */
void ps_pair_view_set_several (PsPairView *self, gboolean several);

G_END_DECLS
