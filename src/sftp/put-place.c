/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The moment in which an upload becomes the file.
 *
 * A new name: RENAME, which refuses one that exists.
 *
 * A name that exists, where the server has hard links and rename(2): a link to what lies there is
 * made before anything is sent ("version"), and waited for, because requests run on after a failure
 * and a rename must never follow a link that did not come to be. Then, in one burst, a second link
 * ("displaced") and the rename. The second link is what was replaced in truth. If another device
 * came in between, it holds what that device wrote. If the second link fails, the first one holds
 * what the scan saw. One of the two is superfluous afterwards.
 *
 * Elsewhere, in one burst: what lies there is renamed aside, the temporary file is renamed in
 * without replacing anything.
 *
 * Either way what is replaced goes into .pisync/versions, or gets the name that it is to be kept
 * as.
 *
 * The server works for several devices side by side. Another one's rename may come after our link
 * and before our rename, or ours between its two: then what was put in place first is gone from the
 * server without a link. So whoever replaced something looks once more, later than any such
 * neighbour's burst: if the file is not the one just put in place, the upload has failed, the local
 * file is still a changed one, and the next pass makes a conflict of the two. */
#include "sftp/put.h"

#include "util/fault.h"
#include "util/words.h"

#define TIME_GRAIN G_GINT64_CONSTANT (2000000000) /* of FAT, nanoseconds */

static bool
replaces (const PsPutOp *self)
{
  return !self->own && self->expected.kind != PS_KIND_ABSENT;
}

/* Whether links and rename(2) are there: then the name is never absent, not for a moment. */
static bool
by_links (const PsPutOp *self)
{
  const PsRemoteCaps *caps = &self->op.remote->caps;

  return caps->hardlinks && caps->posix_rename;
}

/* --- Before anything is sent --- */

static void
make_version (PsPutOp *self)
{
  self->version = ps_remote_version_path (self->op.remote, self->op.path);
  ps_request_make_parents (self->op.remote, self->version);
  ps_request_hardlink (&self->op, self->op.path, self->version, PS_PUT_TAG_VERSION);
}

void
ps_put_prepare_place (PsPutOp *self)
{
  if (!replaces (self))
    return;
  ps_request_path (&self->op, 0, PS_FXP_LSTAT, self->op.path, PS_PUT_TAG_TARGET);
  if (by_links (self) && self->version == NULL)
    make_version (self);
}

static void
check_target (PsPutOp *self, const PsReply *reply)
{
  PsEntry found = { 0 };

  if (reply->type == PS_FXP_ATTRS)
    found = ps_attrs_to_entry (&reply->attrs);
  else if (!ps_reply_is (reply, PS_FX_NO_SUCH_FILE))
    {
      ps_op_fail_status (&self->op, reply, NULL);
      return;
    }
  self->old_mode = found.kind == PS_KIND_FILE ? reply->attrs.permissions : 0;
  if (!ps_remote_is_expected (self->op.remote, &found, &self->expected))
    ps_op_fail (&self->op, PS_SFTP_ERROR_CHANGED, _ ("it was changed meanwhile on the server"));
}

void
ps_put_take_prepare_reply (PsPutOp *self, const PsReply *reply, guint tag)
{
  if (tag == PS_PUT_TAG_TARGET)
    check_target (self, reply);
  else if (tag == PS_PUT_TAG_VERSION)
    {
      self->version_made = ps_reply_is (reply, PS_FX_OK);
      if (!self->version_made) /* perhaps another device has cleared empty directories away */
        ps_request_forget_parents (self->op.remote);
    }
}

/* --- In place --- */

static void
in_place (PsOp *op)
{
  PsPutOp *self = (PsPutOp *)op;
  GError *error = NULL;

  op->result.entry = ps_attrs_to_entry (&self->written);
  ps_remote_mark_changed (op->remote, op->path);
  if (op->kept_at != NULL)
    ps_remote_mark_changed (op->remote, op->kept_at);
  if (ps_fault ("remote-put-placed", &error))
    ps_op_take_error (op, error);
}

/* Whether @found can be what was @written. A file system may round the time when it writes it down.
 */
static bool
is_ours (const PsEntry *found, const PsEntry *written)
{
  return found->kind == PS_KIND_FILE && found->size == written->size
         && ABS (found->mtime - written->mtime) <= TIME_GRAIN;
}

static void
on_verified (PsOp *op, const PsReply *reply, guint tag)
{
  PsPutOp *self = (PsPutOp *)op;
  PsEntry written = ps_attrs_to_entry (&self->written);
  PsEntry found = { 0 };

  if (reply->type == PS_FXP_ATTRS)
    found = ps_attrs_to_entry (&reply->attrs);
  if (!is_ours (&found, &written))
    ps_op_fail (op, PS_SFTP_ERROR_CHANGED, _ ("another device replaced it at the same moment"));
}

/* Looks whether what was put in place is still there. */
static void
verify (PsOp *op)
{
  ps_op_expect (op, on_verified, in_place);
  ps_request_path (op, 0, PS_FXP_LSTAT, op->path, PS_PUT_TAG_TARGET);
}

static void
place_failed (PsPutOp *self, const PsReply *reply)
{
  if (ps_reply_is (reply, PS_FX_NO_SUCH_FILE))
    ps_op_fail (&self->op, PS_SFTP_ERROR_GONE, _ ("the directory it belongs in is not there"));
  else
    ps_op_fail_status (&self->op, reply, NULL);
}

/* --- A new name --- */

static void
on_new (PsOp *op, const PsReply *reply, guint tag)
{
  PsPutOp *self = (PsPutOp *)op;

  if (tag != PS_PUT_TAG_RENAME)
    return;
  self->in_place = ps_reply_is (reply, PS_FX_OK);
  if (!self->in_place)
    place_failed (self, reply);
}

static void
place_new (PsPutOp *self)
{
  self->op.creates = true;
  ps_op_expect (&self->op, on_new, in_place);
  ps_request_rename (&self->op, self->temp, self->op.path, PS_PUT_TAG_RENAME);
}

/* --- A file of our own over another --- */

/* Without links what is replaced is read through a handle that was opened before, in the same
 * burst: so the name is never absent. */
static void
on_own_read (PsOp *op, const PsReply *reply, guint tag)
{
  if (ps_op_check_type (op, reply, PS_FXP_DATA))
    op->bytes = g_bytes_new (reply->text, reply->length);
}

static void
after_own_read (PsOp *op)
{
  ps_request_close_detached (op->remote, &((PsPutOp *)op)->base_handle);
  in_place (op);
}

static void
on_own_placed (PsOp *op, const PsReply *reply, guint tag)
{
  PsPutOp *self = (PsPutOp *)op;

  if (tag == PS_PUT_TAG_RENAME)
    on_new (op, reply, tag);
  else if (reply->type == PS_FXP_HANDLE)
    ps_handle_take (op, &self->base_handle, 0, reply);
  else
    {
      ps_client_untake_handle (op->remote->client, 0);
      if (!ps_reply_is (reply, PS_FX_NO_SUCH_FILE))
        ps_op_fail_status (op, reply, NULL);
    }
}

static void
after_own_placed (PsOp *op)
{
  PsPutOp *self = (PsPutOp *)op;

  if (!self->base_handle.open)
    {
      in_place (op);
      return;
    }
  ps_op_expect (op, on_own_read, after_own_read);
  ps_request_read (op, &self->base_handle, 0, PS_MARKER_MAX + 1, PS_PUT_TAG_DISPLACED);
}

static void
place_own (PsPutOp *self)
{
  PsOp *op = &self->op;
  bool at_once = op->remote->caps.posix_rename;

  ps_op_expect (op, on_new, in_place);
  if (self->own_mode == PS_OWN_ASIDE && by_links (self))
    ps_request_hardlink (op, op->path, self->aside, PS_PUT_TAG_DISPLACE);
  else if (self->own_mode == PS_OWN_ASIDE && at_once
           && ps_client_take_handle (op->remote->client, 0))
    {
      ps_op_expect (op, on_own_placed, after_own_placed);
      ps_request_open (op, 0, op->path, PS_OPEN_READ, false, PS_PUT_TAG_DISPLACE);
    }
  else if (self->own_mode == PS_OWN_ASIDE)
    ps_request_replace (op, op->path, self->aside, PS_PUT_TAG_DISPLACE);
  else if (!at_once)
    ps_request_path (op, 0, PS_FXP_REMOVE, op->path, PS_PUT_TAG_DISPLACE);
  ps_request_replace (op, self->temp, op->path, PS_PUT_TAG_RENAME);
}

/* --- A name that exists --- */

/* Where what is replaced goes: what it is to be kept as is tried once. */
static char *
choose_displaced (PsPutOp *self)
{
  return self->keep_as != NULL ? g_steal_pointer (&self->keep_as)
                               : ps_remote_version_path (self->op.remote, self->op.path);
}

/* --- By links --- */

static void
on_replaced (PsOp *op, const PsReply *reply, guint tag)
{
  PsPutOp *self = (PsPutOp *)op;

  switch (tag)
    {
    case PS_PUT_TAG_DISPLACE:
      self->displaced_made = ps_reply_is (reply, PS_FX_OK);
      self->displaced_gone = ps_reply_is (reply, PS_FX_NO_SUCH_FILE);
      break;
    case PS_PUT_TAG_RENAME:
      self->in_place = ps_reply_is (reply, PS_FX_OK);
      if (!self->in_place)
        place_failed (self, reply);
      break;
    case PS_PUT_TAG_DISPLACED:
      if (self->displaced_made && reply->type == PS_FXP_ATTRS)
        op->result.displaced = ps_attrs_to_entry (&reply->attrs);
      else
        self->displaced_made = false;
      break;
    default:
      g_assert_not_reached ();
    }
}

static void
after_replaced (PsOp *op)
{
  PsPutOp *self = (PsPutOp *)op;

  if (!self->displaced_made)
    {
      op->kept_at = g_steal_pointer (&self->version);
      op->result.displaced = self->displaced_gone ? (PsEntry){ 0 } : self->expected;
    }
  else
    {
      op->kept_at = g_steal_pointer (&self->displaced);
      op->result.displaced_other
          = !ps_remote_is_expected (op->remote, &op->result.displaced, &self->expected);
      if (!op->result.displaced_other) /* both are links to one file */
        ps_request_remove_detached (op->remote, self->version);
    }
  verify (op);
}

static void
replace_by_links (PsPutOp *self)
{
  PsOp *op = &self->op;

  self->displaced = choose_displaced (self);
  ps_op_expect (op, on_replaced, after_replaced);
  ps_request_hardlink (op, op->path, self->displaced, PS_PUT_TAG_DISPLACE);
  ps_request_replace (op, self->temp, op->path, PS_PUT_TAG_RENAME);
  ps_request_path (op, 0, PS_FXP_LSTAT, self->displaced, PS_PUT_TAG_DISPLACED);
}

/* --- Without links --- */

static void
on_back (PsOp *op, const PsReply *reply, guint tag)
{
  PsPutOp *self = (PsPutOp *)op;

  if (!ps_reply_is (reply, PS_FX_OK)) /* the name is taken anew: what was there stays a version */
    op->kept_at = g_strdup (self->displaced);
}

static void
after_aside (PsOp *op)
{
  PsPutOp *self = (PsPutOp *)op;

  if (self->displaced_made)
    {
      op->kept_at = g_steal_pointer (&self->displaced);
      op->result.displaced_other
          = !ps_remote_is_expected (op->remote, &op->result.displaced, &self->expected);
    }
  verify (op);
}

static void
replace_by_moving (PsPutOp *self)
{
  PsOp *op = &self->op;

  op->creates = true;
  ps_op_expect (op, on_replaced, after_aside);
  ps_request_rename (op, op->path, self->displaced, PS_PUT_TAG_DISPLACE);
  ps_request_rename (op, self->temp, op->path, PS_PUT_TAG_RENAME);
  ps_request_path (op, 0, PS_FXP_LSTAT, self->displaced, PS_PUT_TAG_DISPLACED);
}

static void find_free_version (PsOp *op);

static void
on_version_looked (PsOp *op, const PsReply *reply, guint tag)
{
  PsPutOp *self = (PsPutOp *)op;

  if (reply->type == PS_FXP_ATTRS) /* taken */
    g_clear_pointer (&self->displaced, g_free);
  else if (!ps_reply_is (reply, PS_FX_NO_SUCH_FILE))
    ps_op_fail_status (op, reply, self->displaced);
}

static void
after_version_looked (PsOp *op)
{
  PsPutOp *self = (PsPutOp *)op;

  if (self->displaced == NULL)
    find_free_version (op);
  else
    replace_by_moving (self);
}

static void
find_free_version (PsOp *op)
{
  PsPutOp *self = (PsPutOp *)op;

  self->displaced = choose_displaced (self);
  if (ps_relpath_is_own (self->displaced))
    ps_request_make_parents (op->remote, self->displaced);
  ps_op_expect (op, on_version_looked, after_version_looked);
  ps_request_path (op, 0, PS_FXP_LSTAT, self->displaced, PS_PUT_TAG_DISPLACED);
}

static bool
has_to_wait (const PsPutOp *self)
{
  const PsRemote *remote = self->op.remote;

  return self->ahead
         || (self->own ? ps_remote_marker_waits (remote) : ps_remote_names_wait (remote));
}

void
ps_put_place (PsOp *op)
{
  PsPutOp *self = (PsPutOp *)op;
  GError *error = NULL;

  if (has_to_wait (self))
    {
      ps_op_wait (op, ps_put_place);
      return;
    }
  if (!self->own && ps_remote_names_error (op->remote) != NULL)
    {
      ps_op_take_error (op, g_error_copy (ps_remote_names_error (op->remote)));
      return;
    }
  if (self->still_same != NULL && !self->still_same (op->user_data))
    {
      ps_op_fail (op, PS_SFTP_ERROR_CHANGED, _ ("the local file was changed meanwhile"));
      return;
    }
  if (ps_fault ("remote-put-durable", &error))
    {
      ps_op_take_error (op, error);
      return;
    }
  if (self->tell_durable != NULL)
    self->tell_durable (self->source.size, op->user_data);
  if (self->own && self->own_mode != PS_OWN_NEW)
    place_own (self);
  else if (!replaces (self))
    place_new (self);
  else if (self->version_made)
    replace_by_links (self);
  else
    find_free_version (op);
}

void
ps_put_clean_place (PsPutOp *self)
{
  PsOp *op = &self->op;

  /* Perhaps it was a version's directory that had gone away. */
  ps_request_forget_parents (op->remote);
  if (self->in_place)
    return;
  if (self->version_made && self->displaced == NULL) /* nothing was tried: it is still there */
    ps_request_remove_detached (op->remote, self->version);
  if (self->displaced_made && !self->version_made)
    {
      ps_op_expect (op, on_back, NULL);
      ps_request_rename (op, self->displaced, op->path, PS_PUT_TAG_BACK);
    }
}
