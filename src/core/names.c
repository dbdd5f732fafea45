/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/names.h"

#include "core/relpath.h"

#include <string.h>

#define VERSIONS_DIR PS_OWN_DIR "/versions/"
#define COPY_MARK " (conflicted copy from "
#define DEVICE_MAX 64     /* bytes of a device's name that go into a file name */
#define EXTENSION_MAX 16  /* a longer one is rather a part of the sentence that the name is */
#define TIME_LENGTH 16    /* of 20261122T140533Z */
#define CHECKSUM_DIGITS 8 /* of a name that was too long */
#define NUMBER_SPACE 5    /* what ".9999" behind the time of a version takes */
#define NS_PER_MS 1000000
#define NS_PER_S G_GINT64_CONSTANT (1000000000)

/* Nanoseconds in 64 bits end with the years 1677 and 2262, which GDateTime can hold. */
static GDateTime *
utc_from_ns (int64_t when)
{
  int64_t seconds = when / NS_PER_S;

  if (when % NS_PER_S < 0)
    seconds--;
  return g_date_time_new_from_unix_utc (seconds);
}

/* Returns: the length of @text cut to at most @max bytes without cutting a UTF-8 character. */
static gsize
cut_length (const char *text, gsize length, gsize max)
{
  if (length <= max)
    return length;
  for (gsize back = 0; back < 4 && back < max; back++)
    if (((guchar)text[max - back] & 0xc0) != 0x80)
      return max - back;
  return max;
}

/* A device's name as it may stand in a file name; @extra: another character not wanted in it. */
static char *
device_in_name (const char *device, char extra)
{
  char *name = g_strndup (device, cut_length (device, strlen (device), DEVICE_MAX));

  for (char *p = name; *p != '\0'; p++)
    if ((guchar)*p < 0x20 || *p == 0x7f || *p == '/' || *p == extra)
      *p = '-';
  return name;
}

/* Returns: the extension of @name with its dot, the end of @name where it has none. */
static const char *
find_extension (const char *name)
{
  const char *end = name + strlen (name);
  const char *dot = strrchr (name, '.');

  if (dot == NULL || dot == name || end - dot > EXTENSION_MAX || end - dot == 1
      || strchr (dot, ' ') != NULL)
    return end;
  if (dot - name > 4 && g_ascii_strncasecmp (dot - 4, ".tar", 4) == 0)
    dot -= 4;
  return dot;
}

/* Length of the directory part of @path with its slash. */
static gsize
dir_length (const char *path)
{
  return ps_relpath_name (path) - path;
}

char *
ps_conflict_path (const char *path, const char *device, int64_t when, guint attempt)
{
  g_autoptr (GDateTime) utc = utc_from_ns (when);
  g_autofree char *time = g_date_time_format (utc, "%Y-%m-%d %H%M%S");
  g_autofree char *who = device_in_name (device, '/');
  g_autofree char *number = attempt > 0 ? g_strdup_printf (" %u", attempt + 1) : g_strdup ("");
  const char *name = ps_relpath_name (path);
  const char *extension = find_extension (name);
  g_autofree char *tail = g_strconcat (COPY_MARK, who, " ", time, number, ")", extension, NULL);
  gsize room = PS_NAME_MAX - strlen (tail);

  return g_strdup_printf ("%.*s%.*s%s", (int)dir_length (path), path,
                          (int)cut_length (name, extension - name, room), name, tail);
}

/* Whether @p begins with text of the shape @shape, where '0' stands for any digit. */
static gboolean
has_shape (const char *p, const char *shape)
{
  for (; *shape != '\0'; p++, shape++)
    if (*shape == '0' ? !g_ascii_isdigit (*p) : *p != *shape)
      return FALSE;
  return TRUE;
}

/* Whether "2026-11-22 140533" and perhaps " 2" stand before the bracket at @close. */
static gboolean
time_ends_at (const char *begin, const char *close)
{
  const char *shape = " 0000-00-00 000000";
  gsize length = strlen (shape);
  const char *p = close;

  if (close - begin > (gssize)length && has_shape (close - length, shape))
    return TRUE;
  while (p > begin && g_ascii_isdigit (p[-1]))
    p--;
  return p < close && p > begin && p[-1] == ' ' && p - 1 - begin > (gssize)length
         && has_shape (p - 1 - length, shape);
}

gboolean
ps_is_conflict_path (const char *path)
{
  const char *name = ps_relpath_name (path);
  const char *mark = g_strrstr (name, COPY_MARK);
  const char *close = strrchr (name, ')');

  return mark != NULL && close != NULL && close > mark
         && time_ends_at (mark + strlen (COPY_MARK), close)
         && (close[1] == '\0' || close[1] == '.');
}

char *
ps_version_path (const char *path, const char *device, int64_t when, guint attempt)
{
  g_autoptr (GDateTime) utc = utc_from_ns (when);
  g_autofree char *time = g_date_time_format (utc, "%Y%m%dT%H%M%SZ");
  g_autofree char *who = device_in_name (device, '~');
  g_autofree char *number = attempt > 0 ? g_strdup_printf (".%u", attempt) : g_strdup ("");
  g_autofree char *tail = g_strconcat ("~", time, number, "~", who, NULL);
  g_autofree char *sum = NULL;
  const char *name = ps_relpath_name (path);
  gsize length = strlen (name);
  /* The number decides nothing about the cut: all versions of a path are cut alike. */
  gsize room = PS_NAME_MAX - (strlen (tail) - strlen (number)) - NUMBER_SPACE;

  if (length <= room)
    return g_strconcat (VERSIONS_DIR, path, tail, NULL);
  sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, name, length);
  return g_strdup_printf (VERSIONS_DIR "%.*s%.*s-%.*s%s", (int)dir_length (path), path,
                          (int)cut_length (name, length, room - 1 - CHECKSUM_DIGITS), name,
                          CHECKSUM_DIGITS, sum, tail);
}

/* What the number behind the time says of the moment: milliseconds of its second, and above these
 * the order within the last one. */
static int64_t
ns_from_number (const char *digits)
{
  guint64 number = g_ascii_strtoull (digits, NULL, 10);

  return number < 1000 ? (int64_t)number * NS_PER_MS
                       : 999 * NS_PER_MS + (int64_t)MIN (number - 999, NS_PER_MS - 1);
}

/* Reads "20261122T140533Z", perhaps with ".1", of @length bytes. */
static gboolean
parse_time (const char *text, gsize length, int64_t *when)
{
  g_autoptr (GDateTime) utc = NULL;
  g_autoptr (GTimeZone) zone = g_time_zone_new_utc ();
  g_autofree char *time = g_strndup (text, MIN (length, TIME_LENGTH));
  int64_t seconds;

  if (length < TIME_LENGTH || !has_shape (text, "00000000T000000Z"))
    return FALSE;
  if (length > TIME_LENGTH
      && (text[TIME_LENGTH] != '.' || length == TIME_LENGTH + 1
          || strspn (text + TIME_LENGTH + 1, "0123456789") != length - TIME_LENGTH - 1))
    return FALSE;
  utc = g_date_time_new_from_iso8601 (time, zone);
  if (utc == NULL)
    return FALSE;
  seconds = g_date_time_to_unix (utc);
  if (ABS (seconds) >= G_MAXINT64 / NS_PER_S) /* a stranger's: no clock of ours tells such times */
    return FALSE;
  *when = seconds * NS_PER_S;
  if (length > TIME_LENGTH)
    *when += ns_from_number (text + TIME_LENGTH + 1);
  return TRUE;
}

gboolean
ps_version_parse (const char *version_path, char **path, int64_t *when, char **device)
{
  const char *name, *first, *second;
  g_autofree char *found = NULL;
  int64_t time;

  if (g_str_has_prefix (version_path, VERSIONS_DIR))
    version_path += strlen (VERSIONS_DIR);
  name = ps_relpath_name (version_path);
  second = strrchr (name, '~');
  first = second != NULL ? memrchr (name, '~', second - name) : NULL;
  if (first == NULL || second[1] == '\0' || !parse_time (first + 1, second - first - 1, &time))
    return FALSE;
  found = g_strndup (version_path, first - version_path);
  if (!ps_relpath_valid (found))
    return FALSE;
  *path = g_steal_pointer (&found);
  *when = time;
  *device = g_strdup (second + 1);
  return TRUE;
}
