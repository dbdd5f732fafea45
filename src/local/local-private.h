/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of local/ share. Internal to local/ and its tests. */
#pragma once

#include "local/local.h"
#include "util/clock.h"

#include <sys/stat.h>

G_BEGIN_DECLS

typedef struct PsDesktopTrash PsDesktopTrash;

struct PsLocal
{
  char *root; /* absolute, as it was given */
  int root_fd;
  int tmp_fd; /* of .pisync/tmp and .pisync/trash; -1 until prepared */
  int trash_fd;
  PsLocalCaps caps;
  bool has_openat2;
  bool hard_links;    /* probed */
  bool stable_inodes; /* a file keeps its inode number as long as it is that file */
  bool sync_whole;    /* syncfs reports what could not be written (Linux 5.8) */
  bool use_desktop;   /* the desktop's trash may be used */
  const PsClock *clock;
  mode_t file_mode;   /* 0666 & ~umask */
  GQueue requests;    /* (element-type utf8) directories to be listed */
  GHashTable *live;   /* (element-type utf8) names of temporary files in use, borrowed from them */
  GPtrArray *settled; /* (element-type PsLocalTemp) finished but for the fsync, borrowed */
  GHashTable *unsynced;    /* (element-type Unsynced) open descriptors to be made durable */
  bool unsynced_unknown;   /* something could not be remembered there: all must be synced */
  int sync_error;          /* errno of the first refusal, for good */
  PsDesktopTrash *desktop; /* (nullable) opened at the first need */
};

struct PsLocalTemp
{
  PsLocal *local;
  char *name; /* in .pisync/tmp; NULL once it is placed */
  int fd;
  PsEntry entry; /* as settled */
  bool kept;
  bool settled;
  bool durable;
};

/* error.c: what an errno means for the caller. */
PsLocalError ps_local_error_from_errno (int number);

/* Sets @error to "Could not DOING PATH: …, ADVICE" by the errno @number. Returns FALSE. */
gboolean ps_local_fail (GError **error, int number, const char *pattern, const char *path);

/* Sets @error to @code; @pattern is as above. Returns FALSE. */
gboolean ps_local_refuse (GError **error, PsLocalError code, const char *path, const char *pattern);

/* Sets @error to PS_LOCAL_ERROR_CHANGED. Returns FALSE. */
gboolean ps_local_changed (GError **error, const char *path);

/* resolve.c: Returns: an fd of the directory @dir below the root, -1 with errno. @flags: O_PATH or
 * O_RDONLY. */
int ps_local_resolve (const PsLocal *self, const char *dir, int flags);

/* Returns: an fd (O_PATH) of the directory that holds @path, -1 with @error. @name is the last name
 * of @path, borrowed from it. */
int ps_local_open_parent (const PsLocal *self, const char *path, const char **name, GError **error);

/* Whether the kernel has openat2 and it may be used on @fd. */
bool ps_local_probe_openat2 (int fd);

/* entry.c */
void ps_local_entry_from_stat (PsEntry *entry, const struct stat *st);

/* Returns 0 or an errno; absence is ENOENT. */
int ps_local_stat_at (int dir_fd, const char *name, PsEntry *entry);

/* Makes an entry fit to be handed out: inode numbers that mean nothing become "not known". */
void ps_local_hand_out (const PsLocal *self, PsEntry *entry);

/* Sets the mtime alone. Returns 0 or an errno. */
int ps_local_set_mtime (int fd, int64_t ns);

/* Whether @now still is the thing that a scan saw as @expected: like ps_entry_same (), the
 * executable bit only where there is one, and the very same inode where both know theirs. */
bool ps_local_is_expected (const PsLocal *self, const PsEntry *now, const PsEntry *expected);

/* rename.c: Renames without replacing anything, whatever the file system can do. Returns 0 or an
 * errno. */
int ps_local_rename_new (PsLocal *self, int from_fd, const char *from, int to_fd, const char *to);

/* After a rename to @name: Linux's vfat gives a renamed file or directory a new entry that says it
 * is empty, until the thing itself is written back. fsync of the directory alone would make just
 * that durable, however durable the content was before. */
void ps_local_settle_name (PsLocal *self, int dir_fd, const char *name);

/* Returns: (transfer full): a name in .pisync/tmp that is not in use, for what is taken from @path;
 * what bears such a name is never deleted by a sweep. */
char *ps_local_private_name (const char *path);

/* Whether ps_local_private_name () made @name; *@original is the name it was made for. */
bool ps_local_is_private_name (const char *name, const char **original);

/* Refuses @path when the file system cannot hold its last name. */
gboolean ps_local_check_name (const PsLocal *self, const char *path, GError **error);

/* unsynced.c: Remembers the directory @dir_fd (any kind of descriptor), or the file open as @fd,
 * for ps_local_sync_dirs (). */
void ps_local_mark_dir (PsLocal *self, int dir_fd);
void ps_local_mark_file (PsLocal *self, int fd);
void ps_local_unsynced_free (PsLocal *self);

/* trash.c: Moves @private_name in .pisync/tmp, which was taken from @path, to the trash. On failure
 * it still lies where it lay. */
gboolean ps_local_trash (PsLocal *self, const char *private_name, const char *path,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same, but always to .pisync/trash. */
gboolean ps_local_trash_own (PsLocal *self, const char *private_name, const char *path,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* desktop-trash.c: Returns: (nullable): the desktop's trash for files below @root, NULL where there
 * is none. */
PsDesktopTrash *ps_desktop_trash_open (const char *root, int root_fd);
void ps_desktop_trash_free (PsDesktopTrash *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsDesktopTrash, ps_desktop_trash_free)

/* Moves @name in @dir_fd into the trash as what lay at @path. FALSE: it could not take it, and
 * nothing happened. */
gboolean ps_desktop_trash_take (PsDesktopTrash *self, PsLocal *local, int dir_fd, const char *name,
                                const char *path);

/* probe.c, sweep.c: steps of ps_local_prepare (). */
gboolean ps_local_probe (PsLocal *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void ps_local_sweep (PsLocal *self);

/* temp.c: what the names of temporary files end in: swept at once, or kept for some days. */
#define PS_LOCAL_TEMP_SUFFIX ".part"
#define PS_LOCAL_KEPT_SUFFIX ".resume"
#define PS_LOCAL_KEPT_DAYS 7

G_END_DECLS
