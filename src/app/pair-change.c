/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/pair-change.h"

#include "app/login.h"
#include "app/save.h"
#include "app/setup-check.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>

/* In a thread, and only once no worker of the pair is left: one could just be beginning, and make
 * it anew. */
static gboolean
put_state_aside (gpointer config, GError **error)
{
  g_autofree char *state = ps_config_state_dir (config);
  g_autofree char *aside
      = g_strdup_printf ("%s.removed-%" G_GINT64_FORMAT, state, g_get_real_time ());
  int saved;

  if (g_rename (state, aside) == 0 || errno == ENOENT)
    return TRUE;
  saved = errno;
  /* Translators: a folder, then the reason */
  g_set_error (error, G_IO_ERROR, (int)g_io_error_from_errno (saved),
               _ ("%s could not be renamed: %s"), state, g_strerror (saved));
  return FALSE;
}

/* Settings. */

typedef struct
{
  PsPair *pair;
  PsConfig *config;
  gboolean new_key; /* it names another key file than before */
} Setting;

static void
setting_free (gpointer data)
{
  Setting *self = data;

  g_object_unref (self->pair);
  ps_config_free (self->config);
  g_free (self);
}

static gboolean
write_checked (gpointer data, GError **error)
{
  const Setting *self = data;

  if (!self->new_key || g_file_test (self->config->keyfile, G_FILE_TEST_IS_REGULAR))
    return ps_pair_write_config (self->pair, self->config, error);
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, _ ("There is no such file."));
  return FALSE;
}

static void
on_config_written (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  const Setting *self = g_task_get_task_data (task);
  g_autoptr (PsConfig) before = ps_config_copy (ps_pair_get_config (self->pair));
  GError *error = NULL;

  if (ps_save_finish (result, &error))
    ps_pair_set_config (self->pair, self->config);
  ps_pair_end_wish (self->pair);
  if (error != NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  ps_pairs_leave_account (g_task_get_source_object (task), before);
  g_task_return_boolean (task, TRUE);
}

void
ps_pair_change_config_async (PsPairs *pairs, PsPair *pair, PsConfig *config,
                             GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (pairs, NULL, callback, user_data);
  Setting *self = g_new (Setting, 1);

  g_task_set_source_tag (task, ps_pair_change_config_async);
  *self = (Setting){ .pair = g_object_ref (pair), .config = config };
  self->new_key = config->keyfile != NULL
                  && g_strcmp0 (config->keyfile, ps_pair_get_config (pair)->keyfile) != 0;
  g_task_set_task_data (task, self, setting_free);
  ps_pair_begin_wish (pair, config);
  ps_save_async (config->file, write_checked, self, NULL, on_config_written, task);
}

gboolean
ps_pair_change_config_finish (PsPairs *pairs, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, pairs), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Removing. */

static void
on_removed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PsConfig) config = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *state = ps_config_state_dir (config);

  if (ps_pairs_remove_finish (PS_PAIRS (source), result, &error))
    ps_save_async (state, put_state_aside, g_steal_pointer (&config),
                   (GDestroyNotify)ps_config_free, NULL, NULL);
  else
    g_message ("removing a pair: %s", error->message);
}

static void
on_ini_removed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  PsPairs *pairs = g_task_get_source_object (task);
  PsPair *pair = g_task_get_task_data (task);
  const PsConfig *config = ps_pair_get_config (pair);
  GError *error = NULL;

  if (!ps_save_finish (result, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  /* It may have gone by itself meanwhile. */
  if (ps_pairs_find (pairs, config->name) == pair)
    ps_pairs_remove_async (pairs, pair, on_removed, ps_config_copy (config));
  ps_pairs_leave_account (pairs, config);
  g_task_return_boolean (task, TRUE);
}

void
ps_pair_change_remove_async (PsPairs *pairs, PsPair *pair, GAsyncReadyCallback callback,
                             gpointer user_data)
{
  GTask *task = g_task_new (pairs, NULL, callback, user_data);

  g_task_set_source_tag (task, ps_pair_change_remove_async);
  g_task_set_task_data (task, g_object_ref (pair), g_object_unref);
  ps_save_text_async (ps_pair_get_config (pair)->file, NULL, on_ini_removed, task);
}

gboolean
ps_pair_change_remove_finish (PsPairs *pairs, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, pairs), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Other folders. */

typedef struct
{
  PsPairs *pairs;
  PsPair *pair;
  PsConfig *config; /* with the new folders */
  gboolean rebind;
  PsLogin *login;
} Change;

static void
change_free (gpointer data)
{
  Change *self = data;

  g_clear_object (&self->login);
  ps_config_free (self->config);
  g_object_unref (self->pair);
  g_object_unref (self->pairs);
  g_free (self);
}

/* The pair is gone: begins it anew, with its old folders where that is all that can be done. */
static void
begin_anew (GTask *task /* (transfer full) */, GError *error /* (transfer full) (nullable) */)
{
  Change *self = g_task_get_task_data (task);

  ps_pairs_add (self->pairs, error == NULL ? self->config : ps_pair_get_config (self->pair));
  if (error == NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
  g_object_unref (task);
}

static gboolean
write_folders (gpointer config, GError **error)
{
  return put_state_aside (config, error) && ps_config_save (config, error);
}

static void
on_folders_written (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;

  ps_save_finish (result, &error);
  begin_anew (user_data, error);
}

static void
on_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  const Change *self = g_task_get_task_data (task);
  GError *error = NULL;

  if (ps_pairs_remove_finish (PS_PAIRS (source), result, &error))
    ps_save_async (self->config->file, write_folders, ps_config_copy (self->config),
                   (GDestroyNotify)ps_config_free, on_folders_written, task);
  else
    begin_anew (task, error);
}

static void
on_roots_made (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Change *self = g_task_get_task_data (task);
  GError *error = NULL;

  if (!ps_server_make_roots_finish (PS_SERVER (source), result, &error))
    g_task_return_error (task, error);
  else if (g_task_return_error_if_cancelled (task))
    return;
  else if (ps_pairs_find (self->pairs, self->config->name) != self->pair)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "the pair was removed");
  else
    ps_pairs_remove_async (self->pairs, self->pair, on_ended, g_steal_pointer (&task));
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Change *self = g_task_get_task_data (task);
  GCancellable *cancellable = g_task_get_cancellable (task);
  GError *error = NULL;

  if (ps_login_connect_finish (self->login, result, &error))
    ps_server_make_roots_async (ps_login_get_server (self->login), self->config, self->rebind,
                                cancellable, on_roots_made, g_steal_pointer (&task));
  else
    g_task_return_error (task, error);
}

void
ps_pair_change_folders_async (PsPairs *pairs, PsPair *pair, PsPrompts *prompts,
                              const PsPairFolders *folders, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  Change *self = g_new0 (Change, 1);

  g_task_set_source_tag (task, ps_pair_change_folders_async);
  /* Once the pair has ended there is no way back. */
  g_task_set_check_cancellable (task, FALSE);
  self->pairs = g_object_ref (pairs);
  self->pair = g_object_ref (pair);
  self->config = ps_config_copy (ps_pair_get_wish (pair));
  self->rebind = folders->rebind;
  self->login = ps_login_new (prompts, self->config, FALSE, folders->parent);
  g_task_set_task_data (task, self, change_free);
  if (ps_setup_set (self->config, "LOCAL CONFIG", "local_base", folders->local)
      && ps_setup_set (self->config, "REMOTE CONFIG", "remote_base", folders->remote))
    ps_login_connect_async (self->login, cancellable, on_connected, task);
  else
    {
      g_task_return_new_error (task, PS_ENGINE_ERROR, PS_ENGINE_ERROR_FAILED, "%s",
                               _ ("These folders cannot be used."));
      g_object_unref (task);
    }
}

gboolean
ps_pair_change_folders_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
