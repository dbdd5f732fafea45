/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A client of ssh-agent. libssh2 has one, but it cannot ask for the SHA-2 signatures without which
 * RSA keys are of no use today. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct PsAgent PsAgent;

/* Connects to the agent at a socket path; blocks for at most a few seconds. PS_SFTP_ERROR_SETUP. */
PsAgent *ps_agent_new (const char *socket_path, GCancellable *cancellable, GError **error);
void ps_agent_free (PsAgent *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsAgent, ps_agent_free)

/* Returns: (transfer full) (element-type GBytes): the public keys it holds */
GPtrArray *ps_agent_list (PsAgent *self, GCancellable *cancellable, GError **error);

/* Has @data signed by @key, as @algorithm ("rsa-sha2-256", else the key's own). May wait for a
 * person who confirms it.
 *
 * Returns: (transfer full): the bare signature, without the name of the algorithm */
GBytes *ps_agent_sign (PsAgent *self, GBytes *key, const char *algorithm, const guint8 *data,
                       gsize length, GCancellable *cancellable, GError **error);

G_END_DECLS
