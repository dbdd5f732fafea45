/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Symbolic links in the way: a directory (or a file) that the scan saw is swapped for a link to
 * elsewhere before the operation. Nothing outside may be read as ours, changed or made. */
#include "local-test.h"

#include "util/autofd.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const PsEntry absent = { 0 };

/* What the operations are tried with: entries as scanned before the swap. */
typedef struct
{
  Folder *folder;
  PsEntry file, dir, link;
} Scene;

typedef gboolean (*Operation) (Scene *scene, GError **error);

static gboolean
try_place_new (Scene *scene, GError **error)
{
  g_autofree char *displaced = NULL;
  PsEntry placed;

  return ps_local_place (scene->folder->local, make_temp (scene->folder, "k", "ours"), "d/new",
                         &absent, FALSE, &placed, &displaced, error);
}

static gboolean
try_place_over (Scene *scene, GError **error)
{
  g_autofree char *displaced = NULL;
  PsEntry placed;

  return ps_local_place (scene->folder->local, make_temp (scene->folder, "k", "ours"), "d/f",
                         &scene->file, TRUE, &placed, &displaced, error);
}

static gboolean
try_mkdir (Scene *scene, GError **error)
{
  PsEntry made;

  return ps_local_mkdir (scene->folder->local, "d/new", &made, error);
}

static gboolean
try_symlink (Scene *scene, GError **error)
{
  PsEntry made;

  return ps_local_symlink (scene->folder->local, "d/new", "target", &made, error);
}

static gboolean
try_move_from (Scene *scene, GError **error)
{
  PsEntry moved;

  return ps_local_move (scene->folder->local, "d/f", "moved", &scene->file, &moved, error);
}

static gboolean
try_move_to (Scene *scene, GError **error)
{
  PsEntry moved;

  return ps_local_move (scene->folder->local, "mine", "d/new", NULL, &moved, error);
}

static gboolean
try_link_from (Scene *scene, GError **error)
{
  return ps_local_link (scene->folder->local, "d/f", "linked", NULL, error);
}

static gboolean
try_link_to (Scene *scene, GError **error)
{
  return ps_local_link (scene->folder->local, "mine", "d/new", NULL, error);
}

static gboolean
try_remove_file (Scene *scene, GError **error)
{
  return ps_local_remove (scene->folder->local, "d/f", &scene->file, error);
}

static gboolean
try_remove_dir (Scene *scene, GError **error)
{
  return ps_local_remove (scene->folder->local, "d/sub", &scene->dir, error);
}

static gboolean
try_remove_deep (Scene *scene, GError **error)
{
  return ps_local_remove (scene->folder->local, "d/sub/f", &scene->file, error);
}

static gboolean
try_set_attributes (Scene *scene, GError **error)
{
  PsEntry wanted = { .kind = PS_KIND_FILE, .executable = true, .mtime = 1 }, now;

  return ps_local_set_attributes (scene->folder->local, "d/f", &scene->file, &wanted, &now, error);
}

static gboolean
try_stat (Scene *scene, GError **error)
{
  PsEntry entry;

  return ps_local_stat (scene->folder->local, "d/f", &entry, error);
}

static gboolean
try_open (Scene *scene, GError **error)
{
  PsEntry entry;
  ps_autofd fd = ps_local_open_file (scene->folder->local, "d/f", &entry, error);

  return fd >= 0;
}

static gboolean
try_read_link (Scene *scene, GError **error)
{
  g_autofree char *target = ps_local_read_link (scene->folder->local, "d/l", error);

  return target != NULL;
}

static gboolean
try_copy (Scene *scene, GError **error)
{
  g_autoptr (PsLocalTemp) temp = ps_local_temp_new (scene->folder->local, "k", FALSE, error);

  return ps_local_copy_into (scene->folder->local, "d/f", temp, NULL, error);
}

typedef struct
{
  const char *name;
  Operation operation;
} Case;

/* clang-format off */
static const Case cases[] = {
  { "place-new", try_place_new },
  { "place-over", try_place_over },
  { "mkdir", try_mkdir },
  { "symlink", try_symlink },
  { "move-from", try_move_from },
  { "move-to", try_move_to },
  { "link-from", try_link_from },
  { "link-to", try_link_to },
  { "remove-file", try_remove_file },
  { "remove-dir", try_remove_dir },
  { "remove-deep", try_remove_deep },
  { "set-attributes", try_set_attributes },
  { "stat", try_stat },
  { "open", try_open },
  { "read-link", try_read_link },
  { "copy", try_copy },
};
/* clang-format on */

static void
make_scene (Folder *folder, const char *dir)
{
  g_autofree char *sub = g_build_filename (dir, "sub", NULL);
  g_autofree char *file = g_build_filename (dir, "f", NULL);
  g_autofree char *deep = g_build_filename (dir, "sub", "f", NULL);
  g_autofree char *link = g_build_filename (dir, "l", NULL);

  make_dir (folder, sub);
  write_file (folder, file, "text");
  write_file (folder, deep, "deep");
  make_link (folder, link, "target");
}

static void
assert_untouched (Folder *folder, const char *outside, const PsEntry *before)
{
  g_autofree char *file = g_build_filename (outside, "f", NULL);
  g_autofree char *deep = g_build_filename (outside, "sub", "f", NULL);
  PsEntry now = look (folder, file);

  assert_content (folder, file, "text");
  assert_content (folder, deep, "deep");
  g_assert_true (ps_entry_same (&now, before));
  g_assert_cmpuint (count_files (folder, outside), ==, 3);
}

static void
run_case (const Case *attack, Variant variant)
{
  Folder folder = { 0 };
  Scene scene = { .folder = &folder };
  g_autoptr (GError) error = NULL;
  g_autofree char *outside = NULL, *file = NULL, *real = NULL, *away = NULL;
  PsEntry before;

  folder_set_up (&folder, GUINT_TO_POINTER (variant));
  outside = g_build_filename (folder.top, "outside", NULL);
  file = g_build_filename (outside, "f", NULL);
  real = full_path (&folder, "d");
  away = full_path (&folder, "was-d");
  make_scene (&folder, "d");
  make_scene (&folder, outside);
  write_file (&folder, "mine", "mine");
  scene.file = look (&folder, "d/f");
  scene.dir = look (&folder, "d/sub");
  before = look (&folder, file);
  g_assert_no_errno (g_rename (real, away));
  make_link (&folder, "d", outside);
  g_assert_false (attack->operation (&scene, &error));
  assert_local_error (error, PS_LOCAL_ERROR_UNSAFE);
  assert_untouched (&folder, outside, &before);
  assert_content (&folder, "mine", "mine");
  folder_tear_down (&folder, NULL);
}

static void
test_case (gconstpointer data)
{
  const Case *attack = data;

  run_case (attack, VARIANT_WHOLE);
  run_case (attack, VARIANT_WALK);
  run_case (attack, VARIANT_WALK | VARIANT_NO_EXCHANGE | VARIANT_NO_LINKS);
}

/* The file itself became a link to a file outside. */
static void
test_file_is_link (Folder *folder, gconstpointer data)
{
  g_autofree char *outside = g_build_filename (folder->top, "outside", NULL);
  g_autoptr (GError) error = NULL;
  PsEntry before, wanted = { .kind = PS_KIND_FILE, .mtime = 1 }, now;

  write_file (folder, "f", "text");
  before = look (folder, "f");
  write_file (folder, outside, "text");
  remove_file (folder, "f");
  make_link (folder, "f", outside);
  g_assert_cmpint (ps_local_open_file (folder->local, "f", &now, &error), ==, -1);
  assert_local_error (error, PS_LOCAL_ERROR_CHANGED);
  g_assert_false (ps_local_set_attributes (folder->local, "f", &before, &wanted, &now, &error));
  assert_local_error (error, PS_LOCAL_ERROR_CHANGED);
  g_assert_false (ps_local_remove (folder->local, "f", &before, &error));
  assert_local_error (error, PS_LOCAL_ERROR_CHANGED);
  g_assert_false (ps_local_move (folder->local, "f", "g", &before, &now, &error));
  assert_local_error (error, PS_LOCAL_ERROR_CHANGED);
  assert_content (folder, outside, "text");
  g_assert_cmpint (look (folder, "f").kind, ==, PS_KIND_SYMLINK);
}

/* Our own directory, made a link before we come. */
static void
test_own_is_link (Folder *folder, gconstpointer data)
{
  static const char *const parts[] = { ".pisync", ".pisync/tmp", ".pisync/trash" };
  g_autofree char *outside = g_build_filename (folder->top, "outside", NULL);
  g_autofree char *victim = g_build_filename (outside, "victim", NULL);
  g_autofree char *own = full_path (folder, ".pisync");
  PsMarker marker = { .state = PS_MARKER_PRESENT, .id = "id" };

  make_dir (folder, outside);
  write_file (folder, victim, "victim");
  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      g_autofree G_GNUC_UNUSED char *full = full_path (folder, parts[i]);
      g_autoptr (PsLocal) local = NULL;
      g_autoptr (GError) error = NULL;

      remove_tree (own);
      if (i > 0)
        make_dir (folder, ".pisync");
      make_link (folder, parts[i], outside);
      local = ps_local_open (folder->root, &error);
      g_assert_false (ps_local_prepare (local, &error));
      assert_local_error (error, PS_LOCAL_ERROR_UNSAFE);
      if (i == 0)
        {
          g_assert_false (ps_local_write_marker (local, &marker, &error));
          assert_local_error (error, PS_LOCAL_ERROR_UNSAFE);
          ps_local_read_marker (local, &marker);
          g_assert_cmpint (marker.state, ==, PS_MARKER_UNKNOWN_FORMAT);
        }
    }
  assert_content (folder, victim, "victim");
  g_assert_cmpuint (count_files (folder, outside), ==, 1);
}

/* A link planted where a file to be resumed would lie. */
static void
test_temp_is_link (Folder *folder, gconstpointer data)
{
  g_autofree char *outside = g_build_filename (folder->top, "outside", NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *kept = NULL;
  PsLocalTemp *temp = ps_local_temp_new (folder->local, "key", TRUE, &error);

  ps_local_temp_keep (temp);
  kept = g_strconcat (".pisync/tmp/", temp->name, NULL);
  ps_local_temp_free (temp);
  write_file (folder, outside, "outside");
  remove_file (folder, kept);
  make_link (folder, kept, outside);
  temp = ps_local_temp_new (folder->local, "key", TRUE, &error);
  g_assert_no_error (error);
  g_assert_cmpint (write (ps_local_temp_peek_fd (temp), "ours", 4), ==, 4);
  ps_local_temp_free (temp);
  assert_content (folder, outside, "outside");
}

/* Another process swaps the directory for a link and back as fast as it can. */
static void
swap_for_ever (const char *one, const char *other)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  for (;;)
    renameat2 (AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE);
}

static void
test_swapping (Folder *folder, gconstpointer data)
{
  g_autofree char *outside = g_build_filename (folder->top, "outside", NULL);
  g_autofree char *dir = full_path (folder, "d"), *link = full_path (folder, "l");
  guint placed_n = 0, refused_n = 0;
  pid_t child;

  make_dir (folder, "d");
  make_dir (folder, outside);
  make_link (folder, "l", outside);
  child = fork ();
  if (child == 0)
    swap_for_ever (dir, link);
  for (guint i = 0; i < 2000; i++)
    {
      g_autofree char *path = g_strdup_printf ("d/f%u", i);
      g_autofree G_GNUC_UNUSED char *displaced = NULL;
      g_autoptr (GError) error = NULL;
      PsEntry placed;

      if (ps_local_mkdir (folder->local, path, &placed, &error))
        placed_n++;
      else if (g_error_matches (error, PS_LOCAL_ERROR, PS_LOCAL_ERROR_UNSAFE)
               || g_error_matches (error, PS_LOCAL_ERROR, PS_LOCAL_ERROR_GONE))
        refused_n++; /* GONE: a link when it was opened, a directory when it was looked at why not
                      */
      else
        g_assert_no_error (error);
    }
  g_assert_no_errno (kill (child, SIGKILL));
  g_assert_cmpint (waitpid (child, NULL, 0), ==, child);
  g_test_message ("%u made, %u refused", placed_n, refused_n);
  /* A directory can be removed only when nothing was made in it. */
  g_assert_no_errno (rmdir (outside));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  umask (022);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/local/attack/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  add_test_variants ("/local/attack/file-is-link", test_file_is_link);
  add_test_variants ("/local/attack/own-is-link", test_own_is_link);
  add_test ("/local/attack/temp-is-link", test_temp_is_link);
  add_test_variants ("/local/attack/swapping", test_swapping);
  return g_test_run ();
}
