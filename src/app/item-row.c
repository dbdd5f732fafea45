/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/item-row.h"

struct _PsItemRow
{
  GtkListBoxRow parent_instance;

  GtkBox *box;
  GtkImage *image;
  GtkLabel *title_label;
  GtkLabel *subtitle_label;
  GtkLabel *time_label;
};

G_DEFINE_FINAL_TYPE (PsItemRow, ps_item_row, GTK_TYPE_LIST_BOX_ROW)

static void
ps_item_row_class_init (PsItemRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/pisync/PiSync/item-row.ui");
  gtk_widget_class_bind_template_child (widget_class, PsItemRow, box);
  gtk_widget_class_bind_template_child (widget_class, PsItemRow, image);
  gtk_widget_class_bind_template_child (widget_class, PsItemRow, title_label);
  gtk_widget_class_bind_template_child (widget_class, PsItemRow, subtitle_label);
  gtk_widget_class_bind_template_child (widget_class, PsItemRow, time_label);
}

static void
ps_item_row_init (PsItemRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
ps_item_row_new (const char *icon, const char *title, const char *subtitle)
{
  PsItemRow *self = g_object_new (PS_TYPE_ITEM_ROW, NULL);

  gtk_image_set_from_icon_name (self->image, icon, GTK_ICON_SIZE_BUTTON);
  gtk_label_set_label (self->title_label, title);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->title_label), title);
  gtk_label_set_label (self->subtitle_label, subtitle != NULL ? subtitle : "");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->subtitle_label), subtitle);
  gtk_widget_set_visible (GTK_WIDGET (self->subtitle_label), subtitle != NULL);
  atk_object_set_name (gtk_widget_get_accessible (GTK_WIDGET (self)), title);
  return GTK_WIDGET (self);
}

void
ps_item_row_set_time (PsItemRow *self, const char *time)
{
  g_return_if_fail (PS_IS_ITEM_ROW (self));
  gtk_label_set_label (self->time_label, time);
  gtk_widget_show (GTK_WIDGET (self->time_label));
}

GtkWidget *
ps_item_row_add_button (PsItemRow *self, const char *icon, const char *label)
{
  GtkWidget *button;

  g_return_val_if_fail (PS_IS_ITEM_ROW (self), NULL);
  if (icon == NULL)
    button = gtk_button_new_with_mnemonic (label);
  else
    {
      button = gtk_button_new_from_icon_name (icon, GTK_ICON_SIZE_BUTTON);
      gtk_widget_set_tooltip_text (button, label);
      atk_object_set_name (gtk_widget_get_accessible (button), label);
      gtk_style_context_add_class (gtk_widget_get_style_context (button), "flat");
    }
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_show (button);
  gtk_box_pack_end (self->box, button, FALSE, FALSE, 0);
  return button;
}
