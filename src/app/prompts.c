/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/prompts.h"

#include "app/host-key-dialog.h"
#include "app/password-dialog.h"
#include "app/present.h"
#include "secrets/secrets.h"
#include "util/redact.h"

/* One question from its arrival to its answer. */
typedef struct
{
  PsQuestion *question;
  guint named_port;  /* as the configuration says */
  char *named_user;  /* (nullable) likewise */
  GtkWindow *parent; /* weak */
  GtkWidget *dialog; /* (nullable) */
  PsKeyringState keyring;
} Ask;

/* A secret that was typed. */
typedef struct
{
  char *pair;
  char *host, *user, *kind, *subject;
  guint port;
  char *secret;
  gboolean remember; /* in the keyring */
} Typed;

struct _PsPrompts
{
  GObject parent_instance;

  GQueue waiting;        /* (element-type Ask) behind the current one */
  Ask *current;          /* (nullable) */
  GPtrArray *typed;      /* (element-type Typed) that no server has judged yet */
  GPtrArray *remembered; /* (element-type Typed) right ones, for this run */
  GCancellable *cancellable;
};

G_DEFINE_FINAL_TYPE (PsPrompts, ps_prompts, G_TYPE_OBJECT)

static guint keyring_failed_signal;
static guint refused_signal;

static void next (PsPrompts *self);

static void
ask_free (Ask *ask)
{
  if (ask->dialog != NULL)
    gtk_widget_destroy (ask->dialog);
  g_clear_weak_pointer (&ask->parent);
  g_free (ask->named_user);
  ps_question_unref (ask->question);
  g_free (ask);
}

static void
typed_free (gpointer data)
{
  Typed *typed = data;

  g_free (typed->pair);
  g_free (typed->host);
  g_free (typed->user);
  g_free (typed->kind);
  g_free (typed->subject);
  ps_secret_free (typed->secret);
  g_free (typed);
}

static void
ps_prompts_dispose (GObject *object)
{
  PsPrompts *self = PS_PROMPTS (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_pointer (&self->current, ask_free);
  g_queue_clear_full (&self->waiting, (GDestroyNotify)ask_free);
  G_OBJECT_CLASS (ps_prompts_parent_class)->dispose (object);
}

static void
ps_prompts_finalize (GObject *object)
{
  PsPrompts *self = PS_PROMPTS (object);

  g_ptr_array_unref (self->typed);
  g_ptr_array_unref (self->remembered);
  g_object_unref (self->cancellable);
  G_OBJECT_CLASS (ps_prompts_parent_class)->finalize (object);
}

static void
ps_prompts_class_init (PsPromptsClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = ps_prompts_dispose;
  G_OBJECT_CLASS (klass)->finalize = ps_prompts_finalize;
  keyring_failed_signal = g_signal_new ("keyring-failed", PS_TYPE_PROMPTS, G_SIGNAL_RUN_LAST, 0,
                                        NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  refused_signal = g_signal_new ("refused", PS_TYPE_PROMPTS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
ps_prompts_init (PsPrompts *self)
{
  g_queue_init (&self->waiting);
  self->typed = g_ptr_array_new_with_free_func (typed_free);
  self->remembered = g_ptr_array_new_with_free_func (typed_free);
  self->cancellable = g_cancellable_new ();
}

PsPrompts *
ps_prompts_new (void)
{
  return g_object_new (PS_TYPE_PROMPTS, NULL);
}

/* What a secret is found by. */

static const char *
kind_word (PsSecretKind kind)
{
  return kind == PS_SECRET_PASSPHRASE ? "passphrase" : "password";
}

static PsSecretId
secret_id (const Ask *ask)
{
  const PsSecretRequest *request = ps_question_secret (ask->question);

  return (PsSecretId){
    .host = request->host,
    .port = (guint)request->port,
    .user = request->user,
    .kind = kind_word (request->kind),
    .subject = request->kind == PS_SECRET_PASSPHRASE ? request->subject : NULL,
    .named_port = ask->named_port,
    .named_user = ask->named_user,
  };
}

static PsSecretId
typed_id (const Typed *typed)
{
  return (PsSecretId){
    .host = typed->host,
    .port = typed->port,
    .user = typed->user,
    .kind = typed->kind,
    .subject = typed->subject,
  };
}

static gboolean
same_id (const PsSecretId *a, const PsSecretId *b)
{
  return a->port == b->port && g_strcmp0 (a->host, b->host) == 0
         && g_strcmp0 (a->user, b->user) == 0 && g_strcmp0 (a->kind, b->kind) == 0
         && g_strcmp0 (a->subject, b->subject) == 0;
}

/* Returns: (nullable): the one of @list (element-type Typed) for @id. */
static Typed *
find (GPtrArray *list, const PsSecretId *id)
{
  for (guint i = 0; i < list->len; i++)
    {
      PsSecretId other = typed_id (list->pdata[i]);

      if (same_id (&other, id))
        return list->pdata[i];
    }
  return NULL;
}

static void
drop (GPtrArray *list, const PsSecretId *id)
{
  Typed *typed = find (list, id);

  if (typed != NULL)
    g_ptr_array_remove (list, typed);
}

/* Ends the current question, whatever became of it, and begins the next. */
static void
finish_current (PsPrompts *self)
{
  g_clear_pointer (&self->current, ask_free);
  next (self);
}

static void
keep_typed (PsPrompts *self, const Ask *ask, const char *secret, gboolean remember)
{
  PsSecretId id = secret_id (ask);
  Typed *typed = g_new (Typed, 1);

  *typed = (Typed){
    .pair = g_strdup (ps_question_pair (ask->question)),
    .host = g_strdup (id.host),
    .user = g_strdup (id.user),
    .kind = g_strdup (id.kind),
    .subject = g_strdup (id.subject),
    .port = id.port,
    .secret = g_strdup (secret),
    .remember = remember,
  };
  g_ptr_array_add (self->typed, typed);
}

/* The dialogs. */

static void
refuse (PsPrompts *self, PsQuestion *question)
{
  ps_question_refuse (question);
  g_signal_emit (self, refused_signal, 0, ps_question_pair (question));
}

static void
on_password_response (GtkDialog *dialog, int response, PsPrompts *self)
{
  Ask *ask = self->current;
  ps_autosecret secret = NULL;

  if (ask == NULL || ask->dialog != GTK_WIDGET (dialog))
    return;
  if (response != GTK_RESPONSE_OK)
    refuse (self, ask->question);
  else
    {
      secret = ps_password_dialog_dup_secret (PS_PASSWORD_DIALOG (dialog));
      if (ps_question_secret (ask->question)->kind != PS_SECRET_PROMPT)
        keep_typed (self, ask, secret,
                    ps_password_dialog_get_remember (PS_PASSWORD_DIALOG (dialog)));
      ps_question_answer_secret (ask->question, secret);
    }
  finish_current (self);
}

static void
on_host_key_response (GtkDialog *dialog, int response, PsPrompts *self)
{
  Ask *ask = self->current;

  if (ask == NULL || ask->dialog != GTK_WIDGET (dialog))
    return;
  if (response == GTK_RESPONSE_OK)
    ps_question_answer_trust (ask->question, TRUE);
  else
    refuse (self, ask->question);
  finish_current (self);
}

static void
show_dialog (PsPrompts *self, GtkWidget *dialog, GCallback on_response)
{
  Ask *ask = self->current;

  ask->dialog = dialog;
  g_signal_connect_object (dialog, "response", on_response, self, 0);
  if (ask->parent != NULL && gtk_widget_get_mapped (GTK_WIDGET (ask->parent)))
    gtk_window_set_transient_for (GTK_WINDOW (dialog), ask->parent);
  ps_present_now (GTK_WINDOW (dialog));
}

static void
show_password (PsPrompts *self)
{
  Ask *ask = self->current;

  show_dialog (self, ps_password_dialog_new (ps_question_secret (ask->question), ask->keyring),
               G_CALLBACK (on_password_response));
}

/* Looking up. */

/* Before the keyring: what was typed for another pair of the same server, or in this run. */
static gboolean
answer_from_memory (PsPrompts *self, const PsSecretId *id)
{
  const Typed *typed = find (self->remembered, id);

  if (typed == NULL)
    typed = find (self->typed, id);
  if (typed == NULL)
    return FALSE;
  ps_question_answer_secret (self->current->question, typed->secret);
  return TRUE;
}

static void
on_looked_up (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PsPrompts) self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean locked = FALSE;
  ps_autosecret secret = ps_secrets_lookup_finish (result, &locked, &error);

  if (self->current == NULL || g_cancellable_is_cancelled (self->cancellable))
    return;
  if (error != NULL)
    g_message ("The keyring cannot be used: %s", error->message);
  self->current->keyring = error != NULL ? PS_KEYRING_MISSING
                           : locked      ? PS_KEYRING_LOCKED
                                         : PS_KEYRING_USABLE;
  if (!ps_question_is_open (self->current->question))
    finish_current (self);
  else if (secret == NULL)
    show_password (self);
  else
    {
      ps_question_answer_secret (self->current->question, secret);
      finish_current (self);
    }
}

/* A wrong secret is not tried again, but stays in the keyring until a right one takes its place:
 * servers refuse right ones too when they are unwell. */
static void
drop_wrong (PsPrompts *self, const PsSecretId *id)
{
  drop (self->remembered, id);
  drop (self->typed, id);
}

static void
begin_secret (PsPrompts *self)
{
  const PsSecretRequest *request = ps_question_secret (self->current->question);
  PsSecretId id = secret_id (self->current);

  if (request->kind == PS_SECRET_PROMPT)
    {
      show_password (self);
      return;
    }
  if (request->attempt > 0)
    {
      drop_wrong (self, &id);
      show_password (self);
      return;
    }
  if (answer_from_memory (self, &id))
    {
      finish_current (self);
      return;
    }
  ps_secrets_lookup_async (&id, self->cancellable, on_looked_up, g_object_ref (self));
}

static void
next (PsPrompts *self)
{
  while (self->current == NULL && !g_queue_is_empty (&self->waiting))
    {
      self->current = g_queue_pop_head (&self->waiting);
      if (!ps_question_is_open (self->current->question))
        g_clear_pointer (&self->current, ask_free);
    }
  if (self->current == NULL)
    return;
  if (ps_question_kind (self->current->question) == PS_QUESTION_SECRET)
    begin_secret (self);
  else
    show_dialog (self, ps_host_key_dialog_new (ps_question_host_key (self->current->question)),
                 G_CALLBACK (on_host_key_response));
}

void
ps_prompts_ask (PsPrompts *self, PsQuestion *question, const PsConfig *config, GtkWindow *parent)
{
  Ask *ask;

  g_return_if_fail (PS_IS_PROMPTS (self));
  ask = g_new0 (Ask, 1);
  ask->question = ps_question_ref (question);
  ask->named_port = config->port;
  ask->named_user = g_strdup (config->user);
  g_set_weak_pointer (&ask->parent, parent);
  g_queue_push_tail (&self->waiting, ask);
  if (self->current == NULL)
    next (self);
}

/* What became of it. */

static void
on_stored (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PsPrompts) self = user_data;
  g_autoptr (GError) error = NULL;

  if (ps_secrets_store_finish (result, &error)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  g_message ("The password is not in the keyring: %s", error->message);
  g_signal_emit (self, keyring_failed_signal, 0, error->message);
}

/* @typed: (transfer full). */
static void
keep (PsPrompts *self, Typed *typed)
{
  PsSecretId id = typed_id (typed);

  drop (self->remembered, &id);
  g_ptr_array_add (self->remembered, typed);
  if (typed->remember)
    ps_secrets_store_async (&id, typed->secret, self->cancellable, on_stored, g_object_ref (self));
}

static void
settle (PsPrompts *self, const char *pair, gboolean accepted)
{
  for (guint i = self->typed->len; i-- > 0;)
    {
      if (g_strcmp0 (((Typed *)self->typed->pdata[i])->pair, pair) != 0)
        continue;
      if (accepted)
        keep (self, g_ptr_array_steal_index (self->typed, i));
      else
        g_ptr_array_remove_index (self->typed, i);
    }
}

void
ps_prompts_accepted (PsPrompts *self, const char *pair)
{
  g_return_if_fail (PS_IS_PROMPTS (self));
  settle (self, pair, TRUE);
}

void
ps_prompts_rejected (PsPrompts *self, const char *pair)
{
  g_return_if_fail (PS_IS_PROMPTS (self));
  settle (self, pair, FALSE);
}

/* Forgetting. */

static void
on_forgotten (GObject *source, GAsyncResult *result, gpointer unused)
{
  g_autoptr (GError) error = NULL;
  gboolean locked = FALSE;

  if (!ps_secrets_forget_finish (result, &locked, &error))
    g_message ("What the keyring holds for the pair stays there: %s", error->message);
  else if (locked)
    g_message ("What the keyring holds for the pair stays there: it is locked.");
}

/* @account: as in ps_secrets_forget_async (). */
static void
drop_account (GPtrArray *list, const PsSecretId *account)
{
  for (guint i = list->len; i-- > 0;)
    {
      const Typed *typed = list->pdata[i];

      if (g_strcmp0 (typed->host, account->host) == 0
          && (account->port == 0 || typed->port == account->port)
          && (account->user == NULL || g_strcmp0 (typed->user, account->user) == 0)
          && (account->subject == NULL || g_strcmp0 (typed->subject, account->subject) == 0))
        g_ptr_array_remove_index (list, i);
    }
}

void
ps_prompts_forget (PsPrompts *self, const PsConfig *config, const char *keyfile)
{
  PsSecretId account
      = { .host = config->host, .port = config->port, .user = config->user, .subject = keyfile };

  g_return_if_fail (PS_IS_PROMPTS (self));
  drop_account (self->typed, &account);
  drop_account (self->remembered, &account);
  ps_secrets_forget_async (&account, self->cancellable, on_forgotten, NULL);
}

void
ps_prompts_check (PsPrompts *self)
{
  g_return_if_fail (PS_IS_PROMPTS (self));
  if (self->current != NULL && self->current->dialog != NULL
      && !ps_question_is_open (self->current->question))
    finish_current (self);
}

gboolean
ps_prompts_is_asking (PsPrompts *self, const char *pair)
{
  g_return_val_if_fail (PS_IS_PROMPTS (self), FALSE);
  if (self->current != NULL && g_strcmp0 (ps_question_pair (self->current->question), pair) == 0)
    return TRUE;
  for (GList *l = self->waiting.head; l != NULL; l = l->next)
    if (g_strcmp0 (ps_question_pair (((Ask *)l->data)->question), pair) == 0)
      return TRUE;
  return FALSE;
}
