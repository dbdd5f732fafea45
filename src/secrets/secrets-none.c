/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Built without libsecret: there is no keyring, and every call says so. */
#include "secrets/secrets.h"

#include "util/words.h"

static void
refuse (gpointer tag, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                           _ ("This PiSync was built without support for the keyring"));
}

void
ps_secrets_lookup_async (const PsSecretId *id, GCancellable *cancellable,
                         GAsyncReadyCallback callback, gpointer user_data)
{
  refuse (ps_secrets_lookup_async, cancellable, callback, user_data);
}

char *
ps_secrets_lookup_finish (GAsyncResult *result, gboolean *locked, GError **error)
{
  if (locked != NULL)
    *locked = FALSE;
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
ps_secrets_store_async (const PsSecretId *id, const char *secret, GCancellable *cancellable,
                        GAsyncReadyCallback callback, gpointer user_data)
{
  refuse (ps_secrets_store_async, cancellable, callback, user_data);
}

gboolean
ps_secrets_store_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
ps_secrets_forget_async (const PsSecretId *id, GCancellable *cancellable,
                         GAsyncReadyCallback callback, gpointer user_data)
{
  refuse (ps_secrets_forget_async, cancellable, callback, user_data);
}

gboolean
ps_secrets_forget_finish (GAsyncResult *result, gboolean *locked, GError **error)
{
  if (locked != NULL)
    *locked = FALSE;
  return g_task_propagate_boolean (G_TASK (result), error);
}
