/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/repeats.h"

#define REMEMBERED 20000 /* what comes beyond is always news */

static GHashTable *
new_set (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

void
ps_repeats_init (PsRepeats *self)
{
  self->before = new_set ();
  self->now = new_set ();
}

void
ps_repeats_clear (PsRepeats *self)
{
  g_clear_pointer (&self->before, g_hash_table_unref);
  g_clear_pointer (&self->now, g_hash_table_unref);
}

static const char *
text (const char *part)
{
  return part != NULL ? part : "";
}

gboolean
ps_repeats_check (PsRepeats *self, const PsEvent *event)
{
  g_autofree char *key = NULL;
  gboolean known;

  if (event->kind != PS_EVENT_HELD && event->kind != PS_EVENT_PROBLEM)
    return FALSE;
  key = g_strdup_printf ("%d\n%d\n%s\n%s\n%s", (int)event->kind, (int)event->guard,
                         text (event->path), text (event->code), text (event->message));
  known = g_hash_table_contains (self->before, key);
  if (g_hash_table_size (self->now) < REMEMBERED)
    g_hash_table_add (self->now, g_steal_pointer (&key));
  return known;
}

void
ps_repeats_end_run (PsRepeats *self, gboolean complete)
{
  GHashTable *said = self->now;
  GHashTableIter iter;
  gpointer key;

  if (complete)
    {
      self->now = self->before;
      self->before = said;
      g_hash_table_remove_all (self->now);
      return;
    }
  g_hash_table_iter_init (&iter, said);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      g_hash_table_iter_steal (&iter);
      g_hash_table_add (self->before, key);
    }
}
