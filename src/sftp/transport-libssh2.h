/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Channels of one libssh2 session. */
#pragma once

#include "sftp/ssh2-link.h"
#include "sftp/transport.h"

G_BEGIN_DECLS

/**
 * ps_transport_libssh2_new:
 * @link: (transfer full): logged in
 *
 * Makes a transport with up to 8 channels (as far as the server grants them), each with a receive
 * window of 32 MiB.
 */
PsTransport *ps_transport_libssh2_new (PsSsh2Link *link);

G_END_DECLS
