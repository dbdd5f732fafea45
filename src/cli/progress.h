/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The progress line as text. Pure: where and when it is drawn is output.c's business. */
#pragma once

#include "engine/status.h"

G_BEGIN_DECLS

/* Returns: (transfer full): what is going on in one line of at most @columns; "" where nothing is
 * to be said. */
char *ps_progress_line (const PsStatus *status, guint columns);

G_END_DECLS
