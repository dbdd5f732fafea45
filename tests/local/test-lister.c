/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Listing: everything that is there, nothing that is not, and a plain word where it cannot tell. */
#include "local-test.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static PsListing *
list (Folder *folder, const char *dir)
{
  g_autoptr (GError) error = NULL;
  PsLister lister = ps_local_lister (folder->local);
  PsListing *listing;

  lister.klass->request (lister.self, dir);
  listing = lister.klass->next (lister.self, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (listing);
  g_assert_cmpstr (listing->dir, ==, dir);
  return listing;
}

static void
assert_names (const PsListing *listing, const char *const *names)
{
  g_assert_cmpint (listing->state, ==, PS_LISTING_COMPLETE);
  g_assert_cmpuint (listing->entries->len, ==, g_strv_length ((char **)names));
  for (guint i = 0; i < listing->entries->len; i++)
    g_assert_cmpstr (g_array_index (listing->entries, PsDirEntry, i).name, ==, names[i]);
}

#define assert_listing(listing, ...)                                                               \
  assert_names (listing, (const char *const[]){ __VA_ARGS__, NULL })

static void
test_plain (Folder *folder, gconstpointer data)
{
  g_autoptr (PsListing) root = NULL;
  g_autoptr (PsListing) sub = NULL;
  const PsDirEntry *file;
  PsEntry seen;

  make_dir (folder, "d/e");
  make_dir (folder, "d/.pisync"); /* only the root's is ours */
  write_file (folder, "b", "12345");
  write_file (folder, "a\nb", "");
  write_file (folder, "\xff\xfe", "");
  make_link (folder, "z-link", "d");
  root = list (folder, "");
  assert_listing (root, "a\nb", "b", "d", "z-link", "\xff\xfe");
  file = &g_array_index (root->entries, PsDirEntry, 1);
  seen = look (folder, "b");
  g_assert_true (ps_entry_same (&file->entry, &seen));
  g_assert_cmpuint (file->entry.inode, ==, seen.inode);
  g_assert_cmpuint (file->entry.size, ==, 5);
  g_assert_cmpint (g_array_index (root->entries, PsDirEntry, 3).entry.kind, ==, PS_KIND_SYMLINK);
  sub = list (folder, "d");
  assert_listing (sub, ".pisync", "e");
  g_assert_null (root->refused);
  g_assert_null (root->message);
}

static void
test_empty_and_gone (Folder *folder, gconstpointer data)
{
  g_autoptr (PsListing) empty = NULL;
  g_autoptr (PsListing) gone = NULL;
  g_autoptr (PsListing) file = NULL;

  make_dir (folder, "d");
  write_file (folder, "f", "");
  empty = list (folder, "d");
  g_assert_cmpint (empty->state, ==, PS_LISTING_COMPLETE);
  g_assert_cmpuint (empty->entries->len, ==, 0);
  gone = list (folder, "d/no/such");
  g_assert_cmpint (gone->state, ==, PS_LISTING_GONE);
  file = list (folder, "f");
  g_assert_cmpint (file->state, ==, PS_LISTING_GONE);
}

/* A directory that became a link to elsewhere: not followed, and not taken for an empty one. */
static void
test_link_in_the_way (Folder *folder, gconstpointer data)
{
  g_autofree char *outside = g_build_filename (folder->top, "outside", NULL);
  g_autoptr (PsListing) link = NULL;
  g_autoptr (PsListing) below = NULL;

  make_dir (folder, outside);
  make_dir (folder, "loop");
  make_link (folder, "d", outside);
  make_link (folder, "loop/self", ".");
  link = list (folder, "d");
  g_assert_cmpint (link->state, ==, PS_LISTING_INCOMPLETE);
  g_assert_nonnull (strstr (link->message, "d"));
  below = list (folder, "loop/self/self/self");
  g_assert_cmpint (below->state, ==, PS_LISTING_INCOMPLETE);
}

static void
test_special (Folder *folder, gconstpointer data)
{
  g_autofree char *fifo = full_path (folder, "fifo");
  g_autofree char *path = full_path (folder, "socket");
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_autoptr (PsListing) listing = NULL;

  g_assert_no_errno (mkfifo (fifo, 0644));
  g_strlcpy (address.sun_path, path, sizeof address.sun_path);
  g_assert_no_errno (bind (fd, (struct sockaddr *)&address, sizeof address));
  close (fd);
  listing = list (folder, "");
  assert_listing (listing, "fifo", "socket");
  for (guint i = 0; i < 2; i++)
    g_assert_cmpint (g_array_index (listing->entries, PsDirEntry, i).entry.kind, ==,
                     PS_KIND_SPECIAL);
}

/* Permissions do not bind root: its file system identity is put aside for the moment. */
static void
test_unreadable (Folder *folder, gconstpointer data)
{
  g_autofree char *closed = full_path (folder, "closed");
  g_autofree char *blind = full_path (folder, "blind");
  g_autoptr (PsListing) none = NULL;
  g_autoptr (PsListing) partly = NULL;
  uid_t before = geteuid ();

  make_dir (folder, "closed/d");
  make_dir (folder, "blind/d");
  g_assert_no_errno (g_chmod (folder->top, 0755));
  g_assert_no_errno (g_chmod (closed, 0));
  g_assert_no_errno (g_chmod (blind, 0444)); /* names, but nothing more of them */
  setfsuid (before == 0 ? 65534 : before);
  none = list (folder, "closed");
  partly = list (folder, "blind");
  setfsuid (before);
  g_assert_no_errno (g_chmod (closed, 0755));
  g_assert_no_errno (g_chmod (blind, 0755));
  g_assert_cmpint (none->state, ==, PS_LISTING_INCOMPLETE);
  g_assert_nonnull (strstr (none->message, "closed"));
  g_assert_nonnull (strstr (none->message, "Permission denied"));
  g_assert_cmpint (partly->state, ==, PS_LISTING_INCOMPLETE);
  g_assert_nonnull (strstr (partly->message, "blind"));
}

static void
test_deep (Folder *folder, gconstpointer data)
{
  g_autoptr (GString) path = g_string_new ("d");
  g_autoptr (GError) error = NULL;
  g_autoptr (PsListing) listing = NULL;
  PsEntry made;

  for (guint depth = 0; path->len < PS_RELPATH_MAX - 60; depth++)
    {
      assert_done (ps_local_mkdir (folder->local, path->str, &made, &error), error);
      g_string_append (path, "/a directory with a name of some length, again");
    }
  assert_done (ps_local_mkdir (folder->local, path->str, &made, &error), error);
  listing = list (folder, path->str);
  g_assert_cmpint (listing->state, ==, PS_LISTING_COMPLETE);
  g_assert_cmpuint (listing->entries->len, ==, 0);
}

static void
test_queue (Folder *folder, gconstpointer data)
{
  PsLister lister = ps_local_lister (folder->local);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  guint n = 0;

  make_dir (folder, "a");
  make_dir (folder, "b");
  g_assert_null (lister.klass->next (lister.self, NULL, &error));
  g_assert_no_error (error);
  lister.klass->request (lister.self, "");
  lister.klass->request (lister.self, "a");
  lister.klass->request (lister.self, "b");
  for (;;)
    {
      g_autoptr (PsListing) listing = lister.klass->next (lister.self, NULL, &error);

      if (listing == NULL)
        break;
      g_assert_cmpint (listing->state, ==, PS_LISTING_COMPLETE);
      n++;
    }
  g_assert_no_error (error);
  g_assert_cmpuint (n, ==, 3);
  lister.klass->request (lister.self, "a");
  g_cancellable_cancel (cancellable);
  g_assert_null (lister.klass->next (lister.self, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* The root itself went away: no listing, certainly not an empty one. */
static void
test_root_gone (Folder *folder, gconstpointer data)
{
  PsLister lister = ps_local_lister (folder->local);
  g_autoptr (GError) error = NULL;

  remove_tree (folder->root);
  lister.klass->request (lister.self, "");
  g_assert_null (lister.klass->next (lister.self, NULL, &error));
  assert_local_error (error, PS_LOCAL_ERROR_ROOT);
}

/* Random trees: what the lister finds is what a simple walk finds. */

static void
grow (Folder *folder, const char *dir, guint depth)
{
  guint n = (guint)g_test_rand_int_range (0, depth < 4 ? 7 : 3);

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *name = g_strdup_printf ("%c%u%s", "ax%\xff \n"[g_test_rand_int_range (0, 6)],
                                               i, depth % 2 ? ".txt" : "");
      g_autofree char *path = ps_relpath_join (dir, name);

      switch (g_test_rand_int_range (0, 4))
        {
        case 0:
          make_link (folder, path, "..");
          break;
        case 1:
          write_file (folder, path, name);
          break;
        default:
          make_dir (folder, path);
          grow (folder, path, depth + 1);
        }
    }
}

static void
walk_simply (Folder *folder, const char *dir, GPtrArray *paths)
{
  g_autofree char *full = full_path (folder, dir);
  g_autoptr (GDir) handle = g_dir_open (full, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (handle)) != NULL)
    {
      g_autofree char *path = ps_relpath_join (dir, name);

      if (strcmp (path, ".pisync") == 0)
        continue;
      if (look (folder, path).kind == PS_KIND_DIR)
        walk_simply (folder, path, paths);
      g_ptr_array_add (paths, g_steal_pointer (&path));
    }
}

static void
walk_by_lister (Folder *folder, GPtrArray *paths)
{
  PsLister lister = ps_local_lister (folder->local);

  lister.klass->request (lister.self, "");
  for (;;)
    {
      g_autoptr (PsListing) listing = lister.klass->next (lister.self, NULL, NULL);

      if (listing == NULL)
        return;
      for (guint i = 0; i < listing->entries->len; i++)
        {
          const PsDirEntry *found = &g_array_index (listing->entries, PsDirEntry, i);
          g_autofree char *path = ps_relpath_join (listing->dir, found->name);
          PsEntry now = look (folder, path);

          g_assert_true (ps_entry_same (&now, &found->entry));
          if (found->entry.kind == PS_KIND_DIR)
            lister.klass->request (lister.self, path);
          g_ptr_array_add (paths, g_steal_pointer (&path));
        }
    }
}

static int
compare (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *)a, *(char *const *)b);
}

static void
test_random (Folder *folder, gconstpointer data)
{
  for (guint round = 0; round < 10; round++)
    {
      g_autofree char *dir = g_strdup_printf ("tree %u", round);
      g_autoptr (GPtrArray) simple = g_ptr_array_new_with_free_func (g_free);
      g_autoptr (GPtrArray) listed = g_ptr_array_new_with_free_func (g_free);

      make_dir (folder, dir);
      grow (folder, dir, 0);
      walk_simply (folder, "", simple);
      walk_by_lister (folder, listed);
      g_ptr_array_sort (simple, compare);
      g_ptr_array_sort (listed, compare);
      g_assert_cmpuint (simple->len, ==, listed->len);
      for (guint i = 0; i < simple->len; i++)
        g_assert_cmpstr (simple->pdata[i], ==, listed->pdata[i]);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  umask (022);
  add_test_variants ("/local/lister/plain", test_plain);
  add_test_variants ("/local/lister/empty-and-gone", test_empty_and_gone);
  add_test_variants ("/local/lister/link-in-the-way", test_link_in_the_way);
  add_test ("/local/lister/special", test_special);
  add_test_variants ("/local/lister/unreadable", test_unreadable);
  add_test_variants ("/local/lister/deep", test_deep);
  add_test ("/local/lister/queue", test_queue);
  add_test ("/local/lister/root-gone", test_root_gone);
  add_test_variants ("/local/lister/random", test_random);
  return g_test_run ();
}
