/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The small operations on names: each a burst or two on the control channel. */
#include "sftp/remote-private.h"

#include "util/fault.h"
#include "util/words.h"

#include <sys/stat.h>

enum
{
  TAG_DO,
  TAG_LSTAT
};

typedef struct
{
  PsOp op;
  PsEntry expected;
  PsEntry wanted;
  bool done;
} NameOp;

/* Takes an LSTAT's answer into the result; absence is no error here. */
static void
take_lstat (PsOp *op, const PsReply *reply)
{
  if (reply->type == PS_FXP_ATTRS)
    op->result.entry = ps_attrs_to_entry (&reply->attrs);
  else if (!ps_reply_is (reply, PS_FX_NO_SUCH_FILE))
    ps_op_fail_status (op, reply, NULL);
}

/* --- stat --- */

static void
on_stat (PsOp *op, const PsReply *reply, guint tag)
{
  take_lstat (op, reply);
}

static void
begin_stat (PsOp *op)
{
  ps_op_expect (op, on_stat, NULL);
  ps_request_path (op, 0, PS_FXP_LSTAT, op->path, TAG_LSTAT);
}

static bool
has_room (PsOp *op)
{
  return ps_client_has_room (op->remote->client, 0);
}

static const PsOpClass stat_class = {
  .failure = N_ ("Could not look at %s"),
  .can_begin = has_room,
  .begin = begin_stat,
  .size = sizeof (PsOp),
};

void
ps_remote_stat_async (PsRemote *self, const char *path, PsRemoteDone done, gpointer user_data)
{
  ps_op_new (self, &stat_class, PS_QUEUE_CONTROL, path, done, user_data);
}

/* --- mkdir --- */

static void
on_mkdir (PsOp *op, const PsReply *reply, guint tag)
{
  NameOp *self = (NameOp *)op;

  if (tag == TAG_DO)
    self->done = ps_op_check (op, reply);
  else if (reply->type == PS_FXP_ATTRS)
    {
      op->result.entry = ps_attrs_to_entry (&reply->attrs);
      if (op->result.entry.kind == PS_KIND_DIR) /* there already is fine */
        {
          g_clear_error (&op->error);
          op->unclear = false;
          /* Of a stranger's that was not there a moment ago, nobody knows whether it is durable. */
          if (self->done || !ps_relpath_is_own (op->path))
            ps_remote_mark_changed (op->remote, op->path);
        }
    }
  else if (op->error == NULL)
    ps_op_fail_status (op, reply, NULL);
}

static void
begin_mkdir (PsOp *op)
{
  GError *error = NULL;

  if (ps_fault ("remote-mkdir", &error))
    {
      ps_op_take_error (op, error);
      return;
    }
  ps_op_expect (op, on_mkdir, NULL);
  ps_request_mkdir (op, op->path, TAG_DO);
  ps_request_path (op, 0, PS_FXP_LSTAT, op->path, TAG_LSTAT);
}

static const PsOpClass mkdir_class = {
  .failure = N_ ("Could not make the directory %s"),
  .creates = true,
  .writes = true,
  .names = true,
  .can_begin = has_room,
  .begin = begin_mkdir,
  .size = sizeof (NameOp),
};

void
ps_remote_mkdir_async (PsRemote *self, const char *path, PsRemoteDone done, gpointer user_data)
{
  ps_op_new (self, &mkdir_class, PS_QUEUE_CONTROL, path, done, user_data);
}

/* --- readlink --- */

static void
on_readlink (PsOp *op, const PsReply *reply, guint tag)
{
  PsReply names = *reply;
  const char *name;
  gsize length;
  PsAttrs attrs;

  if (tag == TAG_LSTAT)
    take_lstat (op, reply);
  else if (!ps_op_check_type (op, reply, PS_FXP_NAME))
    return;
  else if (reply->count != 1 || !ps_reply_next_name (&names, &name, &length, &attrs))
    ps_op_fail (op, PS_SFTP_ERROR_FAILED, _ ("the server's answer makes no sense"));
  else
    op->target = g_strndup (name, length);
}

static void
begin_readlink (PsOp *op)
{
  ps_op_expect (op, on_readlink, NULL);
  ps_request_path (op, 0, PS_FXP_READLINK, op->path, TAG_DO);
  ps_request_path (op, 0, PS_FXP_LSTAT, op->path, TAG_LSTAT);
}

static const PsOpClass readlink_class = {
  .failure = N_ ("Could not read the link %s"),
  .can_begin = has_room,
  .begin = begin_readlink,
  .size = sizeof (PsOp),
};

void
ps_remote_readlink_async (PsRemote *self, const char *path, PsRemoteDone done, gpointer user_data)
{
  ps_op_new (self, &readlink_class, PS_QUEUE_CONTROL, path, done, user_data);
}

/* --- symlink --- */

static void
on_symlink (PsOp *op, const PsReply *reply, guint tag)
{
  if (tag == TAG_LSTAT)
    take_lstat (op, reply);
  else if (ps_op_check (op, reply))
    ps_remote_mark_changed (op->remote, op->path);
}

static void
begin_symlink (PsOp *op)
{
  ps_op_expect (op, on_symlink, NULL);
  ps_request_symlink (op, op->target, op->path, TAG_DO);
  ps_request_path (op, 0, PS_FXP_LSTAT, op->path, TAG_LSTAT);
}

static const PsOpClass symlink_class = {
  .failure = N_ ("Could not make the link %s"),
  .creates = true,
  .writes = true,
  .names = true,
  .can_begin = has_room,
  .begin = begin_symlink,
  .size = sizeof (PsOp),
};

void
ps_remote_symlink_async (PsRemote *self, const char *path, const char *target, PsRemoteDone done,
                         gpointer user_data)
{
  PsOp *op = ps_op_new (self, &symlink_class, PS_QUEUE_CONTROL, path, done, user_data);

  op->target = g_strdup (target);
}

/* --- unlink --- */

static void
on_unlinked (PsOp *op, const PsReply *reply, guint tag)
{
  if (!ps_reply_is (reply, PS_FX_NO_SUCH_FILE)) /* which is as well */
    ps_op_check (op, reply);
}

static void
on_looked (PsOp *op, const PsReply *reply, guint tag)
{
  NameOp *self = (NameOp *)op;

  if (tag == TAG_DO)
    self->done = ps_reply_is (reply, PS_FX_OK) || ps_reply_is (reply, PS_FX_NO_SUCH_FILE);
  else
    take_lstat (op, reply);
}

/* REMOVE refuses a directory. */
static void
after_looked (PsOp *op)
{
  bool dir = op->result.entry.kind == PS_KIND_DIR;

  if (((NameOp *)op)->done || op->result.entry.kind == PS_KIND_ABSENT)
    return;
  ps_op_expect (op, on_unlinked, NULL);
  ps_request_path (op, 0, dir ? PS_FXP_RMDIR : PS_FXP_REMOVE, op->path, TAG_DO);
}

static void
begin_unlink (PsOp *op)
{
  ps_op_expect (op, on_looked, after_looked);
  ps_request_path (op, 0, PS_FXP_REMOVE, op->path, TAG_DO);
  ps_request_path (op, 0, PS_FXP_LSTAT, op->path, TAG_LSTAT);
}

static const PsOpClass unlink_class = {
  .failure = N_ ("Could not remove %s"),
  .can_begin = has_room,
  .begin = begin_unlink,
  .size = sizeof (NameOp),
};

void
ps_remote_unlink_async (PsRemote *self, const char *path, PsRemoteDone done, gpointer user_data)
{
  g_return_if_fail (ps_relpath_is_own (path));
  /* A directory that goes away may be one of those known to be there. */
  ps_request_forget_parents (self);
  ps_op_new (self, &unlink_class, PS_QUEUE_CONTROL, path, done, user_data);
}

/* --- set attributes --- */

static void
on_set (PsOp *op, const PsReply *reply, guint tag)
{
  if (tag == TAG_LSTAT)
    take_lstat (op, reply);
  else
    ps_op_check (op, reply);
}

static void
on_before_set (PsOp *op, const PsReply *reply, guint tag)
{
  NameOp *self = (NameOp *)op;
  PsAttrs attrs = { .flags = PS_ATTR_TIMES };
  PsEntry found;

  if (!ps_op_check_type (op, reply, PS_FXP_ATTRS))
    return;
  found = ps_attrs_to_entry (&reply->attrs);
  if (!ps_remote_is_expected (op->remote, &found, &self->expected))
    {
      ps_op_fail (op, PS_SFTP_ERROR_CHANGED, _ ("it was changed meanwhile"));
      return;
    }
  attrs.mtime = attrs.atime = ps_attrs_time (self->wanted.mtime);
  if (found.kind == PS_KIND_FILE && found.executable != self->wanted.executable
      && op->remote->caps.executable_bit)
    {
      attrs.flags |= PS_ATTR_PERMISSIONS;
      attrs.permissions = ps_attrs_mode (reply->attrs.permissions, self->wanted.executable);
    }
  ps_op_expect (op, on_set, NULL);
  ps_request_setstat (op, op->path, &attrs, TAG_DO);
  ps_request_path (op, 0, PS_FXP_LSTAT, op->path, TAG_LSTAT);
}

static void
begin_set (PsOp *op)
{
  ps_op_expect (op, on_before_set, NULL);
  ps_request_path (op, 0, PS_FXP_LSTAT, op->path, TAG_LSTAT);
}

static const PsOpClass set_class = {
  .failure = N_ ("Could not set the attributes of %s"),
  .names = true,
  .can_begin = has_room,
  .begin = begin_set,
  .size = sizeof (NameOp),
};

void
ps_remote_set_attributes_async (PsRemote *self, const char *path, const PsEntry *expected,
                                const PsEntry *wanted, PsRemoteDone done, gpointer user_data)
{
  NameOp *op = ps_op_new (self, &set_class, PS_QUEUE_CONTROL, path, done, user_data);

  op->expected = *expected;
  op->wanted = *wanted;
}
