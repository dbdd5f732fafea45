/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Other file systems, small disks, read-only ones, mount points. Needs the right to mount; what the
 * kernel or the machine does not have is skipped. */
#include "apart.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/mount.h>
#include <unistd.h>

static const PsEntry absent = { 0 };

/* For drivers that want a block device; it goes when it is no longer in use. */
#define ON_BLOCK_DEVICE(command)                                                                   \
  "d=$(losetup -f --show \"$0\") && " command " $d \"$1\"; s=$?; losetup -d $d; exit $s"
#define LOOP "mount -o loop \"$0\" \"$1\""

/* clang-format off */
static const Disk disks[] = {
  { "ext4", 16 << 20, "mkfs.ext4 -q \"$0\"", LOOP },
  { "ext4-casefold", 16 << 20, "mkfs.ext4 -q -O casefold -E encoding=utf8 \"$0\"",
    LOOP " && rm -rf \"$1\"/lost+found && chattr +F \"$1\"" },
  { "xfs", 320 << 20, "mkfs.xfs -q \"$0\"", LOOP },
  { "btrfs", 128 << 20, "mkfs.btrfs -q \"$0\"", LOOP },
  { "vfat", 16 << 20, "mkfs.vfat \"$0\"", LOOP },
  { "exfat", 16 << 20, "mkfs.exfat \"$0\"", "mount -o loop -t exfat \"$0\" \"$1\"" },
  { "exfat-fuse", 16 << 20, "mkfs.exfat \"$0\"", ON_BLOCK_DEVICE ("mount.exfat-fuse") },
  { "ntfs-3g", 16 << 20, "mkfs.ntfs -q -F \"$0\"", "ntfs-3g \"$0\" \"$1\"" },
};
/* clang-format on */

/* What must work on every file system. */

static void
exercise_files (Folder *folder)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *first = NULL, *second = NULL;
  PsEntry placed, now, moved, made;

  assert_done (ps_local_mkdir (folder->local, "dir", &made, &error), error);
  first = place_content (folder, "dir/file.txt", "one", &absent, &placed);
  g_assert_null (first);
  now = look (folder, "dir/file.txt");
  g_assert_true (ps_local_is_expected (folder->local, &now, &placed));
  second = place_content (folder, "dir/file.txt", "two", &placed, &placed);
  g_assert_null (second);
  assert_content (folder, "dir/file.txt", "two");
  assert_place_fails (folder, "dir/file.txt", "three", &absent, PS_LOCAL_ERROR_EXISTS);
  assert_done (ps_local_move (folder->local, "dir/file.txt", "moved.txt", &placed, &moved, &error),
               error);
  assert_done (ps_local_remove (folder->local, "moved.txt", &moved, &error), error);
  g_assert_false (is_there (folder, "moved.txt"));
  assert_done (ps_local_remove (folder->local, "dir", &made, &error), error);
  assert_done (ps_local_sync_dirs (folder->local, &error), error);
  g_assert_cmpuint (count_files (folder, ".pisync/tmp"), ==, 0);
}

/* A person's write in between is never lost, whatever the file system can do. */
static void
exercise_race (Folder *folder)
{
  PsEntry expected;
  g_autofree char *where = NULL, *displaced = NULL;

  write_file (folder, "raced", "old");
  expected = look (folder, "raced");
  write_file (folder, "raced", "a person's longer text");
  if (folder->local->caps.exchange)
    {
      displaced = place_content (folder, "raced", "ours", &expected, &expected);
      g_assert_nonnull (displaced);
    }
  else
    assert_place_fails (folder, "raced", "ours", &expected, PS_LOCAL_ERROR_CHANGED);
  where = find_content (folder, "", "a person's longer text");
  g_assert_nonnull (where);
  if (displaced != NULL)
    remove_file (folder, displaced);
}

static gboolean
lists (Folder *folder, const char *dir, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PsListing) listing = NULL;
  PsLister lister = ps_local_lister (folder->local);
  gboolean found = FALSE;

  lister.klass->request (lister.self, dir);
  listing = lister.klass->next (lister.self, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < listing->entries->len; i++)
    found |= strcmp (g_array_index (listing->entries, PsDirEntry, i).name, name) == 0;
  return found;
}

static void
change_case (Folder *folder, const char *from, const char *to)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *dir = ps_relpath_parent (from);
  PsEntry moved;

  assert_done (ps_local_move (folder->local, from, to, NULL, &moved, &error), error);
  g_assert_true (lists (folder, dir, ps_relpath_name (to)));
  g_assert_false (lists (folder, dir, ps_relpath_name (from)));
}

static void
exercise_case (Folder *folder)
{
  g_autoptr (GError) error = NULL;
  PsEntry moved;

  if (folder->local->caps.case_sensitive)
    return;
  write_file (folder, "name", "text");
  change_case (folder, "name", "NAME");
  make_dir (folder, "below");
  write_file (folder, "below/deep", "text");
  change_case (folder, "below/deep", "below/Deep");
  change_case (folder, "below/Deep", "below/deep");
  change_case (folder, "below", "BELOW");
  assert_content (folder, "BELOW/deep", "text");
  write_file (folder, "other", "other");
  g_assert_false (ps_local_move (folder->local, "other", "name", NULL, &moved, &error));
  assert_local_error (error, PS_LOCAL_ERROR_EXISTS);
  assert_content (folder, "name", "text");
}

static void
exercise_names (Folder *folder)
{
  if (folder->local->caps.names == PS_NAMES_FAT)
    {
      assert_place_fails (folder, "a:b", "x", &absent, PS_LOCAL_ERROR_NAME);
      assert_place_fails (folder, "dot.", "x", &absent, PS_LOCAL_ERROR_NAME);
    }
  else
    {
      PsEntry placed;
      g_autofree char *displaced = place_content (folder, "a:b.", "x", &absent, &placed);

      g_assert_null (displaced);
    }
}

static void
exercise_attributes (Folder *folder)
{
  g_autoptr (GError) error = NULL;
  PsEntry before, now,
      wanted = { .kind = PS_KIND_FILE,
                 .executable = true,
                 .mtime = G_GINT64_CONSTANT (1600000001123456789) };

  write_file (folder, "attributes", "x");
  before = look (folder, "attributes");
  assert_done (
      ps_local_set_attributes (folder->local, "attributes", &before, &wanted, &now, &error), error);
  g_assert_cmpint (ABS (now.mtime - wanted.mtime), <=, folder->local->caps.mtime_grain);
  if (folder->local->caps.executable_bit)
    g_assert_true (now.executable);
}

/* What was recorded must be what is seen after the disk was away, or every pass would begin anew.
 */
static void
exercise_remount (Folder *folder, const Disk *disk, const char *image)
{
  PsEntry placed, now;
  g_autofree G_GNUC_UNUSED char *displaced
      = place_content (folder, "lasting", "text", &absent, &placed);

  g_clear_pointer (&folder->local, ps_local_free);
  g_assert_no_errno (umount (folder->root));
  g_assert_true (apart_command (disk->mount, image, folder->root));
  folder_reopen (folder, VARIANT_WHOLE);
  now = look (folder, "lasting");
  g_assert_true (ps_local_is_expected (folder->local, &now, &placed));
}

static int
work_on_disk (Folder *folder, gconstpointer data)
{
  const Disk *disk = data;
  g_autofree char *image = g_build_filename (folder->top, "image", NULL);
  const PsLocalCaps *caps;

  if (!apart_make_disk (disk, image, folder->root))
    return APART_SKIP;
  folder_reopen (folder, VARIANT_WHOLE);
  caps = ps_local_peek_caps (folder->local);
  g_test_message ("%s: names %d case %d executable %d symlinks %d exchange %d no-replace %d "
                  "reflink %d grain %" G_GINT64_FORMAT " links %d inodes %d",
                  disk->name, caps->names, caps->case_sensitive, caps->executable_bit,
                  caps->symlinks, caps->exchange, caps->no_replace, caps->reflink,
                  caps->mtime_grain, folder->local->hard_links, folder->local->stable_inodes);
  exercise_files (folder);
  exercise_race (folder);
  exercise_case (folder);
  exercise_names (folder);
  exercise_attributes (folder);
  exercise_remount (folder, disk, image);
  g_clear_pointer (&folder->local, ps_local_free);
  umount (folder->root);
  return 0;
}

static void
test_disk (Folder *folder, gconstpointer data)
{
  apart_run (folder, work_on_disk, data, "cannot make or mount such a disk here");
}

/* A full disk: said as such everywhere, and nothing is harmed. */

static int
work_full (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *filler = full_path (folder, "filler");
  g_autofree char *content = g_strnfill (64 * 1024, 'x');
  PsMarker marker = { .state = PS_MARKER_PRESENT, .id = "an-id" };
  PsEntry made, old;
  int fd;

  if (!apart_mount_tmpfs (folder->root, "size=1m,nr_inodes=64"))
    return APART_SKIP;
  folder_reopen (folder, VARIANT_WHOLE);
  write_file (folder, "old", "old");
  write_file (folder, "large", content);
  old = look (folder, "old");
  fd = open (filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  while (write (fd, content, 4096) > 0)
    continue;
  g_assert_cmpuint (ps_local_free_space (folder->local), <, 4096);
  {
    g_autoptr (PsLocalTemp) temp = ps_local_temp_new (folder->local, "k", FALSE, &error);

    g_assert_no_error (error);
    g_assert_false (ps_local_copy_into (folder->local, "large", temp, NULL, &error));
    assert_local_error (error, PS_LOCAL_ERROR_NO_SPACE);
  }
  g_assert_false (ps_local_write_marker (folder->local, &marker, &error));
  assert_local_error (error, PS_LOCAL_ERROR_NO_SPACE);
  for (guint i = 0; i < 100 && error == NULL; i++)
    {
      g_autofree char *name = g_strdup_printf ("dir %u", i);

      g_assert_true (ps_local_mkdir (folder->local, name, &made, &error) == (error == NULL));
    }
  assert_local_error (error, PS_LOCAL_ERROR_NO_SPACE);
  g_assert_null (ps_local_temp_new (folder->local, "k", FALSE, &error));
  assert_local_error (error, PS_LOCAL_ERROR_NO_SPACE);
  g_assert_false (ps_local_symlink (folder->local, "l", "target", &made, &error));
  assert_local_error (error, PS_LOCAL_ERROR_NO_SPACE);
  /* Removing must still work: it is how a disk gets room again. */
  assert_done (ps_local_remove (folder->local, "old", &old, &error), error);
  close (fd);
  g_clear_pointer (&folder->local, ps_local_free);
  return 0;
}

static void
test_full (Folder *folder, gconstpointer data)
{
  apart_run (folder, work_full, NULL, "needs the right to mount");
}

static int
work_read_only (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  PsEntry entry, made, now;

  if (!apart_mount_tmpfs (folder->root, "size=1m"))
    return APART_SKIP;
  folder_reopen (folder, VARIANT_WHOLE);
  write_file (folder, "f", "text");
  entry = look (folder, "f");
  g_assert_no_errno (mount ("none", folder->root, NULL, MS_REMOUNT | MS_RDONLY, NULL));
  g_assert_false (ps_local_prepare (folder->local, &error));
  assert_local_error (error, PS_LOCAL_ERROR_DENIED);
  g_assert_false (ps_local_mkdir (folder->local, "d", &made, &error));
  assert_local_error (error, PS_LOCAL_ERROR_DENIED);
  g_assert_false (ps_local_remove (folder->local, "f", &entry, &error));
  assert_local_error (error, PS_LOCAL_ERROR_DENIED);
  g_assert_false (ps_local_move (folder->local, "f", "g", &entry, &now, &error));
  assert_local_error (error, PS_LOCAL_ERROR_DENIED);
  g_assert_null (ps_local_temp_new (folder->local, "k", FALSE, &error));
  assert_local_error (error, PS_LOCAL_ERROR_DENIED);
  assert_content (folder, "f", "text");
  g_clear_pointer (&folder->local, ps_local_free);
  return 0;
}

static void
test_read_only (Folder *folder, gconstpointer data)
{
  apart_run (folder, work_read_only, NULL, "needs the right to mount");
}

/* Another file system mounted below the root: seen, but nothing is moved across its edge. */
static int
work_mount_point (Folder *folder, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *place = full_path (folder, "mounted");
  g_autoptr (PsListing) listing = NULL;
  PsLister lister;
  PsEntry dir, file, moved;

  make_dir (folder, "mounted");
  if (!apart_mount_tmpfs (place, "size=1m"))
    return APART_SKIP;
  folder_reopen (folder, VARIANT_WHOLE);
  write_file (folder, "mounted/f", "text");
  write_file (folder, "f", "text");
  lister = ps_local_lister (folder->local);
  lister.klass->request (lister.self, "mounted");
  listing = lister.klass->next (lister.self, NULL, &error);
  g_assert_cmpuint (listing->entries->len, ==, 1);
  file = look (folder, "mounted/f");
  g_assert_false (ps_local_remove (folder->local, "mounted/f", &file, &error));
  assert_local_error (error, PS_LOCAL_ERROR_UNSAFE);
  g_assert_false (ps_local_move (folder->local, "f", "mounted/g", NULL, &moved, &error));
  assert_local_error (error, PS_LOCAL_ERROR_UNSAFE);
  assert_place_fails (folder, "mounted/new", "x", &absent, PS_LOCAL_ERROR_UNSAFE);
  assert_place_fails (folder, "mounted/f", "x", &file, PS_LOCAL_ERROR_UNSAFE);
  assert_content (folder, "mounted/f", "text");
  remove_file (folder, "mounted/f");
  dir = look (folder, "mounted");
  g_assert_false (ps_local_remove (folder->local, "mounted", &dir, &error));
  assert_local_error (error, PS_LOCAL_ERROR_UNSAFE);
  g_clear_pointer (&folder->local, ps_local_free);
  return 0;
}

static void
test_mount_point (Folder *folder, gconstpointer data)
{
  apart_run (folder, work_mount_point, NULL, "needs the right to mount");
}

/* A disk of its own, with the desktop's trash at its top. */
static int
work_top_trash (Folder *folder, gconstpointer data)
{
  g_autofree char *home = g_build_filename (folder->top, "home", NULL);
  g_autofree char *disk = g_build_filename (folder->top, "disk", NULL);
  g_autofree char *trash = g_strdup_printf ("%s/.Trash-%u", disk, geteuid ());
  g_autofree char *file = g_build_filename (trash, "files", "f", NULL);
  g_autofree char *info = g_build_filename (trash, "info", "f.trashinfo", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  PsEntry entry;

  make_dir (folder, home);
  make_dir (folder, disk);
  g_setenv ("HOME", home, TRUE);
  g_setenv ("XDG_CURRENT_DESKTOP", "GNOME", TRUE);
  if (!apart_mount_tmpfs (disk, "size=1m"))
    return APART_SKIP;
  g_free (folder->root);
  folder->root = g_build_filename (disk, "root", NULL);
  make_dir (folder, "");
  folder_reopen (folder, VARIANT_WHOLE);
  ps_local_use_desktop_trash (folder->local, TRUE);
  make_dir (folder, "d");
  write_file (folder, "d/f", "text");
  entry = look (folder, "d/f");
  assert_done (ps_local_remove (folder->local, "d/f", &entry, &error), error);
  assert_content (folder, file, "text");
  g_assert_true (g_file_get_contents (info, &text, NULL, NULL));
  g_assert_nonnull (strstr (text, "\nPath=root/d/f\n"));
  g_clear_pointer (&folder->local, ps_local_free);
  return 0;
}

static void
test_top_trash (Folder *folder, gconstpointer data)
{
  apart_run (folder, work_top_trash, NULL, "needs the right to mount");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  umask (022);
  for (gsize i = 0; i < G_N_ELEMENTS (disks); i++)
    {
      g_autofree char *path = g_strconcat ("/local/disk/", disks[i].name, NULL);

      g_test_add (path, Folder, &disks[i], apart_set_up, test_disk, folder_tear_down);
    }
  g_test_add ("/local/disk/full", Folder, NULL, apart_set_up, test_full, folder_tear_down);
  g_test_add ("/local/disk/read-only", Folder, NULL, apart_set_up, test_read_only,
              folder_tear_down);
  g_test_add ("/local/disk/mount-point", Folder, NULL, apart_set_up, test_mount_point,
              folder_tear_down);
  g_test_add ("/local/disk/top-trash", Folder, NULL, apart_set_up, test_top_trash,
              folder_tear_down);
  return g_test_run ();
}
