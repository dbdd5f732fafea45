/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Single operations on the server, waited for. For the few moments of a run where there is nothing
 * to pipeline with. Worker thread. */
#pragma once

#include "sftp/remote.h"

G_BEGIN_DECLS

/* Returns: (transfer full): up to @length bytes of @path. */
GBytes *ps_await_read (PsRemote *remote, const char *path, uint64_t offset, gsize length,
                       GCancellable *cancellable, GError **error);

/* Returns: (transfer full): the target of the link at @path. */
char *ps_await_readlink (PsRemote *remote, const char *path, GCancellable *cancellable,
                         GError **error);

/* As ps_remote_move_async (). */
gboolean ps_await_move (PsRemote *remote, const char *from, const char *to, const PsEntry *expected,
                        PsEntry *moved, GCancellable *cancellable,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* As ps_remote_set_attributes_async (); *@shown is what the server says of it. */
gboolean ps_await_set_attributes (PsRemote *remote, const char *path, const PsEntry *expected,
                                  const PsEntry *wanted, PsEntry *shown, GCancellable *cancellable,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* As ps_remote_remove_async (). */
gboolean ps_await_remove (PsRemote *remote, const char *path, const PsEntry *expected,
                          GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* As ps_remote_symlink_async (); *@made is what the server says of it. */
gboolean ps_await_symlink (PsRemote *remote, const char *path, const char *target, PsEntry *made,
                           GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What lies at @path; kind ABSENT is no error. */
gboolean ps_await_stat (PsRemote *remote, const char *path, PsEntry *entry,
                        GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* As ps_remote_write_async (). */
gboolean ps_await_write (PsRemote *remote, const char *path, GBytes *content,
                         GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* As ps_remote_get_async () from the beginning, without a hash. */
gboolean ps_await_get (PsRemote *remote, const char *path, int fd, const PsEntry *expected,
                       GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
