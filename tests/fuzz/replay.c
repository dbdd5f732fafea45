/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stands in for the fuzzer in a plain build: gives the target every file of the folder that is its
 * argument, and what comes of cutting each. */
#include <gio/gio.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static void
replay (gconstpointer data)
{
  const char *file = data;
  g_autofree char *content = NULL;
  g_autoptr (GError) error = NULL;
  gsize length;

  g_file_get_contents (file, &content, &length, &error);
  g_assert_no_error (error);
  for (gsize cut = 0; cut <= length; cut += 1 + length / 64)
    LLVMFuzzerTestOneInput ((const uint8_t *)content, length - cut);
}

int
main (int argc, char **argv)
{
  g_autoptr (GDir) dir = NULL;
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  const char *name;

  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 2);
  dir = g_dir_open (argv[1], 0, &error);
  g_assert_no_error (error);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_strconcat ("/fuzz/", name, NULL);

      g_ptr_array_add (files, g_build_filename (argv[1], name, NULL));
      g_test_add_data_func (path, g_ptr_array_index (files, files->len - 1), replay);
    }
  g_assert_cmpuint (files->len, >, 0);
  return g_test_run ();
}
