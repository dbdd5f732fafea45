/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the records of other programs of this kind have hurt people: one test each, named after where
 * it was reported (nc = nextcloud/desktop, rc = rclone …). */
#include "store-test.h"

#include <glib/gstdio.h>
#include <sys/wait.h>
#include <unistd.h>

static void
commit (PsStore *store)
{
  g_autoptr (GError) error = NULL;
  gboolean done = ps_store_commit (store, &error);

  g_assert_no_error (error);
  g_assert_true (done);
}

/* Damaged records do not lock anybody out: the next start goes on by itself, with an empty base,
 * which deletes nothing. */
static void
damaged_base_recovers_by_itself__rc7470 (Base *base, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *file = base_file (base, "base.db");
  g_autofree char *aside = NULL;
  PsStoreTotals totals;

  g_clear_pointer (&base->store, ps_store_free);
  g_assert_true (g_file_set_contents (file, "zeroes and rubbish", -1, NULL));
  base->store = ps_store_open (base->dir, &aside, &error);
  g_assert_no_error (error);
  g_assert_nonnull (aside);
  g_assert_true (ps_store_totals (base->store, &totals, &error));
  g_assert_cmpuint (totals.rows, ==, 0);
  g_assert_null (ps_store_get_value (base->store, "pair-id")); /* so no root guard trips either */
}

/* What was synced before an interruption stays recorded, file by file. */
static void
interrupted_first_sync_keeps_what_is_done__remotely_save960 (Base *base, gconstpointer data)
{
  PsRow row = make_row (1);
  int status;
  pid_t child;

  g_clear_pointer (&base->store, ps_store_free);
  child = fork ();
  if (child == 0)
    {
      PsStore *store = ps_store_open (base->dir, NULL, NULL);

      for (guint i = 0; store != NULL && i < 10; i++)
        {
          g_autofree char *path = g_strdup_printf ("f%u", i);

          put_row (store, path, &row);
          if (i == 6)
            commit (store);
        }
      _exit (0); /* without a commit, without a close */
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  base_reopen (base);
  assert_totals (base->store, 7, 7, 7);
  assert_row (base->store, "f6", &row);
}

/* Many processes at once on one pair: one gets it. */
static void
lock_is_atomic__osync56 (Base *base, gconstpointer data)
{
  guint winners = 0;
  pid_t children[8];
  int gate[2], done[2];
  char byte;

  g_clear_pointer (&base->store, ps_store_free);
  g_assert_no_errno (pipe (gate));
  g_assert_no_errno (pipe (done));
  for (guint i = 0; i < G_N_ELEMENTS (children); i++)
    {
      children[i] = fork ();
      if (children[i] == 0)
        {
          PsStore *store = NULL;

          close (gate[1]);
          if (read (gate[0], &byte, 1) == 0)
            store = ps_store_open (base->dir, NULL, NULL);
          if (write (done[1], store != NULL ? "w" : "l", 1) != 1)
            _exit (2);
          pause (); /* a winner holds it until all have tried */
          _exit (store != NULL);
        }
    }
  close (gate[1]);
  close (gate[0]);
  for (guint i = 0; i < G_N_ELEMENTS (children); i++)
    {
      g_assert_cmpint (read (done[0], &byte, 1), ==, 1);
      winners += byte == 'w';
    }
  g_assert_cmpuint (winners, ==, 1);
  for (guint i = 0; i < G_N_ELEMENTS (children); i++)
    {
      g_assert_no_errno (kill (children[i], SIGKILL));
      g_assert_cmpint (waitpid (children[i], NULL, 0), ==, children[i]);
    }
  close (done[0]);
  close (done[1]);
  base_reopen (base);
}

/* A renamed directory is one move of the records, not a deletion and a creation of all in it. */
static void
renamed_directory_keeps_its_rows__rc5690 (Base *base, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  PsRow row = make_row (3);

  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *path = g_strdup_printf ("photos/%u/%u.jpg", i % 10, i);

      put_row (base->store, path, &row);
    }
  g_assert_true (ps_store_move (base->store, "photos", "pictures", &error));
  g_assert_no_error (error);
  commit (base->store);
  assert_row (base->store, "pictures/9/999.jpg", &row);
  assert_no_row (base->store, "photos/9/999.jpg");
  assert_totals (base->store, 1000, 1000, 1000);
}

/* Names that differ in case or in the way an accent is written are different names. */
static void
names_are_bytes__nc10087 (Base *base, gconstpointer data)
{
  static const char *const names[]
      = { "caf\xc3\xa9", "cafe\xcc\x81", "CAFE\xcc\x81", "caf\xe9", "cafe" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      PsRow row = make_row (i);

      put_row (base->store, names[i], &row);
    }
  base_reopen (base); /* nothing was committed */
  assert_totals (base->store, 0, 0, 0);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      PsRow row = make_row (i);

      put_row (base->store, names[i], &row);
    }
  commit (base->store);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      PsRow row = make_row (i);

      assert_row (base->store, names[i], &row);
    }
}

/* Times are kept to the nanosecond, so that no rounding makes a change. */
static void
times_are_kept_exactly__rc8025 (Base *base, gconstpointer data)
{
  static const int64_t times[] = { 0,
                                   -1,
                                   999999999,
                                   G_GINT64_CONSTANT (1700000000999999999),
                                   G_GINT64_CONSTANT (4294967296) * 1000000000,
                                   INT64_MIN };

  for (guint i = 0; i < G_N_ELEMENTS (times); i++)
    {
      PsRow row = make_row (i);

      row.local.mtime = times[i];
      put_row (base->store, "f", &row);
      assert_row (base->store, "f", &row);
    }
}

#define LESSON(name)                                                                               \
  g_test_add ("/store/lessons/" #name, Base, NULL, base_set_up, name, base_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  LESSON (damaged_base_recovers_by_itself__rc7470);
  LESSON (interrupted_first_sync_keeps_what_is_done__remotely_save960);
  LESSON (lock_is_atomic__osync56);
  LESSON (renamed_directory_keeps_its_rows__rc5690);
  LESSON (names_are_bytes__nc10087);
  LESSON (times_are_kept_exactly__rc8025);
  return g_test_run ();
}
