/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Earlier versions: listed, brought back, and in the end removed. */
#include "core/names.h"
#include "engine/device.h"
#include "engine/versions.h"
#include "fakes/test-util.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define SECOND_NS G_GINT64_CONSTANT (1000000000)
#define DAY_NS (24 * 3600 * SECOND_NS)

static char *
add_attempt (Device *device, const char *path, gint64 days, guint attempt, const char *text)
{
  int64_t when = (device->now - days * DAY_NS) / SECOND_NS * SECOND_NS;
  g_autofree char *version = ps_version_path (path, device->config->device, when, attempt);

  ps_test_write (device->server, version, text);
  return g_strdup (version + strlen (PS_VERSIONS_DIR "/"));
}

/* Makes a version of @path on the server as if it had been replaced @days ago. Returns: its id. */
static char *
add_version (Device *device, const char *path, gint64 days, const char *text)
{
  return add_attempt (device, path, days, 0, text);
}

static GPtrArray *
list_ok (Device *device, const char *path)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *versions = ps_versions_list (device->remote, path, NULL, &error);

  g_assert_no_error (error);
  return versions;
}

/* Asserts that the listing of @path is the ids in @wanted, in this order, ended by NULL. */
static void
assert_listed (Device *device, const char *path, const char *const *wanted)
{
  g_autoptr (GPtrArray) versions = list_ok (device, path);
  g_autoptr (GPtrArray) ids = g_ptr_array_new ();

  for (guint i = 0; i < versions->len; i++)
    g_ptr_array_add (ids, ((PsVersion *)g_ptr_array_index (versions, i))->id);
  g_ptr_array_add (ids, NULL);
  g_assert_cmpstrv (ids->pdata, wanted);
}

static void
test_list (void)
{
  g_autoptr (Device) device = device_new (NULL, "laptop", "");
  g_autofree char *older = add_version (device, "docs/a.txt", 3, "older");
  g_autofree char *newer = add_version (device, "docs/a.txt", 1, "new");
  g_autofree char *other = add_version (device, "docs/a.txt.bak", 2, "other");
  g_autofree char *deep = add_version (device, "docs/deep/b", 2, "deep");
  g_autofree char *top = add_version (device, "top", 2, "top");
  const char *const of_a[] = { newer, older, NULL };
  const char *const of_docs[] = { newer, older, other, deep, NULL };
  const char *const all[] = { newer, older, other, deep, top, NULL };
  const char *const none[] = { NULL };
  g_autoptr (GPtrArray) versions = NULL;
  const PsVersion *version;

  ps_test_write (device->server, PS_VERSIONS_DIR "/docs/stranger", "no version");
  assert_listed (device, "docs/a.txt", of_a);
  assert_listed (device, "docs", of_docs);
  assert_listed (device, "", all);
  assert_listed (device, "docs/a", none);
  assert_listed (device, "nowhere/at/all", none);
  versions = list_ok (device, "docs/a.txt");
  version = g_ptr_array_index (versions, 1);
  g_assert_cmpstr (version->path, ==, "docs/a.txt");
  g_assert_cmpstr (version->device, ==, "laptop");
  g_assert_cmpuint (version->entry.size, ==, 5);
  g_assert_cmpint (version->when / DAY_NS, ==, (device->now - 3 * DAY_NS) / DAY_NS);
}

/* Several of one second: by what tells them apart. */
static void
test_list_one_second (void)
{
  g_autoptr (Device) device = device_new (NULL, "laptop", "");
  g_autofree char *third = add_attempt (device, "a", 1, 10, "3");
  g_autofree char *first = add_attempt (device, "a", 1, 0, "1");
  g_autofree char *second = add_attempt (device, "a", 1, 9, "2");
  g_autofree char *fourth = add_attempt (device, "a", 1, 1001, "4");
  const char *const wanted[] = { fourth, third, second, first, NULL };

  assert_listed (device, "a", wanted);
}

/* Replaced in one second over links that know nothing of each other. */
static void
test_made_in_one_second (void)
{
  g_autoptr (Device) device = device_new (NULL, "laptop", "");
  g_autoptr (GPtrArray) versions = NULL;

  device->now = device->now / SECOND_NS * SECOND_NS + 100000000;
  for (guint i = 1; i <= 4; i++)
    {
      g_autoptr (GByteArray) bytes = g_byte_array_new_take (ps_test_random_bytes (i, i), i);
      g_auto (Transfer) transfer = { 0 };

      device_connect (device, "", 0);
      device_write (device, "a", bytes);
      device_upload (device, "a", &transfer);
      g_assert_no_error (transfer.error);
      device->now += 100000000;
    }
  versions = list_ok (device, "a");
  g_assert_cmpuint (versions->len, ==, 3);
  for (guint i = 0; i < 3; i++)
    {
      const PsVersion *version = g_ptr_array_index (versions, i);

      g_assert_cmpuint (version->entry.size, ==, 3 - i);
    }
}

/* A name so long that its versions' names are shortened. */
static void
test_long_name (void)
{
  g_autoptr (Device) device = device_new (NULL, "laptop", "");
  g_autofree char *name = g_strnfill (250, 'n');
  g_autofree char *like = g_strnfill (249, 'n');
  g_autofree char *first = add_version (device, name, 1, "long");
  g_autofree char *id = add_attempt (device, name, 1, 123, "longer");
  const char *const wanted[] = { id, first, NULL };
  const char *const none[] = { NULL };

  assert_listed (device, name, wanted);
  assert_listed (device, like, none);
}

static gboolean
restore (Device *device, const char *id, const char *path, GError **error)
{
  return ps_versions_restore (device->remote, device->local, id, path, device->now, NULL, error);
}

static void
assert_local (Device *device, const char *path, const char *wanted)
{
  g_autofree char *text = ps_test_read (device->local_dir, path, NULL);

  g_assert_cmpstr (text, ==, wanted);
}

/* Returns: how many files lie in the trash, its own folder included. */
static guint
count_trash (Device *device)
{
  g_autofree char *dir = g_build_filename (device->local_dir, PS_OWN_DIR "/trash", NULL);
  g_autofree char *described = ps_test_describe_tree (dir);
  g_auto (GStrv) lines = g_strsplit (g_strstrip (described), "\n", -1);

  return *described == '\0' ? 0 : g_strv_length (lines);
}

static void
test_restore (void)
{
  g_autoptr (Device) device = device_new (NULL, "laptop", "");
  g_autofree char *id = add_version (device, "docs/deep/a", 3, "as it was");
  g_autoptr (GError) error = NULL;
  PsEntry entry;

  /* A deleted file, with its directories. */
  g_assert_true (restore (device, id, "docs/deep/a", &error));
  assert_local (device, "docs/deep/a", "as it was");
  g_assert_true (ps_local_stat (device->local, "docs/deep/a", &entry, &error));
  g_assert_cmpint (entry.mtime / SECOND_NS, ==, device->now / SECOND_NS);
  g_assert_cmpuint (count_trash (device), ==, 0);
  /* Over another content, which is kept. */
  ps_test_write (device->local_dir, "docs/deep/a", "as it is now");
  g_assert_true (restore (device, id, "docs/deep/a", &error));
  assert_local (device, "docs/deep/a", "as it was");
  g_assert_cmpuint (count_trash (device), >, 0);
  /* Beside it, under another name. */
  g_assert_true (restore (device, id, "old-a", &error));
  assert_local (device, "old-a", "as it was");
  g_assert_no_error (error);
}

static void
test_restore_refused (void)
{
  g_autoptr (Device) device = device_new (NULL, "laptop", "");
  g_autofree char *id = add_version (device, "a", 3, "as it was");
  g_autoptr (GError) error = NULL;

  ps_test_make_tree (device->local_dir, "dir/ file=x");
  g_assert_false (restore (device, id, "dir", &error));
  g_assert_error (error, PS_LOCAL_ERROR, PS_LOCAL_ERROR_EXISTS);
  g_clear_error (&error);
  g_assert_false (restore (device, id, "file/below", &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
  g_assert_false (restore (device, "a~20200101T000000Z~x", "b", &error));
  g_assert_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_GONE);
  assert_local (device, "file", "x");
}

static void
test_fetch (void)
{
  g_autoptr (Device) device = device_new (NULL, "laptop", "");
  g_autofree char *id = add_version (device, "a", 3, "as it was");
  g_autofree char *file = g_build_filename (device->dir, "saved", NULL);
  int fd = open (file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  PsEntry entry;

  g_assert_true (ps_versions_fetch (device->remote, id, fd, &entry, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (entry.size, ==, 9);
  close (fd);
  text = ps_test_read (device->dir, "saved", NULL);
  g_assert_cmpstr (text, ==, "as it was");
}

static void
sweep (Device *device)
{
  g_autoptr (PsVersionSweep) versions = ps_version_sweep_new ();
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 10; i++) /* each a walk, or a part of one */
    {
      g_assert_true (ps_version_sweep_step (versions, &device->context, &error));
      g_assert_no_error (error);
    }
  while (ps_remote_outstanding (device->remote) > 0)
    g_assert_true (ps_remote_step (device->remote, -1, NULL, &error));
}

static void
test_expire (void)
{
  g_autoptr (Device) device = device_new (NULL, "laptop", "");
  g_autofree char *fresh = add_version (device, "docs/a", 29, "1");
  g_autofree G_GNUC_UNUSED char *expired = add_version (device, "docs/a", 32, "2");
  g_autofree G_GNUC_UNUSED char *gone = add_version (device, "gone/deep/b", 40, "3");
  g_autofree char *odd_clock = add_version (device, "c", 365 * 50, "4");
  g_autofree char *future = add_version (device, "d", -3, "5");
  const char *const stays[] = { odd_clock, future, fresh, NULL };
  const char *const day_later[] = { odd_clock, future, NULL };

  device->config->versions_max_percent = 100;
  ps_test_write (device->server, PS_VERSIONS_DIR "/stranger", "no version");
  sweep (device);
  assert_listed (device, "", stays);
  g_assert_true (ps_test_exists (device->server, PS_VERSIONS_DIR "/stranger"));
  /* Directories that became empty go with the walks that find them so. */
  for (guint i = 0; i < 3; i++)
    {
      device->now += 2 * DAY_NS;
      sweep (device);
    }
  g_assert_false (ps_test_exists (device->server, PS_VERSIONS_DIR "/gone"));
  assert_listed (device, "", day_later);
}

/* The computer's clock is a year ahead: the server knows better. */
static void
test_expire_clock_ahead (void)
{
  g_autoptr (Device) device = device_new (NULL, "laptop", "");
  g_autofree char *fresh = add_version (device, "docs/a", 29, "1");
  g_autofree G_GNUC_UNUSED char *expired = add_version (device, "docs/a", 32, "2");
  const char *const stays[] = { fresh, NULL };

  device->config->versions_max_percent = 100;
  ps_test_write (device->server, PS_OWN_DIR "/root", "written by the last run");
  ps_test_set_mtime (device->server, PS_OWN_DIR "/root", (device->now - DAY_NS) / PS_ENTRY_SECOND);
  device->now += 365 * DAY_NS;
  sweep (device);
  assert_listed (device, "", stays);
}

/* Once a day only. */
static void
test_expire_daily (void)
{
  g_autoptr (Device) device = device_new (NULL, "laptop", "");
  g_autofree char *expired = NULL;
  const char *const none[] = { NULL };

  device->config->versions_max_percent = 100;
  sweep (device);
  expired = add_version (device, "a", 40, "1");
  {
    const char *const wanted[] = { expired, NULL };

    sweep (device);
    assert_listed (device, "", wanted);
  }
  device->now += DAY_NS;
  sweep (device);
  assert_listed (device, "", none);
}

/* No room at all: all but today's go, and within the limit of days. */
static void
test_room (void)
{
  g_autoptr (Device) device = device_new (NULL, "laptop", "");
  g_autofree char *today = add_version (device, "a", 0, "1");
  g_autofree G_GNUC_UNUSED char *before = add_version (device, "a", 1, "2");
  g_autofree G_GNUC_UNUSED char *other = add_version (device, "b", 5, "3");
  const char *const stays[] = { today, NULL };

  device->config->versions_max_percent = 0;
  sweep (device);
  assert_listed (device, "", stays);
}

/* A version that takes so many thousandths of the server's disk; nothing is in it. */
static char *
add_large (Device *device, const char *path, gint64 days, guint thousandths)
{
  char *id = add_version (device, path, days, "");
  g_autofree char *version = g_strconcat (PS_VERSIONS_DIR "/", id, NULL);
  g_autofree char *file = device_server_path (device, version);
  g_autoptr (GError) error = NULL;
  uint64_t free_bytes, disk;

  g_assert_true (ps_remote_space (device->remote, &free_bytes, &disk, NULL, &error));
  g_assert_no_errno (truncate (file, (off_t)(disk / 1000 * thousandths)));
  return id;
}

/* Too little room: of every file the newest version stays, however old it is, as long as older ones
 * of others can go. */
static void
test_newest_stays_longest (void)
{
  g_autoptr (Device) device = device_new (NULL, "laptop", "");
  g_autofree char *newest_a = add_large (device, "a", 2, 20);
  g_autofree G_GNUC_UNUSED char *older_a = add_large (device, "a", 10, 60);
  g_autofree char *newest_b = add_large (device, "b", 25, 50);
  const char *const stays[] = { newest_a, newest_b, NULL };
  const char *const only_a[] = { newest_a, NULL };

  device->config->versions_max_percent = 10;
  sweep (device);
  assert_listed (device, "", stays);
  /* With less room still, the oldest of these goes too. */
  device->config->versions_max_percent = 5;
  device->now += DAY_NS;
  sweep (device);
  assert_listed (device, "", only_a);
}

/* A clock that says that everything takes long. */
static int64_t
slow_monotonic (gpointer data)
{
  static int64_t now;

  return now += G_USEC_PER_SEC / 10;
}

/* Nothing is held up: some directories at a time. */
static void
test_small_steps (void)
{
  g_autoptr (Device) device = device_new (NULL, "laptop", "");
  g_autoptr (PsVersionSweep) versions = ps_version_sweep_new ();
  g_autoptr (GError) error = NULL;
  guint left = 40, steps = 0;

  for (guint i = 0; i < left; i++)
    {
      g_autofree char *path = g_strdup_printf ("dir-%u/a", i);
      g_autofree G_GNUC_UNUSED char *expired = add_version (device, path, 40, "x");
    }
  device->config->versions_max_percent = 90;
  device->clock.monotonic = slow_monotonic;
  for (; left > 0; steps++)
    {
      g_autoptr (GPtrArray) listed = NULL;

      g_assert_true (ps_version_sweep_step (versions, &device->context, &error));
      g_assert_no_error (error);
      listed = list_ok (device, "");
      g_assert_cmpuint (left - listed->len, <=, 3);
      left = listed->len;
      g_assert_cmpuint (steps, <, 100);
    }
  g_assert_cmpuint (steps, >, 10);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/versions/list", test_list);
  g_test_add_func ("/versions/list/one-second", test_list_one_second);
  g_test_add_func ("/versions/made-in-one-second", test_made_in_one_second);
  g_test_add_func ("/versions/list/long-name", test_long_name);
  g_test_add_func ("/versions/restore", test_restore);
  g_test_add_func ("/versions/restore/refused", test_restore_refused);
  g_test_add_func ("/versions/fetch", test_fetch);
  g_test_add_func ("/versions/sweep/expire", test_expire);
  g_test_add_func ("/versions/sweep/clock-ahead", test_expire_clock_ahead);
  g_test_add_func ("/versions/sweep/daily", test_expire_daily);
  g_test_add_func ("/versions/sweep/room", test_room);
  g_test_add_func ("/versions/sweep/newest-stays-longest", test_newest_stays_longest);
  g_test_add_func ("/versions/sweep/small-steps", test_small_steps);
  return g_test_run ();
}
