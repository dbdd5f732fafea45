/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long to wait before the next attempt. Pure. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Returns: milliseconds to wait before attempt number @attempt (1 = first retry): 1, 2, 4 … 60
 * seconds, plus up to a quarter more by
 * @random (0 … 1), so that a household's devices do not come back all at once. */
guint ps_backoff_ms (guint attempt, double random);

G_END_DECLS
