/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A row of the lists in the windows: icon, two lines of text, a time, buttons at the end. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define PS_TYPE_ITEM_ROW (ps_item_row_get_type ())
G_DECLARE_FINAL_TYPE (PsItemRow, ps_item_row, PS, ITEM_ROW, GtkListBoxRow)

GtkWidget *ps_item_row_new (const char *icon, const char *title, const char *subtitle);

void ps_item_row_set_time (PsItemRow *self, const char *time);

/* Returns: (transfer none): a button at the end of the row, with a text (with mnemonic) or, where
 * @icon is given, with an icon that @label is the tooltip and the accessible name of. */
GtkWidget *ps_item_row_add_button (PsItemRow *self, const char *icon, const char *label);

G_END_DECLS
