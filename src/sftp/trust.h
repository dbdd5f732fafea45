/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether the host key that a server shows is to be believed: what is known, what the caller said
 * beforehand, what the person says. */
#pragma once

#include "sftp/connect.h"
#include "sftp/hostkey.h"
#include "sftp/ssh2-link.h"
#include "sftp/sshconfig.h"

G_BEGIN_DECLS

/* What every step of a login needs; all borrowed. */
typedef struct
{
  const PsConnectOptions *options;
  const PsSshConfig *config;
  const PsLoginPrompts *prompts;
  guint timeout_s;
  GCancellable *cancellable;
} PsLogin;

/* Returns: (transfer full): all known keys: the user's, the system's, ours */
PsKnownHosts *ps_trust_load (const PsLogin *login, GError **error);

/* Returns: (transfer full) (nullable): the key types to ask the server for, those that are known
 * first; NULL when libssh2 can check none of the known ones, but ssh can */
char *ps_trust_algorithms (const PsLogin *login, const PsKnownHosts *known, PsSsh2Link *link);

/* Decides about @key: TRUE if the login may go on. What the person trusts now is written to
 * options.known_hosts. PS_SFTP_ERROR_HOST_KEY. */
gboolean ps_trust_decide (const PsLogin *login, const PsKnownHosts *known, GBytes *key,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The part of it that asks, for keys of which only the fingerprint is at hand. */
gboolean ps_trust_confirm (const PsLogin *login, const PsHostKeyInfo *info,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Says that the key must not be used, as the entry at @where has it. */
void ps_trust_set_revoked_error (const PsHostKeyInfo *info, const char *where, GError **error);

/* Says that the key is not the known one, with both of them, where the old one is and what to do.
 */
void ps_trust_set_changed_error (const PsHostKeyInfo *info, GError **error);

G_END_DECLS
