/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Power cuts. A file system lies on an image; a copy of the image, made at some moment while the
 * file system is in use, is what the disk would hold had the power gone at that moment: only what
 * was made durable is in it. */
#include "apart.h"

#include "store/store.h"

#include <glib/gstdio.h>
#include <sys/mount.h>
#include <unistd.h>

static const PsEntry absent = { 0 };

#define LOOP "mount -o loop \"$0\" \"$1\""

/* clang-format off */
static const Disk disks[] = {
  { "ext4", 16 << 20, "mkfs.ext4 -q \"$0\"", LOOP },
  { "xfs", 320 << 20, "mkfs.xfs -q \"$0\"", "mount -o loop,nouuid \"$0\" \"$1\"" },
  { "vfat", 16 << 20, "mkfs.vfat \"$0\"", LOOP },
  { "exfat", 16 << 20, "mkfs.exfat \"$0\"", "mount -o loop -t exfat \"$0\" \"$1\"" },
};
/* clang-format on */

/* Mounts what is left after a cut at this moment, at TOP/after. */
static void
cut (Folder *folder, const Disk *disk, const char *image)
{
  g_autofree char *copy = g_strconcat (image, ".copy", NULL);
  g_autofree char *after = g_build_filename (folder->top, "after", NULL);

  g_assert_true (apart_command ("cp --sparse=always \"$0\" \"$1\"", image, copy));
  make_dir (folder, after);
  g_assert_true (apart_command (disk->mount, copy, after));
}

static void
end_cut (Folder *folder)
{
  g_autofree char *after = g_build_filename (folder->top, "after", NULL);

  g_assert_no_errno (umount (after));
}

/* Returns: (transfer full) (nullable): what @path holds after the cut. */
static char *
left_of (Folder *folder, const char *path)
{
  g_autofree char *full = g_build_filename (folder->top, "after", path, NULL);
  char *content = NULL;

  g_file_get_contents (full, &content, NULL, NULL);
  return content;
}

static void
assert_left (Folder *folder, const Disk *disk, const char *image, const char *path, const char *one,
             const char *other)
{
  g_autofree char *left = NULL;

  cut (folder, disk, image);
  left = left_of (folder, path);
  end_cut (folder);
  g_test_message ("%s: %s", path, left != NULL ? left : "(nothing)");
  g_assert_true (g_strcmp0 (left, one) == 0 || g_strcmp0 (left, other) == 0);
}

/* A finished file is wholly on the disk before it gets its name. */
static void
assert_finished_left (Folder *folder, const PsLocalTemp *temp, const char *content)
{
  g_autofree char *path = g_strconcat (".pisync/tmp/", temp->name, NULL);
  g_autofree char *left = left_of (folder, path);

  g_assert_cmpstr (left, ==, content);
}

static int
work_place (Folder *folder, gconstpointer data)
{
  const Disk *disk = data;
  g_autofree char *image = g_build_filename (folder->top, "image", NULL);
  g_autofree char *displaced = NULL;
  g_autoptr (GError) error = NULL;
  PsEntry placed;
  PsLocalTemp *temp;

  if (!apart_make_disk (disk, image, folder->root))
    return APART_SKIP;
  folder_reopen (folder, VARIANT_WHOLE);
  displaced = place_content (folder, "f", "the old text", &absent, &placed);
  assert_left (folder, disk, image, "f", NULL, "the old text");
  assert_done (ps_local_sync_dirs (folder->local, &error), error);
  assert_left (folder, disk, image, "f", "the old text", "the old text");
  temp = make_temp (folder, "f", "the new text");
  cut (folder, disk, image);
  assert_finished_left (folder, temp, "the new text");
  end_cut (folder);
  assert_left (folder, disk, image, "f", "the old text", "the old text");
  assert_done (
      ps_local_place (folder->local, temp, "f", &placed, FALSE, &placed, &displaced, &error),
      error);
  assert_left (folder, disk, image, "f", "the old text", "the new text");
  assert_done (ps_local_sync_dirs (folder->local, &error), error);
  assert_left (folder, disk, image, "f", "the new text", "the new text");
  assert_done (ps_local_remove (folder->local, "f", &placed, &error), error);
  assert_left (folder, disk, image, "f", "the new text", NULL);
  assert_done (ps_local_sync_dirs (folder->local, &error), error);
  assert_left (folder, disk, image, "f", NULL, NULL);
  g_clear_pointer (&folder->local, ps_local_free);
  umount (folder->root);
  return 0;
}

static void
test_place (Folder *folder, gconstpointer data)
{
  apart_run (folder, work_place, data, "cannot make or mount such a disk here");
}

/* Many at once: those that are settled together are durable together. */
static int
work_many (Folder *folder, gconstpointer data)
{
  const Disk *disk = data;
  g_autofree char *image = g_build_filename (folder->top, "image", NULL);
  g_autoptr (GError) error = NULL;
  PsLocalTemp *temps[64];
  PsEntry placed;

  if (!apart_make_disk (disk, image, folder->root))
    return APART_SKIP;
  folder_reopen (folder, VARIANT_WHOLE);
  for (guint i = 0; i < G_N_ELEMENTS (temps); i++)
    {
      g_autofree char *name = g_strdup_printf ("file %u", i);

      temps[i] = ps_local_temp_new (folder->local, name, FALSE, &error);
      g_assert_cmpint (write (temps[i]->fd, name, strlen (name)), ==, (gssize)strlen (name));
      assert_done (ps_local_temp_settle (temps[i], &new_file, &error), error);
    }
  assert_done (ps_local_temp_finish (temps[0], &new_file, &error), error);
  cut (folder, disk, image);
  for (guint i = 0; i < G_N_ELEMENTS (temps); i++)
    {
      g_autofree char *name = g_strdup_printf ("file %u", i);

      assert_finished_left (folder, temps[i], name);
    }
  end_cut (folder);
  for (guint i = 0; i < G_N_ELEMENTS (temps); i++)
    {
      g_autofree char *name = g_strdup_printf ("file %u", i);
      g_autofree char *displaced = NULL;

      assert_done (ps_local_temp_finish (temps[i], &new_file, &error), error);
      assert_done (ps_local_place (folder->local, temps[i], name, &absent, FALSE, &placed,
                                   &displaced, &error),
                   error);
    }
  assert_done (ps_local_sync_dirs (folder->local, &error), error);
  cut (folder, disk, image);
  for (guint i = 0; i < G_N_ELEMENTS (temps); i++)
    {
      g_autofree char *name = g_strdup_printf ("file %u", i);
      g_autofree char *left = left_of (folder, name);

      g_assert_cmpstr (left, ==, name);
    }
  end_cut (folder);
  g_clear_pointer (&folder->local, ps_local_free);
  umount (folder->root);
  return 0;
}

static void
test_many (Folder *folder, gconstpointer data)
{
  apart_run (folder, work_many, data, "cannot make or mount such a disk here");
}

/* Base and folder on one disk, which is cut again and again: a row that is there speaks of bytes
 * that are there. (A file without its row is found by the next pass.) */
static int
work_recorded (Folder *folder, gconstpointer data)
{
  const Disk *disk = data;
  g_autofree char *image = g_build_filename (folder->top, "image", NULL);
  g_autofree char *state = NULL, *after_state = g_build_filename (folder->top, "after/state", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (PsStore) store = NULL;

  if (!apart_make_disk (disk, image, folder->root))
    return APART_SKIP;
  folder_reopen (folder, VARIANT_WHOLE);
  state = full_path (folder, "state");
  store = ps_store_open (state, NULL, &error);
  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *path = g_strdup_printf ("f%u", i);
      g_autofree char *displaced = NULL, *left = NULL;
      g_autoptr (PsStore) after = NULL;
      PsRow row = { 0 };

      displaced = place_content (folder, path, "durable", &absent, &row.local);
      assert_done (ps_store_put (store, path, &row, &error), error);
      assert_done (ps_local_sync_dirs (folder->local, &error), error);
      assert_done (ps_store_commit (store, &error), error);
      cut (folder, disk, image);
      left = left_of (folder, path);
      g_assert_cmpstr (left, ==, "durable");
      after = ps_store_open (after_state, NULL, &error);
      g_assert_no_error (error);
      g_assert_true (ps_store_get (after, path, &row, &error));
      g_clear_pointer (&after, ps_store_free);
      end_cut (folder);
    }
  g_clear_pointer (&store, ps_store_free);
  g_clear_pointer (&folder->local, ps_local_free);
  umount (folder->root);
  return 0;
}

/* Power loss that left files of zeroes behind, recorded as synced: nc#10547. */
static void
test_recorded__nc10547 (Folder *folder, gconstpointer data)
{
  apart_run (folder, work_recorded, data, "cannot make or mount such a disk here");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  umask (022);
  for (gsize i = 0; i < G_N_ELEMENTS (disks); i++)
    {
      g_autofree char *place = g_strconcat ("/local/power/place/", disks[i].name, NULL);
      g_autofree char *recorded
          = g_strconcat ("/local/power/recorded__nc10547/", disks[i].name, NULL);
      g_autofree char *many = g_strconcat ("/local/power/many/", disks[i].name, NULL);

      g_test_add (place, Folder, &disks[i], apart_set_up, test_place, folder_tear_down);
      g_test_add (many, Folder, &disks[i], apart_set_up, test_many, folder_tear_down);
      g_test_add (recorded, Folder, &disks[i], apart_set_up, test_recorded__nc10547,
                  folder_tear_down);
    }
  return g_test_run ();
}
