/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files under way, and what is shown of them. */
#include "engine/executor.h"
#include "util/autofd.h"

#include <string.h>

PsTransfer *
ps_transfer_new (PsExecutor *executor, const PsStep *step, gboolean up)
{
  PsTransfer *self = g_new0 (PsTransfer, 1);

  self->executor = executor;
  self->step = step;
  self->up = up;
  self->fd = -1;
  g_ptr_array_add (executor->transfers, self);
  return self;
}

void
ps_transfer_free (PsTransfer *self)
{
  if (self == NULL)
    return;
  ps_close_fd (&self->fd);
  g_clear_pointer (&self->temp, ps_local_temp_free);
  g_free (self->copy);
  g_free (self);
}

void
ps_transfer_end (PsTransfer *self)
{
  guint index;

  if (g_ptr_array_find (self->executor->transfers, self, &index))
    g_ptr_array_steal_index_fast (self->executor->transfers, index);
}

void
ps_transfer_moved (uint64_t bytes, gpointer transfer)
{
  PsTransfer *self = transfer;
  PsProgress *progress = self->executor->context->progress;

  self->moved += bytes;
  progress->bytes_done += bytes;
  *(self->up ? &progress->bytes_up : &progress->bytes_down) += bytes;
}

void
ps_transfers_tell (PsExecutor *self)
{
  PsProgress *progress = self->context->progress;
  int64_t now = ps_clock_monotonic (self->context->clock);

  if (now - self->told_at < PS_PROGRESS_US)
    return;
  self->told_at = now;
  progress->n_transfers = MIN (self->transfers->len, PS_PROGRESS_TRANSFERS);
  for (guint i = 0; i < progress->n_transfers; i++)
    {
      const PsTransfer *transfer = g_ptr_array_index (self->transfers, i);
      PsTransferProgress *shown = &progress->transfers[i];
      const char *path = transfer->step->path;
      gsize length = strlen (path);

      path += length < sizeof shown->path ? 0 : length - (sizeof shown->path - 1);
      g_strlcpy (shown->path, path, sizeof shown->path);
      shown->up = transfer->up;
      shown->done = transfer->moved;
      shown->size = transfer->up ? transfer->source.size : transfer->step->remote.size;
    }
  ps_context_progress (self->context);
}
