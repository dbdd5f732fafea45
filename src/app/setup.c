/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/setup.h"

#include "app/login.h"
#include "app/save.h"
#include "app/setup-check.h"

struct _PsSetup
{
  GObject parent_instance;

  PsPairs *pairs;
  PsPrompts *prompts;
  PsConfig *config;
  PsLogin *login; /* (nullable) */
};

G_DEFINE_FINAL_TYPE (PsSetup, ps_setup, G_TYPE_OBJECT)

static void
ps_setup_dispose (GObject *object)
{
  PsSetup *self = PS_SETUP (object);

  g_clear_object (&self->login);
  g_clear_object (&self->prompts);
  g_clear_object (&self->pairs);
  G_OBJECT_CLASS (ps_setup_parent_class)->dispose (object);
}

static void
ps_setup_finalize (GObject *object)
{
  ps_config_free (PS_SETUP (object)->config);
  G_OBJECT_CLASS (ps_setup_parent_class)->finalize (object);
}

static void
ps_setup_class_init (PsSetupClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = ps_setup_dispose;
  G_OBJECT_CLASS (klass)->finalize = ps_setup_finalize;
}

static void
ps_setup_init (PsSetup *self)
{
  g_autofree char *dir = ps_config_dir ();
  g_autofree char *file = ps_setup_new_file (dir, "PiSync");

  self->config = ps_config_new (file);
}

PsSetup *
ps_setup_new (PsPairs *pairs, PsPrompts *prompts)
{
  PsSetup *self = g_object_new (PS_TYPE_SETUP, NULL);

  self->pairs = g_object_ref (pairs);
  self->prompts = g_object_ref (prompts);
  return self;
}

PsConfig *
ps_setup_get_config (PsSetup *self)
{
  g_return_val_if_fail (PS_IS_SETUP (self), NULL);
  return self->config;
}

PsServer *
ps_setup_get_server (PsSetup *self)
{
  g_return_val_if_fail (PS_IS_SETUP (self), NULL);
  return self->login != NULL ? ps_login_get_server (self->login) : NULL;
}

gboolean
ps_setup_import (PsSetup *self, GError **error)
{
  g_autofree char *ancestor = ps_config_ancestor_file ();
  PsConfig *config;

  g_return_val_if_fail (PS_IS_SETUP (self), FALSE);
  config = ps_config_import (ancestor, self->config->file, error);
  if (config == NULL)
    return FALSE;
  ps_config_free (self->config);
  self->config = config;
  return TRUE;
}

/* Signing in. */

static void
on_key_installed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  PsSetup *self = PS_SETUP (g_task_get_source_object (task));
  GError *error = NULL;
  char *keyfile = ps_server_install_key_finish (PS_SERVER (source), result, &error);

  if (keyfile == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  self->config->auth = PS_AUTH_PUBLICKEY;
  g_free (self->config->keyfile);
  self->config->keyfile = keyfile;
  g_task_return_boolean (task, TRUE);
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  PsSetup *self = PS_SETUP (g_task_get_source_object (task));
  gboolean make_key = GPOINTER_TO_INT (g_task_get_task_data (task));
  GCancellable *cancellable = g_task_get_cancellable (task);
  GError *error = NULL;

  if (!ps_login_connect_finish (PS_LOGIN (source), result, &error))
    {
      g_clear_object (&self->login);
      g_task_return_error (task, error);
      return;
    }
  if (make_key)
    ps_server_install_key_async (ps_login_get_server (self->login), cancellable, on_key_installed,
                                 g_steal_pointer (&task));
  else
    g_task_return_boolean (task, TRUE);
}

void
ps_setup_sign_in_async (PsSetup *self, GtkWindow *parent, gboolean make_key,
                        GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_return_if_fail (PS_IS_SETUP (self));
  g_task_set_source_tag (task, ps_setup_sign_in_async);
  g_task_set_task_data (task, GINT_TO_POINTER (make_key), NULL);
  g_clear_object (&self->login);
  self->login = ps_login_new (self->prompts, self->config, TRUE, parent);
  ps_login_connect_async (self->login, cancellable, on_connected, g_steal_pointer (&task));
}

gboolean
ps_setup_sign_in_finish (PsSetup *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* The preview. */

typedef struct
{
  PsSession *session;
  PsSummary summary;
  GError *error; /* (nullable) */
} Preview;

static void
preview_free (gpointer data)
{
  Preview *preview = data;

  g_clear_object (&preview->session);
  g_clear_error (&preview->error);
  g_free (preview);
}

/* The pair itself cannot begin before this session let go of its state. */
static void
on_looked_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Preview *preview = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  if (!ps_session_close_finish (PS_SESSION (source), result, &error))
    g_message ("closing after the preview: %s", error->message);
  if (preview->error != NULL)
    g_task_return_error (task, g_steal_pointer (&preview->error));
  else
    g_task_return_boolean (task, TRUE);
}

static void
on_looked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  PsSetup *self = PS_SETUP (g_task_get_source_object (task));
  Preview *preview = g_task_get_task_data (task);

  ps_session_sync_finish (PS_SESSION (source), result, &preview->summary, &preview->error);
  ps_login_judge (self->login, preview->error);
  ps_session_close_async (PS_SESSION (source), on_looked_closed, task);
}

static void
on_roots_made (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  PsSetup *self = PS_SETUP (g_task_get_source_object (task));
  Preview *preview = g_task_get_task_data (task);
  GCancellable *cancellable = g_task_get_cancellable (task);
  GError *error = NULL;

  if (!ps_server_make_roots_finish (PS_SERVER (source), result, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  preview->session = ps_session_new (self->config, NULL);
  ps_login_ask_for (self->login, preview->session);
  ps_session_sync_async (preview->session, PS_SYNC_DRY_RUN, cancellable, on_looked,
                         g_steal_pointer (&task));
}

/* The file is called like the folder, so it is chosen when the folder is. */
static void
choose_file (PsSetup *self)
{
  g_autofree char *dir = ps_config_dir ();
  char *file = ps_setup_new_file (dir, self->config->local_base);
  g_autoptr (PsConfig) named = ps_config_new (file);

  g_free (self->config->file);
  self->config->file = file;
  g_free (self->config->name);
  self->config->name = g_steal_pointer (&named->name);
}

void
ps_setup_preview_async (PsSetup *self, gboolean rebind, GCancellable *cancellable,
                        GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_return_if_fail (PS_IS_SETUP (self));
  g_return_if_fail (self->login != NULL);
  g_task_set_source_tag (task, ps_setup_preview_async);
  g_task_set_task_data (task, g_new0 (Preview, 1), preview_free);
  choose_file (self);
  ps_server_make_roots_async (ps_login_get_server (self->login), self->config, rebind, cancellable,
                              on_roots_made, g_steal_pointer (&task));
}

gboolean
ps_setup_preview_finish (PsSetup *self, GAsyncResult *result, PsSummary *summary, GError **error)
{
  Preview *preview;

  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  preview = g_task_get_task_data (G_TASK (result));
  *summary = preview->summary;
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
on_written (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  PsSetup *self = PS_SETUP (g_task_get_source_object (task));
  GError *error = NULL;

  if (ps_save_finish (result, &error))
    g_task_return_pointer (task, ps_pairs_add (self->pairs, self->config), NULL);
  else
    g_task_return_error (task, error);
}

void
ps_setup_begin_async (PsSetup *self, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;

  g_return_if_fail (PS_IS_SETUP (self));
  task = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (task, ps_setup_begin_async);
  ps_save_config_async (self->config, on_written, task);
}

PsPair *
ps_setup_begin_finish (PsSetup *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}
