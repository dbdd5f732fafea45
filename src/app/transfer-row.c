/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/transfer-row.h"

#include "app/view.h"

#include <glib/gi18n.h>

struct _PsTransferRow
{
  GtkListBoxRow parent_instance;

  GtkImage *image;
  GtkLabel *name_label;
  GtkLabel *size_label;
  GtkProgressBar *bar;
};

G_DEFINE_FINAL_TYPE (PsTransferRow, ps_transfer_row, GTK_TYPE_LIST_BOX_ROW)

static void
ps_transfer_row_class_init (PsTransferRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/pisync/PiSync/transfer-row.ui");
  gtk_widget_class_bind_template_child (widget_class, PsTransferRow, image);
  gtk_widget_class_bind_template_child (widget_class, PsTransferRow, name_label);
  gtk_widget_class_bind_template_child (widget_class, PsTransferRow, size_label);
  gtk_widget_class_bind_template_child (widget_class, PsTransferRow, bar);
}

static void
ps_transfer_row_init (PsTransferRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
ps_transfer_row_new (void)
{
  return g_object_new (PS_TYPE_TRANSFER_ROW, NULL);
}

void
ps_transfer_row_set (PsTransferRow *self, const PsTransferProgress *transfer)
{
  g_autofree char *name = ps_view_name (transfer->path);
  g_autofree char *done = g_format_size (transfer->done);
  g_autofree char *size = g_format_size (transfer->size);
  /* Translators: how much of a file is done: "1.2 MB of 4 MB" */
  g_autofree char *text = g_strdup_printf (_ ("%s of %s"), done, size);
  double fraction = transfer->size > 0 ? (double)transfer->done / (double)transfer->size : 0;

  g_return_if_fail (PS_IS_TRANSFER_ROW (self));
  gtk_image_set_from_icon_name (self->image, transfer->up ? "go-up-symbolic" : "go-down-symbolic",
                                GTK_ICON_SIZE_BUTTON);
  gtk_label_set_label (self->name_label, name);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->name_label), name);
  gtk_label_set_label (self->size_label, text);
  gtk_progress_bar_set_fraction (self->bar, CLAMP (fraction, 0, 1));
  atk_object_set_name (gtk_widget_get_accessible (GTK_WIDGET (self)), name);
  atk_object_set_name (gtk_widget_get_accessible (GTK_WIDGET (self->bar)), name);
}
