/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Transfers that send only what the other side lacks: the policy above delta/, store/ and
 * sftp/remote.h.
 *
 * ps_reuse_put_async () and ps_reuse_get_async () stand in for ps_remote_put_async () and
 * ps_remote_get_async (), and ps_reuse_step () for ps_remote_step (); what cannot or need not be
 * spared goes through as it is. A large file is put together, in this order of preference,
 *
 *   up    from a file of the same content on the server; from the version it replaces, or one of a
 *         similar name beside it, by a delta; from what an interrupted transfer left
 *   down  from a file of the same content here; from the version it replaces, or one of a similar
 *         name, by a delta; from what an interrupted transfer left
 *
 * and all of it is sent where nothing of that works out. For a delta upwards the signature of what
 * lies on the server is kept in the base; for one downwards it is published there by whoever
 * changed the file, beside a note that says which content a path holds:
 *
 *   .pisync/signatures/SHA256      librsync's signature of that content
 *   .pisync/signatures/SUM.of      SHA256 of the content; SUM is the SHA-256 of "PATH", a NUL and
 *                                  "SIZE MTIME" (seconds) as the server lists it
 *
 * Both are hints. What is downloaded with their help is compared with the SHA-256 of the note.
 *
 * Worker thread only; sums and deltas are made in threads of its own, so that the link never
 * waits for them. */
#pragma once

#include "engine/context.h"

G_BEGIN_DECLS

typedef struct PsReuse PsReuse;

/* For as long as @context has its link. Both borrowed. */
PsReuse *ps_reuse_new (PsContext *context);

/* No put and get may be under way: step until all are called back, or until the step fails. What
 * was still to be published is not. */
void ps_reuse_free (PsReuse *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsReuse, ps_reuse_free)

/* What was to be uploaded turned out to have the recorded content: nothing was sent. */
typedef void (*PsReuseUntouched) (gpointer user_data);

/**
 * ps_reuse_put_async:
 * @put: as for ps_remote_put_async (), without base, pieces and resume key; its fd is borrowed, as
 * there
 * @row: (nullable): the base's row of the path
 * @untouched: (nullable): called instead of @done where @row has a sum that turns out to be that of
 * the file; only for files of at least PS_DELTA_MIN_SIZE
 *
 * Uploads like ps_remote_put_async (). The result has the SHA-256 of what was put together, too.
 */
void ps_reuse_put_async (PsReuse *self, const PsPut *put, const PsRow *row, PsRemoteDone done,
                         PsReuseUntouched untouched, gpointer user_data);

/* Returns: (transfer full): the temporary file for the download of @path, seen as @remote; a large
 * one as an earlier transfer of the same file left it. */
PsLocalTemp *ps_reuse_open_temp (PsReuse *self, const char *path, const PsEntry *remote,
                                 GError **error);

/**
 * ps_reuse_get_async:
 * @get: as for ps_remote_get_async (), with hash; fd and offset are filled in here
 * @temp: of ps_reuse_open_temp (), borrowed until done; it is kept for the next time when the
 * transfer is interrupted
 * @local: what the scan saw here at the path: if a file, it is looked through for what is wanted
 *
 * Downloads like ps_remote_get_async ().
 */
void ps_reuse_get_async (PsReuse *self, const PsGet *get, PsLocalTemp *temp, const PsEntry *local,
                         PsRemoteDone done, gpointer user_data);

/* As ps_remote_step (), which it calls; also hands over what the threads have done. When it fails,
 * every put and get has been called back. */
gboolean ps_reuse_step (PsReuse *self, gint64 timeout_us, GCancellable *cancellable,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: whether how far transfers have come was written down a while ago: it wants to be
 * committed by the caller, or is lost with this program. */
gboolean ps_reuse_wants_commit (PsReuse *self);

/**
 * ps_reuse_tidy:
 *
 * Once per pass, when all is transferred: waits until what was to be published is, and, at most
 * once a day, drops signatures and notes that nobody has needed for a month, here and on the
 * server (there one of the devices does it for all). Steps the link.
 *
 * Returns: FALSE with @error only when the link is lost or the base fails
 */
gboolean ps_reuse_tidy (PsReuse *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- Notes: what content a large file on the server has, published beside its signature --- */

#define PS_REUSE_NOTE_SIZE 65 /* bytes */

/* Returns: (transfer full): the path of the note on @path, seen as @remote. */
char *ps_reuse_note_path (const char *path, const PsEntry *remote);

/* Reads a note. FALSE where it is none. */
gboolean ps_reuse_parse_note (GBytes *note, uint8_t sha256[32]);

G_END_DECLS
