/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The usual name of a Pi is looked up, where there is no Avahi too (test-setup.py has one). */
#include "app/neighbours.h"
#include "fakes/test-util.h"

/* A resolver that knows one name, or none. */
typedef struct
{
  GResolver parent_instance;
} FakeResolver;

typedef GResolverClass FakeResolverClass;

GType fake_resolver_get_type (void);
G_DEFINE_FINAL_TYPE (FakeResolver, fake_resolver, G_TYPE_RESOLVER)

static const char *known;
static guint answers;

static gboolean
answer (gpointer data)
{
  GTask *task = data;

  answers++;
  if (g_strcmp0 (g_task_get_task_data (task), known) == 0)
    g_task_return_pointer (
        task, g_list_prepend (NULL, g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4)),
        (GDestroyNotify)g_resolver_free_addresses);
  else
    g_task_return_new_error (task, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND, "not known");
  return G_SOURCE_REMOVE;
}

static void
fake_resolver_lookup_by_name_async (GResolver *resolver, const char *name,
                                    GCancellable *cancellable, GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  GTask *task = g_task_new (resolver, cancellable, callback, user_data);

  g_task_set_task_data (task, g_strdup (name), g_free);
  g_idle_add_full (G_PRIORITY_DEFAULT, answer, task, g_object_unref);
}

static GList *
fake_resolver_lookup_by_name_finish (GResolver *resolver, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
fake_resolver_class_init (FakeResolverClass *klass)
{
  klass->lookup_by_name_async = fake_resolver_lookup_by_name_async;
  klass->lookup_by_name_finish = fake_resolver_lookup_by_name_finish;
}

static void
fake_resolver_init (FakeResolver *self)
{
}

static gboolean
was_answered (gpointer unused)
{
  return answers > 0 && !g_main_context_pending (NULL);
}

/* Whoever still looks holds a reference: the bus, which is not there, says so in its own time. */
static gboolean
is_last_reference (gpointer object)
{
  return G_OBJECT (object)->ref_count == 1;
}

static PsNeighbours *
look (const char *name)
{
  known = name;
  answers = 0;
  return ps_neighbours_new ();
}

static void
end_look (PsNeighbours *neighbours)
{
  ps_neighbours_stop (neighbours);
  ps_test_assert_soon (is_last_reference, neighbours);
  g_assert_finalize_object (neighbours);
}

static void
test_usual_name (void)
{
  PsNeighbours *neighbours = look ("raspberrypi.local");
  GListModel *list = ps_neighbours_get_list (neighbours);
  g_autoptr (PsNeighbour) one = NULL;

  ps_test_assert_soon (was_answered, NULL);
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, 1);
  one = g_list_model_get_item (list, 0);
  g_assert_cmpstr (ps_neighbour_get_name (one), ==, "raspberrypi");
  g_assert_cmpstr (ps_neighbour_get_host (one), ==, "raspberrypi.local");
  g_assert_cmpuint (ps_neighbour_get_port (one), ==, PS_SSH_PORT);
  end_look (neighbours);
}

static void
test_nobody (void)
{
  PsNeighbours *neighbours = look (NULL);

  ps_test_assert_soon (was_answered, NULL);
  g_assert_cmpuint (g_list_model_get_n_items (ps_neighbours_get_list (neighbours)), ==, 0);
  end_look (neighbours);
}

static void
test_stopped (void)
{
  PsNeighbours *neighbours = look ("raspberrypi.local");

  ps_neighbours_stop (neighbours);
  ps_test_assert_soon (was_answered, NULL);
  g_assert_cmpuint (g_list_model_get_n_items (ps_neighbours_get_list (neighbours)), ==, 0);
  end_look (neighbours);
}

int
main (int argc, char **argv)
{
  g_autoptr (GResolver) resolver = NULL;

  g_setenv ("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", TRUE);
  g_test_init (&argc, &argv, NULL);
  resolver = g_object_new (fake_resolver_get_type (), NULL);
  g_resolver_set_default (resolver);
  g_test_add_func ("/neighbours/usual-name", test_usual_name);
  g_test_add_func ("/neighbours/nobody", test_nobody);
  g_test_add_func ("/neighbours/stopped", test_stopped);
  return g_test_run ();
}
