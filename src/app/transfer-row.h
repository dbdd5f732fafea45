/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One transfer under way, with its own progress. */
#pragma once

#include "engine/run.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define PS_TYPE_TRANSFER_ROW (ps_transfer_row_get_type ())
G_DECLARE_FINAL_TYPE (PsTransferRow, ps_transfer_row, PS, TRANSFER_ROW, GtkListBoxRow)

GtkWidget *ps_transfer_row_new (void);
void ps_transfer_row_set (PsTransferRow *self, const PsTransferProgress *transfer);

G_END_DECLS
