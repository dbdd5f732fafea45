/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A look that hangs cannot be ended, only left alone: then another one begins beside it, but not
 * with every letter, and not without end. */
#include "app/folder-check.h"

#include "app/setup-check.h"

#include <glib/gi18n.h>

#define SLOW_MS 400 /* then it is said, and another text is looked at beside it */
#define MAX_LOOKS 4

struct _PsFolderCheck
{
  GObject parent_instance;

  char *text;
  char *file;
  gboolean known;
  char *wrong;   /* (nullable) known: a sentence */
  guint serial;  /* of what is typed */
  guint begun;   /* of what was last looked at */
  guint looks;   /* under way */
  guint slow_id; /* a look is under way, and has not been for long */
};

G_DEFINE_FINAL_TYPE (PsFolderCheck, ps_folder_check, G_TYPE_OBJECT)

static guint changed_signal;

typedef struct
{
  char *text;
  char *file;
  guint serial;
} Look;

static void begin (PsFolderCheck *self);

static void
look_free (gpointer data)
{
  Look *look = data;

  g_free (look->text);
  g_free (look->file);
  g_free (look);
}

static void
settle (PsFolderCheck *self, char *wrong)
{
  self->known = TRUE;
  g_free (self->wrong);
  self->wrong = wrong;
}

static void
look_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Look *look = task_data;

  g_task_return_pointer (task, ps_setup_look_local (look->text, look->file), g_free);
}

static void
on_looked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PsFolderCheck) self = user_data;
  const Look *look = g_task_get_task_data (G_TASK (result));
  g_autofree char *wrong = g_task_propagate_pointer (G_TASK (result), NULL);

  self->looks--;
  if (look->serial == self->serial && !self->known)
    {
      g_clear_handle_id (&self->slow_id, g_source_remove);
      settle (self, g_steal_pointer (&wrong));
      g_signal_emit (self, changed_signal, 0);
    }
  else if (!self->known && self->begun != self->serial)
    begin (self);
}

static gboolean
on_slow (gpointer user_data)
{
  PsFolderCheck *self = PS_FOLDER_CHECK (user_data);

  self->slow_id = 0;
  if (self->begun != self->serial)
    begin (self);
  g_signal_emit (self, changed_signal, 0);
  return G_SOURCE_REMOVE;
}

static void
begin (PsFolderCheck *self)
{
  g_autoptr (GTask) task = NULL;
  Look *look;

  if (self->looks >= MAX_LOOKS)
    return;
  look = g_new (Look, 1);
  *look = (Look){ g_strdup (self->text), g_strdup (self->file), self->serial };
  self->begun = self->serial;
  self->looks++;
  g_clear_handle_id (&self->slow_id, g_source_remove);
  self->slow_id = g_timeout_add (SLOW_MS, on_slow, self);
  /* No source object: the worker may drop the last reference. */
  task = g_task_new (NULL, NULL, on_looked, g_object_ref (self));
  g_task_set_source_tag (task, begin);
  g_task_set_task_data (task, look, look_free);
  g_task_run_in_thread (task, look_thread);
}

static void
ps_folder_check_dispose (GObject *object)
{
  PsFolderCheck *self = PS_FOLDER_CHECK (object);

  g_clear_handle_id (&self->slow_id, g_source_remove);
  G_OBJECT_CLASS (ps_folder_check_parent_class)->dispose (object);
}

static void
ps_folder_check_finalize (GObject *object)
{
  PsFolderCheck *self = PS_FOLDER_CHECK (object);

  g_free (self->text);
  g_free (self->file);
  g_free (self->wrong);
  G_OBJECT_CLASS (ps_folder_check_parent_class)->finalize (object);
}

static void
ps_folder_check_class_init (PsFolderCheckClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = ps_folder_check_dispose;
  G_OBJECT_CLASS (klass)->finalize = ps_folder_check_finalize;
  changed_signal = g_signal_new ("changed", PS_TYPE_FOLDER_CHECK, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                 NULL, G_TYPE_NONE, 0);
}

static void
ps_folder_check_init (PsFolderCheck *self)
{
}

PsFolderCheck *
ps_folder_check_new (void)
{
  return g_object_new (PS_TYPE_FOLDER_CHECK, NULL);
}

void
ps_folder_check_set (PsFolderCheck *self, const char *text, const char *file)
{
  char *wrong;

  g_return_if_fail (PS_IS_FOLDER_CHECK (self));
  if (g_strcmp0 (text, self->text) == 0 && g_strcmp0 (file, self->file) == 0)
    return;
  g_free (self->text);
  self->text = g_strdup (text);
  g_free (self->file);
  self->file = g_strdup (file);
  self->serial++;
  wrong = ps_setup_check_local (text);
  settle (self, wrong);
  if (wrong != NULL)
    return;
  self->known = FALSE;
  if (self->slow_id == 0)
    begin (self);
}

gboolean
ps_folder_check_get (PsFolderCheck *self, const char **wrong)
{
  g_return_val_if_fail (PS_IS_FOLDER_CHECK (self), FALSE);
  *wrong = self->wrong;
  if (!self->known && self->slow_id == 0)
    *wrong = _ ("Looking at this folder…");
  return self->known && self->wrong == NULL;
}
