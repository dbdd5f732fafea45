/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The running program on a private bus, asked from another thread as pisync-cli asks. */
#include "engine/control.h"
#include "engine/fake-run.h"
#include "engine/session-private.h"
#include "fakes/home.h"

#include <string.h>

static GTestDBus *bus; /* (nullable) */

typedef struct
{
  GDBusConnection *connection;
  PsSession *session;
  PsControl *control;
  gint64 now;
} Fixture;

static void
setup (Fixture *f, gconstpointer data)
{
  const char *pair = data;
  g_autofree char *file = g_strconcat (pair, ".ini", NULL);
  g_autoptr (PsConfig) config = ps_config_new (file);
  g_autoptr (GError) error = NULL;

  test_home_empty (NULL, NULL);
  fake_run_reset (&f->now);
  config->host = g_strdup ("server");
  config->local_base = g_strdup ("/nonexistent");
  config->remote_base = g_strdup ("r");
  config->throttling = 3600;
  f->session = ps_session_new (config, NULL);
  if (bus == NULL)
    return;
  f->connection = g_dbus_connection_new_for_address_sync (
      g_test_dbus_get_bus_address (bus),
      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
          | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
      NULL, NULL, &error);
  g_assert_no_error (error);
  f->control = ps_control_new (f->connection, f->session);
}

static void
on_closed (GObject *source, GAsyncResult *result, gpointer data)
{
  *(gboolean *)data = ps_session_close_finish (PS_SESSION (source), result, NULL);
}

static gboolean
is_true (gpointer data)
{
  return *(gboolean *)data;
}

static void
teardown (Fixture *f, gconstpointer data)
{
  gboolean closed = FALSE;

  g_clear_pointer (&f->control, ps_control_free);
  ps_session_close_async (f->session, on_closed, &closed);
  ps_test_assert_soon (is_true, &closed);
  if (f->connection != NULL)
    g_dbus_connection_close_sync (f->connection, NULL, NULL);
  g_clear_object (&f->connection);
  /* The bus name's last callbacks hold nothing of ours. */
  g_assert_finalize_object (f->session);
}

/* One call of the client's side, in a thread. */
typedef struct
{
  const char *pair;
  const char *action; /* (nullable): get the status */
  GVariant *parameter;
  GVariant *status;
  GError *error;
  gboolean ok;
  gboolean done; /* (atomic) */
} Call;

static gpointer
call_thread (gpointer data)
{
  Call *c = data;

  if (c->action == NULL)
    c->status = ps_control_get_status (c->pair, &c->error);
  else
    c->ok = ps_control_activate (c->pair, c->action, c->parameter, &c->error);
  g_atomic_int_set (&c->done, TRUE);
  g_main_context_wakeup (NULL);
  return NULL;
}

static gboolean
call_done (gpointer data)
{
  return g_atomic_int_get (&((Call *)data)->done);
}

static void
do_call (Call *c)
{
  GThread *thread = g_thread_new ("client", call_thread, c);

  ps_test_assert_soon (call_done, c);
  g_thread_join (thread);
}

static void
assert_state (const char *pair, const char *expected)
{
  Call c = { .pair = pair };
  const char *state = NULL;

  do_call (&c);
  g_assert_no_error (c.error);
  g_assert_true (g_variant_lookup (c.status, "state", "&s", &state));
  g_assert_cmpstr (state, ==, expected);
  g_variant_unref (c.status);
}

static void
activate (const char *pair, const char *action, GVariant *parameter)
{
  Call c = { .pair = pair, .action = action, .parameter = parameter };

  do_call (&c);
  g_assert_no_error (c.error);
  g_assert_true (c.ok);
}

static gboolean
name_is_owned (gpointer data)
{
  Fixture *f = data;
  g_autofree char *name = ps_control_bus_name (ps_session_get_config (f->session)->name);
  g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
      f->connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
      "NameHasOwner", g_variant_new ("(s)", name), G_VARIANT_TYPE ("(b)"), G_DBUS_CALL_FLAGS_NONE,
      -1, NULL, NULL);
  gboolean owned = FALSE;

  g_variant_get (reply, "(b)", &owned);
  return owned;
}

static gboolean
has_run (gpointer data)
{
  return fake_run_calls () == GPOINTER_TO_UINT (data);
}

static void
test_control (Fixture *f, gconstpointer data)
{
  const char *pair = data;

  if (!ps_test_require ("dbus-daemon", bus != NULL, "no dbus-daemon"))
    return;
  ps_test_assert_soon (name_is_owned, f);
  assert_state (pair, "idle");
  activate (pair, "pause", g_variant_new_uint32 (60));
  assert_state (pair, "paused");
  activate (pair, "resume", NULL);
  assert_state (pair, "idle");
  ps_session_start (f->session);
  ps_test_assert_soon (has_run, GUINT_TO_POINTER (1));
  activate (pair, "sync-now", NULL);
  ps_test_assert_soon (has_run, GUINT_TO_POINTER (2));
}

/* Nobody may set the status, and a wrong parameter does no harm. */
static void
test_misuse (Fixture *f, gconstpointer data)
{
  Call c = { .pair = data, .action = "pause", .parameter = g_variant_new_string ("x") };

  if (!ps_test_require ("dbus-daemon", bus != NULL, "no dbus-daemon"))
    return;
  ps_test_assert_soon (name_is_owned, f);
  do_call (&c);
  g_clear_error (&c.error);
  c = (Call){ .pair = data, .action = "no-such-action" };
  do_call (&c);
  g_clear_error (&c.error);
  assert_state (data, "idle");
}

static void
test_nobody (Fixture *f, gconstpointer data)
{
  Call c = { .pair = "other" };

  if (!ps_test_require ("dbus-daemon", bus != NULL, "no dbus-daemon"))
    return;
  do_call (&c);
  g_assert_error (c.error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (c.error->message, "not running for the pair \"other\""));
  g_clear_error (&c.error);
  c = (Call){ .pair = "other", .action = "resume" };
  do_call (&c);
  g_assert_error (c.error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_clear_error (&c.error);
}

static void
test_names (void)
{
  g_autofree char *plain = ps_control_bus_name ("pisync");
  g_autofree char *odd = ps_control_bus_name ("2nd pair_\xc3\xa9");
  g_autofree char *path = ps_control_object_path ("my-pair");
  g_autofree char *huge = g_strnfill (5000, '-');
  g_autofree char *long_name = ps_control_bus_name (huge);

  g_assert_cmpstr (plain, ==, "io.github.pisync.PiSync.pair.pisync");
  g_assert_cmpstr (odd, ==, "io.github.pisync.PiSync.pair._32nd_20pair_5f_c3_a9");
  g_assert_cmpstr (path, ==, "/io/github/pisync/PiSync/pair/my_2dpair");
  g_assert_true (g_dbus_is_name (odd));
  g_assert_true (g_dbus_is_name (long_name));
  g_assert_true (g_variant_is_object_path (path));
}

static void
test_no_bus (void)
{
  g_autofree char *before = g_strdup (g_getenv ("DBUS_SESSION_BUS_ADDRESS"));
  g_autoptr (GError) error = NULL;

  g_setenv ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus", TRUE);
  g_assert_null (ps_control_get_status ("pisync", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_true (g_str_has_prefix (error->message, "There is no session bus"));
  if (before != NULL)
    g_setenv ("DBUS_SESSION_BUS_ADDRESS", before, TRUE);
  else
    g_unsetenv ("DBUS_SESSION_BUS_ADDRESS");
}

static void
start_bus (void)
{
  g_autofree char *daemon = g_find_program_in_path ("dbus-daemon");

  if (daemon == NULL)
    return;
  bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (bus);
}

static void
stop_bus (void)
{
  if (bus == NULL)
    return;
  g_test_dbus_down (bus);
  g_clear_object (&bus);
}

int
main (int argc, char **argv)
{
  int result;

  test_home_make ();
  g_test_init (&argc, &argv, NULL);
  start_bus ();
  g_test_add_func ("/engine/control/names", test_names);
  g_test_add_func ("/engine/control/no-bus", test_no_bus);
  g_test_add ("/engine/control/pair", Fixture, "pisync", setup, test_control, teardown);
  g_test_add ("/engine/control/odd-pair", Fixture, "2nd pair", setup, test_control, teardown);
  g_test_add ("/engine/control/misuse", Fixture, "pisync", setup, test_misuse, teardown);
  g_test_add ("/engine/control/nobody", Fixture, "pisync", setup, test_nobody, teardown);
  result = g_test_run ();
  stop_bus ();
  return test_home_remove (result);
}
