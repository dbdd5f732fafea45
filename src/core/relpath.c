/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/relpath.h"

#include <string.h>

bool
ps_name_valid (const char *name, gsize length)
{
  if (length == 0 || length > PS_NAME_MAX)
    return false;
  if (memchr (name, '/', length) != NULL || memchr (name, '\0', length) != NULL)
    return false;
  return !(name[0] == '.' && (length == 1 || (length == 2 && name[1] == '.')));
}

bool
ps_relpath_valid (const char *path)
{
  if (strlen (path) > PS_RELPATH_MAX)
    return false;
  for (;;)
    {
      gsize length = strcspn (path, "/");

      if (!ps_name_valid (path, length))
        return false;
      if (path[length] == '\0')
        return true;
      path += length + 1;
    }
}

bool
ps_relpath_is_own (const char *path)
{
  gsize length = strlen (PS_OWN_DIR);

  return strncmp (path, PS_OWN_DIR, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

char *
ps_relpath_join (const char *dir, const char *name)
{
  return *dir == '\0' ? g_strdup (name) : g_strconcat (dir, "/", name, NULL);
}

char *
ps_relpath_parent (const char *path)
{
  const char *slash = strrchr (path, '/');

  return slash == NULL ? g_strdup ("") : g_strndup (path, slash - path);
}

const char *
ps_relpath_name (const char *path)
{
  const char *slash = strrchr (path, '/');

  return slash == NULL ? path : slash + 1;
}

bool
ps_relpath_below (const char *path, const char *dir)
{
  gsize length = strlen (dir);

  if (length == 0)
    return *path != '\0';
  return strncmp (path, dir, length) == 0 && path[length] == '/';
}

guint
ps_relpath_depth (const char *path)
{
  guint depth = *path == '\0' ? 0 : 1;

  for (; *path != '\0'; path++)
    depth += *path == '/';
  return depth;
}

char *
ps_relpath_escape (const char *bytes, bool *raw)
{
  bool invalid = !g_utf8_validate (bytes, -1, NULL);
  const char *end = bytes + strlen (bytes);
  GString *text = g_string_sized_new (end - bytes + 8);

  if (raw != NULL)
    *raw = invalid;
  while (bytes < end)
    {
      gunichar c = g_utf8_get_char_validated (bytes, end - bytes);
      bool broken = c == (gunichar)-1 || c == (gunichar)-2;
      gsize length = broken ? 1 : (gsize)(g_utf8_next_char (bytes) - bytes);

      if (broken || g_unichar_iscntrl (c) || (invalid && c == '%'))
        for (gsize i = 0; i < length; i++)
          g_string_append_printf (text, "%%%02X", (guchar)bytes[i]);
      else
        g_string_append_len (text, bytes, length);
      bytes += length;
    }
  return g_string_free (text, FALSE);
}

/* CON, NUL, COM1 and so on, with whatever extension: DOS devices have no folder and no extension.
 */
static bool
is_dos_device (const char *name)
{
  static const char *const devices[] = { "con", "prn", "aux", "nul" };
  gsize length = strcspn (name, ".");

  while (length > 0 && name[length - 1] == ' ')
    length--;
  for (gsize i = 0; i < G_N_ELEMENTS (devices); i++)
    if (length == 3 && g_ascii_strncasecmp (name, devices[i], 3) == 0)
      return true;
  return length == 4 && g_ascii_isdigit (name[3]) && name[3] != '0'
         && (g_ascii_strncasecmp (name, "com", 3) == 0
             || g_ascii_strncasecmp (name, "lpt", 3) == 0);
}

/* Marked for translation, which is for whoever tells it. */
#define N_(text) text

const char *
ps_name_refusal (const char *name, PsNameRules rules)
{
  gsize length = strlen (name);

  if (rules == PS_NAMES_POSIX)
    return NULL;
  for (const char *p = name; *p != '\0'; p++)
    {
      if ((guchar)*p < 0x20)
        return N_ ("the name contains a control character");
      if (strchr ("<>:\"|?*\\", *p) != NULL)
        return N_ ("the name contains one of the characters < > : \" | ? * \\");
    }
  if (length > 0 && (name[length - 1] == '.' || name[length - 1] == ' '))
    return N_ ("the name ends in a dot or a space");
  if (is_dos_device (name))
    return N_ ("the name is reserved for a device (CON, NUL, COM1 and so on)");
  return NULL;
}

char *
ps_name_fold (const char *name)
{
  g_autofree char *normal
      = g_utf8_validate (name, -1, NULL) ? g_utf8_normalize (name, -1, G_NORMALIZE_DEFAULT) : NULL;

  return normal != NULL ? g_utf8_casefold (normal, -1) : g_ascii_strdown (name, -1);
}

bool
ps_names_differ_in_case (const char *a, const char *b)
{
  g_autofree char *folded_a = ps_name_fold (a), *folded_b = ps_name_fold (b);

  return strcmp (a, b) != 0 && strcmp (folded_a, folded_b) == 0;
}
