/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a host name to a logged-in transport: ssh_config by ssh -G, host key, authentication, choice
 * of the maker. */
#pragma once

#include "sftp/transport.h"

G_BEGIN_DECLS

typedef enum
{
  PS_AUTH_PUBLICKEY,
  PS_AUTH_PASSWORD, /* keyboard-interactive or password, whichever the server offers */
  PS_AUTH_AGENT
} PsAuthMethod;

typedef enum
{
  PS_TRANSPORT_LIBSSH2, /* the default; falls back to openssh by itself where it must (proxy, RSA or
                           hardware key) */
  PS_TRANSPORT_OPENSSH
} PsTransportKind;

typedef enum
{
  PS_HOST_KEY_NEW,    /* no known_hosts file has this host */
  PS_HOST_KEY_CHANGED /* one has it with another key */
} PsHostKeyState;

typedef struct
{
  PsHostKeyState state;
  const char *host; /* as the person named it */
  int port;
  const char *type;              /* "ssh-ed25519", … */
  const char *fingerprint;       /* "SHA256:…" without padding, as ssh-keygen -l prints it */
  const char *known_fingerprint; /* (nullable) CHANGED: the one that was known */
  const char *known_in;          /* (nullable) CHANGED: "FILE:LINE" */
} PsHostKeyInfo;

typedef enum
{
  PS_SECRET_PASSWORD,
  PS_SECRET_PASSPHRASE, /* of a key file */
  PS_SECRET_PROMPT      /* a question of the server's own (keyboard-interactive) */
} PsSecretKind;

typedef struct
{
  PsSecretKind kind;
  const char *user; /* who logs in, whoever said so */
  const char *host; /* as the person named it */
  int port;         /* the one that is connected to, whoever said so */
  const char
      *subject;  /* PASSPHRASE: the key file; PROMPT: the server's text, escaped for display */
  gboolean echo; /* PROMPT: what is typed may be seen */
  guint attempt; /* 0 the first time, > 0: what was given before was wrong */
} PsSecretRequest;

/* What the login needs from outside. Called in the worker thread; each may block until the person
 * answered or @cancellable. */
typedef struct
{
  /* Returns: TRUE to trust this key from now on (it is then written to @known_hosts), FALSE to
   * refuse. Asked for NEW only: a CHANGED key is an error without a question
   * (PS_SFTP_ERROR_HOST_KEY), unless @accept_changed. */
  gboolean (*confirm_host_key) (const PsHostKeyInfo *info, gpointer data, GCancellable *cancellable,
                                GError **error);

  /* Returns: (transfer full) (nullable): the secret, to be freed with ps_secret_free (); NULL with
   * @error when there is none. */
  char *(*ask_secret) (const PsSecretRequest *request, gpointer data, GCancellable *cancellable,
                       GError **error);

  /* (nullable) The last secret of that request was accepted by the server or key: now it may be
   * remembered. */
  void (*secret_accepted) (const PsSecretRequest *request, gpointer data);

  gpointer data;
} PsLoginPrompts;

typedef struct
{
  const char *host; /* a name, an address, or an alias of ~/.ssh/config */
  int port;         /* 0: as ssh_config says, else 22 */
  const char *user; /* (nullable): as ssh_config says, else the login name */
  PsAuthMethod auth;
  const char *keyfile; /* (nullable): as ssh_config says, else the usual names in ~/.ssh */
  PsTransportKind transport;
  const char *known_hosts; /* our own file, written to; read after the user's and the system's */
  const char *fingerprint; /* (nullable): "SHA256:…": a new (or, with accept_changed, a changed) key
                              with it is trusted without asking, any other refused */
  gboolean accept_changed; /* trust: a changed key is shown by confirm_host_key, and replaces the
                              old one in our file; the login goes on */
  guint connect_timeout_s; /* for each step of the login that waits for the network; 0 = 20 */
} PsConnectOptions;

/**
 * ps_sftp_connect:
 *
 * Connects, checks the host key, logs in. Blocks; worker thread. Errors of PS_SFTP_ERROR
 * (UNREACHABLE, HOST_KEY, AUTH, NO_SFTP, SETUP) with a message that says what, where and what to
 * do, or G_IO_ERROR_CANCELLED.
 *
 * Returns: (transfer full): a transport whose first channel can be opened
 */
PsTransport *ps_sftp_connect (const PsConnectOptions *options, const PsLoginPrompts *prompts,
                              GCancellable *cancellable, GError **error);

G_END_DECLS
