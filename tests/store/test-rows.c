/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows: what is put comes back, moves take subtrees along, totals always fit. */
#include "store-test.h"

#include <string.h>

#define TEST(path, function) g_test_add (path, Base, NULL, base_set_up, function, base_tear_down)

static void
assert_names (PsStore *store, const char *dir, const char *const *names)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) list = ps_store_list (store, dir, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (list->len, ==, g_strv_length ((char **)names));
  for (guint i = 0; i < list->len; i++)
    g_assert_cmpstr (g_array_index (list, PsStoreEntry, i).name, ==, names[i]);
}

#define assert_list(store, dir, ...)                                                               \
  assert_names (store, dir, (const char *const[]){ __VA_ARGS__, NULL })

static void
move (PsStore *store, const char *from, const char *to)
{
  g_autoptr (GError) error = NULL;
  gboolean done = ps_store_move (store, from, to, &error);

  g_assert_no_error (error);
  g_assert_true (done);
}

static void
commit (PsStore *store)
{
  g_autoptr (GError) error = NULL;
  gboolean done = ps_store_commit (store, &error);

  g_assert_no_error (error);
  g_assert_true (done);
}

static void
test_round_trip (Base *base, gconstpointer data)
{
  PsRow plain = make_row (7);
  PsRow bare = { .local = { .kind = PS_KIND_DIR } };
  PsRow edge = { .local = { .kind = PS_KIND_SYMLINK, .size = G_MAXUINT64, .mtime = G_MININT64 },
                 .remote = { .kind = PS_KIND_FILE, .mtime = G_MAXINT64 } };

  put_row (base->store, "dir/plain", &plain);
  put_row (base->store, "dir", &bare);
  put_row (base->store, "edge", &edge);
  assert_row (base->store, "dir/plain", &plain); /* before the commit too */
  commit (base->store);
  base_reopen (base);
  assert_row (base->store, "dir/plain", &plain);
  assert_row (base->store, "dir", &bare);
  assert_row (base->store, "edge", &edge);
  assert_no_row (base->store, "plain");
  assert_no_row (base->store, "");
  assert_totals (base->store, 3, 1, 2);
}

static void
test_overwrite (Base *base, gconstpointer data)
{
  PsRow first = make_row (1), second = make_row (2);

  second.has_hash = false;
  second.local = (PsEntry){ 0 };
  put_row (base->store, "f", &first);
  assert_totals (base->store, 1, 1, 1);
  put_row (base->store, "f", &second);
  assert_row (base->store, "f", &second);
  assert_totals (base->store, 1, 0, 1);
}

static void
test_remove (Base *base, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  PsRow row = make_row (1);

  put_row (base->store, "d", &row);
  put_row (base->store, "d/f", &row);
  g_assert_true (ps_store_remove (base->store, "d", &error));
  g_assert_true (ps_store_remove (base->store, "not there", &error));
  g_assert_no_error (error);
  assert_no_row (base->store, "d");
  assert_row (base->store, "d/f", &row); /* one row, not a subtree */
  assert_totals (base->store, 1, 1, 1);
}

/* Listing: only that directory, in the order of strcmp, whatever bytes the names are. */
static void
test_list_order (Base *base, gconstpointer data)
{
  static const char *const names[]
      = { "a", "a\nb", "ab", "b", "%", "_", "\xc3\xa9", "\xff\xfe", "Z", "a b" };
  PsRow row = make_row (3);

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_strconcat ("d/", names[i], NULL);

      put_row (base->store, path, &row);
    }
  put_row (base->store, "d2/other", &row);
  put_row (base->store, "top", &row);
  put_row (base->store, "d/a/deeper", &row);
  assert_list (base->store, "d", "%", "Z", "_", "a", "a\nb", "a b", "ab", "b", "\xc3\xa9",
               "\xff\xfe");
  assert_list (base->store, "", "top");
  assert_list (base->store, "d/a", "deeper");
  assert_names (base->store, "nowhere", (const char *const[]){ NULL });
}

static void
test_long_names (Base *base, gconstpointer data)
{
  g_autofree char *name = g_strnfill (255, '\xfe');
  g_autofree char *path = g_strjoin ("/", name, name, name, name, NULL);
  PsRow row = make_row (4);

  put_row (base->store, path, &row);
  assert_row (base->store, path, &row);
  move (base->store, name, "short");
  g_free (path);
  path = g_strjoin ("/", "short", name, name, name, NULL);
  assert_row (base->store, path, &row);
}

/* A subtree moves as it is; neighbours whose names begin alike, or hold wildcards, stay. */
static void
test_move_subtree (Base *base, gconstpointer data)
{
  static const char *const moved[] = { "a", "a/f", "a/b", "a/b/c", "a/b/c/\xff\n", "a/%_" };
  static const char *const still[] = { "ab", "ab/f", "a!", "a!/f", "a0", "a0/f", "A/f", "x/a/f" };
  PsRow row = make_row (5);

  for (gsize i = 0; i < G_N_ELEMENTS (moved); i++)
    put_row (base->store, moved[i], &row);
  for (gsize i = 0; i < G_N_ELEMENTS (still); i++)
    put_row (base->store, still[i], &row);
  move (base->store, "a", "z/long name");
  commit (base->store);
  base_reopen (base);
  for (gsize i = 0; i < G_N_ELEMENTS (moved); i++)
    {
      g_autofree char *now = g_strconcat ("z/long name", moved[i] + 1, NULL);

      assert_row (base->store, now, &row);
      assert_no_row (base->store, moved[i]);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (still); i++)
    assert_row (base->store, still[i], &row);
  assert_list (base->store, "z/long name", "%_", "b", "f");
  assert_totals (base->store, 14, 14, 14);
}

/* Names that would be patterns in a careless query. */
static void
test_move_wildcards (Base *base, gconstpointer data)
{
  PsRow row = make_row (6);

  put_row (base->store, "%/f", &row);
  put_row (base->store, "_/f", &row);
  put_row (base->store, "x/f", &row);
  put_row (base->store, "'/f", &row);
  move (base->store, "%", "p");
  move (base->store, "_", "u");
  move (base->store, "'", "\xff'");
  assert_row (base->store, "p/f", &row);
  assert_row (base->store, "u/f", &row);
  assert_row (base->store, "x/f", &row);
  assert_row (base->store, "\xff'/f", &row);
  assert_totals (base->store, 4, 4, 4);
}

static void
test_move_onto (Base *base, gconstpointer data)
{
  PsRow mine = make_row (8), stale = make_row (9);

  put_row (base->store, "a/f", &mine);
  put_row (base->store, "a", &mine);
  put_row (base->store, "b/f", &stale);
  put_row (base->store, "b/g", &stale);
  put_row (base->store, "b", &stale);
  move (base->store, "a", "b");
  assert_row (base->store, "b", &mine);
  assert_row (base->store, "b/f", &mine);
  assert_row (base->store, "b/g", &stale);
  assert_no_row (base->store, "a");
  assert_totals (base->store, 3, 3, 3);
}

static void
test_move_up_and_cycle (Base *base, gconstpointer data)
{
  PsRow one = make_row (10), two = make_row (11);

  put_row (base->store, "a/b/f", &one);
  move (base->store, "a/b", "a2");
  move (base->store, "a2", "a");
  assert_row (base->store, "a/f", &one);
  put_row (base->store, "b/f", &two);
  move (base->store, "a", ".pisync/park");
  move (base->store, "b", "a");
  move (base->store, ".pisync/park", "b");
  move (base->store, "b", "b");
  assert_row (base->store, "b/f", &one);
  assert_row (base->store, "a/f", &two);
  assert_totals (base->store, 2, 2, 2);
}

static void
assert_found (PsStore *store, const PsRow *row, guint64 size, PsSide side, const char *except,
              const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *found = ps_store_find_content (store, row->sha256, size, side, except, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (found, ==, expected);
}

static void
test_find_content (Base *base, gconstpointer data)
{
  PsRow row = make_row (12), other = make_row (13), local_only = make_row (14);

  local_only.remote = (PsEntry){ 0 };
  put_row (base->store, "d/one", &row);
  put_row (base->store, "top", &local_only);
  assert_found (base->store, &row, row.local.size, PS_SIDE_LOCAL, NULL, "d/one");
  assert_found (base->store, &row, row.local.size, PS_SIDE_REMOTE, "elsewhere", "d/one");
  assert_found (base->store, &row, row.local.size, PS_SIDE_LOCAL, "d/one", NULL);
  assert_found (base->store, &row, row.local.size + 1, PS_SIDE_LOCAL, NULL, NULL);
  assert_found (base->store, &other, other.local.size, PS_SIDE_LOCAL, NULL, NULL);
  assert_found (base->store, &local_only, local_only.local.size, PS_SIDE_LOCAL, NULL, "top");
  assert_found (base->store, &local_only, local_only.local.size, PS_SIDE_REMOTE, NULL, NULL);
  put_row (base->store, "second", &row);
  assert_found (base->store, &row, row.local.size, PS_SIDE_LOCAL, "d/one", "second");
}

static void
test_values (Base *base, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *id = NULL;

  g_assert_null (ps_store_get_value (base->store, "pair-id"));
  g_assert_true (ps_store_set_value (base->store, "pair-id", "old", &error));
  g_assert_true (ps_store_set_value (base->store, "pair-id", "d9\xc3\xa9", &error));
  g_assert_true (ps_store_set_value (base->store, "generation", "12", &error));
  g_assert_true (ps_store_set_value (base->store, "generation", NULL, &error));
  g_assert_no_error (error);
  commit (base->store);
  base_reopen (base);
  id = ps_store_get_value (base->store, "pair-id");
  g_assert_cmpstr (id, ==, "d9\xc3\xa9");
  g_assert_null (ps_store_get_value (base->store, "generation"));
}

static void
test_signatures (Base *base, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) wanted = g_bytes_new_static ("signature\0of wanted", 19);
  g_autoptr (GBytes) unwanted = g_bytes_new_static ("", 0);
  PsRow row = make_row (15), gone = make_row (16);

  g_assert_null (ps_store_get_signature (base->store, row.sha256));
  g_assert_true (ps_store_put_signature (base->store, row.sha256, unwanted, &error));
  g_assert_true (ps_store_put_signature (base->store, row.sha256, wanted, &error));
  g_assert_true (ps_store_put_signature (base->store, gone.sha256, unwanted, &error));
  put_row (base->store, "large", &row);
  g_bytes_unref (unwanted);
  unwanted = ps_store_get_signature (base->store, gone.sha256);
  g_assert_cmpuint (g_bytes_get_size (unwanted), ==, 0);
  g_assert_true (ps_store_sweep_signatures (base->store, &error));
  g_assert_no_error (error);
  g_assert_null (ps_store_get_signature (base->store, gone.sha256));
  g_bytes_unref (unwanted);
  unwanted = ps_store_get_signature (base->store, row.sha256);
  g_assert_true (g_bytes_equal (unwanted, wanted));
  g_assert_cmpuint (ps_store_signatures_size (base->store), ==, 19);
}

/* Only large files on the server are known by their size. */
static void
test_sizes (Base *base, gconstpointer data)
{
  PsRow large = make_row (21), small = make_row (22), local = make_row (23);

  large.remote = (PsEntry){ .kind = PS_KIND_FILE, .size = PS_STORE_SIZE_MIN };
  small.remote = (PsEntry){ .kind = PS_KIND_FILE, .size = PS_STORE_SIZE_MIN - 1 };
  local.remote = (PsEntry){ 0 };
  local.local = (PsEntry){ .kind = PS_KIND_FILE, .size = 2 * PS_STORE_SIZE_MIN };
  put_row (base->store, "large", &large);
  put_row (base->store, "small", &small);
  put_row (base->store, "local", &local);
  g_assert_true (ps_store_has_remote_size (base->store, PS_STORE_SIZE_MIN, "small"));
  g_assert_false (ps_store_has_remote_size (base->store, PS_STORE_SIZE_MIN, "large"));
  g_assert_false (ps_store_has_remote_size (base->store, PS_STORE_SIZE_MIN - 1, ""));
  g_assert_false (ps_store_has_remote_size (base->store, PS_STORE_SIZE_MIN + 1, "small"));
  g_assert_false (ps_store_has_remote_size (base->store, 2 * PS_STORE_SIZE_MIN, "small"));
}

/* What was not committed is not there after the end; a commit with nothing to do is fine. */
static void
test_uncommitted (Base *base, gconstpointer data)
{
  PsRow row = make_row (17);

  commit (base->store);
  put_row (base->store, "kept", &row);
  commit (base->store);
  commit (base->store);
  put_row (base->store, "dropped", &row);
  base_reopen (base);
  assert_row (base->store, "kept", &row);
  assert_no_row (base->store, "dropped");
  assert_totals (base->store, 1, 1, 1);
}

/* A model in memory against the base, over random operations. */
static const char *
random_path (void)
{
  static const char *const paths[]
      = { "a", "a/b", "a/b/c", "a/b/c/d", "ab", "ab/c", "b", "b/a", "%", "%/_", "_", "c/a/b" };

  return paths[g_test_rand_int_range (0, G_N_ELEMENTS (paths))];
}

static gboolean
is_in (const char *path, const char *dir)
{
  gsize length = strlen (dir);

  return strncmp (path, dir, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

static void
model_move (GHashTable *model, const char *from, const char *to)
{
  g_autoptr (GPtrArray) moved = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer path, row;

  g_hash_table_iter_init (&iter, model);
  while (g_hash_table_iter_next (&iter, &path, NULL))
    if (is_in (path, from))
      g_ptr_array_add (moved, path);
  for (guint i = 0; i < moved->len; i++)
    {
      g_assert_true (g_hash_table_steal_extended (model, moved->pdata[i], &path, &row));
      g_hash_table_replace (model, g_strconcat (to, (char *)path + strlen (from), NULL), row);
      g_free (path);
    }
}

static void
random_step (PsStore *store, GHashTable *model)
{
  const char *path = random_path (), *to = random_path ();
  g_autoptr (GError) error = NULL;
  gboolean done = TRUE;

  switch (g_test_rand_int_range (0, 4))
    {
    case 0:
    case 1:
      {
        PsRow row = make_row ((guint)g_test_rand_int_range (0, 1000));

        row.remote.kind = (PsKind)g_test_rand_int_range (0, 4);
        put_row (store, path, &row);
        g_hash_table_replace (model, g_strdup (path), g_memdup2 (&row, sizeof row));
        break;
      }
    case 2:
      done = ps_store_remove (store, path, &error);
      g_hash_table_remove (model, path);
      break;
    default:
      if (is_in (to, path) || is_in (path, to))
        break;
      done = ps_store_move (store, path, to, &error);
      model_move (model, path, to);
    }
  g_assert_no_error (error);
  g_assert_true (done);
}

static void
assert_model (PsStore *store, GHashTable *model)
{
  GHashTableIter iter;
  gpointer path, row;
  guint64 files_remote = 0;

  g_hash_table_iter_init (&iter, model);
  while (g_hash_table_iter_next (&iter, &path, &row))
    {
      assert_row (store, path, row);
      files_remote += ((PsRow *)row)->remote.kind == PS_KIND_FILE;
    }
  assert_totals (store, g_hash_table_size (model), g_hash_table_size (model), files_remote);
}

static void
test_random (Base *base, gconstpointer data)
{
  g_autoptr (GHashTable) model = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  for (guint i = 0; i < 3000; i++)
    {
      random_step (base->store, model);
      if (i % 50 == 0)
        assert_model (base->store, model);
      if (i % 500 == 0)
        {
          commit (base->store);
          base_reopen (base);
        }
    }
  assert_model (base->store, model);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  TEST ("/store/rows/round-trip", test_round_trip);
  TEST ("/store/rows/overwrite", test_overwrite);
  TEST ("/store/rows/remove", test_remove);
  TEST ("/store/rows/list-order", test_list_order);
  TEST ("/store/rows/long-names", test_long_names);
  TEST ("/store/rows/uncommitted", test_uncommitted);
  TEST ("/store/rows/random", test_random);
  TEST ("/store/move/subtree", test_move_subtree);
  TEST ("/store/move/wildcards", test_move_wildcards);
  TEST ("/store/move/onto", test_move_onto);
  TEST ("/store/move/up-and-cycle", test_move_up_and_cycle);
  TEST ("/store/find-content", test_find_content);
  TEST ("/store/values", test_values);
  TEST ("/store/signatures", test_signatures);
  TEST ("/store/sizes", test_sizes);
  return g_test_run ();
}
