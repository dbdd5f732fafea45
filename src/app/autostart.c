/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/autostart.h"

#include "app/save.h"
#include "build-config.h"

#define GONE " (deleted)" /* says the kernel */

static char *
entry_file (void)
{
  return g_build_filename (g_get_user_config_dir (), "autostart", PS_APP_ID ".desktop", NULL);
}

/* This very program: what was installed, or what was built and is tried out. */
static char *
program_file (void)
{
  g_autoptr (GError) error = NULL;
  char *file = g_file_read_link ("/proc/self/exe", &error);

  if (file == NULL)
    return g_strdup ("pisync");
  /* An update has put another one in its place. */
  if (g_str_has_suffix (file, GONE))
    file[strlen (file) - strlen (GONE)] = '\0';
  return file;
}

static gboolean
read_entry (void)
{
  g_autofree char *file = entry_file ();
  g_autoptr (GKeyFile) entry = g_key_file_new ();

  if (!g_key_file_load_from_file (entry, file, G_KEY_FILE_NONE, NULL))
    return FALSE;
  /* Desktops switch an entry off by these keys, without removing it. */
  return !g_key_file_get_boolean (entry, G_KEY_FILE_DESKTOP_GROUP, "Hidden", NULL)
         && (!g_key_file_has_key (entry, G_KEY_FILE_DESKTOP_GROUP, "X-GNOME-Autostart-enabled",
                                  NULL)
             || g_key_file_get_boolean (entry, G_KEY_FILE_DESKTOP_GROUP,
                                        "X-GNOME-Autostart-enabled", NULL));
}

static void
read_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  g_task_return_boolean (task, read_entry ());
}

void
ps_autostart_get_async (GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);

  g_task_set_source_tag (task, ps_autostart_get_async);
  g_task_run_in_thread (task, read_thread);
}

gboolean
ps_autostart_get_finish (GAsyncResult *result)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), FALSE);
  return g_task_propagate_boolean (G_TASK (result), NULL);
}

/* Returns: (transfer full): @program as the Exec key wants it: in double quotes where it must be.
 */
static char *
quote_exec (const char *program)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (const char *p = program; *p != '\0'; p++)
    {
      if (strchr ("\"`$\\", *p) != NULL)
        g_string_append_c (text, '\\');
      g_string_append_c (text, *p);
      if (*p == '%')
        g_string_append_c (text, '%');
    }
  if (strpbrk (program, " \t\n\"'\\><~|&;$*?#()`") == NULL)
    return g_strdup (text->str);
  return g_strdup_printf ("\"%s\"", text->str);
}

/* Returns: (transfer full): the entry as a text. */
static char *
entry_text (void)
{
  g_autoptr (GKeyFile) entry = g_key_file_new ();
  g_autofree char *program = program_file ();
  g_autofree char *quoted = quote_exec (program);
  g_autofree char *exec = g_strconcat (quoted, " --hidden", NULL);
  const char *group = G_KEY_FILE_DESKTOP_GROUP;

  g_key_file_set_string (entry, group, G_KEY_FILE_DESKTOP_KEY_TYPE, "Application");
  g_key_file_set_string (entry, group, G_KEY_FILE_DESKTOP_KEY_NAME, "PiSync");
  g_key_file_set_string (entry, group, G_KEY_FILE_DESKTOP_KEY_EXEC, exec);
  g_key_file_set_string (entry, group, G_KEY_FILE_DESKTOP_KEY_ICON, PS_APP_ID);
  g_key_file_set_boolean (entry, group, G_KEY_FILE_DESKTOP_KEY_TERMINAL, FALSE);
  g_key_file_set_boolean (entry, group, "X-GNOME-Autostart-enabled", TRUE);
  return g_key_file_to_data (entry, NULL, NULL);
}

void
ps_autostart_set_async (gboolean enabled, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autofree char *file = entry_file ();
  g_autofree char *text = enabled ? entry_text () : NULL;

  ps_save_text_async (file, text, callback, user_data);
}

gboolean
ps_autostart_set_finish (GAsyncResult *result, GError **error)
{
  return ps_save_finish (result, error);
}
