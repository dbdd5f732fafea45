/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Renaming without replacing anything, and removing by renaming into .pisync/versions. Both look
 * at what they have moved, and move it back when it is not what was expected. */
#include "sftp/remote-private.h"

#include "util/fault.h"
#include "util/words.h"

enum
{
  TAG_ASIDE,
  TAG_RENAME,
  TAG_BEFORE,
  TAG_AFTER,
  TAG_TAKEN
};

typedef struct
{
  PsOp op;
  char *to; /* MOVE: the new path; REMOVE: the version's */
  PsEntry expected;
  bool any;       /* MOVE: whatever lies there */
  PsEntry before; /* what lay at the old path just before */
  char *aside;    /* MOVE: (nullable) where it lies between two names that are one to the server */
  bool set_aside; /* it lies there */
  bool renamed;
  bool taken; /* REMOVE: the version's name is in use */
} MoveOp;

static void
clear (PsOp *op)
{
  g_free (((MoveOp *)op)->to);
  g_free (((MoveOp *)op)->aside);
}

static bool
has_room (PsOp *op)
{
  return ps_client_has_room (op->remote->client, 0);
}

static bool
fails (PsOp *op, const char *point)
{
  GError *error = NULL;

  if (!ps_fault (point, &error))
    return false;
  ps_op_take_error (op, error);
  return true;
}

static void
on_back (PsOp *op, const PsReply *reply, guint tag)
{
  MoveOp *self = (MoveOp *)op;

  if (!ps_reply_is (reply, PS_FX_OK)) /* the old name was taken anew: nothing is lost */
    op->kept_at = g_strdup (self->set_aside ? self->aside : self->to);
}

/* What was moved is not what was to be moved: another device or person was quicker. */
static void
move_back (PsOp *op)
{
  MoveOp *self = (MoveOp *)op;

  if (!self->renamed)
    return;
  ps_op_expect (op, on_back, NULL);
  ps_request_rename (op, self->to, op->path, TAG_RENAME);
}

/* Directories are moved as they are: what is in them has moved with them. */
static void
check_moved (PsOp *op, const PsReply *reply)
{
  MoveOp *self = (MoveOp *)op;

  if (!self->renamed)
    return;
  if (!ps_op_check_type (op, reply, PS_FXP_ATTRS))
    return;
  op->result.entry = ps_attrs_to_entry (&reply->attrs);
  if (!self->any && !ps_remote_is_expected (op->remote, &op->result.entry, &self->expected))
    ps_op_fail (op, PS_SFTP_ERROR_CHANGED, _ ("it was changed meanwhile"));
}

/* --- move --- */

static void
on_moved (PsOp *op, const PsReply *reply, guint tag)
{
  MoveOp *self = (MoveOp *)op;

  if (tag == TAG_BEFORE)
    {
      if (reply->type == PS_FXP_ATTRS)
        self->before = ps_attrs_to_entry (&reply->attrs);
    }
  else if (tag == TAG_AFTER)
    check_moved (op, reply);
  else if (tag == TAG_ASIDE && ps_reply_is (reply, PS_FX_OK))
    self->set_aside = true;
  else if (tag == TAG_ASIDE)
    ps_op_fail_status (op, reply, NULL);
  else if (ps_reply_is (reply, PS_FX_OK))
    {
      self->renamed = true;
      self->set_aside = false;
    }
  else if (reply->status == PS_FX_NO_SUCH_FILE && self->before.kind != PS_KIND_ABSENT)
    ps_op_fail (op, PS_SFTP_ERROR_FAILED, _ ("the directory it should go to is not there"));
  else
    ps_op_fail_status (op, reply, NULL);
}

static void
after_moved (PsOp *op)
{
  ps_remote_mark_changed (op->remote, op->path);
  ps_remote_mark_changed (op->remote, ((MoveOp *)op)->to);
  fails (op, "remote-moved");
}

/* Whether both names are one to a file system that does not tell cases apart. Should it see them
 * as two after all, the way by a third name is right too. */
static bool
only_case_differs (const MoveOp *self)
{
  return !self->op.remote->caps.case_sensitive && ps_names_differ_in_case (self->op.path, self->to);
}

static void
begin_move (PsOp *op)
{
  MoveOp *self = (MoveOp *)op;

  if (fails (op, "remote-move"))
    return;
  ps_op_expect (op, on_moved, after_moved);
  ps_request_path (op, 0, PS_FXP_LSTAT, op->path, TAG_BEFORE);
  if (only_case_differs (self))
    {
      /* RENAME takes the old name for one that is in the way; rename(2) of a file onto itself does
       * nothing and says that all is well. The place is among what is kept, never among what is
       * swept: should the line break here, nothing is lost. */
      self->aside = ps_remote_parking_path (op->remote);
      ps_request_rename (op, op->path, self->aside, TAG_ASIDE);
    }
  ps_request_rename (op, self->aside != NULL ? self->aside : op->path, self->to, TAG_RENAME);
  ps_request_path (op, 0, PS_FXP_LSTAT, self->to, TAG_AFTER);
}

static void
on_target (PsOp *op, const PsReply *reply, guint tag)
{
  if (reply->type != PS_FXP_ATTRS || !op->unclear)
    return;
  g_clear_error (&op->error);
  op->unclear = false;
  ps_op_fail (op, PS_SFTP_ERROR_EXISTS, _ ("the new name is taken"));
}

/* A bare failure: is the new name taken? Something moved by mistake: back with it. */
static void
clean_move (PsOp *op)
{
  MoveOp *self = (MoveOp *)op;

  if (self->renamed && g_error_matches (op->error, PS_SFTP_ERROR, PS_SFTP_ERROR_CHANGED))
    {
      move_back (op);
      return;
    }
  if (self->set_aside)
    {
      ps_op_expect (op, on_back, NULL);
      ps_request_rename (op, self->aside, op->path, TAG_RENAME);
      return;
    }
  if (!op->unclear)
    return;
  ps_op_expect (op, on_target, NULL);
  ps_request_path (op, 0, PS_FXP_LSTAT, self->to, TAG_AFTER);
}

static const PsOpClass move_class = {
  .failure = N_ ("Could not move %s"),
  .names = true,
  .can_begin = has_room,
  .begin = begin_move,
  .cleanup = clean_move,
  .clear = clear,
  .size = sizeof (MoveOp),
};

void
ps_remote_move_async (PsRemote *self, const char *from, const char *to, const PsEntry *expected,
                      PsRemoteDone done, gpointer user_data)
{
  MoveOp *op = ps_op_new (self, &move_class, PS_QUEUE_CONTROL, from, done, user_data);

  op->to = g_strdup (to);
  op->any = expected == NULL;
  if (expected != NULL)
    op->expected = *expected;
}

/* --- remove --- */

static void
on_removed (PsOp *op, const PsReply *reply, guint tag)
{
  MoveOp *self = (MoveOp *)op;

  if (tag == TAG_AFTER)
    check_moved (op, reply);
  else if (ps_reply_is (reply, PS_FX_OK))
    self->renamed = true;
  else
    ps_op_fail_status (op, reply, NULL);
}

static void
after_removed (PsOp *op)
{
  MoveOp *self = (MoveOp *)op;

  op->result.displaced = op->result.entry;
  op->result.entry = (PsEntry){ 0 };
  op->kept_at = g_strdup (self->to);
  ps_remote_mark_changed (op->remote, op->path);
  ps_remote_mark_changed (op->remote, self->to);
  fails (op, "remote-removed");
}

static void look_before_removing (PsOp *op);

/* rename(2) and not the standard's RENAME, which servers make of two steps between which a third
 * device could come. It would replace a version of that name, so it has to be a free one. */
static void
rename_away (PsOp *op)
{
  MoveOp *self = (MoveOp *)op;

  if (!ps_remote_is_expected (op->remote, &self->before, &self->expected))
    {
      if (self->before.kind == PS_KIND_ABSENT)
        ps_op_fail (op, PS_SFTP_ERROR_GONE, _ ("it is not there any more"));
      else
        ps_op_fail (op, PS_SFTP_ERROR_CHANGED, _ ("it was changed meanwhile"));
      return;
    }
  if (self->taken)
    {
      look_before_removing (op);
      return;
    }
  ps_op_expect (op, on_removed, after_removed);
  ps_request_replace (op, op->path, self->to, TAG_RENAME);
  ps_request_path (op, 0, PS_FXP_LSTAT, self->to, TAG_AFTER);
}

static void
on_looked (PsOp *op, const PsReply *reply, guint tag)
{
  MoveOp *self = (MoveOp *)op;

  if (tag == TAG_TAKEN)
    self->taken = reply->type == PS_FXP_ATTRS;
  else if (reply->type == PS_FXP_ATTRS)
    self->before = ps_attrs_to_entry (&reply->attrs);
  if (reply->type != PS_FXP_ATTRS && !ps_reply_is (reply, PS_FX_NO_SUCH_FILE))
    ps_op_fail_status (op, reply, tag == TAG_TAKEN ? self->to : NULL);
}

static void
look_before_removing (PsOp *op)
{
  MoveOp *self = (MoveOp *)op;

  g_free (self->to);
  self->to = ps_remote_version_path (op->remote, op->path);
  ps_request_make_parents (op->remote, self->to);
  ps_op_expect (op, on_looked, rename_away);
  ps_request_path (op, 0, PS_FXP_LSTAT, self->to, TAG_TAKEN);
  ps_request_path (op, 0, PS_FXP_LSTAT, op->path, TAG_BEFORE);
}

static void
on_rmdir (PsOp *op, const PsReply *reply, guint tag)
{
  MoveOp *self = (MoveOp *)op;

  if (tag == TAG_RENAME)
    {
      self->renamed = ps_reply_is (reply, PS_FX_OK);
      if (!self->renamed)
        ps_op_fail_status (op, reply, NULL);
      return;
    }
  if (self->renamed || reply->type != PS_FXP_ATTRS)
    return;
  op->result.entry = ps_attrs_to_entry (&reply->attrs);
  g_clear_error (&op->error);
  if (op->result.entry.kind != PS_KIND_DIR)
    ps_op_fail (op, PS_SFTP_ERROR_CHANGED, _ ("it is no directory any more"));
  else if (op->unclear)
    ps_op_fail (op, PS_SFTP_ERROR_NOT_EMPTY, _ ("the directory is not empty"));
  else
    ps_op_fail (op, PS_SFTP_ERROR_DENIED, _ ("permission denied on the server"));
}

static void
after_rmdir (PsOp *op)
{
  op->result.displaced = ((MoveOp *)op)->expected;
  ps_remote_mark_changed (op->remote, op->path);
  fails (op, "remote-removed");
}

static void
begin_remove (PsOp *op)
{
  if (fails (op, "remote-remove"))
    return;
  if (((MoveOp *)op)->expected.kind != PS_KIND_DIR)
    {
      look_before_removing (op);
      return;
    }
  ps_op_expect (op, on_rmdir, after_rmdir);
  ps_request_path (op, 0, PS_FXP_RMDIR, op->path, TAG_RENAME);
  ps_request_path (op, 0, PS_FXP_LSTAT, op->path, TAG_AFTER);
}

static void
clean_remove (PsOp *op)
{
  MoveOp *self = (MoveOp *)op;

  /* Perhaps it was a version's directory that had gone away. */
  ps_request_forget_parents (op->remote);
  if (self->expected.kind != PS_KIND_DIR
      && g_error_matches (op->error, PS_SFTP_ERROR, PS_SFTP_ERROR_CHANGED))
    move_back (op);
}

static const PsOpClass remove_class = {
  .failure = N_ ("Could not remove %s"),
  .names = true,
  .can_begin = has_room,
  .begin = begin_remove,
  .cleanup = clean_remove,
  .clear = clear,
  .size = sizeof (MoveOp),
};

void
ps_remote_remove_async (PsRemote *self, const char *path, const PsEntry *expected,
                        PsRemoteDone done, gpointer user_data)
{
  MoveOp *op = ps_op_new (self, &remove_class, PS_QUEUE_CONTROL, path, done, user_data);

  op->expected = *expected;
}
