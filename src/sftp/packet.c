/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sftp/packet.h"

#include <string.h>
#include <sys/stat.h>

#define ATTR_EXTENDED 0x80000000u
#define MIN_NAME 12 /* bytes of an entry in a NAME reply: two empty strings, no attributes */
#define MIN_REPLY 5 /* type and id */

bool
ps_attrs_complete (const PsAttrs *attrs)
{
  const uint32_t needed = PS_ATTR_SIZE | PS_ATTR_PERMISSIONS | PS_ATTR_TIMES;

  return (attrs->flags & needed) == needed;
}

static PsKind
kind_of (uint32_t permissions)
{
  if (S_ISREG (permissions))
    return PS_KIND_FILE;
  if (S_ISDIR (permissions))
    return PS_KIND_DIR;
  return S_ISLNK (permissions) ? PS_KIND_SYMLINK : PS_KIND_SPECIAL;
}

PsEntry
ps_attrs_to_entry (const PsAttrs *attrs)
{
  PsEntry entry = { .kind = PS_KIND_SPECIAL };

  if (attrs->flags & PS_ATTR_PERMISSIONS)
    entry.kind = kind_of (attrs->permissions);
  if (entry.kind == PS_KIND_FILE)
    entry.executable = (attrs->permissions & S_IXUSR) != 0;
  if ((attrs->flags & PS_ATTR_SIZE)
      && (entry.kind == PS_KIND_FILE || entry.kind == PS_KIND_SYMLINK))
    entry.size = attrs->size;
  if (attrs->flags & PS_ATTR_TIMES)
    entry.mtime = (int64_t)attrs->mtime * 1000000000;
  return entry;
}

uint32_t
ps_attrs_time (int64_t mtime)
{
  return (uint32_t)CLAMP (mtime / 1000000000, 0, (int64_t)UINT32_MAX);
}

uint32_t
ps_attrs_mode (uint32_t permissions, bool executable)
{
  uint32_t mode = permissions & 0777;

  if (!executable)
    return mode & ~(uint32_t)0111;
  return mode | S_IXUSR | (mode & 0044) >> 2;
}

gsize
ps_packet_begin (GByteArray *out, uint8_t type, uint32_t id)
{
  gsize begin = out->len;

  ps_packet_u32 (out, 0);
  g_byte_array_append (out, &type, 1);
  ps_packet_u32 (out, id);
  return begin;
}

void
ps_packet_u32 (GByteArray *out, uint32_t value)
{
  uint32_t big = GUINT32_TO_BE (value);

  g_byte_array_append (out, (const guint8 *)&big, sizeof big);
}

void
ps_packet_u64 (GByteArray *out, uint64_t value)
{
  uint64_t big = GUINT64_TO_BE (value);

  g_byte_array_append (out, (const guint8 *)&big, sizeof big);
}

void
ps_packet_bytes (GByteArray *out, const void *data, gsize length)
{
  ps_packet_u32 (out, (uint32_t)length);
  g_byte_array_append (out, data, (guint)length);
}

void
ps_packet_string (GByteArray *out, const char *string)
{
  ps_packet_bytes (out, string, strlen (string));
}

void
ps_packet_attrs (GByteArray *out, const PsAttrs *attrs)
{
  g_assert ((attrs->flags & PS_ATTR_OWNER) == 0);
  ps_packet_u32 (out, attrs->flags);
  if (attrs->flags & PS_ATTR_SIZE)
    ps_packet_u64 (out, attrs->size);
  if (attrs->flags & PS_ATTR_PERMISSIONS)
    ps_packet_u32 (out, attrs->permissions);
  if (attrs->flags & PS_ATTR_TIMES)
    {
      ps_packet_u32 (out, attrs->atime);
      ps_packet_u32 (out, attrs->mtime);
    }
}

gsize
ps_packet_end (GByteArray *out, gsize begin)
{
  uint32_t big = GUINT32_TO_BE ((uint32_t)(out->len - begin - PS_PACKET_HEAD));

  memcpy (out->data + begin, &big, sizeof big);
  return out->len - begin;
}

void
ps_reader_init (PsReader *self, const void *data, gsize length)
{
  *self = (PsReader){ .data = data, .left = length };
}

/* Returns @length bytes and steps over them, NULL where there are not so many. */
static const uint8_t *
take (PsReader *self, gsize length)
{
  const uint8_t *data = self->data;

  if (self->bad || self->left < length)
    {
      self->bad = true;
      return NULL;
    }
  self->data += length;
  self->left -= length;
  return data;
}

uint8_t
ps_reader_u8 (PsReader *self)
{
  const uint8_t *data = take (self, 1);

  return data != NULL ? *data : 0;
}

uint32_t
ps_reader_u32 (PsReader *self)
{
  const uint8_t *data = take (self, sizeof (uint32_t));
  uint32_t big;

  if (data == NULL)
    return 0;
  memcpy (&big, data, sizeof big);
  return GUINT32_FROM_BE (big);
}

uint64_t
ps_reader_u64 (PsReader *self)
{
  const uint8_t *data = take (self, sizeof (uint64_t));
  uint64_t big;

  if (data == NULL)
    return 0;
  memcpy (&big, data, sizeof big);
  return GUINT64_FROM_BE (big);
}

const char *
ps_reader_bytes (PsReader *self, gsize max, gsize *length)
{
  uint32_t said = ps_reader_u32 (self);

  *length = 0;
  if (said > max)
    self->bad = true;
  if (self->bad || take (self, said) == NULL)
    return NULL;
  *length = said;
  return (const char *)self->data - said;
}

/* Extended attributes mean nothing to us, but have to be stepped over. */
static void
skip_extended (PsReader *self)
{
  uint32_t count = ps_reader_u32 (self);
  gsize length;

  for (uint32_t i = 0; i < count && !self->bad; i++)
    {
      ps_reader_bytes (self, PS_PACKET_TEXT_MAX, &length);
      ps_reader_bytes (self, PS_PACKET_TEXT_MAX, &length);
    }
}

void
ps_reader_attrs (PsReader *self, PsAttrs *attrs)
{
  uint32_t said = ps_reader_u32 (self);

  *attrs = (PsAttrs){ .flags = said & (PS_ATTR_SIZE | PS_ATTR_PERMISSIONS | PS_ATTR_TIMES) };
  if (said & PS_ATTR_SIZE)
    attrs->size = ps_reader_u64 (self);
  if (said & PS_ATTR_OWNER)
    ps_reader_u64 (self);
  if (said & PS_ATTR_PERMISSIONS)
    attrs->permissions = ps_reader_u32 (self);
  if (said & PS_ATTR_TIMES)
    {
      attrs->atime = ps_reader_u32 (self);
      attrs->mtime = ps_reader_u32 (self);
    }
  if (said & ATTR_EXTENDED)
    skip_extended (self);
}

PsPacketState
ps_packet_peek (const uint8_t *data, gsize length, gsize *size)
{
  uint32_t big;

  if (length < PS_PACKET_HEAD)
    return PS_PACKET_WANTING;
  memcpy (&big, data, sizeof big);
  *size = (gsize)GUINT32_FROM_BE (big) + PS_PACKET_HEAD;
  if (*size < PS_PACKET_HEAD + MIN_REPLY || *size > PS_PACKET_HEAD + PS_PACKET_MAX)
    return PS_PACKET_NONSENSE;
  return length >= *size ? PS_PACKET_WHOLE : PS_PACKET_WANTING;
}

static void
parse_status (PsReply *self, PsReader *reader)
{
  self->status = ps_reader_u32 (reader);
  if (reader->left > 0) /* servers older than the standard leave the words out */
    self->text = ps_reader_bytes (reader, PS_PACKET_TEXT_MAX, &self->length);
}

static void
parse_names (PsReply *self, PsReader *reader)
{
  self->count = ps_reader_u32 (reader);
  if (self->count > reader->left / MIN_NAME)
    reader->bad = true;
  self->body = *reader;
}

bool
ps_reply_parse (PsReply *self, const uint8_t *packet, gsize size)
{
  PsReader reader;

  memset (self, 0, sizeof *self);
  ps_reader_init (&reader, packet + PS_PACKET_HEAD, size - PS_PACKET_HEAD);
  self->type = ps_reader_u8 (&reader);
  self->id = ps_reader_u32 (&reader);
  switch (self->type)
    {
    case PS_FXP_STATUS:
      parse_status (self, &reader);
      break;
    case PS_FXP_HANDLE:
      self->text = ps_reader_bytes (&reader, PS_PACKET_HANDLE_MAX, &self->length);
      break;
    case PS_FXP_DATA:
      self->text = ps_reader_bytes (&reader, PS_PACKET_DATA_MAX, &self->length);
      break;
    case PS_FXP_NAME:
      parse_names (self, &reader);
      break;
    case PS_FXP_ATTRS:
      ps_reader_attrs (&reader, &self->attrs);
      break;
    case PS_FXP_EXTENDED_REPLY:
      self->body = reader;
      break;
    default:
      return false;
    }
  return !reader.bad;
}

bool
ps_reply_next_name (PsReply *self, const char **name, gsize *length, PsAttrs *attrs)
{
  gsize ignored;

  *name = ps_reader_bytes (&self->body, PS_PACKET_PATH_MAX, length);
  ps_reader_bytes (&self->body, PS_PACKET_TEXT_MAX, &ignored);
  ps_reader_attrs (&self->body, attrs);
  return !self->body.bad;
}

bool
ps_reply_is (const PsReply *self, uint32_t status)
{
  return self->type == PS_FXP_STATUS && self->status == status;
}
