/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/preferences-ignore.h"

#include "app/preferences-rules.h"
#include "app/save.h"
#include "core/ignore.h"

#include <glib/gi18n.h>
#include <string.h>

#define SAVE_MS 700
#define SAVE_TRIES 3
#define NOT_TEXT N_ ("The rules are not UTF-8 text; edit them with another program.")
#define NO_FILE "none" /* as etag: no file has it, and GIO would take "" for none wanted */

struct _PsPreferencesIgnore
{
  GtkBox parent_instance;

  GFile *file; /* (nullable) */
  GCancellable *loading;
  gboolean filling; /* the text changes by us */
  guint save_id;
  char *etag; /* (nullable) of the file when it was last read or written */
  char *base; /* (nullable) what it held then */
  gboolean saving;

  GtkTextView *rules_view;
  GtkEntry *example_entry;
  GtkLabel *example_label;
  GtkLabel *message_label;
};

G_DEFINE_FINAL_TYPE (PsPreferencesIgnore, ps_preferences_ignore, GTK_TYPE_BOX)

static char *
dup_rules (PsPreferencesIgnore *self)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (self->rules_view);
  GtkTextIter start;
  GtkTextIter end;

  gtk_text_buffer_get_bounds (buffer, &start, &end);
  return gtk_text_buffer_get_text (buffer, &start, &end, FALSE);
}

static void
show_example (PsPreferencesIgnore *self)
{
  g_autofree char *rules = dup_rules (self);
  const char *path = gtk_entry_get_text (self->example_entry);

  if (*path == '\0')
    gtk_label_set_label (self->example_label, "");
  else
    gtk_label_set_label (self->example_label, ps_preferences_rules_match (rules, path)
                                                  ? _ ("This is left out.")
                                                  : _ ("This is kept in sync."));
}

/* Writing: the rules are synced, so they may have changed in the file too since they were read. */

typedef struct
{
  GFile *file;
  char *base;  /* what was read */
  char *mine;  /* what the page holds */
  char *rules; /* what is written */
  char *etag;
} Save;

static void
save_clear (gpointer data)
{
  Save *save = data;

  g_object_unref (save->file);
  g_free (save->base);
  g_free (save->mine);
  g_free (save->rules);
  g_free (save->etag);
}

/* Shared by reference (g_atomic_rc_box): by the thread, and by whoever is told how it ended. */
static void
save_unref (gpointer save)
{
  g_atomic_rc_box_release_full (save, save_clear);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Save, save_unref)

/* Takes what came into the file meanwhile in among the rules. */
static gboolean
take_in (Save *save, GError **error)
{
  g_autofree char *theirs = NULL;
  g_autofree char *etag = NULL;
  g_autoptr (GError) local_error = NULL;
  gsize length = 0;

  if (!g_file_load_contents (save->file, NULL, &theirs, &length, &etag, &local_error)
      && !g_error_matches (local_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  if (theirs != NULL && !g_utf8_validate (theirs, length, NULL))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _ (NOT_TEXT));
      return FALSE;
    }
  g_free (save->rules);
  save->rules = ps_preferences_rules_merge (save->base, save->mine, theirs != NULL ? theirs : "");
  g_free (save->etag);
  save->etag = etag != NULL ? g_steal_pointer (&etag) : g_strdup (NO_FILE);
  return TRUE;
}

static gboolean
write_rules (Save *save, GError **error)
{
  g_autofree char *etag = NULL;

  if (strlen (save->rules) > PS_IGNORE_MAX)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                           _ ("These are too many rules; they are not written."));
      return FALSE;
    }
  if (!g_file_replace_contents (save->file, save->rules, strlen (save->rules), save->etag, FALSE,
                                G_FILE_CREATE_NONE, &etag, NULL, error))
    return FALSE;
  g_free (save->etag);
  save->etag = g_steal_pointer (&etag);
  return TRUE;
}

static gboolean
write_among (gpointer data, GError **error)
{
  Save *save = data;
  g_autoptr (GError) reason = NULL;

  for (guint tries = 1; !write_rules (save, &reason); tries++)
    {
      if (tries == SAVE_TRIES || !g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_WRONG_ETAG))
        {
          g_propagate_error (error, g_steal_pointer (&reason));
          return FALSE;
        }
      g_clear_error (&reason);
      if (!take_in (save, error))
        return FALSE;
    }
  return TRUE;
}

static void
fill (PsPreferencesIgnore *self, const char *text)
{
  self->filling = TRUE;
  gtk_text_buffer_set_text (gtk_text_view_get_buffer (self->rules_view), text, -1);
  self->filling = FALSE;
}

/* Shows the rules that came from elsewhere, with what was typed while they were written. */
static void
show_written (PsPreferencesIgnore *self, const Save *save)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (self->rules_view);
  g_autofree char *now = dup_rules (self);
  g_autofree char *rules = ps_preferences_rules_merge (save->mine, now, save->rules);
  GtkTextIter cursor;
  int offset;

  gtk_text_buffer_get_iter_at_mark (buffer, &cursor, gtk_text_buffer_get_insert (buffer));
  offset = gtk_text_iter_get_offset (&cursor);
  fill (self, rules);
  gtk_text_buffer_get_iter_at_offset (buffer, &cursor, offset);
  gtk_text_buffer_place_cursor (buffer, &cursor);
}

/* Who is told. */
typedef struct
{
  PsPreferencesIgnore *self;
  Save *save;
} Told;

static void
on_saved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Told *told = user_data;
  g_autoptr (PsPreferencesIgnore) self = told->self;
  g_autoptr (Save) save = told->save;
  g_autoptr (GError) error = NULL;
  gboolean written = ps_save_finish (result, &error);

  if (self->file != save->file)
    return;
  self->saving = FALSE;
  if (!written)
    {
      gtk_label_set_label (self->message_label, error->message);
      return;
    }
  if (!g_str_equal (save->mine, save->rules))
    show_written (self, save);
  g_free (self->etag);
  self->etag = g_strdup (save->etag);
  g_free (self->base);
  self->base = g_strdup (save->rules);
}

void
ps_preferences_ignore_flush (PsPreferencesIgnore *self)
{
  g_autofree char *path = NULL;
  Told *told = NULL;
  Save *save = NULL;

  g_return_if_fail (PS_IS_PREFERENCES_IGNORE (self));
  if (self->save_id == 0)
    return;
  g_clear_handle_id (&self->save_id, g_source_remove);
  gtk_label_set_label (self->message_label, "");
  save = g_atomic_rc_box_new (Save);
  *save = (Save){ g_object_ref (self->file), g_strdup (self->base), dup_rules (self),
                  dup_rules (self), g_strdup (self->etag) };
  self->saving = TRUE;
  told = g_new (Told, 1);
  *told = (Told){ g_object_ref (self), g_atomic_rc_box_acquire (save) };
  path = g_file_get_path (self->file);
  ps_save_async (path, write_among, save, save_unref, on_saved, told);
}

static gboolean
on_save_due (gpointer user_data)
{
  PsPreferencesIgnore *self = PS_PREFERENCES_IGNORE (user_data);

  if (self->saving)
    return G_SOURCE_CONTINUE;
  ps_preferences_ignore_flush (self);
  return G_SOURCE_REMOVE;
}

static void
on_rules_changed (PsPreferencesIgnore *self)
{
  show_example (self);
  if (self->filling || self->file == NULL)
    return;
  g_clear_handle_id (&self->save_id, g_source_remove);
  self->save_id = g_timeout_add (SAVE_MS, on_save_due, self);
}

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PsPreferencesIgnore) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  g_autofree char *etag = NULL;
  gsize length = 0;

  g_file_load_contents_finish (G_FILE (source), result, &text, &length, &etag, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (error != NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    gtk_label_set_label (self->message_label, error->message);
  else if (text != NULL && !g_utf8_validate (text, length, NULL))
    gtk_label_set_label (self->message_label, _ (NOT_TEXT));
  else
    {
      self->etag = etag != NULL ? g_steal_pointer (&etag) : g_strdup (NO_FILE);
      self->base = text != NULL ? g_steal_pointer (&text) : g_strdup ("");
      fill (self, self->base);
      gtk_widget_set_sensitive (GTK_WIDGET (self->rules_view), TRUE);
    }
}

static void
ps_preferences_ignore_dispose (GObject *object)
{
  PsPreferencesIgnore *self = PS_PREFERENCES_IGNORE (object);

  ps_preferences_ignore_set_folder (self, NULL);
  G_OBJECT_CLASS (ps_preferences_ignore_parent_class)->dispose (object);
}

static void
ps_preferences_ignore_class_init (PsPreferencesIgnoreClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = ps_preferences_ignore_dispose;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/pisync/PiSync/preferences-ignore.ui");
  gtk_widget_class_bind_template_child (widget_class, PsPreferencesIgnore, rules_view);
  gtk_widget_class_bind_template_child (widget_class, PsPreferencesIgnore, example_entry);
  gtk_widget_class_bind_template_child (widget_class, PsPreferencesIgnore, example_label);
  gtk_widget_class_bind_template_child (widget_class, PsPreferencesIgnore, message_label);
  gtk_widget_class_bind_template_callback (widget_class, show_example);
}

static void
ps_preferences_ignore_init (PsPreferencesIgnore *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect_object (gtk_text_view_get_buffer (self->rules_view), "changed",
                           G_CALLBACK (on_rules_changed), self, G_CONNECT_SWAPPED);
  show_example (self);
}

void
ps_preferences_ignore_set_folder (PsPreferencesIgnore *self, const char *folder)
{
  g_return_if_fail (PS_IS_PREFERENCES_IGNORE (self));
  if (self->loading != NULL)
    g_cancellable_cancel (self->loading);
  g_clear_object (&self->loading);
  if (self->file != NULL)
    ps_preferences_ignore_flush (self);
  g_clear_object (&self->file);
  g_clear_pointer (&self->etag, g_free);
  g_clear_pointer (&self->base, g_free);
  self->saving = FALSE;
  if (self->rules_view == NULL || gtk_widget_in_destruction (GTK_WIDGET (self)))
    return;
  gtk_widget_set_sensitive (GTK_WIDGET (self->rules_view), FALSE);
  gtk_label_set_label (self->message_label, "");
  fill (self, "");
  if (folder == NULL)
    return;
  self->file = g_file_new_build_filename (folder, PS_IGNORE_NAME, NULL);
  self->loading = g_cancellable_new ();
  g_file_load_contents_async (self->file, self->loading, on_loaded, g_object_ref (self));
}
