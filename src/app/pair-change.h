/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changing a pair, removing it, giving it other folders; whatever is written is written in threads.
 * With the last two what was known of it from earlier runs is put aside: taken for that of other
 * folders, it would look as if files had been deleted. */
#pragma once

#include "app/pairs.h"
#include "app/prompts.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Writes @config (transfer full) into the ini of @pair, one of @pairs, and hands it to the session.
 * It begins as a copy of ps_pair_get_wish (): changes that are still being written belong to it.
 * Fails where the file of a key that it names is not there. */
void ps_pair_change_config_async (PsPairs *pairs, PsPair *pair, PsConfig *config,
                                  GAsyncReadyCallback callback, gpointer user_data);
gboolean ps_pair_change_config_finish (PsPairs *pairs, GAsyncResult *result, GError **error);

/* Removes the ini, then the pair. No file of the person is touched. @callback once the pair is
 * gone, or stays since its ini could not be removed. */
void ps_pair_change_remove_async (PsPairs *pairs, PsPair *pair, GAsyncReadyCallback callback,
                                  gpointer user_data);
gboolean ps_pair_change_remove_finish (PsPairs *pairs, GAsyncResult *result, GError **error);

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
