/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a value will do is asked of the engine; its words speak of the ini, ours of the page. */
#include "app/setup-check.h"

#include "engine/config-keys.h"

#include <glib/gi18n.h>

static char *
check (const char *group, const char *key, const char *text, const char *empty, const char *bad)
{
  g_autofree char *value = g_strstrip (g_strdup (text));

  if (*value == '\0')
    return g_strdup (empty);
  return ps_config_check_value (group, key, value, NULL) ? NULL : g_strdup (bad);
}

char *
ps_setup_check_host (const char *text)
{
  return check ("HOST", "host", text, _ ("Type the name or the address of the server."),
                _ ("A server’s name has no spaces, slashes, quotes or “@”, and does not begin with "
                   "“-”."));
}

char *
ps_setup_check_port (const char *text)
{
  return check ("HOST", "port", text, NULL,
                _ ("The port is a whole number from 1 to 65535. Most servers use 22."));
}

char *
ps_setup_check_user (const char *text)
{
  return check ("AUTH", "user", text, _ ("Type the name of your account on the server."),
                _ ("An account’s name has no spaces, slashes or colons, and does not begin with "
                   "“-”."));
}

char *
ps_setup_check_remote (const char *text)
{
  return check ("REMOTE CONFIG", "remote_base", text, _ ("Choose or type a folder on the server."),
                _ ("Type a folder of the server: an absolute path, or one within your home folder "
                   "there."));
}

char *
ps_setup_check_local (const char *text)
{
  return check ("LOCAL CONFIG", "local_base", text, _ ("Choose or type a folder on this computer."),
                _ ("Type the full path of a folder of its own, such as ~/PiSync. It cannot "
                   "be your whole home folder."));
}

char *
ps_setup_look_local (const char *text, const char *file)
{
  g_autoptr (PsConfig) config = ps_config_new (file);

  if (!ps_setup_set (config, "LOCAL CONFIG", "local_base", text))
    return NULL;
  if (g_file_test (config->local_base, G_FILE_TEST_EXISTS)
      && !g_file_test (config->local_base, G_FILE_TEST_IS_DIR))
    return g_strdup (_ ("There is a file of this name. Choose a folder."));
  if (!ps_config_check_pairs (config, NULL))
    return g_strdup (_ ("This folder is, holds or lies in one that PiSync keeps already. Choose "
                        "another one."));
  return NULL;
}

gboolean
ps_setup_set (PsConfig *config, const char *group, const char *key, const char *text)
{
  const PsConfigKey *found = ps_config_key_find (group, key, NULL);
  g_autofree char *value = g_strstrip (g_strdup (text));

  g_return_val_if_fail (found != NULL, FALSE);
  /* No number is the default. */
  if (*value == '\0' && found->type == PS_KEY_UINT)
    {
      ps_config_key_set_default (found, config);
      return TRUE;
    }
  return ps_config_key_parse (found, value, config, NULL);
}

char *
ps_setup_new_file (const char *dir, const char *local_base)
{
  g_autofree char *base = g_path_get_basename (local_base);
  char *file = g_build_filename (dir, "pisync.ini", NULL);

  g_strdelimit (base, ". /", '-');
  for (guint i = 1; g_file_test (file, G_FILE_TEST_EXISTS); i++)
    {
      g_autofree char *name
          = i == 1 ? g_strconcat (base, ".ini", NULL) : g_strdup_printf ("%s-%u.ini", base, i);

      g_free (file);
      file = g_build_filename (dir, name, NULL);
    }
  return file;
}
