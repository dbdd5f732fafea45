/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small files that the windows have written: in threads, since making something durable can take a
 * slow disk seconds, and a hung one for ever. What is wished for one file is done in the order of
 * the wishes; of those that wait the last one stands for all. Main thread only. */
#pragma once

#include "engine/config.h"

G_BEGIN_DECLS

/* What is to be done, in a thread. */
typedef gboolean (*PsSaveFunc) (gpointer data, GError **error);

/* @file: what the wish is about. @data: (transfer full), freed by @free (nullable) in the main
 * thread. @callback: (nullable). */
void ps_save_async (const char *file, PsSaveFunc func, gpointer data, GDestroyNotify free,
                    GAsyncReadyCallback callback, gpointer user_data);
/* Writes @text into @file, and the folders around it; NULL: removes the file. */
void ps_save_text_async (const char *file, const char *text, GAsyncReadyCallback callback,
                         gpointer user_data);
/* Writes the ini, see ps_config_save (). */
void ps_save_config_async (const PsConfig *config, GAsyncReadyCallback callback,
                           gpointer user_data);
/* Of a wish that a later one stood for: how that one ended. */
gboolean ps_save_finish (GAsyncResult *result, GError **error);

/* Waits until nothing waits or is being written. */
void ps_save_wait_async (GAsyncReadyCallback callback, gpointer user_data);
void ps_save_wait_finish (GAsyncResult *result);

G_END_DECLS
