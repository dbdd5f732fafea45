/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many rows: right, and quick. In performance mode (-m perf) 100,000 in 1,000 directories, with
 * limits; a tenth of it else, without, since a busy machine proves nothing. */
#include "store-test.h"

#define FILES 100 /* in each directory */

static guint
n_dirs (void)
{
  return g_test_perf () ? 1000 : 100;
}

static void
report (const char *what, double limit)
{
  double seconds = g_test_timer_elapsed ();

  g_test_message ("%s: %.3f s (limit %.3f)", what, seconds, limit);
  if (g_test_perf ())
    g_assert_cmpfloat (seconds, <, limit);
  g_test_timer_start ();
}

static void
put_all (PsStore *store)
{
  for (guint d = 0; d < n_dirs (); d++)
    for (guint f = 0; f < FILES; f++)
      {
        g_autofree char *path
            = g_strdup_printf ("photos/summer %03u/an ordinary name %04u.jpg", d, f);
        PsRow row = make_row (d * FILES + f);

        /* Sums spread evenly, as real ones do. */
        for (guint i = 0; i < 32; i++)
          row.sha256[i] = (uint8_t)g_test_rand_int_range (0, 256);
        put_row (store, path, &row);
      }
}

static void
list_all (PsStore *store)
{
  g_autoptr (GError) error = NULL;

  for (guint d = 0; d < n_dirs (); d++)
    {
      g_autofree char *dir = g_strdup_printf ("photos/summer %03u", d);
      g_autoptr (GArray) list = ps_store_list (store, dir, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (list->len, ==, FILES);
    }
}

static void
test_large (Base *base, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  guint n_rows = n_dirs () * FILES;

  g_test_timer_start ();
  put_all (base->store);
  g_assert_true (ps_store_commit (base->store, &error));
  report ("all rows put in one commit", 1.5);
  base_reopen (base);
  report ("close and open with its check", 0.5);
  list_all (base->store);
  report ("all directories listed", 0.3);
  assert_totals (base->store, n_rows, n_rows, n_rows);
  report ("totals", 0.003);
  put_all (base->store);
  g_assert_true (ps_store_commit (base->store, &error));
  report ("all rows overwritten", 2.5);
  g_assert_true (ps_store_move (base->store, "photos", "pictures", &error));
  g_assert_true (ps_store_commit (base->store, &error));
  report ("all rows moved", 2.5);
  assert_totals (base->store, n_rows, n_rows, n_rows);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/store/large", Base, NULL, base_set_up, test_large, base_tear_down);
  return g_test_run ();
}
