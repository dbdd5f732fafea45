/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls wait in a queue and are carried out one after the other in a thread, over one connection.
 * A call keeps the server alive until its callback ran, so that it is never finalised there. */
#include "engine/server.h"

#include "engine/server-link.h"

/* One call. Owned by the task that carries it out; the inner task's thread sees all but @caller. */
typedef struct Call Call;
struct Call
{
  /* Returns FALSE with @error; leaves what it found in @names and @text. */
  gboolean (*work) (PsServerLink *link, Call *call, GCancellable *cancellable, GError **error);
  PsServerLink *link; /* borrowed */
  char *path;         /* (nullable) */
  PsConfig *config;   /* (nullable) */
  gboolean rebind;
  GPtrArray *names; /* (nullable) (element-type utf8), or of versions */
  char *text;       /* (nullable) */
};

struct _PsServer
{
  GObject parent_instance;

  GMainContext *context;
  PsMailbox *mailbox;
  PsServerLink *link;
  GQueue waiting; /* (element-type GTask) owned callers, their calls as task data */
  GTask *caller;  /* (nullable) owned: whose call is carried out now */
};

enum
{
  SIGNAL_QUESTION,
  SIGNAL_SECRET_ACCEPTED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (PsServer, ps_server, G_TYPE_OBJECT)

static void
call_free (gpointer data)
{
  Call *call = data;

  g_free (call->path);
  ps_config_free (call->config);
  g_clear_pointer (&call->names, g_ptr_array_unref);
  g_free (call->text);
  g_free (call);
}

/* What the thread does. */

static gboolean
work_connect (PsServerLink *link, Call *call, GCancellable *cancellable, GError **error)
{
  return ps_server_link_connect (link, cancellable, error);
}

static gboolean
work_list (PsServerLink *link, Call *call, GCancellable *cancellable, GError **error)
{
  call->names = ps_server_link_list (link, call->path, &call->text, cancellable, error);
  return call->names != NULL;
}

static gboolean
work_mkdir (PsServerLink *link, Call *call, GCancellable *cancellable, GError **error)
{
  return ps_server_link_mkdir (link, call->path, cancellable, error);
}

static gboolean
work_make_roots (PsServerLink *link, Call *call, GCancellable *cancellable, GError **error)
{
  return ps_server_link_make_roots (link, call->config, call->rebind, cancellable, error);
}

static gboolean
work_install_key (PsServerLink *link, Call *call, GCancellable *cancellable, GError **error)
{
  call->text = ps_server_link_install_key (link, cancellable, error);
  return call->text != NULL;
}

static gboolean
work_versions (PsServerLink *link, Call *call, GCancellable *cancellable, GError **error)
{
  call->names = ps_server_link_versions (link, call->path, cancellable, error);
  return call->names != NULL;
}

/* In these two @text is the version. */
static gboolean
work_restore (PsServerLink *link, Call *call, GCancellable *cancellable, GError **error)
{
  return ps_server_link_restore (link, call->text, call->path, cancellable, error);
}

static gboolean
work_save_version (PsServerLink *link, Call *call, GCancellable *cancellable, GError **error)
{
  return ps_server_link_save_version (link, call->text, call->path, cancellable, error);
}

static void
run_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Call *call = task_data;
  GError *error = NULL;

  if (g_task_return_error_if_cancelled (task))
    return;
  if (call->work (call->link, call, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/* The queue. */

static void start_next (PsServer *self);

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PsServer) self = data;
  g_autoptr (GTask) caller = g_steal_pointer (&self->caller);
  GError *error = NULL;

  ps_mailbox_drain (self->mailbox);
  if (g_task_propagate_boolean (G_TASK (result), &error))
    g_task_return_boolean (caller, TRUE);
  else
    g_task_return_error (caller, error);
  start_next (self);
}

static void
start_next (PsServer *self)
{
  g_autoptr (GTask) task = NULL;

  if (self->caller != NULL)
    return;
  self->caller = g_queue_pop_head (&self->waiting);
  if (self->caller == NULL)
    return;
  g_main_context_push_thread_default (self->context);
  task = g_task_new (NULL, g_task_get_cancellable (self->caller), on_done, g_object_ref (self));
  g_main_context_pop_thread_default (self->context);
  g_task_set_source_tag (task, start_next);
  g_task_set_check_cancellable (task, FALSE);
  /* The caller's task keeps the call: it asks for the outcome. */
  g_task_set_task_data (task, g_task_get_task_data (self->caller), NULL);
  g_task_run_in_thread (task, run_thread);
}

/* @call: (transfer full). */
static void
enqueue (PsServer *self, Call *call, gpointer tag, GCancellable *cancellable,
         GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *caller = g_task_new (self, cancellable, callback, user_data);

  call->link = self->link;
  g_task_set_source_tag (caller, tag);
  g_task_set_check_cancellable (caller, FALSE);
  g_task_set_task_data (caller, call, call_free);
  g_queue_push_tail (&self->waiting, caller);
  start_next (self);
}

/* Returns: (nullable): the finished call, or NULL with @error. */
static Call *
finish (PsServer *self, GAsyncResult *result, gpointer tag, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, tag), NULL);

  if (!g_task_propagate_boolean (G_TASK (result), error))
    return NULL;
  return g_task_get_task_data (G_TASK (result));
}

static Call *
call_new (gboolean (*work) (PsServerLink *, Call *, GCancellable *, GError **))
{
  Call *call = g_new0 (Call, 1);

  call->work = work;
  return call;
}

/* The calls. */

void
ps_server_connect_async (PsServer *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_return_if_fail (PS_IS_SERVER (self));
  enqueue (self, call_new (work_connect), ps_server_connect_async, cancellable, callback,
           user_data);
}

gboolean
ps_server_connect_finish (PsServer *self, GAsyncResult *result, GError **error)
{
  return finish (self, result, ps_server_connect_async, error) != NULL;
}

void
ps_server_list_async (PsServer *self, const char *path, GCancellable *cancellable,
                      GAsyncReadyCallback callback, gpointer user_data)
{
  Call *call;

  g_return_if_fail (PS_IS_SERVER (self));
  g_return_if_fail (path != NULL);

  call = call_new (work_list);
  call->path = g_strdup (path);
  enqueue (self, call, ps_server_list_async, cancellable, callback, user_data);
}

GPtrArray *
ps_server_list_finish (PsServer *self, GAsyncResult *result, char **real_path, GError **error)
{
  Call *call = finish (self, result, ps_server_list_async, error);

  if (call == NULL)
    return NULL;
  if (real_path != NULL)
    *real_path = g_steal_pointer (&call->text);
  return g_steal_pointer (&call->names);
}

void
ps_server_mkdir_async (PsServer *self, const char *path, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer user_data)
{
  Call *call;

  g_return_if_fail (PS_IS_SERVER (self));
  g_return_if_fail (path != NULL);

  call = call_new (work_mkdir);
  call->path = g_strdup (path);
  enqueue (self, call, ps_server_mkdir_async, cancellable, callback, user_data);
}

gboolean
ps_server_mkdir_finish (PsServer *self, GAsyncResult *result, GError **error)
{
  return finish (self, result, ps_server_mkdir_async, error) != NULL;
}

void
ps_server_make_roots_async (PsServer *self, const PsConfig *config, gboolean rebind,
                            GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data)
{
  Call *call;

  g_return_if_fail (PS_IS_SERVER (self));
  g_return_if_fail (config != NULL && config->local_base != NULL && config->remote_base != NULL);

  call = call_new (work_make_roots);
  call->config = ps_config_copy (config);
  call->rebind = rebind;
  enqueue (self, call, ps_server_make_roots_async, cancellable, callback, user_data);
}

gboolean
ps_server_make_roots_finish (PsServer *self, GAsyncResult *result, GError **error)
{
  return finish (self, result, ps_server_make_roots_async, error) != NULL;
}

void
ps_server_install_key_async (PsServer *self, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (PS_IS_SERVER (self));
  enqueue (self, call_new (work_install_key), ps_server_install_key_async, cancellable, callback,
           user_data);
}

char *
ps_server_install_key_finish (PsServer *self, GAsyncResult *result, GError **error)
{
  Call *call = finish (self, result, ps_server_install_key_async, error);

  return call != NULL ? g_steal_pointer (&call->text) : NULL;
}

void
ps_server_versions_async (PsServer *self, const char *path, GCancellable *cancellable,
                          GAsyncReadyCallback callback, gpointer user_data)
{
  Call *call;

  g_return_if_fail (PS_IS_SERVER (self));
  g_return_if_fail (path != NULL);

  call = call_new (work_versions);
  call->path = g_strdup (path);
  enqueue (self, call, ps_server_versions_async, cancellable, callback, user_data);
}

GPtrArray *
ps_server_versions_finish (PsServer *self, GAsyncResult *result, GError **error)
{
  Call *call = finish (self, result, ps_server_versions_async, error);

  return call != NULL ? g_steal_pointer (&call->names) : NULL;
}

/* A call about the version @id. */
static Call *
version_call (gboolean (*work) (PsServerLink *, Call *, GCancellable *, GError **), const char *id,
              const char *path)
{
  Call *call = call_new (work);

  call->text = g_strdup (id);
  call->path = g_strdup (path);
  return call;
}

void
ps_server_restore_async (PsServer *self, const char *id, const char *path,
                         GCancellable *cancellable, GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_return_if_fail (PS_IS_SERVER (self));
  g_return_if_fail (id != NULL && path != NULL);
  enqueue (self, version_call (work_restore, id, path), ps_server_restore_async, cancellable,
           callback, user_data);
}

gboolean
ps_server_restore_finish (PsServer *self, GAsyncResult *result, GError **error)
{
  return finish (self, result, ps_server_restore_async, error) != NULL;
}

void
ps_server_save_version_async (PsServer *self, const char *id, const char *file,
                              GCancellable *cancellable, GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_return_if_fail (PS_IS_SERVER (self));
  g_return_if_fail (id != NULL && file != NULL);
  enqueue (self, version_call (work_save_version, id, file), ps_server_save_version_async,
           cancellable, callback, user_data);
}

gboolean
ps_server_save_version_finish (PsServer *self, GAsyncResult *result, GError **error)
{
  return finish (self, result, ps_server_save_version_async, error) != NULL;
}

/* From the thread. */

static void
take_event (PsEvent *event, gpointer data)
{
  /* Setup has no activity to tell of. */
}

static void
take_question (PsQuestion *question, gpointer data)
{
  g_signal_emit (data, signals[SIGNAL_QUESTION], 0, question);
}

static void
take_accepted (PsQuestion *question, gpointer data)
{
  g_signal_emit (data, signals[SIGNAL_SECRET_ACCEPTED], 0, question);
}

static void
take_progress (const PsProgress *progress, gpointer data)
{
}

static void
take_nothing (gpointer data)
{
}

static const PsMailboxClass mailbox_class = { .event = take_event,
                                              .question = take_question,
                                              .question_over = take_nothing,
                                              .accepted = take_accepted,
                                              .progress = take_progress,
                                              .changed = take_nothing };

/* The object. */

static void
ps_server_dispose (GObject *object)
{
  PsServer *self = PS_SERVER (object);

  /* No call waits or is carried out: its task would hold a reference. */
  ps_mailbox_close (self->mailbox);
  g_clear_pointer (&self->link, ps_server_link_free);
  G_OBJECT_CLASS (ps_server_parent_class)->dispose (object);
}

static void
ps_server_finalize (GObject *object)
{
  PsServer *self = PS_SERVER (object);

  ps_mailbox_unref (self->mailbox);
  g_main_context_unref (self->context);
  G_OBJECT_CLASS (ps_server_parent_class)->finalize (object);
}

static void
ps_server_class_init (PsServerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = ps_server_dispose;
  object_class->finalize = ps_server_finalize;
  signals[SIGNAL_QUESTION] = g_signal_new ("question", PS_TYPE_SERVER, G_SIGNAL_RUN_LAST, 0, NULL,
                                           NULL, NULL, G_TYPE_NONE, 1, PS_TYPE_QUESTION);
  signals[SIGNAL_SECRET_ACCEPTED]
      = g_signal_new ("secret-accepted", PS_TYPE_SERVER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                      G_TYPE_NONE, 1, PS_TYPE_QUESTION);
}

static void
ps_server_init (PsServer *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->mailbox = ps_mailbox_new (self->context, &mailbox_class, self);
  g_queue_init (&self->waiting);
}

PsServer *
ps_server_new (const PsConfig *config, const char *fingerprint, gboolean accept_changed_key)
{
  PsServer *self;

  g_return_val_if_fail (config != NULL && config->host != NULL, NULL);

  self = g_object_new (PS_TYPE_SERVER, NULL);
  self->link = ps_server_link_new (config, fingerprint, accept_changed_key, self->mailbox);
  return self;
}
