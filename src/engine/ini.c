/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/ini.h"

#include "util/words.h"

#include <string.h>

static void
line_free (gpointer data)
{
  PsIniLine *line = data;

  g_free (line->text);
  g_free (line->group);
  g_free (line->key);
  g_free (line->value);
  g_free (line);
}

/* What GKeyFile writes as a backslash and this letter. */
static char
escaped_letter (char c)
{
  switch (c)
    {
    case 's':
      return ' ';
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    case '\\':
      return '\\';
    default:
      return '\0';
    }
}

/* Returns: NULL where an escape is unknown. */
static char *
unescape (const char *value)
{
  GString *plain = g_string_new (NULL);

  for (const char *p = value; *p != '\0'; p++)
    {
      char c = *p;

      if (c == '\\')
        c = escaped_letter (*++p);
      if (c == '\0')
        {
          g_string_free (plain, TRUE);
          return NULL;
        }
      g_string_append_c (plain, c);
    }
  return g_string_free (plain, FALSE);
}

static char *
escape (const char *value)
{
  GString *text = g_string_new (NULL);

  for (const char *p = value; *p != '\0'; p++)
    {
      gboolean outer = p == value || p[1] == '\0'; /* blanks there would be cut off */

      if (*p == '\\')
        g_string_append (text, "\\\\");
      else if (*p == '\n')
        g_string_append (text, "\\n");
      else if (*p == '\r')
        g_string_append (text, "\\r");
      else if (*p == '\t')
        g_string_append (text, "\\t");
      else if (*p == ' ' && outer)
        g_string_append (text, "\\s");
      else
        g_string_append_c (text, *p);
    }
  return g_string_free (text, FALSE);
}

static void
set_bad (PsIniLine *line, const char *problem)
{
  line->kind = PS_INI_BAD;
  line->problem = problem;
}

static void
parse_group (PsIniLine *line, const char *text)
{
  gsize length = strlen (text);

  if (length < 3 || text[length - 1] != ']' || strcspn (text + 1, "[]") != length - 2)
    {
      set_bad (line, N_ ("a group is written as [NAME]"));
      return;
    }
  line->kind = PS_INI_GROUP;
  line->group = g_strndup (text + 1, length - 2);
}

static void
parse_value (PsIniLine *line, const char *text, const char *group)
{
  const char *equals = strchr (text, '=');
  g_autofree char *raw = NULL;

  if (equals == NULL || equals == text)
    {
      set_bad (line, N_ ("neither a comment, nor [GROUP], nor \"key = value\""));
      return;
    }
  if (group == NULL)
    {
      set_bad (line, N_ ("a key stands before the first [GROUP]"));
      return;
    }
  raw = g_strstrip (g_strdup (equals + 1));
  line->value = unescape (raw);
  if (line->value == NULL)
    {
      set_bad (line, N_ ("a backslash is written as \"\\\\\""));
      return;
    }
  line->kind = PS_INI_VALUE;
  line->group = g_strdup (group);
  line->key = g_strchomp (g_strndup (text, (gsize)(equals - text)));
}

static PsIniLine *
parse_line (const char *text, gsize length, const char *group)
{
  PsIniLine *line = g_new0 (PsIniLine, 1);
  g_autofree char *bare = NULL;

  line->text = g_strndup (text, length);
  if (memchr (text, '\0', length) != NULL || !g_utf8_validate (text, (gssize)length, NULL))
    {
      set_bad (line, N_ ("not UTF-8 text"));
      return line;
    }
  bare = g_strstrip (g_strdup (line->text));
  if (*bare == '\0' || *bare == '#' || *bare == ';')
    line->kind = PS_INI_OTHER;
  else if (*bare == '[')
    parse_group (line, bare);
  else
    parse_value (line, bare, group);
  return line;
}

GPtrArray *
ps_ini_parse (const char *text, gsize length)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (line_free);
  const char *end = text + length;
  const char *group = NULL;

  if (length >= 3 && memcmp (text, "\xef\xbb\xbf", 3) == 0)
    text += 3; /* a byte order mark, as some editors leave it */
  while (text < end)
    {
      const char *newline = memchr (text, '\n', (gsize)(end - text));
      const char *stop = newline != NULL ? newline : end;
      PsIniLine *line = parse_line (text, (gsize)(stop - text), group);

      if (line->kind == PS_INI_GROUP)
        group = line->group;
      g_ptr_array_add (lines, line);
      text = stop + 1;
    }
  return g_steal_pointer (&lines);
}

char *
ps_ini_to_text (const GPtrArray *lines)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < lines->len; i++)
    {
      const PsIniLine *line = lines->pdata[i];

      g_string_append (text, line->text);
      g_string_append_c (text, '\n');
    }
  return g_string_free (text, FALSE);
}

static gboolean
line_sets (const PsIniLine *line, const char *group, const char *key)
{
  return line->kind == PS_INI_VALUE && strcmp (line->group, group) == 0
         && strcmp (line->key, key) == 0;
}

/* Returns: the index of the last line that sets @key, or -1. */
static int
find_index (const GPtrArray *lines, const char *group, const char *key)
{
  for (int i = (int)lines->len - 1; i >= 0; i--)
    if (line_sets (lines->pdata[i], group, key))
      return i;
  return -1;
}

const PsIniLine *
ps_ini_find (const GPtrArray *lines, const char *group, const char *key)
{
  int i = find_index (lines, group, key);

  return i >= 0 ? lines->pdata[i] : NULL;
}

/* Returns: the index behind the last value (or the header) of @group, or -1 without such a group.
 */
static int
find_end_of_group (const GPtrArray *lines, const char *group)
{
  for (int i = (int)lines->len - 1; i >= 0; i--)
    {
      const PsIniLine *line = lines->pdata[i];

      if (line->group != NULL && strcmp (line->group, group) == 0)
        return i + 1;
    }
  return -1;
}

static int
add_group (GPtrArray *lines, const char *group)
{
  g_autofree char *header = g_strdup_printf ("[%s]", group);

  if (lines->len > 0 && *((PsIniLine *)lines->pdata[lines->len - 1])->text != '\0')
    g_ptr_array_add (lines, parse_line ("", 0, NULL));
  g_ptr_array_add (lines, parse_line (header, strlen (header), NULL));
  return (int)lines->len;
}

void
ps_ini_set (GPtrArray *lines, const char *group, const char *key, const char *value)
{
  int at = find_index (lines, group, key);
  g_autofree char *escaped = NULL;
  g_autofree char *text = NULL;
  PsIniLine *line;

  if (value == NULL)
    {
      for (; at >= 0; at = find_index (lines, group, key))
        g_ptr_array_remove_index (lines, (guint)at);
      return;
    }
  escaped = escape (value);
  text = g_strdup_printf ("%s = %s", key, escaped);
  line = parse_line (text, strlen (text), group);
  if (at >= 0)
    {
      line_free (lines->pdata[at]);
      lines->pdata[at] = line;
      return;
    }
  at = find_end_of_group (lines, group);
  g_ptr_array_insert (lines, at >= 0 ? at : add_group (lines, group), line);
}
