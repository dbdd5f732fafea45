/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whatever reads one channel takes in packets of all of them, so a descriptor that is not readable
 * does not mean that there is nothing to do: get_fds () looks at every channel and, where something
 * already waits inside libssh2, adds a descriptor that is always ready. */
#include "sftp/transport-libssh2.h"

#include "sftp/error.h"
#include "util/autofd.h"
#include "util/words.h"

#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define MAX_CHANNELS 8
#define RECEIVE_WINDOW (32 * 1024 * 1024)
#define PACKET_SIZE 32768
#define MAX_WRITE 32700         /* what libssh2 sends at once */
#define MAX_QUEUED (256 * 1024) /* more only lets requests wait behind each other */

typedef enum
{
  CHANNEL_WAITING,  /* for another one that is being opened: libssh2 opens one at a time */
  CHANNEL_OPENING,  /* asked for a session channel */
  CHANNEL_STARTING, /* asked for the subsystem */
  CHANNEL_READY,
  CHANNEL_REFUSED,
  CHANNEL_ENDED /* the caller was told of its end */
} ChannelState;

typedef struct
{
  ChannelState state;
  LIBSSH2_CHANNEL *channel; /* owned by the session */
  GByteArray *staged;       /* given to libssh2, which must be called again with the same bytes */
  gboolean wants_write;     /* the last write did not take all, and nobody said it may go on */
  gboolean news;            /* became ready or refused, and get_fds () has not said so yet */
  GError *refusal;
} Channel;

typedef struct
{
  PsTransport parent;
  PsSsh2Link *link;
  gboolean closed;
  int ready_fd; /* an eventfd that is always readable */
  guint n_channels;
  Channel channels[MAX_CHANNELS];
} Ssh2Transport;

static gboolean
is_lost (Ssh2Transport *self, GError **error)
{
  if (self->closed)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, _ ("The connection was closed"));
  return self->closed;
}

/* An error that is the channel's alone, unless the link is broken: then *@error is set. */
static gboolean
refuse (Ssh2Transport *self, Channel *channel, int code, const char *doing, GError **error)
{
  if (ps_ssh2_code_is_broken (code))
    {
      ps_ssh2_link_set_error (self->link, code, PS_SFTP_ERROR_LINK, doing, error);
      return FALSE;
    }
  ps_ssh2_link_set_error (self->link, code, PS_SFTP_ERROR_NO_SFTP, doing, &channel->refusal);
  channel->state = CHANNEL_REFUSED;
  channel->news = TRUE;
  return TRUE;
}

static gboolean
step_opening (Ssh2Transport *self, Channel *channel, GError **error)
{
  LIBSSH2_SESSION *session = ps_ssh2_link_session (self->link);
  int code;

  channel->channel = libssh2_channel_open_ex (session, "session", strlen ("session"),
                                              RECEIVE_WINDOW, PACKET_SIZE, NULL, 0);
  if (channel->channel != NULL)
    {
      libssh2_channel_handle_extended_data2 (channel->channel,
                                             LIBSSH2_CHANNEL_EXTENDED_DATA_IGNORE);
      channel->state = CHANNEL_STARTING;
      return TRUE;
    }
  code = libssh2_session_last_errno (session);
  if (code == LIBSSH2_ERROR_EAGAIN)
    return TRUE;
  return refuse (self, channel, code, _ ("The server refuses a session"), error);
}

static gboolean
step_starting (Ssh2Transport *self, Channel *channel, GError **error)
{
  int code = libssh2_channel_subsystem (channel->channel, "sftp");

  if (code == LIBSSH2_ERROR_EAGAIN)
    return TRUE;
  if (code != 0)
    return refuse (self, channel, code,
                   "The server accepted the login but offers no SFTP (no \"Subsystem sftp\" in its "
                   "sshd_config?)",
                   error);
  channel->state = CHANNEL_READY;
  channel->news = TRUE;
  return TRUE;
}

/* Goes on with the channel that is being opened, then with the next, until one has to wait. */
static gboolean
step_channels (Ssh2Transport *self, GError **error)
{
  for (guint i = 0; i < self->n_channels; i++)
    {
      Channel *channel = &self->channels[i];

      if (channel->state == CHANNEL_WAITING)
        channel->state = CHANNEL_OPENING;
      if (channel->state == CHANNEL_OPENING && !step_opening (self, channel, error))
        return FALSE;
      if (channel->state == CHANNEL_STARTING && !step_starting (self, channel, error))
        return FALSE;
      if (channel->state == CHANNEL_OPENING || channel->state == CHANNEL_STARTING)
        return TRUE;
    }
  return TRUE;
}

static int
ssh2_open_channel (PsTransport *transport, GError **error)
{
  Ssh2Transport *self = (Ssh2Transport *)transport;

  if (is_lost (self, error))
    return -1;
  if (self->n_channels == MAX_CHANNELS)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                   "A connection has no more than %d channels", MAX_CHANNELS);
      return -1;
    }
  self->channels[self->n_channels++].staged = g_byte_array_new ();
  if (!step_channels (self, error))
    return -1;
  return (int)self->n_channels - 1;
}

/* Sorts out whether a channel can be used now; FALSE with @error when it never will be. */
static gboolean
look_at_channel (Ssh2Transport *self, Channel *channel, GError **error)
{
  if (is_lost (self, error) || !step_channels (self, error))
    return FALSE;
  if (channel->state == CHANNEL_REFUSED && channel == self->channels)
    g_propagate_error (error, g_error_copy (channel->refusal));
  else if (channel->state == CHANNEL_REFUSED)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "%s", channel->refusal->message);
  else if (channel->state == CHANNEL_ENDED)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, "The channel has ended");
  else
    return TRUE;
  return FALSE;
}

static gboolean
push_staged (Ssh2Transport *self, Channel *channel, GError **error)
{
  ssize_t n;

  if (channel->staged->len == 0)
    return TRUE;
  n = libssh2_channel_write (channel->channel, (const char *)channel->staged->data,
                             channel->staged->len);
  if (n == LIBSSH2_ERROR_EAGAIN)
    return TRUE;
  if (n < 0)
    {
      ps_ssh2_link_set_error (self->link, (int)n, PS_SFTP_ERROR_LINK, _ ("The connection was lost"),
                              error);
      return FALSE;
    }
  g_byte_array_remove_range (channel->staged, 0, (guint)n);
  return TRUE;
}

/* Writes one packet's worth. Returns how much was taken, 0 if nothing can be taken now, or -1. */
static gssize
write_packet (Ssh2Transport *self, Channel *channel, const void *data, gsize length, GError **error)
{
  ssize_t n;

  if (!push_staged (self, channel, error))
    return -1;
  if (channel->staged->len > 0)
    return 0;
  if (libssh2_channel_window_write (channel->channel) == 0)
    return 0;
  length = MIN (length, MAX_WRITE);
  n = libssh2_channel_write (channel->channel, data, length);
  if (n >= 0)
    return n;
  if (n != LIBSSH2_ERROR_EAGAIN)
    {
      ps_ssh2_link_set_error (self->link, (int)n, PS_SFTP_ERROR_LINK, _ ("The connection was lost"),
                              error);
      return -1;
    }
  /* Keys are being exchanged. libssh2 may have begun a packet with these very bytes. */
  g_byte_array_append (channel->staged, data, (guint)length);
  return (gssize)length;
}

static gssize
ssh2_write (PsTransport *transport, int number, const void *data, gsize length, GError **error)
{
  Ssh2Transport *self = (Ssh2Transport *)transport;
  Channel *channel = &self->channels[number];
  gsize taken = 0;

  g_return_val_if_fail (number >= 0 && (guint)number < self->n_channels, -1);
  if (!look_at_channel (self, channel, error))
    return -1;
  while (channel->state == CHANNEL_READY && taken < length)
    {
      gssize n;

      if (ps_ssh2_link_queued (self->link) >= MAX_QUEUED
          && (!ps_ssh2_link_flush (self->link, error)))
        return -1;
      if (ps_ssh2_link_queued (self->link) >= MAX_QUEUED)
        break;
      n = write_packet (self, channel, (const guint8 *)data + taken, length - taken, error);
      if (n < 0)
        return -1;
      if (n == 0)
        break;
      taken += (gsize)n;
    }
  channel->wants_write = taken < length;
  return (gssize)taken;
}

static gssize
ssh2_read (PsTransport *transport, int number, void *buffer, gsize length, GError **error)
{
  Ssh2Transport *self = (Ssh2Transport *)transport;
  Channel *channel = &self->channels[number];
  ssize_t n;

  g_return_val_if_fail (number >= 0 && (guint)number < self->n_channels, -1);
  if (!look_at_channel (self, channel, error))
    return -1;
  if (channel->state != CHANNEL_READY)
    return 0;
  n = libssh2_channel_read (channel->channel, buffer, length);
  if (n > 0)
    return n;
  if (n < 0 && n != LIBSSH2_ERROR_EAGAIN)
    {
      ps_ssh2_link_set_error (self->link, (int)n, PS_SFTP_ERROR_LINK, _ ("The connection was lost"),
                              error);
      return -1;
    }
  if (!libssh2_channel_eof (channel->channel))
    return 0;
  channel->state = CHANNEL_ENDED;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED,
                       _ ("The server ended the SFTP session"));
  return -1;
}

static gboolean
ssh2_flush (PsTransport *transport, GError **error)
{
  Ssh2Transport *self = (Ssh2Transport *)transport;

  if (is_lost (self, error))
    return FALSE;
  for (guint i = 0; i < self->n_channels; i++)
    if (!push_staged (self, &self->channels[i], error))
      return FALSE;
  return step_channels (self, error) && ps_ssh2_link_flush (self->link, error);
}

static gsize
ssh2_queued (PsTransport *transport)
{
  Ssh2Transport *self = (Ssh2Transport *)transport;
  gsize queued = ps_ssh2_link_queued (self->link);

  for (guint i = 0; i < self->n_channels; i++)
    queued += self->channels[i].staged->len;
  return queued;
}

/* Whether a write that could not go on could do so now. */
static gboolean
may_write (const Ssh2Transport *self, const Channel *channel)
{
  return channel->wants_write && channel->staged->len == 0
         && ps_ssh2_link_queued (self->link) < MAX_QUEUED
         && libssh2_channel_window_write (channel->channel) > 0;
}

/* Readiness to write is said once, what can be read until it is read. */
static gboolean
has_something (const Ssh2Transport *self, Channel *channel)
{
  unsigned long available = 0;

  if (channel->news)
    {
      channel->news = FALSE;
      return TRUE;
    }
  if (channel->state != CHANNEL_READY)
    return FALSE;
  libssh2_channel_window_read_ex (channel->channel, &available, NULL);
  return available > 0 || libssh2_channel_eof (channel->channel) != 0 || may_write (self, channel);
}

static guint
ssh2_get_fds (PsTransport *transport, GPollFD *fds, guint max)
{
  Ssh2Transport *self = (Ssh2Transport *)transport;
  gboolean something;
  guint n = 0;

  if (self->closed || max < 2)
    return 0;
  ps_ssh2_link_begin_turn (self->link);
  /* Answers that another channel's read took in move these on; a failure shows in the next call. */
  something = !ssh2_flush (transport, NULL) || ps_ssh2_link_has_input (self->link);
  for (guint i = 0; i < self->n_channels; i++)
    something = has_something (self, &self->channels[i]) || something;
  fds[n++] = ps_ssh2_link_pollfd (self->link);
  if (something)
    fds[n++] = (GPollFD){ .fd = self->ready_fd, .events = G_IO_IN };
  return n;
}

static void
ssh2_probe (PsTransport *transport)
{
  Ssh2Transport *self = (Ssh2Transport *)transport;

  if (!self->closed)
    ps_ssh2_link_probe (self->link);
}

static gboolean
ssh2_answers (PsTransport *transport)
{
  Ssh2Transport *self = (Ssh2Transport *)transport;

  return !self->closed && ps_ssh2_link_answers (self->link);
}

static void
ssh2_close (PsTransport *transport)
{
  Ssh2Transport *self = (Ssh2Transport *)transport;

  self->closed = TRUE;
  ps_ssh2_link_close (self->link);
}

static void
ssh2_free (PsTransport *transport)
{
  Ssh2Transport *self = (Ssh2Transport *)transport;

  ps_ssh2_link_free (self->link);
  for (guint i = 0; i < self->n_channels; i++)
    {
      g_byte_array_unref (self->channels[i].staged);
      g_clear_error (&self->channels[i].refusal);
    }
  ps_close_fd (&self->ready_fd);
  g_free (self);
}

static const PsTransportClass ssh2_class = {
  .open_channel = ssh2_open_channel,
  .write = ssh2_write,
  .read = ssh2_read,
  .flush = ssh2_flush,
  .queued = ssh2_queued,
  .get_fds = ssh2_get_fds,
  .probe = ssh2_probe,
  .answers = ssh2_answers,
  .close = ssh2_close,
  .free = ssh2_free,
};

PsTransport *
ps_transport_libssh2_new (PsSsh2Link *link)
{
  Ssh2Transport *self = g_new0 (Ssh2Transport, 1);

  self->parent.klass = &ssh2_class;
  self->link = link;
  self->ready_fd = eventfd (1, EFD_CLOEXEC | EFD_NONBLOCK);
  return &self->parent;
}
