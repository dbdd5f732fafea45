/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file descriptor that closes itself at the end of its scope (g_autofd needs GLib 2.80). */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Closes *@fd if it is not -1 and sets it to -1; errno is kept. */
void ps_close_fd (int *fd);

/* Returns *@fd and leaves -1 behind, so that the caller now owns it. */
int ps_steal_fd (int *fd);

/* As ps_close_fd (), in a thread and some time: the last descriptor of a removed file of a gigabyte
 * frees all that it took up, for which nobody has to wait. */
void ps_close_fd_behind (int *fd);

/* Every directory that is listed and every file that is transferred takes a descriptor, and the
 * usual soft limit of 1,024 is a heritage of select (). For main (). */
void ps_raise_file_limit (void);

#define ps_autofd __attribute__ ((cleanup (ps_close_fd))) int

G_END_DECLS
