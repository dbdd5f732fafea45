/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "No network" from the monitor means "no way to the internet", which a Pi at the other end of a
 * cable does not need: so before a pair is told to stop trying, its own host is asked about. */
#include "app/network.h"

#define LOGIN_NAME "org.freedesktop.login1"
#define LOGIN_PATH "/org/freedesktop/login1"
#define LOGIN_MANAGER "org.freedesktop.login1.Manager"

struct _PsNetwork
{
  GObject parent_instance;

  PsPairs *pairs;
  GNetworkMonitor *monitor; /* the default one, borrowed */
  GDBusConnection *system;  /* (nullable) */
  guint sleep_subscription;
  GCancellable *cancellable;
  GCancellable *probing; /* of what is asked about the network as it is now */
};

G_DEFINE_FINAL_TYPE (PsNetwork, ps_network, G_TYPE_OBJECT)

static gboolean
is_loopback (const char *host)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (host);

  return g_str_equal (host, "localhost")
         || (address != NULL && g_inet_address_get_is_loopback (address));
}

typedef struct
{
  PsPair *pair;
  gboolean metered;
} Probe;

static void
on_reachable (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Probe *probe = user_data;
  g_autoptr (GError) error = NULL;
  gboolean reachable
      = g_network_monitor_can_reach_finish (G_NETWORK_MONITOR (source), result, &error);

  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    ps_session_set_network (ps_pair_get_session (probe->pair), reachable, probe->metered);
  g_object_unref (probe->pair);
  g_free (probe);
}

static void
tell_pair (PsNetwork *self, PsPair *pair)
{
  const PsConfig *config = ps_pair_get_config (pair);
  gboolean metered = g_network_monitor_get_network_metered (self->monitor);
  g_autoptr (GSocketConnectable) host = NULL;
  Probe *probe;

  if (is_loopback (config->host) || g_network_monitor_get_network_available (self->monitor))
    {
      ps_session_set_network (ps_pair_get_session (pair), TRUE,
                              metered && !is_loopback (config->host));
      return;
    }
  probe = g_new (Probe, 1);
  *probe = (Probe){ g_object_ref (pair), metered };
  host = g_network_address_new (config->host, (guint16)config->port);
  g_network_monitor_can_reach_async (self->monitor, host, self->probing, on_reachable, probe);
}

/* An answer about the network as it was, which may take as long as a look-up of a name, must not
 * come after what is said now. */
static void
tell_all (PsNetwork *self)
{
  g_cancellable_cancel (self->probing);
  g_object_unref (self->probing);
  self->probing = g_cancellable_new ();
  for (guint i = 0; i < ps_pairs_get_n (self->pairs); i++)
    tell_pair (self, ps_pairs_get (self->pairs, i));
}

static void
on_pairs_changed (PsNetwork *self, guint position, guint removed, guint added)
{
  for (guint i = 0; i < added; i++)
    tell_pair (self, ps_pairs_get (self->pairs, position + i));
}

static void
on_prepare_for_sleep (GDBusConnection *bus, const char *sender, const char *path,
                      const char *interface, const char *signal, GVariant *parameters,
                      gpointer user_data)
{
  PsNetwork *self = user_data;
  gboolean going;

  if (!g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(b)")))
    return;
  g_variant_get (parameters, "(b)", &going);
  g_info ("%s", going ? "the machine goes to sleep" : "the machine is awake again");
  for (guint i = 0; i < ps_pairs_get_n (self->pairs); i++)
    {
      PsSession *session = ps_pair_get_session (ps_pairs_get (self->pairs, i));

      if (going)
        ps_session_suspend (session);
      else
        ps_session_wake (session);
    }
}

static void
on_system_bus (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PsNetwork) self = user_data;
  g_autoptr (GError) error = NULL;

  self->system = g_bus_get_finish (result, &error);
  if (self->system == NULL)
    {
      g_debug ("no system bus, so nobody tells of sleep: %s", error->message);
      return;
    }
  if (g_cancellable_is_cancelled (self->cancellable))
    return;
  self->sleep_subscription = g_dbus_connection_signal_subscribe (
      self->system, LOGIN_NAME, LOGIN_MANAGER, "PrepareForSleep", LOGIN_PATH, NULL,
      G_DBUS_SIGNAL_FLAGS_NONE, on_prepare_for_sleep, self, NULL);
}

static void
ps_network_dispose (GObject *object)
{
  PsNetwork *self = PS_NETWORK (object);

  g_cancellable_cancel (self->cancellable);
  g_cancellable_cancel (self->probing);
  if (self->sleep_subscription != 0)
    g_dbus_connection_signal_unsubscribe (self->system, self->sleep_subscription);
  self->sleep_subscription = 0;
  g_signal_handlers_disconnect_by_data (self->monitor, self);
  if (self->pairs != NULL)
    g_signal_handlers_disconnect_by_data (self->pairs, self);
  g_clear_object (&self->pairs);
  g_clear_object (&self->system);
  G_OBJECT_CLASS (ps_network_parent_class)->dispose (object);
}

static void
ps_network_finalize (GObject *object)
{
  PsNetwork *self = PS_NETWORK (object);

  g_object_unref (self->cancellable);
  g_object_unref (self->probing);
  G_OBJECT_CLASS (ps_network_parent_class)->finalize (object);
}

static void
ps_network_class_init (PsNetworkClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = ps_network_dispose;
  G_OBJECT_CLASS (klass)->finalize = ps_network_finalize;
}

static void
ps_network_init (PsNetwork *self)
{
  self->monitor = g_network_monitor_get_default ();
  self->cancellable = g_cancellable_new ();
  self->probing = g_cancellable_new ();
}

PsNetwork *
ps_network_new (PsPairs *pairs)
{
  PsNetwork *self = g_object_new (PS_TYPE_NETWORK, NULL);

  self->pairs = g_object_ref (pairs);
  g_signal_connect_swapped (self->monitor, "network-changed", G_CALLBACK (tell_all), self);
  /* What NetworkManager says is told by these only, and may come after the other. */
  g_signal_connect_swapped (self->monitor, "notify::network-available", G_CALLBACK (tell_all),
                            self);
  g_signal_connect_swapped (self->monitor, "notify::network-metered", G_CALLBACK (tell_all), self);
  g_signal_connect_swapped (pairs, "items-changed", G_CALLBACK (on_pairs_changed), self);
  g_bus_get (G_BUS_TYPE_SYSTEM, self->cancellable, on_system_bus, g_object_ref (self));
  tell_all (self);
  return self;
}
