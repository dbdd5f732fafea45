/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests: ids, slots, answers. Channels are in channel.c, turning and waiting in wheel.c. */
#include "sftp/client-private.h"

#include "util/words.h"

#include <string.h>

#define SLOT_BITS 14 /* of a request id; the others count how often the slot was used */
#define SLOT_MASK ((1u << SLOT_BITS) - 1)
#define HANDLES_DEFAULT 100
#define HANDLES_MAX 512
#define CHUNK_DEFAULT (32 * 1024)
#define CHUNK_MAX (64 * 1024)
#define STALL_DEFAULT_S 20

static int
take_slot (PsClient *self)
{
  int index = self->free_slot;

  if (index >= 0)
    {
      self->free_slot = g_array_index (self->slots, PsSlot, index).next_free;
      return index;
    }
  g_assert (self->slots->len < SLOT_MASK);
  index = (int)self->slots->len;
  g_array_set_size (self->slots, self->slots->len + 1);
  return index;
}

static void
drop_slot (PsClient *self, int index)
{
  PsSlot *slot = &g_array_index (self->slots, PsSlot, index);

  slot->channel = -1;
  slot->generation++;
  slot->next_free = self->free_slot;
  self->free_slot = index;
}

GByteArray *
ps_client_begin (PsClient *self, int channel, uint8_t type)
{
  PsChannel *c = &self->channels[channel];
  int index = take_slot (self);
  PsSlot *slot = &g_array_index (self->slots, PsSlot, index);

  g_assert (self->building.slot < 0 && !self->failed);
  slot->channel = channel;
  self->building.channel = channel;
  self->building.slot = index;
  self->building.begin
      = ps_packet_begin (c->out, type, slot->generation << SLOT_BITS | (uint32_t)index);
  return c->out;
}

void
ps_client_end (PsClient *self, PsCost cost, PsClientReply reply, gpointer data, guint tag)
{
  PsChannel *c = &self->channels[self->building.channel];
  PsSlot *slot = &g_array_index (self->slots, PsSlot, self->building.slot);
  gsize size = ps_packet_end (c->out, self->building.begin);

  slot->reply = reply;
  slot->data = data;
  slot->tag = tag;
  slot->cost = cost;
  slot->wire = (uint32_t)size;
  slot->sent_at = ps_client_now (self);
  if (self->owed++ == 0)
    self->heard = slot->sent_at;
  if (c->owed++ == 0)
    c->heard = slot->sent_at;
  c->slow += cost.slow;
  c->owed_bytes += cost.up + cost.down;
  self->requests++;
  if (cost.up > 0)
    {
      ps_window_sent (&self->up, cost.up, slot->sent_at);
      ps_limiter_take (&self->up_limit, cost.up);
    }
  if (cost.down > 0)
    {
      ps_window_sent (&self->down, cost.down, slot->sent_at);
      ps_limiter_take (&self->down_limit, cost.down);
    }
  self->building.slot = -1;
}

void
ps_client_abandon (PsClient *self)
{
  g_byte_array_set_size (self->channels[self->building.channel].out, (guint)self->building.begin);
  drop_slot (self, self->building.slot);
  self->building.slot = -1;
}

/* Books the answer of @slot. */
static void
account (PsClient *self, const PsSlot *slot)
{
  PsChannel *c = &self->channels[slot->channel];
  int64_t now = ps_client_now (self);

  self->owed--;
  c->owed--;
  c->slow -= slot->cost.slow;
  c->owed_bytes -= slot->cost.up + slot->cost.down;
  if (slot->cost.up > 0)
    ps_window_acked (&self->up, slot->cost.up, slot->sent_at, now);
  else
    ps_window_latency (&self->up, now - slot->sent_at, now);
  if (slot->cost.down > 0)
    ps_window_acked (&self->down, slot->cost.down, slot->sent_at, now);
  else
    ps_window_latency (&self->down, now - slot->sent_at, now);
}

gboolean
ps_client_dispatch (PsClient *self, int index, const uint8_t *packet, gsize size, GError **error)
{
  PsReply reply;
  guint number;
  PsSlot slot;

  if (!ps_reply_parse (&reply, packet, size))
    {
      g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_LINK,
                   "The server sent a packet of type %u that makes no sense", reply.type);
      return FALSE;
    }
  number = reply.id & SLOT_MASK;
  if (number < self->slots->len)
    slot = g_array_index (self->slots, PsSlot, number);
  if (number >= self->slots->len || slot.channel != index
      || (slot.generation << SLOT_BITS | number) != reply.id)
    {
      g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_LINK,
                   "The server answered a request that was never sent");
      return FALSE;
    }
  reply.wire = slot.wire + size;
  account (self, &slot);
  drop_slot (self, (int)number);
  if (slot.reply != NULL)
    slot.reply (&reply, slot.data, slot.tag);
  return TRUE;
}

void
ps_client_fail (PsClient *self)
{
  if (self->failed)
    return;
  self->failed = true;
  self->transport->klass->close (self->transport);
  for (guint i = 0; i < self->slots->len; i++)
    {
      PsSlot slot = g_array_index (self->slots, PsSlot, i);

      if (slot.channel < 0)
        continue;
      drop_slot (self, (int)i);
      self->owed--;
      if (slot.reply != NULL)
        slot.reply (NULL, slot.data, slot.tag);
    }
}

/* --- Beginning --- */

/* Turns until the first channel is usable. */
static gboolean
settle (PsClient *self, GCancellable *cancellable, GError **error)
{
  int64_t deadline = ps_client_now (self) + self->stall_us;

  while (self->channels[0].state != PS_CHANNEL_READY)
    {
      bool progress = false;

      if (!ps_client_turn (self, &progress, error))
        return FALSE;
      if (progress)
        continue;
      if (ps_client_now (self) >= deadline)
        {
          g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_LINK,
                       _ ("The server's SFTP part did not answer within %d seconds"),
                       (int)(self->stall_us / G_USEC_PER_SEC));
          return FALSE;
        }
      if (!ps_client_wait (self, deadline - ps_client_now (self), cancellable, error))
        return FALSE;
    }
  return TRUE;
}

static void
got_limits (const PsReply *reply, gpointer data, guint tag)
{
  PsClient *self = data;
  PsReader reader;
  uint64_t read_length, write_length, handles;

  if (reply == NULL || reply->type != PS_FXP_EXTENDED_REPLY)
    return;
  reader = reply->body;
  ps_reader_u64 (&reader); /* packet length: what we send is always shorter */
  read_length = ps_reader_u64 (&reader);
  write_length = ps_reader_u64 (&reader);
  handles = ps_reader_u64 (&reader);
  if (reader.bad)
    return;
  if (read_length > 0)
    self->info.read_length = (uint32_t)CLAMP (read_length, 1024, CHUNK_MAX);
  if (write_length > 0)
    self->info.write_length = (uint32_t)CLAMP (write_length, 1024, CHUNK_MAX);
  if (handles > 0)
    self->info.handles = (guint)CLAMP (handles / 2, 1, HANDLES_MAX);
  self->channels[0].handle_limit = self->info.handles;
}

/* The limits are not waited for: until they have come, the standard's hold. */
static gboolean
begin (PsClient *self, GCancellable *cancellable, GError **error)
{
  if (!ps_channel_open (self, PS_LANE_CONTROL, error) || !settle (self, cancellable, error))
    return FALSE;
  if (!self->info.limits)
    return TRUE;
  ps_packet_string (ps_client_begin (self, 0, PS_FXP_EXTENDED), "limits@openssh.com");
  ps_client_end (self, (PsCost){ 0 }, got_limits, self, 0);
  return TRUE;
}

PsClient *
ps_client_new (PsTransport *transport, const PsClientOptions *options, GCancellable *cancellable,
               GError **error)
{
  g_autoptr (PsClient) self = g_new0 (PsClient, 1);
  guint stall_s = options->stall_timeout_s;
  int64_t now;

  self->transport = transport;
  self->clock = options->clock != NULL ? options->clock : ps_clock_system ();
  self->stall_us = (int64_t)(stall_s != 0 ? stall_s : STALL_DEFAULT_S) * G_USEC_PER_SEC;
  self->slots = g_array_new (FALSE, TRUE, sizeof (PsSlot));
  self->free_slot = -1;
  self->building.slot = -1;
  self->info = (PsServerInfo){ .read_length = CHUNK_DEFAULT,
                               .write_length = CHUNK_DEFAULT,
                               .handles = HANDLES_DEFAULT };
  now = ps_client_now (self);
  ps_window_init (&self->up);
  ps_window_init (&self->down);
  ps_limiter_init (&self->up_limit, (uint64_t)options->upload_limit * 1024, now);
  ps_limiter_init (&self->down_limit, (uint64_t)options->download_limit * 1024, now);
  if (!begin (self, cancellable, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
ps_client_free (PsClient *self)
{
  if (self == NULL)
    return;
  if (!self->failed)
    self->transport->klass->close (self->transport);
  for (int i = 0; i < self->n_channels; i++)
    ps_channel_clear (&self->channels[i]);
  g_array_unref (self->slots);
  ps_transport_free (self->transport);
  g_free (self);
}

const PsServerInfo *
ps_client_peek_info (const PsClient *self)
{
  return &self->info;
}

guint
ps_client_owed (const PsClient *self)
{
  return self->owed;
}

int64_t
ps_client_now (const PsClient *self)
{
  return ps_clock_monotonic (self->clock);
}

void
ps_client_get_traffic (const PsClient *self, uint64_t *sent, uint64_t *received, uint64_t *requests)
{
  *sent = self->bytes_sent;
  *received = self->bytes_received;
  *requests = self->requests;
}
