/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/log-window.h"

#include "app/keys.h"
#include "app/log-model.h"
#include "app/open.h"

#include <glib/gi18n.h>
#include <string.h>

#define TIME_PADDING 14 /* of log-window.ui, and a little more */

struct _PsLogWindow
{
  GtkApplicationWindow parent_instance;

  PsLogModel *model;
  GtkTreeModel *filter;
  char *needle; /* case-folded text to look for, "" for all */
  int kind;     /* PsLogKind, -1 for all */

  GtkSearchEntry *search_entry;
  GtkComboBox *kind_combo;
  GtkToggleButton *follow_button;
  GtkTreeView *tree;
  GtkTreeViewColumn *time_column;
  GtkCellRenderer *time_cell;
  GtkTreeViewColumn *pair_column;
  GtkTreeViewColumn *text_column;
};

G_DEFINE_FINAL_TYPE (PsLogWindow, ps_log_window, GTK_TYPE_APPLICATION_WINDOW)

static gboolean
is_visible (GtkTreeModel *model, GtkTreeIter *iter, gpointer user_data)
{
  PsLogWindow *self = PS_LOG_WINDOW (user_data);
  g_autofree char *text = NULL;
  g_autofree char *folded = NULL;
  int kind;

  gtk_tree_model_get (model, iter, PS_LOG_COLUMN_KIND, &kind, -1);
  if (self->kind >= 0 && kind != self->kind)
    return FALSE;
  if (self->needle == NULL || self->needle[0] == '\0')
    return TRUE;
  gtk_tree_model_get (model, iter, PS_LOG_COLUMN_TEXT, &text, -1);
  folded = g_utf8_casefold (text != NULL ? text : "", -1);
  return strstr (folded, self->needle) != NULL;
}

/* Date and time are numbers alone, which would change places from right to left. */
static void
show_time (GtkTreeViewColumn *column, GtkCellRenderer *cell, GtkTreeModel *model, GtkTreeIter *iter,
           gpointer unused)
{
  gboolean rtl
      = gtk_widget_get_direction (gtk_tree_view_column_get_tree_view (column)) == GTK_TEXT_DIR_RTL;
  g_autofree char *time = NULL;
  g_autofree char *marked = NULL;

  gtk_tree_model_get (model, iter, PS_LOG_COLUMN_TIME, &time, -1);
  marked = rtl ? g_strconcat ("\342\200\216", time, NULL) : NULL; /* U+200E, left-to-right mark */
  g_object_set (cell, "text", rtl ? marked : time, NULL);
}

static void
scroll_to_end (PsLogWindow *self)
{
  int n = self->filter != NULL ? gtk_tree_model_iter_n_children (self->filter, NULL) : 0;
  g_autoptr (GtkTreePath) path = NULL;

  if (n == 0 || !gtk_toggle_button_get_active (self->follow_button))
    return;
  path = gtk_tree_path_new_from_indices (n - 1, -1);
  gtk_tree_view_scroll_to_cell (self->tree, path, NULL, FALSE, 0, 0);
}

/* A filter that changes row by row under a view takes seconds; a new one, milliseconds. */
static void
set_filter (PsLogWindow *self)
{
  gtk_tree_view_set_model (self->tree, NULL);
  g_clear_object (&self->filter);
  self->filter = gtk_tree_model_filter_new (ps_log_model_get_rows (self->model), NULL);
  gtk_tree_model_filter_set_visible_func (GTK_TREE_MODEL_FILTER (self->filter), is_visible, self,
                                          NULL);
  gtk_tree_view_set_model (self->tree, self->filter);
  scroll_to_end (self);
}

static void
on_filter_changed (PsLogWindow *self)
{
  const char *text = gtk_entry_get_text (GTK_ENTRY (self->search_entry));
  int active = gtk_combo_box_get_active (self->kind_combo);

  g_free (self->needle);
  self->needle = g_utf8_casefold (text, -1);
  self->kind = active - 1;
  if (self->model != NULL)
    set_filter (self);
}

static void
on_follow_toggled (PsLogWindow *self)
{
  scroll_to_end (self);
}

/* The whole of a line that is too long for the window. */
static gboolean
on_query_tooltip (GtkWidget *tree, int x, int y, gboolean keyboard, GtkTooltip *tooltip)
{
  GtkTreeModel *model;
  GtkTreePath *path = NULL;
  GtkTreeIter iter;
  g_autofree char *text = NULL;

  if (!gtk_tree_view_get_tooltip_context (GTK_TREE_VIEW (tree), &x, &y, keyboard, &model, &path,
                                          &iter))
    return FALSE;
  gtk_tree_model_get (model, &iter, PS_LOG_COLUMN_TEXT, &text, -1);
  gtk_tooltip_set_text (tooltip, text);
  gtk_tree_view_set_tooltip_row (GTK_TREE_VIEW (tree), tooltip, path);
  gtk_tree_path_free (path);
  return TRUE;
}

/* Copying and saving. */

typedef struct
{
  GString *text;
  gboolean with_pair; /* as the window shows it */
} Lines;

static void
append_line (GtkTreeModel *model, GtkTreeIter *iter, Lines *lines)
{
  g_autofree char *time = NULL;
  g_autofree char *pair = NULL;
  g_autofree char *text = NULL;

  gtk_tree_model_get (model, iter, PS_LOG_COLUMN_TIME, &time, PS_LOG_COLUMN_PAIR, &pair,
                      PS_LOG_COLUMN_TEXT, &text, -1);
  if (lines->with_pair)
    g_string_append_printf (lines->text, "%s %s: %s\n", time, pair, text);
  else
    g_string_append_printf (lines->text, "%s %s\n", time, text);
}

static void
append_selected (GtkTreeModel *model, GtkTreePath *path, GtkTreeIter *iter, gpointer lines)
{
  append_line (model, iter, lines);
}

static gboolean
append_each (GtkTreeModel *model, GtkTreePath *path, GtkTreeIter *iter, gpointer lines)
{
  append_line (model, iter, lines);
  return FALSE;
}

static void
on_copy (PsLogWindow *self)
{
  GtkTreeSelection *selection = gtk_tree_view_get_selection (self->tree);
  g_autoptr (GString) text = g_string_new (NULL);
  Lines lines = { text, gtk_tree_view_column_get_visible (self->pair_column) };

  if (gtk_tree_selection_count_selected_rows (selection) > 0)
    gtk_tree_selection_selected_foreach (selection, append_selected, &lines);
  else
    gtk_tree_model_foreach (self->filter, append_each, &lines);
  gtk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self), GDK_SELECTION_CLIPBOARD),
                          text->str, (int)text->len);
}

static void
on_saved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PsLogWindow) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!g_file_replace_contents_finish (G_FILE (source), result, NULL, &error))
    ps_open_say (GTK_WINDOW (self), _ ("The log could not be saved"), error->message);
}

static void
on_save_response (GtkNativeDialog *chooser, int response, PsLogWindow *self)
{
  g_autoptr (GString) text = g_string_new (NULL);
  Lines lines = { text, gtk_tree_view_column_get_visible (self->pair_column) };
  g_autoptr (GBytes) bytes = NULL;

  if (response == GTK_RESPONSE_ACCEPT)
    {
      g_autoptr (GFile) file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (chooser));

      gtk_tree_model_foreach (self->filter, append_each, &lines);
      bytes = g_bytes_new (text->str, text->len);
      g_file_replace_contents_bytes_async (file, bytes, NULL, FALSE, G_FILE_CREATE_NONE, NULL,
                                           on_saved, g_object_ref (self));
    }
  g_object_unref (chooser);
}

static void
on_save (PsLogWindow *self)
{
  GtkFileChooserNative *chooser = gtk_file_chooser_native_new (
      _ ("Save the Log"), GTK_WINDOW (self), GTK_FILE_CHOOSER_ACTION_SAVE, NULL, NULL);

  gtk_file_chooser_set_do_overwrite_confirmation (GTK_FILE_CHOOSER (chooser), TRUE);
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (chooser), "pisync-log.txt");
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (chooser), TRUE);
  g_signal_connect_object (chooser, "response", G_CALLBACK (on_save_response), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (chooser));
}

static gboolean
on_key_press (GtkWidget *widget, GdkEventKey *event)
{
  return ps_keys_search_or_close (widget, event, GTK_ENTRY (PS_LOG_WINDOW (widget)->search_entry));
}

/* The columns do not measure what is in them, which would take long: a time and a name of usual
 * length are measured once, in the font of the day. */
static void
ps_log_window_style_updated (GtkWidget *widget)
{
  PsLogWindow *self = PS_LOG_WINDOW (widget);
  g_autoptr (PangoLayout) layout = gtk_widget_create_pango_layout (widget, "0000-00-00 00:00:00");
  int width;

  GTK_WIDGET_CLASS (ps_log_window_parent_class)->style_updated (widget);
  pango_layout_get_pixel_size (layout, &width, NULL);
  gtk_tree_view_column_set_fixed_width (self->time_column, width + 2 * TIME_PADDING);
  gtk_tree_view_column_set_fixed_width (self->pair_column, width * 2 / 3);
}

static void
ps_log_window_dispose (GObject *object)
{
  PsLogWindow *self = PS_LOG_WINDOW (object);

  if (self->model != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->model, self);
      gtk_tree_view_set_model (self->tree, NULL);
      g_clear_object (&self->filter);
    }
  g_clear_object (&self->model);
  G_OBJECT_CLASS (ps_log_window_parent_class)->dispose (object);
}

static void
ps_log_window_finalize (GObject *object)
{
  g_free (PS_LOG_WINDOW (object)->needle);
  G_OBJECT_CLASS (ps_log_window_parent_class)->finalize (object);
}

static void
ps_log_window_class_init (PsLogWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  widget_class->style_updated = ps_log_window_style_updated;
  G_OBJECT_CLASS (klass)->dispose = ps_log_window_dispose;
  G_OBJECT_CLASS (klass)->finalize = ps_log_window_finalize;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/pisync/PiSync/log-window.ui");
  gtk_widget_class_bind_template_child (widget_class, PsLogWindow, search_entry);
  gtk_widget_class_bind_template_child (widget_class, PsLogWindow, kind_combo);
  gtk_widget_class_bind_template_child (widget_class, PsLogWindow, follow_button);
  gtk_widget_class_bind_template_child (widget_class, PsLogWindow, tree);
  gtk_widget_class_bind_template_child (widget_class, PsLogWindow, time_column);
  gtk_widget_class_bind_template_child (widget_class, PsLogWindow, time_cell);
  gtk_widget_class_bind_template_child (widget_class, PsLogWindow, pair_column);
  gtk_widget_class_bind_template_child (widget_class, PsLogWindow, text_column);
  gtk_widget_class_bind_template_callback (widget_class, on_filter_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_follow_toggled);
  gtk_widget_class_bind_template_callback (widget_class, on_copy);
  gtk_widget_class_bind_template_callback (widget_class, on_save);
  gtk_widget_class_bind_template_callback (widget_class, on_key_press);
  gtk_widget_class_bind_template_callback (widget_class, on_query_tooltip);
}

static void
ps_log_window_init (PsLogWindow *self)
{
  self->kind = -1;
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_combo_box_set_active (self->kind_combo, 0);
  gtk_tree_view_column_set_cell_data_func (self->time_column, self->time_cell, show_time, NULL,
                                           NULL);
}

/* Several pairs are told apart from now on; their lines stay when they go. */
static void
on_pairs_changed (PsLogWindow *self, guint position, guint removed, guint added, PsPairs *pairs)
{
  if (ps_pairs_get_n (pairs) > 1)
    gtk_tree_view_column_set_visible (self->pair_column, TRUE);
}

GtkWidget *
ps_log_window_new (GtkApplication *app, PsPairs *pairs)
{
  PsLogWindow *self = g_object_new (PS_TYPE_LOG_WINDOW, "application", app, NULL);

  gtk_tree_view_column_set_visible (self->pair_column, ps_pairs_get_n (pairs) > 1);
  g_signal_connect_object (pairs, "items-changed", G_CALLBACK (on_pairs_changed), self,
                           G_CONNECT_SWAPPED);
  self->model = ps_log_model_new (pairs);
  g_signal_connect_swapped (self->model, "grown", G_CALLBACK (scroll_to_end), self);
  set_filter (self);
  return GTK_WIDGET (self);
}
