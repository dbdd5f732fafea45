/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The desktop's trash: used where somebody will see it, by its published layout, and nowhere else.
 * Each case is a process of its own, since GLib looks for the home only once. */
#include "local-test.h"

#include <glib/gstdio.h>
#include <sys/stat.h>

static char *
home_path (const Folder *folder, const char *path)
{
  return g_build_filename (folder->top, "home", path, NULL);
}

/* A home of our own, as in a desktop session if @desktop. */
static void
set_home (Folder *folder, const char *desktop)
{
  g_autofree char *home = home_path (folder, NULL);

  make_dir (folder, home);
  g_setenv ("HOME", home, TRUE);
  g_unsetenv ("XDG_DATA_HOME");
  g_unsetenv ("DISPLAY");
  g_unsetenv ("WAYLAND_DISPLAY");
  g_setenv ("XDG_CURRENT_DESKTOP", desktop, TRUE);
}

static void
remove_it (Folder *folder, const char *path)
{
  g_autoptr (GError) error = NULL;
  PsEntry entry = look (folder, path);

  assert_done (ps_local_remove (folder->local, path, &entry, &error), error);
  g_assert_false (is_there (folder, path));
}

/* The trash holds @name with @content, and says that it lay at @path. */
static void
assert_trashed (Folder *folder, const char *name, const char *content, const char *path)
{
  g_autofree char *info_name = g_strconcat (name, ".trashinfo", NULL);
  g_autofree char *file
      = g_build_filename (folder->top, "home/.local/share/Trash/files", name, NULL);
  g_autofree char *info
      = g_build_filename (folder->top, "home/.local/share/Trash/info", info_name, NULL);
  g_autoptr (GKeyFile) key_file = g_key_file_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *original = full_path (folder, path);
  g_autofree char *said = NULL, *decoded = NULL, *when = NULL;
  g_autoptr (GDateTime) date = NULL;
  g_autoptr (GTimeZone) zone = g_time_zone_new_local ();

  assert_content (folder, file, content);
  assert_done (g_key_file_load_from_file (key_file, info, G_KEY_FILE_NONE, &error), error);
  said = g_key_file_get_string (key_file, "Trash Info", "Path", &error);
  g_assert_no_error (error);
  decoded = g_uri_unescape_string (said, NULL);
  g_assert_cmpstr (decoded, ==, original);
  when = g_key_file_get_string (key_file, "Trash Info", "DeletionDate", &error);
  date = g_date_time_new_from_iso8601 (when, zone);
  g_assert_nonnull (date);
}

static void
in_desktop (Folder *folder)
{
  set_home (folder, "GNOME");
  make_dir (folder, "d e");
  write_file (folder, "d e/letter.txt", "one");
  remove_it (folder, "d e/letter.txt");
  assert_trashed (folder, "letter.txt", "one", "d e/letter.txt");
  write_file (folder, "letter.txt", "two");
  remove_it (folder, "letter.txt");
  assert_trashed (folder, "letter.txt 2", "two", "letter.txt");
  write_file (folder, "100%\n#?", "odd");
  remove_it (folder, "100%\n#?");
  assert_trashed (folder, "100%\n#?", "odd", "100%\n#?");
  g_assert_cmpuint (count_files (folder, ".pisync"), ==, 0);
}

static void
in_desktop_odd_names (Folder *folder)
{
  g_autofree char *longest = g_strnfill (255, 'n'), *kept = g_strnfill (237, 'n');
  g_autofree char *info = home_path (folder, ".local/share/Trash/info");

  set_home (folder, "GNOME");
  write_file (folder, longest, "long");
  remove_it (folder, longest);
  assert_trashed (folder, kept, "long", longest);
  write_file (folder, "\xff\xfe", "raw");
  remove_it (folder, "\xff\xfe");
  g_assert_cmpuint (count_files (folder, info), ==, 2);
}

/* A replaced file may be wanted back as well. */
static void
in_desktop_replaced (Folder *folder)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *displaced = NULL;
  PsEntry before, placed;

  set_home (folder, "XFCE");
  write_file (folder, "f", "old");
  before = look (folder, "f");
  assert_done (ps_local_place (folder->local, make_temp (folder, "k", "new"), "f", &before, TRUE,
                               &placed, &displaced, &error),
               error);
  assert_trashed (folder, "f", "old", "f");
}

static void
assert_kept_by_us (Folder *folder)
{
  g_autofree char *trash = home_path (folder, ".local");
  g_autofree char *kept = NULL;

  write_file (folder, "f", "text");
  remove_it (folder, "f");
  kept = find_content (folder, ".pisync/trash", "text");
  g_assert_nonnull (kept);
  g_assert_false (g_file_test (trash, G_FILE_TEST_EXISTS));
}

static void
no_desktop (Folder *folder)
{
  set_home (folder, "");
  assert_kept_by_us (folder);
}

/* No desktop now, but a trash that one has made: somebody looks there. */
static void
no_desktop_but_trash (Folder *folder)
{
  g_autofree char *trash = home_path (folder, ".local/share/Trash");

  set_home (folder, "");
  make_dir (folder, trash);
  write_file (folder, "f", "text");
  remove_it (folder, "f");
  assert_trashed (folder, "f", "text", "f");
}

static void
no_home (Folder *folder)
{
  set_home (folder, "GNOME");
  g_setenv ("HOME", "/nonexistent", TRUE);
  assert_kept_by_us (folder);
  g_assert_false (g_file_test ("/nonexistent", G_FILE_TEST_EXISTS));
}

static void
switched_off (Folder *folder)
{
  set_home (folder, "GNOME");
  ps_local_use_desktop_trash (folder->local, FALSE);
  assert_kept_by_us (folder);
}

/* A trash that cannot take it: ours does. */
static void
broken_trash (Folder *folder)
{
  g_autofree char *share = home_path (folder, ".local/share");
  g_autofree char *trash = home_path (folder, ".local/share/Trash");
  g_autofree char *kept = NULL;

  set_home (folder, "GNOME");
  make_dir (folder, share);
  write_file (folder, trash, "a file");
  write_file (folder, "f", "text");
  remove_it (folder, "f");
  kept = find_content (folder, ".pisync/trash", "text");
  g_assert_nonnull (kept);
}

typedef struct
{
  const char *name;
  void (*run) (Folder *folder);
} Case;

/* clang-format off */
static const Case cases[] = {
  { "desktop", in_desktop },
  { "desktop-odd-names", in_desktop_odd_names },
  { "desktop-replaced", in_desktop_replaced },
  { "no-desktop", no_desktop },
  { "no-desktop-but-trash", no_desktop_but_trash },
  { "no-home", no_home },
  { "switched-off", switched_off },
  { "broken-trash", broken_trash },
};
/* clang-format on */

static void
test_case (gconstpointer data)
{
  const Case *trash = data;
  Folder folder = { 0 };

  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
      g_test_trap_assert_passed ();
      return;
    }
  folder_set_up (&folder, NULL);
  ps_local_use_desktop_trash (folder.local, TRUE);
  trash->run (&folder);
  folder_tear_down (&folder, NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  umask (022);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/local/trash/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  return g_test_run ();
}
