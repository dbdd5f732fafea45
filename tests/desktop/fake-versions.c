/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the fake server keeps: always the same files, changed so and so long ago. Beside
 * fake-session.c, which has the other calls of PsServer. */
#include "engine/server.h"

#define MINUTE 60
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define NS_PER_SECOND G_GINT64_CONSTANT (1000000000)

static const struct
{
  const char *path, *device;
  int changed, kept; /* seconds ago */
  guint64 size;
} table[] = {
  { "Budget.ods", "laptop", 3 * DAY, 20 * MINUTE, 22400 },
  { "Budget.ods", "desk", 9 * DAY, 3 * DAY, 21800 },
  { "Budget.ods", "desk", 30 * DAY, 9 * DAY, 18100 },
  { "Budget (conflicted copy from laptop 2026-11-22 140533).ods", "desk", 4 * DAY, 2 * DAY, 22100 },
  { "Letters/old draft.odt", "laptop", 12 * DAY, HOUR, 48000 },
  { "Letters/Insurance 2026.pdf", "desk", 2 * DAY, 4 * HOUR, 118000 },
  { "Photos/2026/Garden/IMG_2030.jpg", "phone", 5 * DAY, DAY, 4300000 },
  { "Recipes/Grandmother’s apple cake.txt", "desk", 40 * DAY, 6 * DAY, 1800 },
};

static PsVersion *
version_new (guint index)
{
  PsVersion *self = g_new0 (PsVersion, 1);
  gint64 now = g_get_real_time () * 1000;

  self->id = g_strdup_printf ("%s~%u", table[index].path, index);
  self->path = g_strdup (table[index].path);
  self->device = g_strdup (table[index].device);
  self->when = now - table[index].kept * NS_PER_SECOND;
  self->entry = (PsEntry){ .kind = PS_KIND_FILE,
                           .size = table[index].size,
                           .mtime = now - table[index].changed * NS_PER_SECOND };
  return self;
}

void
ps_server_versions_async (PsServer *self, const char *path, GCancellable *cancellable,
                          GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_return_boolean (task, TRUE);
}

GPtrArray *
ps_server_versions_finish (PsServer *self, GAsyncResult *result, GError **error)
{
  g_autoptr (GPtrArray) versions = g_ptr_array_new_with_free_func ((GDestroyNotify)ps_version_free);

  if (!g_task_propagate_boolean (G_TASK (result), error))
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    g_ptr_array_add (versions, version_new (i));
  return g_steal_pointer (&versions);
}

void
ps_server_restore_async (PsServer *self, const char *id, const char *path,
                         GCancellable *cancellable, GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_print ("restore %s as %s\n", id, path);
  g_task_return_boolean (task, TRUE);
}

gboolean
ps_server_restore_finish (PsServer *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
ps_server_save_version_async (PsServer *self, const char *id, const char *file,
                              GCancellable *cancellable, GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_print ("save %s as %s\n", id, file);
  g_task_return_boolean (task, TRUE);
}

gboolean
ps_server_save_version_finish (PsServer *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
