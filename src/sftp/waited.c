/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sftp/waited.h"

void
ps_waited_clear (PsWaited *self)
{
  g_clear_error (&self->error);
  g_clear_pointer (&self->bytes, g_bytes_unref);
  g_clear_pointer (&self->target, g_free);
  self->done = false;
}

void
ps_waited_done (const PsRemoteResult *result, gpointer user_data)
{
  PsWaited *self = user_data;

  self->done = true;
  self->entry = result->entry;
  if (result->error != NULL)
    self->error = g_error_copy (result->error);
  if (result->bytes != NULL)
    self->bytes = g_bytes_ref (result->bytes);
  self->target = g_strdup (result->target);
}

gboolean
ps_waited_wait (PsWaited *self, PsRemote *remote, GCancellable *cancellable, GError **error)
{
  /* A step that fails has called everything back. */
  while (!self->done)
    if (!ps_remote_step (remote, -1, cancellable, NULL))
      g_assert (self->done);
  if (self->error == NULL)
    return TRUE;
  g_propagate_error (error, g_error_copy (self->error));
  return FALSE;
}
