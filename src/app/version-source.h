/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the window of earlier versions gets them from: a connection of its own to the pair's
 * server, made when it is first needed and again when it was lost meanwhile. One call at a time. */
#pragma once

#include "app/pair.h"
#include "app/prompts.h"
#include "app/version-files.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define PS_TYPE_VERSION_SOURCE (ps_version_source_get_type ())
G_DECLARE_FINAL_TYPE (PsVersionSource, ps_version_source, PS, VERSION_SOURCE, GObject)

/* @parent: the window in front of which the server's questions are asked; held weakly. */
PsVersionSource *ps_version_source_new (PsPair *pair, PsPrompts *prompts, GtkWindow *parent);

/* Everything that the server keeps; @wanted as in ps_version_files_new (). finish returns (transfer
 * full) (element-type PsVersionFile). */
void ps_version_source_load_async (PsVersionSource *self, const char *wanted,
                                   GCancellable *cancellable, GAsyncReadyCallback callback,
                                   gpointer user_data);
GPtrArray *ps_version_source_load_finish (PsVersionSource *self, GAsyncResult *result,
                                          GError **error);

/* Brings the version @id back as @path of the pair's folder, as a change like any other: what lies
 * there now goes to the trash, and is kept on the server when the change is sent. */
void ps_version_source_restore_async (PsVersionSource *self, const char *id, const char *path,
                                      GCancellable *cancellable, GAsyncReadyCallback callback,
                                      gpointer user_data);
gboolean ps_version_source_restore_finish (PsVersionSource *self, GAsyncResult *result,
                                           GError **error);

/* Saves it as @file; one that is there is replaced once all of the version has come. */
void ps_version_source_save_async (PsVersionSource *self, const char *id, GFile *file,
                                   GCancellable *cancellable, GAsyncReadyCallback callback,
                                   gpointer user_data);
gboolean ps_version_source_save_finish (PsVersionSource *self, GAsyncResult *result,
                                        GError **error);

G_END_DECLS
