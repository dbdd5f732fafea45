/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/config-text.h"

#include "engine/config-keys.h"
#include "util/words.h"

#include <string.h>

#define DEVICE_MAX 64 /* bytes: it becomes a part of file names */

/* Returns: NULL, with *@allowed for the person. */
static char *
refuse (const char **allowed, const char *text)
{
  *allowed = text;
  return NULL;
}

/* Whether @value has a control character, or a character of @others. */
static gboolean
has_any (const char *value, const char *others)
{
  for (const char *p = value; *p != '\0'; p++)
    if ((guchar)*p < 0x20 || *p == 0x7f || strchr (others, *p) != NULL)
      return TRUE;
  return FALSE;
}

char *
ps_config_text_host (const char *value, const char **allowed)
{
  /* A leading '-' would be an option to ssh. */
  if (*value == '-' || has_any (value, " /@\\\"'"))
    return refuse (allowed, _ ("a host name, an address or a Host of ~/.ssh/config"));
  return g_strdup (value);
}

char *
ps_config_text_user (const char *value, const char **allowed)
{
  if (*value == '-' || has_any (value, " /:"))
    return refuse (allowed, _ ("the name of an account on the server"));
  return g_strdup (value);
}

char *
ps_config_expand_home (const char *path)
{
  if (path[0] != '~' || (path[1] != '\0' && path[1] != '/'))
    return g_strdup (path);
  return g_build_filename (g_get_home_dir (), path + 1, NULL);
}

char *
ps_config_text_file (const char *value, const char **allowed)
{
  g_autofree char *path = ps_config_expand_home (value);

  if (!g_path_is_absolute (path))
    return refuse (allowed, _ ("a path that begins with \"/\" or \"~/\""));
  return g_canonicalize_filename (path, "/");
}

gboolean
ps_config_path_holds (const char *dir, const char *path)
{
  gsize length = strlen (dir);

  if (strcmp (dir, "/") == 0)
    return TRUE;
  return strncmp (dir, path, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

/* Neither the configuration nor the state may lie in what is synced: every pass would change its
 * own input. */
static gboolean
holds_own_folders (const char *path)
{
  g_autofree char *config = ps_config_dir ();
  g_autofree char *state = g_build_filename (g_get_user_state_dir (), "pisync", NULL);

  return ps_config_path_holds (path, config) || ps_config_path_holds (path, state);
}

char *
ps_config_text_local_base (const char *value, const char **allowed)
{
  g_autofree char *path = ps_config_text_file (value, allowed);

  if (path == NULL)
    return NULL;
  if (strcmp (path, "/") == 0 || strcmp (path, g_get_home_dir ()) == 0 || holds_own_folders (path))
    return refuse (
        allowed,
        _ ("a folder of its own, such as ~/PiSync: one in which PiSync's own files do not lie"));
  return g_steal_pointer (&path);
}

char *
ps_config_text_remote_base (const char *value, const char **allowed)
{
  g_autofree char *path = NULL;
  const char *relative = value;

  /* SFTP knows no "~", but begins in the home directory. */
  if (g_str_has_prefix (value, "~/"))
    relative = value + 2 + strspn (value + 2, "/");
  else if (strcmp (value, "~") == 0)
    relative = "";
  else if (*value == '~' || has_any (value, ""))
    return refuse (allowed,
                   _ ("a folder on the server, absolute or relative to the login directory"));
  if (*relative == '\0')
    relative = ".";
  path = g_strdup (relative);
  for (gsize length = strlen (path); length > 1 && path[length - 1] == '/'; length--)
    path[length - 1] = '\0';
  return g_steal_pointer (&path);
}

char *
ps_config_text_device (const char *value, const char **allowed)
{
  if (*value == '.' || strlen (value) > DEVICE_MAX || has_any (value, "/~"))
    return refuse (allowed, _ ("a name of at most 64 bytes without \"/\" and \"~\""));
  return g_strdup (value);
}

char *
ps_config_default_device (void)
{
  g_autofree char *name = g_utf8_make_valid (g_get_host_name (), -1);
  char *end = name;

  /* Cut at a character's boundary. */
  while (*end != '\0' && g_utf8_next_char (end) - name <= DEVICE_MAX)
    end = g_utf8_next_char (end);
  *end = '\0';
  for (char *p = name; *p != '\0'; p++)
    if ((guchar)*p < 0x20 || strchr ("/~", *p) != NULL || (p == name && *p == '.'))
      *p = '-';
  return *name != '\0' ? g_steal_pointer (&name) : g_strdup ("computer");
}
