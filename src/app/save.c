/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/save.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>

/* One wish. */
typedef struct
{
  PsSaveFunc func;
  gpointer data;
  GDestroyNotify free; /* (nullable) */
  GPtrArray *tasks;    /* (element-type GTask) who wants to know how it ended */
} Wish;

/* What is under way for one file. */
typedef struct
{
  char *file;
  Wish *now;
  Wish *next; /* (nullable) */
} Line;

static GSList *lines;   /* (element-type Line) */
static GSList *waiting; /* (element-type GTask) for the end of all */

static void begin (Line *line);

static void
wish_free (Wish *wish)
{
  if (wish->free != NULL)
    wish->free (wish->data);
  g_ptr_array_unref (wish->tasks);
  g_free (wish);
}

static void
line_free (Line *line)
{
  lines = g_slist_remove (lines, line);
  g_free (line->file);
  g_free (line);
}

static Line *
find_line (const char *file)
{
  for (GSList *l = lines; l != NULL; l = l->next)
    if (g_str_equal (((Line *)l->data)->file, file))
      return l->data;
  return NULL;
}

static void
tell (const Wish *wish, const GError *error)
{
  for (guint i = 0; i < wish->tasks->len; i++)
    if (error != NULL)
      g_task_return_error (wish->tasks->pdata[i], g_error_copy (error));
    else
      g_task_return_boolean (wish->tasks->pdata[i], TRUE);
}

static void
tell_waiting (void)
{
  g_autoslist (GTask) told = g_steal_pointer (&waiting);

  for (GSList *l = told; l != NULL; l = l->next)
    g_task_return_boolean (l->data, TRUE);
}

static void
on_written (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Line *line = user_data;
  Wish *wish = g_steal_pointer (&line->now);
  g_autoptr (GError) error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error))
    g_message ("%s: %s", line->file, error->message);
  /* First the next one: who is told may wish something more. */
  line->now = g_steal_pointer (&line->next);
  if (line->now != NULL)
    begin (line);
  else
    line_free (line);
  tell (wish, error);
  wish_free (wish);
  if (lines == NULL)
    tell_waiting ();
}

static void
write_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Wish *wish = task_data;
  GError *error = NULL;

  if (wish->func (wish->data, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
begin (Line *line)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_written, line);

  g_task_set_source_tag (task, begin);
  g_task_set_task_data (task, line->now, NULL);
  g_task_run_in_thread (task, write_thread);
}

/* Puts @wish (transfer full) in the place of one that has not been begun. */
static void
replace_next (Line *line, Wish *wish)
{
  if (line->next != NULL)
    {
      g_ptr_array_extend_and_steal (line->next->tasks, g_steal_pointer (&wish->tasks));
      wish->tasks = g_ptr_array_ref (line->next->tasks);
      wish_free (line->next);
    }
  line->next = wish;
}

void
ps_save_async (const char *file, PsSaveFunc func, gpointer data, GDestroyNotify free,
               GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  Line *line = find_line (file);
  Wish *wish = g_new (Wish, 1);

  g_task_set_source_tag (task, ps_save_async);
  *wish = (Wish){ func, data, free, g_ptr_array_new_with_free_func (g_object_unref) };
  g_ptr_array_add (wish->tasks, task);
  if (line != NULL)
    {
      replace_next (line, wish);
      return;
    }
  line = g_new (Line, 1);
  *line = (Line){ g_strdup (file), wish, NULL };
  lines = g_slist_prepend (lines, line);
  begin (line);
}

/* Texts. */

typedef struct
{
  char *file;
  char *text; /* (nullable) */
} Text;

static void
text_free (gpointer data)
{
  Text *self = data;

  g_free (self->file);
  g_free (self->text);
  g_free (self);
}

/* @sentence: (transfer full). */
static gboolean
fail (GError **error, int number, char *sentence)
{
  g_autofree char *message = sentence;

  g_set_error_literal (error, G_IO_ERROR, (int)g_io_error_from_errno (number), message);
  return FALSE;
}

static gboolean
remove_file (const char *file, GError **error)
{
  int saved;

  if (g_unlink (file) == 0 || errno == ENOENT)
    return TRUE;
  saved = errno;
  return fail (error, saved,
               /* Translators: a file, then the reason */
               g_strdup_printf (_ ("%s could not be removed: %s"), file, g_strerror (saved)));
}

static gboolean
make_folder (const char *dir, GError **error)
{
  int saved;

  if (g_mkdir_with_parents (dir, 0700) == 0)
    return TRUE;
  saved = errno;
  return fail (
      error, saved,
      /* Translators: a folder, then the reason */
      g_strdup_printf (_ ("The folder %s could not be made: %s"), dir, g_strerror (saved)));
}

static gboolean
write_text (gpointer data, GError **error)
{
  const Text *self = data;
  g_autofree char *dir = g_path_get_dirname (self->file);

  if (self->text == NULL)
    return remove_file (self->file, error);
  if (!make_folder (dir, error))
    return FALSE;
  return g_file_set_contents (self->file, self->text, -1, error);
}

void
ps_save_text_async (const char *file, const char *text, GAsyncReadyCallback callback,
                    gpointer user_data)
{
  Text *self = g_new (Text, 1);

  *self = (Text){ g_strdup (file), g_strdup (text) };
  ps_save_async (file, write_text, self, text_free, callback, user_data);
}

static gboolean
write_config (gpointer data, GError **error)
{
  return ps_config_save (data, error);
}

void
ps_save_config_async (const PsConfig *config, GAsyncReadyCallback callback, gpointer user_data)
{
  ps_save_async (config->file, write_config, ps_config_copy (config),
                 (GDestroyNotify)ps_config_free, callback, user_data);
}

gboolean
ps_save_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, ps_save_async), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
ps_save_wait_async (GAsyncReadyCallback callback, gpointer user_data)
{
  waiting = g_slist_prepend (waiting, g_task_new (NULL, NULL, callback, user_data));
  g_task_set_source_tag (waiting->data, ps_save_wait_async);
  if (lines == NULL)
    tell_waiting ();
}

void
ps_save_wait_finish (GAsyncResult *result)
{
  g_return_if_fail (g_async_result_is_tagged (result, ps_save_wait_async));
  g_task_propagate_boolean (G_TASK (result), NULL);
}
