/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The values are "DAY TEXT", the day counted from 1970. */
#include "engine/notes.h"

#define DAY (24 * 60 * 60 * G_GINT64_CONSTANT (1000000000))
#define KEPT_DAYS 30

static int64_t
today (const PsContext *context)
{
  return ps_clock_now (context->clock) / DAY;
}

char *
ps_note_get (PsContext *context, const char *key, gboolean *fresh)
{
  g_autofree char *value = ps_store_get_value (context->store, key);
  char *text;
  int64_t day;

  if (value == NULL)
    return NULL;
  day = g_ascii_strtoll (value, &text, 10);
  if (fresh != NULL)
    *fresh = day == today (context);
  return g_strdup (*text == ' ' ? text + 1 : text);
}

gboolean
ps_note_set (PsContext *context, const char *key, const char *text, GError **error)
{
  g_autofree char *value = NULL;

  if (text != NULL)
    value = g_strdup_printf ("%" G_GINT64_FORMAT " %s", today (context), text);
  return ps_store_set_value (context->store, key, value, error);
}

gboolean
ps_notes_sweep (PsContext *context, GError **error)
{
  static const char *const kinds[] = { PS_NOTE_SAID, PS_NOTE_UPLOAD, PS_NOTE_DOWNLOAD };
  int64_t now = today (context);

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (!ps_store_sweep_values (context->store, kinds[i], now - KEPT_DAYS, now + KEPT_DAYS, error))
      return FALSE;
  return TRUE;
}
