/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One server is announced once for each network card, protocol and kind of service, and is gone
 * when the last of these is. What comes from the network is not believed: names are checked, and
 * only so many announcements are looked at. */
#include "app/neighbours.h"

#include "app/setup-check.h"

#define AVAHI "org.freedesktop.Avahi"
#define AVAHI_SERVER AVAHI ".Server"
#define AVAHI_BROWSER AVAHI ".ServiceBrowser"
#define ANY (-1)       /* network card or protocol */
#define RESULT_LOCAL 8 /* flag: announced by this very computer */
#define CALL_MS 15000  /* Avahi itself gives up after 5 s */
#define MOST_ANNOUNCED 100

static const char *const services[] = { "_ssh._tcp", "_sftp-ssh._tcp" };

/* What a Pi is called that nobody named. */
static const char usual_name[] = "raspberrypi";
static const char usual_host[] = "raspberrypi.local";

struct _PsNeighbour
{
  GObject parent_instance;

  char *name;
  char *host;
  guint port;
};

G_DEFINE_FINAL_TYPE (PsNeighbour, ps_neighbour, G_TYPE_OBJECT)

struct _PsNeighbours
{
  GObject parent_instance;

  GListStore *list;
  GHashTable *announced; /* announcement (char *) to host (nullable while it is asked for) */
  GDBusConnection *bus;  /* (nullable) the system bus */
  guint subscription;
  GPtrArray *browsers; /* paths of Avahi's objects that look for us */
  GCancellable *cancellable;
};

G_DEFINE_FINAL_TYPE (PsNeighbours, ps_neighbours, G_TYPE_OBJECT)

/* An announcement on its way to the list. */
typedef struct
{
  PsNeighbours *neighbours;
  char *key;
  char *name;
  char *host;
  char *address; /* (nullable) what to offer where the system does not know the name */
  guint port;
} Found;

static void
found_free (Found *self)
{
  g_object_unref (self->neighbours);
  g_free (self->key);
  g_free (self->name);
  g_free (self->host);
  g_free (self->address);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Found, found_free)

static Found *
found_new (PsNeighbours *neighbours, const char *key, const char *name)
{
  Found *self = g_new0 (Found, 1);

  self->neighbours = g_object_ref (neighbours);
  self->key = g_strdup (key);
  self->name = g_strdup (name);
  self->port = PS_SSH_PORT;
  return self;
}

/* The list. */

/* Returns: (transfer full) (nullable). */
static PsNeighbour *
find (PsNeighbours *self, const char *host, guint *position)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->list)); i++)
    {
      g_autoptr (PsNeighbour) one = g_list_model_get_item (G_LIST_MODEL (self->list), i);

      if (g_ascii_strcasecmp (one->host, host) == 0)
        {
          *position = i;
          return g_steal_pointer (&one);
        }
    }
  return NULL;
}

static void
offer (PsNeighbours *self, const Found *found, const char *host)
{
  g_autofree char *wrong = ps_setup_check_host (host);
  g_autoptr (PsNeighbour) one = NULL;
  guint position;

  /* Gone again meanwhile, or not a name to connect to. */
  if (!g_hash_table_contains (self->announced, found->key) || wrong != NULL)
    return;
  g_hash_table_replace (self->announced, g_strdup (found->key), g_strdup (host));
  one = find (self, host, &position);
  if (one != NULL)
    return;
  one = g_object_new (PS_TYPE_NEIGHBOUR, NULL);
  one->name = g_strdup (found->name);
  one->host = g_strdup (host);
  one->port = found->port;
  g_list_store_append (self->list, one);
}

static gboolean
names_host (gpointer key, gpointer value, gpointer host)
{
  return value != NULL && g_ascii_strcasecmp (value, host) == 0;
}

static void
withdraw (PsNeighbours *self, const char *key)
{
  g_autofree char *host = g_strdup (g_hash_table_lookup (self->announced, key));
  g_autoptr (PsNeighbour) one = NULL;
  guint position;

  g_hash_table_remove (self->announced, key);
  if (host == NULL || g_hash_table_find (self->announced, names_host, host) != NULL)
    return;
  one = find (self, host, &position);
  if (one != NULL)
    g_list_store_remove (self->list, position);
}

/* From an announcement to a name that can be connected to. */

static void
on_looked_up (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Found) found = user_data;
  g_autoptr (GError) error = NULL;
  g_autolist (GInetAddress) addresses
      = g_resolver_lookup_by_name_finish (G_RESOLVER (source), result, &error);

  if (g_cancellable_is_cancelled (found->neighbours->cancellable))
    return;
  if (addresses != NULL)
    offer (found->neighbours, found, found->host);
  else if (found->address != NULL)
    offer (found->neighbours, found, found->address);
}

/* A name that Avahi knows is of no use where the system's own look-up does not ask for it. */
static void
look_up (Found *found)
{
  g_autoptr (GResolver) resolver = g_resolver_get_default ();

  g_resolver_lookup_by_name_async (resolver, found->host, found->neighbours->cancellable,
                                   on_looked_up, found);
}

/* An address of one network card only cannot be connected to without naming the card. */
static gboolean
is_usable (const char *address)
{
  g_autoptr (GInetAddress) inet = g_inet_address_new_from_string (address);

  return inet != NULL
         && !(g_inet_address_get_family (inet) == G_SOCKET_FAMILY_IPV6
              && g_inet_address_get_is_link_local (inet));
}

static void
on_resolved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Found) found = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply
      = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  const char *address;
  guint16 port;

  if (g_cancellable_is_cancelled (found->neighbours->cancellable))
    return;
  if (reply == NULL)
    {
      g_debug ("%s does not say where it is: %s", found->name, error->message);
      return;
    }
  g_variant_get_child (reply, 5, "s", &found->host);
  g_variant_get_child (reply, 7, "&s", &address);
  g_variant_get_child (reply, 8, "q", &port);
  if (port != 0)
    found->port = port;
  if (is_usable (address))
    found->address = g_strdup (address);
  look_up (g_steal_pointer (&found));
}

/* What Avahi says. */

static char *
dup_key (GVariant *item)
{
  g_autoptr (GString) key = g_string_new (NULL);

  /* All but the flags, which come last. */
  for (gsize i = 0; i + 1 < g_variant_n_children (item); i++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (item, i);
      g_autofree char *text = g_variant_print (child, FALSE);

      g_string_append_printf (key, "%s ", text);
    }
  return g_string_free (g_steal_pointer (&key), FALSE);
}

static void
on_item_new (PsNeighbours *self, GVariant *item)
{
  g_autofree char *key = dup_key (item);
  const char *name, *type, *domain;
  gint32 interface, protocol;
  guint32 flags;

  g_variant_get (item, "(ii&s&s&su)", &interface, &protocol, &name, &type, &domain, &flags);
  if ((flags & RESULT_LOCAL) != 0 || g_hash_table_contains (self->announced, key)
      || g_hash_table_size (self->announced) >= MOST_ANNOUNCED)
    return;
  g_hash_table_insert (self->announced, g_strdup (key), NULL);
  g_dbus_connection_call (
      self->bus, AVAHI, "/", AVAHI_SERVER, "ResolveService",
      g_variant_new ("(iisssiu)", interface, protocol, name, type, domain, ANY, 0),
      G_VARIANT_TYPE ("(iissssisqaayu)"), G_DBUS_CALL_FLAGS_NO_AUTO_START, CALL_MS,
      self->cancellable, on_resolved, found_new (self, key, name));
}

static void
on_signal (GDBusConnection *bus, const char *sender, const char *path, const char *interface,
           const char *signal, GVariant *parameters, gpointer user_data)
{
  PsNeighbours *self = user_data;

  if (!g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(iisssu)")))
    return;
  if (g_str_equal (signal, "ItemNew"))
    on_item_new (self, parameters);
  else if (g_str_equal (signal, "ItemRemove"))
    {
      g_autofree char *key = dup_key (parameters);

      withdraw (self, key);
    }
}

static void
free_browser (PsNeighbours *self, const char *path)
{
  g_dbus_connection_call (self->bus, AVAHI, path, AVAHI_BROWSER, "Free", NULL, NULL,
                          G_DBUS_CALL_FLAGS_NO_AUTO_START, CALL_MS, NULL, NULL, NULL);
}

static void
on_browsing (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PsNeighbours) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply
      = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  g_autofree char *path = NULL;

  if (reply == NULL)
    {
      g_debug ("nobody looks for servers on the local network: %s", error->message);
      return;
    }
  g_variant_get (reply, "(o)", &path);
  g_ptr_array_add (self->browsers, g_steal_pointer (&path));
}

/* The signals are listened to first, of whatever object: Avahi may speak before it has told what
 * the new object is called. The questions themselves are not cancelled, or the objects that they
 * make would be left behind. */
static void
browse (PsNeighbours *self)
{
  self->subscription
      = g_dbus_connection_signal_subscribe (self->bus, AVAHI, AVAHI_BROWSER, NULL, NULL, NULL,
                                            G_DBUS_SIGNAL_FLAGS_NONE, on_signal, self, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (services); i++)
    g_dbus_connection_call (self->bus, AVAHI, "/", AVAHI_SERVER, "ServiceBrowserNew",
                            g_variant_new ("(iissu)", ANY, ANY, services[i], "", 0),
                            G_VARIANT_TYPE ("(o)"), G_DBUS_CALL_FLAGS_NO_AUTO_START, CALL_MS, NULL,
                            on_browsing, g_object_ref (self));
}

static void
on_system_bus (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PsNeighbours) self = user_data;
  g_autoptr (GError) error = NULL;

  self->bus = g_bus_get_finish (result, &error);
  if (self->bus == NULL)
    g_debug ("no system bus, so nobody tells of servers nearby: %s", error->message);
  else if (!g_cancellable_is_cancelled (self->cancellable))
    browse (self);
}

/* The object. */

const char *
ps_neighbour_get_name (PsNeighbour *self)
{
  g_return_val_if_fail (PS_IS_NEIGHBOUR (self), NULL);
  return self->name;
}

const char *
ps_neighbour_get_host (PsNeighbour *self)
{
  g_return_val_if_fail (PS_IS_NEIGHBOUR (self), NULL);
  return self->host;
}

guint
ps_neighbour_get_port (PsNeighbour *self)
{
  g_return_val_if_fail (PS_IS_NEIGHBOUR (self), 0);
  return self->port;
}

static void
ps_neighbour_finalize (GObject *object)
{
  PsNeighbour *self = PS_NEIGHBOUR (object);

  g_free (self->name);
  g_free (self->host);
  G_OBJECT_CLASS (ps_neighbour_parent_class)->finalize (object);
}

static void
ps_neighbour_class_init (PsNeighbourClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ps_neighbour_finalize;
}

static void
ps_neighbour_init (PsNeighbour *self)
{
}

void
ps_neighbours_stop (PsNeighbours *self)
{
  g_return_if_fail (PS_IS_NEIGHBOURS (self));
  g_cancellable_cancel (self->cancellable);
  if (self->subscription != 0)
    g_dbus_connection_signal_unsubscribe (self->bus, self->subscription);
  self->subscription = 0;
  for (guint i = 0; i < self->browsers->len; i++)
    free_browser (self, self->browsers->pdata[i]);
  g_ptr_array_set_size (self->browsers, 0);
}

static void
ps_neighbours_dispose (GObject *object)
{
  PsNeighbours *self = PS_NEIGHBOURS (object);

  ps_neighbours_stop (self);
  g_clear_object (&self->bus);
  G_OBJECT_CLASS (ps_neighbours_parent_class)->dispose (object);
}

static void
ps_neighbours_finalize (GObject *object)
{
  PsNeighbours *self = PS_NEIGHBOURS (object);

  g_object_unref (self->list);
  g_hash_table_unref (self->announced);
  g_ptr_array_unref (self->browsers);
  g_object_unref (self->cancellable);
  G_OBJECT_CLASS (ps_neighbours_parent_class)->finalize (object);
}

static void
ps_neighbours_class_init (PsNeighboursClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = ps_neighbours_dispose;
  G_OBJECT_CLASS (klass)->finalize = ps_neighbours_finalize;
}

static void
ps_neighbours_init (PsNeighbours *self)
{
  self->list = g_list_store_new (PS_TYPE_NEIGHBOUR);
  self->announced = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->browsers = g_ptr_array_new_with_free_func (g_free);
  self->cancellable = g_cancellable_new ();
}

PsNeighbours *
ps_neighbours_new (void)
{
  PsNeighbours *self = g_object_new (PS_TYPE_NEIGHBOURS, NULL);
  Found *usual = found_new (self, usual_host, usual_name);

  usual->host = g_strdup (usual_host);
  g_hash_table_insert (self->announced, g_strdup (usual_host), NULL);
  look_up (usual);
  g_bus_get (G_BUS_TYPE_SYSTEM, NULL, on_system_bus, g_object_ref (self));
  return self;
}

GListModel *
ps_neighbours_get_list (PsNeighbours *self)
{
  g_return_val_if_fail (PS_IS_NEIGHBOURS (self), NULL);
  return G_LIST_MODEL (self->list);
}
