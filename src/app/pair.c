/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/pair.h"

#include "app/view.h"
#include "engine/control.h"

struct _PsPair
{
  GObject parent_instance;

  PsSession *session;
  PsStatus *status;
  PsControl *control; /* (nullable) */
  char *title;
  PsConfig *wish;            /* (nullable) */
  guint wishes;              /* that have not ended */
  PsConfig *written;         /* as the ini has it; of the thread that writes */
  GCancellable *cancellable; /* of what this object itself has under way */
};

G_DEFINE_FINAL_TYPE (PsPair, ps_pair, G_TYPE_OBJECT)

enum
{
  STATUS_CHANGED,
  EVENT,
  QUESTION,
  ACCEPTED,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

static void
on_status_changed (PsPair *self)
{
  g_clear_pointer (&self->status, ps_status_unref);
  self->status = ps_session_get_status (self->session);
  g_signal_emit (self, signals[STATUS_CHANGED], 0);
}

static void
on_event (PsPair *self, PsEvent *event)
{
  g_signal_emit (self, signals[EVENT], 0, event);
}

static void
on_question (PsPair *self, PsQuestion *question)
{
  g_signal_emit (self, signals[QUESTION], 0, question);
}

static void
on_accepted (PsPair *self)
{
  g_signal_emit (self, signals[ACCEPTED], 0);
}

static void
update_title (PsPair *self)
{
  g_free (self->title);
  self->title = ps_view_title (ps_session_get_config (self->session)->local_base);
}

static void
ps_pair_dispose (GObject *object)
{
  PsPair *self = PS_PAIR (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_pointer (&self->control, ps_control_free);
  if (self->session != NULL)
    g_signal_handlers_disconnect_by_data (self->session, self);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (ps_pair_parent_class)->dispose (object);
}

static void
ps_pair_finalize (GObject *object)
{
  PsPair *self = PS_PAIR (object);

  g_clear_pointer (&self->status, ps_status_unref);
  g_clear_object (&self->cancellable);
  g_free (self->title);
  ps_config_free (self->wish);
  ps_config_free (self->written);
  G_OBJECT_CLASS (ps_pair_parent_class)->finalize (object);
}

static void
ps_pair_class_init (PsPairClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = ps_pair_dispose;
  object_class->finalize = ps_pair_finalize;
  signals[STATUS_CHANGED] = g_signal_new ("status-changed", PS_TYPE_PAIR, G_SIGNAL_RUN_LAST, 0,
                                          NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[EVENT] = g_signal_new ("event", PS_TYPE_PAIR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 1, PS_TYPE_EVENT);
  signals[QUESTION] = g_signal_new ("question", PS_TYPE_PAIR, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                    NULL, G_TYPE_NONE, 1, PS_TYPE_QUESTION);
  signals[ACCEPTED] = g_signal_new ("accepted", PS_TYPE_PAIR, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                    NULL, G_TYPE_NONE, 0);
}

static void
ps_pair_init (PsPair *self)
{
  self->cancellable = g_cancellable_new ();
}

PsPair *
ps_pair_new (const PsConfig *config)
{
  PsPair *self = g_object_new (PS_TYPE_PAIR, NULL);

  self->written = ps_config_copy (config);
  self->session = ps_session_new (config, NULL);
  self->status = ps_session_get_status (self->session);
  update_title (self);
  g_signal_connect_swapped (self->session, "status-changed", G_CALLBACK (on_status_changed), self);
  g_signal_connect_swapped (self->session, "event", G_CALLBACK (on_event), self);
  g_signal_connect_swapped (self->session, "question", G_CALLBACK (on_question), self);
  g_signal_connect_swapped (self->session, "secret-accepted", G_CALLBACK (on_accepted), self);
  return self;
}

const char *
ps_pair_get_name (PsPair *self)
{
  g_return_val_if_fail (PS_IS_PAIR (self), NULL);
  return ps_session_get_config (self->session)->name;
}

const char *
ps_pair_get_title (PsPair *self)
{
  g_return_val_if_fail (PS_IS_PAIR (self), NULL);
  return self->title;
}

PsSession *
ps_pair_get_session (PsPair *self)
{
  g_return_val_if_fail (PS_IS_PAIR (self), NULL);
  return self->session;
}

const PsConfig *
ps_pair_get_config (PsPair *self)
{
  g_return_val_if_fail (PS_IS_PAIR (self), NULL);
  return ps_session_get_config (self->session);
}

PsStatus *
ps_pair_get_status (PsPair *self)
{
  g_return_val_if_fail (PS_IS_PAIR (self), NULL);
  return self->status;
}

void
ps_pair_set_config (PsPair *self, const PsConfig *config)
{
  g_return_if_fail (PS_IS_PAIR (self));
  ps_session_set_config (self->session, config);
  update_title (self);
  on_status_changed (self);
}

const PsConfig *
ps_pair_get_wish (PsPair *self)
{
  g_return_val_if_fail (PS_IS_PAIR (self), NULL);
  return self->wish != NULL ? self->wish : ps_pair_get_config (self);
}

void
ps_pair_begin_wish (PsPair *self, const PsConfig *config)
{
  g_return_if_fail (PS_IS_PAIR (self));
  ps_config_free (self->wish);
  self->wish = ps_config_copy (config);
  self->wishes++;
}

void
ps_pair_end_wish (PsPair *self)
{
  g_return_if_fail (PS_IS_PAIR (self));
  g_return_if_fail (self->wishes > 0);
  if (--self->wishes == 0)
    g_clear_pointer (&self->wish, ps_config_free);
}

gboolean
ps_pair_write_config (PsPair *self, const PsConfig *config, GError **error)
{
  if (!ps_config_save_changes (config, self->written, error))
    return FALSE;
  ps_config_free (self->written);
  self->written = ps_config_copy (config);
  return TRUE;
}

static void
on_bus (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) bus = g_dbus_connection_new_for_address_finish (result, &error);
  g_autoptr (PsPair) self = user_data;

  if (g_cancellable_is_cancelled (self->cancellable))
    return;
  if (bus == NULL)
    {
      g_message ("pisync-cli will not reach this program: %s", error->message);
      return;
    }
  g_dbus_connection_set_exit_on_close (bus, FALSE);
  self->control = ps_control_new (bus, self->session);
}

void
ps_pair_export (PsPair *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *address = NULL;

  g_return_if_fail (PS_IS_PAIR (self));
  address = g_dbus_address_get_for_bus_sync (G_BUS_TYPE_SESSION, NULL, &error);
  if (address == NULL)
    {
      g_message ("pisync-cli will not reach this program: %s", error->message);
      return;
    }
  /* Every pair speaks at the same object path, which is also the application's own: so each has a
   * connection to itself. */
  g_dbus_connection_new_for_address (address,
                                     G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
                                         | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                     NULL, self->cancellable, on_bus, g_object_ref (self));
}

static void
on_session_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (ps_session_close_finish (PS_SESSION (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
ps_pair_close_async (PsPair *self, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);

  g_return_if_fail (PS_IS_PAIR (self));
  g_task_set_source_tag (task, ps_pair_close_async);
  g_cancellable_cancel (self->cancellable);
  g_clear_pointer (&self->control, ps_control_free);
  ps_session_close_async (self->session, on_session_closed, g_steal_pointer (&task));
}

gboolean
ps_pair_close_finish (PsPair *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
