/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loaded into a program by LD_PRELOAD: its disk refuses once to make something durable, as one does
 * that could not write. The file that REFUSE_SYNC names says what: "FUNCTION PATTERN", of the call
 * and of the path that the descriptor is open for. The refusal takes that file away. */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *order_file; /* (nullable) */

/* sshd gives its sessions another environment. */
__attribute__ ((constructor)) static void
remember_file (void)
{
  const char *file = getenv ("REFUSE_SYNC");

  order_file = file != NULL ? strdup (file) : NULL;
}

/* Reads @file as text. Returns: whether it is there. */
static int
read_order (const char *file, char *order, size_t size)
{
  int fd = open (file, O_RDONLY | O_CLOEXEC);
  ssize_t length = fd >= 0 ? read (fd, order, size - 1) : -1;

  if (fd >= 0)
    close (fd);
  if (length < 0)
    return 0;
  order[length] = '\0';
  return 1;
}

static int
path_of (int fd, char *path, size_t size)
{
  char link[64];
  ssize_t length;

  snprintf (link, sizeof link, "/proc/self/fd/%d", fd);
  length = readlink (link, path, size - 1);
  if (length < 0)
    return 0;
  path[length] = '\0';
  return 1;
}

static int
refuses (const char *function, int fd)
{
  char order[4096], path[4096];
  char *pattern;

  if (order_file == NULL || !read_order (order_file, order, sizeof order)
      || !path_of (fd, path, sizeof path))
    return 0;
  pattern = strchr (order, ' ');
  if (pattern == NULL)
    return 0;
  *pattern++ = '\0';
  if (strcmp (order, function) != 0 || fnmatch (pattern, path, 0) != 0 || unlink (order_file) != 0)
    return 0;
  errno = EIO;
  return 1;
}

int
fsync (int fd)
{
  return refuses ("fsync", fd) ? -1 : (int)syscall (SYS_fsync, fd);
}

int
fdatasync (int fd)
{
  return refuses ("fdatasync", fd) ? -1 : (int)syscall (SYS_fdatasync, fd);
}

int
syncfs (int fd)
{
  return refuses ("syncfs", fd) ? -1 : (int)syscall (SYS_syncfs, fd);
}
