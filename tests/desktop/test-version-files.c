/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Versions put together by files, and what is said of them. */
#include "app/version-files.h"
#include "app/version-lists.h"
#include "core/names.h"

#include <glib/gstdio.h>
#include <string.h>

#define NS G_GINT64_CONSTANT (1000000000)
#define COPY "docs/a (conflicted copy from laptop 2026-11-22 140533).txt"

static void
add (GPtrArray *versions, const char *path, gint64 when)
{
  PsVersion *version = g_new0 (PsVersion, 1);

  version->id = g_strdup_printf ("%s~%" G_GINT64_FORMAT, path, when);
  version->path = g_strdup (path);
  version->device = g_strdup ("laptop");
  version->when = when * NS;
  version->entry = (PsEntry){ .kind = PS_KIND_FILE, .size = 5, .mtime = (when - 10) * NS };
  g_ptr_array_add (versions, version);
}

static GPtrArray *
sample_versions (void)
{
  GPtrArray *versions = g_ptr_array_new_with_free_func ((GDestroyNotify)ps_version_free);

  add (versions, COPY, 1500);
  add (versions, "docs/a.txt", 2000);
  add (versions, "docs/a.txt", 1000);
  add (versions, "docs/gone.txt", 3000);
  add (versions, "docs/gone.txt", 500);
  return versions;
}

/* A folder in which docs/a.txt is. */
typedef struct
{
  char *root, *docs, *file;
} Folder;

static void
folder_init (Folder *folder)
{
  folder->root = g_dir_make_tmp ("versions-XXXXXX", NULL);
  folder->docs = g_build_filename (folder->root, "docs", NULL);
  folder->file = g_build_filename (folder->docs, "a.txt", NULL);
  g_assert_cmpint (g_mkdir (folder->docs, 0700), ==, 0);
  g_assert_true (g_file_set_contents (folder->file, "now here", -1, NULL));
}

static void
folder_clear (Folder *folder)
{
  g_unlink (folder->file);
  g_rmdir (folder->docs);
  g_rmdir (folder->root);
  g_free (folder->root);
  g_free (folder->docs);
  g_free (folder->file);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Folder, folder_clear)

static void
test_grouped (void)
{
  g_auto (Folder) folder = { 0 };
  g_autoptr (GPtrArray) files = NULL;
  const PsVersionFile *gone, *kept;

  folder_init (&folder);
  files = ps_version_files_new (sample_versions (), folder.root, NULL);
  g_assert_cmpuint (files->len, ==, 2);
  gone = files->pdata[0];
  kept = files->pdata[1];
  g_assert_cmpstr (gone->path, ==, "docs/gone.txt");
  g_assert_cmpint (gone->presence, ==, PS_PRESENCE_ABSENT);
  g_assert_cmpint (ps_version_file_kept (gone, 0), ==, PS_KEPT_DELETED);
  g_assert_cmpint (ps_version_file_kept (gone, 1), ==, PS_KEPT_REPLACED);
  g_assert_cmpstr (kept->path, ==, "docs/a.txt");
  g_assert_cmpint (kept->presence, ==, PS_PRESENCE_FILE);
  g_assert_cmpuint (kept->size, ==, strlen ("now here"));
  g_assert_cmpuint (kept->versions->len, ==, 3);
  g_assert_cmpint (ps_version_file_kept (kept, 0), ==, PS_KEPT_REPLACED);
  g_assert_cmpint (ps_version_file_kept (kept, 1), ==, PS_KEPT_CONFLICT);
  g_assert_cmpint (ps_version_file_kept (kept, 2), ==, PS_KEPT_REPLACED);
}

/* A loser of a conflict that is newer than the deletion does not hide it. */
static void
test_deleted_behind_a_conflict (void)
{
  GPtrArray *versions = g_ptr_array_new_with_free_func ((GDestroyNotify)ps_version_free);
  g_autoptr (GPtrArray) files = NULL;

  add (versions, COPY, 2500);
  add (versions, "docs/a.txt", 2000);
  files = ps_version_files_new (versions, g_get_tmp_dir (), NULL);
  g_assert_cmpuint (files->len, ==, 1);
  g_assert_cmpint (ps_version_file_kept (files->pdata[0], 0), ==, PS_KEPT_CONFLICT);
  g_assert_cmpint (ps_version_file_kept (files->pdata[0], 1), ==, PS_KEPT_DELETED);
}

/* With the disk away nothing is called deleted. */
static void
test_root_missing (void)
{
  g_autoptr (GPtrArray) files
      = ps_version_files_new (sample_versions (), "/nonexistent/PiSync", NULL);
  const PsVersionFile *file = files->pdata[0];
  g_autofree char *text = ps_version_present_text (file, "/nonexistent/PiSync");

  g_assert_cmpint (file->presence, ==, PS_PRESENCE_UNKNOWN);
  g_assert_cmpint (ps_version_file_kept (file, 0), ==, PS_KEPT_REPLACED);
  g_assert_cmpstr (text, ==, "/nonexistent/PiSync is not there. Is the disk mounted?");
}

/* The name of a version has less room than that of its file. */
static void
test_long_name (void)
{
  GPtrArray *versions = g_ptr_array_new_with_free_func ((GDestroyNotify)ps_version_free);
  g_autoptr (GPtrArray) files = NULL;
  g_autofree char *name = g_strnfill (240, 'n');
  g_autofree char *path = g_strconcat ("docs/", name, ".txt", NULL);
  g_autofree char *made = ps_version_path (path, "laptop", 1000 * NS, 0);
  PsVersion *version = g_new0 (PsVersion, 1);

  version->id = g_strdup (made + strlen (PS_VERSIONS_DIR "/"));
  g_assert_true (ps_version_parse (version->id, &version->path, &version->when, &version->device));
  g_assert_cmpstr (version->path, !=, path);
  g_ptr_array_add (versions, version);
  files = ps_version_files_new (versions, g_get_tmp_dir (), path);
  g_assert_cmpuint (files->len, ==, 1);
  g_assert_cmpstr (((PsVersionFile *)files->pdata[0])->path, ==, path);
  g_assert_cmpint (ps_version_file_kept (files->pdata[0], 0), ==, PS_KEPT_DELETED);
}

static void
test_filter (void)
{
  g_auto (Folder) folder = { 0 };
  g_autoptr (GPtrArray) files = NULL;
  const struct
  {
    PsVersionFilter filter;
    int rows;
    guint choice;
  } cases[] = {
    { { "", FALSE }, 2, 1 }, { { "DOCS", FALSE }, 2, 1 }, { { "a.tx", FALSE }, 1, 0 },
    { { "", TRUE }, 1, 0 },  { { "a.tx", TRUE }, 0, 0 },
  };

  folder_init (&folder);
  files = ps_version_files_new (sample_versions (), folder.root, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      guint choice = 99;
      g_autofree char *rest = NULL;
      g_autoptr (GtkListStore) store
          = ps_version_list_files (files, &cases[i].filter, "docs/a.txt", &choice, &rest);

      g_assert_cmpint (gtk_tree_model_iter_n_children (GTK_TREE_MODEL (store), NULL), ==,
                       cases[i].rows);
      g_assert_cmpuint (choice, ==, cases[i].choice);
      g_assert_true ((rest != NULL) == (cases[i].rows == 0));
    }
}

static void
test_many (void)
{
  GPtrArray *versions = g_ptr_array_new_with_free_func ((GDestroyNotify)ps_version_free);
  g_autoptr (GPtrArray) files = NULL;
  g_autoptr (GtkListStore) store = NULL;
  g_autofree char *rest = NULL;
  PsVersionFilter filter = { "", FALSE };
  guint choice;

  for (int i = 0; i < 1500; i++)
    {
      g_autofree char *path = g_strdup_printf ("file-%04d", i);

      add (versions, path, 1000 + i);
    }
  files = ps_version_files_new (versions, "/nonexistent", NULL);
  store = ps_version_list_files (files, &filter, NULL, &choice, &rest);
  g_assert_cmpint (gtk_tree_model_iter_n_children (GTK_TREE_MODEL (store), NULL), ==, 1000);
  g_assert_cmpstr (rest, ==, "500 more files; type a part of a name to find one.");
}

static void
test_save_name (gconstpointer data)
{
  const char *const *row = data;
  PsVersion version = { .entry = { .mtime = 1700000000 * NS } };
  g_autofree char *name = ps_version_save_name (row[0], &version);

  g_assert_cmpstr (name, ==, row[1]);
}

int
main (int argc, char **argv)
{
  static const char *const names[][2] = {
    { "docs/letter.txt", "letter (2023-11-14 2213).txt" },
    { "Makefile", "Makefile (2023-11-14 2213)" },
    { ".bashrc", ".bashrc (2023-11-14 2213)" },
  };

  g_setenv ("TZ", "UTC", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/version-files/grouped", test_grouped);
  g_test_add_func ("/version-files/deleted-behind-a-conflict", test_deleted_behind_a_conflict);
  g_test_add_func ("/version-files/root-missing", test_root_missing);
  g_test_add_func ("/version-files/long-name", test_long_name);
  g_test_add_func ("/version-files/filter", test_filter);
  g_test_add_func ("/version-files/many", test_many);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_strdup_printf ("/version-files/save-name/%s", names[i][1]);

      g_test_add_data_func (path, names[i], test_save_name);
    }
  return g_test_run ();
}
