/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What ~/.ssh/config and the system's ssh_config say about a host, asked of "ssh -G". */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct
{
  gboolean has_ssh;  /* the ssh program is there; else all below are the defaults */
  char *config_file; /* (nullable): to be given to ssh by -F */
  char *host_name;   /* where to connect to */
  int port;
  char *user;
  char *host_key_name;   /* the name to look for in known_hosts */
  char **identity_files; /* absolute; may not exist */
  char **known_hosts;    /* the user's, then the system's; absolute */
  char *identity_agent;  /* (nullable): a socket; NULL: no agent is to be used */
  gboolean identities_only;
  gboolean needs_ssh; /* a proxy or another feature that only ssh itself has */
} PsSshConfig;

/**
 * ps_ssh_config_read:
 * @host: as the person wrote it
 * @port: 0, or what counts more than the configuration
 * @user: (nullable): the same
 * @timeout_s: how long ssh may take
 *
 * Where $HOME is not the home of the password database, "~" and the user's ssh folder are those of
 * $HOME. Blocks. PS_SFTP_ERROR_SETUP (a host name that cannot be one, a broken configuration),
 * UNREACHABLE (ssh took longer).
 */
PsSshConfig *ps_ssh_config_read (const char *host, int port, const char *user, guint timeout_s,
                                 GCancellable *cancellable, GError **error);
void ps_ssh_config_free (PsSshConfig *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsSshConfig, ps_ssh_config_free)

/* Parses the output of "ssh -G" (pure but for the home folders given). @real_home: the one that ssh
 * believes in. */
PsSshConfig *ps_ssh_config_parse (const char *text, const char *home, const char *real_home);

G_END_DECLS
