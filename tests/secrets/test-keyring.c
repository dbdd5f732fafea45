/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A real gnome-keyring on a private bus: open, locked, absent. Nothing is bus-activated there, so
 * no prompter answers: as when the person closes the prompt. */
#include "fakes/test-util.h"
#include "secrets/secrets.h"
#include "util/redact.h"

#include <libsecret/secret.h>
#include <signal.h>
#include <string.h>

#define PASSWORD "keyring-password"

static GTestDBus *bus; /* (nullable) */
static char *home;

typedef struct
{
  GDBusConnection *connection;
  GSubprocess *daemon; /* (nullable) */
} Fixture;

static const PsSecretId id
    = { .host = "server", .port = 22, .user = "pi", .kind = "password", .subject = NULL };

/* The outcome of one call. */
typedef struct
{
  gboolean done;
  gboolean ok;
  char *secret;
  gboolean locked;
  GError *error;
} Result;

static void
result_clear (Result *r)
{
  ps_secret_free (r->secret);
  g_clear_error (&r->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Result, result_clear)

static gboolean
is_done (gpointer data)
{
  return ((Result *)data)->done;
}

static void
on_looked_up (GObject *source, GAsyncResult *result, gpointer data)
{
  Result *r = data;

  r->secret = ps_secrets_lookup_finish (result, &r->locked, &r->error);
  r->done = TRUE;
}

static void
on_stored (GObject *source, GAsyncResult *result, gpointer data)
{
  Result *r = data;

  r->ok = ps_secrets_store_finish (result, &r->error);
  r->done = TRUE;
}

static void
on_forgotten (GObject *source, GAsyncResult *result, gpointer data)
{
  Result *r = data;

  r->ok = ps_secrets_forget_finish (result, &r->locked, &r->error);
  r->done = TRUE;
}

static void
lookup (const PsSecretId *what, Result *r)
{
  ps_secrets_lookup_async (what, NULL, on_looked_up, r);
  ps_test_assert_soon (is_done, r);
}

static void
store (const PsSecretId *what, const char *secret, Result *r)
{
  ps_secrets_store_async (what, secret, NULL, on_stored, r);
  ps_test_assert_soon (is_done, r);
}

static void
assert_found (const PsSecretId *what, const char *expected)
{
  g_auto (Result) r = { 0 };

  lookup (what, &r);
  g_assert_no_error (r.error);
  g_assert_false (r.locked);
  g_assert_cmpstr (r.secret, ==, expected);
}

static void
assert_stored (const PsSecretId *what, const char *secret)
{
  g_auto (Result) r = { 0 };

  store (what, secret, &r);
  g_assert_no_error (r.error);
  g_assert_true (r.ok);
}

static void
forget (const PsSecretId *what, gboolean locked)
{
  g_auto (Result) r = { 0 };

  ps_secrets_forget_async (what, NULL, on_forgotten, &r);
  ps_test_assert_soon (is_done, &r);
  g_assert_no_error (r.error);
  g_assert_true (r.ok);
  g_assert_cmpint (r.locked, ==, locked);
}

/* The daemon. */

static gboolean
has_owner (gpointer data)
{
  GDBusConnection *connection = data;
  g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
      connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
      "NameHasOwner", g_variant_new ("(s)", "org.freedesktop.secrets"), G_VARIANT_TYPE ("(b)"),
      G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL);
  gboolean owned = FALSE;

  g_variant_get (reply, "(b)", &owned);
  return owned;
}

static gboolean
has_no_owner (gpointer data)
{
  return !has_owner (data);
}

static void
start_daemon (Fixture *f, gboolean unlock)
{
  g_autoptr (GSubprocessLauncher) launcher
      = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_SILENCE
                                   | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
  g_autoptr (GError) error = NULL;
  GOutputStream *input;

  /* Its warnings are not our failures. */
  g_subprocess_launcher_unsetenv (launcher, "G_DEBUG");
  f->daemon
      = g_subprocess_launcher_spawn (launcher, &error, "gnome-keyring-daemon", "--foreground",
                                     "--components=secrets", unlock ? "--unlock" : NULL, NULL);
  g_assert_no_error (error);
  input = g_subprocess_get_stdin_pipe (f->daemon);
  if (unlock)
    g_assert_true (
        g_output_stream_write_all (input, PASSWORD, strlen (PASSWORD), NULL, NULL, NULL));
  g_output_stream_close (input, NULL, NULL);
  ps_test_assert_soon (has_owner, f->connection);
}

static void
stop_daemon (Fixture *f)
{
  secret_service_disconnect ();
  if (f->daemon == NULL)
    return;
  g_subprocess_send_signal (f->daemon, SIGTERM);
  g_subprocess_wait (f->daemon, NULL, NULL);
  g_clear_object (&f->daemon);
  ps_test_assert_soon (has_no_owner, f->connection);
}

static gboolean
can_run (void)
{
  g_autofree char *daemon = g_find_program_in_path ("gnome-keyring-daemon");

  return ps_test_require ("gnome-keyring", bus != NULL && daemon != NULL,
                          "no gnome-keyring-daemon or no dbus-daemon");
}

static void
setup (Fixture *f, gconstpointer data)
{
  ps_test_remove_tree (home);
  g_assert_cmpint (g_mkdir_with_parents (g_get_user_data_dir (), 0700), ==, 0);
  g_assert_cmpint (g_mkdir_with_parents (g_get_user_runtime_dir (), 0700), ==, 0);
  if (bus != NULL)
    f->connection = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, NULL);
}

static void
teardown (Fixture *f, gconstpointer data)
{
  stop_daemon (f);
  g_clear_object (&f->connection);
}

/* The tests. */

static void
test_open (Fixture *f, gconstpointer data)
{
  PsSecretId other = id;
  PsSecretId passphrase = { .host = "server", .port = 22, .kind = "passphrase", .subject = "/k" };

  if (!can_run ())
    return;
  start_daemon (f, TRUE);
  assert_found (&id, NULL);
  assert_stored (&id, "sesame");
  assert_found (&id, "sesame");
  assert_stored (&id, "changed");
  assert_found (&id, "changed");
  other.port = 2222;
  assert_found (&other, NULL);
  other = id;
  other.user = NULL;
  assert_found (&other, NULL);
  assert_found (&passphrase, NULL);
  assert_stored (&passphrase, "open \xc3\xa9");
  assert_found (&passphrase, "open \xc3\xa9");
  assert_found (&id, "changed");
  forget (&id, FALSE);
  assert_found (&id, NULL);
  assert_found (&passphrase, "open \xc3\xa9");
}

static void
test_forget_nothing (Fixture *f, gconstpointer data)
{
  if (!can_run ())
    return;
  start_daemon (f, TRUE);
  forget (&id, FALSE);
}

/* All that is kept for an account goes, and nothing of another one. */
static void
test_forget_account (Fixture *f, gconstpointer data)
{
  static const PsSecretId others[] = {
    { .host = "server", .port = 22, .user = "pia", .kind = "password" },
    { .host = "server", .port = 2222, .user = "pi", .kind = "password" },
    { .host = "serve", .port = 22, .user = "pi", .kind = "password" },
  };
  PsSecretId account = { .host = "server", .port = 22, .user = "pi" };
  PsSecretId key = id;

  if (!can_run ())
    return;
  start_daemon (f, TRUE);
  key.kind = "passphrase";
  key.subject = "/k";
  assert_stored (&id, "sesame");
  assert_stored (&key, "open");
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    assert_stored (&others[i], "other");
  forget (&account, FALSE);
  assert_found (&id, NULL);
  assert_found (&key, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    assert_found (&others[i], "other");
  /* Where the configuration leaves the port to ssh_config, it may be any. */
  account.port = 0;
  forget (&account, FALSE);
  assert_found (&others[0], "other");
  assert_found (&others[1], NULL);
}

/* Nobody is asked for it. */
static void
test_forget_locked (Fixture *f, gconstpointer data)
{
  if (!can_run ())
    return;
  start_daemon (f, TRUE);
  assert_stored (&id, "sesame");
  stop_daemon (f);
  start_daemon (f, FALSE);
  forget (&id, TRUE);
  stop_daemon (f);
  start_daemon (f, TRUE);
  assert_found (&id, "sesame");
}

/* Kept under what the configuration says, which may be nothing. */
static void
test_earlier (Fixture *f, gconstpointer data)
{
  PsSecretId app = { .host = "server", .user = "pi", .kind = "password" };
  PsSecretId cli = { .host = "server", .kind = "password" };
  PsSecretId now = { .host = "server",
                     .port = 2222,
                     .user = "pi",
                     .kind = "password",
                     .named_port = 0,
                     .named_user = NULL };
  PsSecretId other = now;

  if (!can_run ())
    return;
  app.named_user = "pi";
  other.port = other.named_port = 22;
  other.named_user = "pi";
  start_daemon (f, TRUE);
  assert_stored (&cli, "of the terminal");
  assert_found (&now, "of the terminal");
  assert_stored (&app, "of the window");
  assert_found (&now, "of the window");
  /* A server whose port is given is another one. */
  assert_found (&other, NULL);
  assert_stored (&now, "new");
  assert_found (&now, "new");
  assert_found (&app, "of the window");
}

static void
test_next_login (Fixture *f, gconstpointer data)
{
  if (!can_run ())
    return;
  start_daemon (f, TRUE);
  assert_stored (&id, "sesame");
  stop_daemon (f);
  start_daemon (f, TRUE);
  assert_found (&id, "sesame");
}

/* As after an automatic login: never unlocked. What is there must not be taken for nothing. */
static void
test_locked (Fixture *f, gconstpointer data)
{
  g_auto (Result) found = { 0 };
  g_auto (Result) stored = { 0 };

  if (!can_run ())
    return;
  start_daemon (f, TRUE);
  assert_stored (&id, "sesame");
  stop_daemon (f);
  start_daemon (f, FALSE);
  lookup (&id, &found);
  g_assert_null (found.secret);
  g_assert_true (found.locked || found.error != NULL);
  store (&id, "other", &stored);
  g_assert_false (stored.ok);
  g_assert_error (stored.error, G_IO_ERROR, G_IO_ERROR_FAILED);
  stop_daemon (f);
  start_daemon (f, TRUE);
  assert_found (&id, "sesame"); /* nothing was harmed */
}

static void
test_absent (Fixture *f, gconstpointer data)
{
  g_auto (Result) found = { 0 };
  g_auto (Result) stored = { 0 };

  if (!can_run ())
    return;
  lookup (&id, &found);
  g_assert_null (found.secret);
  g_assert_false (found.locked);
  g_assert_error (found.error, G_IO_ERROR, G_IO_ERROR_FAILED);
  g_assert_true (g_str_has_prefix (found.error->message, "The keyring cannot be used: "));
  store (&id, "x", &stored);
  g_assert_error (stored.error, G_IO_ERROR, G_IO_ERROR_FAILED);
  /* It comes later: no restart of ours is needed. */
  start_daemon (f, TRUE);
  assert_stored (&id, "x");
  assert_found (&id, "x");
}

/* Died and came again while we run. */
static void
test_restarted (Fixture *f, gconstpointer data)
{
  g_auto (Result) r = { 0 };

  if (!can_run ())
    return;
  start_daemon (f, TRUE);
  assert_stored (&id, "sesame");
  g_subprocess_force_exit (f->daemon);
  g_subprocess_wait (f->daemon, NULL, NULL);
  g_clear_object (&f->daemon);
  ps_test_assert_soon (has_no_owner, f->connection);
  lookup (&id, &r);
  g_assert_null (r.secret);
  g_assert_nonnull (r.error);
  start_daemon (f, TRUE);
  assert_found (&id, "sesame");
}

static void
test_cancelled (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_auto (Result) r = { 0 };

  if (!can_run ())
    return;
  start_daemon (f, TRUE);
  ps_secrets_lookup_async (&id, cancellable, on_looked_up, &r);
  g_cancellable_cancel (cancellable);
  ps_test_assert_soon (is_done, &r);
  g_assert_error (r.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
make_home (void)
{
  static const char *const names[][2] = { { "HOME", "home" },
                                          { "XDG_DATA_HOME", "data" },
                                          { "XDG_CONFIG_HOME", "config" },
                                          { "XDG_CACHE_HOME", "cache" },
                                          { "XDG_RUNTIME_DIR", "run" } };

  home = ps_test_dir_new ();
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *dir = g_build_filename (home, names[i][1], NULL);

      g_setenv (names[i][0], dir, TRUE);
    }
  g_unsetenv ("DISPLAY");
  g_unsetenv ("WAYLAND_DISPLAY");
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
add (const char *name, void (*test) (Fixture *, gconstpointer))
{
  g_autofree char *path = g_strconcat ("/secrets/keyring/", name, NULL);

  g_test_add (path, Fixture, NULL, setup, test, teardown);
}

int
main (int argc, char **argv)
{
  int result;

  make_home ();
  g_test_init (&argc, &argv, NULL);
  start_bus ();
  add ("open", test_open);
  add ("forget-nothing", test_forget_nothing);
  add ("forget-account", test_forget_account);
  add ("forget-locked", test_forget_locked);
  add ("earlier", test_earlier);
  add ("next-login", test_next_login);
  add ("locked", test_locked);
  add ("absent", test_absent);
  add ("restarted", test_restarted);
  add ("cancelled", test_cancelled);
  result = g_test_run ();
  if (bus != NULL)
    g_test_dbus_down (bus);
  g_clear_object (&bus);
  ps_test_dir_free (home);
  return result;
}
