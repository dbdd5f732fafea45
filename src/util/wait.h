/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Waiting on descriptors and on a cancellable at once. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * ps_wait_fds:
 * @fds: (inout): what to wait for, as for poll(); revents are set
 * @n_fds: how many, at most 16
 * @timeout_us: microseconds, -1 for no limit
 *
 * Blocks until a descriptor is ready, the time is over or @cancellable is cancelled. A signal does
 * not end the wait.
 *
 * Returns: the number of ready descriptors, 0 when the time is over, -1 with @error set
 * (G_IO_ERROR_CANCELLED or what poll says)
 */
int ps_wait_fds (GPollFD *fds, guint n_fds, gint64 timeout_us, GCancellable *cancellable,
                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
