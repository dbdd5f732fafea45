/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A private home for a test program, empty at the beginning of each test. (GLib's own
 * G_TEST_OPTION_ISOLATE_DIRS leaks memory with every test, which hides our leaks.) */
#pragma once

#include "fakes/test-util.h"

G_BEGIN_DECLS

static char *test_home;

/* Call first in main (), and test_home_remove () last. */
static inline void
test_home_make (void)
{
  static const char *const names[][2] = {
    { "HOME", "home" },          { "XDG_CONFIG_HOME", "config" }, { "XDG_STATE_HOME", "state" },
    { "XDG_DATA_HOME", "data" }, { "XDG_CACHE_HOME", "cache" },   { "XDG_RUNTIME_DIR", "run" }
  };

  test_home = ps_test_dir_new ();
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *dir = g_build_filename (test_home, names[i][1], NULL);

      g_setenv (names[i][0], dir, TRUE);
    }
}

static inline void
test_home_empty (gpointer fixture, gconstpointer data)
{
  ps_test_remove_tree (test_home);
  g_assert_cmpint (g_mkdir_with_parents (g_get_home_dir (), 0700), ==, 0);
}

static inline void
test_home_add (const char *path, gconstpointer data, void (*test) (gpointer, gconstpointer))
{
  g_test_add_vtable (path, 0, data, test_home_empty, test, NULL);
}

static inline int
test_home_remove (int result)
{
  ps_test_dir_free (test_home);
  return result;
}

G_END_DECLS
