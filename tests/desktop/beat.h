/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Watches the main loop: prints "beat N ms" when it stood still for longer than ever before, and
 * "stall N ms" instead where that is longer than a person may notice. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

void beat_start (void);

G_END_DECLS
