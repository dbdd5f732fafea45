/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A new window inherits the time of our last input, which is older than that of the window in use,
 * so that a window manager keeps it behind. On X11 the server's own time, set before the window is
 * mapped, says that it is wanted now. On Wayland a second present would make mutter refuse the
 * focus, hence X11 only. */
#include "app/present.h"

#ifdef GDK_WINDOWING_X11
#include <gdk/gdkx.h>

static gboolean
on_map_event (GtkWidget *widget, GdkEvent *event, gpointer unused)
{
  GdkWindow *window = gtk_widget_get_window (widget);

  g_signal_handlers_disconnect_by_func (widget, on_map_event, NULL);
  if (!gtk_window_is_active (GTK_WINDOW (widget)))
    gtk_window_present_with_time (GTK_WINDOW (widget), gdk_x11_get_server_time (window));
  return GDK_EVENT_PROPAGATE;
}

static void
prepare_x11 (GtkWindow *window)
{
  GtkWidget *widget = GTK_WIDGET (window);
  GdkWindow *gdk_window = gtk_widget_get_window (widget);
  guint32 now = gdk_x11_get_server_time (gdk_window);

  gdk_x11_window_set_user_time (gdk_window, now);
  if (gtk_widget_get_mapped (widget))
    {
      gtk_window_present_with_time (window, now);
      return;
    }
  g_signal_handlers_disconnect_by_func (widget, on_map_event, NULL);
  g_signal_connect (widget, "map-event", G_CALLBACK (on_map_event), NULL);
  gtk_window_present (window);
}
#endif

#define PUT_AWAY "ps-put-away"

static void
on_active_changed (GtkWindow *window)
{
  if (gtk_window_is_active (window))
    g_object_set_data (G_OBJECT (window), PUT_AWAY, NULL);
}

void
ps_put_away (GtkWindow *window)
{
  g_return_if_fail (GTK_IS_WINDOW (window));
  g_signal_handlers_disconnect_by_func (window, on_active_changed, NULL);
  g_signal_connect (window, "notify::is-active", G_CALLBACK (on_active_changed), NULL);
  g_object_set_data (G_OBJECT (window), PUT_AWAY, window);
  gtk_window_iconify (window);
}

static gboolean
is_put_away (GtkWindow *window)
{
  return g_object_get_data (G_OBJECT (window), PUT_AWAY) != NULL;
}

static gboolean
is_on_x11 (GtkWindow *window)
{
#ifdef GDK_WINDOWING_X11
  return GDK_IS_X11_DISPLAY (gtk_widget_get_display (GTK_WIDGET (window)));
#else
  return FALSE;
#endif
}

gboolean
ps_is_in_sight (GtkWindow *window)
{
  GdkWindow *gdk_window;

  g_return_val_if_fail (GTK_IS_WINDOW (window), FALSE);
  gdk_window = gtk_widget_get_window (GTK_WIDGET (window));
  if (!gtk_widget_get_mapped (GTK_WIDGET (window)) || is_put_away (window))
    return FALSE;
  if (!is_on_x11 (window))
    return gtk_window_is_active (window);
  return (gdk_window_get_state (gdk_window) & GDK_WINDOW_STATE_ICONIFIED) == 0;
}

/* On Wayland no program gets a minimised window of its own back, but a new one is shown. */
static void
take_out (GtkWindow *window)
{
  g_object_set_data (G_OBJECT (window), PUT_AWAY, NULL);
  if (is_on_x11 (window))
    return;
  gtk_widget_hide (GTK_WIDGET (window));
  gtk_window_deiconify (window);
}

void
ps_present_now (GtkWindow *window)
{
  g_return_if_fail (GTK_IS_WINDOW (window));

  if (is_put_away (window))
    take_out (window);
  gtk_widget_realize (GTK_WIDGET (window));
#ifdef GDK_WINDOWING_X11
  if (GDK_IS_X11_WINDOW (gtk_widget_get_window (GTK_WIDGET (window))))
    {
      prepare_x11 (window);
      return;
    }
#endif
  gtk_window_present (window);
}
