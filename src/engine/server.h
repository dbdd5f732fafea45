/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A server being looked at before there is a pair: setup, trust, install-key. Same thread rules as
 * PsSession; signals "question" and "secret-accepted" (PsQuestion), as there. Calls are carried out
 * one after the other. */
#pragma once

#include "engine/config.h"
#include "engine/question.h"
#include "engine/versions.h"

G_BEGIN_DECLS

#define PS_TYPE_SERVER (ps_server_get_type ())
G_DECLARE_FINAL_TYPE (PsServer, ps_server, PS, SERVER, GObject)

/* Only host, port, user, auth, keyfile, transport of @config need be there. @fingerprint:
 * (nullable), as PsConnectOptions. */
PsServer *ps_server_new (const PsConfig *config, const char *fingerprint,
                         gboolean accept_changed_key);

/* Logs in (asks by "question"). Errors of PS_ENGINE_ERROR. The other calls need it to have
 * succeeded. */
void ps_server_connect_async (PsServer *self, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data);
gboolean ps_server_connect_finish (PsServer *self, GAsyncResult *result, GError **error);

/* Directories in @path (absolute, or relative to the login directory; "" = that one); names that
 * are not UTF-8 are left out. finish returns (element-type utf8) sorted names, and
 * *@real_path the absolute path. */
void ps_server_list_async (PsServer *self, const char *path, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *ps_server_list_finish (PsServer *self, GAsyncResult *result, char **real_path,
                                  GError **error);

void ps_server_mkdir_async (PsServer *self, const char *path, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data);
gboolean ps_server_mkdir_finish (PsServer *self, GAsyncResult *result, GError **error);

/* Makes both roots of @config where missing and their markers (adopting the server's). An existing
 * local marker of another pair is an error unless @rebind. Finish with ps_server_make_roots_finish.
 */
void ps_server_make_roots_async (PsServer *self, const PsConfig *config, gboolean rebind,
                                 GCancellable *cancellable, GAsyncReadyCallback callback,
                                 gpointer user_data);
gboolean ps_server_make_roots_finish (PsServer *self, GAsyncResult *result, GError **error);

/* Makes an ed25519 key for this device ($XDG_CONFIG_HOME/pisync/id_ed25519-HOST, 0600, no
 * passphrase) if there is none, adds it to the server's ~/.ssh/authorized_keys over SFTP, and
 * proves by a login that it works. finish returns the key file's path. Where the account is
 * chrooted so that authorized_keys cannot be reached, the error says so and prints the line for a
 * person to add. */
void ps_server_install_key_async (PsServer *self, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data);
char *ps_server_install_key_finish (PsServer *self, GAsyncResult *result, GError **error);

/* Earlier and deleted versions of @path (a file, a directory, "" for all); the server has to have
 * been made with the whole configuration of a pair. finish returns (element-type PsVersion). */
void ps_server_versions_async (PsServer *self, const char *path, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *ps_server_versions_finish (PsServer *self, GAsyncResult *result, GError **error);

/* Brings the version @id back as @path of the local folder; see ps_versions_restore (). Works
 * beside a running session. */
void ps_server_restore_async (PsServer *self, const char *id, const char *path,
                              GCancellable *cancellable, GAsyncReadyCallback callback,
                              gpointer user_data);
gboolean ps_server_restore_finish (PsServer *self, GAsyncResult *result, GError **error);

/* Saves it to the new file @file (absolute). */
void ps_server_save_version_async (PsServer *self, const char *id, const char *file,
                                   GCancellable *cancellable, GAsyncReadyCallback callback,
                                   gpointer user_data);
gboolean ps_server_save_version_finish (PsServer *self, GAsyncResult *result, GError **error);

G_END_DECLS
