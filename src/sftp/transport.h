/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The transport port: byte streams to SFTP subsystems, without a word about how they get there.
 * Three makers implement it: libssh2 (transport-libssh2.h), the system's ssh as a child and a bare
 * sftp-server (transport-process.h).
 *
 * Non-blocking, one thread at a time. Nothing in here knows the SFTP protocol. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct PsTransport PsTransport;

typedef struct
{
  /* Begins to open another channel with an SFTP server at its end. Returns its number (0, 1, …), or
   * -1 with @error when there can be no further one (server's MaxSessions, a maker with one channel
   * only): a normal answer for all but the first. It becomes usable later: until then write takes
   * nothing and read has nothing. */
  int (*open_channel) (PsTransport *self, GError **error);

  /* Takes up to @length bytes; returns how many (0: none now, wait for readiness), or -1 with
   * @error: the link is lost, or this channel is refused (G_IO_ERROR_NOT_SUPPORTED: only this
   * channel, the others live; PS_SFTP_ERROR_NO_SFTP: the first one). Accepted bytes may still lie
   * in a buffer: see flush and queued. */
  gssize (*write) (PsTransport *self, int channel, const void *data, gsize length, GError **error);

  /* Gives up to @length bytes; 0: none now; -1 with @error: as write; end of stream is
   * G_IO_ERROR_CLOSED. */
  gssize (*read) (PsTransport *self, int channel, void *buffer, gsize length, GError **error);

  /* Pushes what is buffered to the descriptors as far as they take it now. */
  gboolean (*flush) (PsTransport *self, GError **error);

  /* Bytes accepted but not yet with the kernel, over all channels. */
  gsize (*queued) (PsTransport *self);

  /* Fills in what to poll for, at most @max; returns how many. */
  guint (*get_fds) (PsTransport *self, GPollFD *fds, guint max);

  /* (nullable) Asks the other end of the connection itself for a sign of life: a server behind a
   * channel may be busy with one request for minutes. */
  void (*probe) (PsTransport *self);

  /* With probe: FALSE when there was none since probe () was called. */
  gboolean (*answers) (PsTransport *self);

  /* Ends everything at once, without waiting for the other side; @self stays to be freed. */
  void (*close) (PsTransport *self);

  void (*free) (PsTransport *self);
} PsTransportClass;

/* Makers embed this as their first member. */
struct PsTransport
{
  const PsTransportClass *klass;
};

static inline void
ps_transport_free (PsTransport *self)
{
  if (self != NULL)
    self->klass->free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsTransport, ps_transport_free)

G_END_DECLS
