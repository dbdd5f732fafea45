/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The channels of a client: opening, which one to take, and their byte queues. */
#include "sftp/client-private.h"

#include "util/words.h"

#include <string.h>

#define QUEUE_ROOM (192 * 1024)   /* a queue longer than this gets no further content */
#define READ_BUDGET (1024 * 1024) /* bytes from one channel before the others have their turn */
#define IN_SIZE (2 * (PS_PACKET_MAX + PS_PACKET_HEAD))
#define COMPACT_AT (64 * 1024)
#define SFTP_VERSION 3
#define DARE_AFTER 64 /* handles opened at a lowered limit before one more is tried */
#define BULK_LOOK_US (G_USEC_PER_SEC / 5)
#define BULK_PER_CHANNEL                                                                           \
  (1536 * 1024)        /* of the 2 MiB a round trip that one channel can take up                   \
                        */
#define BULK_GAIN 1.05 /* a channel that brought less than this was one too many */

gboolean
ps_channel_open (PsClient *client, PsLane lane, GError **error)
{
  PsChannel *self = &client->channels[client->n_channels];
  int number;

  number = client->transport->klass->open_channel (client->transport, error);
  if (number < 0)
    return FALSE;
  *self = (PsChannel){
    .lane = lane,
    .number = number,
    .out = g_byte_array_new (),
    .in = g_malloc (IN_SIZE),
    .in_size = IN_SIZE,
    .handle_limit = client->info.handles,
    .heard = ps_client_now (client),
  };
  ps_packet_u32 (self->out, 1 + sizeof (uint32_t));
  g_byte_array_append (self->out, (const guint8[]){ PS_FXP_INIT }, 1);
  ps_packet_u32 (self->out, SFTP_VERSION);
  client->n_channels++;
  return TRUE;
}

void
ps_channel_clear (PsChannel *self)
{
  g_clear_pointer (&self->out, g_byte_array_unref);
  g_clear_pointer (&self->in, g_free);
}

/* A further channel was refused: it may never have been usable, but nobody waits for it. */
static gboolean
refuse (PsClient *client, PsChannel *self, GError **error)
{
  if (self->state != PS_CHANNEL_OPENING || self == &client->channels[0])
    {
      g_prefix_error (error, _ ("The connection to the server was lost: "));
      return FALSE;
    }
  g_debug ("channel %d was refused", self->number);
  self->state = PS_CHANNEL_GONE;
  client->no_more_channels = true;
  return TRUE;
}

/* Turns the transport's error into one of ours; TRUE: only this channel was concerned. */
static gboolean
transport_failed (PsClient *client, PsChannel *self, GError *own, GError **error)
{
  g_autoptr (GError) failure = own;

  if (g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED)
      || g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_CLOSED))
    if (self != &client->channels[0] && self->state == PS_CHANNEL_OPENING)
      return refuse (client, self, error);
  if (g_error_matches (failure, PS_SFTP_ERROR, PS_SFTP_ERROR_NO_SFTP))
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_LINK,
               _ ("The connection to the server was lost: %s"), failure->message);
  return FALSE;
}

gboolean
ps_channel_write (PsClient *client, PsChannel *self, bool *progress, GError **error)
{
  const PsTransportClass *klass = client->transport->klass;

  while (self->state != PS_CHANNEL_GONE && self->out_done < self->out->len)
    {
      GError *own = NULL;
      gssize n = klass->write (client->transport, self->number, self->out->data + self->out_done,
                               self->out->len - self->out_done, &own);

      if (n < 0)
        return transport_failed (client, self, own, error);
      if (n == 0)
        break;
      self->out_done += (gsize)n;
      client->bytes_sent += (gsize)n;
      *progress = true;
    }
  if (self->out_done == self->out->len || self->out_done > COMPACT_AT)
    {
      g_byte_array_remove_range (self->out, 0, (guint)self->out_done);
      self->out_done = 0;
    }
  return TRUE;
}

/* Notes what the server says it can do beyond the standard. */
static void
take_extension (PsServerInfo *info, const char *name, gsize length)
{
  const struct
  {
    const char *name;
    bool *flag;
  } known[] = {
    { "posix-rename@openssh.com", &info->posix_rename },
    { "hardlink@openssh.com", &info->hardlink },
    { "fsync@openssh.com", &info->fsync },
    { "statvfs@openssh.com", &info->statvfs },
    { "lsetstat@openssh.com", &info->lsetstat },
    { "limits@openssh.com", &info->limits },
    { "copy-data", &info->copy_data },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    if (strlen (known[i].name) == length && memcmp (known[i].name, name, length) == 0)
      *known[i].flag = true;
}

static gboolean
take_version (PsClient *client, PsChannel *self, const uint8_t *packet, gsize size, GError **error)
{
  PsReader reader;
  uint8_t type;
  uint32_t version;

  ps_reader_init (&reader, packet + PS_PACKET_HEAD, size - PS_PACKET_HEAD);
  type = ps_reader_u8 (&reader);
  version = ps_reader_u32 (&reader);
  if (reader.bad || type != PS_FXP_VERSION || version != SFTP_VERSION)
    {
      g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_NO_SFTP,
                   _ ("The server does not speak SFTP version %d"), SFTP_VERSION);
      return FALSE;
    }
  while (self == &client->channels[0] && reader.left > 0)
    {
      gsize length, ignored;
      const char *name = ps_reader_bytes (&reader, PS_PACKET_TEXT_MAX, &length);

      ps_reader_bytes (&reader, PS_PACKET_TEXT_MAX, &ignored);
      if (reader.bad)
        break;
      take_extension (&client->info, name, length);
    }
  self->state = PS_CHANNEL_READY;
  return TRUE;
}

static gboolean
take_packet (PsClient *client, PsChannel *self, const uint8_t *packet, gsize size, GError **error)
{
  if (self->state == PS_CHANNEL_OPENING)
    return take_version (client, self, packet, size, error);
  return ps_client_dispatch (client, (int)(self - client->channels), packet, size, error);
}

static gboolean
nonsense (PsChannel *self, GError **error)
{
  if (self->state == PS_CHANNEL_OPENING)
    g_set_error (
        error, PS_SFTP_ERROR, PS_SFTP_ERROR_NO_SFTP,
        _ ("The server answers with something that is not SFTP; does a login script of that "
           "account print text?"));
  else
    g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_LINK,
                 "The server sent a packet of impossible length");
  return FALSE;
}

/* Takes apart all whole packets that have come. */
static gboolean
take_packets (PsClient *client, PsChannel *self, GError **error)
{
  for (;;)
    {
      gsize size;

      switch (ps_packet_peek (self->in + self->in_start, self->in_end - self->in_start, &size))
        {
        case PS_PACKET_NONSENSE:
          return nonsense (self, error);
        case PS_PACKET_WHOLE:
          if (!take_packet (client, self, self->in + self->in_start, size, error))
            return FALSE;
          self->in_start += size;
          break;
        case PS_PACKET_WANTING:
          if (self->in_size - self->in_start < PS_PACKET_MAX + PS_PACKET_HEAD
              || self->in_start == self->in_end)
            {
              memmove (self->in, self->in + self->in_start, self->in_end - self->in_start);
              self->in_end -= self->in_start;
              self->in_start = 0;
            }
          return TRUE;
        }
    }
}

gboolean
ps_channel_read (PsClient *client, PsChannel *self, bool *progress, GError **error)
{
  const PsTransportClass *klass = client->transport->klass;
  gsize budget = READ_BUDGET;

  while (self->state != PS_CHANNEL_GONE && budget > 0)
    {
      GError *own = NULL;
      gssize n = klass->read (client->transport, self->number, self->in + self->in_end,
                              MIN (self->in_size - self->in_end, budget), &own);

      if (n < 0)
        return transport_failed (client, self, own, error);
      if (n == 0)
        break;
      self->in_end += (gsize)n;
      budget -= (gsize)n;
      client->bytes_received += (gsize)n;
      client->heard = self->heard = ps_client_now (client);
      *progress = true;
      if (!take_packets (client, self, error))
        return FALSE;
    }
  return TRUE;
}

guint64
ps_client_load (const PsClient *self, int channel)
{
  const PsChannel *c = &self->channels[channel];

  return c->owed_bytes + (c->out->len - c->out_done);
}

bool
ps_client_has_room (const PsClient *self, int channel)
{
  const PsChannel *c = &self->channels[channel];

  return c->out->len - c->out_done < QUEUE_ROOM;
}

/* The least busy usable channel of @lane; @opening: (out) whether one is on its way. */
static int
pick (const PsClient *self, PsLane lane, guint *ready, guint *opening)
{
  int best = -1;

  *ready = *opening = 0;
  for (int i = 0; i < self->n_channels; i++)
    {
      const PsChannel *c = &self->channels[i];

      if (c->lane != lane)
        continue;
      *opening += c->state == PS_CHANNEL_OPENING;
      if (c->state != PS_CHANNEL_READY)
        continue;
      *ready += 1;
      if (best < 0 || c->owed < self->channels[best].owed)
        best = i;
    }
  return best;
}

static void
open_further (PsClient *self, PsLane lane)
{
  g_autoptr (GError) error = NULL;

  if (self->no_more_channels || self->n_channels == PS_CLIENT_MAX_CHANNELS)
    return;
  if (ps_channel_open (self, lane, &error))
    return;
  g_debug ("no further channel: %s", error->message);
  self->no_more_channels = true;
}

int
ps_client_channel (PsClient *self, PsLane lane)
{
  guint ready, opening;
  int best = pick (self, lane, &ready, &opening);

  if (lane == PS_LANE_CONTROL)
    return 0;
  if (ready + opening == 0 && !self->no_more_channels)
    {
      open_further (self, lane);
      best = pick (self, lane, &ready, &opening);
    }
  else if (lane == PS_LANE_SMALL && opening == 0 && ready < PS_CLIENT_MAX_SMALL && best >= 0
           && self->channels[best].owed > 16)
    open_further (self, lane);
  if (best >= 0)
    return best;
  if (lane == PS_LANE_BULK && opening > 0)
    return -1;
  return lane == PS_LANE_BULK ? ps_client_channel (self, PS_LANE_SMALL) : 0;
}

void
ps_client_expect (PsClient *self, PsLane lane, guint n)
{
  guint ready, opening;

  pick (self, lane, &ready, &opening);
  for (guint i = ready + opening; i < n; i++)
    open_further (self, lane);
}

void
ps_client_consider_bulk (PsClient *self, bool upload)
{
  const PsWindow *window = upload ? &self->up : &self->down;
  int64_t now = ps_client_now (self);
  guint ready, opening;

  if (now - self->bulk_looked < BULK_LOOK_US)
    return;
  self->bulk_looked = now;
  pick (self, PS_LANE_BULK, &ready, &opening);
  if (opening > 0 || ready == 0 || ready >= PS_CLIENT_MAX_BULK
      || ready >= ps_window_channels (window, BULK_PER_CHANNEL))
    return;
  if (ready > 1 && window->rate < self->bulk_rate * BULK_GAIN)
    return;
  self->bulk_rate = window->rate;
  for (guint i = 0; i < MIN (ready, PS_CLIENT_MAX_BULK - ready); i++) /* twice as many */
    open_further (self, PS_LANE_BULK);
}

guint
ps_client_bulk_channels (PsClient *self, int channels[PS_CLIENT_MAX_CHANNELS])
{
  guint n = 0;

  for (int i = 0; i < self->n_channels; i++)
    if (self->channels[i].lane == PS_LANE_BULK && self->channels[i].state == PS_CHANNEL_READY)
      channels[n++] = i;
  return n;
}

bool
ps_client_take_handle (PsClient *self, int channel)
{
  PsChannel *c = &self->channels[channel];

  if (c->handles >= c->handle_limit)
    return false;
  c->handles++;
  return true;
}

void
ps_client_untake_handle (PsClient *self, int channel)
{
  g_assert (self->channels[channel].handles > 0);
  self->channels[channel].handles--;
}

void
ps_client_handle_opened (PsClient *self, int channel)
{
  PsChannel *c = &self->channels[channel];

  c->opened++;
  if (c->handle_limit >= self->info.handles || ++c->opened_since < DARE_AFTER)
    return;
  c->handle_limit++;
  c->opened_since = 0;
}

void
ps_client_handle_closed (PsClient *self, int channel)
{
  g_assert (self->channels[channel].opened > 0);
  self->channels[channel].opened--;
  ps_client_untake_handle (self, channel);
}

bool
ps_client_handle_failed (PsClient *self, int channel)
{
  PsChannel *c = &self->channels[channel];

  ps_client_untake_handle (self, channel);
  if (c->opened == 0)
    return false;
  c->handle_limit = MIN (c->handle_limit, MAX (c->opened * 3 / 4, 1));
  c->opened_since = 0;
  return true;
}
