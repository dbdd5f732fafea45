/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many files: listing 100,000 of them, placing 2,000 durably. The limits hold only in performance
 * mode (-m perf), which also takes the full numbers. */
#include "local-test.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

#define BATCH 100

static void
report (const char *what, double limit)
{
  double seconds = g_test_timer_elapsed ();

  g_test_message ("%s: %.3f s (limit %.3f)", what, seconds, limit);
  if (g_test_perf ())
    g_assert_cmpfloat (seconds, <, limit);
}

static void
test_list (Folder *folder, gconstpointer data)
{
  guint n_dirs = g_test_perf () ? 1000 : 20, n_files = 0;
  PsLister lister = ps_local_lister (folder->local);

  for (guint d = 0; d < n_dirs; d++)
    {
      g_autofree char *dir = g_strdup_printf ("dir %u", d);

      make_dir (folder, dir);
      for (guint f = 0; f < 100; f++)
        {
          g_autofree char *path = g_strdup_printf ("dir %u/an ordinary name %u.jpg", d, f);

          write_file (folder, path, "");
        }
    }
  g_test_timer_start ();
  for (guint d = 0; d < n_dirs; d++)
    {
      g_autofree char *dir = g_strdup_printf ("dir %u", d);

      lister.klass->request (lister.self, dir);
    }
  for (;;)
    {
      g_autoptr (PsListing) listing = lister.klass->next (lister.self, NULL, NULL);

      if (listing == NULL)
        break;
      n_files += listing->entries->len;
    }
  report ("listing all files", 0.5);
  g_assert_cmpuint (n_files, ==, 100 * n_dirs);
}

static PsLocalTemp *
write_temp (Folder *folder, guint i)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *key = g_strdup_printf ("f%u", i);
  PsLocalTemp *temp = ps_local_temp_new (folder->local, key, FALSE, &error);
  char block[4096];

  g_assert_no_error (error);
  memset (block, (int)i, sizeof block);
  g_assert_cmpint (pwrite (ps_local_temp_peek_fd (temp), block, sizeof block, 0), ==, 4096);
  return temp;
}

static void
place_batch (Folder *folder, guint first, gboolean settle)
{
  g_autoptr (GError) error = NULL;
  PsLocalTemp *temps[BATCH];
  PsEntry absent = { 0 }, placed;

  for (guint i = 0; i < BATCH; i++)
    {
      temps[i] = write_temp (folder, first + i);
      if (settle)
        assert_done (ps_local_temp_settle (temps[i], &new_file, &error), error);
    }
  for (guint i = 0; i < BATCH; i++)
    {
      g_autofree char *path = g_strdup_printf ("f%u", first + i);
      g_autofree char *displaced = NULL;

      assert_done (ps_local_temp_finish (temps[i], &new_file, &error), error);
      assert_done (ps_local_place (folder->local, temps[i], path, &absent, FALSE, &placed,
                                   &displaced, &error),
                   error);
    }
  assert_done (ps_local_sync_dirs (folder->local, &error), error);
}

static void
place_many (Folder *folder, gboolean settle, const char *what)
{
  guint n = g_test_perf () ? 2000 : 2 * BATCH;

  g_test_timer_start ();
  for (guint i = 0; i < n; i += BATCH)
    place_batch (folder, i, settle);
  report (what, 2);
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *path = g_strdup_printf ("f%u", i);

      g_assert_cmpuint (look (folder, path).size, ==, 4096);
    }
  g_assert_cmpuint (count_files (folder, ".pisync"), ==, 0);
}

static void
test_place_settled (Folder *folder, gconstpointer data)
{
  place_many (folder, TRUE, "placing small files, settled in batches");
}

static void
test_place_single (Folder *folder, gconstpointer data)
{
  place_many (folder, FALSE, "placing small files, made durable one by one");
}

/* A kernel whose syncfs cannot be trusted. */
static void
test_place_no_syncfs (Folder *folder, gconstpointer data)
{
  folder->local->sync_whole = false;
  place_many (folder, TRUE, "placing small files, settled, without syncfs");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  umask (022);
  add_test_variants ("/local/large/list", test_list);
  add_test ("/local/large/place-settled", test_place_settled);
  add_test ("/local/large/place-single", test_place_single);
  add_test ("/local/large/place-no-syncfs", test_place_no_syncfs);
  return g_test_run ();
}
