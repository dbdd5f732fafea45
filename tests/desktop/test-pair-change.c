/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changing and removing a pair; other folders for it: until it has been ended that can be
 * cancelled, then no more. */
#include "app/pair-change.h"
#include "app/setup-check.h"
#include "fakes/home.h"

#include <stdio.h>

typedef struct
{
  PsPairs *pairs;
  PsPrompts *prompts;
  GCancellable *cancellable;
  char *file;
  GAsyncResult *result; /* (nullable) */
} Fixture;

static void
set_up (Fixture *f, gconstpointer unused)
{
  g_autofree char *dir = NULL;
  g_autoptr (PsConfig) config = NULL;
  g_autoptr (GError) error = NULL;

  test_home_empty (NULL, NULL);
  dir = ps_config_dir ();
  f->file = g_build_filename (dir, "pisync.ini", NULL);
  config = ps_config_new (f->file);
  g_assert_true (ps_setup_set (config, "HOST", "host", "pi"));
  g_assert_true (ps_setup_set (config, "LOCAL CONFIG", "local_base", "~/PiSync"));
  g_assert_true (ps_setup_set (config, "REMOTE CONFIG", "remote_base", "x"));
  g_assert_true (ps_config_save (config, &error));
  g_assert_no_error (error);
  f->pairs = ps_pairs_new ();
  f->prompts = ps_prompts_new ();
  f->cancellable = g_cancellable_new ();
  ps_pairs_add (f->pairs, config);
}

static void
tear_down (Fixture *f, gconstpointer unused)
{
  g_clear_object (&f->result);
  g_object_unref (f->cancellable);
  g_object_unref (f->prompts);
  g_object_unref (f->pairs);
  g_free (f->file);
}

static void
on_changed (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *f = data;

  f->result = g_object_ref (result);
}

static gboolean
is_over (gpointer data)
{
  Fixture *f = data;

  return f->result != NULL;
}

static void
begin (Fixture *f)
{
  PsPairFolders folders = { .local = "~/Elsewhere", .remote = "x" };

  ps_pair_change_folders_async (f->pairs, ps_pairs_get (f->pairs, 0), f->prompts, &folders,
                                f->cancellable, on_changed, f);
}

static gboolean
ends_well (Fixture *f, GError **error)
{
  ps_test_assert_soon (is_over, f);
  return ps_pair_change_folders_finish (f->result, error);
}

/* In the ini and of the one pair. */
static void
assert_folder (Fixture *f, const char *name)
{
  g_autofree char *folder = g_build_filename (g_get_home_dir (), name, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (PsConfig) config = ps_config_load (f->file, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (config->local_base, ==, folder);
  g_assert_cmpuint (ps_pairs_get_n (f->pairs), ==, 1);
  g_assert_cmpstr (ps_pair_get_config (ps_pairs_get (f->pairs, 0))->local_base, ==, folder);
}

static void
test_done (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  begin (f);
  g_assert_true (ends_well (f, &error));
  g_assert_no_error (error);
  assert_folder (f, "Elsewhere");
}

/* The folders are ready, but nobody has been told yet. */
static void
test_cancelled (Fixture *f, gconstpointer unused)
{
  PsPair *pair = ps_pairs_get (f->pairs, 0);
  g_autoptr (GError) error = NULL;

  begin (f);
  g_cancellable_cancel (f->cancellable);
  g_assert_false (ends_well (f, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_true (ps_pairs_get (f->pairs, 0) == pair);
  assert_folder (f, "PiSync");
}

static void
test_cancelled_late (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  g_signal_connect_object (f->pairs, "items-changed", G_CALLBACK (g_cancellable_cancel),
                           f->cancellable, G_CONNECT_SWAPPED);
  begin (f);
  g_assert_true (ends_well (f, &error));
  g_assert_no_error (error);
  g_assert_true (g_cancellable_is_cancelled (f->cancellable));
  assert_folder (f, "Elsewhere");
}

/* Settings and removal. */

/* Begins to set a value; @last: the end of it is waited for. */
static void
change (Fixture *f, const char *group, const char *key, const char *value, gboolean last)
{
  PsPair *pair = ps_pairs_get (f->pairs, 0);
  g_autoptr (PsConfig) config = ps_config_copy (ps_pair_get_wish (pair));

  g_assert_true (ps_setup_set (config, group, key, value));
  ps_pair_change_config_async (f->pairs, pair, g_steal_pointer (&config), last ? on_changed : NULL,
                               f);
}

/* One change after the other, before the first is written: none of them is lost. */
static void
test_config (Fixture *f, gconstpointer unused)
{
  PsPair *pair = ps_pairs_get (f->pairs, 0);
  g_autoptr (GError) error = NULL;
  g_autoptr (PsConfig) config = NULL;

  change (f, "SYNC", "device", "attic", FALSE);
  change (f, "SYNC", "upload_limit", "5", FALSE);
  change (f, "SYNC", "upload_limit", "7", TRUE);
  g_assert_cmpuint (ps_pair_get_config (pair)->upload_limit, ==, 0);
  g_assert_cmpuint (ps_pair_get_wish (pair)->upload_limit, ==, 7);
  ps_test_assert_soon (is_over, f);
  g_assert_true (ps_pair_change_config_finish (f->pairs, f->result, &error));
  g_assert_no_error (error);
  config = ps_config_load (f->file, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (config->upload_limit, ==, 7);
  g_assert_cmpstr (config->device, ==, "attic");
  g_assert_true (ps_config_same_run (config, ps_pair_get_config (pair)));
  g_assert_true (ps_pair_get_wish (pair) == ps_pair_get_config (pair));
}

/* Before the first is written the second takes it back. */
static void
test_taken_back (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PsConfig) config = NULL;

  change (f, "SYNC", "upload_limit", "7", FALSE);
  change (f, "SYNC", "upload_limit", "0", TRUE);
  ps_test_assert_soon (is_over, f);
  g_assert_true (ps_pair_change_config_finish (f->pairs, f->result, &error));
  config = ps_config_load (f->file, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (config->upload_limit, ==, 0);
}

/* What a person writes into the file meanwhile stays there, sense or not. */
static void
test_edited_by_hand (Fixture *f, gconstpointer unused)
{
  PsPair *pair = ps_pairs_get (f->pairs, 0);
  g_autofree char *text = NULL;
  g_autofree char *edited = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_get_contents (f->file, &text, NULL, &error));
  edited = g_strconcat (text, "# mine\n[SYNC]\ndownload_limit=9\nwhat is this\n", NULL);
  g_assert_true (g_file_set_contents (f->file, edited, -1, &error));
  change (f, "SYNC", "upload_limit", "7", TRUE);
  ps_test_assert_soon (is_over, f);
  g_assert_true (ps_pair_change_config_finish (f->pairs, f->result, &error));
  g_clear_pointer (&text, g_free);
  g_assert_true (g_file_get_contents (f->file, &text, NULL, &error));
  g_assert_nonnull (strstr (text, "# mine\n"));
  g_assert_nonnull (strstr (text, "download_limit=9\n"));
  g_assert_nonnull (strstr (text, "what is this\n"));
  g_assert_nonnull (strstr (text, "upload_limit = 7\n"));
  g_assert_cmpuint (ps_pair_get_config (pair)->upload_limit, ==, 7);
}

/* Only one that is new: the stick with the old one need not be there for every other change. */
static void
test_missing_key (Fixture *f, gconstpointer unused)
{
  PsPair *pair = ps_pairs_get (f->pairs, 0);
  g_autoptr (GError) error = NULL;

  change (f, "AUTH", "keyfile", "/nowhere/key", TRUE);
  ps_test_assert_soon (is_over, f);
  g_assert_false (ps_pair_change_config_finish (f->pairs, f->result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_null (ps_pair_get_wish (pair)->keyfile);
  assert_folder (f, "PiSync");
}

static gboolean
is_gone (gpointer file)
{
  return !g_file_test (file, G_FILE_TEST_EXISTS);
}

/* What is still being written does not bring the ini back. */
static void
test_removed (Fixture *f, gconstpointer unused)
{
  g_autoptr (PsPair) pair = g_object_ref (ps_pairs_get (f->pairs, 0));
  g_autofree char *state = ps_config_state_dir (ps_pair_get_config (pair));
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir_with_parents (state, 0700), ==, 0);
  change (f, "SYNC", "device", "attic", FALSE);
  change (f, "SYNC", "upload_limit", "7", FALSE);
  ps_pair_change_remove_async (f->pairs, pair, on_changed, f);
  ps_test_assert_soon (is_over, f);
  g_assert_true (ps_pair_change_remove_finish (f->pairs, f->result, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (ps_pairs_get_n (f->pairs), ==, 0);
  ps_test_assert_soon (is_gone, state);
  g_assert_false (g_file_test (f->file, G_FILE_TEST_EXISTS));
}

/* The fake engine prints what it does, which is no TAP. */
static void
print (const char *text)
{
  printf ("%s%s", g_str_has_prefix (text, "start ") ? "# " : "", text);
  fflush (stdout);
}

int
main (int argc, char **argv)
{
  test_home_make ();
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_set_print_handler (print);
  g_test_add ("/pair-change/config", Fixture, NULL, set_up, test_config, tear_down);
  g_test_add ("/pair-change/taken-back", Fixture, NULL, set_up, test_taken_back, tear_down);
  g_test_add ("/pair-change/edited-by-hand", Fixture, NULL, set_up, test_edited_by_hand, tear_down);
  g_test_add ("/pair-change/missing-key", Fixture, NULL, set_up, test_missing_key, tear_down);
  g_test_add ("/pair-change/removed", Fixture, NULL, set_up, test_removed, tear_down);
  g_test_add ("/pair-change/done", Fixture, NULL, set_up, test_done, tear_down);
  g_test_add ("/pair-change/cancelled", Fixture, NULL, set_up, test_cancelled, tear_down);
  g_test_add ("/pair-change/cancelled-late", Fixture, NULL, set_up, test_cancelled_late, tear_down);
  return test_home_remove (g_test_run ());
}
