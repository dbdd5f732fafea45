/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "util/limited.h"

#include <errno.h>

/* One a thread, for as long as that lives: when GLib's own thread has told that a child is gone, it
 * still locks the context for a moment, which a context freed by then would not survive. */
static GPrivate thread_context = G_PRIVATE_INIT ((GDestroyNotify)g_main_context_unref);

struct PsLimited
{
  GMainContext *context; /* borrowed from the thread */
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

static GMainContext *
get_context (void)
{
  if (g_private_get (&thread_context) == NULL)
    g_private_set (&thread_context, g_main_context_new ());
  return g_private_get (&thread_context);
}

PsLimited *
ps_limited_new (guint seconds, GCancellable *cancellable)
{
  PsLimited *self = g_new0 (PsLimited, 1);

  self->context = get_context ();
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

gboolean
ps_limited_communicate (GSubprocess *process, const char *input, guint seconds, char **output,
                        char **messages, GCancellable *cancellable, GError **error)
{
  g_autoptr (PsLimited) limited = ps_limited_new (seconds, cancellable);

  g_subprocess_communicate_utf8_async (process, input, ps_limited_cancellable (limited),
                                       ps_limited_done, limited);
  if (g_subprocess_communicate_utf8_finish (process, ps_limited_wait (limited), output, messages,
                                            error))
    return TRUE;
  g_subprocess_force_exit (process);
  if (ps_limited_is_over (limited))
    {
      g_clear_error (error);
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, g_strerror (ETIMEDOUT));
    }
  return FALSE;
}
