/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "util/limited.h"

struct PsLimited
{
  GMainContext *context;
  GSource *timer;
  GCancellable *own;
  GCancellable *outer; /* (nullable) */
  gulong handler;      /* at @outer */
  GAsyncResult *result;
  gboolean over;
};

static gboolean
on_time (gpointer user_data)
{
  PsLimited *self = user_data;

  self->over = self->result == NULL;
  g_cancellable_cancel (self->own);
  return G_SOURCE_REMOVE;
}

static void
on_cancelled (GCancellable *outer, gpointer own)
{
  g_cancellable_cancel (own);
}

PsLimited *
ps_limited_new (guint seconds, GCancellable *cancellable)
{
  PsLimited *self = g_new0 (PsLimited, 1);

  self->context = g_main_context_new ();
  g_main_context_push_thread_default (self->context);
  self->own = g_cancellable_new ();
  self->timer = g_timeout_source_new_seconds (seconds);
  g_source_set_callback (self->timer, on_time, self, NULL);
  g_source_attach (self->timer, self->context);
  if (cancellable != NULL)
    {
      self->outer = g_object_ref (cancellable);
      self->handler
          = g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), self->own, NULL);
    }
  return self;
}

void
ps_limited_free (PsLimited *self)
{
  g_cancellable_disconnect (self->outer, self->handler);
  g_source_destroy (self->timer);
  g_source_unref (self->timer);
  g_main_context_pop_thread_default (self->context);
  g_clear_object (&self->result);
  g_clear_object (&self->outer);
  g_object_unref (self->own);
  g_main_context_unref (self->context);
  g_free (self);
}

GCancellable *
ps_limited_cancellable (PsLimited *self)
{
  return self->own;
}

void
ps_limited_done (GObject *source, GAsyncResult *result, gpointer self)
{
  ((PsLimited *)self)->result = g_object_ref (result);
}

GAsyncResult *
ps_limited_wait (PsLimited *self)
{
  while (self->result == NULL)
    g_main_context_iteration (self->context, TRUE);
  return self->result;
}

gboolean
ps_limited_is_over (const PsLimited *self)
{
  return self->over;
}
