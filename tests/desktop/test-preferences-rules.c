/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/preferences-rules.h"

typedef struct
{
  const char *name, *rules, *path;
  gboolean ignored;
} Row;

static const Row rows[] = {
  { "none", "", "a.txt", FALSE },
  { "name", "*.tmp\n", "a.tmp", TRUE },
  { "name-below", "*.tmp", "Photos/2026/a.tmp", TRUE },
  { "folder-above", "build/", "x/build/a.txt", TRUE },
  { "folder-itself", "build/", "build/", TRUE },
  { "file-called-so", "build/", "build", FALSE },
  { "taken-back", "*.tmp\n!keep.tmp\n", "keep.tmp", FALSE },
  { "anchored", "/top", "below/top", FALSE },
  { "built-in", "", ".DS_Store", TRUE },
  { "odd-slashes", "*.tmp", "//a//b.tmp", TRUE },
  { "only-slashes", "*", "//", FALSE },
};

static void
test_row (gconstpointer data)
{
  const Row *row = data;

  g_assert_cmpint (ps_preferences_rules_match (row->rules, row->path), ==, row->ignored);
}

typedef struct
{
  const char *name, *base, *mine, *theirs, *merged;
} MergeRow;

static const MergeRow merges[] = {
  { "nothing", "", "", "", "" },
  { "mine-only", "a\n", "a\nb\n", "a\n", "a\nb\n" },
  { "theirs-only", "a\n", "a\n", "b\n\na\n", "b\n\na\n" },
  { "both-new", "", "mine\n", "theirs\n", "theirs\nmine\n" },
  { "both-the-same", "", "a\n", "a\n", "a\n" },
  { "taken-out-by-me", "a\nb\n", "b\n", "a\nb\nc\n", "b\nc\n" },
  { "taken-out-by-them", "a\nb\n", "a\nb\nc\n", "b\n", "b\nc\n" },
  { "all-taken-out", "a\n", "", "a\n", "" },
  { "no-break-at-the-end", "a", "a\nb", "a\nc", "a\nc\nb\n" },
  { "half-a-line-then-the-rest", "*.tm", "*.tmp", "*.tm\nc\n", "c\n*.tmp\n" },
};

static void
test_merge (gconstpointer data)
{
  const MergeRow *row = data;
  g_autofree char *merged = ps_preferences_rules_merge (row->base, row->mine, row->theirs);

  g_assert_cmpstr (merged, ==, row->merged);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strconcat ("/preferences-rules/", rows[i].name, NULL);

      g_test_add_data_func (path, &rows[i], test_row);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (merges); i++)
    {
      g_autofree char *path = g_strconcat ("/preferences-rules/merge/", merges[i].name, NULL);

      g_test_add_data_func (path, &merges[i], test_merge);
    }
  return g_test_run ();
}
