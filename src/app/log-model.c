/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/log-model.h"

#include "app/view.h"
#include "engine/log.h"

#include <glib/gi18n.h>
#include <string.h>

/* Events are taken in a little later, together; a backlog in portions. */
#define TAKE_IN_MS 200
#define BACKLOG_MS 20
#define ROWS_A_TURN 100
#define STAMP_LENGTH 19 /* "2026-11-22 14:05:33" */

typedef struct
{
  char *time;
  char *text;
  char *pair;
  PsLogKind kind;
} Line;

struct _PsLogModel
{
  GObject parent_instance;

  PsPairs *pairs;
  GtkListStore *rows;
  guint n_rows;
  GQueue pending; /* (element-type Line) not yet in the rows, at most PS_LOG_MODEL_MAX */
  guint take_in_id;
  guint loading; /* log files being read */
  GCancellable *cancellable;
};

G_DEFINE_FINAL_TYPE (PsLogModel, ps_log_model, G_TYPE_OBJECT)

static guint grown_signal;

static void
line_free (Line *line)
{
  g_free (line->time);
  g_free (line->text);
  g_free (line->pair);
  g_free (line);
}

/* The words that a line of the log file begins with, which are the same in every language; for a
 * person they are looked up. */
/* clang-format off */
static const struct { const char *word; PsLogKind kind; } words[] = {
  { N_ ("upload"), PS_LOG_CHANGES },       { N_ ("download"), PS_LOG_CHANGES },
  { N_ ("delete-local"), PS_LOG_CHANGES }, { N_ ("delete-remote"), PS_LOG_CHANGES },
  { N_ ("move-local"), PS_LOG_CHANGES },   { N_ ("move-remote"), PS_LOG_CHANGES },
  { N_ ("mkdir-local"), PS_LOG_CHANGES },  { N_ ("mkdir-remote"), PS_LOG_CHANGES },
  { N_ ("attributes"), PS_LOG_CHANGES },   { N_ ("record"), PS_LOG_CHANGES },
  { N_ ("forget"), PS_LOG_CHANGES },       { N_ ("conflict"), PS_LOG_PROBLEMS },
  { N_ ("problem"), PS_LOG_PROBLEMS },     { N_ ("held"), PS_LOG_PROBLEMS },
};
/* clang-format on */

#define KEPT_AS ": the other version is kept as "

/* Returns: (nullable): what the log says of @text's first word, of which *@length is the length. */
static const char *
first_word (const char *text, gsize *length, PsLogKind *kind)
{
  *length = strcspn (text, " :");
  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    if (strlen (words[i].word) == *length && strncmp (words[i].word, text, *length) == 0)
      {
        *kind = words[i].kind;
        return words[i].word;
      }
  return NULL;
}

PsLogKind
ps_log_kind (const char *text)
{
  PsLogKind kind = PS_LOG_CONNECTION;
  gsize length;

  first_word (text, &length, &kind);
  return kind;
}

char *
ps_log_text (const char *line)
{
  PsLogKind kind;
  gsize length;
  const char *word = first_word (line, &length, &kind);
  const char *rest = line + length;
  const char *kept = strstr (rest, KEPT_AS);
  g_autofree char *path = NULL;

  if (word == NULL)
    return g_strdup (line);
  /* The guard's name is for programs; the message says what it is about. */
  if (strcmp (word, "held") == 0 && g_str_has_prefix (rest, " (") && strstr (rest, "): ") != NULL)
    rest = strstr (rest, "): ") + 1;
  if (strcmp (word, "conflict") != 0 || kept == NULL || *rest != ' ')
    return g_strconcat (_ (word), rest, NULL);
  path = g_strndup (rest + 1, (gsize)(kept - rest - 1));
  /* Translators: a file, then the name of the copy */
  return g_strdup_printf (_ ("conflict %s: the other version is kept as %s"), path,
                          kept + strlen (KEPT_AS));
}

/* Takes @time. */
static void
push (PsLogModel *self, const char *pair, char *time, const char *text)
{
  g_autofree char *shown = ps_view_text (text);
  Line *line = g_new (Line, 1);

  *line = (Line){ time, ps_log_text (shown), g_strdup (pair), ps_log_kind (shown) };
  g_queue_push_tail (&self->pending, line);
  if (g_queue_get_length (&self->pending) > PS_LOG_MODEL_MAX)
    line_free (g_queue_pop_head (&self->pending));
}

static void
add_row (PsLogModel *self, const Line *line)
{
  GtkTreeIter first;

  gtk_list_store_insert_with_values (self->rows, NULL, -1, PS_LOG_COLUMN_TIME, line->time,
                                     PS_LOG_COLUMN_KIND, line->kind, PS_LOG_COLUMN_PAIR, line->pair,
                                     PS_LOG_COLUMN_TEXT, line->text, -1);
  if (++self->n_rows > PS_LOG_MODEL_MAX
      && gtk_tree_model_get_iter_first (GTK_TREE_MODEL (self->rows), &first))
    {
      gtk_list_store_remove (self->rows, &first);
      self->n_rows--;
    }
}

static gboolean
on_take_in (gpointer user_data)
{
  PsLogModel *self = PS_LOG_MODEL (user_data);

  for (guint i = 0; i < ROWS_A_TURN && !g_queue_is_empty (&self->pending); i++)
    {
      Line *line = g_queue_pop_head (&self->pending);

      add_row (self, line);
      line_free (line);
    }
  self->take_in_id
      = g_queue_is_empty (&self->pending) ? 0 : g_timeout_add (BACKLOG_MS, on_take_in, self);
  g_signal_emit (self, grown_signal, 0);
  return G_SOURCE_REMOVE;
}

static void
take_in_soon (PsLogModel *self)
{
  /* What the files hold comes before what happens meanwhile. */
  if (self->take_in_id == 0 && self->loading == 0)
    self->take_in_id = g_timeout_add (TAKE_IN_MS, on_take_in, self);
}

static void
on_event (PsLogModel *self, PsPair *pair, PsEvent *event)
{
  g_autoptr (GDateTime) when = g_date_time_new_from_unix_local (event->when / 1000000000);
  g_autofree char *text = ps_event_to_text (event);

  push (self, ps_pair_get_title (pair), g_date_time_format (when, "%Y-%m-%d %H:%M:%S"), text);
  take_in_soon (self);
}

/* Reading the files. */

typedef struct
{
  PsLogModel *model;
  char *title;
} Reading;

static void
push_file (PsLogModel *self, const char *title, const char *contents)
{
  g_auto (GStrv) lines = g_strsplit (contents, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    if (strlen (lines[i]) > STAMP_LENGTH + 1)
      push (self, title, g_strndup (lines[i], STAMP_LENGTH), lines[i] + STAMP_LENGTH + 1);
}

static int
compare_times (gconstpointer a, gconstpointer b, gpointer unused)
{
  return strcmp (((const Line *)a)->time, ((const Line *)b)->time);
}

static void
on_file_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Reading *reading = user_data;
  PsLogModel *self = reading->model;
  g_autofree char *contents = NULL;
  g_autoptr (GError) error = NULL;

  if (g_file_load_contents_finish (G_FILE (source), result, &contents, NULL, NULL, &error))
    push_file (self, reading->title, contents);
  else
    g_debug ("no log yet: %s", error->message);
  if (--self->loading == 0 && !g_cancellable_is_cancelled (self->cancellable))
    {
      /* Stable, and the lines of one file are in order already. */
      g_queue_sort (&self->pending, compare_times, NULL);
      take_in_soon (self);
    }
  g_object_unref (self);
  g_free (reading->title);
  g_free (reading);
}

static void
read_file (PsLogModel *self, PsPair *pair)
{
  g_autofree char *dir = ps_config_state_dir (ps_pair_get_config (pair));
  g_autofree char *path = ps_log_file (dir);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  Reading *reading = g_new (Reading, 1);

  *reading = (Reading){ g_object_ref (self), g_strdup (ps_pair_get_title (pair)) };
  self->loading++;
  g_file_load_contents_async (file, self->cancellable, on_file_read, reading);
}

static void
ps_log_model_dispose (GObject *object)
{
  PsLogModel *self = PS_LOG_MODEL (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->take_in_id, g_source_remove);
  if (self->pairs != NULL)
    g_signal_handlers_disconnect_by_data (self->pairs, self);
  g_clear_object (&self->pairs);
  g_queue_clear_full (&self->pending, (GDestroyNotify)line_free);
  G_OBJECT_CLASS (ps_log_model_parent_class)->dispose (object);
}

static void
ps_log_model_finalize (GObject *object)
{
  PsLogModel *self = PS_LOG_MODEL (object);

  g_object_unref (self->rows);
  g_object_unref (self->cancellable);
  G_OBJECT_CLASS (ps_log_model_parent_class)->finalize (object);
}

static void
ps_log_model_class_init (PsLogModelClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = ps_log_model_dispose;
  G_OBJECT_CLASS (klass)->finalize = ps_log_model_finalize;
  grown_signal = g_signal_new ("grown", PS_TYPE_LOG_MODEL, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                               G_TYPE_NONE, 0);
}

static void
ps_log_model_init (PsLogModel *self)
{
  g_queue_init (&self->pending);
  self->cancellable = g_cancellable_new ();
  self->rows = gtk_list_store_new (PS_N_LOG_COLUMNS, G_TYPE_STRING, G_TYPE_INT, G_TYPE_STRING,
                                   G_TYPE_STRING);
}

PsLogModel *
ps_log_model_new (PsPairs *pairs)
{
  PsLogModel *self = g_object_new (PS_TYPE_LOG_MODEL, NULL);

  self->pairs = g_object_ref (pairs);
  g_signal_connect_swapped (pairs, "event", G_CALLBACK (on_event), self);
  for (guint i = 0; i < ps_pairs_get_n (pairs); i++)
    read_file (self, ps_pairs_get (pairs, i));
  return self;
}

GtkTreeModel *
ps_log_model_get_rows (PsLogModel *self)
{
  g_return_val_if_fail (PS_IS_LOG_MODEL (self), NULL);
  return GTK_TREE_MODEL (self->rows);
}
