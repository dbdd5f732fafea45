/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A real OpenSSH server with throw-away keys: on a free loopback port, or over a socket pair. As an
 * ordinary user it lets in that user alone, by key; as root also a throw-away account, by key and
 * password, that may be chrooted. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct PsTestSshd PsTestSshd;

typedef enum
{
  PS_TEST_SSHD_ACCOUNT = 1 << 0,   /* a throw-away account; root only */
  PS_TEST_SSHD_PASSWORD = 1 << 1,  /* it may log in by password; implies ACCOUNT */
  PS_TEST_SSHD_KBDINT = 1 << 2,    /* … by keyboard-interactive (PAM); implies ACCOUNT */
  PS_TEST_SSHD_CHROOT = 1 << 3,    /* SFTP alone, chrooted; implies ACCOUNT */
  PS_TEST_SSHD_SFTP_ONLY = 1 << 4, /* ForceCommand internal-sftp, no chroot */
  PS_TEST_SSHD_NO_SFTP = 1 << 5,   /* no subsystem */
  PS_TEST_SSHD_NO_KEYS = 1 << 6    /* no public key is accepted */
} PsTestSshdFlags;

typedef struct
{
  PsTestSshdFlags flags;
  const char *config;     /* (nullable) further lines of sshd_config */
  const char *sftp_flags; /* (nullable) of sftp-server: "-P posix-rename -R" */
  const char *host_keys;  /* (nullable) types, by spaces; "ed25519 ecdsa" */
  const char *user_keys;  /* (nullable) types that may log in; "ed25519" */
} PsTestSshdOptions;

/* @options: (nullable): see above.
 *
 * Returns: (transfer full) (nullable): a running server, or NULL when the test was skipped (no
 * sshd, or not root where that is needed); see ps_test_require (), names "sshd" and "root" */
PsTestSshd *ps_test_sshd_new (const PsTestSshdOptions *options);
void ps_test_sshd_free (PsTestSshd *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsTestSshd, ps_test_sshd_free)

int ps_test_sshd_port (const PsTestSshd *self); /* on 127.0.0.1; stays the same over restarts */
const char *ps_test_sshd_user (const PsTestSshd *self);
const char *ps_test_sshd_password (const PsTestSshd *self); /* of the throw-away account */
const char *ps_test_sshd_dir (const PsTestSshd *self); /* keys, log and whatever a test puts here */
const char *ps_test_sshd_config (const PsTestSshd *self); /* path of the sshd_config */

/* Where a test's files may lie: a path on this machine, owned by the account, and what the server
 * calls it (shorter when chrooted). */
const char *ps_test_sshd_files (const PsTestSshd *self);
const char *ps_test_sshd_remote_files (const PsTestSshd *self);

/* The account's authorized_keys file as the server reads it. */
const char *ps_test_sshd_authorized_keys (const PsTestSshd *self);

/* Returns: (transfer full): the private key file of one of the user_keys. */
char *ps_test_sshd_user_key (const PsTestSshd *self, const char *type);

/* Returns: (transfer full): "ssh-ed25519 AAAA…" of the server's key of that type now. */
char *ps_test_sshd_host_key (const PsTestSshd *self, const char *type);

/* Returns: (transfer full): "SHA256:…" of it, as ssh-keygen -l prints it. */
char *ps_test_sshd_fingerprint (const PsTestSshd *self, const char *type);

/* Writes a known_hosts file with all host keys of the server as it is now. */
void ps_test_sshd_write_known_hosts (const PsTestSshd *self, const char *file);

void ps_test_sshd_stop (PsTestSshd *self); /* connections are cut */
void ps_test_sshd_start (PsTestSshd *self);
void ps_test_sshd_renew_host_keys (PsTestSshd *self); /* for the next start: a reinstalled Pi */
void ps_test_sshd_cut (PsTestSshd *self);             /* kills the sessions; the server goes on */

/* Returns: (transfer full): what the server logged. */
char *ps_test_sshd_log (const PsTestSshd *self);

/* Starts sshd -i for one connection over a socket pair. Returns: (transfer full): our end. */
int ps_test_sshd_connect_pair (PsTestSshd *self);

/* Makes a key pair by ssh-keygen: @file and @file.pub. @passphrase: (nullable). */
void ps_test_make_key (const char *file, const char *type, const char *passphrase);

G_END_DECLS
