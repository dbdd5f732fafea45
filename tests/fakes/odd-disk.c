/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loaded into a server by LD_PRELOAD: its file system has no hard links (unless ODD_DISK_LINKS is
 * set), with ODD_DISK_FAT it is like FAT, mounted with a mask of modes (every file is executable,
 * whatever chmod says; times are even seconds; some characters are refused), with ODD_DISK_CASE it
 * does not tell cases apart and behaves as Linux does on vfat, exfat and ext4 with case folding (a
 * rename from one case to another is one of a file onto itself), with ODD_DISK_READ_ONLY nothing
 * new can be written, it takes ODD_DISK_SYNC seconds to make anything durable, and right after a
 * marker was opened for the first time another device replaces it by what lies beside it as
 * root.next. */
#undef _FILE_OFFSET_BITS /* else open () would be another function */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MARKER "/.pisync/root"
#define PATH_SIZE 4096

/* What the file system calls @path: every part of it in the case in which it is there, if it is.
 * @found has room for PATH_SIZE bytes. */
static const char *
resolve (const char *path, char *found)
{
  char *part;

  if (getenv ("ODD_DISK_CASE") == NULL || strlen (path) >= PATH_SIZE)
    return path;
  memcpy (found, path, strlen (path) + 1);
  for (part = found + (*path == '/'); *part != '\0';)
    {
      size_t length = strcspn (part, "/");
      char after = part[length], before = *part;
      struct dirent *entry;
      DIR *dir;

      *part = '\0';
      dir = fdopendir (openat (AT_FDCWD, *found != '\0' ? found : ".", O_RDONLY | O_CLOEXEC));
      *part = before;
      while (dir != NULL && (entry = readdir (dir)) != NULL)
        if (strlen (entry->d_name) == length && strncasecmp (entry->d_name, part, length) == 0)
          memcpy (part, entry->d_name, length);
      if (dir != NULL)
        closedir (dir);
      part += length + (after == '/');
    }
  return found;
}

int link (const char *from, const char *to);

int
link (const char *from, const char *to)
{
  char real_from[PATH_SIZE], real_to[PATH_SIZE];

  if (getenv ("ODD_DISK_LINKS") != NULL)
    return linkat (AT_FDCWD, resolve (from, real_from), AT_FDCWD, resolve (to, real_to), 0);
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
  char real[PATH_SIZE];

  return like_fat (fstatat (AT_FDCWD, resolve (path, real), st, 0), st);
}

int
lstat (const char *restrict path, struct stat *restrict st)
{
  char real[PATH_SIZE];

  return like_fat (fstatat (AT_FDCWD, resolve (path, real), st, AT_SYMLINK_NOFOLLOW), st);
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
rename (const char *from, const char *to)
{
  char real_from[PATH_SIZE], real_to[PATH_SIZE];

  return renameat (AT_FDCWD, resolve (from, real_from), AT_FDCWD, resolve (to, real_to));
}

int
unlink (const char *path)
{
  char real[PATH_SIZE];

  return unlinkat (AT_FDCWD, resolve (path, real), 0);
}

int
mkdir (const char *path, mode_t mode)
{
  char real[PATH_SIZE];

  return mkdirat (AT_FDCWD, resolve (path, real), mode);
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
  char next[PATH_SIZE];

  if (length < strlen (MARKER) || strcmp (path + length - strlen (MARKER), MARKER) != 0)
    return;
  if (snprintf (next, sizeof next, "%s.next", path) < (int)sizeof next)
    (void)!rename (next, path);
}

int
open (const char *path, int flags, ...)
{
  char real[PATH_SIZE];
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
  fd = openat (AT_FDCWD, resolve (path, real), flags, mode);
  replace_marker (path);
  return fd;
}
