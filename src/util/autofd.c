/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "util/autofd.h"

#include <errno.h>
#include <unistd.h>

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
