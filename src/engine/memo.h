/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small facts that outlive the process: files with one number in the state directory. What cannot
 * be written is not remembered; nothing depends on it. They are written in a thread, in order: a
 * window is being drawn meanwhile, and the disk may be slow. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define PS_MEMO_PAUSED "paused"       /* Unix seconds until when, 0 = until resumed */
#define PS_MEMO_LAST_SYNC "last-sync" /* Unix seconds */

/* FALSE where it is not known. */
gboolean ps_memo_read (const char *state_dir, const char *name, gint64 *number);
void ps_memo_write (const char *state_dir, const char *name, gint64 number);
void ps_memo_forget (const char *state_dir, const char *name);

/* Waits until all are written. Blocks. */
void ps_memo_wait (void);

G_END_DECLS
