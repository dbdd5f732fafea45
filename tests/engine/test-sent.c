/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was sent and not recorded, because the link was lost: what lies there later is not taken for
 * it by size and second alone, whatever its size. */
#include "fakes/test-util.h"
#include "household.h"

#include <glib/gstdio.h>

#define WHEN 1700000000

typedef struct
{
  const char *name;
  gsize size;
} Size;

static const Size sizes[] = {
  { "small", 100 },
  { "large", 3 * 1024 * 1024 },
};

static void
write_like (const char *dir, const char *path, const Size *size, guint32 seed)
{
  g_autofree guint8 *bytes = ps_test_random_bytes (size->size, seed);

  ps_test_write_bytes (dir, path, bytes, size->size);
  ps_test_set_mtime (dir, path, WHEN);
}

static void
assert_content (const char *dir, const char *path, const Size *size, guint32 seed)
{
  g_autofree guint8 *wanted = ps_test_random_bytes (size->size, seed);
  gsize length = 0;
  g_autofree char *found = ps_test_read (dir, path, &length);

  g_assert_nonnull (found);
  g_assert_cmpmem (found, length, wanted, size->size);
}

/* Anna's file is on the server, and the link goes before its name is durable. */
static void
send_unrecorded (PsTwo *two, const Size *size)
{
  write_like (two->a->local, "f", size, 1);
  ps_device_sync_cancelled (two->a, PS_SYNC_DEFAULT, 1);
  assert_content (two->household->server, "f", size, 1);
}

static void
remove_here (PsDevice *device, const char *name)
{
  g_autofree char *path = g_build_filename (device->local, name, NULL);

  g_assert_no_errno (g_unlink (path));
}

static void
test_same (gconstpointer data)
{
  SET_UP ("k=4");

  send_unrecorded (&two, data);
  ps_device_agree (two.a);
  g_assert_cmpuint (ps_device_count (two.a, "record", "f"), ==, 1);
  g_assert_cmpuint (two.a->summary.uploaded, ==, 0);
  ps_two_settle (&two);
}

/* The server lost the name, and another device has sent the like since. */
static void
test_other (gconstpointer data)
{
  SET_UP ("k=4");
  g_autofree char *copy = NULL;

  send_unrecorded (&two, data);
  write_like (two.household->server, "f", data, 2);
  ps_device_agree (two.a);
  g_assert_cmpuint (two.a->summary.conflicts, ==, 1);
  ps_two_settle (&two);
  copy = ps_find_conflict_copy (two.b->local);
  g_assert_nonnull (copy);
  assert_content (two.b->local, "f", data, 1);
  assert_content (two.b->local, copy, data, 2);
}

static void
test_edited (gconstpointer data)
{
  SET_UP ("k=4");

  send_unrecorded (&two, data);
  ps_test_make_tree (two.a->local, "f=edited");
  ps_device_agree (two.a);
  g_assert_cmpuint (two.a->summary.uploaded, ==, 1);
  g_assert_cmpuint (two.a->summary.conflicts, ==, 0);
  ps_two_settle (&two);
}

static void
test_lost (gconstpointer data)
{
  g_autofree char *there = NULL;

  SET_UP ("k=4");
  send_unrecorded (&two, data);
  there = g_build_filename (two.household->server, "f", NULL);
  g_assert_no_errno (g_unlink (there));
  ps_device_agree (two.a);
  g_assert_cmpuint (ps_device_count (two.a, "upload", "f"), ==, 1);
  ps_two_settle (&two);
  assert_content (two.b->local, "f", data, 1);
}

/* Whoever made the file has removed it: it does not come back. */
static void
test_removed (gconstpointer data)
{
  SET_UP ("k=4");

  send_unrecorded (&two, data);
  remove_here (two.a, "f");
  ps_device_agree (two.a);
  g_assert_cmpuint (ps_device_count (two.a, "delete-remote", "f"), ==, 1);
  g_assert_cmpuint (two.a->summary.downloaded, ==, 0);
  g_assert_false (ps_test_exists (two.household->server, "f"));
  ps_two_settle (&two);
}

static void
test_removed_other (gconstpointer data)
{
  SET_UP ("k=4");

  send_unrecorded (&two, data);
  write_like (two.household->server, "f", data, 2);
  remove_here (two.a, "f");
  ps_device_agree (two.a);
  g_assert_cmpuint (two.a->summary.deleted_remote, ==, 0);
  ps_two_settle (&two);
  assert_content (two.a->local, "f", data, 2);
}

/* What takes long is recorded on the way: a link that is lost later need not be paid for. */
static void
test_recorded_on_the_way (void)
{
  SET_UP ("k=4");

  ps_test_make_tree (two.a->local, "d/ e/ d/f=one e/g=two");
  two.a->leap = 10 * G_USEC_PER_SEC;
  ps_device_sync_cancelled (two.a, PS_SYNC_DEFAULT, 3);
  ps_device_agree (two.a);
  /* The second may have come while the first was made durable. */
  g_assert_cmpuint (ps_device_count (two.a, "record", "d") + ps_device_count (two.a, "record", "e"),
                    <, 2);
  ps_two_settle (&two);
}

static void
add (const char *name, GTestDataFunc func)
{
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree char *path = g_strdup_printf ("/engine/sent/%s/%s", name, sizes[i].name);

      g_test_add_data_func (path, &sizes[i], func);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("same", test_same);
  add ("other", test_other);
  add ("edited", test_edited);
  add ("lost", test_lost);
  add ("removed", test_removed);
  add ("removed-other", test_removed_other);
  g_test_add_func ("/engine/sent/recorded-on-the-way", test_recorded_on_the_way);
  return g_test_run ();
}
