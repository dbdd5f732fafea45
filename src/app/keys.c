/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/keys.h"

gboolean
ps_keys_close (GtkWidget *window, GdkEventKey *event)
{
  if (event->keyval != GDK_KEY_Escape)
    return GDK_EVENT_PROPAGATE;
  gtk_window_close (GTK_WINDOW (window));
  return GDK_EVENT_STOP;
}

gboolean
ps_keys_search_or_close (GtkWidget *window, GdkEventKey *event, GtkEntry *search)
{
  if (event->keyval == GDK_KEY_f && (event->state & GDK_CONTROL_MASK) != 0)
    {
      gtk_widget_grab_focus (GTK_WIDGET (search));
      return GDK_EVENT_STOP;
    }
  if (event->keyval == GDK_KEY_Escape && gtk_entry_get_text_length (search) > 0)
    {
      gtk_entry_set_text (search, "");
      return GDK_EVENT_STOP;
    }
  return ps_keys_close (window, event);
}
