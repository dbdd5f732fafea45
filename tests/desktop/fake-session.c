/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An engine that does as it is told: the windows can be brought into every state, at once and the
 * same each time. It stands in for session.c, server.c and control.c; the rest of the engine is the
 * real one. See fake-session.h. */
#include "fake-session.h"

#include "engine/control.h"
#include "engine/server.h"
#include "engine/session.h"
#include "util/redact.h"

#include <string.h>

struct _PsSession
{
  GObject parent_instance;

  PsConfig *config;
  PsStatus *status;
  GPtrArray *recent; /* (element-type PsEvent) */
  guint close_ms;
};

G_DEFINE_FINAL_TYPE (PsSession, ps_session, G_TYPE_OBJECT)

enum
{
  STATUS_CHANGED,
  EVENT,
  QUESTION,
  N_SIGNALS
};
static guint signals[N_SIGNALS];
static GPtrArray *sessions; /* (element-type PsSession) borrowed */

static PsStatus *
new_status (const PsConfig *config)
{
  PsStatus *status = ps_status_new (config->name);

  status->last_sync = g_get_real_time () / G_USEC_PER_SEC;
  return status;
}

static void
ps_session_finalize (GObject *object)
{
  PsSession *self = PS_SESSION (object);

  g_ptr_array_remove (sessions, self);
  ps_config_free (self->config);
  ps_status_unref (self->status);
  g_ptr_array_unref (self->recent);
  G_OBJECT_CLASS (ps_session_parent_class)->finalize (object);
}

static void
ps_session_class_init (PsSessionClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ps_session_finalize;
  signals[STATUS_CHANGED] = g_signal_new ("status-changed", PS_TYPE_SESSION, G_SIGNAL_RUN_LAST, 0,
                                          NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[EVENT] = g_signal_new ("event", PS_TYPE_SESSION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 1, PS_TYPE_EVENT);
  signals[QUESTION] = g_signal_new ("question", PS_TYPE_SESSION, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                    NULL, G_TYPE_NONE, 1, PS_TYPE_QUESTION);
  g_signal_new ("secret-accepted", PS_TYPE_SESSION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                G_TYPE_NONE, 1, PS_TYPE_QUESTION);
}

static void
ps_session_init (PsSession *self)
{
  self->recent = g_ptr_array_new_with_free_func ((GDestroyNotify)ps_event_unref);
  if (sessions == NULL)
    sessions = g_ptr_array_new ();
  g_ptr_array_add (sessions, self);
}

PsSession *
ps_session_new (const PsConfig *config, const char *state_dir)
{
  PsSession *self = g_object_new (PS_TYPE_SESSION, NULL);

  self->config = ps_config_copy (config);
  self->status = new_status (config);
  return self;
}

const PsConfig *
ps_session_get_config (PsSession *self)
{
  return self->config;
}

void
ps_session_set_config (PsSession *self, const PsConfig *config)
{
  ps_config_free (self->config);
  self->config = ps_config_copy (config);
}

PsStatus *
ps_session_get_status (PsSession *self)
{
  return ps_status_ref (self->status);
}

void
ps_session_start (PsSession *self)
{
  g_print ("start %s\n", self->config->name);
}

/* What a person did is printed, and shown where it changes the state. */

static void
set_kind (PsSession *self, PsStatusKind kind)
{
  PsStatus *status = new_status (self->config);

  status->kind = kind;
  ps_status_unref (self->status);
  self->status = status;
  g_signal_emit (self, signals[STATUS_CHANGED], 0);
}

/* The preview of the setup, which needs a real server before it comes to that. */
void
ps_session_sync_async (PsSession *self, PsSyncFlags flags, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_return_boolean (task, TRUE);
}

gboolean
ps_session_sync_finish (PsSession *self, GAsyncResult *result, PsSummary *summary, GError **error)
{
  summary->uploaded = 1284;
  summary->payload_up = 4100000000;
  summary->downloaded = 36;
  summary->payload_down = 92000000;
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
ps_session_pause (PsSession *self, guint seconds)
{
  g_print ("pause %s %u\n", self->config->name, seconds);
  set_kind (self, PS_STATUS_PAUSED);
}

void
ps_session_resume (PsSession *self)
{
  g_print ("resume %s\n", self->config->name);
  set_kind (self, PS_STATUS_IDLE);
}

void
ps_session_sync_now (PsSession *self)
{
  g_print ("sync-now %s\n", self->config->name);
}

void
ps_session_decide_held (PsSession *self, PsGuard guard, gboolean allow)
{
  g_print ("decide %s %s %s\n", self->config->name, ps_guard_name (guard),
           allow ? "allow" : "keep");
  set_kind (self, PS_STATUS_IDLE);
}

void
ps_session_set_network (PsSession *self, gboolean available, gboolean metered)
{
  g_print ("network %s %d %d\n", self->config->name, available, metered);
}

void
ps_session_suspend (PsSession *self)
{
  g_print ("suspend %s\n", self->config->name);
}

void
ps_session_wake (PsSession *self)
{
  g_print ("wake %s\n", self->config->name);
}

GPtrArray *
ps_session_dup_recent (PsSession *self)
{
  GPtrArray *copy = g_ptr_array_new_with_free_func ((GDestroyNotify)ps_event_unref);

  for (guint i = 0; i < self->recent->len; i++)
    g_ptr_array_add (copy, ps_event_ref (self->recent->pdata[i]));
  return copy;
}

static gboolean
on_close_due (gpointer user_data)
{
  g_task_return_boolean (G_TASK (user_data), TRUE);
  return G_SOURCE_REMOVE;
}

void
ps_session_close_async (PsSession *self, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);

  g_timeout_add_full (G_PRIORITY_DEFAULT, self->close_ms, on_close_due, task, g_object_unref);
}

gboolean
ps_session_close_finish (PsSession *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Being told. */

typedef struct
{
  PsSession *session;
  PsStatus *status;
} Telling;

typedef void (*Teller) (Telling *telling, const char *value);

static guint64
number (const char *text)
{
  return text != NULL ? g_ascii_strtoull (text, NULL, 10) : 0;
}

static void
tell_kind (Telling *t, const char *value)
{
  for (guint kind = 0; kind <= PS_STATUS_ERROR; kind++)
    if (strcmp (ps_status_kind_name (kind), value) == 0)
      t->status->kind = kind;
}

static void
tell_state (Telling *t, const char *value)
{
  for (guint state = 0; state < PS_N_RUN_STATES; state++)
    if (strcmp (ps_run_state_name (state), value) == 0)
      t->status->progress.state = state;
}

static void
tell_message (Telling *t, const char *value)
{
  g_free (t->status->message);
  t->status->message = g_strdup (value);
}

static void
tell_error (Telling *t, const char *value)
{
  t->status->error_code = (int)number (value);
}

/* Two numbers with a slash in between. */
static void
numbers (const char *value, uint64_t *first, uint64_t *second)
{
  g_auto (GStrv) parts = g_strsplit (value, "/", 2);

  *first = number (parts[0]);
  *second = number (parts[1]);
}

static void
tell_files (Telling *t, const char *value)
{
  numbers (value, &t->status->progress.files_done, &t->status->progress.files_total);
}

static void
tell_bytes (Telling *t, const char *value)
{
  numbers (value, &t->status->progress.bytes_done, &t->status->progress.bytes_total);
}

static void
tell_rate (Telling *t, const char *value)
{
  t->status->rate_up = (double)number (value);
}

static void
tell_close (Telling *t, const char *value)
{
  t->session->close_ms = (guint)number (value);
}

static void
tell_left (Telling *t, const char *value)
{
  t->status->seconds_left = (gint64)number (value);
}

static void
tell_space (Telling *t, const char *value)
{
  numbers (value, &t->status->progress.server_free, &t->status->progress.server_total);
}

/* up|down:PATH:DONE:SIZE */
static void
tell_transfer (Telling *t, const char *value)
{
  g_auto (GStrv) parts = g_strsplit (value, ":", 4);
  PsTransferProgress *one = &t->status->progress.transfers[t->status->progress.n_transfers];

  if (t->status->progress.n_transfers >= PS_PROGRESS_TRANSFERS || g_strv_length (parts) != 4)
    return;
  t->status->progress.n_transfers++;
  one->up = strcmp (parts[0], "up") == 0;
  g_strlcpy (one->path, parts[1], sizeof one->path);
  one->done = number (parts[2]);
  one->size = number (parts[3]);
}

/* GUARD:COUNT:MESSAGE */
static void
tell_held (Telling *t, const char *value)
{
  g_auto (GStrv) parts = g_strsplit (value, ":", 3);
  PsEvent *event = ps_event_new (PS_EVENT_HELD);

  for (guint guard = 0; guard < PS_N_GUARDS; guard++)
    if (g_strcmp0 (ps_guard_name (guard), parts[0]) == 0)
      event->guard = guard;
  event->count = number (parts[1]);
  event->message = g_strdup (parts[1] != NULL ? parts[2] : NULL);
  g_ptr_array_add (t->status->held, event);
}

/* PATH:MESSAGE */
static void
tell_problem (Telling *t, const char *value)
{
  g_auto (GStrv) parts = g_strsplit (value, ":", 2);
  PsEvent *event = ps_event_new (PS_EVENT_PROBLEM);

  event->path = g_strdup (parts[0]);
  event->message = g_strdup (parts[1]);
  g_ptr_array_add (t->status->problems, event);
  t->status->n_problems++;
}

/* ACTION:PATH:BYTES */
static void
tell_event (Telling *t, const char *value)
{
  g_auto (GStrv) parts = g_strsplit (value, ":", 3);
  PsEvent *event = ps_event_new (PS_EVENT_ACTION);

  event->action = g_strdup (parts[0]);
  event->path = g_strdup (parts[1]);
  event->bytes = number (parts[2]);
  event->when = g_get_real_time () * 1000;
  g_ptr_array_add (t->session->recent, event);
  g_signal_emit (t->session, signals[EVENT], 0, event);
}

/* How many uploads at once. */
static void
tell_many (Telling *t, const char *value)
{
  for (guint64 i = 0; i < number (value); i++)
    {
      g_autofree char *text
          = g_strdup_printf ("upload:folder/file-%05" G_GUINT64_FORMAT ".txt:4096", i);

      tell_event (t, text);
    }
}

/* Questions: the waiting is done where a worker would do it. */

static gpointer
wait_secret (gpointer data)
{
  g_autoptr (PsQuestion) question = data;
  g_autoptr (GError) error = NULL;
  ps_autosecret answer = ps_question_wait_secret (question, NULL, &error);

  g_print ("typed %s\n", answer != NULL ? answer : "(refused)");
  return NULL;
}

static gpointer
wait_trust (gpointer data)
{
  g_autoptr (PsQuestion) question = data;
  g_autoptr (GError) error = NULL;

  g_print ("trust %s\n", ps_question_wait_trust (question, NULL, &error) ? "yes" : "no");
  return NULL;
}

static void
ask (PsSession *session, PsQuestion *question, GThreadFunc wait)
{
  g_thread_unref (g_thread_new ("question", wait, ps_question_ref (question)));
  g_signal_emit (session, signals[QUESTION], 0, question);
}

/* KIND:ATTEMPT, KIND one of password, passphrase, prompt */
static void
tell_ask (Telling *t, const char *value)
{
  g_auto (GStrv) parts = g_strsplit (value, ":", 2);
  const PsConfig *config = t->session->config;
  PsSecretRequest request = {
    .kind = strcmp (parts[0], "passphrase") == 0 ? PS_SECRET_PASSPHRASE
            : strcmp (parts[0], "prompt") == 0   ? PS_SECRET_PROMPT
                                                 : PS_SECRET_PASSWORD,
    .user = config->user,
    .host = config->host,
    .subject = strcmp (parts[0], "passphrase") == 0 ? "~/.ssh/id_ed25519" : "One-time code:",
    .attempt = (guint)number (parts[1]),
  };
  g_autoptr (PsQuestion) question = ps_question_new_secret (config->name, &request);

  ask (t->session, question, wait_secret);
}

/* new or changed */
static void
tell_key (Telling *t, const char *value)
{
  const PsConfig *config = t->session->config;
  gboolean changed = strcmp (value, "changed") == 0;
  PsHostKeyInfo info = {
    .state = changed ? PS_HOST_KEY_CHANGED : PS_HOST_KEY_NEW,
    .host = config->host,
    .port = (int)config->port,
    .type = "ssh-ed25519",
    .fingerprint = "SHA256:Ow0sG1n0LZ4y8f3p1nH7cVJtq5uVdK2m9bXrE6aTzQk",
    .known_fingerprint = changed ? "SHA256:pN2kq8XwR5vYtL0aJc7dZ1mHs4bGf9eUi3oQx6TnKyE" : NULL,
    .known_in = changed ? "~/.ssh/known_hosts:3" : NULL,
  };
  g_autoptr (PsQuestion) question = ps_question_new_host_key (config->name, &info);

  ask (t->session, question, wait_trust);
}

static const struct
{
  const char *key;
  Teller tell;
} tellers[] = {
  { "kind", tell_kind },         { "state", tell_state }, { "message", tell_message },
  { "error", tell_error },       { "files", tell_files }, { "bytes", tell_bytes },
  { "rate", tell_rate },         { "left", tell_left },   { "space", tell_space },
  { "transfer", tell_transfer }, { "held", tell_held },   { "problem", tell_problem },
  { "event", tell_event },       { "many", tell_many },   { "ask", tell_ask },
  { "key", tell_key },           { "close", tell_close },
};

static void
tell (Telling *telling, const char *line)
{
  const char *value = strchr (line, '=');

  for (gsize i = 0; value != NULL && i < G_N_ELEMENTS (tellers); i++)
    if (strlen (tellers[i].key) == (gsize)(value - line)
        && strncmp (tellers[i].key, line, (gsize)(value - line)) == 0)
      tellers[i].tell (telling, value + 1);
}

void
fake_session_tell (const char *pair, const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; sessions != NULL && i < sessions->len; i++)
    {
      PsSession *session = sessions->pdata[i];
      Telling telling = { session, NULL };

      if (strcmp (session->config->name, pair) != 0)
        continue;
      telling.status = new_status (session->config);
      for (guint j = 0; lines[j] != NULL; j++)
        tell (&telling, lines[j]);
      ps_status_unref (session->status);
      session->status = telling.status;
      g_signal_emit (session, signals[STATUS_CHANGED], 0);
    }
}

/* A server that always lets in, and a control that is not there. */

struct _PsServer
{
  GObject parent_instance;
};

G_DEFINE_FINAL_TYPE (PsServer, ps_server, G_TYPE_OBJECT)

static void
ps_server_class_init (PsServerClass *klass)
{
  g_signal_new ("question", PS_TYPE_SERVER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                PS_TYPE_QUESTION);
  g_signal_new ("secret-accepted", PS_TYPE_SERVER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                G_TYPE_NONE, 1, PS_TYPE_QUESTION);
}

static void
ps_server_init (PsServer *self)
{
}

PsServer *
ps_server_new (const PsConfig *config, const char *fingerprint, gboolean accept_changed_key)
{
  return g_object_new (PS_TYPE_SERVER, NULL);
}

void
ps_server_connect_async (PsServer *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_check_cancellable (task, FALSE); /* done is done, as with the real one */
  g_task_return_boolean (task, TRUE);
}

gboolean
ps_server_connect_finish (PsServer *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

PsControl *
ps_control_new (GDBusConnection *bus, PsSession *session)
{
  return NULL;
}

void
ps_control_free (PsControl *self)
{
}

/* The other calls of the setup, each a success with an empty server. */

void
ps_server_list_async (PsServer *self, const char *path, GCancellable *cancellable,
                      GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_task_data (task, g_strdup (path), g_free);
  g_task_return_boolean (task, TRUE);
}

GPtrArray *
ps_server_list_finish (PsServer *self, GAsyncResult *result, char **real_path, GError **error)
{
  static const char *const names[] = { "Music", "Photos", "PiSync" };
  GPtrArray *folders;
  const char *path;

  if (!g_task_propagate_boolean (G_TASK (result), error))
    return NULL;
  path = g_task_get_task_data (G_TASK (result));
  folders = g_ptr_array_new_with_free_func (g_free);
  /* Only the folder that one is in after the login has some. */
  for (guint i = 0; *path == '\0' && i < G_N_ELEMENTS (names); i++)
    g_ptr_array_add (folders, g_strdup (names[i]));
  *real_path = g_strdup (*path == '\0' ? "/home/pi" : path);
  return folders;
}

void
ps_server_mkdir_async (PsServer *self, const char *path, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_return_boolean (task, TRUE);
}

gboolean
ps_server_mkdir_finish (PsServer *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
ps_server_make_roots_async (PsServer *self, const PsConfig *config, gboolean rebind,
                            GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_check_cancellable (task, FALSE); /* done is done, as with the real one */
  g_task_return_boolean (task, TRUE);
}

gboolean
ps_server_make_roots_finish (PsServer *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
ps_server_install_key_async (PsServer *self, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_return_boolean (task, TRUE);
}

char *
ps_server_install_key_finish (PsServer *self, GAsyncResult *result, GError **error)
{
  if (!g_task_propagate_boolean (G_TASK (result), error))
    return NULL;
  return g_strdup ("/home/me/.config/pisync/id_ed25519-pi");
}
