/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/login.h"

struct _PsLogin
{
  GObject parent_instance;

  PsPrompts *prompts;
  PsConfig *config;
  PsServer *server;
  GtkWindow *parent; /* (nullable) weak */
};

G_DEFINE_FINAL_TYPE (PsLogin, ps_login, G_TYPE_OBJECT)

static void
ps_login_dispose (GObject *object)
{
  PsLogin *self = PS_LOGIN (object);

  g_clear_weak_pointer (&self->parent);
  g_clear_object (&self->server);
  g_clear_object (&self->prompts);
  G_OBJECT_CLASS (ps_login_parent_class)->dispose (object);
}

static void
ps_login_finalize (GObject *object)
{
  ps_config_free (PS_LOGIN (object)->config);
  G_OBJECT_CLASS (ps_login_parent_class)->finalize (object);
}

static void
ps_login_class_init (PsLoginClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = ps_login_dispose;
  G_OBJECT_CLASS (klass)->finalize = ps_login_finalize;
}

static void
ps_login_init (PsLogin *self)
{
}

static void
on_question (PsLogin *self, PsQuestion *question)
{
  if (self->prompts != NULL)
    ps_prompts_ask (self->prompts, question, self->config, self->parent);
}

/* The one place where it is decided. @refused: by the server, or the person did not answer. */
static void
judge (PsPrompts *prompts, const char *pair, gboolean accepted, gboolean refused)
{
  if (accepted)
    ps_prompts_accepted (prompts, pair);
  else if (refused)
    ps_prompts_rejected (prompts, pair);
  ps_prompts_check (prompts);
}

/* Also where the login comes to nothing in the end: a server without SFTP, say. */
static void
on_secret_accepted (PsLogin *self)
{
  if (self->prompts != NULL)
    judge (self->prompts, self->config->name, TRUE, FALSE);
}

static void
listen_to (PsLogin *self, gpointer source)
{
  g_signal_connect_object (source, "question", G_CALLBACK (on_question), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (source, "secret-accepted", G_CALLBACK (on_secret_accepted), self,
                           G_CONNECT_SWAPPED);
}

PsLogin *
ps_login_new (PsPrompts *prompts, const PsConfig *config, gboolean accept_changed_key,
              GtkWindow *parent)
{
  PsLogin *self = g_object_new (PS_TYPE_LOGIN, NULL);

  self->prompts = g_object_ref (prompts);
  self->config = ps_config_copy (config);
  self->server = ps_server_new (config, NULL, accept_changed_key);
  g_set_weak_pointer (&self->parent, parent);
  listen_to (self, self->server);
  return self;
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  PsLogin *self = g_task_get_source_object (task);
  GError *error = NULL;

  ps_server_connect_finish (PS_SERVER (source), result, &error);
  ps_login_judge (self, error);
  if (error == NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
ps_login_connect_async (PsLogin *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                        gpointer user_data)
{
  GTask *task;

  g_return_if_fail (PS_IS_LOGIN (self));
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, ps_login_connect_async);
  /* Done is done: what is open now is open. */
  g_task_set_check_cancellable (task, FALSE);
  ps_server_connect_async (self->server, cancellable, on_connected, task);
}

gboolean
ps_login_connect_finish (PsLogin *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

PsServer *
ps_login_get_server (PsLogin *self)
{
  g_return_val_if_fail (PS_IS_LOGIN (self), NULL);
  return self->server;
}

void
ps_login_ask_for (PsLogin *self, PsSession *session)
{
  g_return_if_fail (PS_IS_LOGIN (self));
  /* It may be called otherwise by now. */
  ps_config_free (self->config);
  self->config = ps_config_copy (ps_session_get_config (session));
  listen_to (self, session);
}

void
ps_login_judge (PsLogin *self, const GError *error)
{
  g_return_if_fail (PS_IS_LOGIN (self));
  judge (self->prompts, self->config->name, error == NULL,
         g_error_matches (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_AUTH));
}

void
ps_login_accept_pair (PsPrompts *prompts, PsPair *pair)
{
  judge (prompts, ps_pair_get_name (pair), TRUE, FALSE);
}

void
ps_login_judge_pair (PsPrompts *prompts, PsPair *pair)
{
  const PsStatus *status = ps_pair_get_status (pair);
  /* A run that looks at files got beyond the login. What is told of the secret alone may be about
   * the last one of several: a code that was asked for after the password. */
  gboolean in
      = status->kind == PS_STATUS_IDLE
        || (status->kind == PS_STATUS_SYNCING
            && (status->progress.state == PS_RUN_SCAN || status->progress.state == PS_RUN_APPLY
                || status->progress.state == PS_RUN_CHECK));

  judge (prompts, ps_pair_get_name (pair), in,
         status->kind == PS_STATUS_ATTENTION && status->error_code == PS_ENGINE_ERROR_AUTH);
}
