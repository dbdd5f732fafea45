/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/surroundings.h"

struct PsSurroundings
{
  PsSession *session;       /* owned */
  GNetworkMonitor *monitor; /* borrowed: lives as long as the process */
  GCancellable *cancellable;
  GDBusConnection *bus; /* (nullable) owned */
  guint subscription;
};

/* "Available" of the monitor means a default route; a Pi on the same cable needs none. So it is
 * never told to be away: a change of any kind is a reason to try at once. */
static void
on_network_changed (GNetworkMonitor *monitor, gboolean available, gpointer data)
{
  PsSurroundings *self = data;

  ps_session_set_network (self->session, TRUE, g_network_monitor_get_network_metered (monitor));
  if (available)
    ps_session_wake (self->session);
}

static void
on_prepare_for_sleep (GDBusConnection *bus, const char *sender, const char *path,
                      const char *interface, const char *signal, GVariant *parameters,
                      gpointer data)
{
  PsSurroundings *self = data;
  gboolean going = FALSE;

  if (!g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(b)")))
    return;
  g_variant_get (parameters, "(b)", &going);
  if (going)
    ps_session_suspend (self->session);
  else
    ps_session_wake (self->session);
}

static void
on_bus (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) bus = g_bus_get_finish (result, &error);
  PsSurroundings *self = data;

  if (bus == NULL)
    {
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        g_debug ("no system bus: %s", error->message);
      return;
    }
  g_dbus_connection_set_exit_on_close (bus, FALSE);
  self->bus = g_steal_pointer (&bus);
  self->subscription = g_dbus_connection_signal_subscribe (
      self->bus, "org.freedesktop.login1", "org.freedesktop.login1.Manager", "PrepareForSleep",
      "/org/freedesktop/login1", NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_prepare_for_sleep, self, NULL);
}

PsSurroundings *
ps_surroundings_watch (PsSession *session)
{
  PsSurroundings *self = g_new0 (PsSurroundings, 1);

  self->session = g_object_ref (session);
  self->cancellable = g_cancellable_new ();
  self->monitor = g_network_monitor_get_default ();
  g_signal_connect (self->monitor, "network-changed", G_CALLBACK (on_network_changed), self);
  ps_session_set_network (session, TRUE, g_network_monitor_get_network_metered (self->monitor));
  g_bus_get (G_BUS_TYPE_SYSTEM, self->cancellable, on_bus, self);
  return self;
}

void
ps_surroundings_free (PsSurroundings *self)
{
  if (self == NULL)
    return;
  g_cancellable_cancel (self->cancellable);
  g_signal_handlers_disconnect_by_data (self->monitor, self);
  if (self->subscription != 0)
    g_dbus_connection_signal_unsubscribe (self->bus, self->subscription);
  g_clear_object (&self->bus);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->session);
  g_free (self);
}
