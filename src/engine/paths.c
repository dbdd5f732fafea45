/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where configurations, host keys and state lie, and that two pairs do not share a folder. */
#include "engine/config-keys.h"

#include "util/words.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

char *
ps_config_dir (void)
{
  return g_build_filename (g_get_user_config_dir (), "pisync", NULL);
}

char *
ps_config_default_file (void)
{
  return g_build_filename (g_get_user_config_dir (), "pisync", "pisync.ini", NULL);
}

char *
ps_config_known_hosts_file (void)
{
  return g_build_filename (g_get_user_config_dir (), "pisync", "known_hosts", NULL);
}

char *
ps_config_ancestor_file (void)
{
  return g_build_filename (g_get_home_dir (), ".PiSync", "pisync.ini", NULL);
}

char *
ps_config_state_dir (const PsConfig *self)
{
  return g_build_filename (g_get_user_state_dir (), "pisync", self->name, NULL);
}

/* pisync.ini first, the others by name. */
static int
compare_files (gconstpointer a, gconstpointer b)
{
  g_autofree char *first = g_path_get_basename (*(const char *const *)a);
  g_autofree char *second = g_path_get_basename (*(const char *const *)b);
  gboolean first_main = strcmp (first, "pisync.ini") == 0;
  gboolean second_main = strcmp (second, "pisync.ini") == 0;

  if (first_main != second_main)
    return first_main ? -1 : 1;
  return strcmp (first, second);
}

GPtrArray *
ps_config_list_files (void)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *dir_name = ps_config_dir ();
  g_autoptr (GDir) dir = g_dir_open (dir_name, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (dir_name, name, NULL);

      if (*name != '.' && g_str_has_suffix (name, ".ini")
          && g_file_test (path, G_FILE_TEST_IS_REGULAR))
        g_ptr_array_add (files, g_steal_pointer (&path));
    }
  g_ptr_array_sort (files, compare_files);
  return g_steal_pointer (&files);
}

/* The folder as the kernel knows it, where it is there. */
static char *
real_folder (const char *path)
{
  char *real = realpath (path, NULL);

  return real != NULL ? real : g_strdup (path);
}

static gboolean
folders_overlap (const char *a, const char *b)
{
  g_autofree char *real_a = real_folder (a);
  g_autofree char *real_b = real_folder (b);

  return ps_config_path_holds (real_a, real_b) || ps_config_path_holds (real_b, real_a);
}

static gboolean
same_file (const char *a, const char *b)
{
  struct stat st_a, st_b;

  return strcmp (a, b) == 0
         || (stat (a, &st_a) == 0 && stat (b, &st_b) == 0 && st_a.st_dev == st_b.st_dev
             && st_a.st_ino == st_b.st_ino);
}

/* Returns: (transfer full) (element-type PsConfig): of every *.ini that can be read. */
static GPtrArray *
load_all (void)
{
  g_autoptr (GPtrArray) files = ps_config_list_files ();
  GPtrArray *pairs = g_ptr_array_new_with_free_func ((GDestroyNotify)ps_config_free);

  for (guint i = 0; i < files->len; i++)
    {
      /* A broken one is told about where it is used. */
      PsConfig *pair = ps_config_load (files->pdata[i], NULL);

      if (pair != NULL)
        g_ptr_array_add (pairs, pair);
    }
  return pairs;
}

gboolean
ps_config_check_pairs (const PsConfig *self, GError **error)
{
  g_autoptr (GPtrArray) pairs = load_all ();

  for (guint i = 0; i < pairs->len; i++)
    {
      const PsConfig *other = pairs->pdata[i];

      if (same_file (other->file, self->file)
          || !folders_overlap (self->local_base, other->local_base))
        continue;
      g_set_error (error, PS_CONFIG_ERROR, PS_CONFIG_ERROR_INVALID,
                   _ ("%s: local_base %s overlaps %s of the pair \"%s\"; each pair needs a folder "
                      "of its own, none inside another"),
                   self->file, self->local_base, other->local_base, other->name);
      return FALSE;
    }
  return TRUE;
}
