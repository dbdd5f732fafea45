/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The Secret Service through libsecret. A keyring that was never unlocked in this login cannot
 * match the schema's name, and a plain lookup then says "no password" where it should ask to
 * unlock: so items are searched by attributes of our own, without unlocking; whether they are
 * locked is looked at; and then they are unlocked on purpose. */
#include "secrets/secrets.h"

#include "util/redact.h"
#include "util/words.h"

#include <libsecret/secret.h>

static const SecretSchema schema = {
  .name = "io.github.pisync.PiSync",
  .flags = SECRET_SCHEMA_DONT_MATCH_NAME,
  .attributes = {
    { "application", SECRET_SCHEMA_ATTRIBUTE_STRING },
    { "host", SECRET_SCHEMA_ATTRIBUTE_STRING },
    { "port", SECRET_SCHEMA_ATTRIBUTE_STRING },
    { "user", SECRET_SCHEMA_ATTRIBUTE_STRING },
    { "kind", SECRET_SCHEMA_ATTRIBUTE_STRING },
    { "subject", SECRET_SCHEMA_ATTRIBUTE_STRING },
    { NULL, 0 },
  },
};

/* By which attributes an item is kept now, and was by earlier versions. */
#define WAYS 3

typedef struct
{
  GHashTable *attributes[WAYS]; /* (element-type utf8 utf8) (nullable) but for the first */
  guint way;                    /* LOOKUP: which is being searched by */
  char *label;
  char *secret; /* (nullable) STORE */
  SecretService *service;
  SecretItem *item; /* (nullable) LOOKUP: what was found */
  GList *items;     /* (element-type SecretItem) FORGET: what is still to be removed */
  gboolean locked;  /* found, but not to be opened */
} Request;

static void
request_free (gpointer data)
{
  Request *request = data;

  for (guint i = 0; i < WAYS; i++)
    g_clear_pointer (&request->attributes[i], g_hash_table_unref);
  g_free (request->label);
  ps_secret_free (request->secret);
  g_clear_object (&request->service);
  g_clear_object (&request->item);
  g_list_free_full (request->items, g_object_unref);
  g_free (request);
}

static void
add_attribute (GHashTable *attributes, const char *name, const char *value)
{
  g_hash_table_insert (attributes, g_strdup (name), g_utf8_make_valid (value, -1));
}

static GHashTable *
attributes_new (const char *host)
{
  GHashTable *attributes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  add_attribute (attributes, "application", "pisync");
  add_attribute (attributes, "host", host);
  return attributes;
}

/* Those of one item: all of them, since a missing one would match anything. */
static GHashTable *
attributes_of (const PsSecretId *id, guint port, const char *user)
{
  GHashTable *attributes = attributes_new (id->host);
  g_autofree char *number = g_strdup_printf ("%u", port);

  add_attribute (attributes, "port", number);
  add_attribute (attributes, "user", user != NULL ? user : "");
  add_attribute (attributes, "kind", id->kind);
  add_attribute (attributes, "subject", id->subject != NULL ? id->subject : "");
  return attributes;
}

/* Those that all items which @id stands for have in common. */
static GHashTable *
attributes_in_common (const PsSecretId *id)
{
  GHashTable *attributes = attributes_new (id->host);
  g_autofree char *number = g_strdup_printf ("%u", id->port);

  if (id->port != 0)
    add_attribute (attributes, "port", number);
  if (id->user != NULL)
    add_attribute (attributes, "user", id->user);
  if (id->kind != NULL)
    add_attribute (attributes, "kind", id->kind);
  if (id->subject != NULL)
    add_attribute (attributes, "subject", id->subject);
  return attributes;
}

static char *
make_label (const PsSecretId *id)
{
  g_autofree char *text = NULL;

  if (id->subject != NULL)
    text = g_strdup_printf ("PiSync: %s of %s", id->kind, id->subject);
  else
    text = g_strdup_printf ("PiSync: %s of %s at %s", id->kind,
                            id->user != NULL ? id->user : "the account", id->host);
  return g_utf8_make_valid (text, -1);
}

static Request *
request_new (const PsSecretId *id)
{
  Request *request = g_new0 (Request, 1);

  request->attributes[0] = attributes_of (id, id->port, id->user);
  request->label = make_label (id);
  return request;
}

/* Ends @task (transfer full) with what @reason (transfer full) means for a person. */
static void
fail (GTask *task, GError *reason)
{
  if (g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_task_return_error (task, reason);
  else
    {
      g_dbus_error_strip_remote_error (reason);
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED,
                               _ ("The keyring cannot be used: %s"), reason->message);
      g_error_free (reason);
    }
  g_object_unref (task);
}

/* Every request begins by reaching the service; @next goes on. */
static void
begin (Request *request, gpointer tag, SecretServiceFlags flags, GAsyncReadyCallback next,
       GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  g_task_set_task_data (task, request, request_free);
  secret_service_get (flags, cancellable, next, task);
}

/* Returns: FALSE when @task has ended. */
static gboolean
take_service (GTask *task, GAsyncResult *result)
{
  Request *request = g_task_get_task_data (task);
  GError *error = NULL;

  request->service = secret_service_get_finish (result, &error);
  if (error == NULL)
    return TRUE;
  fail (task, error);
  return FALSE;
}

/* Lookup: search, unlock where need be, load. */

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Request *request = g_task_get_task_data (task);
  g_autoptr (SecretValue) value = NULL;
  GError *error = NULL;

  if (!secret_item_load_secret_finish (SECRET_ITEM (source), result, &error))
    {
      fail (g_steal_pointer (&task), error);
      return;
    }
  value = secret_item_get_secret (request->item);
  g_task_return_pointer (task, value != NULL ? g_strdup (secret_value_get_text (value)) : NULL,
                         (GDestroyNotify)ps_secret_free);
}

static void
load (GTask *task)
{
  Request *request = g_task_get_task_data (task);

  secret_item_load_secret (request->item, g_task_get_cancellable (task), on_loaded, task);
}

static void
on_unlocked (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  Request *request = g_task_get_task_data (task);
  GError *error = NULL;
  int n = secret_service_unlock_finish (SECRET_SERVICE (source), result, NULL, &error);

  if (error != NULL)
    {
      fail (task, error);
      return;
    }
  if (n > 0)
    {
      load (task);
      return;
    }
  request->locked = TRUE;
  g_task_return_pointer (task, NULL, NULL);
  g_object_unref (task);
}

static void
unlock (GTask *task)
{
  Request *request = g_task_get_task_data (task);
  GList items = { .data = request->item };

  secret_service_unlock (request->service, &items, g_task_get_cancellable (task), on_unlocked,
                         task);
}

/* Returns: (transfer full) (nullable): an item that is open, else any. */
static SecretItem *
choose_item (const GList *items)
{
  for (const GList *l = items; l != NULL; l = l->next)
    if (!secret_item_get_locked (l->data))
      return g_object_ref (l->data);
  return items != NULL ? g_object_ref (items->data) : NULL;
}

static void on_found (GObject *source, GAsyncResult *result, gpointer data);

static void
search (GTask *task)
{
  Request *request = g_task_get_task_data (task);

  secret_service_search (request->service, &schema, request->attributes[request->way],
                         SECRET_SEARCH_ALL, g_task_get_cancellable (task), on_found, task);
}

/* Returns: whether there is one. */
static gboolean
search_another_way (GTask *task)
{
  Request *request = g_task_get_task_data (task);

  while (++request->way < WAYS)
    if (request->attributes[request->way] != NULL)
      {
        search (task);
        return TRUE;
      }
  return FALSE;
}

static void
on_found (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  Request *request = g_task_get_task_data (task);
  GError *error = NULL;
  GList *items = secret_service_search_finish (SECRET_SERVICE (source), result, &error);

  request->item = choose_item (items);
  g_list_free_full (items, g_object_unref);
  if (error != NULL)
    fail (task, error);
  else if (request->item == NULL && search_another_way (task))
    return;
  else if (request->item == NULL)
    {
      g_task_return_pointer (task, NULL, NULL);
      g_object_unref (task);
    }
  else if (secret_item_get_locked (request->item))
    unlock (task);
  else
    load (task);
}

static void
on_service_for_lookup (GObject *source, GAsyncResult *result, gpointer data)
{
  if (take_service (data, result))
    search (data);
}

void
ps_secrets_lookup_async (const PsSecretId *id, GCancellable *cancellable,
                         GAsyncReadyCallback callback, gpointer user_data)
{
  Request *request;

  g_return_if_fail (id != NULL && id->host != NULL && id->kind != NULL);
  request = request_new (id);
  if (id->named_port != id->port)
    request->attributes[1] = attributes_of (id, id->named_port, id->user);
  if (g_strcmp0 (id->named_user, id->user) != 0)
    request->attributes[2] = attributes_of (id, id->named_port, id->named_user);
  begin (request, ps_secrets_lookup_async, SECRET_SERVICE_OPEN_SESSION, on_service_for_lookup,
         cancellable, callback, user_data);
}

char *
ps_secrets_lookup_finish (GAsyncResult *result, gboolean *locked, GError **error)
{
  const Request *request = g_task_get_task_data (G_TASK (result));

  g_return_val_if_fail (g_async_result_is_tagged (result, ps_secrets_lookup_async), NULL);
  if (locked != NULL)
    *locked = request->locked;
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Store. */

static void
on_stored (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;

  if (secret_service_store_finish (SECRET_SERVICE (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    fail (g_steal_pointer (&task), error);
}

static void
on_service_for_store (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  Request *request = g_task_get_task_data (task);
  g_autoptr (SecretValue) value = NULL;

  if (!take_service (task, result))
    return;
  value = secret_value_new (request->secret, -1, "text/plain");
  secret_service_store (request->service, &schema, request->attributes[0],
                        SECRET_COLLECTION_DEFAULT, request->label, value,
                        g_task_get_cancellable (task), on_stored, task);
}

void
ps_secrets_store_async (const PsSecretId *id, const char *secret, GCancellable *cancellable,
                        GAsyncReadyCallback callback, gpointer user_data)
{
  Request *request;

  g_return_if_fail (id != NULL && id->host != NULL && id->kind != NULL && secret != NULL);

  request = request_new (id);
  request->secret = g_strdup (secret);
  begin (request, ps_secrets_store_async, SECRET_SERVICE_OPEN_SESSION, on_service_for_store,
         cancellable, callback, user_data);
}

gboolean
ps_secrets_store_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, ps_secrets_store_async), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Forget: search, and remove what is open, one after the other. */

static void remove_next (GTask *task);

static void
on_removed (GObject *source, GAsyncResult *result, gpointer data)
{
  GError *error = NULL;

  if (secret_item_delete_finish (SECRET_ITEM (source), result, &error))
    remove_next (data);
  else
    fail (data, error);
}

static void
remove_next (GTask *task)
{
  Request *request = g_task_get_task_data (task);
  g_autoptr (SecretItem) item = NULL;

  while (item == NULL && request->items != NULL)
    {
      item = request->items->data;
      request->items = g_list_delete_link (request->items, request->items);
      if (!secret_item_get_locked (item))
        break;
      request->locked = TRUE;
      g_clear_object (&item);
    }
  if (item != NULL)
    {
      secret_item_delete (item, g_task_get_cancellable (task), on_removed, task);
      return;
    }
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static void
on_found_to_forget (GObject *source, GAsyncResult *result, gpointer data)
{
  Request *request = g_task_get_task_data (data);
  GError *error = NULL;

  request->items = secret_service_search_finish (SECRET_SERVICE (source), result, &error);
  if (error == NULL)
    remove_next (data);
  else
    fail (data, error);
}

static void
on_service_for_forget (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  Request *request = g_task_get_task_data (task);

  if (take_service (task, result))
    secret_service_search (request->service, &schema, request->attributes[0], SECRET_SEARCH_ALL,
                           g_task_get_cancellable (task), on_found_to_forget, task);
}

void
ps_secrets_forget_async (const PsSecretId *id, GCancellable *cancellable,
                         GAsyncReadyCallback callback, gpointer user_data)
{
  Request *request;

  g_return_if_fail (id != NULL && id->host != NULL);
  request = g_new0 (Request, 1);
  request->attributes[0] = attributes_in_common (id);
  begin (request, ps_secrets_forget_async, SECRET_SERVICE_NONE, on_service_for_forget, cancellable,
         callback, user_data);
}

gboolean
ps_secrets_forget_finish (GAsyncResult *result, gboolean *locked, GError **error)
{
  const Request *request = g_task_get_task_data (G_TASK (result));

  g_return_val_if_fail (g_async_result_is_tagged (result, ps_secrets_forget_async), FALSE);
  if (locked != NULL)
    *locked = request->locked;
  return g_task_propagate_boolean (G_TASK (result), error);
}
