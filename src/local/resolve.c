/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a relative path to a directory fd that certainly lies below the root. Whoever swaps a
 * directory for a symbolic link at whatever moment gets an error, not our writes. */
#include "local/local-private.h"

#include "util/autofd.h"
#include "util/words.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DIR_FLAGS (O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static int
open_beneath (int dir_fd, const char *path, int flags)
{
  /* Without O_NOFOLLOW, by which a link at the end would be ENOTDIR, not ELOOP. */
  struct open_how how = {
    .flags = (guint64)(flags | O_DIRECTORY | O_CLOEXEC),
    .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
  };

  return (int)syscall (SYS_openat2, dir_fd, path, &how, sizeof how);
}

bool
ps_local_probe_openat2 (int fd)
{
  ps_autofd probe = open_beneath (fd, ".", O_PATH);

  return probe >= 0;
}

/* One step of the walk. O_DIRECTORY makes a link ENOTDIR: told apart, since a link is an attack or
 * an accident that must be said, while a file in place of a directory is just a change. */
static int
open_step (int dir_fd, const char *name, int flags)
{
  int fd = openat (dir_fd, name, flags | DIR_FLAGS);
  int saved = errno;
  struct stat st;

  if (fd < 0 && saved == ENOTDIR && fstatat (dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0
      && S_ISLNK (st.st_mode))
    saved = ELOOP;
  errno = saved;
  return fd;
}

static int
walk (int root_fd, const char *dir, int flags)
{
  g_auto (GStrv) names = g_strsplit (dir, "/", -1);
  ps_autofd fd = openat (root_fd, ".", (names[0] != NULL ? O_PATH : flags) | DIR_FLAGS);

  for (gsize i = 0; names[i] != NULL && fd >= 0; i++)
    {
      int next = open_step (fd, names[i], names[i + 1] != NULL ? O_PATH : flags);

      ps_close_fd (&fd);
      fd = next;
    }
  return ps_steal_fd (&fd);
}

int
ps_local_resolve (const PsLocal *self, const char *dir, int flags)
{
  if (*dir != '\0' && !ps_relpath_valid (dir))
    {
      errno = EILSEQ;
      return -1;
    }
  if (self->has_openat2)
    return open_beneath (self->root_fd, *dir != '\0' ? dir : ".", flags);
  return walk (self->root_fd, dir, flags);
}

int
ps_local_open_parent (const PsLocal *self, const char *path, const char **name, GError **error)
{
  g_autofree char *parent = NULL;
  int fd;

  if (!ps_relpath_valid (path))
    {
      ps_local_refuse (error, PS_LOCAL_ERROR_NAME, path,
                       N_ ("%s is no path that can lie in a folder"));
      return -1;
    }
  parent = ps_relpath_parent (path);
  fd = ps_local_resolve (self, parent, O_PATH);
  if (fd < 0)
    ps_local_fail (error, errno, N_ ("Could not open the folder of %s"), path);
  *name = ps_relpath_name (path);
  return fd;
}
