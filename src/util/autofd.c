/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "util/autofd.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

#define ENOUGH_FILES 8192 /* of several pairs */

void
ps_close_fd (int *fd)
{
  int saved = errno;

  if (*fd >= 0)
    close (*fd);
  *fd = -1;
  errno = saved;
}

int
ps_steal_fd (int *fd)
{
  int stolen = *fd;

  *fd = -1;
  return stolen;
}

void
ps_raise_file_limit (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= ENOUGH_FILES)
    return;
  limit.rlim_cur = MIN (limit.rlim_max, ENOUGH_FILES);
  if (setrlimit (RLIMIT_NOFILE, &limit) != 0)
    g_debug ("the limit of open files stays as it is");
}
