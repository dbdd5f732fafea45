/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The local folder: seen by a lister, changed only by operations that cannot leave it, follow a
 * link or lose what a person wrote.
 *
 * Every path is relative to the root and resolved from its directory fd by openat2 (RESOLVE_BENEATH
 * | RESOLVE_NO_SYMLINKS), or by an openat walk with O_NOFOLLOW where the kernel lacks that call.
 * One thread at a time; all calls block. */
#pragma once

#include "core/guard.h"
#include "core/ports.h"
#include "core/relpath.h"

#include <gio/gio.h>

G_BEGIN_DECLS

#define PS_LOCAL_ERROR (ps_local_error_quark ())
GQuark ps_local_error_quark (void);

typedef enum
{
  PS_LOCAL_ERROR_CHANGED,   /* not what the scan saw: leave it, the next pass looks again */
  PS_LOCAL_ERROR_GONE,      /* not there (any more) */
  PS_LOCAL_ERROR_EXISTS,    /* the name is taken */
  PS_LOCAL_ERROR_NOT_EMPTY, /* a directory that still holds something */
  PS_LOCAL_ERROR_NAME,      /* this file system cannot hold the name */
  PS_LOCAL_ERROR_NO_SPACE,  /* disk or quota is full */
  PS_LOCAL_ERROR_DENIED,    /* permission, read-only */
  PS_LOCAL_ERROR_UNSAFE,    /* a symbolic link or mount point stands in the way */
  PS_LOCAL_ERROR_ROOT,      /* the root itself is not there or cannot be used */
  PS_LOCAL_ERROR_FAILED     /* anything else; the message says what */
} PsLocalError;

/* What the root's file system can do, probed once in .pisync/tmp. */
typedef struct
{
  PsNameRules names;
  bool case_sensitive;
  bool executable_bit;
  bool symlinks;
  bool exchange;       /* renameat2 (RENAME_EXCHANGE) */
  bool no_replace;     /* renameat2 (RENAME_NOREPLACE) */
  bool reflink;        /* FICLONE */
  int64_t mtime_grain; /* nanoseconds: 1 on ext4 (its clock tick is coarser, see PS_LOCAL_TICK), 2 s
                          on FAT */
} PsLocalCaps;

/* Nanoseconds within which two writes may bear the same mtime on a file system of fine grain (a
 * kernel tick, generously). */
#define PS_LOCAL_TICK (20 * 1000 * 1000)

typedef struct PsLocal PsLocal;

/* Opens @root (absolute). PS_LOCAL_ERROR_ROOT when it is not there or no directory. Makes nothing.
 */
PsLocal *ps_local_open (const char *root, GError **error);
void ps_local_free (PsLocal *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsLocal, ps_local_free)

/* Makes .pisync/, .pisync/tmp and .pisync/trash (0700), sweeps what an earlier run left in tmp, and
 * probes the file system. Call before the operations that write; after the root guard has said yes.
 */
gboolean ps_local_prepare (PsLocal *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same beside another process that may be at work on this folder: nothing is swept. A temporary
 * file of ours has to be kept (ps_local_temp_keep ()), or the other one may sweep it. */
gboolean ps_local_join (PsLocal *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;
const PsLocalCaps *ps_local_peek_caps (const PsLocal *self);

/* The lister over this root; valid as long as @self. A mount point below the root that was not one
 * before is listed like any directory. */
PsLister ps_local_lister (PsLocal *self);

/* Marker of the root. Reading never fails: @marker->state says what is there. Writing is atomic and
 * durable. */
void ps_local_read_marker (PsLocal *self, PsMarker *marker);
gboolean ps_local_write_marker (PsLocal *self, const PsMarker *marker,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Entries carry inode and device only on file systems that keep them for as long as the file
 * exists; 0 elsewhere (FAT, FUSE). */

/* What lies at @path now (kind ABSENT where nothing does; that is no error). */
gboolean ps_local_stat (PsLocal *self, const char *path, PsEntry *entry,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Entry of an open file, for the second look after reading it. */
gboolean ps_local_fstat (int fd, PsEntry *entry, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: an fd open for reading with *@entry of that very file, or -1. PS_LOCAL_ERROR_CHANGED
 * unless it is a regular file. */
int ps_local_open_file (PsLocal *self, const char *path, PsEntry *entry, GError **error);

/* Returns: (transfer full): the target of a symbolic link, or NULL. */
char *ps_local_read_link (PsLocal *self, const char *path, GError **error);

/* A file being written in .pisync/tmp. Freed without having been placed, it is removed, unless it
 * was kept. */
typedef struct PsLocalTemp PsLocalTemp;

/* @key: names the file (made safe by hashing), so that a later run finds the same one again; a file
 * already there is opened as it is when @resume, else emptied. */
PsLocalTemp *ps_local_temp_new (PsLocal *self, const char *key, gboolean resume, GError **error);
int ps_local_temp_peek_fd (const PsLocalTemp *temp); /* read and write */
void ps_local_temp_keep (PsLocalTemp *temp);         /* leave it for a resume when freed */
void ps_local_temp_unkeep (PsLocalTemp *temp);       /* it need not be left after all */
void ps_local_temp_free (PsLocalTemp *temp);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsLocalTemp, ps_local_temp_free)

/* All bytes are written: sets mode (0666 & ~umask, plus execute where readable if
 * @entry->executable) and mtime of @entry, and starts writing out. Optional: where many files are
 * settled first and then finished, they become durable together, which is many times faster. */
gboolean ps_local_temp_settle (PsLocalTemp *temp, const PsEntry *entry,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Settles it unless that is done, then makes content, mode and mtime durable. */
gboolean ps_local_temp_finish (PsLocalTemp *temp, const PsEntry *entry,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * ps_local_place:
 * @temp: (transfer full): a finished file; consumed whatever happens
 * @expected: what the scan saw at @path; kind ABSENT = a new name
 * @placed: (out): what lies at @path afterwards
 * @displaced: (out) (nullable) (transfer full): where what was displaced lies now, a path in
 * .pisync/tmp, when that is NOT
 *   @expected but something a person wrote in between: the caller makes it a conflict copy; NULL
 * when all went as planned
 *
 * Puts @temp at @path in one step (RENAME_NOREPLACE or RENAME_EXCHANGE). What was replaced as
 * expected goes to the trash of the desktop or .pisync/trash when @keep_replaced, else it is gone.
 * PS_LOCAL_ERROR_EXISTS where a new name is taken. Durable after ps_local_sync_dirs ().
 */
gboolean ps_local_place (PsLocal *self, PsLocalTemp *temp, const char *path,
                         const PsEntry *expected, gboolean keep_replaced, PsEntry *placed,
                         char **displaced, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Makes every directory durable in which names were changed since the last call. What a disk
 * refused once it may not speak of again: after a failure this fails as long as @self lives. */
gboolean ps_local_sync_dirs (PsLocal *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The parents must be there. A directory that is there already is fine. */
gboolean ps_local_mkdir (PsLocal *self, const char *path, PsEntry *made,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Makes a symbolic link of a new name. PS_LOCAL_ERROR_EXISTS where it is taken. */
gboolean ps_local_symlink (PsLocal *self, const char *path, const char *target, PsEntry *made,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Renames without replacing anything (either path may lie in .pisync). @expected: what the scan saw
 * at @from, NULL = whatever is there; CHANGED if else. */
gboolean ps_local_move (PsLocal *self, const char *from, const char *to, const PsEntry *expected,
                        PsEntry *moved, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Gives the file at @path a second, new name @to by a hard link. EXISTS where that is taken,
 * CHANGED when it is not @expected, FAILED where the file system has no hard links. */
gboolean ps_local_link (PsLocal *self, const char *path, const char *to, const PsEntry *expected,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes a file or link to the desktop's trash, or to .pisync/trash where there is none; a
 * directory is removed only when empty (NOT_EMPTY else). CHANGED when it is not @expected. */
gboolean ps_local_remove (PsLocal *self, const char *path, const PsEntry *expected,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Sets mtime and executable bit of the file at @path if it still is @expected. */
gboolean ps_local_set_attributes (PsLocal *self, const char *path, const PsEntry *expected,
                                  const PsEntry *wanted, PsEntry *now,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Makes a copy of the file at @path in @temp by reflink where possible, else by copy_file_range. */
gboolean ps_local_copy_into (PsLocal *self, const char *path, PsLocalTemp *temp,
                             GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Free bytes for this user, UINT64_MAX where not known. */
uint64_t ps_local_free_space (PsLocal *self);

/* For tests and for users without a desktop: FALSE = never the desktop's trash, always
 * .pisync/trash. Default TRUE. */
void ps_local_use_desktop_trash (PsLocal *self, gboolean use);

G_END_DECLS
