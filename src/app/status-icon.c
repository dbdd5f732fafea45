/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/status-icon.h"

/* GTK has nothing else for trays of this kind. */
G_GNUC_BEGIN_IGNORE_DEPRECATIONS

static void
update (GtkStatusIcon *icon, AppIndicator *indicator)
{
  gboolean attention = app_indicator_get_status (indicator) == APP_INDICATOR_STATUS_ATTENTION;
  const char *name = attention ? app_indicator_get_attention_icon (indicator)
                               : app_indicator_get_icon (indicator);
  const char *description = attention ? app_indicator_get_attention_icon_desc (indicator)
                                      : app_indicator_get_icon_desc (indicator);

  gtk_status_icon_set_from_icon_name (icon, name);
  gtk_status_icon_set_tooltip_text (icon, description);
}

static void
on_changed (GtkStatusIcon *icon, gpointer unused, AppIndicator *indicator)
{
  update (icon, indicator);
}

static void
show_menu (GtkStatusIcon *icon, guint button, guint32 time, AppIndicator *indicator)
{
  GtkMenu *menu = app_indicator_get_menu (indicator);

  if (menu != NULL)
    gtk_menu_popup (menu, NULL, NULL, gtk_status_icon_position_menu, icon, button, time);
}

static void
on_activate (GtkStatusIcon *icon, AppIndicator *indicator)
{
  show_menu (icon, GDK_BUTTON_PRIMARY, gtk_get_current_event_time (), indicator);
}

GtkStatusIcon *
ps_status_icon_new (AppIndicator *indicator)
{
  GtkStatusIcon *icon;

  g_return_val_if_fail (IS_APP_INDICATOR (indicator), NULL);
  icon = gtk_status_icon_new ();
  gtk_status_icon_set_title (icon, app_indicator_get_title (indicator));
  update (icon, indicator);
  g_signal_connect_object (indicator, APP_INDICATOR_SIGNAL_NEW_ICON, G_CALLBACK (update), icon,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (indicator, APP_INDICATOR_SIGNAL_NEW_ATTENTION_ICON, G_CALLBACK (update),
                           icon, G_CONNECT_SWAPPED);
  g_signal_connect_object (indicator, APP_INDICATOR_SIGNAL_NEW_STATUS, G_CALLBACK (on_changed),
                           icon, G_CONNECT_SWAPPED);
  g_signal_connect_object (icon, "activate", G_CALLBACK (on_activate), indicator, 0);
  g_signal_connect_object (icon, "popup-menu", G_CALLBACK (show_menu), indicator, 0);
  return icon;
}

G_GNUC_END_IGNORE_DEPRECATIONS
