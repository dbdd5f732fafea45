/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys that work alike in every window. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* "key-press-event" of a window: Escape closes it. */
gboolean ps_keys_close (GtkWidget *window, GdkEventKey *event);

/* The same for one with a search entry, where Escape first empties that; Ctrl+F goes there. */
gboolean ps_keys_search_or_close (GtkWidget *window, GdkEventKey *event, GtkEntry *search);

G_END_DECLS
