/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The look through the folder is bounded: it is for a list on the screen, and nobody reads the
 * thousandth conflict. It never follows links and never enters .pisync. */
#include "app/conflicts.h"

#include "core/names.h"

#include <string.h>

#define MAX_CONFLICTS 200
#define MAX_DEPTH 64
#define MARK " (conflicted copy from "

struct _PsConflicts
{
  GObject parent_instance;

  char *root;
  GPtrArray *list; /* (element-type PsConflict) */
  guint check_id;  /* a look is due */
  gboolean looking;
  gboolean again; /* something changed while looking */
  GCancellable *cancellable;
};

G_DEFINE_FINAL_TYPE (PsConflicts, ps_conflicts, G_TYPE_OBJECT)

static guint changed_signal;

static void
conflict_free (gpointer data)
{
  PsConflict *conflict = data;

  g_free (conflict->original);
  g_free (conflict->copy);
  g_free (conflict);
}

char *
ps_conflicts_original (const char *copy)
{
  const char *slash = strrchr (copy, '/');
  const char *base = slash != NULL ? slash + 1 : copy;
  /* The last ones: a copy of a conflicted copy has two marks, and a device may have brackets. */
  const char *mark = g_strrstr (base, MARK);
  const char *end = strrchr (base, ')');

  if (!ps_is_conflict_path (copy) || mark == NULL || end == NULL)
    return NULL;
  return g_strdup_printf ("%.*s%s", (int)(mark - copy), copy, end + 1);
}

/* In the worker thread. */

typedef struct
{
  char *root;
  GPtrArray *found; /* (element-type PsConflict) */
} Look;

static void
look_free (gpointer data)
{
  Look *look = data;

  g_free (look->root);
  g_ptr_array_unref (look->found);
  g_free (look);
}

static gboolean
query (const char *root, const char *path, gint64 *size, gint64 *mtime)
{
  g_autofree char *full = g_build_filename (root, path, NULL);
  g_autoptr (GFile) file = g_file_new_for_path (full);
  g_autoptr (GFileInfo) info
      = g_file_query_info (file, G_FILE_ATTRIBUTE_STANDARD_SIZE "," G_FILE_ATTRIBUTE_TIME_MODIFIED,
                           G_FILE_QUERY_INFO_NOFOLLOW_SYMLINKS, NULL, NULL);

  if (info == NULL)
    return FALSE;
  *size = g_file_info_get_size (info);
  *mtime = (gint64)g_file_info_get_attribute_uint64 (info, G_FILE_ATTRIBUTE_TIME_MODIFIED);
  return TRUE;
}

static void
found (Look *look, const char *copy)
{
  g_autofree char *original = ps_conflicts_original (copy);
  PsConflict *conflict;

  if (original == NULL)
    return;
  conflict = g_new0 (PsConflict, 1);
  conflict->original = g_steal_pointer (&original);
  conflict->copy = g_strdup (copy);
  conflict->has_original
      = query (look->root, conflict->original, &conflict->original_size, &conflict->original_mtime);
  if (query (look->root, copy, &conflict->copy_size, &conflict->copy_mtime))
    g_ptr_array_add (look->found, conflict);
  else
    conflict_free (conflict);
}

static void
walk (Look *look, const char *dir, guint depth, GCancellable *cancellable)
{
  g_autofree char *full = g_build_filename (look->root, dir, NULL);
  g_autoptr (GFile) file = g_file_new_for_path (full);
  g_autoptr (GFileEnumerator) names = g_file_enumerate_children (
      file, G_FILE_ATTRIBUTE_STANDARD_NAME "," G_FILE_ATTRIBUTE_STANDARD_TYPE,
      G_FILE_QUERY_INFO_NOFOLLOW_SYMLINKS, cancellable, NULL);
  GFileInfo *info;

  if (names == NULL || depth > MAX_DEPTH)
    return;
  while (look->found->len < MAX_CONFLICTS
         && g_file_enumerator_iterate (names, &info, NULL, cancellable, NULL) && info != NULL)
    {
      const char *name = g_file_info_get_name (info);
      g_autofree char *path = dir[0] != '\0' ? g_build_filename (dir, name, NULL) : g_strdup (name);

      if (g_file_info_get_file_type (info) == G_FILE_TYPE_DIRECTORY)
        {
          if (!g_str_equal (path, ".pisync"))
            walk (look, path, depth + 1, cancellable);
        }
      else
        found (look, path);
    }
}

static int
compare_copies (gconstpointer a, gconstpointer b)
{
  const PsConflict *x = *(PsConflict *const *)a;
  const PsConflict *y = *(PsConflict *const *)b;

  return strcmp (x->copy, y->copy);
}

static void
look_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Look *look = data;

  walk (look, "", 0, cancellable);
  g_ptr_array_sort (look->found, compare_copies);
  g_task_return_boolean (task, TRUE);
}

/* In the main loop. */

static gboolean
same_list (GPtrArray *a, GPtrArray *b)
{
  if (a->len != b->len)
    return FALSE;
  for (guint i = 0; i < a->len; i++)
    {
      const PsConflict *x = a->pdata[i];
      const PsConflict *y = b->pdata[i];

      if (strcmp (x->copy, y->copy) != 0 || x->has_original != y->has_original
          || x->original_mtime != y->original_mtime || x->copy_mtime != y->copy_mtime)
        return FALSE;
    }
  return TRUE;
}

static void
on_looked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PsConflicts *self = PS_CONFLICTS (user_data);
  Look *look = g_task_get_task_data (G_TASK (result));

  self->looking = FALSE;
  if (!g_cancellable_is_cancelled (self->cancellable) && !same_list (self->list, look->found))
    {
      g_ptr_array_unref (self->list);
      self->list = g_ptr_array_ref (look->found);
      g_signal_emit (self, changed_signal, 0);
    }
  if (self->again)
    ps_conflicts_check (self);
  g_object_unref (self);
}

static gboolean
on_check_due (gpointer user_data)
{
  PsConflicts *self = PS_CONFLICTS (user_data);
  g_autoptr (GTask) task = NULL;
  Look *look = NULL;

  self->check_id = 0;
  if (self->looking)
    {
      self->again = TRUE;
      return G_SOURCE_REMOVE;
    }
  self->looking = TRUE;
  self->again = FALSE;
  look = g_new (Look, 1);
  *look = (Look){ g_strdup (self->root), g_ptr_array_new_with_free_func (conflict_free) };
  /* No source object: the worker may drop the last reference. */
  task = g_task_new (NULL, self->cancellable, on_looked, g_object_ref (self));
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, look, look_free);
  g_task_run_in_thread (task, look_thread);
  return G_SOURCE_REMOVE;
}

void
ps_conflicts_check (PsConflicts *self)
{
  g_return_if_fail (PS_IS_CONFLICTS (self));
  if (self->check_id == 0 && !g_cancellable_is_cancelled (self->cancellable))
    self->check_id = g_timeout_add (500, on_check_due, self);
}

void
ps_conflicts_take_event (PsConflicts *self, const PsEvent *event)
{
  g_return_if_fail (PS_IS_CONFLICTS (self));
  if (event->kind != PS_EVENT_ACTION || event->path == NULL)
    return;
  if (g_strcmp0 (event->action, "conflict") == 0 || ps_is_conflict_path (event->path)
      || (event->from != NULL && ps_is_conflict_path (event->from)))
    ps_conflicts_check (self);
}

static void
ps_conflicts_dispose (GObject *object)
{
  PsConflicts *self = PS_CONFLICTS (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->check_id, g_source_remove);
  G_OBJECT_CLASS (ps_conflicts_parent_class)->dispose (object);
}

static void
ps_conflicts_finalize (GObject *object)
{
  PsConflicts *self = PS_CONFLICTS (object);

  g_free (self->root);
  g_ptr_array_unref (self->list);
  g_object_unref (self->cancellable);
  G_OBJECT_CLASS (ps_conflicts_parent_class)->finalize (object);
}

static void
ps_conflicts_class_init (PsConflictsClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = ps_conflicts_dispose;
  G_OBJECT_CLASS (klass)->finalize = ps_conflicts_finalize;
  changed_signal = g_signal_new ("changed", PS_TYPE_CONFLICTS, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                 NULL, G_TYPE_NONE, 0);
}

static void
ps_conflicts_init (PsConflicts *self)
{
  self->list = g_ptr_array_new_with_free_func (conflict_free);
  self->cancellable = g_cancellable_new ();
}

PsConflicts *
ps_conflicts_new (const char *root)
{
  PsConflicts *self = g_object_new (PS_TYPE_CONFLICTS, NULL);

  self->root = g_strdup (root);
  ps_conflicts_check (self);
  return self;
}

GPtrArray *
ps_conflicts_get (PsConflicts *self)
{
  g_return_val_if_fail (PS_IS_CONFLICTS (self), NULL);
  return self->list;
}

/* Keeping one version. */

typedef struct
{
  GFile *original;
  GFile *copy;
  gboolean keep_copy;
} Keep;

static void
keep_free (gpointer data)
{
  Keep *keep = data;

  g_object_unref (keep->original);
  g_object_unref (keep->copy);
  g_free (keep);
}

static void
keep_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Keep *keep = data;
  GError *error = NULL;
  gboolean done = g_file_trash (keep->keep_copy ? keep->original : keep->copy, cancellable, &error);

  if (!done && keep->keep_copy && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    {
      g_clear_error (&error);
      done = TRUE;
    }
  /* Without G_FILE_COPY_OVERWRITE: what a person saved meanwhile under that name stays. */
  if (done && keep->keep_copy)
    done = g_file_move (keep->copy, keep->original, G_FILE_COPY_NOFOLLOW_SYMLINKS, cancellable,
                        NULL, NULL, &error);
  if (done)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static GFile *
file_in (PsConflicts *self, const char *path)
{
  g_autofree char *full = g_build_filename (self->root, path, NULL);

  return g_file_new_for_path (full);
}

void
ps_conflicts_keep_async (PsConflicts *self, const PsConflict *conflict, gboolean copy,
                         GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  Keep *keep = NULL;

  g_return_if_fail (PS_IS_CONFLICTS (self));
  keep = g_new (Keep, 1);
  *keep = (Keep){ file_in (self, conflict->original), file_in (self, conflict->copy), copy };
  task = g_task_new (NULL, NULL, callback, user_data);
  g_task_set_source_tag (task, ps_conflicts_keep_async);
  g_task_set_task_data (task, keep, keep_free);
  g_task_run_in_thread (task, keep_thread);
}

gboolean
ps_conflicts_keep_finish (PsConflicts *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (PS_IS_CONFLICTS (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, NULL), FALSE);
  ps_conflicts_check (self);
  return g_task_propagate_boolean (G_TASK (result), error);
}
