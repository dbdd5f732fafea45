/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A TCP connection to a host by name, over whichever of its addresses answers first. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * ps_tcp_connect:
 * @name: how the person calls the host, for messages
 * @host: a host name or address
 * @timeout_s: for all addresses together
 *
 * Looks up @host and tries its addresses one after the other, a next one whenever the ones before
 * have not answered for a while. Blocks. The socket is non-blocking, with TCP_NODELAY and
 * SO_KEEPALIVE. Errors: PS_SFTP_ERROR_UNREACHABLE, G_IO_ERROR_CANCELLED.
 *
 * Returns: the socket, owned by the caller, or -1
 */
int ps_tcp_connect (const char *name, const char *host, int port, guint timeout_s,
                    GCancellable *cancellable, GError **error);

G_END_DECLS
