/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fault points of the local side: whatever fails or dies there, every path has its old or its
 * new content afterwards, and nothing that a person wrote is gone. */
#include "local-test.h"

#include "util/fault.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#if PS_FAULT_INJECTION

static const PsEntry absent = { 0 };

typedef struct
{
  const char *operation, *point;
  Variant variant;
} Case;

/* clang-format off */
static const Case cases[] = {
  { "new", "local-temp-write", VARIANT_WHOLE },
  { "new", "local-temp-sync", VARIANT_WHOLE },
  { "new", "local-place", VARIANT_WHOLE },
  { "new", "local-placed", VARIANT_WHOLE },
  { "new", "local-placed", VARIANT_NO_EXCHANGE },
  { "over", "local-temp-write", VARIANT_WHOLE },
  { "over", "local-temp-sync", VARIANT_WHOLE },
  { "over", "local-place", VARIANT_WHOLE },
  { "over", "local-placed", VARIANT_WHOLE },
  { "over", "local-placed", VARIANT_NO_EXCHANGE },
  { "raced", "local-placed", VARIANT_WHOLE },
  { "mkdir", "local-mkdir", VARIANT_WHOLE },
  { "remove", "local-remove", VARIANT_WHOLE },
  { "remove", "local-removed", VARIANT_WHOLE },
  { "move", "local-move", VARIANT_WHOLE },
  { "move", "local-moved", VARIANT_WHOLE },
  { "marker", "local-marker", VARIANT_WHOLE },
};
/* clang-format on */

static gboolean
place (Folder *folder, const PsEntry *expected, GError **error)
{
  PsLocalTemp *temp = ps_local_temp_new (folder->local, "k", FALSE, error);
  g_autofree char *displaced = NULL;
  PsEntry placed;

  if (temp == NULL)
    return FALSE;
  g_assert_cmpint (write (ps_local_temp_peek_fd (temp), "ours", 4), ==, 4);
  if (ps_local_temp_finish (temp, &new_file, error))
    return ps_local_place (folder->local, temp, "f", expected, FALSE, &placed, &displaced, error);
  ps_local_temp_free (temp);
  return FALSE;
}

static gboolean
carry_out (Folder *folder, const char *operation, GError **error)
{
  PsMarker marker = { .state = PS_MARKER_PRESENT, .id = "an-id" };
  PsEntry before, entry;

  if (strcmp (operation, "new") == 0)
    return place (folder, &absent, error);
  if (strcmp (operation, "mkdir") == 0)
    return ps_local_mkdir (folder->local, "d", &entry, error);
  if (strcmp (operation, "marker") == 0)
    return ps_local_write_marker (folder->local, &marker, error);
  write_file (folder, "f", "theirs");
  before = look (folder, "f");
  if (strcmp (operation, "raced") == 0)
    write_file (folder, "f", "a later text of theirs");
  if (strcmp (operation, "remove") == 0)
    return ps_local_remove (folder->local, "f", &before, error);
  if (strcmp (operation, "move") == 0)
    return ps_local_move (folder->local, "f", "g", &before, &entry, error);
  return place (folder, &before, error);
}

/* The half that fails or dies. */
static void
run_operation (const Case *fault)
{
  Folder folder = { .top = (char *)g_getenv ("PISYNC_TEST_TOP") };
  g_autoptr (GError) error = NULL;

  folder.root = g_build_filename (folder.top, "root", NULL);
  folder_reopen (&folder, fault->variant);
  g_assert_false (carry_out (&folder, fault->operation, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
  ps_local_free (folder.local);
  g_free (folder.root);
}

static void
assert_one_of (Folder *folder, const char *path, const char *one, const char *other)
{
  g_autofree char *full = full_path (folder, path);
  g_autofree char *content = NULL;

  g_assert_true (g_file_get_contents (full, &content, NULL, NULL));
  g_assert_true (strcmp (content, one) == 0 || strcmp (content, other) == 0);
}

static void
assert_sound (Folder *folder, const char *operation)
{
  g_autofree char *theirs = find_content (folder, "", "theirs");
  g_autofree char *later = find_content (folder, "", "a later text of theirs");
  PsMarker marker;

  g_assert_cmpuint (count_files (folder, ".pisync/tmp"), ==, 0);
  ps_local_read_marker (folder->local, &marker);
  g_assert_true (marker.state == PS_MARKER_MISSING || marker.state == PS_MARKER_PRESENT);
  if (strcmp (operation, "new") == 0 && is_there (folder, "f"))
    assert_content (folder, "f", "ours");
  if (strcmp (operation, "over") == 0)
    assert_one_of (folder, "f", "theirs", "ours");
  if (strcmp (operation, "raced") == 0)
    {
      assert_one_of (folder, "f", "a later text of theirs", "ours");
      g_assert_nonnull (later);
    }
  if (strcmp (operation, "remove") == 0 || strcmp (operation, "move") == 0)
    g_assert_nonnull (theirs);
}

static void
run_with (const Case *fault, const char *variable)
{
  Folder folder = { 0 };

  folder_set_up (&folder, NULL);
  g_clear_pointer (&folder.local, ps_local_free);
  g_setenv ("PISYNC_TEST_TOP", folder.top, TRUE);
  g_setenv (variable, fault->point, TRUE);
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
  g_unsetenv (variable);
  if (strcmp (variable, "PISYNC_FAULT") == 0)
    g_test_trap_assert_passed ();
  else
    g_test_trap_assert_failed (); /* it left with another status than 0 */
  folder_reopen (&folder, VARIANT_WHOLE);
  assert_sound (&folder, fault->operation);
  folder_tear_down (&folder, NULL);
}

static void
test_fault (gconstpointer data)
{
  if (g_test_subprocess ())
    {
      run_operation (data);
      return;
    }
  run_with (data, "PISYNC_FAULT");
  run_with (data, "PISYNC_CRASH_AT");
}

/* Every point of ours in the list is tried above. */
static void
test_all_points (void)
{
  for (gsize i = 0; ps_fault_points[i] != NULL; i++)
    {
      gboolean tried = !g_str_has_prefix (ps_fault_points[i], "local-");

      for (gsize c = 0; c < G_N_ELEMENTS (cases); c++)
        tried |= strcmp (cases[c].point, ps_fault_points[i]) == 0;
      g_test_message ("%s", ps_fault_points[i]);
      g_assert_true (tried);
    }
}

static void
add_tests (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf (
          "/local/fault/%s-%s%s", cases[i].operation, cases[i].point + strlen ("local-"),
          cases[i].variant == VARIANT_WHOLE ? "" : "-no-exchange");

      g_test_add_data_func (path, &cases[i], test_fault);
    }
  g_test_add_func ("/local/fault/all-points", test_all_points);
}

#endif

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  umask (022);
#if PS_FAULT_INJECTION
  add_tests ();
#endif
  return g_test_run ();
}
