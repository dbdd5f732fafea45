/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The guards in whole runs: what they hold, for how long, and what an answer lets go. */
#include "fakes/test-util.h"
#include "household.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void
test_mass_delete (void)
{
  SET_UP ("a=1 b=2 c=3 d/e=4");
  ps_test_make_tree (two.a->local, "-a -b -c -d");
  for (guint i = 0; i < 2; i++)
    {
      ps_device_sync (two.a);
      g_assert_cmpuint (ps_device_held (two.a, PS_GUARD_MASS_DELETE), >=, 4);
      g_assert_true (two.a->summary.guard_held);
      g_assert_true (ps_test_exists (two.household->server, "a"));
    }
  ps_device_sync_flags (two.a, PS_SYNC_ALLOW_DELETES);
  g_assert_true (two.a->summary.in_sync);
  g_assert_false (ps_test_exists (two.household->server, "a"));
}

/* Held deletions of a folder that is then renamed stay held, also when so few are left that they
 * would not have been held by themselves. */
static void
test_mass_delete_renamed (void)
{
  g_autoptr (GString) files = g_string_new ("d/keep=1");
  g_autoptr (GString) gone = g_string_new (NULL);
  g_autofree char *from = NULL, *to = NULL;

  for (guint i = 0; i < 25; i++)
    {
      g_string_append_printf (files, " d/f%u=%u", i, i);
      g_string_append_printf (gone, "%s-d/f%u", i > 0 ? " " : "", i);
    }
  SET_UP (files->str);
  ps_test_make_tree (two.a->local, gone->str);
  ps_device_sync (two.a);
  g_assert_cmpuint (ps_device_held (two.a, PS_GUARD_MASS_DELETE), ==, 25);
  from = g_build_filename (two.a->local, "d", NULL);
  to = g_build_filename (two.a->local, "e", NULL);
  g_assert_cmpint (g_rename (from, to), ==, 0);
  ps_test_make_tree (two.a->local, "e/f0=0 e/f1=1 e/f2=2 e/f3=3 e/f4=4 e/f5=5 e/f6=6 e/f7=7");
  ps_device_sync (two.a);
  g_assert_cmpuint (ps_device_held (two.a, PS_GUARD_MASS_DELETE), ==, 17);
  g_assert_true (ps_test_exists (two.household->server, "e/f20"));
}

static void
test_mass_delete_kept (void)
{
  SET_UP ("a=1 b=2 c=3 d/e=4");
  ps_test_make_tree (two.a->local, "-a -b -c -d");
  ps_device_sync (two.a);
  g_assert_true (two.a->summary.guard_held);
  ps_device_sync_flags (two.a, PS_SYNC_KEEP_DELETED);
  g_assert_true (two.a->summary.in_sync);
  ps_two_settle (&two);
  g_assert_true (ps_test_exists (two.a->local, "d/e"));
}

static void
test_unmounted_root (void)
{
  SET_UP ("a=1 b=2 c=3");
  g_autofree char *away = g_strconcat (two.a->local, ".away", NULL);
  g_autofree char *server_away = g_strconcat (two.household->server, ".away", NULL);

  g_assert_cmpint (rename (two.a->local, away), ==, 0);
  g_assert_cmpint (g_mkdir (two.a->local, 0755), ==, 0);
  ps_device_sync_fails (two.a, PS_ENGINE_ERROR_GUARD);
  g_assert_true (ps_test_exists (two.household->server, "a"));
  g_assert_cmpint (rmdir (two.a->local), ==, 0);
  ps_device_sync_fails (two.a, PS_ENGINE_ERROR_GUARD);
  g_assert_cmpint (rename (away, two.a->local), ==, 0);
  ps_device_agree (two.a);

  g_assert_cmpint (rename (two.household->server, server_away), ==, 0);
  g_assert_cmpint (g_mkdir (two.household->server, 0755), ==, 0);
  ps_device_sync_fails (two.b, PS_ENGINE_ERROR_GUARD);
  g_assert_true (ps_test_exists (two.b->local, "a"));
  g_assert_false (ps_test_exists (two.household->server, ".pisync"));
}

/* The server is put back to what it was before a change, which the next run sees. */
static void
restore_server (PsTwo *two)
{
  g_autofree char *backup = g_strconcat (two->household->dir, "/backup", NULL);
  const char *const copy[] = { "cp", "-a", two->household->server, backup, NULL };

  ps_test_run_ok (copy);
  ps_test_make_tree (two->a->local, "a=newer new=y -gone");
  ps_device_agree (two->a);
  ps_device_agree (two->a);
  ps_test_remove_tree (two->household->server);
  g_assert_cmpint (rename (backup, two->household->server), ==, 0);
  ps_device_restart (two->a);
  ps_device_sync (two->a);
  g_assert_cmpuint (ps_device_held (two->a, PS_GUARD_RESTORED_SERVER), ==, 1);
  g_assert_true (two->a->summary.guard_held);
  g_assert_true (ps_test_exists (two->a->local, "new"));
  g_assert_true (ps_content_exists (two->a->local, "newer"));
}

static void
test_restored_server (void)
{
  SET_UP ("a=old b=2 c=3 gone=x");

  restore_server (&two);
  ps_device_sync (two.a);
  g_assert_true (two.a->summary.guard_held);
  ps_device_sync_flags (two.a, PS_SYNC_ACCEPT_RESTORED);
  g_assert_true (two.a->summary.in_sync);
  ps_device_agree (two.a);
}

/* That is said once, in whichever run; then everything goes on as ever. */
static void
test_restored_server_accepted (void)
{
  SET_UP ("a=old b=2 c=3 gone=x");

  restore_server (&two);
  ps_device_sync_flags (two.a, PS_SYNC_ACCEPT_RESTORED);
  g_assert_false (two.a->summary.guard_held);
  g_assert_true (two.a->summary.in_sync);
  ps_device_agree (two.a);
  g_assert_true (ps_content_exists (two.household->server, "newer"));
  g_assert_true (ps_test_exists (two.household->server, "new"));
  ps_test_make_tree (two.a->local, "-new");
  ps_device_agree (two.a);
  g_assert_false (ps_test_exists (two.household->server, "new"));
}

static guint64
generation (const PsTwo *two)
{
  g_autofree char *text = ps_test_read (two->household->server, ".pisync/root", NULL);

  return g_ascii_strtoull (strstr (text, "generation=") + strlen ("generation="), NULL, 10);
}

static void
let_time_pass (gpointer data)
{
  ((PsDevice *)data)->ahead += 10 * G_USEC_PER_SEC;
}

/* A backup from the middle of a long pass has the generation that the pass began with. */
static void
test_restored_from_middle (void)
{
  SET_UP ("a=1 b=2 c=3");
  g_autofree char *backup = g_strconcat (two.household->dir, "/backup", NULL);
  g_autofree char *root = g_strconcat (backup, "/.pisync/root", NULL);
  g_autofree char *edit = g_strdup_printf ("s/^generation=.*/generation=%" G_GUINT64_FORMAT "/",
                                           generation (&two) + 1);
  const char *const copy[] = { "cp", "-a", two.household->server, backup, NULL };
  const char *const change[] = { "sed", "-i", edit, root, NULL };

  ps_test_run_ok (copy);
  ps_test_run_ok (change);
  ps_test_make_tree (two.a->local, "late=y");
  two.a->meanwhile = let_time_pass;
  two.a->meanwhile_data = two.a;
  ps_device_agree (two.a);
  ps_test_remove_tree (two.household->server);
  g_assert_cmpint (rename (backup, two.household->server), ==, 0);
  ps_device_restart (two.a);
  ps_device_sync (two.a);
  g_assert_cmpuint (ps_device_held (two.a, PS_GUARD_RESTORED_SERVER), ==, 1);
  g_assert_true (ps_test_exists (two.a->local, "late"));
}

/* Returns: (transfer full): for ps_test_make_tree (): @n files from @first on, each written as
 * @pattern says. */
static char *
many (const char *before, const char *after, guint first, guint n)
{
  GString *tree = g_string_new (NULL);

  for (guint i = first; i < first + n; i++)
    g_string_append_printf (tree, "%s%sf%02u%s", i > first ? " " : "", before, i, after);
  return g_string_free (tree, FALSE);
}

static void
change_many (const char *dir, const char *before, const char *after, guint first, guint n)
{
  g_autofree char *tree = many (before, after, first, n);

  ps_test_make_tree (dir, tree);
}

/* What a person has allowed is what was shown: more than that is asked for. */
static void
test_allowed_as_shown (void)
{
  g_autofree char *tree = many ("", "=text", 0, 80);
  SET_UP (tree);

  change_many (two.a->local, "-", "", 0, 30);
  ps_device_sync (two.a);
  g_assert_cmpuint (ps_device_held (two.a, PS_GUARD_MASS_DELETE), ==, 30);
  change_many (two.a->local, "-", "", 30, 25);
  ps_device_sync_flags (two.a, PS_SYNC_ALLOW_DELETES);
  g_assert_cmpuint (two.a->summary.deleted_remote, ==, 30);
  g_assert_cmpuint (ps_device_held (two.a, PS_GUARD_MASS_DELETE), ==, 25);
  g_assert_true (ps_test_exists (two.household->server, "f30"));
  ps_device_sync_flags (two.a, PS_SYNC_ALLOW_DELETES);
  g_assert_true (two.a->summary.in_sync);
  g_assert_false (ps_test_exists (two.household->server, "f30"));
  change_many (two.a->local, "-", "", 55, 25);
  ps_device_sync (two.a);
  g_assert_cmpuint (ps_device_held (two.a, PS_GUARD_MASS_DELETE), ==, 25);
}

/* An answer outlives the run that could not carry it out, and not the one that did. */
static void
test_allowed_until_done (void)
{
  g_autofree char *tree = many ("", "=text", 0, 60);
  SET_UP (tree);

  change_many (two.a->local, "-", "", 0, 30);
  ps_device_sync (two.a);
  ps_device_sync_cancelled (two.a, PS_SYNC_ALLOW_DELETES, 5);
  ps_device_restart (two.a);
  ps_device_agree (two.a);
  g_assert_false (ps_test_exists (two.household->server, "f29"));
  change_many (two.household->server, "", "=again", 0, 30);
  ps_device_agree (two.a);
  change_many (two.a->local, "-", "", 0, 30);
  ps_device_sync (two.a);
  g_assert_cmpuint (ps_device_held (two.a, PS_GUARD_MASS_DELETE), ==, 30);
}

/* Given once more to what was cut off, an answer still holds for nothing else. */
static void
test_allowed_once_more (void)
{
  const PsSyncFlags both = PS_SYNC_ALLOW_DELETES | PS_SYNC_ALLOW_EMPTIED;
  g_autofree char *tree = many ("", "=text", 0, 60);
  SET_UP (tree);

  change_many (two.a->local, "-", "", 0, 30);
  ps_device_sync (two.a);
  ps_device_sync_cancelled (two.a, both, 5);
  change_many (two.a->local, "", "=", 30, 15);
  ps_device_sync_flags (two.a, both);
  g_assert_false (ps_test_exists (two.household->server, "f29"));
  g_assert_cmpuint (ps_device_held (two.a, PS_GUARD_MASS_EMPTIED), ==, 15);
}

/* Each guard has its own answer. */
static void
test_allowed_apart (void)
{
  g_autofree char *tree = many ("", "=text", 0, 60);
  SET_UP (tree);

  change_many (two.a->local, "-", "", 0, 30);
  change_many (two.a->local, "", "=", 30, 15);
  for (guint i = 0; i < 2; i++)
    {
      ps_device_sync_flags (two.a, i == 0 ? PS_SYNC_DEFAULT : PS_SYNC_ALLOW_DELETES);
      g_assert_cmpuint (ps_device_held (two.a, PS_GUARD_MASS_DELETE), ==, i == 0 ? 30 : 0);
      g_assert_cmpuint (ps_device_held (two.a, PS_GUARD_MASS_EMPTIED), ==, 15);
    }
  ps_device_sync_flags (two.a, PS_SYNC_KEEP_DELETED);
  g_assert_cmpuint (ps_device_held (two.a, PS_GUARD_MASS_EMPTIED), ==, 15);
  ps_device_sync_flags (two.a, PS_SYNC_ALLOW_EMPTIED);
  g_assert_true (two.a->summary.in_sync);
  ps_test_assert_same_trees (two.a->local, two.household->server);
}

/* As the command line answers: to both guards. What only one of them has shown is allowed. */
static void
test_allowed_together (void)
{
  const PsSyncFlags both = PS_SYNC_ALLOW_DELETES | PS_SYNC_ALLOW_EMPTIED;
  g_autofree char *tree = many ("", "=text", 0, 60);
  SET_UP (tree);

  change_many (two.a->local, "-", "", 0, 30);
  ps_device_sync (two.a);
  change_many (two.a->local, "", "=", 30, 15);
  ps_device_sync_flags (two.a, both);
  g_assert_cmpuint (ps_device_held (two.a, PS_GUARD_MASS_DELETE), ==, 0);
  g_assert_cmpuint (ps_device_held (two.a, PS_GUARD_MASS_EMPTIED), ==, 15);
  ps_device_sync_flags (two.a, both);
  g_assert_true (two.a->summary.in_sync);
  ps_test_assert_same_trees (two.a->local, two.household->server);
}

/* The full versions come back, on whichever side they were lost. */
static void
test_emptied_kept (gconstpointer there)
{
  g_autofree char *tree = many ("", "=text", 0, 60);
  SET_UP (tree);
  const char *dir = there != NULL ? two.household->server : two.a->local;

  change_many (dir, "", "=", 0, 15);
  ps_device_sync (two.a);
  g_assert_cmpuint (ps_device_held (two.a, PS_GUARD_MASS_EMPTIED), ==, 15);
  ps_device_sync_flags (two.a, PS_SYNC_KEEP_EMPTIED);
  g_assert_true (two.a->summary.in_sync);
  g_assert_cmpuint (two.a->summary.conflicts, ==, 0);
  for (guint i = 0; i < 15; i++)
    {
      g_autofree char *name = g_strdup_printf ("f%02u", i);
      g_autofree char *text = ps_test_read (dir, name, NULL);

      g_assert_cmpstr (text, ==, "text");
    }
  ps_two_settle (&two);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/guard/mass-delete", test_mass_delete);
  g_test_add_func ("/engine/guard/mass-delete-renamed", test_mass_delete_renamed);
  g_test_add_func ("/engine/guard/mass-delete-kept", test_mass_delete_kept);
  g_test_add_func ("/engine/guard/unmounted_root__nc2350", test_unmounted_root);
  g_test_add_func ("/engine/guard/restored_server__oc2325", test_restored_server);
  g_test_add_func ("/engine/guard/restored_server-accepted", test_restored_server_accepted);
  g_test_add_func ("/engine/guard/restored_server-from-middle", test_restored_from_middle);
  g_test_add_func ("/engine/guard/allowed/as-shown", test_allowed_as_shown);
  g_test_add_func ("/engine/guard/allowed/until-done", test_allowed_until_done);
  g_test_add_func ("/engine/guard/allowed/once-more", test_allowed_once_more);
  g_test_add_func ("/engine/guard/allowed/apart", test_allowed_apart);
  g_test_add_func ("/engine/guard/allowed/together", test_allowed_together);
  g_test_add_data_func ("/engine/guard/emptied-kept/here", NULL, test_emptied_kept);
  g_test_add_data_func ("/engine/guard/emptied-kept/there", "", test_emptied_kept);
  return g_test_run ();
}
