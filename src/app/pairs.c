/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/pairs.h"

#include "app/view.h"

struct _PsPairs
{
  GObject parent_instance;

  GPtrArray *pairs;  /* (element-type PsPair) */
  GPtrArray *errors; /* (element-type utf8) */
  gboolean closed;
};

enum
{
  STATUS_CHANGED,
  EVENT,
  QUESTION,
  ACCEPTED,
  ACCOUNT_LEFT,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

static GType
get_item_type (GListModel *model)
{
  return PS_TYPE_PAIR;
}

static guint
get_n_items (GListModel *model)
{
  return PS_PAIRS (model)->pairs->len;
}

static gpointer
get_item (GListModel *model, guint position)
{
  PsPairs *self = PS_PAIRS (model);

  return position < self->pairs->len ? g_object_ref (self->pairs->pdata[position]) : NULL;
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (PsPairs, ps_pairs, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static void
on_status_changed (PsPairs *self, PsPair *pair)
{
  g_signal_emit (self, signals[STATUS_CHANGED], 0, pair);
}

static void
on_event (PsPairs *self, PsEvent *event, PsPair *pair)
{
  g_signal_emit (self, signals[EVENT], 0, pair, event);
}

static void
on_question (PsPairs *self, PsQuestion *question, PsPair *pair)
{
  g_signal_emit (self, signals[QUESTION], 0, pair, question);
}

static void
on_accepted (PsPairs *self, PsPair *pair)
{
  g_signal_emit (self, signals[ACCEPTED], 0, pair);
}

static void
ps_pairs_finalize (GObject *object)
{
  PsPairs *self = PS_PAIRS (object);

  for (guint i = 0; i < self->pairs->len; i++)
    g_signal_handlers_disconnect_by_data (self->pairs->pdata[i], self);
  g_ptr_array_unref (self->pairs);
  g_ptr_array_unref (self->errors);
  G_OBJECT_CLASS (ps_pairs_parent_class)->finalize (object);
}

static void
ps_pairs_class_init (PsPairsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ps_pairs_finalize;
  signals[STATUS_CHANGED] = g_signal_new ("status-changed", PS_TYPE_PAIRS, G_SIGNAL_RUN_LAST, 0,
                                          NULL, NULL, NULL, G_TYPE_NONE, 1, PS_TYPE_PAIR);
  signals[EVENT] = g_signal_new ("event", PS_TYPE_PAIRS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 2, PS_TYPE_PAIR, PS_TYPE_EVENT);
  signals[QUESTION] = g_signal_new ("question", PS_TYPE_PAIRS, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                    NULL, G_TYPE_NONE, 2, PS_TYPE_PAIR, PS_TYPE_QUESTION);
  signals[ACCEPTED] = g_signal_new ("accepted", PS_TYPE_PAIRS, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                    NULL, G_TYPE_NONE, 1, PS_TYPE_PAIR);
  signals[ACCOUNT_LEFT] = g_signal_new ("account-left", PS_TYPE_PAIRS, G_SIGNAL_RUN_LAST, 0, NULL,
                                        NULL, NULL, G_TYPE_NONE, 2, G_TYPE_POINTER, G_TYPE_STRING);
}

static void
ps_pairs_init (PsPairs *self)
{
  self->pairs = g_ptr_array_new_with_free_func (g_object_unref);
  self->errors = g_ptr_array_new_with_free_func (g_free);
}

PsPairs *
ps_pairs_new (void)
{
  return g_object_new (PS_TYPE_PAIRS, NULL);
}

PsPair *
ps_pairs_add (PsPairs *self, const PsConfig *config)
{
  PsPair *pair;

  g_return_val_if_fail (PS_IS_PAIRS (self), NULL);
  pair = ps_pair_new (config);
  /* Swapped handlers get the emitter last. */
  g_signal_connect_swapped (pair, "status-changed", G_CALLBACK (on_status_changed), self);
  g_signal_connect_swapped (pair, "event", G_CALLBACK (on_event), self);
  g_signal_connect_swapped (pair, "question", G_CALLBACK (on_question), self);
  g_signal_connect_swapped (pair, "accepted", G_CALLBACK (on_accepted), self);
  g_ptr_array_add (self->pairs, pair);
  g_list_model_items_changed (G_LIST_MODEL (self), self->pairs->len - 1, 0, 1);
  if (self->closed)
    return pair;
  ps_pair_export (pair);
  ps_session_start (ps_pair_get_session (pair));
  return pair;
}

void
ps_pairs_load (PsPairs *self)
{
  g_autoptr (GPtrArray) files = NULL;

  g_return_if_fail (PS_IS_PAIRS (self));
  files = ps_config_list_files ();
  for (guint i = 0; i < files->len; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (PsConfig) config = ps_config_load (files->pdata[i], &error);

      if (config != NULL)
        ps_pairs_add (self, config);
      else
        g_ptr_array_add (self->errors, g_strdup (error->message));
    }
  if (self->errors->len > 0)
    g_signal_emit (self, signals[STATUS_CHANGED], 0, NULL);
}

guint
ps_pairs_get_n (PsPairs *self)
{
  g_return_val_if_fail (PS_IS_PAIRS (self), 0);
  return self->pairs->len;
}

PsPair *
ps_pairs_get (PsPairs *self, guint position)
{
  g_return_val_if_fail (PS_IS_PAIRS (self), NULL);
  return position < self->pairs->len ? self->pairs->pdata[position] : NULL;
}

PsPair *
ps_pairs_find (PsPairs *self, const char *name)
{
  g_return_val_if_fail (PS_IS_PAIRS (self), NULL);
  for (guint i = 0; i < self->pairs->len; i++)
    if (g_strcmp0 (ps_pair_get_name (self->pairs->pdata[i]), name) == 0)
      return self->pairs->pdata[i];
  return NULL;
}

GPtrArray *
ps_pairs_get_errors (PsPairs *self)
{
  g_return_val_if_fail (PS_IS_PAIRS (self), NULL);
  return self->errors;
}

PsStatusKind
ps_pairs_get_kind (PsPairs *self)
{
  PsStatusKind kind = PS_STATUS_IDLE;

  g_return_val_if_fail (PS_IS_PAIRS (self), PS_STATUS_IDLE);
  for (guint i = 0; i < self->pairs->len; i++)
    {
      PsStatusKind other = ps_pair_get_status (self->pairs->pdata[i])->kind;

      kind = i == 0 ? other : ps_view_more_urgent (kind, other);
    }
  return self->errors->len > 0 ? ps_view_more_urgent (kind, PS_STATUS_ERROR) : kind;
}

static void
on_removed_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (ps_pair_close_finish (PS_PAIR (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
ps_pairs_remove_async (PsPairs *self, PsPair *pair, GAsyncReadyCallback callback,
                       gpointer user_data)
{
  GTask *task;
  guint position;

  g_return_if_fail (PS_IS_PAIRS (self));
  g_return_if_fail (g_ptr_array_find (self->pairs, pair, &position));
  task = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (task, ps_pairs_remove_async);
  g_signal_handlers_disconnect_by_data (pair, self);
  ps_pair_close_async (pair, on_removed_closed, task);
  g_ptr_array_remove_index (self->pairs, position);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 0);
}

gboolean
ps_pairs_remove_finish (PsPairs *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* As far as the configurations tell: what they leave to ssh_config may be the same. */
static gboolean
may_be_same_account (const PsConfig *a, const PsConfig *b)
{
  return g_strcmp0 (a->host, b->host) == 0 && (a->port == 0 || b->port == 0 || a->port == b->port)
         && (a->user == NULL || b->user == NULL || g_str_equal (a->user, b->user));
}

/* Whether the key file of @config may be one that @other signs in with. */
static gboolean
may_use_its_key (const PsConfig *other, const PsConfig *config)
{
  return other->auth != PS_AUTH_PASSWORD
         && (other->keyfile == NULL || g_str_equal (other->keyfile, config->keyfile));
}

/* Clears of @account_left and @key_left what @other may still use of @config. */
static void
keep_what_is_used (const PsConfig *other, const PsConfig *config, gboolean *account_left,
                   gboolean *key_left)
{
  if (!may_be_same_account (other, config))
    return;
  *account_left = FALSE;
  *key_left = *key_left && !may_use_its_key (other, config);
}

void
ps_pairs_leave_account (PsPairs *self, const PsConfig *config)
{
  gboolean account_left = TRUE, key_left = config->keyfile != NULL;

  g_return_if_fail (PS_IS_PAIRS (self));
  for (guint i = 0; i < self->pairs->len; i++)
    {
      PsPair *pair = self->pairs->pdata[i];

      keep_what_is_used (ps_pair_get_config (pair), config, &account_left, &key_left);
      keep_what_is_used (ps_pair_get_wish (pair), config, &account_left, &key_left);
    }
  if (account_left)
    g_signal_emit (self, signals[ACCOUNT_LEFT], 0, config, NULL);
  else if (key_left)
    g_signal_emit (self, signals[ACCOUNT_LEFT], 0, config, config->keyfile);
}

static void
on_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data; /* each pair under way holds one reference */
  guint *left = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  if (!ps_pair_close_finish (PS_PAIR (source), result, &error))
    g_message ("closing a pair: %s", error->message);
  if (--*left == 0)
    g_task_return_boolean (task, TRUE);
}

void
ps_pairs_close_async (PsPairs *self, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);
  guint *left = g_new (guint, 1);

  g_return_if_fail (PS_IS_PAIRS (self));
  self->closed = TRUE;
  g_task_set_source_tag (task, ps_pairs_close_async);
  *left = self->pairs->len;
  g_task_set_task_data (task, left, g_free);
  if (*left == 0)
    g_task_return_boolean (task, TRUE);
  for (guint i = 0; i < self->pairs->len; i++)
    ps_pair_close_async (self->pairs->pdata[i], on_closed, g_object_ref (task));
}

gboolean
ps_pairs_close_finish (PsPairs *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
