/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One function a kind of request. */
#include "sftp/remote-private.h"

#include <string.h>
#include <sys/stat.h>

#define CONTENT_COST 64 /* bytes that a WRITE is longer than its content, about */
#define MODE_FILE 0666  /* the server's umask takes from it what it should */
#define MODE_PROGRAM 0777
#define TRIES_MAX 8

static GByteArray *
begin (PsOp *op, int channel, uint8_t type)
{
  return ps_client_begin (op->remote->client, channel, type);
}

/* Appends the path on the server of @path, relative to the root ("" for the root itself). */
static void
append_path (const PsRemote *remote, GByteArray *out, const char *path)
{
  gsize root = strlen (remote->root), length = strlen (path);
  bool slash = root > 0 && length > 0 && remote->root[root - 1] != '/';

  if (root + length == 0)
    {
      ps_packet_string (out, ".");
      return;
    }
  ps_packet_u32 (out, (uint32_t)(root + slash + length));
  g_byte_array_append (out, (const guint8 *)remote->root, (guint)root);
  if (slash)
    g_byte_array_append (out, (const guint8 *)"/", 1);
  g_byte_array_append (out, (const guint8 *)path, (guint)length);
}

static void
append_handle (GByteArray *out, const PsHandle *handle)
{
  ps_packet_bytes (out, handle->bytes, handle->length);
}

static void
end (PsOp *op, guint tag)
{
  ps_op_sent (op, (PsCost){ 0 }, tag);
}

void
ps_request_path (PsOp *op, int channel, uint8_t type, const char *path, guint tag)
{
  append_path (op->remote, begin (op, channel, type), path);
  end (op, tag);
}

void
ps_request_raw_path (PsOp *op, int channel, uint8_t type, const char *path, guint tag)
{
  ps_packet_string (begin (op, channel, type), path);
  end (op, tag);
}

void
ps_request_open (PsOp *op, int channel, const char *path, uint32_t flags, bool executable,
                 guint tag)
{
  PsAttrs attrs = { 0 };
  GByteArray *out = begin (op, channel, PS_FXP_OPEN);

  append_path (op->remote, out, path);
  ps_packet_u32 (out, flags);
  if (flags & PS_OPEN_CREATE)
    {
      attrs.flags = PS_ATTR_PERMISSIONS;
      attrs.permissions = executable ? MODE_PROGRAM : MODE_FILE;
    }
  ps_packet_attrs (out, &attrs);
  end (op, tag);
}

void
ps_request_handle (PsOp *op, uint8_t type, const PsHandle *handle, guint tag)
{
  append_handle (begin (op, handle->channel, type), handle);
  end (op, tag);
}

void
ps_request_fsync (PsOp *op, const PsHandle *handle, guint tag)
{
  GByteArray *out = begin (op, handle->channel, PS_FXP_EXTENDED);

  ps_packet_string (out, "fsync@openssh.com");
  append_handle (out, handle);
  ps_op_sent (op, (PsCost){ .slow = true }, tag);
}

void
ps_request_fsetstat (PsOp *op, const PsHandle *handle, const PsAttrs *attrs, guint tag)
{
  GByteArray *out = begin (op, handle->channel, PS_FXP_FSETSTAT);

  append_handle (out, handle);
  ps_packet_attrs (out, attrs);
  end (op, tag);
}

void
ps_request_setstat (PsOp *op, const char *path, const PsAttrs *attrs, guint tag)
{
  GByteArray *out = begin (op, 0, PS_FXP_SETSTAT);

  append_path (op->remote, out, path);
  ps_packet_attrs (out, attrs);
  end (op, tag);
}

void
ps_request_read (PsOp *op, const PsHandle *handle, uint64_t offset, uint32_t length, guint tag)
{
  GByteArray *out = begin (op, handle->channel, PS_FXP_READ);

  append_handle (out, handle);
  ps_packet_u64 (out, offset);
  ps_packet_u32 (out, length);
  ps_op_sent (op, (PsCost){ .down = length }, tag);
}

uint8_t *
ps_request_write_begin (PsOp *op, const PsHandle *handle, uint64_t offset, uint32_t length)
{
  GByteArray *out = begin (op, handle->channel, PS_FXP_WRITE);

  append_handle (out, handle);
  ps_packet_u64 (out, offset);
  ps_packet_u32 (out, length);
  g_byte_array_set_size (out, out->len + length);
  return out->data + out->len - length;
}

void
ps_request_write_end (PsOp *op, uint32_t length, bool send, guint tag)
{
  if (send)
    ps_op_sent (op, (PsCost){ .up = length + CONTENT_COST }, tag);
  else
    ps_client_abandon (op->remote->client);
}

void
ps_request_mkdir (PsOp *op, const char *path, guint tag)
{
  GByteArray *out = begin (op, 0, PS_FXP_MKDIR);

  append_path (op->remote, out, path);
  ps_packet_attrs (out, &(PsAttrs){ 0 });
  end (op, tag);
}

void
ps_request_raw_mkdir (PsOp *op, const char *path, guint tag)
{
  GByteArray *out = begin (op, 0, PS_FXP_MKDIR);

  ps_packet_string (out, path);
  ps_packet_attrs (out, &(PsAttrs){ 0 });
  end (op, tag);
}

void
ps_request_symlink (PsOp *op, const char *target, const char *path, guint tag)
{
  GByteArray *out = begin (op, 0, PS_FXP_SYMLINK);

  /* OpenSSH has these the other way round than the standard, and everybody follows it. */
  ps_packet_string (out, target);
  append_path (op->remote, out, path);
  end (op, tag);
}

void
ps_request_statvfs (PsOp *op, guint tag)
{
  GByteArray *out = begin (op, 0, PS_FXP_EXTENDED);

  ps_packet_string (out, "statvfs@openssh.com");
  append_path (op->remote, out, "");
  end (op, tag);
}

void
ps_request_copy (PsOp *op, const PsHandle *from, uint64_t offset, uint64_t length,
                 const PsHandle *to, uint64_t at, guint tag)
{
  GByteArray *out = begin (op, to->channel, PS_FXP_EXTENDED);

  ps_packet_string (out, "copy-data");
  append_handle (out, from);
  ps_packet_u64 (out, offset);
  ps_packet_u64 (out, length);
  append_handle (out, to);
  ps_packet_u64 (out, at);
  ps_op_sent (op, (PsCost){ .slow = true }, tag);
}

static void
two_paths (PsOp *op, const char *extension, const char *from, const char *to, guint tag)
{
  GByteArray *out = begin (op, 0, extension != NULL ? PS_FXP_EXTENDED : PS_FXP_RENAME);

  if (extension != NULL)
    ps_packet_string (out, extension);
  append_path (op->remote, out, from);
  append_path (op->remote, out, to);
  end (op, tag);
}

void
ps_request_hardlink (PsOp *op, const char *from, const char *to, guint tag)
{
  two_paths (op, "hardlink@openssh.com", from, to, tag);
}

void
ps_request_rename (PsOp *op, const char *from, const char *to, guint tag)
{
  two_paths (op, NULL, from, to, tag);
}

void
ps_request_replace (PsOp *op, const char *from, const char *to, guint tag)
{
  bool offered = ps_client_peek_info (op->remote->client)->posix_rename;

  two_paths (op, offered ? "posix-rename@openssh.com" : NULL, from, to, tag);
}

static void
on_closed (const PsReply *reply, gpointer data, guint tag)
{
  if (reply != NULL)
    ps_client_handle_closed (data, (int)tag);
}

void
ps_request_close_detached (PsRemote *remote, PsHandle *handle)
{
  if (!handle->open)
    return;
  handle->open = false;
  if (remote->lost != NULL)
    return;
  append_handle (ps_client_begin (remote->client, handle->channel, PS_FXP_CLOSE), handle);
  ps_client_end (remote->client, (PsCost){ 0 }, on_closed, remote->client, (guint)handle->channel);
}

void
ps_request_remove_detached (PsRemote *remote, const char *path)
{
  if (remote->lost != NULL)
    return;
  append_path (remote, ps_client_begin (remote->client, 0, PS_FXP_REMOVE), path);
  ps_client_end (remote->client, (PsCost){ 0 }, NULL, NULL, 0);
}

void
ps_request_make_parents (PsRemote *remote, const char *path)
{
  if (remote->lost != NULL)
    return;
  for (const char *slash = strchr (path, '/'); slash != NULL; slash = strchr (slash + 1, '/'))
    {
      g_autofree char *dir = g_strndup (path, (gsize)(slash - path));
      GByteArray *out;

      if (g_hash_table_contains (remote->made_dirs, dir))
        continue;
      out = ps_client_begin (remote->client, 0, PS_FXP_MKDIR);
      append_path (remote, out, dir);
      ps_packet_attrs (out, &(PsAttrs){ 0 });
      ps_client_end (remote->client, (PsCost){ 0 }, NULL, NULL, 0);
      g_hash_table_add (remote->made_dirs, g_steal_pointer (&dir));
    }
}

void
ps_request_forget_parents (PsRemote *remote)
{
  g_hash_table_remove_all (remote->made_dirs);
}

bool
ps_handle_take (PsOp *op, PsHandle *handle, int channel, const PsReply *reply)
{
  PsClient *client = op->remote->client;

  if (reply->type == PS_FXP_HANDLE)
    {
      handle->channel = channel;
      handle->open = true;
      handle->length = (uint16_t)reply->length;
      memcpy (handle->bytes, reply->text, reply->length);
      ps_client_handle_opened (client, channel);
      return true;
    }
  if (!ps_reply_is (reply, PS_FX_FAILURE))
    ps_client_untake_handle (client, channel);
  else if (ps_client_handle_failed (client, channel) && ++op->tries < TRIES_MAX)
    {
      op->again = true;
      return false;
    }
  ps_op_fail_status (op, reply, NULL);
  return false;
}
