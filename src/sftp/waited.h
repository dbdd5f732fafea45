/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Waiting for one operation: for the few moments in which there is nothing to pipeline with. */
#pragma once

#include "sftp/remote.h"

G_BEGIN_DECLS

/* A result that outlives its callback; { 0 } before it. */
typedef struct
{
  bool done;
  GError *error;
  PsEntry entry;
  GBytes *bytes;
  char *target;
} PsWaited;

void ps_waited_clear (PsWaited *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PsWaited, ps_waited_clear)

/* The PsRemoteDone whose user_data is a PsWaited. */
void ps_waited_done (const PsRemoteResult *result, gpointer user_data);

/* Steps until @self is done. FALSE with the operation's error. */
gboolean ps_waited_wait (PsWaited *self, PsRemote *remote, GCancellable *cancellable,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
