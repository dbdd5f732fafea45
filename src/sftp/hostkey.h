/* SPDX-License-Identifier: GPL-3.0-or-later */
/* known_hosts: reading, matching, and writing our own file. libssh2's matcher knows neither
 * wildcards nor negation nor revoked keys, and takes an entry of another type for no entry.
 *
 * The matching is that of sshd(8), SSH_KNOWN_HOSTS FILE FORMAT. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct PsKnownHosts PsKnownHosts;

PsKnownHosts *ps_known_hosts_new (void);
void ps_known_hosts_free (PsKnownHosts *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsKnownHosts, ps_known_hosts_free)

/* Adds the lines of @text, with @file as their place in messages. Lines that make no sense are
 * passed over, as ssh does. */
void ps_known_hosts_add_text (PsKnownHosts *self, const char *file, const char *text);

/* Adds a file; one that does not exist is empty. PS_SFTP_ERROR_SETUP if it cannot be read. */
gboolean ps_known_hosts_add_file (PsKnownHosts *self, const char *file, GError **error);

typedef enum
{
  PS_KNOWN_HOST_OK,
  PS_KNOWN_HOST_NEW,     /* no key is known for this host */
  PS_KNOWN_HOST_CHANGED, /* others are known, of this type or another */
  PS_KNOWN_HOST_REVOKED  /* this key is marked as one that must not be trusted */
} PsKnownHostState;

/* @where: (out) (optional) (transfer full): CHANGED, REVOKED: "FILE:LINE" of the entry; @known:
 * (out) (optional) (transfer full): CHANGED: the key that is known, as a blob */
PsKnownHostState ps_known_hosts_check (const PsKnownHosts *self, const char *host, int port,
                                       GBytes *key, char **where, GBytes **known);

/* A key of which only this is at hand. */
typedef struct
{
  const char *type;
  const char *fingerprint;
} PsKeyName;

/* The same for such a key. @known: (out) (transfer full): CHANGED: the fingerprint that is known */
PsKnownHostState ps_known_hosts_check_name (const PsKnownHosts *self, const char *host, int port,
                                            const PsKeyName *key, char **where, char **known);

/* Returns: (transfer full) (nullable): the first key that is known for a host */
GBytes *ps_known_hosts_first_key (const PsKnownHosts *self, const char *host, int port);

/* Returns: (transfer full) (element-type utf8): the types of the keys known for a host, each once,
 * in the order of the entries; without revoked ones and authorities */
GPtrArray *ps_known_hosts_types (const PsKnownHosts *self, const char *host, int port);

/* Returns: whether a certificate authority is trusted to vouch for the host. */
gboolean ps_known_hosts_has_authority (const PsKnownHosts *self, const char *host, int port);

/* Writes a key for a host into @file durably, after taking out of it every other key of that host.
 * Missing folders are made, 0700. PS_SFTP_ERROR_SETUP. */
gboolean ps_known_hosts_store (const char *file, const char *host, int port, GBytes *key,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether one pattern list ("pi,[10.0.0.*]:2222,!pi9" or a hashed name) matches a host. */
gboolean ps_known_hosts_match (const char *patterns, const char *host, int port);

/* Returns: (transfer full): the type that a public key blob begins with, NULL if it is none. */
char *ps_key_blob_type (GBytes *key);

/* Returns: (transfer full): "SHA256:…" as ssh-keygen -l prints it. */
char *ps_key_fingerprint (GBytes *key);

G_END_DECLS
