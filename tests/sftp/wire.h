/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A remote folder over a bare sftp-server, and its operations one at a time. */
#pragma once

#include "fakes/sshd.h"
#include "sftp/remote.h"

G_BEGIN_DECLS

#define WIRE_SERVER "/usr/lib/openssh/sftp-server"

typedef struct
{
  char *dir; /* the server's folder on this machine */
  PsRemote *remote;
} Wire;

/* @flags: of sftp-server, separated by spaces, "" for none. */
Wire *wire_new (const char *flags);

/* A server that is started by a shell command in which %s stands for the folder. */
Wire *wire_new_shell (const char *command, guint channels);
Wire *wire_new_full (const char *dir, const char *flags, guint channels, const char *device);
void wire_free (Wire *self); /* with its folder */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Wire, wire_free)

/* Another device on the same folder; its folder is not removed. */
Wire *wire_new_second (const Wire *first, const char *flags);

/* Logs in to a real sshd at @port (its own, or a proxy's) and prepares its folder. */
PsRemote *wire_connect (PsTestSshd *sshd, int port, gboolean durable);
PsRemote *wire_connect_stall (PsTestSshd *sshd, int port, guint stall_timeout_s);

/* Both ends of a preparation. */
gboolean wire_prepare (PsRemote *remote, const char *known_caps, char **caps_text, GError **error);

/* A copy of a result that outlives the callback. */
typedef struct
{
  bool done;
  GError *error;
  PsEntry entry;
  PsEntry displaced;
  char *kept_at;
  bool displaced_other;
  bool has_hash;
  uint8_t sha256[32];
  char *target;
  GBytes *bytes;
  uint64_t wire;
} WireResult;

void wire_result_clear (WireResult *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WireResult, wire_result_clear)

/* A PsRemoteDone whose user_data is a WireResult. */
void wire_done (const PsRemoteResult *result, gpointer user_data);

/* Steps until @result is done. */
void wire_wait (Wire *self, WireResult *result);
void wire_wait_all (Wire *self);

PsListing *wire_list (Wire *self, const char *dir);
PsEntry wire_stat (Wire *self, const char *path);

/* Files of the server's folder, past the server. */
char *wire_path (const Wire *self, const char *path);
void wire_write (const Wire *self, const char *path, const char *text);
char *wire_read (const Wire *self, const char *path); /* (nullable) */
bool wire_exists (const Wire *self, const char *path);
guint wire_count (const Wire *self, const char *dir); /* names in it, 0 where it is not there */

/* Returns: an unlinked local file with @length bytes of @data (NULL: a pattern from @seed). */
int wire_local (const void *data, gsize length, guint seed);

/* What ps_remote_put_async () wants to know of such a file. */
PsEntry wire_source (gsize length);

G_END_DECLS
