/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files on the left, the versions of the chosen one on the right. Both lists are bounded, so that
 * filling them never takes long; what is beyond is found by typing a part of its name. */
#include "app/versions-window.h"

#include "app/conflicts.h"
#include "app/keys.h"
#include "app/version-lists.h"
#include "app/version-source.h"
#include "app/view.h"

#include <glib/gi18n.h>
#include <string.h>

struct _PsVersionsWindow
{
  GtkApplicationWindow parent_instance;

  PsPair *pair;
  PsVersionSource *source;   /* NULL once the window is closed */
  GCancellable *cancellable; /* (nullable) of the call that is under way */
  GPtrArray *files;          /* (nullable) (element-type PsVersionFile) */
  char *shown_path;          /* (nullable) of the file that is chosen, also over a reload */
  char *shown_id;            /* (nullable) of the version that is chosen */
  gboolean wanted;           /* a person asked for shown_path: say so if there is none */
  gboolean stale;            /* what is shown of the chosen file has changed on the server */
  gboolean filling;

  GtkHeaderBar *header;
  GtkWidget *refresh_button;
  GtkInfoBar *message_bar;
  GtkLabel *message_label;
  GtkStack *stack;
  GtkWidget *loading_page;
  GtkSpinner *loading_spinner;
  GtkWidget *note_page;
  GtkImage *note_image;
  GtkLabel *note_title;
  GtkLabel *note_text;
  GtkWidget *again_button;
  GtkWidget *list_page;
  GtkEntry *search_entry;
  GtkToggleButton *deleted_check;
  GtkTreeView *file_tree;
  GtkTreeSelection *file_selection;
  GtkLabel *more_label;
  GtkWidget *detail_box;
  GtkLabel *name_label;
  GtkLabel *folder_label;
  GtkTreeView *version_tree;
  GtkTreeSelection *version_selection;
  GtkLabel *version_label;
  GtkLabel *present_label;
  GtkSpinner *busy_spinner;
  GtkLabel *busy_label;
  GtkWidget *restore_button;
  GtkWidget *save_button;
  GtkWidget *cancel_button;
};

G_DEFINE_FINAL_TYPE (PsVersionsWindow, ps_versions_window, GTK_TYPE_APPLICATION_WINDOW)

static void
say (PsVersionsWindow *self, GtkMessageType type, const char *message)
{
  gtk_label_set_label (self->message_label, message != NULL ? message : "");
  gtk_info_bar_set_message_type (self->message_bar, type);
  gtk_widget_set_visible (GTK_WIDGET (self->message_bar), message != NULL);
}

static void
set_shown (char **member, const char *text)
{
  char *copy = g_strdup (text);

  g_free (*member);
  *member = copy;
}

/* What is chosen. */

/* Returns: (nullable): what the pointer column of the chosen row holds. */
static gpointer
chosen (GtkTreeSelection *selection, int column)
{
  GtkTreeModel *model;
  GtkTreeIter iter;
  gpointer pointer = NULL;

  if (gtk_tree_selection_get_selected (selection, &model, &iter))
    gtk_tree_model_get (model, &iter, column, &pointer, -1);
  return pointer;
}

static const PsVersionFile *
chosen_file (PsVersionsWindow *self)
{
  return chosen (self->file_selection, PS_VERSION_FILE_POINTER);
}

static const PsVersion *
chosen_version (PsVersionsWindow *self)
{
  return chosen (self->version_selection, PS_VERSION_POINTER);
}

static void
update_buttons (PsVersionsWindow *self)
{
  gboolean busy = self->cancellable != NULL;
  gboolean can = !busy && chosen_version (self) != NULL;

  gtk_widget_set_sensitive (self->restore_button, can);
  gtk_widget_set_sensitive (self->save_button, can);
  gtk_widget_set_sensitive (self->refresh_button, !busy);
}

/* Size, date, and the whole of what may not have had room in the list. */
static char *
chosen_text (PsVersionsWindow *self)
{
  GtkTreeModel *model;
  GtkTreeIter iter;
  const PsVersion *version;
  g_autofree char *why = NULL;
  g_autofree char *text = NULL;

  if (!gtk_tree_selection_get_selected (self->version_selection, &model, &iter))
    return g_strdup ("");
  gtk_tree_model_get (model, &iter, PS_VERSION_POINTER, &version, PS_VERSION_WHY, &why, -1);
  text = ps_version_text (version);
  return g_strdup_printf ("%s\n%s", text, why);
}

static void
on_version_selected (PsVersionsWindow *self)
{
  const PsVersion *version;
  g_autofree char *text = NULL;

  if (self->filling)
    return;
  version = chosen_version (self);
  if (version != NULL)
    set_shown (&self->shown_id, version->id);
  text = chosen_text (self);
  gtk_label_set_label (self->version_label, text);
  update_buttons (self);
}

/* The list of versions. */

static void
choose_row (GtkTreeView *tree, guint index)
{
  g_autoptr (GtkTreePath) path = gtk_tree_path_new_from_indices ((int)index, -1);

  gtk_tree_view_set_cursor (tree, path, NULL, FALSE);
}

static void
fill_versions (PsVersionsWindow *self, const PsVersionFile *file)
{
  guint choice = 0;
  g_autoptr (GtkListStore) store = ps_version_list_versions (file, self->shown_id, &choice);

  self->filling = TRUE;
  gtk_tree_view_set_model (self->version_tree, GTK_TREE_MODEL (store));
  if (file != NULL)
    choose_row (self->version_tree, choice);
  self->filling = FALSE;
  on_version_selected (self);
}

static void
on_file_selected (PsVersionsWindow *self)
{
  const PsVersionFile *file;
  g_autofree char *name = NULL;
  g_autofree char *folder = NULL;
  g_autofree char *present = NULL;

  if (self->filling)
    return;
  file = chosen_file (self);
  gtk_widget_set_sensitive (self->detail_box, file != NULL);
  if (file != NULL)
    {
      name = ps_view_name (file->path);
      folder = ps_view_folder (file->path);
      present = ps_version_present_text (file, ps_pair_get_config (self->pair)->local_base);
      set_shown (&self->shown_path, file->path);
    }
  gtk_label_set_label (self->name_label, name != NULL ? name : "");
  gtk_label_set_label (self->folder_label, folder != NULL ? folder : "");
  gtk_widget_set_visible (GTK_WIDGET (self->folder_label), folder != NULL && *folder != '\0');
  gtk_label_set_label (self->present_label, present != NULL ? present : "");
  fill_versions (self, file);
}

/* The list of files. */

static void
fill_files (PsVersionsWindow *self)
{
  PsVersionFilter filter = { .text = gtk_entry_get_text (self->search_entry),
                             .deleted = gtk_toggle_button_get_active (self->deleted_check) };
  guint choice = 0;
  g_autofree char *rest = NULL;
  g_autoptr (GtkListStore) store
      = ps_version_list_files (self->files, &filter, self->shown_path, &choice, &rest);

  self->filling = TRUE;
  gtk_tree_view_set_model (self->file_tree, GTK_TREE_MODEL (store));
  if (gtk_tree_model_iter_n_children (GTK_TREE_MODEL (store), NULL) > 0)
    choose_row (self->file_tree, choice);
  self->filling = FALSE;
  gtk_label_set_label (self->more_label, rest != NULL ? rest : "");
  gtk_widget_set_visible (GTK_WIDGET (self->more_label), rest != NULL);
  on_file_selected (self);
}

static void
on_filter_changed (PsVersionsWindow *self)
{
  if (self->files != NULL && !self->filling)
    fill_files (self);
}

/* Calls to the server. */

/* Returns: (transfer full): what cancels the call that begins now. */
static GCancellable *
begin_call (PsVersionsWindow *self, const char *text)
{
  self->cancellable = g_cancellable_new ();
  gtk_label_set_label (self->busy_label, text);
  gtk_spinner_start (self->busy_spinner);
  gtk_widget_show (GTK_WIDGET (self->busy_spinner));
  gtk_widget_show (self->cancel_button);
  update_buttons (self);
  return g_object_ref (self->cancellable);
}

static void
end_call (PsVersionsWindow *self)
{
  g_clear_object (&self->cancellable);
  gtk_label_set_label (self->busy_label, "");
  gtk_spinner_stop (self->busy_spinner);
  gtk_widget_hide (GTK_WIDGET (self->busy_spinner));
  gtk_widget_hide (self->cancel_button);
  update_buttons (self);
}

/* A call failed: says why, unless it was a person who stopped it. */
static void
say_failed (PsVersionsWindow *self, const char *title, const GError *error)
{
  g_autofree char *text = NULL;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  text = g_strdup_printf ("%s\n%s", title, error->message);
  say (self, GTK_MESSAGE_ERROR, text);
}

static void
show_note (PsVersionsWindow *self, const char *icon, const char *title, const char *text)
{
  gtk_image_set_from_icon_name (self->note_image, icon, GTK_ICON_SIZE_DIALOG);
  gtk_label_set_label (self->note_title, title);
  gtk_label_set_label (self->note_text, text);
  gtk_stack_set_visible_child (self->stack, self->note_page);
}

static const PsVersionFile *
find_file (PsVersionsWindow *self, const char *path)
{
  for (guint i = 0; i < self->files->len; i++)
    if (g_str_equal (((PsVersionFile *)self->files->pdata[i])->path, path))
      return self->files->pdata[i];
  return NULL;
}

/* A person came here by way of a file: it is shown whatever was looked for before. A folder is
 * looked for; of what has no version that is said. */
static void
turn_to_wanted (PsVersionsWindow *self)
{
  g_autofree char *name = ps_view_path (self->shown_path);
  g_autofree char *below = g_strconcat (self->shown_path, "/", NULL);
  g_autofree char *text = NULL;
  gboolean is_folder = FALSE;

  for (guint i = 0; i < self->files->len; i++)
    is_folder
        = is_folder || g_str_has_prefix (((PsVersionFile *)self->files->pdata[i])->path, below);
  self->filling = TRUE;
  gtk_toggle_button_set_active (self->deleted_check, FALSE);
  gtk_entry_set_text (self->search_entry, is_folder ? name : "");
  self->filling = FALSE;
  if (is_folder || find_file (self, self->shown_path) != NULL)
    return;
  text = g_strdup_printf (_ ("The server keeps no earlier version of “%s”."), name);
  say (self, GTK_MESSAGE_INFO, text);
}

static void
show_files (PsVersionsWindow *self, GPtrArray *files /* (transfer full) */)
{
  /* The rows point into what they were made from. */
  self->filling = TRUE;
  gtk_tree_view_set_model (self->file_tree, NULL);
  gtk_tree_view_set_model (self->version_tree, NULL);
  self->filling = FALSE;
  g_clear_pointer (&self->files, g_ptr_array_unref);
  self->files = files;
  if (files->len == 0)
    {
      gtk_widget_hide (self->again_button);
      show_note (self, "document-open-recent-symbolic", _ ("There are no earlier versions yet"),
                 _ ("When a file is changed or deleted, the server keeps what it was before."));
      return;
    }
  if (self->wanted)
    turn_to_wanted (self);
  self->wanted = FALSE;
  fill_files (self);
  if (gtk_stack_get_visible_child (self->stack) != self->list_page)
    {
      gtk_stack_set_visible_child (self->stack, self->list_page);
      gtk_widget_grab_focus (GTK_WIDGET (self->file_tree));
    }
}

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PsVersionsWindow) self = user_data;
  g_autoptr (GError) error = NULL;
  GPtrArray *files = ps_version_source_load_finish (PS_VERSION_SOURCE (source), result, &error);

  if (self->source == NULL)
    {
      g_clear_pointer (&files, g_ptr_array_unref);
      return;
    }
  end_call (self);
  gtk_spinner_stop (self->loading_spinner);
  if (files != NULL)
    show_files (self, files);
  else if (self->files != NULL && self->files->len > 0)
    say_failed (self, _ ("The versions could not be listed."), error);
  else
    {
      gtk_widget_show (self->again_button);
      show_note (self, "dialog-warning-symbolic", _ ("The versions could not be listed."),
                 error->message);
      gtk_widget_grab_focus (self->again_button);
    }
}

static void
load (PsVersionsWindow *self)
{
  g_autoptr (GCancellable) cancellable = begin_call (self, _ ("Asking the server…"));

  self->stale = FALSE;
  if (self->files == NULL || self->files->len == 0)
    {
      gtk_spinner_start (self->loading_spinner);
      gtk_stack_set_visible_child (self->stack, self->loading_page);
    }
  ps_version_source_load_async (self->source, self->shown_path, cancellable, on_loaded,
                                g_object_ref (self));
}

static void
on_refresh (PsVersionsWindow *self)
{
  if (self->cancellable != NULL)
    return;
  say (self, GTK_MESSAGE_INFO, NULL);
  load (self);
}

/* What was restored becomes another version once it is sent. */
static void
reload_if_stale (PsVersionsWindow *self)
{
  if (self->stale && self->cancellable == NULL
      && ps_pair_get_status (self->pair)->kind == PS_STATUS_IDLE)
    load (self);
}

static void
on_event (PsVersionsWindow *self, const PsEvent *event)
{
  if (event->kind == PS_EVENT_ACTION && event->path != NULL
      && g_strcmp0 (event->path, self->shown_path) == 0)
    self->stale = TRUE;
}

static void
on_cancel (PsVersionsWindow *self)
{
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
}

static void
on_message_response (PsVersionsWindow *self)
{
  say (self, GTK_MESSAGE_INFO, NULL);
}

/* Restoring. */

static void
on_restored (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PsVersionsWindow) self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean done = ps_version_source_restore_finish (PS_VERSION_SOURCE (source), result, &error);

  if (self->source == NULL)
    return;
  end_call (self);
  if (!done)
    {
      say_failed (self, _ ("The version could not be restored."), error);
      return;
    }
  say (self, GTK_MESSAGE_INFO,
       _ ("The version is back in the folder. What was there before, if anything, is in the "
          "trash."));
  load (self);
}

static void
on_restore (PsVersionsWindow *self)
{
  const PsVersionFile *file = chosen_file (self);
  const PsVersion *version = chosen_version (self);
  g_autoptr (GCancellable) cancellable = NULL;

  if (file == NULL || version == NULL || self->cancellable != NULL)
    return;
  say (self, GTK_MESSAGE_INFO, NULL);
  cancellable = begin_call (self, _ ("Restoring…"));
  ps_version_source_restore_async (self->source, version->id, file->path, cancellable, on_restored,
                                   g_object_ref (self));
}

/* Saving elsewhere. */

static void
on_saved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PsVersionsWindow) self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean done = ps_version_source_save_finish (PS_VERSION_SOURCE (source), result, &error);

  if (self->source == NULL)
    return;
  end_call (self);
  if (done)
    say (self, GTK_MESSAGE_INFO, _ ("The version is saved."));
  else
    say_failed (self, _ ("The version could not be saved."), error);
  reload_if_stale (self);
}

static void
on_save_response (GtkNativeDialog *chooser, int response, PsVersionsWindow *self)
{
  const char *id = g_object_get_data (G_OBJECT (chooser), "id");

  if (response == GTK_RESPONSE_ACCEPT && self->cancellable == NULL)
    {
      g_autoptr (GFile) file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (chooser));
      g_autoptr (GCancellable) cancellable = begin_call (self, _ ("Saving…"));

      ps_version_source_save_async (self->source, id, file, cancellable, on_saved,
                                    g_object_ref (self));
    }
  g_object_unref (chooser);
}

static void
on_save (PsVersionsWindow *self)
{
  const PsVersionFile *file = chosen_file (self);
  const PsVersion *version = chosen_version (self);
  GtkFileChooserNative *chooser;
  g_autofree char *name = NULL;

  if (file == NULL || version == NULL || self->cancellable != NULL)
    return;
  say (self, GTK_MESSAGE_INFO, NULL);
  chooser = gtk_file_chooser_native_new (_ ("Save This Version"), GTK_WINDOW (self),
                                         GTK_FILE_CHOOSER_ACTION_SAVE, NULL, NULL);
  name = ps_version_save_name (file->path, version);
  g_object_set_data_full (G_OBJECT (chooser), "id", g_strdup (version->id), g_free);
  gtk_file_chooser_set_do_overwrite_confirmation (GTK_FILE_CHOOSER (chooser), TRUE);
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (chooser), name);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (chooser), TRUE);
  g_signal_connect_object (chooser, "response", G_CALLBACK (on_save_response), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (chooser));
}

/* The window. */

static gboolean
on_key_press (GtkWidget *widget, GdkEventKey *event)
{
  return ps_keys_search_or_close (widget, event, PS_VERSIONS_WINDOW (widget)->search_entry);
}

static void
ps_versions_window_dispose (GObject *object)
{
  PsVersionsWindow *self = PS_VERSIONS_WINDOW (object);

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  if (self->pair != NULL)
    g_signal_handlers_disconnect_by_data (self->pair, self);
  self->filling = TRUE;
  g_clear_object (&self->source);
  g_clear_object (&self->pair);
  G_OBJECT_CLASS (ps_versions_window_parent_class)->dispose (object);
}

static void
ps_versions_window_finalize (GObject *object)
{
  PsVersionsWindow *self = PS_VERSIONS_WINDOW (object);

  g_clear_pointer (&self->files, g_ptr_array_unref);
  g_free (self->shown_path);
  g_free (self->shown_id);
  G_OBJECT_CLASS (ps_versions_window_parent_class)->finalize (object);
}

#define BIND(name) gtk_widget_class_bind_template_child (widget_class, PsVersionsWindow, name)

static void
bind_children (GtkWidgetClass *widget_class)
{
  BIND (header);
  BIND (refresh_button);
  BIND (message_bar);
  BIND (message_label);
  BIND (stack);
  BIND (loading_page);
  BIND (loading_spinner);
  BIND (note_page);
  BIND (note_image);
  BIND (note_title);
  BIND (note_text);
  BIND (again_button);
  BIND (list_page);
  BIND (search_entry);
  BIND (deleted_check);
  BIND (file_tree);
  BIND (file_selection);
  BIND (more_label);
  BIND (detail_box);
  BIND (name_label);
  BIND (folder_label);
  BIND (version_tree);
  BIND (version_selection);
  BIND (version_label);
  BIND (present_label);
  BIND (busy_spinner);
  BIND (busy_label);
  BIND (restore_button);
  BIND (save_button);
  BIND (cancel_button);
}

static void
ps_versions_window_class_init (PsVersionsWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = ps_versions_window_dispose;
  G_OBJECT_CLASS (klass)->finalize = ps_versions_window_finalize;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/pisync/PiSync/versions-window.ui");
  bind_children (widget_class);
  gtk_widget_class_bind_template_callback (widget_class, on_refresh);
  gtk_widget_class_bind_template_callback (widget_class, on_message_response);
  gtk_widget_class_bind_template_callback (widget_class, on_filter_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_file_selected);
  gtk_widget_class_bind_template_callback (widget_class, on_version_selected);
  gtk_widget_class_bind_template_callback (widget_class, on_restore);
  gtk_widget_class_bind_template_callback (widget_class, on_save);
  gtk_widget_class_bind_template_callback (widget_class, on_cancel);
  gtk_widget_class_bind_template_callback (widget_class, on_key_press);
}

static void
ps_versions_window_init (PsVersionsWindow *self)
{
  self->filling = TRUE;
  gtk_widget_init_template (GTK_WIDGET (self));
  self->filling = FALSE;
}

GtkWidget *
ps_versions_window_new (GtkApplication *app, PsPair *pair, PsPrompts *prompts)
{
  PsVersionsWindow *self = g_object_new (PS_TYPE_VERSIONS_WINDOW, "application", app, NULL);

  self->pair = g_object_ref (pair);
  self->source = ps_version_source_new (pair, prompts, GTK_WINDOW (self));
  gtk_header_bar_set_subtitle (self->header, ps_pair_get_title (pair));
  g_signal_connect_swapped (pair, "event", G_CALLBACK (on_event), self);
  g_signal_connect_swapped (pair, "status-changed", G_CALLBACK (reload_if_stale), self);
  return GTK_WIDGET (self);
}

PsPair *
ps_versions_window_get_pair (PsVersionsWindow *self)
{
  g_return_val_if_fail (PS_IS_VERSIONS_WINDOW (self), NULL);
  return self->pair;
}

void
ps_versions_window_show_file (PsVersionsWindow *self, const char *path)
{
  g_autofree char *original = NULL;

  g_return_if_fail (PS_IS_VERSIONS_WINDOW (self));
  original = ps_conflicts_original (path);
  if (*path != '\0')
    {
      set_shown (&self->shown_path, original != NULL ? original : path);
      g_clear_pointer (&self->shown_id, g_free);
      self->wanted = TRUE;
    }
  if (self->cancellable == NULL)
    on_refresh (self);
  else if (self->files != NULL && self->wanted)
    {
      turn_to_wanted (self);
      fill_files (self);
    }
}
