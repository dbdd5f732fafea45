/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A libssh2 session whose bytes go through buffers of our own.
 *
 * libssh2 encrypts a packet before it knows whether the socket takes it; what is left of it then
 * blocks everything else that wants to send. Here the session never sees a socket that is full: its
 * send callback always takes all, and we flush when the socket is ready. The session is always
 * non-blocking: whoever gets LIBSSH2_ERROR_EAGAIN waits with ps_ssh2_link_wait () and calls again.
 * Every call of libssh2 on the session counts as a use of the link: one thread at a time. */
#pragma once

#include <gio/gio.h>
#include <libssh2.h>

G_BEGIN_DECLS

typedef struct PsSsh2Link PsSsh2Link;

/* @fd: (transfer full): a connected stream socket; it is made non-blocking. */
PsSsh2Link *ps_ssh2_link_new (int fd, GError **error);
void ps_ssh2_link_free (PsSsh2Link *self); /* closes it first */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsSsh2Link, ps_ssh2_link_free)

LIBSSH2_SESSION *ps_ssh2_link_session (PsSsh2Link *self);

/**
 * ps_ssh2_link_handshake:
 * @host_key_types: what ps_trust_algorithms () says
 *
 * Exchanges versions and keys; afterwards the host key is to be checked before anything else.
 * @no_common: (out): on failure, whether it is that both sides have no algorithm in common, so that
 * another client may succeed.
 */
gboolean ps_ssh2_link_handshake (PsSsh2Link *self, const char *host_key_types, guint timeout_s,
                                 gboolean *no_common, GCancellable *cancellable,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): the server's host key, after the handshake. */
GBytes *ps_ssh2_link_host_key (PsSsh2Link *self);

/* Whether libssh2 can check host keys of this type. */
gboolean ps_ssh2_link_knows_host_key (PsSsh2Link *self, const char *type);

/* Something for callbacks of libssh2, which are handed the link as their *abstract. */
void ps_ssh2_link_set_data (PsSsh2Link *self, gpointer data);
gpointer ps_ssh2_link_get_data (PsSsh2Link *self);

/* Sends what is buffered as far as the socket takes it now. PS_SFTP_ERROR_LINK. */
gboolean ps_ssh2_link_flush (PsSsh2Link *self, GError **error);
gsize ps_ssh2_link_queued (const PsSsh2Link *self);

/* Asks the other side's sshd for a sign of life (keepalive@libssh2.org). */
void ps_ssh2_link_probe (PsSsh2Link *self);

/* FALSE when it gave none since then, although the question has reached it or nothing at all does
 * any more. */
gboolean ps_ssh2_link_answers (const PsSsh2Link *self);

/* Begins a turn: libssh2 may take in another MiB (more would only pile up inside it). */
void ps_ssh2_link_begin_turn (PsSsh2Link *self);

/* Whether received bytes still lie here that libssh2 was not given, so that nobody may wait. */
gboolean ps_ssh2_link_has_input (const PsSsh2Link *self);

/* What to poll for: the socket. */
GPollFD ps_ssh2_link_pollfd (const PsSsh2Link *self);

/* Flushes, then waits for the other side until @deadline (g_get_monotonic_time ()), for code that
 * got LIBSSH2_ERROR_EAGAIN. The end of the time is PS_SFTP_ERROR_UNREACHABLE. */
gboolean ps_ssh2_link_wait (PsSsh2Link *self, gint64 deadline, GCancellable *cancellable,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Makes an error from what the session says last, @code being what libssh2 returned: LINK when the
 * connection broke, else the given one of PS_SFTP_ERROR. The message begins with @doing. */
void ps_ssh2_link_set_error (PsSsh2Link *self, int code, int otherwise, const char *doing,
                             GError **error);

/* Whether the other side has closed, or the socket failed. */
gboolean ps_ssh2_link_is_lost (const PsSsh2Link *self);

/* Whether @code of libssh2 means that the connection itself is broken. */
gboolean ps_ssh2_code_is_broken (int code);

/* Nothing more goes out or comes in, at once: a login that must not go on stops here. */
void ps_ssh2_link_abort (PsSsh2Link *self);

/* Says good-bye as far as that needs no waiting, and closes the socket. */
void ps_ssh2_link_close (PsSsh2Link *self);

G_END_DECLS
