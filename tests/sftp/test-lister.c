/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Listings from a real server: complete, or said to be not. */
#include "fakes/test-util.h"
#include "sftp/wire.h"

#include <sys/stat.h>
#include <unistd.h>

static const PsDirEntry *
nth (const PsListing *listing, guint i)
{
  g_assert_cmpuint (i, <, listing->entries->len);
  return &g_array_index (listing->entries, PsDirEntry, i);
}

static void
test_root (void)
{
  g_autoptr (Wire) wire = wire_new ("");
  g_autofree char *link = wire_path (wire, "link");
  g_autofree char *program = wire_path (wire, "program");
  g_autoptr (PsListing) listing = NULL;

  wire_write (wire, "b.txt", "hello");
  wire_write (wire, "a/deep", "");
  wire_write (wire, "program", "#!/bin/sh\n");
  g_assert_no_errno (chmod (program, 0755));
  g_assert_no_errno (symlink ("b.txt", link));
  listing = wire_list (wire, "");
  g_assert_cmpint (listing->state, ==, PS_LISTING_COMPLETE);
  g_assert_cmpuint (listing->entries->len, ==, 4);
  g_assert_cmpstr (nth (listing, 0)->name, ==, "a");
  g_assert_cmpint (nth (listing, 0)->entry.kind, ==, PS_KIND_DIR);
  g_assert_cmpstr (nth (listing, 1)->name, ==, "b.txt");
  g_assert_cmpint (nth (listing, 1)->entry.kind, ==, PS_KIND_FILE);
  g_assert_cmpuint (nth (listing, 1)->entry.size, ==, 5);
  g_assert_false (nth (listing, 1)->entry.executable);
  g_assert_cmpint (nth (listing, 2)->entry.kind, ==, PS_KIND_SYMLINK);
  g_assert_cmpstr (nth (listing, 3)->name, ==, "program");
  g_assert_true (nth (listing, 3)->entry.executable);
}

static void
test_gone (void)
{
  g_autoptr (Wire) wire = wire_new ("");
  g_autofree char *link = wire_path (wire, "link");
  g_autoptr (PsListing) nothing = wire_list (wire, "nothing");
  g_autoptr (PsListing) file = NULL;
  g_autoptr (PsListing) linked = NULL;

  wire_write (wire, "file", "");
  wire_write (wire, "dir/in", "");
  g_assert_no_errno (symlink ("dir", link));
  file = wire_list (wire, "file");
  linked = wire_list (wire, "link");
  g_assert_cmpint (nothing->state, ==, PS_LISTING_GONE);
  g_assert_cmpint (file->state, ==, PS_LISTING_GONE);
  g_assert_cmpint (linked->state, ==, PS_LISTING_GONE);
  g_assert_cmpuint (linked->entries->len, ==, 0);
}

/* As root everything may be read, so the mode of a directory forbids nothing there. */
static void
test_forbidden (gconstpointer data)
{
  guint mode = GPOINTER_TO_UINT (data);
  g_autoptr (Wire) wire = wire_new ("");
  g_autofree char *dir = wire_path (wire, "shut");
  g_autoptr (PsListing) listing = NULL;

  if (geteuid () == 0)
    {
      g_test_skip ("root may read everything");
      return;
    }
  wire_write (wire, "shut/file", "x");
  g_assert_no_errno (chmod (dir, mode));
  listing = wire_list (wire, "shut");
  g_assert_no_errno (chmod (dir, 0755));
  g_assert_cmpint (listing->state, ==, PS_LISTING_INCOMPLETE);
  g_assert_nonnull (listing->message);
}

static void
list_many (Wire *wire)
{
  PsLister lister = ps_remote_lister (wire->remote);
  guint dirs = 300, files = 0;

  for (guint i = 0; i < dirs; i++)
    for (guint j = 0; j < (i % 50 == 0 ? 250 : 3); j++)
      {
        g_autofree char *path = g_strdup_printf ("d%u/f%u", i, j);

        wire_write (wire, path, "x");
        files++;
      }
  for (guint i = 0; i < dirs; i++)
    {
      g_autofree char *dir = g_strdup_printf ("d%u", i);

      lister.klass->request (lister.self, dir);
    }
  for (;;)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (PsListing) listing = lister.klass->next (lister.self, NULL, &error);

      g_assert_no_error (error);
      if (listing == NULL)
        break;
      g_assert_cmpint (listing->state, ==, PS_LISTING_COMPLETE);
      files -= listing->entries->len;
      dirs--;
    }
  g_assert_cmpuint (dirs, ==, 0);
  g_assert_cmpuint (files, ==, 0);
}

static void
test_many (void)
{
  g_autoptr (Wire) wire = wire_new ("");

  list_many (wire);
}

/* Fewer handles than the client would like, and a server that does not say how many. */
static void
test_few_handles (void)
{
  g_autoptr (Wire) wire = wire_new_shell ("ulimit -n 10; exec " WIRE_SERVER " -P limits", 1);

  list_many (wire);
}

static void
test_lost (void)
{
  g_autoptr (Wire) wire = wire_new ("");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  PsLister lister = ps_remote_lister (wire->remote);

  lister.klass->request (lister.self, "");
  g_cancellable_cancel (cancellable);
  g_assert_null (lister.klass->next (lister.self, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sftp/lister/root", test_root);
  g_test_add_func ("/sftp/lister/gone", test_gone);
  g_test_add_data_func ("/sftp/lister/unreadable", GUINT_TO_POINTER (0300), test_forbidden);
  g_test_add_data_func ("/sftp/lister/unsearchable", GUINT_TO_POINTER (0600), test_forbidden);
  g_test_add_func ("/sftp/lister/many", test_many);
  g_test_add_func ("/sftp/lister/few-handles", test_few_handles);
  g_test_add_func ("/sftp/lister/lost", test_lost);
  return g_test_run ();
}
