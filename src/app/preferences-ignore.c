/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/preferences-ignore.h"

#include "app/preferences-rules.h"
#include "core/ignore.h"

#include <glib/gi18n.h>
#include <string.h>

#define SAVE_MS 700

struct _PsPreferencesIgnore
{
  GtkBox parent_instance;

  GFile *file; /* (nullable) */
  GCancellable *loading;
  gboolean filling; /* the text changes by us */
  guint save_id;

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

static void
on_saved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PsPreferencesIgnore) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!g_file_replace_contents_finish (G_FILE (source), result, NULL, &error)
      && self->message_label != NULL)
    gtk_label_set_label (self->message_label, error->message);
}

static void
save (PsPreferencesIgnore *self)
{
  g_autofree char *rules = NULL;
  g_autoptr (GBytes) bytes = NULL;

  if (self->save_id == 0)
    return;
  g_clear_handle_id (&self->save_id, g_source_remove);
  rules = dup_rules (self);
  gtk_label_set_label (self->message_label, "");
  if (strlen (rules) > PS_IGNORE_MAX)
    {
      gtk_label_set_label (self->message_label,
                           _ ("These are too many rules; they are not written."));
      return;
    }
  bytes = g_bytes_new (rules, strlen (rules));
  g_file_replace_contents_bytes_async (self->file, bytes, NULL, FALSE, G_FILE_CREATE_NONE, NULL,
                                       on_saved, g_object_ref (self));
}

static gboolean
on_save_due (gpointer user_data)
{
  save (PS_PREFERENCES_IGNORE (user_data));
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
fill (PsPreferencesIgnore *self, const char *text)
{
  self->filling = TRUE;
  gtk_text_buffer_set_text (gtk_text_view_get_buffer (self->rules_view), text, -1);
  self->filling = FALSE;
}

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PsPreferencesIgnore) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  gsize length = 0;

  g_file_load_contents_finish (G_FILE (source), result, &text, &length, NULL, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (error != NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    gtk_label_set_label (self->message_label, error->message);
  else if (text != NULL && !g_utf8_validate (text, length, NULL))
    gtk_label_set_label (self->message_label,
                         _ ("The rules are not UTF-8 text; edit them with another program."));
  else
    {
      fill (self, text != NULL ? text : "");
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
    save (self);
  g_clear_object (&self->file);
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
