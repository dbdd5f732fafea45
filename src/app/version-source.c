/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A call is a task with what it wants as data. It signs in first where there is no connection; one
 * that was idle for long may be dead without anybody having noticed, so that a call which loses a
 * connection that it did not make itself is made once more. */
#include "app/version-source.h"

#include "app/login.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>

struct _PsVersionSource
{
  GObject parent_instance;

  PsPair *pair;
  PsPrompts *prompts;
  GtkWindow *parent; /* weak */
  PsLogin *login;    /* (nullable) connected, or on the way */
};

G_DEFINE_FINAL_TYPE (PsVersionSource, ps_version_source, G_TYPE_OBJECT)

typedef struct
{
  void (*start) (PsVersionSource *self, GTask *task); /* takes the task */
  gboolean signed_in;                                 /* this call made the connection */
  char *id;                                           /* (nullable) of the version */
  char *path;  /* (nullable) where to restore it; the file that is wanted */
  GFile *file; /* (nullable) where to save it */
  GFile *part; /* (nullable) what is written until all of it is there */
} Call;

static void
call_free (gpointer data)
{
  Call *call = data;

  g_free (call->id);
  g_free (call->path);
  g_clear_object (&call->file);
  g_clear_object (&call->part);
  g_free (call);
}

static void
ps_version_source_dispose (GObject *object)
{
  PsVersionSource *self = PS_VERSION_SOURCE (object);

  g_clear_object (&self->login);
  g_clear_weak_pointer (&self->parent);
  g_clear_object (&self->prompts);
  g_clear_object (&self->pair);
  G_OBJECT_CLASS (ps_version_source_parent_class)->dispose (object);
}

static void
ps_version_source_class_init (PsVersionSourceClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = ps_version_source_dispose;
}

static void
ps_version_source_init (PsVersionSource *self)
{
}

PsVersionSource *
ps_version_source_new (PsPair *pair, PsPrompts *prompts, GtkWindow *parent)
{
  PsVersionSource *self = g_object_new (PS_TYPE_VERSION_SOURCE, NULL);

  self->pair = g_object_ref (pair);
  self->prompts = g_object_ref (prompts);
  g_set_weak_pointer (&self->parent, parent);
  return self;
}

/* Signing in. */

static void
on_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  PsVersionSource *self = g_task_get_source_object (task);
  Call *call = g_task_get_task_data (task);
  GError *error = NULL;

  if (ps_login_connect_finish (PS_LOGIN (source), result, &error))
    {
      call->start (self, g_steal_pointer (&task));
      return;
    }
  g_clear_object (&self->login);
  g_task_return_error (task, error);
}

static PsServer *
server_of (PsVersionSource *self)
{
  return ps_login_get_server (self->login);
}

/* @task: (transfer full). */
static void
begin (PsVersionSource *self, GTask *task)
{
  Call *call = g_task_get_task_data (task);

  if (self->login != NULL)
    {
      call->start (self, task);
      return;
    }
  call->signed_in = TRUE;
  self->login = ps_login_new (self->prompts, ps_pair_get_config (self->pair), FALSE, self->parent);
  ps_login_connect_async (self->login, g_task_get_cancellable (task), on_connected, task);
}

/* After @error (transfer full) the state of the connection is not known. */
static void
fail (PsVersionSource *self, GTask *task /* (transfer full) */, GError *error)
{
  g_autoptr (GTask) owned = task;
  Call *call = g_task_get_task_data (task);

  g_clear_object (&self->login);
  if (!call->signed_in && g_error_matches (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_RETRY))
    {
      g_error_free (error);
      begin (self, g_steal_pointer (&owned));
      return;
    }
  g_task_return_error (task, error);
}

static GTask *
task_new (PsVersionSource *self, void (*start) (PsVersionSource *, GTask *), gpointer tag,
          GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  Call *call = g_new0 (Call, 1);

  call->start = start;
  g_task_set_source_tag (task, tag);
  g_task_set_task_data (task, call, call_free);
  return task;
}

/* Loading. */

typedef struct
{
  GPtrArray *versions; /* (nullable) owned until they are put together */
  char *root;
  char *wanted; /* (nullable) */
} Sorting;

static void
sorting_free (gpointer data)
{
  Sorting *sorting = data;

  g_clear_pointer (&sorting->versions, g_ptr_array_unref);
  g_free (sorting->root);
  g_free (sorting->wanted);
  g_free (sorting);
}

static void
sort_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Sorting *sorting = task_data;

  g_task_return_pointer (
      task,
      ps_version_files_new (g_steal_pointer (&sorting->versions), sorting->root, sorting->wanted),
      (GDestroyNotify)g_ptr_array_unref);
}

static void
on_sorted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;

  g_task_return_pointer (task, g_task_propagate_pointer (G_TASK (result), NULL),
                         (GDestroyNotify)g_ptr_array_unref);
}

static void
on_listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  PsVersionSource *self = g_task_get_source_object (task);
  GError *error = NULL;
  GPtrArray *versions = ps_server_versions_finish (PS_SERVER (source), result, &error);
  g_autoptr (GTask) sorter = NULL;
  Sorting *sorting;

  if (versions == NULL)
    {
      fail (self, g_steal_pointer (&task), error);
      return;
    }
  sorting = g_new0 (Sorting, 1);
  sorting->versions = versions;
  sorting->wanted = g_strdup (((Call *)g_task_get_task_data (task))->path);
  sorting->root = g_strdup (ps_pair_get_config (self->pair)->local_base);
  /* Without a source object: the thread may be the last to let go of it. */
  sorter = g_task_new (NULL, NULL, on_sorted, g_steal_pointer (&task));
  g_task_set_source_tag (sorter, on_listed);
  g_task_set_task_data (sorter, sorting, sorting_free);
  g_task_run_in_thread (sorter, sort_thread);
}

static void
start_loading (PsVersionSource *self, GTask *task)
{
  ps_server_versions_async (server_of (self), "", g_task_get_cancellable (task), on_listed, task);
}

void
ps_version_source_load_async (PsVersionSource *self, const char *wanted, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;
  Call *call;

  g_return_if_fail (PS_IS_VERSION_SOURCE (self));
  task = task_new (self, start_loading, ps_version_source_load_async, cancellable, callback,
                   user_data);
  call = g_task_get_task_data (task);
  call->path = g_strdup (wanted);
  begin (self, task);
}

GPtrArray *
ps_version_source_load_finish (PsVersionSource *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Restoring. */

static void
on_restored (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  PsVersionSource *self = g_task_get_source_object (task);
  GError *error = NULL;

  if (!ps_server_restore_finish (PS_SERVER (source), result, &error))
    {
      fail (self, g_steal_pointer (&task), error);
      return;
    }
  ps_session_sync_now (ps_pair_get_session (self->pair));
  g_task_return_boolean (task, TRUE);
}

static void
start_restoring (PsVersionSource *self, GTask *task)
{
  Call *call = g_task_get_task_data (task);

  ps_server_restore_async (server_of (self), call->id, call->path, g_task_get_cancellable (task),
                           on_restored, task);
}

void
ps_version_source_restore_async (PsVersionSource *self, const char *id, const char *path,
                                 GCancellable *cancellable, GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  GTask *task;
  Call *call;

  g_return_if_fail (PS_IS_VERSION_SOURCE (self));
  task = task_new (self, start_restoring, ps_version_source_restore_async, cancellable, callback,
                   user_data);
  call = g_task_get_task_data (task);
  call->id = g_strdup (id);
  call->path = g_strdup (path);
  begin (self, task);
}

gboolean
ps_version_source_restore_finish (PsVersionSource *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Saving. */

static void
move_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Call *call = task_data;
  g_autofree char *from = g_file_get_path (call->part);
  g_autofree char *to = g_file_get_path (call->file);
  GError *error = NULL;

  if (g_rename (from, to) == 0)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  g_set_error_literal (&error, G_FILE_ERROR, (int)g_file_error_from_errno (errno),
                       g_strerror (errno));
  g_unlink (from);
  g_task_return_error (task, error);
}

static void
on_moved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (g_task_propagate_boolean (G_TASK (result), &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
on_saved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  PsVersionSource *self = g_task_get_source_object (task);
  Call *call = g_task_get_task_data (task);
  g_autoptr (GTask) mover = NULL;
  GError *error = NULL;

  if (!ps_server_save_version_finish (PS_SERVER (source), result, &error))
    {
      fail (self, g_steal_pointer (&task), error);
      return;
    }
  /* The outer task, which on_moved gets, keeps the call. */
  mover = g_task_new (NULL, NULL, on_moved, g_steal_pointer (&task));
  g_task_set_source_tag (mover, on_saved);
  g_task_set_task_data (mover, call, NULL);
  g_task_run_in_thread (mover, move_thread);
}

static void
start_saving (PsVersionSource *self, GTask *task)
{
  Call *call = g_task_get_task_data (task);
  g_autofree char *part = g_file_get_path (call->part);

  ps_server_save_version_async (server_of (self), call->id, part, g_task_get_cancellable (task),
                                on_saved, task);
}

/* Returns: (transfer full): a new name beside @file; one that is not synced should @file lie in a
 * pair's folder. */
static GFile *
part_of (GFile *file)
{
  g_autoptr (GFile) folder = g_file_get_parent (file);
  g_autofree char *number = g_uuid_string_random ();
  g_autofree char *name = g_strconcat (".goutputstream-", number, NULL);

  return g_file_get_child (folder, name);
}

void
ps_version_source_save_async (PsVersionSource *self, const char *id, GFile *file,
                              GCancellable *cancellable, GAsyncReadyCallback callback,
                              gpointer user_data)
{
  GTask *task;
  Call *call;

  g_return_if_fail (PS_IS_VERSION_SOURCE (self));
  task = task_new (self, start_saving, ps_version_source_save_async, cancellable, callback,
                   user_data);
  if (!g_file_is_native (file))
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "%s",
                               _ ("Choose a folder on this computer."));
      g_object_unref (task);
      return;
    }
  call = g_task_get_task_data (task);
  call->id = g_strdup (id);
  call->file = g_object_ref (file);
  call->part = part_of (file);
  begin (self, task);
}

gboolean
ps_version_source_save_finish (PsVersionSource *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
