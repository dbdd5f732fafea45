/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An upload's temporary file, from OPEN to CLOSE. */
#include "sftp/put.h"

#include "util/fault.h"
#include "util/words.h"

#include <string.h>

static bool
fails (PsPutOp *self, const char *point)
{
  GError *error = NULL;

  if (!ps_fault (point, &error))
    return false;
  ps_op_take_error (&self->op, error);
  return true;
}

/* --- The end: the file is complete and durable --- */

static void
finish_hash (PsPutOp *self)
{
  if (self->sha == NULL || self->hashed != self->source.size)
    return;
  ps_sha256_finish (self->sha, self->op.result.sha256);
  self->op.result.has_hash = TRUE;
}

static void
on_mode (PsOp *op, const PsReply *reply, guint tag)
{
  PsPutOp *self = (PsPutOp *)op;

  if (PS_PUT_TAG_KIND (tag) == PS_PUT_TAG_FSTAT && reply->type == PS_FXP_ATTRS)
    self->written = reply->attrs;
}

static void
after_written (PsOp *op)
{
  PsPutOp *self = (PsPutOp *)op;
  PsEntry found = ps_attrs_to_entry (&self->written);
  PsAttrs attrs = { .flags = PS_ATTR_PERMISSIONS };

  if (fails (self, "remote-put-written"))
    return;
  if (found.size != self->source.size)
    {
      ps_op_fail (op, PS_SFTP_ERROR_FAILED, _ ("the server holds %lu of %lu bytes"),
                  (gulong)found.size, (gulong)self->source.size);
      return;
    }
  finish_hash (self);
  if (found.executable == self->source.executable || !op->remote->caps.executable_bit)
    {
      ps_put_place (op);
      return;
    }
  attrs.permissions = ps_attrs_mode (self->written.permissions, self->source.executable);
  ps_op_expect (op, on_mode, ps_put_place);
  ps_request_setstat (op, self->temp, &attrs, PS_PUT_TAG_MODE);
  ps_request_path (op, 0, PS_FXP_LSTAT, self->temp, PS_PUT_TAG_FSTAT);
}

static bool
check_base (PsPutOp *self, const PsReply *reply)
{
  PsEntry found;

  if (!ps_op_check_type (&self->op, reply, PS_FXP_ATTRS))
    return false;
  found = ps_attrs_to_entry (&reply->attrs);
  if (ps_remote_is_expected (self->op.remote, &found, &self->base_expected))
    return true;
  if (strcmp (self->base, self->op.path) == 0)
    ps_op_fail (&self->op, PS_SFTP_ERROR_CHANGED, _ ("it was changed meanwhile on the server"));
  else
    ps_op_fail (&self->op, PS_SFTP_ERROR_FAILED,
                "what it should be made from was changed; the whole file has to be sent");
  return false;
}

static void
on_stream (PsOp *op, const PsReply *reply, guint tag)
{
  PsPutOp *self = (PsPutOp *)op;
  PsClient *client = op->remote->client;

  if (ps_put_take_stream_reply (self, reply, tag))
    return;
  switch (PS_PUT_TAG_KIND (tag))
    {
    case PS_PUT_TAG_ATTRS: /* a file system may have no such times: what it has is read back */
      break;
    case PS_PUT_TAG_FSYNC:
      if (!ps_reply_is (reply, PS_FX_OP_UNSUPPORTED))
        ps_op_check (op, reply);
      break;
    case PS_PUT_TAG_FSTAT:
      if (ps_op_check_type (op, reply, PS_FXP_ATTRS))
        self->written = reply->attrs;
      break;
    case PS_PUT_TAG_STAT_BASE:
      if (!check_base (self, reply))
        self->spoilt = true;
      break;
    case PS_PUT_TAG_CLOSE:
      ps_client_handle_closed (client, (int)PS_PUT_TAG_NUMBER (tag));
      ps_op_check (op, reply);
      break;
    default:
      g_assert_not_reached ();
    }
}

static void
close_handles (PsPutOp *self)
{
  for (guint i = 0; i < self->n_handles; i++)
    {
      PsHandle *handle = &self->handles[i];

      if (!handle->open)
        continue;
      handle->open = false;
      ps_request_handle (&self->op, PS_FXP_CLOSE, handle,
                         PS_PUT_TAG (PS_PUT_TAG_CLOSE, handle->channel));
    }
  ps_request_close_detached (self->op.remote, &self->base_handle);
}

static void
send_end (PsOp *op)
{
  PsPutOp *self = (PsPutOp *)op;
  PsHandle *handle = &self->handles[0];
  uint32_t mtime = ps_attrs_time (self->source.mtime);
  PsAttrs attrs = { .flags = PS_ATTR_TIMES, .atime = mtime, .mtime = mtime };

  if (self->old_mode != 0)
    {
      attrs.flags |= PS_ATTR_PERMISSIONS;
      attrs.permissions = ps_attrs_mode (self->old_mode, self->source.executable);
    }
  ps_op_expect (op, on_stream, after_written);
  if (!self->own)
    ps_request_fsetstat (op, handle, &attrs, PS_PUT_TAG_ATTRS);
  if (op->remote->options.fsync && ps_client_peek_info (op->remote->client)->fsync)
    ps_request_fsync (op, handle, PS_PUT_TAG_FSYNC);
  ps_request_handle (op, PS_FXP_FSTAT, handle, PS_PUT_TAG_FSTAT);
  if (self->base_handle.open) /* has somebody written to it while it was copied? */
    ps_request_handle (op, PS_FXP_FSTAT, &self->base_handle, PS_PUT_TAG_STAT_BASE);
  close_handles (self);
}

void
ps_put_end_stream (PsPutOp *self, bool pipelined)
{
  /* One channel keeps the order; of several, each has to have answered. */
  if (pipelined)
    send_end (&self->op);
  else
    ps_op_expect (&self->op, on_stream, send_end);
}

/* --- The beginning --- */

static void
on_cut (PsOp *op, const PsReply *reply, guint tag)
{
  ps_op_check (op, reply);
}

static void
begin_resumed (PsOp *op)
{
  ps_op_expect (op, on_stream, NULL);
  ps_put_begin_stream (op);
}

static void
after_opened (PsOp *op)
{
  PsPutOp *self = (PsPutOp *)op;
  PsAttrs attrs = { .flags = PS_ATTR_SIZE, .size = self->resume };

  if (self->source.size == 0)
    {
      send_end (op);
      return;
    }
  if (self->resume == 0)
    {
      ps_op_expect (op, on_stream, NULL);
      ps_put_begin_stream (op);
      return;
    }
  /* What is behind is not known to be right, and would be in the way of copies. */
  ps_op_expect (op, on_cut, begin_resumed);
  ps_request_fsetstat (op, &self->handles[0], &attrs, PS_PUT_TAG_CUT);
}

static void
on_base (PsOp *op, const PsReply *reply, guint tag)
{
  check_base ((PsPutOp *)op, reply);
}

/* The handle that is copied from must be of the version that the pieces were made for. */
static void
look_at_base (PsOp *op)
{
  PsPutOp *self = (PsPutOp *)op;

  if (self->base == NULL)
    {
      after_opened (op);
      return;
    }
  ps_op_expect (op, on_base, after_opened);
  ps_request_handle (op, PS_FXP_FSTAT, &self->base_handle, PS_PUT_TAG_STAT_BASE);
}

static void
on_opened (PsOp *op, const PsReply *reply, guint tag)
{
  PsPutOp *self = (PsPutOp *)op;

  if (tag == PS_PUT_TAG_OPEN)
    {
      if (ps_handle_take (op, &self->handles[0], self->channel, reply))
        {
          self->n_handles = 1;
          self->temp_made = true;
        }
    }
  else if (tag == PS_PUT_TAG_OPEN_BASE)
    ps_handle_take (op, &self->base_handle, self->channel, reply);
  else
    ps_put_take_prepare_reply (self, reply, tag);
}

static void
open_temp (PsOp *op)
{
  PsPutOp *self = (PsPutOp *)op;
  uint32_t flags = PS_OPEN_WRITE;

  if (self->resume == 0)
    flags |= PS_OPEN_CREATE | (self->may_exist ? PS_OPEN_TRUNCATE : PS_OPEN_EXCLUSIVE);
  ps_op_expect (op, on_opened, look_at_base);
  ps_request_open (op, self->channel, self->temp, flags, self->source.executable, PS_PUT_TAG_OPEN);
  if (self->base != NULL)
    ps_request_open (op, self->channel, self->base, PS_OPEN_READ, false, PS_PUT_TAG_OPEN_BASE);
  ps_put_prepare_place (self);
}

static void
on_found (PsOp *op, const PsReply *reply, guint tag)
{
  PsPutOp *self = (PsPutOp *)op;

  if (reply->type != PS_FXP_ATTRS)
    return;
  self->may_exist = true;
  self->found_size = ps_attrs_to_entry (&reply->attrs).size;
}

/* Goes on where an earlier upload of the same source stopped. */
static void
after_found (PsOp *op)
{
  PsPutOp *self = (PsPutOp *)op;

  if (!self->may_exist || self->found_size < self->resume || self->resume >= self->source.size)
    self->resume = 0;
  open_temp (op);
}

/* The second beginning, after the server had a handle for one of two files only. */
static void
begin_anew (PsPutOp *self)
{
  ps_request_close_detached (self->op.remote, &self->base_handle);
  if (self->n_handles == 0)
    return;
  ps_request_close_detached (self->op.remote, &self->handles[0]);
  self->n_handles = 0;
  self->may_exist = true;
}

/* The server has to be able to copy. */
static bool
can_copy (PsPutOp *self)
{
  if (self->base == NULL || self->op.remote->caps.copy_data)
    return true;
  ps_put_fail_pieces (self);
  return false;
}

static void
begin (PsOp *op)
{
  PsPutOp *self = (PsPutOp *)op;

  begin_anew (self);
  if (fails (self, "remote-put-begin") || !can_copy (self))
    {
      ps_client_untake_handle (op->remote->client, self->channel);
      if (self->base != NULL)
        ps_client_untake_handle (op->remote->client, self->channel);
      return;
    }
  if (self->own && op->path != NULL)
    ps_request_make_parents (op->remote, op->path);
  if (self->own)
    ps_request_make_parents (op->remote, self->temp);
  if (self->resume == 0)
    {
      self->may_exist |= self->resume_key != NULL; /* what it holds is of no use */
      open_temp (op);
      return;
    }
  ps_op_expect (op, on_found, after_found);
  ps_request_path (op, 0, PS_FXP_LSTAT, self->temp, PS_PUT_TAG_FOUND_PART);
}

static bool
can_begin (PsOp *op)
{
  PsPutOp *self = (PsPutOp *)op;
  PsClient *client = op->remote->client;

  if (self->own)
    self->channel = 0;
  else
    self->channel
        = ps_client_channel (client, op->queue == PS_QUEUE_BULK ? PS_LANE_BULK : PS_LANE_SMALL);
  if (self->channel < 0 || !ps_client_has_room (client, self->channel)
      || !ps_client_has_room (client, 0) || !ps_client_take_handle (client, self->channel))
    return false;
  if (self->base == NULL || ps_client_take_handle (client, self->channel))
    return true;
  ps_client_untake_handle (client, self->channel);
  return false;
}

static void
cleanup (PsOp *op)
{
  PsPutOp *self = (PsPutOp *)op;
  bool keep = self->resume_key != NULL && !self->spoilt
              && !g_error_matches (op->error, PS_SFTP_ERROR, PS_SFTP_ERROR_CHANGED);

  for (guint i = 0; i < self->n_handles; i++)
    ps_request_close_detached (op->remote, &self->handles[i]);
  ps_request_close_detached (op->remote, &self->base_handle);
  if (self->temp_made && !self->in_place && !keep)
    ps_request_remove_detached (op->remote, self->temp);
  ps_put_clean_place (self);
}

static void
clear (PsOp *op)
{
  PsPutOp *self = (PsPutOp *)op;

  g_clear_pointer (&self->content, g_bytes_unref);
  g_clear_pointer (&self->sha, ps_sha256_free);
  g_array_unref (self->flights);
  g_array_unref (self->checks);
  g_free (self->keep_as);
  g_free (self->base);
  g_free (self->resume_key);
  g_free (self->aside);
  g_free (self->temp);
  g_free (self->version);
  g_free (self->displaced);
}

static const PsOpClass put_class = {
  .failure = N_ ("Could not upload %s"),
  .writes = true,
  .can_begin = can_begin,
  .begin = begin,
  .cleanup = cleanup,
  .pull = ps_put_pull,
  .clear = clear,
  .size = sizeof (PsPutOp),
};

static PsPutOp *
put_new (PsRemote *remote, PsQueue queue, const char *path, const PsEntry *source,
         const char *resume_key, PsRemoteDone done, gpointer user_data)
{
  PsPutOp *self = ps_op_new (remote, &put_class, queue, path, done, user_data);

  self->source = *source;
  self->resume_key = g_strdup (queue == PS_QUEUE_BULK ? resume_key : NULL);
  self->temp = ps_remote_temp_path (remote, self->resume_key, ".part");
  self->flights = g_array_new (FALSE, FALSE, sizeof (PsFlight));
  self->checks = g_array_new (FALSE, FALSE, sizeof (PsCopyCheck));
  return self;
}

void
ps_remote_put_async (PsRemote *self, const PsPut *put, PsRemoteDone done, gpointer user_data)
{
  PsQueue queue = put->source.size > PS_BULK ? PS_QUEUE_BULK : PS_QUEUE_SMALL;
  PsPutOp *op = put_new (self, queue, put->path, &put->source, put->resume_key, done, user_data);

  op->fd = put->fd;
  op->expected = put->expected;
  op->keep_as = g_strdup (put->keep_as);
  op->still_same = put->still_same;
  op->moved = put->moved;
  op->next_piece = put->next_piece;
  if (put->sha256 == NULL && put->next_piece == NULL)
    op->sha = ps_sha256_new ();
  if (put->sha256 != NULL)
    memcpy (op->op.result.sha256, put->sha256, sizeof op->op.result.sha256);
  op->op.result.has_hash = put->sha256 != NULL;
  op->resume = put->resume;
  op->tell_durable = op->resume_key != NULL ? put->durable : NULL;
  op->base = g_strdup (put->base);
  op->base_expected = put->base_expected;
}

static PsPutOp *
put_own_new (PsRemote *self, const PsOwnFile *file, PsRemoteDone done, gpointer user_data)
{
  PsEntry source = { .kind = PS_KIND_FILE, .size = g_bytes_get_size (file->content) };
  PsPutOp *op = put_new (self, PS_QUEUE_CONTROL, file->path, &source, NULL, done, user_data);

  op->fd = -1;
  op->content = g_bytes_ref (file->content);
  op->own = true;
  op->own_mode = file->mode;
  op->aside = g_strdup (file->aside);
  op->still_same = file->may_be_placed;
  return op;
}

void
ps_remote_put_own_async (PsRemote *self, const PsOwnFile *file, PsRemoteDone done,
                         gpointer user_data)
{
  put_own_new (self, file, done, user_data);
}

void
ps_remote_write_async (PsRemote *self, const char *path, GBytes *content, PsRemoteDone done,
                       gpointer user_data)
{
  PsOwnFile file = { .path = path, .content = content, .mode = PS_OWN_REPLACE };

  g_return_if_fail (ps_relpath_is_own (path));
  ps_remote_put_own_async (self, &file, done, user_data);
}

PsRemoteAhead *
ps_remote_write_ahead (PsRemote *self, GBytes *content, PsRemoteDone done, gpointer user_data)
{
  PsOwnFile file = { .content = content, .mode = PS_OWN_REPLACE };
  PsPutOp *op = put_own_new (self, &file, done, user_data);

  op->ahead = true;
  return (PsRemoteAhead *)op;
}

static gboolean
is_unwanted (gpointer user_data)
{
  return FALSE;
}

void
ps_remote_ahead_place (PsRemoteAhead *ahead, const char *path)
{
  PsPutOp *self = (PsPutOp *)ahead;

  g_return_if_fail (self->ahead);
  self->ahead = false;
  self->op.path = g_strdup (path);
  if (path == NULL)
    self->still_same = is_unwanted;
  else
    ps_request_make_parents (self->op.remote, path);
  ps_remote_let_go (self->op.remote);
}
