/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/text.h"

#include <string.h>

/* The C1 controls U+0080 to U+009F move cursors too. */
static gboolean
is_harmless (gunichar c, gboolean keep_lines)
{
  if (c == '\n')
    return keep_lines;
  return c >= 0x20 && (c < 0x7f || c > 0x9f);
}

char *
ps_text_printable (const char *bytes, gboolean keep_lines)
{
  GString *text = g_string_new (NULL);

  g_return_val_if_fail (bytes != NULL, g_string_free (text, FALSE));

  for (const char *p = bytes; *p != '\0';)
    {
      gunichar c = g_utf8_get_char_validated (p, -1);

      if (c == (gunichar)-1 || c == (gunichar)-2)
        {
          g_string_append_printf (text, "\\x%02x", (guchar)*p++);
          continue;
        }
      if (is_harmless (c, keep_lines))
        g_string_append_unichar (text, c);
      else
        g_string_append_printf (text, "\\x%02x", c);
      p = g_utf8_next_char (p);
    }
  return g_string_free (text, FALSE);
}

static guint
char_columns (gunichar c)
{
  if (g_unichar_iszerowidth (c))
    return 0;
  return g_unichar_iswide (c) ? 2 : 1;
}

guint
ps_text_columns (const char *text)
{
  guint columns = 0;

  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    columns += char_columns (g_utf8_get_char (p));
  return columns;
}

/* The longest head of @text that fits into @columns. */
static const char *
head_end (const char *text, guint columns)
{
  guint used = 0;
  const char *p = text;

  for (; *p != '\0'; p = g_utf8_next_char (p))
    {
      used += char_columns (g_utf8_get_char (p));
      if (used > columns)
        break;
    }
  return p;
}

/* The longest tail of @text that fits into @columns. */
static const char *
tail_start (const char *text, guint columns)
{
  guint used = 0;
  const char *p = text + strlen (text);

  while (p > text)
    {
      const char *before = g_utf8_prev_char (p);

      used += char_columns (g_utf8_get_char (before));
      if (used > columns)
        break;
      p = before;
    }
  return p;
}

char *
ps_text_shorten (const char *text, guint columns)
{
  guint head;

  if (ps_text_columns (text) <= columns)
    return g_strdup (text);
  if (columns <= 3)
    return g_strndup (text, head_end (text, columns) - text);
  head = (columns - 3) / 2;
  return g_strdup_printf ("%.*s...%s", (int)(head_end (text, head) - text), text,
                          tail_start (text, columns - 3 - head));
}

char *
ps_text_bytes (double bytes)
{
  static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB" };
  gsize unit = 0;

  while (bytes >= 999.5 && unit + 1 < G_N_ELEMENTS (units))
    {
      bytes /= 1000;
      unit++;
    }
  return g_strdup_printf (unit == 0 || bytes >= 99.95 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
}

char *
ps_text_duration (gint64 seconds)
{
  gint64 hours = seconds / 3600, minutes = seconds / 60 % 60;

  if (hours > 0)
    return g_strdup_printf ("%" G_GINT64_FORMAT ":%02d:%02d", hours, (int)minutes,
                            (int)(seconds % 60));
  return g_strdup_printf ("%d:%02d", (int)minutes, (int)(seconds % 60));
}

static guint64
unit_seconds (char unit)
{
  switch (unit)
    {
    case '\0':
    case 's':
      return 1;
    case 'm':
      return 60;
    case 'h':
      return 60 * 60;
    case 'd':
      return 24 * 60 * 60;
    default:
      return 0;
    }
}

gboolean
ps_text_parse_duration (const char *text, guint *seconds)
{
  char *end;
  guint64 number, factor;

  if (!g_ascii_isdigit (*text))
    return FALSE;
  number = g_ascii_strtoull (text, &end, 10);
  factor = unit_seconds (*end);
  if (factor == 0 || (*end != '\0' && end[1] != '\0') || number > G_MAXUINT / factor)
    return FALSE;
  *seconds = number * factor;
  return TRUE;
}

static void
append_json_string (GString *json, const char *value)
{
  g_string_append_c (json, '"');
  for (const char *p = value; *p != '\0'; p++)
    {
      if (*p == '"' || *p == '\\')
        g_string_append_printf (json, "\\%c", *p);
      else if ((guchar)*p < 0x20 || *p == 0x7f)
        g_string_append_printf (json, "\\u%04x", (guchar)*p);
      else
        g_string_append_c (json, *p);
    }
  g_string_append_c (json, '"');
}

void
ps_text_json_member (GString *json, const char *name, const char *value)
{
  g_autofree char *escaped = NULL;

  if (json->len > 0 && json->str[json->len - 1] != '{')
    g_string_append_c (json, ',');
  append_json_string (json, name);
  g_string_append_c (json, ':');
  if (value == NULL)
    {
      g_string_append (json, "null");
      return;
    }
  if (!g_utf8_validate (value, -1, NULL))
    value = escaped = g_uri_escape_string (value, "/", FALSE);
  append_json_string (json, value);
}
