/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/event.h"

#include "core/relpath.h"
#include "util/words.h"

#include <string.h>

G_DEFINE_BOXED_TYPE (PsEvent, ps_event, ps_event_ref, ps_event_unref)

PsEvent *
ps_event_new (PsEventKind kind)
{
  PsEvent *self = g_atomic_rc_box_new0 (PsEvent);

  self->kind = kind;
  return self;
}

PsEvent *
ps_event_ref (PsEvent *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
event_clear (gpointer data)
{
  PsEvent *self = data;

  g_free (self->action);
  g_free (self->path);
  g_free (self->from);
  g_free (self->case_name);
  g_free (self->code);
  g_free (self->message);
  g_free (self->shown);
}

void
ps_event_unref (PsEvent *self)
{
  g_atomic_rc_box_release_full (self, event_clear);
}

gboolean
ps_event_is_bookkeeping (const PsEvent *event)
{
  return event->kind == PS_EVENT_ACTION
         && (g_strcmp0 (event->action, "record") == 0 || g_strcmp0 (event->action, "forget") == 0);
}

/* Appends @text, which is UTF-8, as a JSON string. */
static void
append_string (GString *json, const char *text)
{
  g_string_append_c (json, '"');
  for (const char *p = text; *p != '\0'; p++)
    {
      if (*p == '"' || *p == '\\')
        g_string_append_printf (json, "\\%c", *p);
      else if ((guchar)*p < 0x20 || *p == 0x7f)
        g_string_append_printf (json, "\\u%04x", (guint)(guchar)*p);
      else
        g_string_append_c (json, *p);
    }
  g_string_append_c (json, '"');
}

static void
append_text_member (GString *json, const char *name, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text != NULL ? text : "", -1);

  g_string_append_printf (json, ",\"%s\":", name);
  append_string (json, valid);
}

/* JSON holds any UTF-8 as it is; other bytes are escaped, and then "raw" says so once for both
 * paths. */
static void
append_path (GString *json, const char *name, const char *path, gboolean raw)
{
  bool ignored;
  g_autofree char *escaped = raw ? ps_relpath_escape (path, &ignored) : NULL;

  g_string_append_printf (json, ",\"%s\":", name);
  append_string (json, raw ? escaped : path);
}

static void
append_paths (GString *json, const PsEvent *event)
{
  gboolean raw = (event->path != NULL && !g_utf8_validate (event->path, -1, NULL))
                 || (event->from != NULL && !g_utf8_validate (event->from, -1, NULL));

  if (event->path != NULL)
    append_path (json, "path", event->path, raw);
  else
    g_string_append (json, ",\"path\":null");
  if (event->from != NULL)
    append_path (json, "from", event->from, raw);
  if (raw)
    g_string_append (json, ",\"raw\":true");
}

static void
append_number (GString *json, const char *name, guint64 number)
{
  g_string_append_printf (json, ",\"%s\":%" G_GUINT64_FORMAT, name, number);
}

char *
ps_event_to_json (const PsEvent *event)
{
  g_autoptr (GString) json = g_string_new (NULL);

  switch (event->kind)
    {
    case PS_EVENT_ACTION:
      g_string_append (json, "{\"type\":\"action\"");
      append_text_member (json, "action", event->action);
      append_paths (json, event);
      append_text_member (json, "case", event->case_name);
      append_number (json, "bytes", event->bytes);
      append_number (json, "wire", event->wire);
      break;
    case PS_EVENT_PROBLEM:
      g_string_append (json, "{\"type\":\"problem\"");
      append_paths (json, event);
      append_text_member (json, "code", event->code);
      append_text_member (json, "message", event->message);
      break;
    case PS_EVENT_HELD:
      g_string_append (json, "{\"type\":\"held\"");
      append_text_member (json, "guard", ps_guard_name (event->guard));
      append_number (json, "count", event->count);
      break;
    case PS_EVENT_LINK:
    case PS_EVENT_SUMMARY:
    default:
      return NULL;
    }
  g_string_append_c (json, '}');
  return g_string_free (g_steal_pointer (&json), FALSE);
}

char *
ps_summary_to_json (const PsSummary *summary)
{
  char seconds[G_ASCII_DTOSTR_BUF_SIZE];
  g_autoptr (GString) json = g_string_new ("{\"type\":\"summary\"");

  g_string_append_printf (json, ",\"in_sync\":%s", summary->in_sync ? "true" : "false");
  append_number (json, "uploaded", summary->uploaded);
  append_number (json, "downloaded", summary->downloaded);
  append_number (json, "deleted_local", summary->deleted_local);
  append_number (json, "deleted_remote", summary->deleted_remote);
  append_number (json, "moved", summary->moved);
  append_number (json, "conflicts", summary->conflicts);
  append_number (json, "failed", summary->failed);
  append_number (json, "held", summary->held);
  append_number (json, "bytes_sent", summary->bytes_sent);
  append_number (json, "bytes_received", summary->bytes_received);
  append_number (json, "requests", summary->requests);
  g_ascii_formatd (seconds, sizeof seconds, "%.3f", summary->seconds);
  g_string_append_printf (json, ",\"seconds\":%s}", seconds);
  return g_string_free (g_steal_pointer (&json), FALSE);
}

char *
ps_size_to_text (uint64_t bytes)
{
  static const char *const units[] = { "kB", "MB", "GB", "TB", "PB" };
  double value = (double)bytes;
  guint unit = 0;
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  if (bytes < 1000)
    return g_strdup_printf ("%u B", (guint)bytes);
  for (value /= 1000; value >= 999.5 && unit + 1 < G_N_ELEMENTS (units); unit++)
    value /= 1000;
  g_ascii_formatd (number, sizeof number, value < 9.95 ? "%.1f" : "%.0f", value);
  return g_strdup_printf ("%s %s", number, units[unit]);
}

/* @words: (transfer full): what is said of @count things. */
static void
append_count (GString *text, gulong count, char *words, uint64_t bytes)
{
  g_autofree char *owned = words;
  g_autofree char *size = ps_size_to_text (bytes);

  if (count == 0)
    return;
  g_string_append_printf (text, "%s%s", text->len > 0 ? ", " : "", owned);
  if (bytes > 0)
    g_string_append_printf (text, " (%s)", size);
}

char *
ps_summary_to_text (const PsSummary *summary)
{
  GString *text = g_string_new (NULL);
  gulong n;

  n = (gulong)summary->uploaded;
  append_count (text, n, g_strdup_printf (ps_words_plural ("%lu uploaded", "%lu uploaded", n), n),
                summary->payload_up);
  n = (gulong)summary->downloaded;
  append_count (text, n,
                g_strdup_printf (ps_words_plural ("%lu downloaded", "%lu downloaded", n), n),
                summary->payload_down);
  n = (gulong)summary->made_dirs;
  append_count (text, n,
                g_strdup_printf (ps_words_plural ("%lu folder made", "%lu folders made", n), n), 0);
  n = (gulong)summary->moved;
  append_count (text, n, g_strdup_printf (ps_words_plural ("%lu moved", "%lu moved", n), n), 0);
  n = (gulong)summary->deleted_local;
  append_count (
      text, n, g_strdup_printf (ps_words_plural ("%lu deleted here", "%lu deleted here", n), n), 0);
  n = (gulong)summary->deleted_remote;
  append_count (
      text, n,
      g_strdup_printf (
          ps_words_plural ("%lu deleted on the server", "%lu deleted on the server", n), n),
      0);
  n = (gulong)summary->attributes;
  append_count (text, n,
                g_strdup_printf (ps_words_plural ("%lu attribute set", "%lu attributes set", n), n),
                0);
  n = (gulong)summary->conflicts;
  append_count (text, n, g_strdup_printf (ps_words_plural ("%lu conflict", "%lu conflicts", n), n),
                0);
  n = (gulong)summary->held;
  append_count (text, n, g_strdup_printf (ps_words_plural ("%lu held", "%lu held", n), n), 0);
  n = (gulong)summary->failed;
  append_count (text, n, g_strdup_printf (ps_words_plural ("%lu failed", "%lu failed", n), n), 0);
  return g_string_free (text, text->len == 0);
}

static gboolean
is_transfer (const PsEvent *event)
{
  return strcmp (event->action, "upload") == 0 || strcmp (event->action, "download") == 0;
}

static char *
action_to_text (const PsEvent *event)
{
  bool raw;
  g_autofree char *path = ps_relpath_escape (event->path, &raw);
  g_autofree char *from = event->from != NULL ? ps_relpath_escape (event->from, &raw) : NULL;
  g_autofree char *size = is_transfer (event) ? ps_size_to_text (event->bytes) : NULL;

  if (strcmp (event->action, "conflict") == 0 && from != NULL)
    return g_strdup_printf ("conflict %s: the other version is kept as %s", path, from);
  if (from != NULL)
    return g_strdup_printf ("%s %s -> %s", event->action, from, path);
  if (size != NULL)
    return g_strdup_printf ("%s %s (%s)", event->action, path, size);
  return g_strdup_printf ("%s %s", event->action, path);
}

static char *
problem_to_text (const PsEvent *event)
{
  bool raw;
  g_autofree char *path = event->path != NULL ? ps_relpath_escape (event->path, &raw) : NULL;

  if (path == NULL)
    return g_strdup_printf ("problem: %s", event->message);
  return g_strdup_printf ("problem %s: %s", path, event->message);
}

static char *
event_to_lines (const PsEvent *event)
{
  switch (event->kind)
    {
    case PS_EVENT_ACTION:
      return action_to_text (event);
    case PS_EVENT_PROBLEM:
      return problem_to_text (event);
    case PS_EVENT_HELD:
      return g_strdup_printf ("held (%s): %s", ps_guard_name (event->guard), event->message);
    case PS_EVENT_LINK:
    case PS_EVENT_SUMMARY:
      return g_strdup (event->message);
    default:
      g_assert_not_reached ();
    }
}

char *
ps_event_to_text (const PsEvent *event)
{
  g_autofree char *lines = event_to_lines (event);
  char *text = g_utf8_make_valid (lines != NULL ? lines : "", -1);

  /* One line: a server's message may hold anything. */
  for (char *p = text; *p != '\0'; p++)
    if ((guchar)*p < 0x20 || *p == 0x7f)
      *p = ' ';
  return text;
}
