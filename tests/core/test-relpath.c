/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/ports.h"
#include "core/relpath.h"

#include <string.h>

static void
test_name_valid (void)
{
  char longest[PS_NAME_MAX + 1];

  memset (longest, 'x', sizeof longest);
  g_assert_true (ps_name_valid ("a", 1));
  g_assert_true (ps_name_valid ("...", 3));
  g_assert_true (ps_name_valid (".a", 2));
  g_assert_true (ps_name_valid ("\xff\n", 2));
  g_assert_true (ps_name_valid (longest, PS_NAME_MAX));
  g_assert_false (ps_name_valid (longest, PS_NAME_MAX + 1));
  g_assert_false (ps_name_valid ("", 0));
  g_assert_false (ps_name_valid (".", 1));
  g_assert_false (ps_name_valid ("..", 2));
  g_assert_false (ps_name_valid ("a/b", 3));
  g_assert_false (ps_name_valid ("a\0b", 3));
}

typedef struct
{
  const char *path;
  bool valid, own;
  guint depth;
} PathCase;

static const PathCase paths[] = {
  { "a", true, false, 1 },           { "a/b", true, false, 2 },
  { "a/b/c d/.e", true, false, 4 },  { ".pisync", true, true, 1 },
  { ".pisync/root", true, true, 2 }, { ".pisyncignore", true, false, 1 },
  { "a/.pisync", true, false, 2 },   { "", false, false, 0 },
  { "/", false, false, 2 },          { "/a", false, false, 2 },
  { "a/", false, false, 2 },         { "a//b", false, false, 3 },
  { ".", false, false, 1 },          { "..", false, false, 1 },
  { "../a", false, false, 2 },       { "a/..", false, false, 2 },
  { "a/./b", false, false, 3 },
};

static void
test_paths (void)
{
  g_autofree char *many = g_strnfill (PS_RELPATH_MAX + 1, 'x');

  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_test_message ("\"%s\"", paths[i].path);
      g_assert_cmpint (ps_relpath_valid (paths[i].path), ==, paths[i].valid);
      g_assert_cmpint (ps_relpath_is_own (paths[i].path), ==, paths[i].own);
      g_assert_cmpuint (ps_relpath_depth (paths[i].path), ==, paths[i].depth);
    }
  for (gsize i = 200; i < PS_RELPATH_MAX; i += 200)
    many[i] = '/';
  g_assert_false (ps_relpath_valid (many));
  many[PS_RELPATH_MAX] = '\0';
  g_assert_true (ps_relpath_valid (many));
}

static void
check_parts (const char *path, const char *dir, const char *name)
{
  g_autofree char *parent = ps_relpath_parent (path);
  g_autofree char *joined = ps_relpath_join (dir, name);

  g_assert_cmpstr (parent, ==, dir);
  g_assert_cmpstr (ps_relpath_name (path), ==, name);
  g_assert_cmpstr (joined, ==, path);
}

static void
test_parts (void)
{
  check_parts ("a", "", "a");
  check_parts ("a/b", "a", "b");
  check_parts ("a/b/c", "a/b", "c");
}

static void
test_below (void)
{
  g_assert_true (ps_relpath_below ("a/b", "a"));
  g_assert_true (ps_relpath_below ("a/b/c", "a"));
  g_assert_true (ps_relpath_below ("a", ""));
  g_assert_false (ps_relpath_below ("a", "a"));
  g_assert_false (ps_relpath_below ("ab", "a"));
  g_assert_false (ps_relpath_below ("a", "a/b"));
  g_assert_false (ps_relpath_below ("", ""));
}

static void
check_escape (const char *bytes, const char *wanted, bool wanted_raw)
{
  bool raw = !wanted_raw;
  g_autofree char *text = ps_relpath_escape (bytes, &raw);

  g_assert_cmpstr (text, ==, wanted);
  g_assert_cmpint (raw, ==, wanted_raw);
}

static void
test_escape (void)
{
  g_autofree char *no_flag = ps_relpath_escape ("\xfe", NULL);

  g_assert_cmpstr (no_flag, ==, "%FE");
  check_escape ("plain/na\xc3\xafve 100%", "plain/na\xc3\xafve 100%", false);
  check_escape ("line\nfeed", "line%0Afeed", false);
  check_escape ("\x1b[31m\x7f", "%1B[31m%7F", false);
  check_escape ("\xc2\x9b", "%C2%9B", false);
  check_escape ("100% \xff", "100%25 %FF", true);
  check_escape ("cut \xc3", "cut %C3", true);
  check_escape ("\xed\xa0\x80", "%ED%A0%80", true);
  check_escape ("", "", false);
}

static void
test_refusal (void)
{
  static const char *const refused[]
      = { "a:b",     "a?",   "a*",     "a|b",      "a\"b",      "<a",  "a>",
          "a\\b",    "a\n",  "\x01",   "end.",     "end ",      "CON", "con",
          "nul.txt", "Com1", "lpt9.x", "AUX .txt", "prn.tar.gz" };
  static const char *const taken[]
      = { "a", "a.b", ".a", " a", "console", "com0", "com", "com10", "lpt", "x.con", "\x7f" };

  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_test_message ("%s", refused[i]);
      g_assert_nonnull (ps_name_refusal (refused[i], PS_NAMES_FAT));
      g_assert_null (ps_name_refusal (refused[i], PS_NAMES_POSIX));
    }
  for (gsize i = 0; i < G_N_ELEMENTS (taken); i++)
    {
      g_test_message ("%s", taken[i]);
      g_assert_null (ps_name_refusal (taken[i], PS_NAMES_FAT));
    }
}

static void
test_listing (void)
{
  g_autoptr (PsListing) listing = ps_listing_new ("dir");
  const PsEntry entry = { PS_KIND_FILE, .size = 3 };
  static const char *const sorted[] = { "B", "a", "\xff" };

  ps_listing_add (listing, "a", &entry);
  ps_listing_add (listing, "\xff", &entry);
  ps_listing_add (listing, "B", &entry);
  ps_listing_sort (listing);
  g_assert_cmpstr (listing->dir, ==, "dir");
  g_assert_cmpint (listing->state, ==, PS_LISTING_COMPLETE);
  for (guint i = 0; i < G_N_ELEMENTS (sorted); i++)
    g_assert_cmpstr (g_array_index (listing->entries, PsDirEntry, i).name, ==, sorted[i]);
  listing->message = g_strdup ("permission denied");
  listing->refused = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (listing->refused, g_strdup ("%2F"));
  ps_listing_free (NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/relpath/name-valid", test_name_valid);
  g_test_add_func ("/core/relpath/paths", test_paths);
  g_test_add_func ("/core/relpath/parts", test_parts);
  g_test_add_func ("/core/relpath/below", test_below);
  g_test_add_func ("/core/relpath/escape", test_escape);
  g_test_add_func ("/core/relpath/refusal__st430", test_refusal);
  g_test_add_func ("/core/ports/listing", test_listing);
  return g_test_run ();
}
