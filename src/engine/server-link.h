/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The blocking half of PsServer: one connection and what setup does over it. One thread at a time.
 * Errors of PS_ENGINE_ERROR and G_IO_ERROR_CANCELLED. */
#pragma once

#include "engine/config.h"
#include "engine/mailbox.h"
#include "engine/versions.h"

G_BEGIN_DECLS

typedef struct PsServerLink PsServerLink;

PsServerLink *ps_server_link_new (const PsConfig *config, const char *fingerprint,
                                  gboolean accept_changed, PsMailbox *mailbox);
void ps_server_link_free (PsServerLink *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsServerLink, ps_server_link_free)

gboolean ps_server_link_connect (PsServerLink *self, GCancellable *cancellable,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (element-type utf8): sorted names of the directories in @path. */
GPtrArray *ps_server_link_list (PsServerLink *self, const char *path, char **real_path,
                                GCancellable *cancellable, GError **error);
gboolean ps_server_link_mkdir (PsServerLink *self, const char *path, GCancellable *cancellable,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean ps_server_link_make_roots (PsServerLink *self, const PsConfig *config, gboolean rebind,
                                    GCancellable *cancellable,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): the key file. */
char *ps_server_link_install_key (PsServerLink *self, GCancellable *cancellable, GError **error);

/* Versions of the pair, see engine/versions.h. @file: where to save one; must not be there. */
GPtrArray *ps_server_link_versions (PsServerLink *self, const char *path, GCancellable *cancellable,
                                    GError **error);
gboolean ps_server_link_restore (PsServerLink *self, const char *id, const char *path,
                                 GCancellable *cancellable,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean ps_server_link_save_version (PsServerLink *self, const char *id, const char *file,
                                      GCancellable *cancellable,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
