/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sftp/scripted.h"

#include <string.h>

struct Scripted
{
  PsTransport base;
  ScriptedAnswer answer;
  gconstpointer data;
  bool version;
  bool hung_up;
  GByteArray *in;
  GByteArray *out;
};

static int
open_channel (PsTransport *transport, GError **error)
{
  Scripted *self = (Scripted *)transport;

  if (self->in == NULL)
    {
      self->in = g_byte_array_new ();
      return 0;
    }
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "one channel only");
  return -1;
}

static void
take_request (Scripted *self, const uint8_t *packet, gsize size)
{
  PsReader body;
  uint8_t type;

  ps_reader_init (&body, packet + PS_PACKET_HEAD, size - PS_PACKET_HEAD);
  type = ps_reader_u8 (&body);
  if (type == PS_FXP_INIT && self->version)
    {
      static const guint8 version[] = { 0, 0, 0, 5, PS_FXP_VERSION, 0, 0, 0, 3 };

      g_byte_array_append (self->out, version, sizeof version);
      return;
    }
  self->answer (self, type, ps_reader_u32 (&body), &body);
}

static gssize
take_bytes (PsTransport *transport, int channel, const void *data, gsize length, GError **error)
{
  Scripted *self = (Scripted *)transport;
  gsize size;

  g_byte_array_append (self->in, data, (guint)length);
  while (ps_packet_peek (self->in->data, self->in->len, &size) == PS_PACKET_WHOLE)
    {
      take_request (self, self->in->data, size);
      g_byte_array_remove_range (self->in, 0, (guint)size);
    }
  return (gssize)length;
}

static gssize
give_bytes (PsTransport *transport, int channel, void *buffer, gsize length, GError **error)
{
  Scripted *self = (Scripted *)transport;
  gsize n = MIN (length, self->out->len);

  if (n == 0 && self->hung_up)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, "the server hung up");
      return -1;
    }
  if (n > 0)
    {
      memcpy (buffer, self->out->data, n);
      g_byte_array_remove_range (self->out, 0, (guint)n);
    }
  return (gssize)n;
}

static gboolean
flush (PsTransport *transport, GError **error)
{
  return TRUE;
}

static gsize
queued (PsTransport *transport)
{
  return 0;
}

static guint
get_fds (PsTransport *transport, GPollFD *fds, guint max)
{
  return 0;
}

static void
close_all (PsTransport *transport)
{
}

static void
free_all (PsTransport *transport)
{
  Scripted *self = (Scripted *)transport;

  g_clear_pointer (&self->in, g_byte_array_unref);
  g_byte_array_unref (self->out);
  g_free (self);
}

static const PsTransportClass scripted_class = {
  .open_channel = open_channel,
  .write = take_bytes,
  .read = give_bytes,
  .flush = flush,
  .queued = queued,
  .get_fds = get_fds,
  .close = close_all,
  .free = free_all,
};

PsTransport *
scripted_new (ScriptedAnswer answer, bool version, gconstpointer data)
{
  Scripted *self = g_new0 (Scripted, 1);

  self->base.klass = &scripted_class;
  self->answer = answer;
  self->version = version;
  self->data = data;
  self->out = g_byte_array_new ();
  return &self->base;
}

GByteArray *
scripted_out (Scripted *self)
{
  return self->out;
}

gconstpointer
scripted_data (Scripted *self)
{
  return self->data;
}

void
scripted_hang_up (Scripted *self)
{
  self->hung_up = true;
}

void
scripted_status (Scripted *self, uint32_t id, uint32_t status)
{
  gsize begin = ps_packet_begin (self->out, PS_FXP_STATUS, id);

  ps_packet_u32 (self->out, status);
  ps_packet_string (self->out, "words");
  ps_packet_string (self->out, "");
  ps_packet_end (self->out, begin);
}

void
scripted_handle (Scripted *self, uint32_t id, const char *handle)
{
  gsize begin = ps_packet_begin (self->out, PS_FXP_HANDLE, id);

  ps_packet_string (self->out, handle);
  ps_packet_end (self->out, begin);
}

void
scripted_data_reply (Scripted *self, uint32_t id, gsize length)
{
  g_autofree char *data = g_malloc0 (length + 1);
  gsize begin = ps_packet_begin (self->out, PS_FXP_DATA, id);

  ps_packet_bytes (self->out, data, length);
  ps_packet_end (self->out, begin);
}

static void
append_attrs (Scripted *self, uint32_t permissions, uint64_t size, uint32_t mtime)
{
  PsAttrs attrs = { .flags = PS_ATTR_SIZE | PS_ATTR_PERMISSIONS | PS_ATTR_TIMES,
                    .permissions = permissions,
                    .size = size,
                    .mtime = mtime };

  ps_packet_attrs (self->out, &attrs);
}

void
scripted_attrs (Scripted *self, uint32_t id, uint32_t permissions, uint64_t size, uint32_t mtime)
{
  gsize begin = ps_packet_begin (self->out, PS_FXP_ATTRS, id);

  append_attrs (self, permissions, size, mtime);
  ps_packet_end (self->out, begin);
}

gsize
scripted_names_begin (Scripted *self, uint32_t id, uint32_t count)
{
  gsize begin = ps_packet_begin (self->out, PS_FXP_NAME, id);

  ps_packet_u32 (self->out, count);
  return begin;
}

void
scripted_name (Scripted *self, const char *name, gsize length)
{
  ps_packet_bytes (self->out, name, length);
  ps_packet_string (self->out, "");
  append_attrs (self, 0100644, 1, 1);
}

void
scripted_names_end (Scripted *self, gsize begin)
{
  ps_packet_end (self->out, begin);
}
