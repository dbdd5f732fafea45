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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strconcat ("/preferences-rules/", rows[i].name, NULL);

      g_test_add_data_func (path, &rows[i], test_row);
    }
  return g_test_run ();
}
