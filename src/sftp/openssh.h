/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The system's ssh as the way to the server: for proxies, hardware keys, RSA keys and whatever else
 * it can do and libssh2 cannot. One channel.
 *
 * All its questions come to us, through a helper that it runs (SSH_ASKPASS) and a private socket:
 * no secret is ever an argument, in the environment or in a file. */
#pragma once

#include "sftp/trust.h"

G_BEGIN_DECLS

/* Starts ssh and stays with it until it has logged in. Errors as ps_sftp_connect (). */
PsTransport *ps_openssh_connect (const PsLogin *login, const PsKnownHosts *known, GError **error);

G_END_DECLS
