/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is asked about the server as a whole: room on its disk, the root and paths outside of it. */
#include "sftp/remote-private.h"

#include "sftp/waited.h"
#include "util/words.h"

#include <string.h>

enum
{
  TAG_DO,
  TAG_LOOK
};

typedef struct
{
  PsOp op;
  uint64_t free_bytes, total_bytes;
} SpaceOp;

static bool
has_room (PsOp *op)
{
  return ps_client_has_room (op->remote->client, 0);
}

/* --- Room --- */

/* u64 f_bsize, f_frsize, f_blocks, f_bfree, f_bavail, … */
static void
on_space (PsOp *op, const PsReply *reply, guint tag)
{
  SpaceOp *self = (SpaceOp *)op;
  PsReader reader = reply->body;
  uint64_t unit, total, available;

  if (!ps_op_check_type (op, reply, PS_FXP_EXTENDED_REPLY))
    return;
  ps_reader_u64 (&reader);
  unit = ps_reader_u64 (&reader);
  total = ps_reader_u64 (&reader);
  ps_reader_u64 (&reader);
  available = ps_reader_u64 (&reader);
  if (reader.bad || !g_uint64_checked_mul (&self->free_bytes, available, unit)
      || !g_uint64_checked_mul (&self->total_bytes, total, unit))
    self->free_bytes = self->total_bytes = UINT64_MAX;
}

static void
begin_space (PsOp *op)
{
  ps_op_expect (op, on_space, NULL);
  ps_request_statvfs (op, TAG_DO);
}

static const PsOpClass space_class = {
  .failure = N_ ("Could not ask for the room left in %s"),
  .can_begin = has_room,
  .begin = begin_space,
  .size = sizeof (SpaceOp),
};

struct PsSpaceAnswer
{
  PsWaited waited;
  SpaceOp *op; /* until it is done */
  uint64_t free_bytes, total_bytes;
};

void
ps_space_answer_free (PsSpaceAnswer *self)
{
  if (self == NULL)
    return;
  ps_waited_clear (&self->waited);
  g_free (self);
}

static void
on_space_done (const PsRemoteResult *result, gpointer user_data)
{
  PsSpaceAnswer *answer = user_data;

  answer->free_bytes = answer->op->free_bytes;
  answer->total_bytes = answer->op->total_bytes;
  ps_waited_done (result, &answer->waited);
}

void
ps_remote_ask_space (PsRemote *self)
{
  if (!self->caps.statvfs || (self->space != NULL && !self->space->waited.done))
    return;
  ps_space_answer_free (self->space);
  self->space = g_new0 (PsSpaceAnswer, 1);
  self->space->op
      = ps_op_new (self, &space_class, PS_QUEUE_CONTROL, "", on_space_done, self->space);
}

gboolean
ps_remote_space (PsRemote *self, uint64_t *free_bytes, uint64_t *total_bytes,
                 GCancellable *cancellable, GError **error)
{
  gboolean good;

  *free_bytes = *total_bytes = UINT64_MAX;
  if (!self->caps.statvfs)
    return TRUE;
  if (self->space == NULL)
    ps_remote_ask_space (self);
  good = ps_waited_wait (&self->space->waited, self, cancellable, error);
  if (good)
    {
      *free_bytes = self->space->free_bytes;
      *total_bytes = self->space->total_bytes;
    }
  g_clear_pointer (&self->space, ps_space_answer_free);
  return good;
}

/* --- The root --- */

/* Those that are there already fail, whatever the words. Of the others the last one tells most, but
 * not that it lacks the one above it, which has said why. */
static void
on_dir_made (PsOp *op, const PsReply *reply)
{
  if (op->error != NULL && ps_reply_is (reply, PS_FX_NO_SUCH_FILE))
    return;
  g_clear_error (&op->error);
  ps_op_check (op, reply);
}

static void
on_root (PsOp *op, const PsReply *reply, guint tag)
{
  if (tag == TAG_DO)
    on_dir_made (op, reply);
  else if (reply->type != PS_FXP_ATTRS)
    {
      if (op->error == NULL)
        ps_op_fail_status (op, reply, NULL);
    }
  else
    {
      op->result.entry = ps_attrs_to_entry (&reply->attrs);
      g_clear_error (&op->error);
      if (op->result.entry.kind != PS_KIND_DIR)
        ps_op_fail (op, PS_SFTP_ERROR_EXISTS, _ ("there is something that is no directory"));
    }
  op->unclear = false;
}

static void
begin_root (PsOp *op)
{
  const char *root = op->remote->root;

  ps_op_expect (op, on_root, NULL);
  for (const char *end = root; *end != '\0';)
    {
      g_autofree char *dir = NULL;

      end += strspn (end, "/");
      end += strcspn (end, "/");
      dir = g_strndup (root, (gsize)(end - root));
      ps_request_raw_mkdir (op, dir, TAG_DO);
      end += strspn (end, "/");
    }
  ps_request_path (op, 0, PS_FXP_LSTAT, ".", TAG_LOOK);
}

static const PsOpClass root_class = {
  .failure = N_ ("Could not make %s on the server"),
  .can_begin = has_room,
  .begin = begin_root,
  .size = sizeof (PsOp),
};

gboolean
ps_remote_make_root (PsRemote *self, GCancellable *cancellable, GError **error)
{
  g_auto (PsWaited) made = { 0 };

  ps_op_new (self, &root_class, PS_QUEUE_CONTROL, self->root, ps_waited_done, &made);
  return ps_waited_wait (&made, self, cancellable, error);
}

/* --- Paths outside of the root --- */

static void
on_real_path (PsOp *op, const PsReply *reply, guint tag)
{
  PsReply names = *reply;
  const char *name;
  gsize length;
  PsAttrs attrs;

  if (!ps_op_check_type (op, reply, PS_FXP_NAME))
    return;
  if (reply->count != 1 || !ps_reply_next_name (&names, &name, &length, &attrs))
    {
      ps_op_fail (op, PS_SFTP_ERROR_FAILED, _ ("the server's answer makes no sense"));
      return;
    }
  op->bytes = g_bytes_new (name, length);
}

static void
begin_real_path (PsOp *op)
{
  ps_op_expect (op, on_real_path, NULL);
  ps_request_raw_path (op, 0, PS_FXP_REALPATH, *op->path != '\0' ? op->path : ".", TAG_DO);
}

static const PsOpClass real_path_class = {
  .failure = N_ ("Could not find %s on the server"),
  .can_begin = has_room,
  .begin = begin_real_path,
  .size = sizeof (PsOp),
};

char *
ps_remote_real_path (PsRemote *self, const char *path, GCancellable *cancellable, GError **error)
{
  g_auto (PsWaited) found = { 0 };
  gsize length;
  const char *name;

  ps_op_new (self, &real_path_class, PS_QUEUE_CONTROL, path, ps_waited_done, &found);
  if (!ps_waited_wait (&found, self, cancellable, error))
    return NULL;
  name = g_bytes_get_data (found.bytes, &length);
  return g_strndup (name != NULL ? name : "", length);
}
