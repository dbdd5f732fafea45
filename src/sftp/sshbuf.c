/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sftp/sshbuf.h"

#include <string.h>

void
ps_ssh_reader_init (PsSshReader *self, const guint8 *data, gsize length)
{
  *self = (PsSshReader){ .data = data, .left = length };
}

/* Returns: the next @length bytes, or NULL when there are fewer */
static const guint8 *
take (PsSshReader *self, gsize length)
{
  const guint8 *data = self->data;

  if (self->failed || length > self->left)
    {
      self->failed = TRUE;
      return NULL;
    }
  self->data += length;
  self->left -= length;
  return data;
}

guint8
ps_ssh_read_u8 (PsSshReader *self)
{
  const guint8 *data = take (self, 1);

  return data != NULL ? *data : 0;
}

guint32
ps_ssh_read_u32 (PsSshReader *self)
{
  const guint8 *data = take (self, 4);
  guint32 value = 0;

  if (data != NULL)
    memcpy (&value, data, sizeof value);
  return GUINT32_FROM_BE (value);
}

GBytes *
ps_ssh_read_string (PsSshReader *self)
{
  guint32 length = ps_ssh_read_u32 (self);
  const guint8 *data = take (self, length);

  return data != NULL ? g_bytes_new (data, length) : NULL;
}

char *
ps_ssh_read_text (PsSshReader *self)
{
  guint32 length = ps_ssh_read_u32 (self);
  const guint8 *data = take (self, length);

  return data != NULL ? g_strndup ((const char *)data, length) : NULL;
}

void
ps_ssh_put_u8 (GByteArray *out, guint8 value)
{
  g_byte_array_append (out, &value, 1);
}

void
ps_ssh_put_u32 (GByteArray *out, guint32 value)
{
  guint32 big = GUINT32_TO_BE (value);

  g_byte_array_append (out, (const guint8 *)&big, sizeof big);
}

void
ps_ssh_put_string (GByteArray *out, const void *data, gsize length)
{
  ps_ssh_put_u32 (out, (guint32)length);
  g_byte_array_append (out, data, (guint)length);
}
