/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A folder that was not listed yet has one child without a path, so that it can be opened. */
#include "app/setup-tree.h"

#include <glib/gi18n.h>

enum
{
  COLUMN_NAME,
  COLUMN_PATH, /* NULL: a line that only says something */
  COLUMN_ICON,
  COLUMN_LISTED,
  N_COLUMNS
};

struct _PsSetupTree
{
  GtkTreeView parent_instance;

  GtkTreeStore *store;
  PsServer *server; /* (nullable) */
  GCancellable *cancellable;
};

enum
{
  CHOSEN,
  FAILED,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (PsSetupTree, ps_setup_tree, GTK_TYPE_TREE_VIEW)

/* A call under way and the row it is about. */
typedef struct
{
  PsSetupTree *tree;
  GtkTreeRowReference *row;
  char *path;
} Look;

static void
look_free (Look *look)
{
  g_object_unref (look->tree);
  gtk_tree_row_reference_free (look->row);
  g_free (look->path);
  g_free (look);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Look, look_free)

static Look *
look_new (PsSetupTree *self, GtkTreeIter *iter, const char *path)
{
  g_autoptr (GtkTreePath) place = gtk_tree_model_get_path (GTK_TREE_MODEL (self->store), iter);
  Look *look = g_new0 (Look, 1);

  look->tree = g_object_ref (self);
  look->row = gtk_tree_row_reference_new (GTK_TREE_MODEL (self->store), place);
  look->path = g_strdup (path);
  return look;
}

/* Returns: whether the row is still there. */
static gboolean
look_iter (Look *look, GtkTreeIter *iter)
{
  g_autoptr (GtkTreePath) place = gtk_tree_row_reference_get_path (look->row);

  return place != NULL && gtk_tree_model_get_iter (GTK_TREE_MODEL (look->tree->store), iter, place);
}

static void
add_line (PsSetupTree *self, GtkTreeIter *parent, const char *text)
{
  gtk_tree_store_insert_with_values (self->store, NULL, parent, -1, COLUMN_NAME, text, -1);
}

static void
add_folder (PsSetupTree *self, GtkTreeIter *parent, const char *name, const char *path,
            const char *icon, GtkTreeIter *iter)
{
  gtk_tree_store_insert_with_values (self->store, iter, parent, -1, COLUMN_NAME, name, COLUMN_PATH,
                                     path, COLUMN_ICON, icon, -1);
  add_line (self, iter, _ ("Reading…"));
}

static void
fill (PsSetupTree *self, GtkTreeIter *parent, const char *path, GPtrArray *names)
{
  GtkTreeIter child;

  /* New ones first and the old ones after, or the row would close. */
  for (guint i = 0; i < names->len; i++)
    {
      g_autofree char *below = g_build_filename (path, names->pdata[i], NULL);

      if (*(const char *)names->pdata[i] != '.')
        add_folder (self, parent, names->pdata[i], below, "folder", &child);
    }
  if (gtk_tree_model_iter_n_children (GTK_TREE_MODEL (self->store), parent) == 1)
    add_line (self, parent, _ ("No folders in it"));
  if (gtk_tree_model_iter_children (GTK_TREE_MODEL (self->store), &child, parent))
    gtk_tree_store_remove (self->store, &child);
}

static void
on_listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Look) look = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *real_path = NULL;
  g_autoptr (GPtrArray) names
      = ps_server_list_finish (PS_SERVER (source), result, &real_path, &error);
  PsSetupTree *self = look->tree;
  GtkTreeIter iter;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) || !look_iter (look, &iter))
    return;
  if (names != NULL)
    {
      fill (self, &iter, look->path, names);
      return;
    }
  /* Opening it again tries again. */
  gtk_tree_store_set (self->store, &iter, COLUMN_LISTED, FALSE, -1);
  g_signal_emit (self, signals[FAILED], 0, error->message);
}

static void
list (PsSetupTree *self, GtkTreeIter *iter)
{
  g_autofree char *path = NULL;
  gboolean listed;

  gtk_tree_model_get (GTK_TREE_MODEL (self->store), iter, COLUMN_PATH, &path, COLUMN_LISTED,
                      &listed, -1);
  if (listed || path == NULL || self->server == NULL)
    return;
  gtk_tree_store_set (self->store, iter, COLUMN_LISTED, TRUE, -1);
  ps_server_list_async (self->server, path, self->cancellable, on_listed,
                        look_new (self, iter, path));
}

static void
ps_setup_tree_row_expanded (GtkTreeView *view, GtkTreeIter *iter, GtkTreePath *path)
{
  list (PS_SETUP_TREE (view), iter);
}

static void
on_selection_changed (GtkTreeSelection *selection, PsSetupTree *self)
{
  g_autofree char *path = ps_setup_tree_dup_path (self);

  if (path != NULL)
    g_signal_emit (self, signals[CHOSEN], 0, path);
}

static void
ps_setup_tree_dispose (GObject *object)
{
  PsSetupTree *self = PS_SETUP_TREE (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->server);
  G_OBJECT_CLASS (ps_setup_tree_parent_class)->dispose (object);
}

static void
ps_setup_tree_finalize (GObject *object)
{
  PsSetupTree *self = PS_SETUP_TREE (object);

  g_object_unref (self->cancellable);
  g_object_unref (self->store);
  G_OBJECT_CLASS (ps_setup_tree_parent_class)->finalize (object);
}

static void
ps_setup_tree_class_init (PsSetupTreeClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = ps_setup_tree_dispose;
  G_OBJECT_CLASS (klass)->finalize = ps_setup_tree_finalize;
  GTK_TREE_VIEW_CLASS (klass)->row_expanded = ps_setup_tree_row_expanded;
  signals[CHOSEN] = g_signal_new ("chosen", PS_TYPE_SETUP_TREE, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                  NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[FAILED] = g_signal_new ("failed", PS_TYPE_SETUP_TREE, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                  NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
ps_setup_tree_init (PsSetupTree *self)
{
  GtkTreeViewColumn *column = gtk_tree_view_column_new ();
  GtkCellRenderer *icon = gtk_cell_renderer_pixbuf_new ();
  GtkCellRenderer *text = gtk_cell_renderer_text_new ();

  self->cancellable = g_cancellable_new ();
  self->store
      = gtk_tree_store_new (N_COLUMNS, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_BOOLEAN);
  gtk_tree_view_column_pack_start (column, icon, FALSE);
  gtk_tree_view_column_add_attribute (column, icon, "icon-name", COLUMN_ICON);
  gtk_tree_view_column_pack_start (column, text, TRUE);
  gtk_tree_view_column_add_attribute (column, text, "text", COLUMN_NAME);
  gtk_tree_view_column_set_spacing (column, 6);
  gtk_tree_view_append_column (GTK_TREE_VIEW (self), column);
  gtk_tree_view_set_headers_visible (GTK_TREE_VIEW (self), FALSE);
  gtk_tree_view_set_model (GTK_TREE_VIEW (self), GTK_TREE_MODEL (self->store));
  g_signal_connect (gtk_tree_view_get_selection (GTK_TREE_VIEW (self)), "changed",
                    G_CALLBACK (on_selection_changed), self);
}

/* The first answer also says what the login folder is called. */
static void
on_home_listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PsSetupTree) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *home = NULL;
  g_autofree char *label = NULL;
  g_autoptr (GPtrArray) names = ps_server_list_finish (PS_SERVER (source), result, &home, &error);
  g_autoptr (GtkTreePath) first = gtk_tree_path_new_first ();
  GtkTreeIter iter;

  if (self->server != PS_SERVER (source))
    return;
  if (names == NULL)
    {
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        g_signal_emit (self, signals[FAILED], 0, error->message);
      return;
    }
  /* Translators: %s is the path of the home folder on the server */
  label = g_strdup_printf (_ ("Home folder (%s)"), home);
  add_folder (self, NULL, label, home, "user-home", &iter);
  gtk_tree_store_set (self->store, &iter, COLUMN_LISTED, TRUE, -1);
  fill (self, &iter, home, names);
  gtk_tree_view_expand_row (GTK_TREE_VIEW (self), first, FALSE);
  add_folder (self, NULL, _ ("Whole server"), "/", "drive-harddisk", &iter);
}

void
ps_setup_tree_set_server (PsSetupTree *self, PsServer *server)
{
  g_return_if_fail (PS_IS_SETUP_TREE (self));
  if (self->server == server)
    return;
  g_set_object (&self->server, server);
  gtk_tree_store_clear (self->store);
  ps_server_list_async (server, "", self->cancellable, on_home_listed, g_object_ref (self));
}

char *
ps_setup_tree_dup_path (PsSetupTree *self)
{
  GtkTreeIter iter;
  char *path = NULL;

  g_return_val_if_fail (PS_IS_SETUP_TREE (self), NULL);
  if (gtk_tree_selection_get_selected (gtk_tree_view_get_selection (GTK_TREE_VIEW (self)), NULL,
                                       &iter))
    gtk_tree_model_get (GTK_TREE_MODEL (self->store), &iter, COLUMN_PATH, &path, -1);
  return path;
}

/* Shows the new folder @path in @parent, whose other folders are known. */
static void
add_made (PsSetupTree *self, GtkTreeIter *parent, const char *path)
{
  GtkTreeModel *model = GTK_TREE_MODEL (self->store);
  g_autofree char *name = g_path_get_basename (path);
  g_autoptr (GtkTreePath) place = NULL;
  g_autofree char *first = NULL;
  GtkTreeIter child;
  GtkTreeIter iter;

  add_folder (self, parent, name, path, "folder", &iter);
  gtk_tree_model_iter_children (model, &child, parent);
  gtk_tree_model_get (model, &child, COLUMN_PATH, &first, -1);
  if (first == NULL)
    gtk_tree_store_remove (self->store, &child);
  place = gtk_tree_model_get_path (model, &iter);
  gtk_tree_view_expand_to_path (GTK_TREE_VIEW (self), place);
  gtk_tree_view_set_cursor (GTK_TREE_VIEW (self), place, NULL, FALSE);
}

static void
on_made (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Look) look = user_data;
  g_autoptr (GError) error = NULL;
  PsSetupTree *self = look->tree;
  gboolean listed = FALSE;
  GtkTreeIter parent;

  if (!ps_server_mkdir_finish (PS_SERVER (source), result, &error))
    {
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        g_signal_emit (self, signals[FAILED], 0, error->message);
      return;
    }
  if (!look_iter (look, &parent))
    return;
  gtk_tree_model_get (GTK_TREE_MODEL (self->store), &parent, COLUMN_LISTED, &listed, -1);
  if (listed)
    add_made (self, &parent, look->path);
  else
    g_signal_emit (self, signals[CHOSEN], 0, look->path);
}

void
ps_setup_tree_make_folder (PsSetupTree *self, const char *name)
{
  g_autofree char *parent = ps_setup_tree_dup_path (self);
  g_autofree char *path = NULL;
  GtkTreeIter iter;

  g_return_if_fail (PS_IS_SETUP_TREE (self));
  if (parent == NULL || self->server == NULL)
    return;
  path = g_build_filename (parent, name, NULL);
  gtk_tree_selection_get_selected (gtk_tree_view_get_selection (GTK_TREE_VIEW (self)), NULL, &iter);
  ps_server_mkdir_async (self->server, path, self->cancellable, on_made,
                         look_new (self, &iter, path));
}
