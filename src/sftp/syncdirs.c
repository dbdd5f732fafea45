/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names made durable. fsync of a file says nothing about the name it got afterwards: a Pi that
 * loses its power could come up with the old file under it, which would look like a change by
 * somebody else and win over the newer one here. So the directories in which names were changed are
 * opened and fsynced too, many at once, before anything is recorded. The handle of a directory
 * opened for reading will do for OpenSSH's server. */
#include "sftp/remote-private.h"

#include "util/words.h"

#include <string.h>

enum
{
  TAG_OPEN,
  TAG_FSYNC
};

typedef struct
{
  PsOp op;
  PsHandle handle;
} SyncOp;

void
ps_remote_mark_changed (PsRemote *self, const char *path)
{
  /* Nothing is lost with a hint. */
  if (g_str_has_prefix (path, PS_OWN_DIR "/signatures/"))
    return;
  if (self->caps.fsync && self->options.fsync)
    g_hash_table_add (self->changed_dirs, ps_relpath_parent (path));
}

/* A directory that is gone needs none; a file system that cannot sync directories will not learn
 * it: both are passed over. */
static void
on_synced (PsOp *op, const PsReply *reply, guint tag)
{
  if (!ps_reply_is (reply, PS_FX_OK))
    g_debug ("%s: the server does not sync directories (%u)", op->path, reply->status);
}

static void
after_synced (PsOp *op)
{
  ps_request_close_detached (op->remote, &((SyncOp *)op)->handle);
}

static void
on_opened (PsOp *op, const PsReply *reply, guint tag)
{
  ps_handle_take (op, &((SyncOp *)op)->handle, 0, reply);
}

static void
after_opened (PsOp *op)
{
  ps_op_expect (op, on_synced, after_synced);
  ps_request_fsync (op, &((SyncOp *)op)->handle, TAG_FSYNC);
}

static bool
can_begin (PsOp *op)
{
  return ps_client_has_room (op->remote->client, 0)
         && ps_client_take_handle (op->remote->client, 0);
}

static void
begin (PsOp *op)
{
  ps_op_expect (op, on_opened, after_opened);
  ps_request_open (op, 0, op->path, PS_OPEN_READ, false, TAG_OPEN);
}

static const PsOpClass sync_class = {
  .failure = N_ ("Could not make %s durable"),
  .can_begin = can_begin,
  .begin = begin,
  .size = sizeof (SyncOp),
};

static void
count_down (const PsRemoteResult *result, gpointer user_data)
{
  guint *waiting = user_data;

  --*waiting;
  if (result->error != NULL)
    g_debug ("%s", result->error->message);
}

gboolean
ps_remote_sync_dirs (PsRemote *self, GCancellable *cancellable, GError **error)
{
  GHashTableIter iter;
  gpointer dir;
  guint waiting = 0;

  g_hash_table_iter_init (&iter, self->changed_dirs);
  while (g_hash_table_iter_next (&iter, &dir, NULL))
    {
      waiting++;
      ps_op_new (self, &sync_class, PS_QUEUE_CONTROL, dir, count_down, &waiting);
    }
  g_hash_table_remove_all (self->changed_dirs);
  while (waiting > 0)
    if (!ps_remote_step (self, -1, cancellable, error))
      return FALSE;
  return TRUE;
}
