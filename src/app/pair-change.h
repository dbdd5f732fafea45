/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Removing a pair, and giving it other folders. Either way what was known of it from earlier runs
 * is put aside: taken for that of other folders, it would look as if files had been deleted. */
#pragma once

#include "app/pairs.h"
#include "app/prompts.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Removes the ini, then the pair. No file of the person is touched. */
gboolean ps_pair_change_remove (PsPairs *pairs, PsPair *pair,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What is to be kept the same from now on. */
typedef struct
{
  const char *local, *remote;
  gboolean rebind;   /* a local folder that was synced with another one is tied to this one */
  GtkWindow *parent; /* (nullable) in front of which the server's questions are asked */
} PsPairFolders;

/**
 * ps_pair_change_folders_async:
 *
 * Signs in, makes both folders and their markers, ends the pair, and begins it anew with no
 * knowledge of what was: a union, in which nothing is deleted. Until the folders are ready it can
 * be cancelled, and the pair stays as it is.
 */
void ps_pair_change_folders_async (PsPairs *pairs, PsPair *pair, PsPrompts *prompts,
                                   const PsPairFolders *folders, GCancellable *cancellable,
                                   GAsyncReadyCallback callback, gpointer user_data);
/* Errors: of PS_ENGINE_ERROR; with _CONFIG @rebind may help. Whatever fails, there is the pair. */
gboolean ps_pair_change_folders_finish (GAsyncResult *result, GError **error);

G_END_DECLS
