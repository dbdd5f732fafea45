/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The folder on the server: seen by a lister, changed by safe operations, all pipelined over as
 * many files and directories as are asked for at once. This is what the engine knows of SFTP.
 *
 * One thread at a time (the worker). The *_async calls never block: they queue; ps_remote_step ()
 * does the work and calls back, in the same thread. Paths are relative to the remote root unless
 * said otherwise. What is passed in is copied, except where it says borrowed. */
#pragma once

#include "core/guard.h"
#include "core/ports.h"
#include "core/relpath.h"
#include "sftp/error.h"
#include "sftp/transport.h"
#include "util/clock.h"

G_BEGIN_DECLS

typedef struct PsRemote PsRemote;

typedef struct
{
  const char *root;   /* path on the server: absolute, or relative to the login directory */
  const char *device; /* this device's name: in the names of temporary files and versions */
  gboolean fsync;     /* make uploads durable before they are put in place */
  guint upload_limit; /* KiB/s, 0 = none */
  guint download_limit;
  gboolean symlinks; /* sync them as links; else the lister reports them as PS_KIND_SYMLINK all the
                        same and nothing else happens */
  guint stall_timeout_s; /* no answer for so long while one is owed: ping, then the link counts as
                            lost; 0 = 20 */
  const PsClock *clock;  /* (nullable): the system's */
} PsRemoteOptions;

/* What the server and its file system can do. */
typedef struct
{
  gboolean posix_rename, hardlink, fsync, statvfs, lsetstat, limits,
      copy_data;     /* extensions offered */
  PsNameRules names; /* probed by ps_remote_prepare_begin () */
  bool case_sensitive;
  bool executable_bit;
  bool symlinks;
  bool hardlinks; /* the file system has them, not only the server */
} PsRemoteCaps;

/* Bytes and requests of the SFTP layer since the beginning. */
typedef struct
{
  uint64_t bytes_sent;
  uint64_t bytes_received;
  uint64_t requests;
} PsRemoteTraffic;

/**
 * ps_remote_new:
 * @transport: (transfer full): logged in
 *
 * Opens the first channel, exchanges versions, asks for limits. Blocks.
 * PS_SFTP_ERROR_NO_SFTP, LINK.
 */
PsRemote *ps_remote_new (PsTransport *transport, const PsRemoteOptions *options,
                         GCancellable *cancellable, GError **error);
/* Turns to another root on the same server, as setup does. Only while nothing is outstanding;
 * what was prepared for the former root does not hold for this one. */
void ps_remote_set_root (PsRemote *self, const char *root);

void ps_remote_free (
    PsRemote *self); /* outstanding operations are called back with G_IO_ERROR_CANCELLED first */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsRemote, ps_remote_free)

/* After the root guard said yes: makes .pisync/{tmp,versions} where missing, sweeps left-overs in
 * tmp (this device's, except what may be resumed; all older than 7 days by the server's clock),
 * probes the file system (unless @known_caps, the text of an earlier probe, is given). Returns:
 * whether it was: then the folder may be listed before the end, which has to come before anything
 * is changed; else nothing may be done meanwhile. */
bool ps_remote_prepare_begin (PsRemote *self, const char *known_caps);

/* Blocking; nothing to do where nothing was begun. @caps_text: (out) (nullable) for next time. */
gboolean ps_remote_prepare_end (PsRemote *self, char **caps_text, GCancellable *cancellable,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
const PsRemoteCaps *ps_remote_peek_caps (const PsRemote *self);

/**
 * ps_remote_is_expected:
 * @found: as the server shows it
 *
 * Returns: whether @found is what @expected says, as far as the server's file system can tell. One
 * without executable bits (FAT) shows the same for every file, whatever is expected.
 */
bool ps_remote_is_expected (const PsRemote *self, const PsEntry *found, const PsEntry *expected);
void ps_remote_get_traffic (const PsRemote *self, PsRemoteTraffic *traffic);

/* The pipelined lister; its next () drives ps_remote_step (). */
PsLister ps_remote_lister (PsRemote *self);

/* @listing: (transfer full): its state says whether it can be used. */
typedef void (*PsListed) (PsListing *listing, gpointer data);

/* Lists one directory beside whatever the lister does. */
void ps_remote_list_async (PsRemote *self, const char *dir, PsListed listed, gpointer data);

/* The outcome of one operation, valid during the callback only. */
typedef struct
{
  const GError *error; /* (nullable) PS_SFTP_ERROR_* or G_IO_ERROR_CANCELLED; NULL = done */
  PsEntry entry;       /* what the server says lies at the path now (or, for GET, what was read) */
  PsEntry displaced;   /* PUT, REMOVE: what was displaced, kind ABSENT if nothing */
  const char
      *kept_at; /* (nullable) where the displaced file lies now: a path in .pisync/versions */
  gboolean displaced_other; /* PUT: the displaced file was not @expected: another device wrote in
                               between; make it a conflict copy */
  gboolean has_hash;
  uint8_t sha256[32]; /* PUT, GET of whole files: of the content that travelled */
  const char *target; /* (nullable) READLINK */
  GBytes *bytes;      /* (nullable) READ */
  uint64_t wire;      /* SFTP bytes of this operation, both ways */
} PsRemoteResult;

typedef void (*PsRemoteDone) (const PsRemoteResult *result, gpointer user_data);

/* Called as bytes of a transfer travel; may be NULL. @bytes: since the last call. */
typedef void (*PsRemoteMoved) (uint64_t bytes, gpointer user_data);

/* All of an upload before @upto is durable on the server; when that is all of it, it is about to be
 * put in place. */
typedef void (*PsRemoteDurable) (uint64_t upto, gpointer user_data);

/* No more than so much of an upload that can be resumed is under way without being durable (on a
 * long link: and what passes in three round trips). */
#define PS_PUT_WINDOW (16 * 1024 * 1024)

/* A new version may be put together from pieces of one that already lies on the server. */
typedef struct
{
  gboolean copy; /* TRUE: copied on the server from @base; FALSE: sent from the local fd */
  uint64_t from; /* copy: offset in the base; else offset in the local file, equal to the piece's
                    place */
  uint64_t length;
} PsPutPiece;

typedef struct
{
  const char *path;
  int fd; /* borrowed until done: read by pread */
  PsEntry
      source; /* size, mtime, executable bit to be set; @fd must hold exactly source.size bytes */
  PsEntry expected; /* what the scan saw at @path on the server; kind ABSENT = must be a new name */
  const char *keep_as; /* (nullable) borrowed until done: a new name for what is replaced, given in
                          the same moment; where it is taken that stays in .pisync/versions:
                          kept_at says */
  const char *base;    /* (nullable) path on the server that copy pieces come from */
  PsEntry base_expected; /* what @base must still be */

  /* (nullable) the next piece, in ascending order, without gaps; NULL: all is sent. FALSE: it is
   * not known yet, and asked for again soon, while those before travel. When they are the whole
   * source, it is asked once more, and the put goes on to its end after TRUE. No sum is made of
   * what is put together so. */
  gboolean (*next_piece) (PsPutPiece *piece, gpointer user_data);
  const uint8_t *sha256;  /* (nullable) of the source, where it is known; else it is made */
  const char *resume_key; /* (nullable) names the temporary file, so that a later put of the same
                             source can go on where this one stopped */
  uint64_t resume; /* that far an earlier put of that key has told @durable; it is not sent again */
  PsRemoteDurable durable; /* (nullable) told where it begins, and then as it gets on */
  gboolean (*still_same) (gpointer user_data); /* (nullable) asked when all is durable, before it is
                                                  put in place; FALSE: PS_SFTP_ERROR_CHANGED */
  PsRemoteMoved moved;
} PsPut;

/* Uploads to .pisync/tmp, makes it durable, keeps what it replaces in .pisync/versions, puts it in
 * place: see design §4. EXISTS where a new name is taken. Parent directories must be there (mkdirs
 * queued earlier are carried out earlier). CHANGED: what is to be replaced is not @expected (found
 * before anything is sent), or another device replaced ours in the same moment: the local file then
 * is as unsynced as before. With pieces, FAILED means that the server did not (or cannot) put it
 * together: the caller uploads the whole. @resume_key is for files of more than 512 KiB; what
 * it names has to include whatever makes the source this very one (size, mtime, inode, a hash). Of
 * which pieces a put is made may differ from the one that it goes on with. A failed upload leaves
 * its temporary file behind only if it can be resumed. */
void ps_remote_put_async (PsRemote *self, const PsPut *put, PsRemoteDone done, gpointer user_data);

typedef struct
{
  uint64_t offset;
  uint64_t length;
} PsRange;

typedef struct
{
  const char *path;
  int fd; /* borrowed until done: written by pwrite; the caller truncates and syncs */
  PsEntry
      expected; /* what the scan saw; CHANGED when it is something else before or after reading */
  uint64_t offset; /* first byte to fetch: what lies before it in @fd is already right (resume) */

  /* (nullable) instead of all behind @offset: the next range to be fetched into the same place of
   * @fd, in ascending order and within the file; of no length: there is none. FALSE: it is not
   * known yet, and asked for again soon; the file is opened meanwhile, unless that could keep
   * others from finding it out. */
  gboolean (*next_range) (PsRange *range, gpointer user_data);
  gboolean hash; /* make the SHA-256 of the whole content of @fd, in file order; @fd has to be
                    readable, and what is not fetched to be there already */
  void (*reached) (uint64_t upto, gpointer user_data); /* (nullable): all before @upto is in @fd */
  PsRemoteMoved moved;
} PsGet;

void ps_remote_get_async (PsRemote *self, const PsGet *get, PsRemoteDone done, gpointer user_data);

/* Reads @length bytes at @offset into memory (at most 4 MiB), fewer at the end of the file. Paths
 * in .pisync are fine. */
void ps_remote_read_async (PsRemote *self, const char *path, uint64_t offset, gsize length,
                           PsRemoteDone done, gpointer user_data);

/* Writes a small file of ours below .pisync (marker, signature) atomically: tmp, fsync, rename
 * over. Makes missing directories. */
void ps_remote_write_async (PsRemote *self, const char *path, GBytes *content, PsRemoteDone done,
                            gpointer user_data);

/* The same for a file that gets its name later: meanwhile it is sent and made durable. Valid until
 * @done, which comes after ps_remote_ahead_place () or at a failure before that. */
typedef struct PsRemoteAhead PsRemoteAhead;

PsRemoteAhead *ps_remote_write_ahead (PsRemote *self, GBytes *content, PsRemoteDone done,
                                      gpointer user_data);

/* Its name is @path; NULL: it is not wanted any more, and @done is told CHANGED. Once. */
void ps_remote_ahead_place (PsRemoteAhead *self, const char *path);

void ps_remote_stat_async (PsRemote *self, const char *path, PsRemoteDone done,
                           gpointer user_data); /* lstat; absence is no error: kind ABSENT */
void ps_remote_mkdir_async (PsRemote *self, const char *path, PsRemoteDone done,
                            gpointer user_data); /* there already is fine */
void ps_remote_readlink_async (PsRemote *self, const char *path, PsRemoteDone done,
                               gpointer user_data);
void ps_remote_symlink_async (PsRemote *self, const char *path, const char *target,
                              PsRemoteDone done, gpointer user_data); /* new names only */

/* Renames without replacing anything; parking places in .pisync are fine. @expected: as
 * ps_local_move (). */
void ps_remote_move_async (PsRemote *self, const char *from, const char *to,
                           const PsEntry *expected, PsRemoteDone done, gpointer user_data);

/* A file or link is renamed into .pisync/versions (and back, CHANGED, when it turns out not to be
 * @expected; kept_at if its name was taken meanwhile); a directory is removed only when empty. */
void ps_remote_remove_async (PsRemote *self, const char *path, const PsEntry *expected,
                             PsRemoteDone done, gpointer user_data);

/* Really removes a file or an empty directory of ours below .pisync; that nothing is there is fine.
 */
void ps_remote_unlink_async (PsRemote *self, const char *path, PsRemoteDone done,
                             gpointer user_data);

/* Sets mtime and executable bit of a file if it still is @expected. */
void ps_remote_set_attributes_async (PsRemote *self, const char *path, const PsEntry *expected,
                                     const PsEntry *wanted, PsRemoteDone done, gpointer user_data);

/* Content of a file of @size bytes is going to be moved: the link makes ready for it meanwhile. */
void ps_remote_expect (PsRemote *self, uint64_t size);

/* How many more operations are welcome now; the engine stops queueing at 0 and steps. Transfers
 * hold a local fd each. */
guint ps_remote_room (const PsRemote *self);
guint ps_remote_outstanding (const PsRemote *self);

/**
 * ps_remote_step:
 * @timeout_us: how long to wait at the most for something to happen, -1 = no limit, 0 = only what
 * is ready
 *
 * Moves bytes and calls back. FALSE with @error when the link is lost or @cancellable is cancelled:
 * every outstanding operation has been called back with that error then, and @self can only be
 * freed.
 */
gboolean ps_remote_step (PsRemote *self, gint64 timeout_us, GCancellable *cancellable,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Blocking helpers over the above. */
gboolean ps_remote_read_marker (PsRemote *self, PsMarker *marker, GCancellable *cancellable,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes the marker for the first time, with the directories it needs (fails with EXISTS if one
 * came to be). */
gboolean ps_remote_make_marker (PsRemote *self, const PsMarker *marker, GCancellable *cancellable,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Begins to raise the generation by one above what is there; it never falls: what the write
 * displaced is read again and outdone if it was higher. @marker: what was there a while ago. What
 * changes names waits until the generation is raised, and fails if it cannot be; content of uploads
 * travels meanwhile. */
void ps_remote_raise_begin (PsRemote *self, const PsMarker *marker);

/* Blocking; nothing to do where nothing was begun. @marker: (out) what is there now. CHANGED: it is
 * not this pair's marker any more. After a failure nothing can be changed over this link. */
gboolean ps_remote_raise_end (PsRemote *self, PsMarker *marker, GCancellable *cancellable,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Asks for what the next ps_remote_space () tells, which then has less to wait for. */
void ps_remote_ask_space (PsRemote *self);

/* Blocking. Free and total bytes of the server's disk for this user; UINT64_MAX where the server
 * does not say. */
gboolean ps_remote_space (PsRemote *self, uint64_t *free_bytes, uint64_t *total_bytes,
                          GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Makes the names durable that were changed since the last call, by syncing their directories on
 * the server (where it can, and unless options.fsync is off). Blocks; not from a callback. FALSE
 * when the link is lost or cancelled, or FAILED where the server's disk refused: then none of those
 * names may be relied on. */
gboolean ps_remote_sync_dirs (PsRemote *self, GCancellable *cancellable,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Makes a directory and its missing parents, outside of or above the root too (setup; absolute or
 * relative to the login directory). */
gboolean ps_remote_make_root (PsRemote *self, GCancellable *cancellable,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): the absolute path of @path (setup's folder tree). */
char *ps_remote_real_path (PsRemote *self, const char *path, GCancellable *cancellable,
                           GError **error);

G_END_DECLS
