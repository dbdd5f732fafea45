/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests and answers of SFTP over the channels of one transport: request ids, a callback for each
 * answer, byte queues, windows, deadlines. Knows nothing of files.
 *
 * Every channel has an SFTP server of its own at its end: handles belong to a channel, and only
 * requests on one channel keep their order. One thread at a time; nothing blocks but
 * ps_client_new () and ps_client_wait (). */
#pragma once

#include "sftp/limiter.h"
#include "sftp/packet.h"
#include "sftp/transport.h"
#include "sftp/window.h"
#include "util/clock.h"

G_BEGIN_DECLS

#define PS_CLIENT_MAX_CHANNELS 8 /* of OpenSSH's MaxSessions 10 */
#define PS_CLIENT_MAX_SMALL 4
#define PS_CLIENT_MAX_BULK 5

/* In order of precedence. */
typedef enum
{
  PS_LANE_CONTROL, /* everything about names; one channel, so that order is kept */
  PS_LANE_SMALL,   /* content of small files */
  PS_LANE_BULK,    /* content of large ones */
  PS_N_LANES
} PsLane;

/* What the server's VERSION and limits@openssh.com said. */
typedef struct
{
  bool posix_rename, hardlink, fsync, statvfs, lsetstat, limits, copy_data;
  uint32_t read_length;  /* bytes to ask for at once */
  uint32_t write_length; /* and to send */
  guint handles;         /* to be held open at once on one channel */
} PsServerInfo;

typedef struct PsClient PsClient;

/* @reply: NULL when the link is lost (or the client freed) before the answer came. */
typedef void (*PsClientReply) (const PsReply *reply, gpointer data, guint tag);

/* What a request costs the windows. */
typedef struct
{
  uint32_t up;   /* bytes of content sent */
  uint32_t down; /* bytes of content asked for */
  bool slow;     /* the server may be busy with it for long, and deaf meanwhile (fsync, copying) */
} PsCost;

typedef struct
{
  guint stall_timeout_s;
  guint upload_limit; /* KiB/s, 0 = none */
  guint download_limit;
  const PsClock *clock;
} PsClientOptions;

/* @transport: (transfer full). Blocks for the first channel and its VERSION. */
PsClient *ps_client_new (PsTransport *transport, const PsClientOptions *options,
                         GCancellable *cancellable, GError **error);

/* Does not call back: see ps_client_fail (). */
void ps_client_free (PsClient *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsClient, ps_client_free)

const PsServerInfo *ps_client_peek_info (const PsClient *self);

/* --- Channels --- */

/* Returns: the least busy channel that can be used for @lane now. The control channel stands in
 * where the server gives no other; -1: one is on its way, ask again later. Begins to open what is
 * missing. */
int ps_client_channel (PsClient *self, PsLane lane);

/* Content for @lane is going to be moved: begins to open the channels it lacks, which takes several
 * round trips. @n: channels that are worth it. */
void ps_client_expect (PsClient *self, PsLane lane, guint n);

/* Opens another channel for bulk if the link could use it, and there may be one. */
void ps_client_consider_bulk (PsClient *self, bool upload);

/* The channels of bulk transfers that are usable; returns how many. */
guint ps_client_bulk_channels (PsClient *self, int channels[PS_CLIENT_MAX_CHANNELS]);

/* Whether the queue of @channel is so short that another request of content is welcome. */
bool ps_client_has_room (const PsClient *self, int channel);
guint64 ps_client_load (const PsClient *self, int channel); /* bytes queued and unanswered there */

/* Handles: each is taken before its OPEN (FALSE: no further one now), then opened or not, and
 * closed when its CLOSE is answered. */
bool ps_client_take_handle (PsClient *self, int channel);
void ps_client_untake_handle (PsClient *self, int channel); /* the OPEN was not sent, or refused */
void ps_client_handle_opened (PsClient *self, int channel);
void ps_client_handle_closed (PsClient *self, int channel);

/* An OPEN or OPENDIR was answered by FAILURE: perhaps there are too many. The handle is untaken,
 * the limit lowered below what is open. Returns: whether it is worth trying again later. */
bool ps_client_handle_failed (PsClient *self, int channel);

/* --- Requests --- */

/* Begins a request: its body is then appended to what is returned, up to ps_client_end (). */
GByteArray *ps_client_begin (PsClient *self, int channel, uint8_t type);
void ps_client_end (PsClient *self, PsCost cost, PsClientReply reply, gpointer data, guint tag);

/* Takes back what was begun. */
void ps_client_abandon (PsClient *self);

guint ps_client_owed (const PsClient *self); /* requests without an answer yet */

/* --- The wheel --- */

/* Writes and reads what goes without waiting, and calls back. @progress: (out) whether bytes moved.
 * FALSE: the link is lost; see ps_client_fail (). */
gboolean ps_client_turn (PsClient *self, bool *progress, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Waits until something can be done, at most @timeout_us (-1: no limit). FALSE when cancelled, or
 * when the server does not answer any more. */
gboolean ps_client_wait (PsClient *self, gint64 timeout_us, GCancellable *cancellable,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Ends the transport and answers every outstanding request with NULL. */
void ps_client_fail (PsClient *self);

/* Whether content may be sent (asked for) now, by window and rate limit; else it is remembered that
 * the wait must end in time. */
bool ps_client_may_move (PsClient *self, bool upload);
/* Returns: bytes that pass in one direction in the time of a round trip, as measured of late. */
uint64_t ps_client_bytes_a_round_trip (const PsClient *self, bool upload);
uint32_t ps_client_chunk (const PsClient *self, bool upload, uint32_t wish);

void ps_client_get_traffic (const PsClient *self, uint64_t *sent, uint64_t *received,
                            uint64_t *requests);
int64_t ps_client_now (const PsClient *self); /* monotonic */

G_END_DECLS
