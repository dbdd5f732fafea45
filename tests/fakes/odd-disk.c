/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loaded into a server by LD_PRELOAD: its file system has no hard links (unless ODD_DISK_LINKS is
 * set), with ODD_DISK_FAT it is like FAT, mounted with a mask of modes (every file is executable,
 * whatever chmod says; times are even seconds; some characters are refused),
 * with ODD_DISK_READ_ONLY nothing new can be written, it takes ODD_DISK_SYNC
 * seconds to make anything durable, and right after a marker was opened for the first time another
 * device replaces it by what lies beside it as root.next. */
#undef _FILE_OFFSET_BITS /* else open () would be another function */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MARKER "/.pisync/root"

int link (const char *from, const char *to);

int
link (const char *from, const char *to)
{
  if (getenv ("ODD_DISK_LINKS") != NULL)
    return linkat (AT_FDCWD, from, AT_FDCWD, to, 0);
  errno = EPERM;
  return -1;
}

static int
like_fat (int result, struct stat *st)
{
  if (result != 0 || getenv ("ODD_DISK_FAT") == NULL)
    return result;
  st->st_mode |= 0111;
  st->st_mtim.tv_sec &= ~(time_t)1;
  st->st_mtim.tv_nsec = 0;
  return 0;
}

int
stat (const char *restrict path, struct stat *restrict st)
{
  return like_fat (fstatat (AT_FDCWD, path, st, 0), st);
}

int
lstat (const char *restrict path, struct stat *restrict st)
{
  return like_fat (fstatat (AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW), st);
}

int
fstat (int fd, struct stat *st)
{
  return like_fat (fstatat (fd, "", st, AT_EMPTY_PATH), st);
}

int
statvfs (const char *restrict path, struct statvfs *restrict st)
{
  int fd = openat (AT_FDCWD, path, O_PATH | O_CLOEXEC);
  int result = fd < 0 ? -1 : fstatvfs (fd, st);

  if (result == 0 && getenv ("ODD_DISK_READ_ONLY") != NULL)
    st->f_flag |= ST_RDONLY;
  if (fd >= 0)
    close (fd);
  return result;
}

int
fsync (int fd)
{
  const char *seconds = getenv ("ODD_DISK_SYNC");

  if (seconds != NULL)
    usleep ((useconds_t)(atof (seconds) * 1e6));
  return fdatasync (fd);
}

static void
replace_marker (const char *path)
{
  size_t length = strlen (path);
  char next[4096];

  if (length < strlen (MARKER) || strcmp (path + length - strlen (MARKER), MARKER) != 0)
    return;
  if (snprintf (next, sizeof next, "%s.next", path) < (int)sizeof next)
    (void)!rename (next, path);
}

int
open (const char *path, int flags, ...)
{
  mode_t mode = 0;
  va_list more;
  int fd;

  va_start (more, flags);
  if ((flags & O_CREAT) != 0)
    mode = va_arg (more, mode_t);
  va_end (more);
  if (getenv ("ODD_DISK_READ_ONLY") != NULL && (flags & O_CREAT) != 0)
    {
      errno = EROFS;
      return -1;
    }
  if (getenv ("ODD_DISK_FAT") != NULL && strpbrk (path, "<>:\"|?*\\") != NULL)
    {
      errno = EINVAL;
      return -1;
    }
  fd = openat (AT_FDCWD, path, flags, mode);
  replace_marker (path);
  return fd;
}
