/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/pair-change.h"

#include "app/setup-check.h"
#include "engine/server.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>

/* Only once no worker of the pair is left: one could just be beginning, and make it anew. */
static gboolean
put_state_aside (const PsConfig *config, GError **error)
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

/* Removing. */

static void
on_removed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PsConfig) config = user_data;
  g_autoptr (GError) error = NULL;

  if (!ps_pairs_remove_finish (PS_PAIRS (source), result, &error)
      || !put_state_aside (config, &error))
    g_message ("removing a pair: %s", error->message);
}

gboolean
ps_pair_change_remove (PsPairs *pairs, PsPair *pair, GError **error)
{
  const PsConfig *config = ps_pair_get_config (pair);
  int saved;

  if (g_unlink (config->file) != 0 && errno != ENOENT)
    {
      saved = errno;
      g_set_error_literal (error, G_IO_ERROR, (int)g_io_error_from_errno (saved),
                           g_strerror (saved));
      return FALSE;
    }
  ps_pairs_remove_async (pairs, pair, on_removed, ps_config_copy (config));
  return TRUE;
}

/* Other folders. */

typedef struct
{
  PsPairs *pairs;
  PsPair *pair;
  PsPrompts *prompts;
  PsConfig *config; /* with the new folders */
  gboolean rebind;
  GtkWindow *parent; /* (nullable) weak */
  PsServer *server;
} Change;

static void
change_free (gpointer data)
{
  Change *self = data;

  g_signal_handlers_disconnect_by_data (self->server, self);
  g_object_unref (self->server);
  g_clear_weak_pointer (&self->parent);
  ps_config_free (self->config);
  g_object_unref (self->prompts);
  g_object_unref (self->pair);
  g_object_unref (self->pairs);
  g_free (self);
}

static void
on_question (Change *self, PsQuestion *question)
{
  ps_prompts_ask (self->prompts, question, self->config->port, self->parent);
}

/* The pair is gone: begins it anew, with its old folders where that is all that can be done. */
static void
on_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Change *self = g_task_get_task_data (task);
  const PsConfig *before = ps_pair_get_config (self->pair);
  GError *error = NULL;

  if (ps_pairs_remove_finish (PS_PAIRS (source), result, &error) && put_state_aside (before, &error)
      && ps_config_save (self->config, &error))
    {
      ps_pairs_add (self->pairs, self->config);
      g_task_return_boolean (task, TRUE);
      return;
    }
  ps_pairs_add (self->pairs, before);
  g_task_return_error (task, error);
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

  if (ps_server_connect_finish (PS_SERVER (source), result, &error))
    {
      ps_prompts_accepted (self->prompts, self->config->name);
      ps_server_make_roots_async (self->server, self->config, self->rebind, cancellable,
                                  on_roots_made, g_steal_pointer (&task));
      return;
    }
  if (g_error_matches (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_AUTH))
    ps_prompts_rejected (self->prompts, self->config->name);
  ps_prompts_check (self->prompts);
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
  self->prompts = g_object_ref (prompts);
  self->config = ps_config_copy (ps_pair_get_config (pair));
  self->rebind = folders->rebind;
  g_set_weak_pointer (&self->parent, folders->parent);
  self->server = ps_server_new (self->config, NULL, FALSE);
  g_signal_connect_swapped (self->server, "question", G_CALLBACK (on_question), self);
  g_task_set_task_data (task, self, change_free);
  if (ps_setup_set (self->config, "LOCAL CONFIG", "local_base", folders->local)
      && ps_setup_set (self->config, "REMOTE CONFIG", "remote_base", folders->remote))
    ps_server_connect_async (self->server, cancellable, on_connected, task);
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
