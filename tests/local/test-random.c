/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random operations against a model in memory: after every one the folder holds what the model
 * says, refusals included, and the lister sees just that. */
#include "local-test.h"

#include <sys/stat.h>

#define STEPS 500

static const PsEntry absent = { 0 };

/* (element-type utf8 utf8) path → content of a file, NULL content: a directory. */
typedef GHashTable Model;

static const char *
random_path (void)
{
  static const char *const paths[]
      = { "a", "b", "a/a", "a/b", "b/a", "b/b", "a/a/a", "a/a/b", "a/b/\xff", "b/a/x\ny" };

  return paths[g_test_rand_int_range (0, G_N_ELEMENTS (paths))];
}

static gboolean
is_dir (Model *model, const char *path)
{
  gpointer content;

  return *path == '\0'
         || (g_hash_table_lookup_extended (model, path, NULL, &content) && content == NULL);
}

static gboolean
has_children (Model *model, const char *dir)
{
  GHashTableIter iter;
  gpointer path;

  g_hash_table_iter_init (&iter, model);
  while (g_hash_table_iter_next (&iter, &path, NULL))
    if (ps_relpath_below (path, dir))
      return TRUE;
  return FALSE;
}

static gboolean
has_parent (Model *model, const char *path)
{
  g_autofree char *parent = ps_relpath_parent (path);

  return is_dir (model, parent);
}

static void
put (Model *model, const char *path, const char *content)
{
  g_hash_table_replace (model, g_strdup (path), g_strdup (content));
}

static void
try_place (Folder *folder, Model *model, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *content = g_strdup_printf ("content %d", g_test_rand_int ());
  g_autofree char *displaced = NULL;
  gboolean over = g_hash_table_lookup (model, path) != NULL;
  gboolean expected = has_parent (model, path) && (over || !is_dir (model, path));
  PsEntry before = over ? look (folder, path) : absent, placed;
  PsLocalTemp *temp = make_temp (folder, path, content);

  g_assert_cmpint (ps_local_place (folder->local, temp, path, &before, g_test_rand_bit (), &placed,
                                   &displaced, &error),
                   ==, expected);
  g_assert_null (displaced);
  if (expected)
    put (model, path, content);
}

static void
try_mkdir (Folder *folder, Model *model, const char *path)
{
  g_autoptr (GError) error = NULL;
  gboolean expected = has_parent (model, path) && g_hash_table_lookup (model, path) == NULL;
  PsEntry made;

  g_assert_cmpint (ps_local_mkdir (folder->local, path, &made, &error), ==, expected);
  if (expected)
    put (model, path, NULL);
}

static void
try_remove (Folder *folder, Model *model, const char *path)
{
  g_autoptr (GError) error = NULL;
  gboolean expected = g_hash_table_contains (model, path) && !has_children (model, path);
  PsEntry before = look (folder, path);

  g_assert_cmpint (ps_local_remove (folder->local, path, &before, &error), ==, expected);
  if (expected)
    g_hash_table_remove (model, path);
}

static void
model_move (Model *model, const char *from, const char *to)
{
  g_autoptr (GPtrArray) moved = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer path, content;

  g_hash_table_iter_init (&iter, model);
  while (g_hash_table_iter_next (&iter, &path, NULL))
    if (strcmp (path, from) == 0 || ps_relpath_below (path, from))
      g_ptr_array_add (moved, path);
  for (guint i = 0; i < moved->len; i++)
    {
      g_assert_true (g_hash_table_steal_extended (model, moved->pdata[i], &path, &content));
      g_hash_table_replace (model, g_strconcat (to, (char *)path + strlen (from), NULL), content);
      g_free (path);
    }
}

static void
try_move (Folder *folder, Model *model, const char *from)
{
  g_autoptr (GError) error = NULL;
  const char *to = random_path ();
  gboolean expected = g_hash_table_contains (model, from) && has_parent (model, to)
                      && !g_hash_table_contains (model, to) && !ps_relpath_below (to, from);
  PsEntry before = look (folder, from), moved;

  if (!ps_entry_present (&before))
    before = new_file;
  g_assert_cmpint (ps_local_move (folder->local, from, to, &before, &moved, &error), ==, expected);
  if (expected)
    model_move (model, from, to);
}

/* Asks for what the model says is there, and for nothing else. */
static void
assert_listed (Folder *folder, Model *model)
{
  PsLister lister = ps_local_lister (folder->local);
  guint n = 0;

  lister.klass->request (lister.self, "");
  for (;;)
    {
      g_autoptr (PsListing) listing = lister.klass->next (lister.self, NULL, NULL);

      if (listing == NULL)
        break;
      for (guint i = 0; i < listing->entries->len; i++)
        {
          const PsDirEntry *found = &g_array_index (listing->entries, PsDirEntry, i);
          g_autofree char *path = ps_relpath_join (listing->dir, found->name);

          g_assert_true (g_hash_table_contains (model, path));
          g_assert_cmpint (found->entry.kind == PS_KIND_DIR, ==, is_dir (model, path));
          if (found->entry.kind == PS_KIND_DIR)
            lister.klass->request (lister.self, path);
          else
            assert_content (folder, path, g_hash_table_lookup (model, path));
          n++;
        }
    }
  g_assert_cmpuint (n, ==, g_hash_table_size (model));
}

static void
test_random (Folder *folder, gconstpointer data)
{
  static void (*const operations[]) (Folder *, Model *, const char *)
      = { try_place, try_place, try_mkdir, try_remove, try_move };
  g_autoptr (GHashTable) model = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < STEPS; i++)
    {
      guint which = (guint)g_test_rand_int_range (0, G_N_ELEMENTS (operations));

      operations[which](folder, model, random_path ());
      assert_listed (folder, model);
    }
  assert_done (ps_local_sync_dirs (folder->local, &error), error);
  g_assert_cmpuint (count_files (folder, ".pisync/tmp"), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  umask (022);
  add_test_variants ("/local/random", test_random);
  return g_test_run ();
}
