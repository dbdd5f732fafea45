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

static void
close_one (gpointer data, gpointer user_data)
{
  close (GPOINTER_TO_INT (data) - 1); /* a pool takes no NULL */
}

static gpointer
make_closer (gpointer data)
{
  return g_thread_pool_new (close_one, NULL, 1, FALSE, NULL);
}

void
ps_close_fd_behind (int *fd)
{
  static GOnce closer = G_ONCE_INIT;

  if (*fd < 0)
    return;
  g_once (&closer, make_closer, NULL);
  g_thread_pool_push (closer.retval, GINT_TO_POINTER (ps_steal_fd (fd) + 1), NULL);
}
