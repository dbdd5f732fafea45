/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Channels that are child processes: the system's ssh, or a bare sftp-server for tests. */
#pragma once

#include "sftp/transport.h"

G_BEGIN_DECLS

/**
 * ps_transport_process_new:
 * @argv: the program (looked up in PATH unless absolute) and its arguments; NULL-terminated
 * @max_channels: how many children there may be, one a channel; at most 8
 *
 * Makes a transport whose every channel is a child with its standard input and output at our end.
 * What a child writes to its standard error is kept (the last few KiB) for messages. Nothing is
 * started before the first channel is opened. Freeing ends and reaps the children.
 */
PsTransport *ps_transport_process_new (const char *const *argv, guint max_channels, GError **error);

/* The same with an environment of its own: @envp NULL is ours. */
PsTransport *ps_transport_process_new_with_environment (const char *const *argv,
                                                        const char *const *envp, guint max_channels,
                                                        GError **error);

/* Starts the child of channel 0 before that channel is opened, to watch its login. */
gboolean ps_transport_process_start (PsTransport *transport,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Takes in what child 0 wrote to its standard error by now, without blocking.
 *
 * Returns: all that is kept of it, so far; valid until the next call on @transport */
const char *ps_transport_process_messages (PsTransport *transport);

/* Returns: whether child 0 has ended (or was never started); *@status as waitpid () has it. */
gboolean ps_transport_process_has_ended (PsTransport *transport, int *status);

G_END_DECLS
