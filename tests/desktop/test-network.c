/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the sessions are told of the network, by a monitor that answers when the test says so. */
#include "app/network.h"
#include "app/setup-check.h"
#include "app/setup.h"
#include "fakes/home.h"

#include <stdio.h>
#include <string.h>

/* The monitor. */

#define TYPE_FAKE (fake_get_type ())
G_DECLARE_FINAL_TYPE (Fake, fake, FAKE, MONITOR, GObject)

struct _Fake
{
  GObject parent_instance;

  gboolean available, metered;
  GTask *asked; /* (nullable) whether the host can be reached */
};

static void
fake_can_reach_async (GNetworkMonitor *monitor, GSocketConnectable *host, GCancellable *cancellable,
                      GAsyncReadyCallback callback, gpointer user_data)
{
  Fake *self = FAKE_MONITOR (monitor);

  g_assert_null (self->asked);
  self->asked = g_task_new (self, cancellable, callback, user_data);
}

static gboolean
fake_can_reach_finish (GNetworkMonitor *monitor, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static gboolean
fake_initable_init (GInitable *initable, GCancellable *cancellable, GError **error)
{
  return TRUE;
}

static void
fake_initable (GInitableIface *iface)
{
  iface->init = fake_initable_init;
}

static void
fake_monitor (GNetworkMonitorInterface *iface)
{
  iface->can_reach_async = fake_can_reach_async;
  iface->can_reach_finish = fake_can_reach_finish;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (Fake, fake, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_INITABLE, fake_initable)
                                   G_IMPLEMENT_INTERFACE (G_TYPE_NETWORK_MONITOR, fake_monitor))

enum
{
  PROP_AVAILABLE = 1,
  PROP_METERED,
  PROP_CONNECTIVITY
};

static void
fake_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  Fake *self = FAKE_MONITOR (object);

  if (id == PROP_CONNECTIVITY)
    g_value_set_enum (value, G_NETWORK_CONNECTIVITY_FULL);
  else
    g_value_set_boolean (value, id == PROP_AVAILABLE ? self->available : self->metered);
}

static void
fake_class_init (FakeClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = fake_get_property;
  g_object_class_override_property (object_class, PROP_AVAILABLE, "network-available");
  g_object_class_override_property (object_class, PROP_METERED, "network-metered");
  g_object_class_override_property (object_class, PROP_CONNECTIVITY, "connectivity");
}

static void
fake_init (Fake *self)
{
  self->available = TRUE;
}

/* What happens to it. */

static Fake *
monitor (void)
{
  return FAKE_MONITOR (g_network_monitor_get_default ());
}

static void
change (gboolean available, gboolean metered)
{
  monitor ()->available = available;
  monitor ()->metered = metered;
  g_signal_emit_by_name (monitor (), "network-changed", available);
}

static void
answer (gboolean reachable)
{
  g_autoptr (GTask) task = g_steal_pointer (&monitor ()->asked);

  g_assert_nonnull (task);
  if (reachable)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_HOST_UNREACHABLE, "No way there");
  while (g_main_context_iteration (NULL, FALSE))
    continue;
}

/* The pair. */

typedef struct
{
  PsPairs *pairs;
  PsNetwork *network;
} Fixture;

static GString *told; /* what the fake engine was told of the network, one sign each */

static void
set_up (Fixture *f, gconstpointer host)
{
  g_autofree char *dir = NULL;
  g_autofree char *file = NULL;
  g_autoptr (PsConfig) config = NULL;

  test_home_empty (NULL, NULL);
  dir = ps_config_dir ();
  file = g_build_filename (dir, "pisync.ini", NULL);
  config = ps_config_new (file);
  g_assert_true (ps_setup_set (config, "HOST", "host", host));
  g_assert_true (ps_setup_set (config, "LOCAL CONFIG", "local_base", "~/PiSync"));
  f->pairs = ps_pairs_new ();
  ps_pairs_add (f->pairs, config);
  g_string_truncate (told, 0);
  monitor ()->available = TRUE;
  monitor ()->metered = FALSE;
  f->network = ps_network_new (f->pairs);
}

static void
tear_down (Fixture *f, gconstpointer unused)
{
  /* The wait for the system bus holds it too. */
  g_object_run_dispose (G_OBJECT (f->network));
  g_object_unref (f->network);
  g_object_unref (f->pairs);
}

static void
test_away_and_back (Fixture *f, gconstpointer unused)
{
  g_assert_cmpstr (told->str, ==, "+");
  change (FALSE, FALSE);
  g_assert_cmpstr (told->str, ==, "+");
  answer (FALSE);
  g_assert_cmpstr (told->str, ==, "+-");
  change (TRUE, FALSE);
  g_assert_cmpstr (told->str, ==, "+-+");
}

/* The Pi at the end of a cable, with no way to the internet. */
static void
test_reached_all_the_same (Fixture *f, gconstpointer unused)
{
  change (FALSE, FALSE);
  answer (TRUE);
  g_assert_cmpstr (told->str, ==, "++");
}

/* Names are looked up for long where there is no network; it may be back by then. */
static void
test_late_answer (Fixture *f, gconstpointer unused)
{
  change (FALSE, FALSE);
  change (TRUE, FALSE);
  answer (FALSE);
  g_assert_cmpstr (told->str, ==, "++");
}

static void
test_ended_before_the_answer (Fixture *f, gconstpointer unused)
{
  change (FALSE, FALSE);
  g_object_run_dispose (G_OBJECT (f->network));
  answer (FALSE);
  g_assert_cmpstr (told->str, ==, "+");
}

/* As with NetworkManager, whose word is not told by the signal that the network changed. */
static void
test_told_by_properties (Fixture *f, gconstpointer unused)
{
  monitor ()->metered = TRUE;
  g_object_notify (G_OBJECT (monitor ()), "network-metered");
  g_assert_cmpstr (told->str, ==, "+$");
  monitor ()->available = FALSE;
  g_object_notify (G_OBJECT (monitor ()), "network-available");
  answer (FALSE);
  g_assert_cmpstr (told->str, ==, "+$-");
}

static void
test_metered (Fixture *f, gconstpointer unused)
{
  change (TRUE, TRUE);
  g_assert_cmpstr (told->str, ==, "+$");
}

/* What never leaves this computer has no price and no distance. */
static void
test_this_computer (Fixture *f, gconstpointer unused)
{
  change (TRUE, TRUE);
  change (FALSE, FALSE);
  g_assert_null (monitor ()->asked);
  g_assert_cmpstr (told->str, ==, "+++");
}

/* The fake engine prints what it is told, which is no TAP. */
static void
print (const char *text)
{
  gboolean available, metered;

  if (sscanf (text, "network pisync %d %d", &available, &metered) == 2)
    g_string_append_c (told, !available ? '-' : metered ? '$' : '+');
  else if (!g_str_has_prefix (text, "start "))
    fputs (text, stdout);
  fflush (stdout);
}

static void
add (const char *path, const char *host, void (*test) (Fixture *, gconstpointer))
{
  g_test_add (path, Fixture, host, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  test_home_make ();
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus", TRUE);
  g_setenv ("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", TRUE);
  g_setenv ("GIO_USE_NETWORK_MONITOR", "fake", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_io_extension_point_register (G_NETWORK_MONITOR_EXTENSION_POINT_NAME);
  g_io_extension_point_implement (G_NETWORK_MONITOR_EXTENSION_POINT_NAME, TYPE_FAKE, "fake", 1000);
  told = g_string_new (NULL);
  g_set_print_handler (print);
  add ("/network/away-and-back", "pi", test_away_and_back);
  add ("/network/reached-all-the-same", "pi", test_reached_all_the_same);
  add ("/network/late-answer", "pi", test_late_answer);
  add ("/network/ended-before-the-answer", "pi", test_ended_before_the_answer);
  add ("/network/told-by-properties", "pi", test_told_by_properties);
  add ("/network/metered", "pi", test_metered);
  add ("/network/this-computer", "127.0.0.1", test_this_computer);
  return test_home_remove (g_test_run ());
}
