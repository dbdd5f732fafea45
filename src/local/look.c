/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looking at one path: what lies there, opening it, reading a link, copying. */
#include "local/local-private.h"

#include "util/autofd.h"
#include "util/words.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define COPY_BLOCK (8 * 1024 * 1024) /* between two looks at the cancellable */
#define READ_BLOCK (256 * 1024)

gboolean
ps_local_stat (PsLocal *self, const char *path, PsEntry *entry, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  const char *name;
  ps_autofd parent = ps_local_open_parent (self, path, &name, &local_error);
  int number;

  *entry = (PsEntry){ 0 };
  if (parent < 0 && g_error_matches (local_error, PS_LOCAL_ERROR, PS_LOCAL_ERROR_GONE))
    return TRUE;
  if (parent < 0)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  number = ps_local_stat_at (parent, name, entry);
  ps_local_hand_out (self, entry);
  return number == 0 || number == ENOENT
         || ps_local_fail (error, number, N_ ("Could not look at %s"), path);
}

static gboolean
refuse_other_kind (GError **error, const char *path, const PsEntry *entry)
{
  return ps_local_refuse (error, PS_LOCAL_ERROR_CHANGED, path,
                          entry->kind == PS_KIND_DIR ? N_ ("%s is a directory now, no file")
                          : entry->kind == PS_KIND_SYMLINK
                              ? N_ ("%s is a symbolic link now, no file")
                              : N_ ("%s is a special file now, no file"));
}

int
ps_local_open_file (PsLocal *self, const char *path, PsEntry *entry, GError **error)
{
  const char *name;
  ps_autofd parent = ps_local_open_parent (self, path, &name, error);
  ps_autofd fd = -1;
  int number;

  if (parent < 0)
    return -1;
  number = ps_local_stat_at (parent, name, entry);
  if (number == 0 && entry->kind != PS_KIND_FILE) /* opening a device or pipe could do something */
    {
      refuse_other_kind (error, path, entry);
      return -1;
    }
  if (number == 0)
    fd = openat (parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0)
    {
      number = number != 0 ? number : errno;
      if (number == ELOOP)
        ps_local_refuse (error, PS_LOCAL_ERROR_CHANGED, path,
                         N_ ("%s is a symbolic link now, no file"));
      else
        ps_local_fail (error, number, N_ ("Could not open %s"), path);
      return -1;
    }
  if (!ps_local_fstat (fd, entry, error))
    return -1;
  if (entry->kind != PS_KIND_FILE)
    {
      refuse_other_kind (error, path, entry);
      return -1;
    }
  ps_local_hand_out (self, entry);
  return ps_steal_fd (&fd);
}

char *
ps_local_read_link (PsLocal *self, const char *path, GError **error)
{
  const char *name;
  ps_autofd parent = ps_local_open_parent (self, path, &name, error);
  g_autofree char *target = g_malloc (PATH_MAX + 1);
  gssize length;

  if (parent < 0)
    return NULL;
  length = readlinkat (parent, name, target, PATH_MAX);
  if (length < 0 && errno == EINVAL)
    ps_local_refuse (error, PS_LOCAL_ERROR_CHANGED, path, N_ ("%s is no symbolic link any more"));
  else if (length < 0)
    ps_local_fail (error, errno, N_ ("Could not read the link %s"), path);
  if (length < 0)
    return NULL;
  target[length] = '\0';
  return g_steal_pointer (&target);
}

uint64_t
ps_local_free_space (PsLocal *self)
{
  struct statvfs vfs;

  /* Some FUSE file systems know no sizes and say 0 of 0. */
  if (fstatvfs (self->root_fd, &vfs) != 0 || vfs.f_blocks == 0)
    return UINT64_MAX;
  return (uint64_t)vfs.f_bavail * vfs.f_frsize;
}

/* Copies by hand where the kernel cannot. Both positions go on from where they are. Returns 0 or an
 * errno, ECANCELED when cancelled. */
static int
copy_blocks (int from, int to, GCancellable *cancellable)
{
  g_autofree char *block = g_malloc (READ_BLOCK);
  gssize got;

  while ((got = read (from, block, READ_BLOCK)) > 0)
    {
      for (gssize done = 0; done < got;)
        {
          gssize put = write (to, block + done, (gsize)(got - done));

          if (put < 0)
            return errno;
          done += put;
        }
      if (g_cancellable_is_cancelled (cancellable))
        return ECANCELED;
    }
  return got < 0 ? errno : 0;
}

static int
copy_content (int from, int to, GCancellable *cancellable)
{
  gboolean begun = FALSE;

  if (ioctl (to, FICLONE, from) == 0)
    return 0;
  for (;;)
    {
      gssize copied = copy_file_range (from, NULL, to, NULL, COPY_BLOCK, 0);

      /* 0 at the very beginning may be a file system that lies about its sizes (/proc). */
      if (copied <= 0 && !begun)
        return copy_blocks (from, to, cancellable);
      if (copied <= 0)
        return copied < 0 ? errno : 0;
      begun = TRUE;
      if (g_cancellable_is_cancelled (cancellable))
        return ECANCELED;
    }
}

gboolean
ps_local_copy_into (PsLocal *self, const char *path, PsLocalTemp *temp, GCancellable *cancellable,
                    GError **error)
{
  PsEntry entry;
  ps_autofd from = ps_local_open_file (self, path, &entry, error);
  int number;

  if (from < 0)
    return FALSE;
  if (ftruncate (temp->fd, 0) != 0 || lseek (temp->fd, 0, SEEK_SET) != 0)
    return ps_local_fail (error, errno, N_ ("Could not write a copy of %s"), path);
  number = copy_content (from, temp->fd, cancellable);
  if (number == ECANCELED && g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  return number == 0 || ps_local_fail (error, number, N_ ("Could not copy %s"), path);
}
