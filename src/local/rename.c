/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Giving a thing a name that nobody has, and the private names in .pisync/tmp. */
#include "local/local-private.h"

#include "util/autofd.h"
#include "util/words.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PRIVATE_PREFIX "displaced-"
#define RANDOM_DIGITS 16
#define KEPT_OF_NAME 200 /* bytes of the original name within the private one */

/* For file systems without RENAME_NOREPLACE but with hard links (NFS, some FUSE). The old name is
 * taken away only after a look that it still is the same file. */
static int
link_then_unlink (int from_fd, const char *from, int to_fd, const char *to)
{
  PsEntry there, left;

  if (linkat (from_fd, from, to_fd, to, 0) != 0)
    return errno;
  if (ps_local_stat_at (to_fd, to, &there) != 0 || ps_local_stat_at (from_fd, from, &left) != 0
      || there.inode != left.inode)
    return 0; /* another file has the old name already: it is not ours to remove */
  return unlinkat (from_fd, from, 0) == 0 ? 0 : errno;
}

/* The last resort, for files where neither is possible (old FUSE drivers of FAT kinds): an empty
 * file takes the name first, so that nobody else's file can be overwritten. What remains is the
 * moment in which another program might find that empty file and write into it. */
static int
reserve_then_rename (int from_fd, const char *from, int to_fd, const char *to)
{
  ps_autofd fd = openat (to_fd, to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  int saved;

  if (fd < 0)
    return errno;
  if (renameat (from_fd, from, to_fd, to) == 0)
    return 0;
  saved = errno;
  unlinkat (to_fd, to, 0);
  return saved;
}

/* A directory cannot replace a file, nor a directory that holds something. */
static int
rename_directory (int from_fd, const char *from, int to_fd, const char *to)
{
  PsEntry there;
  int number = ps_local_stat_at (to_fd, to, &there);

  if (number != ENOENT)
    return number == 0 ? EEXIST : number;
  if (renameat (from_fd, from, to_fd, to) == 0)
    return 0;
  return errno == ENOTDIR || errno == ENOTEMPTY ? EEXIST : errno;
}

void
ps_local_settle_name (PsLocal *self, int dir_fd, const char *name)
{
  ps_autofd fd = -1;

  if (self->caps.names != PS_NAMES_FAT)
    return;
  fd = openat (dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0 || fsync (fd) != 0)
    self->unsynced_unknown = true;
}

static int
rename_new (const PsLocal *self, int from_fd, const char *from, int to_fd, const char *to)
{
  PsEntry entry;
  int number;

  if (self->caps.no_replace)
    return renameat2 (from_fd, from, to_fd, to, RENAME_NOREPLACE) == 0 ? 0 : errno;
  number = ps_local_stat_at (from_fd, from, &entry);
  if (number != 0)
    return number;
  if (entry.kind == PS_KIND_DIR)
    return rename_directory (from_fd, from, to_fd, to);
  return (self->hard_links ? link_then_unlink : reserve_then_rename) (from_fd, from, to_fd, to);
}

int
ps_local_rename_new (PsLocal *self, int from_fd, const char *from, int to_fd, const char *to)
{
  int number = rename_new (self, from_fd, from, to_fd, to);

  if (number == 0)
    ps_local_settle_name (self, to_fd, to);
  return number;
}

char *
ps_local_private_name (const char *path)
{
  const char *name = ps_relpath_name (path);
  gsize length = MIN (strlen (name), KEPT_OF_NAME);

  while (length < strlen (name) && length > 0 && (name[length] & 0xc0) == 0x80)
    length--; /* not through the middle of a character */
  return g_strdup_printf (PRIVATE_PREFIX "%08x%08x-%.*s", g_random_int (), g_random_int (),
                          (int)length, name);
}

bool
ps_local_is_private_name (const char *name, const char **original)
{
  gsize skip = strlen (PRIVATE_PREFIX) + RANDOM_DIGITS + 1;

  if (!g_str_has_prefix (name, PRIVATE_PREFIX) || strlen (name) <= skip)
    return false;
  *original = name + skip;
  return true;
}

gboolean
ps_local_check_name (const PsLocal *self, const char *path, GError **error)
{
  const char *refusal = ps_name_refusal (ps_relpath_name (path), self->caps.names);
  g_autofree char *name = NULL;

  if (refusal == NULL)
    return TRUE;
  name = g_filename_display_name (path);
  g_set_error (error, PS_LOCAL_ERROR, PS_LOCAL_ERROR_NAME,
               _ ("%s has a name that this disk cannot hold: %s"), name, _ (refusal));
  return FALSE;
}
