/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the client share: client.c (requests), channel.c (channels and their bytes),
 * wheel.c (turning, waiting, deadlines). Included by them alone. */
#pragma once

#include "sftp/client.h"
#include "sftp/error.h"

G_BEGIN_DECLS

typedef enum
{
  PS_CHANNEL_OPENING, /* its VERSION has not come yet */
  PS_CHANNEL_READY,
  PS_CHANNEL_GONE /* refused */
} PsChannelState;

typedef struct
{
  PsLane lane;
  PsChannelState state;
  int number;      /* the transport's */
  GByteArray *out; /* bytes for the transport, from @out_done on */
  gsize out_done;
  uint8_t *in; /* (array length=in_size) bytes in_start..in_end are not taken apart yet */
  gsize in_size, in_start, in_end;
  guint owed; /* requests without an answer */
  guint slow; /* of them, those that may take long */
  guint64 owed_bytes;
  guint handles; /* taken */
  guint opened;  /* of them, those that the server has opened */
  guint handle_limit;
  guint opened_since; /* OPENs that worked since the limit was changed */
  int64_t heard;      /* when the last bytes came, or the first request of several was sent */
} PsChannel;

/* One request that waits for its answer; its index and generation are the request id. */
typedef struct
{
  PsClientReply reply;
  gpointer data;
  guint tag;
  PsCost cost;
  uint32_t wire; /* bytes of the request */
  uint32_t generation;
  int channel; /* -1: free */
  int next_free;
  int64_t sent_at;
} PsSlot;

struct PsClient
{
  PsTransport *transport; /* owned */
  const PsClock *clock;
  int64_t stall_us;
  PsServerInfo info;
  PsChannel channels[PS_CLIENT_MAX_CHANNELS];
  int n_channels;
  bool no_more_channels;
  bool failed;

  GArray *slots; /* (element-type PsSlot) */
  int free_slot; /* first of a chain, -1: none */
  guint owed;

  struct
  {
    int channel;
    int slot;
    gsize begin;
  } building; /* between ps_client_begin () and ps_client_end () */

  PsWindow up, down;
  PsLimiter up_limit, down_limit;
  bool wake_up, wake_down; /* something waits for a limiter */

  int64_t heard;  /* as PsChannel.heard, over all channels */
  int64_t pinged; /* when the unanswered ping was sent; 0 = none */
  int64_t probed; /* when the connection was last asked for a sign of life */

  int64_t bulk_looked; /* when another bulk channel was last considered */
  double bulk_rate;    /* the rate when the last one was opened */
  uint64_t bytes_sent, bytes_received, requests;
};

/* channel.c */

/* Begins to open a channel; FALSE: there can be no further one. */
gboolean ps_channel_open (PsClient *client, PsLane lane, GError **error);
void ps_channel_clear (PsChannel *self);

/* Hands queued bytes to the transport, as many as it takes. */
gboolean ps_channel_write (PsClient *client, PsChannel *self, bool *progress, GError **error);

/* Reads what is there and takes it apart. */
gboolean ps_channel_read (PsClient *client, PsChannel *self, bool *progress, GError **error);

/* client.c */

/* Gives an answer that came on channel number @index to whom it belongs. */
gboolean ps_client_dispatch (PsClient *self, int index, const uint8_t *packet, gsize size,
                             GError **error);

G_END_DECLS
