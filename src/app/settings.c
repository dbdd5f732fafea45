/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/settings.h"

#include "app/save.h"

#define GROUP "Notifications"

struct _PsSettings
{
  GObject parent_instance;

  char *file;
  GKeyFile *keys;
};

G_DEFINE_FINAL_TYPE (PsSettings, ps_settings, G_TYPE_OBJECT)

static guint changed_signal;

static void
ps_settings_finalize (GObject *object)
{
  PsSettings *self = PS_SETTINGS (object);

  g_free (self->file);
  g_key_file_unref (self->keys);
  G_OBJECT_CLASS (ps_settings_parent_class)->finalize (object);
}

static void
ps_settings_class_init (PsSettingsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ps_settings_finalize;
  changed_signal = g_signal_new ("changed", PS_TYPE_SETTINGS, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                 NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
ps_settings_init (PsSettings *self)
{
  self->keys = g_key_file_new ();
}

PsSettings *
ps_settings_new (const char *file)
{
  PsSettings *self = g_object_new (PS_TYPE_SETTINGS, NULL);
  g_autofree char *dir = ps_config_dir ();
  g_autoptr (GError) error = NULL;

  self->file = file != NULL ? g_strdup (file) : g_build_filename (dir, "desktop.conf", NULL);
  if (!g_key_file_load_from_file (self->keys, self->file, G_KEY_FILE_KEEP_COMMENTS, &error))
    g_debug ("no settings: %s", error->message);
  return self;
}

gboolean
ps_settings_get (PsSettings *self, const char *key)
{
  g_autoptr (GError) error = NULL;
  gboolean value;

  g_return_val_if_fail (PS_IS_SETTINGS (self), TRUE);
  value = g_key_file_get_boolean (self->keys, GROUP, key, &error);
  return error != NULL ? TRUE : value;
}

void
ps_settings_set_async (PsSettings *self, const char *key, gboolean value,
                       GAsyncReadyCallback callback, gpointer user_data)
{
  g_autofree char *text = NULL;

  g_return_if_fail (PS_IS_SETTINGS (self));
  g_key_file_set_boolean (self->keys, GROUP, key, value);
  g_signal_emit (self, changed_signal, 0, key);
  text = g_key_file_to_data (self->keys, NULL, NULL);
  ps_save_text_async (self->file, text, callback, user_data);
}

gboolean
ps_settings_set_finish (GAsyncResult *result, GError **error)
{
  return ps_save_finish (result, error);
}
