/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions at the controlling terminal (/dev/tty), whatever standard input and output are. Answers
 * come through the main loop, so that signals are served meanwhile; what was changed in the
 * terminal's modes is undone however a question ends. Main thread; one question at a time. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct PsTerminal PsTerminal;

/* Returns: (transfer full) (nullable): NULL where this process has no terminal. */
PsTerminal *ps_terminal_open (void);
/* The same over a terminal that is open already (tests). @fd is taken over. */
PsTerminal *ps_terminal_take_fd (int fd);
void ps_terminal_free (PsTerminal *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsTerminal, ps_terminal_free)

/* Writes @text, which may have several lines. */
void ps_terminal_say (PsTerminal *self, const char *text);

/**
 * ps_terminal_ask_async:
 * @prompt: printable; what is typed follows it on the same line
 * @echo: whether what is typed may be seen
 *
 * finish returns (transfer full) the line without its end, to be freed with ps_secret_free ();
 * G_IO_ERROR_CANCELLED, or G_IO_ERROR_CLOSED where the terminal ended.
 */
void ps_terminal_ask_async (PsTerminal *self, const char *prompt, gboolean echo,
                            GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data);
char *ps_terminal_ask_finish (GAsyncResult *result, GError **error);

G_END_DECLS
