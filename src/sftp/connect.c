/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sftp/connect.h"

#include "sftp/auth.h"
#include "sftp/error.h"
#include "sftp/openssh.h"
#include "sftp/tcp.h"
#include "sftp/transport-libssh2.h"
#include "util/words.h"

#define DEFAULT_TIMEOUT_S 20

/* Shakes hands and checks the host key. *@needs_ssh: on failure, ssh may do better. */
static gboolean
secure_link (const PsLogin *login, PsSsh2Link *link, const PsKnownHosts *known, gboolean *needs_ssh,
             GError **error)
{
  g_autofree char *algorithms = ps_trust_algorithms (login, known, link);
  g_autoptr (GBytes) key = NULL;

  if (algorithms == NULL)
    {
      *needs_ssh = TRUE;
      g_set_error (
          error, PS_SFTP_ERROR, PS_SFTP_ERROR_SETUP,
          _ ("The host key that is known of %s is one that only the ssh program can check. "
             "Install openssh-client"),
          login->options->host);
      return FALSE;
    }
  if (!ps_ssh2_link_handshake (link, algorithms, login->timeout_s, needs_ssh, login->cancellable,
                               error))
    return FALSE;
  key = ps_ssh2_link_host_key (link);
  return ps_trust_decide (login, known, key, error);
}

static PsTransport *
connect_by_libssh2 (const PsLogin *login, const PsKnownHosts *known, gboolean *needs_ssh,
                    GError **error)
{
  g_autoptr (PsSsh2Link) link = NULL;
  int fd = ps_tcp_connect (login->options->host, login->config->host_name, login->config->port,
                           login->timeout_s, login->cancellable, error);

  *needs_ssh = FALSE;
  if (fd < 0)
    return NULL;
  link = ps_ssh2_link_new (fd, error);
  if (link == NULL || !secure_link (login, link, known, needs_ssh, error)
      || !ps_auth_login (login, link, needs_ssh, error))
    return NULL;
  return ps_transport_libssh2_new (g_steal_pointer (&link));
}

PsTransport *
ps_sftp_connect (const PsConnectOptions *options, const PsLoginPrompts *prompts,
                 GCancellable *cancellable, GError **error)
{
  g_autoptr (PsSshConfig) config = NULL;
  g_autoptr (PsKnownHosts) known = NULL;
  g_autoptr (GError) cause = NULL;
  PsLogin login = { .options = options,
                    .prompts = prompts,
                    .timeout_s = options->connect_timeout_s ?: DEFAULT_TIMEOUT_S,
                    .cancellable = cancellable };
  PsTransport *transport;
  gboolean needs_ssh;

  config = ps_ssh_config_read (options->host, options->port, options->user, login.timeout_s,
                               cancellable, error);
  if (config == NULL)
    return NULL;
  login.config = config;
  known = ps_trust_load (&login, error);
  if (known == NULL)
    return NULL;
  if (options->transport == PS_TRANSPORT_OPENSSH || config->needs_ssh)
    return ps_openssh_connect (&login, known, error);
  transport = connect_by_libssh2 (&login, known, &needs_ssh, &cause);
  if (transport != NULL)
    return transport;
  if (!needs_ssh || !config->has_ssh)
    {
      g_propagate_error (error, g_steal_pointer (&cause));
      return NULL;
    }
  g_info ("going on with the ssh program: %s", cause->message);
  g_clear_pointer (&known, ps_known_hosts_free);
  known = ps_trust_load (&login, error); /* the key may have been trusted just now */
  return known != NULL ? ps_openssh_connect (&login, known, error) : NULL;
}
