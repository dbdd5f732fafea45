/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/findings.h"

void
ps_findings_init (PsFindings *self)
{
  self->held = g_ptr_array_new_with_free_func ((GDestroyNotify)ps_event_unref);
  self->problems = g_ptr_array_new_with_free_func ((GDestroyNotify)ps_event_unref);
  self->n_problems = 0;
}

void
ps_findings_clear (PsFindings *self)
{
  g_clear_pointer (&self->held, g_ptr_array_unref);
  g_clear_pointer (&self->problems, g_ptr_array_unref);
}

void
ps_findings_reset (PsFindings *self)
{
  g_ptr_array_set_size (self->held, 0);
  g_ptr_array_set_size (self->problems, 0);
  self->n_problems = 0;
}

static void
add_held (PsFindings *self, PsEvent *event)
{
  for (guint i = 0; i < self->held->len; i++)
    {
      const PsEvent *earlier = self->held->pdata[i];

      if (earlier->guard == event->guard)
        {
          g_ptr_array_remove_index (self->held, i);
          break;
        }
    }
  g_ptr_array_add (self->held, ps_event_ref (event));
}

void
ps_findings_add (PsFindings *self, PsEvent *event)
{
  if (event->kind == PS_EVENT_HELD)
    add_held (self, event);
  if (event->kind != PS_EVENT_PROBLEM || event->path == NULL)
    return;
  self->n_problems++;
  if (self->problems->len < PS_FINDINGS_PROBLEMS)
    g_ptr_array_add (self->problems, ps_event_ref (event));
}

gboolean
ps_findings_any (const PsFindings *self)
{
  return self->held->len > 0 || self->n_problems > 0;
}

void
ps_findings_move (PsFindings *to, PsFindings *from)
{
  PsFindings old = *to;

  *to = *from;
  *from = old;
  ps_findings_reset (from);
}

void
ps_recent_add (GQueue *recent, PsEvent *event)
{
  g_queue_push_tail (recent, ps_event_ref (event));
  if (g_queue_get_length (recent) > PS_FINDINGS_RECENT)
    ps_event_unref (g_queue_pop_head (recent));
}
