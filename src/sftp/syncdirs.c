/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names made durable. fsync of a file says nothing about the name it got afterwards: a Pi that
 * loses its power could come up with the old file under it, which would look like a change by
 * somebody else and win over the newer one here. So the directories in which names were changed are
 * opened and fsynced too, many at once, before anything is recorded. The handle of a directory
 * opened for reading will do for OpenSSH's server.
 *
 * On FAT the thing itself comes first: Linux gives it a new entry with the new name, which says
 * that it is empty until the thing is written back. */
#include "sftp/remote-private.h"

#include "util/words.h"

#include <string.h>

enum
{
  TAG_OPEN,
  TAG_FSYNC,
  TAG_FSYNC_AGAIN
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
  if (!self->caps.fsync || !self->options.fsync)
    return;
  g_hash_table_add (self->changed_dirs, ps_relpath_parent (path));
  if (self->caps.names == PS_NAMES_FAT)
    g_hash_table_add (self->renamed, g_strdup (path));
}

/* A disk that could not write speaks of it once; a file system that cannot sync directories refuses
 * again, and is passed over. */
static void
on_synced (PsOp *op, const PsReply *reply, guint tag)
{
  bool ok = ps_reply_is (reply, PS_FX_OK);

  if (tag == TAG_FSYNC && !ok)
    ps_request_fsync (op, &((SyncOp *)op)->handle, TAG_FSYNC_AGAIN);
  else if (tag == TAG_FSYNC_AGAIN && ok)
    ps_op_fail (op, PS_SFTP_ERROR_FAILED, "%s", _ ("the server reports a failure"));
  else if (!ok)
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
  .cleanup = after_synced,
  .size = sizeof (SyncOp),
};

/* What is being synced. */
typedef struct
{
  guint waiting;
  GError *error; /* (nullable) the first refusal */
} Syncing;

static void
synced (const PsRemoteResult *result, gpointer user_data)
{
  Syncing *self = user_data;

  self->waiting--;
  if (result->error == NULL)
    return;
  g_debug ("%s", result->error->message);
  if (self->error == NULL && g_error_matches (result->error, PS_SFTP_ERROR, PS_SFTP_ERROR_FAILED))
    self->error = g_error_copy (result->error);
}

/* Takes all out of @paths. */
static gboolean
sync_all (PsRemote *self, GHashTable *paths, GCancellable *cancellable, GError **error)
{
  GHashTableIter iter;
  gpointer path;
  Syncing syncing = { 0 };
  g_autoptr (GError) refused = NULL;

  g_hash_table_iter_init (&iter, paths);
  while (g_hash_table_iter_next (&iter, &path, NULL))
    {
      syncing.waiting++;
      ps_op_new (self, &sync_class, PS_QUEUE_CONTROL, path, synced, &syncing);
    }
  g_hash_table_remove_all (paths);
  while (syncing.waiting > 0)
    if (!ps_remote_step (self, -1, cancellable, error))
      {
        g_clear_error (&syncing.error);
        return FALSE;
      }
  refused = syncing.error;
  if (refused == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&refused));
  return FALSE;
}

gboolean
ps_remote_sync_dirs (PsRemote *self, GCancellable *cancellable, GError **error)
{
  return sync_all (self, self->renamed, cancellable, error)
         && sync_all (self, self->changed_dirs, cancellable, error);
}
