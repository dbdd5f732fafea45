/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/tray-click.h"

#include <string.h>

#define ITEM_INTERFACE "org.kde.StatusNotifierItem"
#define ITEM_FOLDER "/org/ayatana/NotificationItem/"

static gboolean
show_status (gpointer actions)
{
  g_action_group_activate_action (actions, "show-status", NULL);
  return G_SOURCE_REMOVE;
}

static gboolean
is_click (GDBusMessage *message)
{
  const char *path = g_dbus_message_get_path (message);

  return g_dbus_message_get_message_type (message) == G_DBUS_MESSAGE_TYPE_METHOD_CALL
         && g_strcmp0 (g_dbus_message_get_interface (message), ITEM_INTERFACE) == 0
         && g_strcmp0 (g_dbus_message_get_member (message), "Activate") == 0
         && g_str_has_prefix (path != NULL ? path : "", ITEM_FOLDER);
}

/* In the thread of the bus. */
static GDBusMessage *
on_message (GDBusConnection *bus, GDBusMessage *message, gboolean incoming, gpointer actions)
{
  g_autoptr (GDBusMessage) reply = NULL;

  if (!incoming || !is_click (message))
    return message;
  reply = g_dbus_message_new_method_reply (message);
  g_dbus_connection_send_message (bus, reply, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
  g_idle_add_full (G_PRIORITY_DEFAULT, show_status, g_object_ref (actions), g_object_unref);
  g_object_unref (message);
  return NULL;
}

guint
ps_tray_click_watch (GDBusConnection *bus, GActionGroup *actions)
{
  const char *desktop = g_getenv ("XDG_CURRENT_DESKTOP");

  g_return_val_if_fail (G_IS_ACTION_GROUP (actions), 0);
  if (bus == NULL || desktop == NULL || strstr (desktop, "MATE") == NULL)
    return 0;
  return g_dbus_connection_add_filter (bus, on_message, g_object_ref (actions), g_object_unref);
}
