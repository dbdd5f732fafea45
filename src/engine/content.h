/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looking at content where size and time do not tell enough. Worker thread; blocks on the local
 * disk. */
#pragma once

#include "engine/context.h"

G_BEGIN_DECLS

typedef enum
{
  PS_CONTENT_SAME,
  PS_CONTENT_OTHER,
  PS_CONTENT_UNKNOWN /* the file changed or vanished while it was read, or cannot be read */
} PsContentVerdict;

/* Compares the local file @path, seen as @entry, with a sum. FALSE only when cancelled. */
gboolean ps_content_compare_local (PsContext *context, const char *path, const PsEntry *entry,
                                   const uint8_t sha256[32], PsContentVerdict *verdict,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The sum of the local file @path. FALSE with PS_LOCAL_ERROR_CHANGED when it is not (or did not
 * stay) what @entry says. */
gboolean ps_content_hash_local (PsContext *context, const char *path, const PsEntry *entry,
                                uint8_t sha256[32], GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Fetches the server's file @path, seen as @entry, for its sum alone, which @done gets as the hash
 * of the result. FALSE with @error: nothing was begun. */
gboolean ps_content_sum_remote_async (PsContext *context, const char *path, const PsEntry *entry,
                                      PsRemoteDone done, gpointer user_data,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* @sha256: (nullable): what the file is published to have, unless that is not known. @error:
 * (nullable): the link is lost. */
typedef void (*PsContentPublished) (const uint8_t sha256[32], const GError *error,
                                    gpointer user_data);

/* Asks what content the server's file @path, seen as @entry, is published to have: one round trip,
 * and none for a small file, which nobody publishes. @told is called all the same, perhaps at once.
 */
void ps_content_ask_published (PsContext *context, const char *path, const PsEntry *entry,
                               PsContentPublished told, gpointer user_data);

/* Whether a file with the mtime of @entry, whose content was looked at from @when on (wall clock),
 * may have been changed after that within the same clock tick, without its mtime showing it. */
gboolean ps_content_is_racy (const PsContext *context, const PsEntry *entry, int64_t when);

/* As ps_entry_tell_from (), for what takes the place of @old on the server. */
gboolean ps_content_tell_from (const PsContext *context, PsEntry *entry, const PsEntry *old);

G_END_DECLS
