/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/wrap.h"

static void
wrap (GtkWidget *widget, gpointer unused)
{
  GtkWidget *label = GTK_IS_CHECK_BUTTON (widget) ? gtk_bin_get_child (GTK_BIN (widget)) : NULL;

  if (GTK_IS_LABEL (label))
    {
      gtk_label_set_line_wrap (GTK_LABEL (label), TRUE);
      gtk_label_set_xalign (GTK_LABEL (label), 0);
    }
  else if (GTK_IS_CONTAINER (widget))
    gtk_container_forall (GTK_CONTAINER (widget), wrap, NULL);
}

void
ps_wrap_buttons (GtkWidget *widget)
{
  g_return_if_fail (GTK_IS_WIDGET (widget));
  wrap (widget, NULL);
}
