/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the windows have written and looked at must never make them wait, however slow the disk. */
#include "app/autostart.h"
#include "app/folder-check.h"
#include "app/save.h"
#include "app/settings.h"
#include "fakes/home.h"
#include "slow-disk.h"

#include <string.h>

/* A disk: what it was told to write, and whether it hangs. */
typedef struct
{
  GMutex lock;
  GCond changed;
  gboolean hangs;   /* (lock) */
  GString *written; /* (lock) */
} Disk;

static Disk disk;

static void
set_up (gpointer fixture, gconstpointer data)
{
  test_home_empty (fixture, data);
  g_mutex_lock (&disk.lock);
  disk.hangs = FALSE;
  g_string_truncate (disk.written, 0);
  g_mutex_unlock (&disk.lock);
}

static void
set_hangs (gboolean hangs)
{
  g_mutex_lock (&disk.lock);
  disk.hangs = hangs;
  g_cond_broadcast (&disk.changed);
  g_mutex_unlock (&disk.lock);
}

static gboolean
write_word (gpointer word, GError **error)
{
  g_mutex_lock (&disk.lock);
  g_string_append_printf (disk.written, "%s ", (const char *)word);
  g_cond_broadcast (&disk.changed);
  while (disk.hangs)
    g_cond_wait (&disk.changed, &disk.lock);
  g_mutex_unlock (&disk.lock);
  if (strcmp (word, "bad") != 0)
    return TRUE;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "full");
  return FALSE;
}

static void
wait_begun (const char *word)
{
  g_mutex_lock (&disk.lock);
  while (strstr (disk.written->str, word) == NULL)
    g_cond_wait (&disk.changed, &disk.lock);
  g_mutex_unlock (&disk.lock);
}

static void
assert_written (const char *words)
{
  g_mutex_lock (&disk.lock);
  g_assert_cmpstr (disk.written->str, ==, words);
  g_mutex_unlock (&disk.lock);
}

static guint told, told_failed;

static void
on_saved (GObject *source, GAsyncResult *result, gpointer unused)
{
  g_autoptr (GError) error = NULL;

  told++;
  if (!ps_save_finish (result, &error))
    {
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
      told_failed++;
    }
}

static void
save (const char *file, const char *word)
{
  ps_save_async (file, write_word, g_strdup (word), g_free, on_saved, NULL);
}

static void
on_all_saved (GObject *source, GAsyncResult *result, gpointer done)
{
  ps_save_wait_finish (result);
  *(gboolean *)done = TRUE;
}

static gboolean
is_true (gpointer flag)
{
  return *(gboolean *)flag;
}

static void
wait_all (void)
{
  gboolean done = FALSE;

  ps_save_wait_async (on_all_saved, &done);
  ps_test_assert_soon (is_true, &done);
}

static gboolean
has_turned (gpointer turns)
{
  return ++*(guint *)turns > 20;
}

static void
test_last_wish (gpointer unused, gconstpointer data)
{
  gboolean done = FALSE;
  guint turns = 0;

  told = 0;
  told_failed = 0;
  wait_all (); /* at once: there is nothing */
  set_hangs (TRUE);
  save ("a", "first");
  wait_begun ("first");
  save ("a", "second");
  save ("a", "third");
  save ("b", "other"); /* does not wait for the first */
  wait_begun ("other");
  ps_save_wait_async (on_all_saved, &done);
  ps_test_assert_soon (has_turned, &turns);
  g_assert_false (done);
  g_assert_cmpuint (told, ==, 0);
  set_hangs (FALSE);
  ps_test_assert_soon (is_true, &done);
  assert_written ("first other third ");
  g_assert_cmpuint (told, ==, 4);
  g_assert_cmpuint (told_failed, ==, 0);
}

/* Whom a later wish stood for is told of its failure too; the next one is tried all the same. */
static void
test_failure (gpointer unused, gconstpointer data)
{
  told = 0;
  told_failed = 0;
  set_hangs (TRUE);
  save ("a", "first");
  wait_begun ("first");
  save ("a", "second");
  save ("a", "bad");
  set_hangs (FALSE);
  wait_all ();
  save ("a", "good");
  wait_all ();
  assert_written ("first bad good ");
  g_assert_cmpuint (told, ==, 4);
  g_assert_cmpuint (told_failed, ==, 2);
}

static void
test_texts (gpointer unused, gconstpointer data)
{
  g_autofree char *file = g_build_filename (g_get_home_dir (), "new", "folder", "file", NULL);
  g_autofree char *text = NULL;

  ps_save_text_async (file, "text\n", NULL, NULL);
  wait_all ();
  g_assert_true (g_file_get_contents (file, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "text\n");
  ps_save_text_async (file, NULL, NULL, NULL);
  ps_save_text_async (file, NULL, NULL, NULL); /* gone is gone */
  wait_all ();
  g_assert_false (g_file_test (file, G_FILE_TEST_EXISTS));
}

/* Files of the application's own. */

static void
on_autostart_set (GObject *source, GAsyncResult *result, gpointer unused)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (ps_autostart_set_finish (result, &error));
  g_assert_no_error (error);
}

static void
set_autostart (gboolean enabled)
{
  ps_autostart_set_async (enabled, on_autostart_set, NULL);
  wait_all ();
}

static void
on_autostart_read (GObject *source, GAsyncResult *result, gpointer data)
{
  *(int *)data = ps_autostart_get_finish (result);
}

static gboolean
is_read (gpointer data)
{
  return *(int *)data >= 0;
}

static gboolean
get_autostart (void)
{
  int enabled = -1;

  ps_autostart_get_async (on_autostart_read, &enabled);
  ps_test_assert_soon (is_read, &enabled);
  return enabled;
}

static void
test_autostart (gpointer unused, gconstpointer data)
{
  g_autofree char *file = g_build_filename (g_get_user_config_dir (), "autostart",
                                            "io.github.pisync.PiSync.desktop", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (get_autostart ());
  set_autostart (TRUE);
  g_assert_true (get_autostart ());
  g_assert_true (g_file_get_contents (file, &text, NULL, &error));
  g_assert_nonnull (strstr (text, " --hidden\n"));
  /* A desktop's own switch is respected. */
  g_assert_true (g_file_set_contents (file, "[Desktop Entry]\nHidden=true\n", -1, &error));
  g_assert_false (get_autostart ());
  set_autostart (FALSE);
  set_autostart (FALSE);
  g_assert_false (g_file_test (file, G_FILE_TEST_EXISTS));
}

static void
test_settings (gpointer unused, gconstpointer data)
{
  g_autoptr (PsSettings) settings = ps_settings_new (NULL);
  g_autoptr (PsSettings) again = NULL;

  g_assert_true (ps_settings_get (settings, PS_SETTINGS_NOTIFY_CONFLICT));
  ps_settings_set_async (settings, PS_SETTINGS_NOTIFY_CONFLICT, FALSE, NULL, NULL);
  g_assert_false (ps_settings_get (settings, PS_SETTINGS_NOTIFY_CONFLICT));
  wait_all ();
  again = ps_settings_new (NULL);
  g_assert_false (ps_settings_get (again, PS_SETTINGS_NOTIFY_CONFLICT));
  g_assert_true (ps_settings_get (again, PS_SETTINGS_NOTIFY_HELD));
}

/* The folder that is typed. */

static gboolean
is_good (gpointer check)
{
  const char *wrong;

  return ps_folder_check_get (check, &wrong);
}

static gboolean
is_wrong (gpointer check)
{
  const char *wrong;

  return !ps_folder_check_get (check, &wrong) && wrong != NULL;
}

static void
test_folder (gpointer unused, gconstpointer data)
{
  g_autoptr (PsFolderCheck) check = ps_folder_check_new ();
  g_autofree char *dir = ps_config_dir ();
  g_autofree char *ini = g_build_filename (dir, "pisync.ini", NULL);
  const char *wrong;

  /* What is wrong with the text alone is known at once. */
  ps_folder_check_set (check, "relative", ini);
  g_assert_true (is_wrong (check));
  ps_folder_check_set (check, "/etc/hostname", ini);
  g_assert_false (ps_folder_check_get (check, &wrong));
  g_assert_null (wrong);
  /* Only the last text counts, whatever is found out about those before. */
  ps_folder_check_set (check, "~/PiSync", ini);
  ps_test_assert_soon (is_good, check);
  ps_folder_check_set (check, "/etc/hostname", ini);
  ps_test_assert_soon (is_wrong, check);
}

/* A network mount whose server does not answer. */
static void
test_folder_hangs (gpointer unused, gconstpointer data)
{
  g_autoptr (PsFolderCheck) check = ps_folder_check_new ();
  g_autofree char *dir = ps_config_dir ();
  g_autofree char *ini = g_build_filename (dir, "pisync.ini", NULL);
  gint64 begun = g_get_monotonic_time ();

  for (guint i = 0; i < 50; i++)
    {
      g_autofree char *text = g_strdup_printf ("~/mount/folder%u", i);

      ps_folder_check_set (check, text, ini);
    }
  g_assert_cmpint (g_get_monotonic_time () - begun, <, G_USEC_PER_SEC);
  /* It is said that it takes long … */
  ps_test_assert_soon (is_wrong, check);
  /* … and another folder can be chosen meanwhile. */
  ps_folder_check_set (check, "~/Elsewhere", ini);
  ps_test_assert_soon (is_good, check);
  g_assert_cmpint (g_get_monotonic_time () - begun, <, 8 * G_USEC_PER_SEC);
}

int
main (int argc, char **argv)
{
  g_autofree char *mount = NULL;

  test_home_make ();
  mount = g_build_filename (g_get_home_dir (), "mount", NULL);
  g_setenv (SLOW_DIR, mount, TRUE);
  g_setenv (SLOW_MS, "10000", TRUE);
  g_test_init (&argc, &argv, NULL);
  disk.written = g_string_new (NULL);
  g_test_add_vtable ("/save/last-wish", 0, NULL, set_up, test_last_wish, NULL);
  g_test_add_vtable ("/save/failure", 0, NULL, set_up, test_failure, NULL);
  g_test_add_vtable ("/save/texts", 0, NULL, set_up, test_texts, NULL);
  test_home_add ("/save/autostart", NULL, test_autostart);
  test_home_add ("/save/settings", NULL, test_settings);
  test_home_add ("/folder-check/looks", NULL, test_folder);
  test_home_add ("/folder-check/hangs", NULL, test_folder_hangs);
  return test_home_remove (g_test_run ());
}
