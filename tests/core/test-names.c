/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/names.h"
#include "core/relpath.h"

#include <string.h>

/* 2026-11-22 14:05:33 UTC */
#define WHEN G_GINT64_CONSTANT (1795356333123456789)
#define STAMP "2026-11-22 140533"

typedef struct
{
  const char *path, *device, *wanted;
  guint attempt;
} ConflictName;

static const ConflictName conflict_names[] = {
  { "a.txt", "pc", "a (conflicted copy from pc " STAMP ").txt", 0 },
  { "d/e/a.txt", "pc", "d/e/a (conflicted copy from pc " STAMP ").txt", 0 },
  { "a.txt", "pc", "a (conflicted copy from pc " STAMP " 2).txt", 1 },
  { "a.txt", "pc", "a (conflicted copy from pc " STAMP " 3).txt", 2 },
  { "a", "pc", "a (conflicted copy from pc " STAMP ")", 0 },
  { ".profile", "pc", ".profile (conflicted copy from pc " STAMP ")", 0 },
  { ".a.conf", "pc", ".a (conflicted copy from pc " STAMP ").conf", 0 },
  { "x.tar.gz", "pc", "x (conflicted copy from pc " STAMP ").tar.gz", 0 },
  { "x.TAR.zst", "pc", "x (conflicted copy from pc " STAMP ").TAR.zst", 0 },
  { ".tar.gz", "pc", ".tar (conflicted copy from pc " STAMP ").gz", 0 },
  { "x.", "pc", "x. (conflicted copy from pc " STAMP ")", 0 },
  { "No. 5 is alive", "pc", "No. 5 is alive (conflicted copy from pc " STAMP ")", 0 },
  { "dir.d/file", "pc", "dir.d/file (conflicted copy from pc " STAMP ")", 0 },
  { "a.txt", "Anna/PC\n\x7f", "a (conflicted copy from Anna-PC-- " STAMP ").txt", 0 },
};

static void
test_conflict_names (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (conflict_names); i++)
    {
      const ConflictName *c = &conflict_names[i];
      g_autofree char *name = ps_conflict_path (c->path, c->device, WHEN, c->attempt);

      g_assert_cmpstr (name, ==, c->wanted);
      g_assert_true (ps_is_conflict_path (name));
    }
}

/* The rest of @path's last name after its cut is as long as a name can be, and no character was
 * cut in two. */
static void
check_longest (const char *path)
{
  const char *name = ps_relpath_name (path);

  g_assert_true (ps_relpath_valid (path));
  g_assert_true (g_utf8_validate (path, -1, NULL));
  g_assert_cmpuint (strlen (name), <=, PS_NAME_MAX);
  g_assert_cmpuint (strlen (name), >, PS_NAME_MAX - 4);
}

static void
test_long_names (void)
{
  for (gsize extra = 0; extra < 4; extra++)
    {
      g_autofree char *prefix = g_strnfill (extra, 'x');
      g_autoptr (GString) name = g_string_new (prefix);
      g_autofree char *path = NULL, *conflict = NULL, *version = NULL, *device = NULL;

      while (name->len + 4 <= PS_NAME_MAX - 4)
        g_string_append (name, "\xf0\x9f\xa5\xa7");
      g_string_append (name, ".pie");
      path = g_strconcat ("dir/", name->str, NULL);
      device = g_strdup (name->str);
      conflict = ps_conflict_path (path, device, WHEN, 41);
      version = ps_version_path (path, device, WHEN, 1007);
      check_longest (conflict);
      check_longest (version);
      g_assert_true (g_str_has_suffix (conflict, STAMP " 42).pie"));
      g_assert_true (g_str_has_prefix (version, ".pisync/versions/dir/"));
      g_assert_true (ps_is_conflict_path (conflict));
    }
}

/* Bytes that are no UTF-8 are cut somewhere, not looked through for ever. */
static void
test_long_bytes (void)
{
  g_autofree char *name = g_strnfill (PS_NAME_MAX, '\x80');
  g_autofree char *conflict = ps_conflict_path (name, "pc", WHEN, 0);

  g_assert_cmpuint (strlen (conflict), ==, PS_NAME_MAX);
}

static void
test_not_conflict (void)
{
  static const char *const others[] = {
    "a.txt",
    "a (conflicted copy)",
    "a (conflicted copy from pc)",
    "a (conflicted copy from pc 2026-11-22)",
    "a (conflicted copy from pc 2026-11-22 140533",
    "a (conflicted copy from pc 2026-11-22 140533) final",
    "a (conflicted copy from pc 2026-11-22 140533 )",
    "a (conflicted copy from pc 140533 2)",
    "a) (conflicted copy from pc 2026-11-22 140533",
    "x (conflicted copy from pc 2026-11-22 140533)/a.txt",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
    {
      g_test_message ("%s", others[i]);
      g_assert_false (ps_is_conflict_path (others[i]));
    }
}

static void
check_version (const char *path, const char *device, guint attempt, const char *wanted)
{
  g_autofree char *version = ps_version_path (path, device, WHEN, attempt);
  g_autofree char *path_back = NULL, *device_back = NULL, *short_path = NULL, *short_device = NULL;
  int64_t when, short_when;

  g_assert_cmpstr (version, ==, wanted);
  g_assert_true (ps_version_parse (version, &path_back, &when, &device_back));
  g_assert_cmpstr (path_back, ==, path);
  g_assert_cmpint (when, ==,
                   WHEN / 1000000000 * 1000000000 + attempt * G_GINT64_CONSTANT (1000000));
  g_assert_true (ps_version_parse (version + strlen (".pisync/versions/"), &short_path, &short_when,
                                   &short_device));
  g_assert_cmpstr (short_path, ==, path);
  g_assert_cmpstr (short_device, ==, device_back);
}

static void
test_versions (void)
{
  check_version ("a.txt", "pc", 0, ".pisync/versions/a.txt~20261122T140533Z~pc");
  check_version ("d/a~b", "pc", 0, ".pisync/versions/d/a~b~20261122T140533Z~pc");
  check_version ("d/a.txt", "pc", 12, ".pisync/versions/d/a.txt~20261122T140533Z.12~pc");
  check_version ("a", "A~B/c", 0, ".pisync/versions/a~20261122T140533Z~A-B-c");
}

/* The versions of one second, in the order of their numbers, and before those of the next. */
static void
test_version_order (void)
{
  static const guint attempts[] = { 0, 2, 10, 999, 1000, 2000000000 };
  int64_t before = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (attempts); i++)
    {
      g_autofree char *version = ps_version_path ("a", "pc", WHEN, attempts[i]);
      g_autofree char *path = NULL, *device = NULL;
      int64_t when;

      g_assert_true (ps_version_parse (version, &path, &when, &device));
      g_assert_cmpint (when, >, before);
      g_assert_cmpint (when, <, WHEN / 1000000000 * 1000000000 + 1000000000);
      before = when;
    }
}

static void
test_not_versions (void)
{
  static const char *const others[] = {
    "",
    "a",
    "a~b",
    "a~20261122T140533Z",
    "a~20261122T140533Z~",
    "~20261122T140533Z~pc",
    "d/~20261122T140533Z~pc",
    "../a~20261122T140533Z~pc",
    "a~20261122T140533~pc",
    "a~20261122T140533Z.~pc",
    "a~20261122T140533Z.x~pc",
    "a~20261122T140533Z1~pc",
    "a~20261322T140533Z~pc",
    "a~2026-122T140533Z~pc",
    "a~99991231T235959Z~pc",
    "a~22620412T000000Z~pc",
  };
  char *path = NULL, *device = NULL;
  int64_t when;

  for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
    {
      g_test_message ("%s", others[i]);
      g_assert_false (ps_version_parse (others[i], &path, &when, &device));
      g_assert_null (path);
    }
}

/* Clocks without a battery show odd years: still a name, and one of the expected form. */
static void
test_odd_times (void)
{
  static const int64_t times[] = { INT64_MIN, -1, 0, INT64_MAX };
  static const char *const stamps[]
      = { "1677-09-21 001243", "1969-12-31 235959", "1970-01-01 000000", "2262-04-11 234716" };

  for (gsize i = 0; i < G_N_ELEMENTS (times); i++)
    {
      g_autofree char *name = ps_conflict_path ("a", "pc", times[i], 0);

      g_assert_nonnull (strstr (name, stamps[i]));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/names/conflict", test_conflict_names);
  g_test_add_func ("/core/names/long", test_long_names);
  g_test_add_func ("/core/names/long-bytes", test_long_bytes);
  g_test_add_func ("/core/names/not-conflict", test_not_conflict);
  g_test_add_func ("/core/names/versions", test_versions);
  g_test_add_func ("/core/names/version-order", test_version_order);
  g_test_add_func ("/core/names/not-versions", test_not_versions);
  g_test_add_func ("/core/names/odd-times", test_odd_times);
  return g_test_run ();
}
