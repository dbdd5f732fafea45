/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/terminal.h"

#include "util/autofd.h"
#include "util/redact.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* A terminal hands out lines of at most 4095 bytes and their end. */
#define MAX_LINE 4096

struct PsTerminal
{
  int fd;
};

/* One question under way. */
typedef struct
{
  PsTerminal *terminal;  /* borrowed */
  gboolean hidden;       /* the modes were changed */
  struct termios before; /* if hidden */
  GSource *input;        /* owned */
  GSource *cancel;       /* (nullable) owned */
} Ask;

PsTerminal *
ps_terminal_take_fd (int fd)
{
  PsTerminal *self = g_new0 (PsTerminal, 1);

  self->fd = fd;
  return self;
}

PsTerminal *
ps_terminal_open (void)
{
  const int fd = open ("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

  return fd != -1 ? ps_terminal_take_fd (fd) : NULL;
}

void
ps_terminal_free (PsTerminal *self)
{
  if (self == NULL)
    return;
  ps_close_fd (&self->fd);
  g_free (self);
}

void
ps_terminal_say (PsTerminal *self, const char *text)
{
  gsize length = strlen (text);

  while (length > 0)
    {
      const ssize_t n = write (self->fd, text, length);

      if (n == -1 && errno == EINTR)
        continue;
      if (n <= 0)
        return;
      text += n;
      length -= n;
    }
}

/* Echo off. Suspending and quitting by key are off as well meanwhile: they would leave the shell
 * with a terminal that shows nothing. */
static void
hide_typing (Ask *ask)
{
  struct termios modes;

  if (tcgetattr (ask->terminal->fd, &ask->before) != 0)
    return;
  modes = ask->before;
  modes.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
  modes.c_cc[VSUSP] = _POSIX_VDISABLE;
  modes.c_cc[VQUIT] = _POSIX_VDISABLE;
  ask->hidden = tcsetattr (ask->terminal->fd, TCSAFLUSH, &modes) == 0;
}

static void
show_typing (Ask *ask)
{
  if (!ask->hidden)
    return;
  ask->hidden = FALSE;
  tcsetattr (ask->terminal->fd, TCSAFLUSH, &ask->before);
  ps_terminal_say (ask->terminal, "\n");
}

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
ask_free (gpointer data)
{
  Ask *ask = data;

  show_typing (ask);
  clear_source (&ask->input);
  clear_source (&ask->cancel);
  g_free (ask);
}

/* Puts everything back before the answer is used. */
static void
end_ask (Ask *ask)
{
  show_typing (ask);
  clear_source (&ask->input);
  clear_source (&ask->cancel);
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  g_autoptr (GTask) task = g_object_ref (G_TASK (data));

  end_ask (g_task_get_task_data (task));
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "Interrupted");
  g_object_unref (task);
  return G_SOURCE_REMOVE;
}

static gboolean
on_input (int fd, GIOCondition condition, gpointer data)
{
  g_autoptr (GTask) task = NULL;
  char *line = g_malloc0 (MAX_LINE + 1);
  ssize_t n = read (fd, line, MAX_LINE);

  if (n == -1 && (errno == EINTR || errno == EAGAIN))
    {
      g_free (line);
      return G_SOURCE_CONTINUE;
    }
  task = G_TASK (data); /* the reference that ask_async () left to the source */
  end_ask (g_task_get_task_data (task));
  if (n <= 0)
    {
      g_free (line);
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CLOSED, "The terminal gave no answer");
      return G_SOURCE_REMOVE;
    }
  line[n] = '\0';
  line[strcspn (line, "\r\n")] = '\0';
  g_task_return_pointer (task, line, (GDestroyNotify)ps_secret_free);
  return G_SOURCE_REMOVE;
}

void
ps_terminal_ask_async (PsTerminal *self, const char *prompt, gboolean echo,
                       GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  Ask *ask = g_new0 (Ask, 1);

  g_return_if_fail (self != NULL);

  ask->terminal = self;
  g_task_set_source_tag (task, ps_terminal_ask_async);
  g_task_set_task_data (task, ask, ask_free);
  g_task_set_check_cancellable (task, FALSE);
  if (!echo)
    hide_typing (ask);
  ps_terminal_say (self, prompt);

  /* Whichever source comes first ends the question and lets go of the task. */
  ask->input = g_unix_fd_source_new (self->fd, G_IO_IN | G_IO_HUP | G_IO_ERR);
  g_source_set_callback (ask->input, G_SOURCE_FUNC (on_input), task, NULL);
  g_source_attach (ask->input, g_task_get_context (task));
  if (cancellable == NULL)
    return;
  ask->cancel = g_cancellable_source_new (cancellable);
  g_source_set_callback (ask->cancel, G_SOURCE_FUNC (on_cancelled), task, NULL);
  g_source_attach (ask->cancel, g_task_get_context (task));
}

char *
ps_terminal_ask_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, ps_terminal_ask_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
