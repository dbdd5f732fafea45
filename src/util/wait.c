/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "util/wait.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#define MAX_FDS 16

static void
timespec_from_us (struct timespec *ts, gint64 us)
{
  ts->tv_sec = us / G_USEC_PER_SEC;
  ts->tv_nsec = (us % G_USEC_PER_SEC) * 1000;
}

int
ps_wait_fds (GPollFD *fds, guint n_fds, gint64 timeout_us, GCancellable *cancellable,
             GError **error)
{
  struct pollfd all[MAX_FDS + 1];
  struct timespec limit;
  GPollFD cancel_fd;
  gboolean has_cancel;
  int ready, saved;

  g_return_val_if_fail (n_fds <= MAX_FDS, -1);
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return -1;
  for (guint i = 0; i < n_fds; i++)
    all[i] = (struct pollfd){ .fd = fds[i].fd, .events = (short)fds[i].events };
  has_cancel = cancellable != NULL && g_cancellable_make_pollfd (cancellable, &cancel_fd);
  if (has_cancel)
    all[n_fds] = (struct pollfd){ .fd = cancel_fd.fd, .events = (short)cancel_fd.events };
  timespec_from_us (&limit, MAX (timeout_us, 0));
  ready = ppoll (all, n_fds + (has_cancel ? 1 : 0), timeout_us < 0 ? NULL : &limit, NULL);
  saved = errno;
  if (has_cancel)
    g_cancellable_release_fd (cancellable);
  if (ready < 0 && saved != EINTR)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved), "poll: %s",
                   g_strerror (saved));
      return -1;
    }
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return -1;
  if (ready < 0) /* interrupted by a signal: the caller asks again */
    ready = 0;
  for (guint i = 0; i < n_fds; i++)
    fds[i].revents = ready > 0 ? (gushort)all[i].revents : 0;
  return ready;
}
