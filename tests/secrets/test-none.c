/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A build without libsecret: every call says that there is no keyring. */
#include "fakes/test-util.h"
#include "secrets/secrets.h"

typedef struct
{
  gboolean done;
  GError *error;
} Result;

static void
on_looked_up (GObject *source, GAsyncResult *result, gpointer data)
{
  Result *r = data;
  gboolean locked = TRUE;

  g_assert_null (ps_secrets_lookup_finish (result, &locked, &r->error));
  g_assert_false (locked);
  r->done = TRUE;
}

static void
on_stored (GObject *source, GAsyncResult *result, gpointer data)
{
  Result *r = data;

  g_assert_false (ps_secrets_store_finish (result, &r->error));
  r->done = TRUE;
}

static void
on_forgotten (GObject *source, GAsyncResult *result, gpointer data)
{
  Result *r = data;

  g_assert_false (ps_secrets_forget_finish (result, NULL, &r->error));
  r->done = TRUE;
}

static gboolean
is_done (gpointer data)
{
  return ((Result *)data)->done;
}

static void
test_none (void)
{
  const PsSecretId id = { .host = "server", .kind = "password" };
  Result results[3] = { 0 };

  ps_secrets_lookup_async (&id, NULL, on_looked_up, &results[0]);
  ps_secrets_store_async (&id, "x", NULL, on_stored, &results[1]);
  ps_secrets_forget_async (&id, NULL, on_forgotten, &results[2]);
  for (gsize i = 0; i < G_N_ELEMENTS (results); i++)
    {
      ps_test_assert_soon (is_done, &results[i]);
      g_assert_error (results[i].error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
      g_clear_error (&results[i].error);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/secrets/none", test_none);
  return g_test_run ();
}
