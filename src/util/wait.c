/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "util/wait.h"

#include <errno.h>
#include <poll.h>

#define MAX_FDS 16

/* ppoll that goes on with what is left of the time when a signal interrupts it. */
static int
poll_all (struct pollfd *fds, guint n_fds, gint64 timeout_us)
{
  gint64 end = g_get_monotonic_time () + timeout_us;
  gint64 left = MAX (timeout_us, 0);

  for (;;)
    {
      struct timespec limit
          = { .tv_sec = left / G_USEC_PER_SEC, .tv_nsec = left % G_USEC_PER_SEC * 1000 };
      int ready = ppoll (fds, n_fds, timeout_us < 0 ? NULL : &limit, NULL);

      if (ready >= 0 || errno != EINTR)
        return ready;
      left = MAX (end - g_get_monotonic_time (), 0);
    }
}

int
ps_wait_fds (GPollFD *fds, guint n_fds, gint64 timeout_us, GCancellable *cancellable,
             GError **error)
{
  struct pollfd all[MAX_FDS + 1];
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
  ready = poll_all (all, n_fds + (has_cancel ? 1 : 0), timeout_us);
  saved = errno;
  if (has_cancel)
    g_cancellable_release_fd (cancellable);
  if (ready < 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved), "poll: %s",
                   g_strerror (saved));
      return -1;
    }
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return -1;
  for (guint i = 0; i < n_fds; i++)
    fds[i].revents = ready > 0 ? (gushort)all[i].revents : 0;
  return ready;
}
