/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each child talks over one end of a socket pair, so that a write to a dead child is an error and
 * not a signal. Children are addressed by their pid alone and always reaped. */
#include "sftp/transport-process.h"

#include "sftp/error.h"
#include "util/autofd.h"
#include "util/words.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_CHILDREN 8
#define MAX_MESSAGES 8192 /* bytes of standard error that are kept of a child */
#define END_GRACE_MS 1000 /* from TERM to KILL */
#define EXIT_WAIT_MS 200  /* a child that closed its output is about to end */

typedef struct
{
  GPid pid;
  int fd;        /* our end of its standard input and output; -1 when closed */
  int stderr_fd; /* -1 at its end */
  GString *messages;
  gboolean wants_write; /* the last write did not take everything */
  gboolean reaped;
  int status; /* once reaped */
} Child;

typedef struct
{
  PsTransport parent;
  char **argv;         /* const after new */
  char **envp;         /* const after new; NULL: ours */
  guint max_channels;  /* const after new */
  guint opened;        /* channels handed out: children 0 … opened - 1 */
  GPtrArray *children; /* (element-type Child) owned */
} ProcessTransport;

static void
drain_messages (Child *child)
{
  char buffer[1024];
  gssize n;

  while (child->stderr_fd >= 0)
    {
      n = read (child->stderr_fd, buffer, sizeof buffer);
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0 && errno == EAGAIN)
        return;
      if (n <= 0)
        {
          ps_close_fd (&child->stderr_fd);
          return;
        }
      g_string_append_len (child->messages, buffer, n);
      if (child->messages->len > MAX_MESSAGES)
        g_string_erase (child->messages, 0, child->messages->len - MAX_MESSAGES);
    }
}

/* Waits at most @timeout_ms for the child to end and reaps it. */
static gboolean
reap (Child *child, int timeout_ms)
{
  ps_autofd pidfd = -1;
  struct pollfd pfd;

  if (child->reaped)
    return TRUE;
  if (timeout_ms > 0)
    {
      pidfd = (int)syscall (SYS_pidfd_open, child->pid, 0);
      pfd = (struct pollfd){ .fd = pidfd, .events = POLLIN };
      if (pidfd >= 0)
        while (poll (&pfd, 1, timeout_ms) < 0 && errno == EINTR)
          ;
    }
  child->reaped = waitpid (child->pid, &child->status, WNOHANG) == child->pid;
  return child->reaped;
}

static void
child_end (Child *child)
{
  ps_close_fd (&child->fd);
  ps_close_fd (&child->stderr_fd);
  if (!reap (child, 0))
    kill (child->pid, SIGTERM);
}

static void
child_free (gpointer data)
{
  Child *child = data;

  child_end (child);
  if (!reap (child, END_GRACE_MS))
    {
      kill (child->pid, SIGKILL);
      while (waitpid (child->pid, &child->status, 0) < 0 && errno == EINTR)
        ;
    }
  g_string_free (child->messages, TRUE);
  g_free (child);
}

/* What ssh says in good weather too. */
static gboolean
is_chatter (const char *line)
{
  return *line == '\0' || g_str_has_prefix (line, "Authenticated to")
         || g_str_has_prefix (line, "Transferred:") || g_str_has_prefix (line, "Bytes per second:");
}

/* What the child last said, for a person. */
static char *
last_line (const char *messages)
{
  g_auto (GStrv) lines = g_strsplit (messages, "\n", -1);

  for (guint i = g_strv_length (lines); i > 0; i--)
    if (!is_chatter (g_strstrip (lines[i - 1])))
      return g_strescape (lines[i - 1], NULL);
  return NULL;
}

static void
set_ended_error (ProcessTransport *self, Child *child, GError **error)
{
  g_autofree char *said = NULL;

  reap (child, EXIT_WAIT_MS);
  drain_messages (child);
  said = last_line (child->messages->str);
  if (strstr (child->messages->str, "subsystem request failed") != NULL)
    g_set_error_literal (
        error, PS_SFTP_ERROR, PS_SFTP_ERROR_NO_SFTP,
        _ ("The server accepted the login but offers no SFTP (no \"Subsystem sftp\" "
           "in its sshd_config)"));
  else if (said != NULL)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED, _ ("%s ended: %s"), self->argv[0], said);
  else
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED, _ ("%s ended"), self->argv[0]);
}

/* Out of our terminal: an interrupt there is for us, and no password is asked there. Runs between
 * fork and exec. */
static void
leave_terminal (gpointer data)
{
  setsid ();
}

static gboolean
spawn (ProcessTransport *self, GError **error)
{
  g_autoptr (GError) cause = NULL;
  ps_autofd ours = -1;
  ps_autofd theirs = -1;
  int pair[2], stderr_fd;
  Child *child;
  GPid pid;

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
    {
      g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_SETUP, "Could not start %s: socketpair: %s",
                   self->argv[0], g_strerror (errno));
      return FALSE;
    }
  ours = pair[0];
  theirs = pair[1];
  if (!g_spawn_async_with_pipes_and_fds (
          NULL, (const char *const *)self->argv, (const char *const *)self->envp,
          G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_CLOEXEC_PIPES, leave_terminal,
          NULL, theirs, theirs, -1, NULL, NULL, 0, &pid, NULL, NULL, &stderr_fd, &cause))
    {
      g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_SETUP, _ ("Could not start %s: %s"),
                   self->argv[0], cause->message);
      return FALSE;
    }
  g_unix_set_fd_nonblocking (stderr_fd, TRUE, NULL);
  g_unix_set_fd_nonblocking (ours, TRUE, NULL);
  child = g_new0 (Child, 1);
  child->pid = pid;
  child->fd = ps_steal_fd (&ours);
  child->stderr_fd = stderr_fd;
  child->messages = g_string_new (NULL);
  g_ptr_array_add (self->children, child);
  return TRUE;
}

static int
process_open_channel (PsTransport *transport, GError **error)
{
  ProcessTransport *self = (ProcessTransport *)transport;

  if (self->opened == self->max_channels)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                   "This transport has no more than %u channels", self->max_channels);
      return -1;
    }
  if (self->opened == self->children->len && !spawn (self, error))
    return -1;
  return (int)self->opened++;
}

static Child *
get_child (ProcessTransport *self, int channel, GError **error)
{
  Child *child;

  g_return_val_if_fail (channel >= 0 && (guint)channel < self->opened, NULL);
  child = g_ptr_array_index (self->children, channel);
  if (child->fd < 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, _ ("The connection was closed"));
      return NULL;
    }
  return child;
}

static gssize
process_write (PsTransport *transport, int channel, const void *data, gsize length, GError **error)
{
  ProcessTransport *self = (ProcessTransport *)transport;
  Child *child = get_child (self, channel, error);
  gssize n;

  if (child == NULL)
    return -1;
  do
    n = send (child->fd, data, length, MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  if (n < 0 && errno != EAGAIN)
    {
      set_ended_error (self, child, error);
      return -1;
    }
  n = MAX (n, 0);
  child->wants_write = (gsize)n < length;
  return n;
}

static gssize
process_read (PsTransport *transport, int channel, void *buffer, gsize length, GError **error)
{
  ProcessTransport *self = (ProcessTransport *)transport;
  Child *child = get_child (self, channel, error);
  gssize n;

  if (child == NULL)
    return -1;
  drain_messages (child);
  do
    n = read (child->fd, buffer, length);
  while (n < 0 && errno == EINTR);
  if (n < 0 && errno == EAGAIN)
    return 0;
  if (n <= 0)
    {
      set_ended_error (self, child, error);
      return -1;
    }
  return n;
}

static gboolean
process_flush (PsTransport *transport, GError **error)
{
  return TRUE;
}

static gsize
process_queued (PsTransport *transport)
{
  return 0;
}

static guint
process_get_fds (PsTransport *transport, GPollFD *fds, guint max)
{
  ProcessTransport *self = (ProcessTransport *)transport;
  guint n = 0;

  for (guint i = 0; i < self->children->len; i++)
    {
      const Child *child = g_ptr_array_index (self->children, i);
      gushort events = G_IO_IN | (child->wants_write ? G_IO_OUT : 0);

      if (child->fd >= 0 && n < max)
        fds[n++] = (GPollFD){ .fd = child->fd, .events = events };
      if (child->stderr_fd >= 0 && n < max)
        fds[n++] = (GPollFD){ .fd = child->stderr_fd, .events = G_IO_IN };
    }
  return n;
}

static void
process_close (PsTransport *transport)
{
  ProcessTransport *self = (ProcessTransport *)transport;

  for (guint i = 0; i < self->children->len; i++)
    child_end (g_ptr_array_index (self->children, i));
}

static void
process_free (PsTransport *transport)
{
  ProcessTransport *self = (ProcessTransport *)transport;

  process_close (transport); /* all are told to end before the first is waited for */
  g_ptr_array_unref (self->children);
  g_strfreev (self->argv);
  g_strfreev (self->envp);
  g_free (self);
}

static const PsTransportClass process_class = {
  .open_channel = process_open_channel,
  .write = process_write,
  .read = process_read,
  .flush = process_flush,
  .queued = process_queued,
  .get_fds = process_get_fds,
  .close = process_close,
  .free = process_free,
};

PsTransport *
ps_transport_process_new_with_environment (const char *const *argv, const char *const *envp,
                                           guint max_channels, GError **error)
{
  ProcessTransport *self;

  g_return_val_if_fail (argv != NULL && argv[0] != NULL, NULL);
  g_return_val_if_fail (max_channels >= 1 && max_channels <= MAX_CHILDREN, NULL);
  self = g_new0 (ProcessTransport, 1);
  self->parent.klass = &process_class;
  self->argv = g_strdupv ((char **)argv);
  self->envp = g_strdupv ((char **)envp);
  self->max_channels = max_channels;
  self->children = g_ptr_array_new_with_free_func (child_free);
  return &self->parent;
}

PsTransport *
ps_transport_process_new (const char *const *argv, guint max_channels, GError **error)
{
  return ps_transport_process_new_with_environment (argv, NULL, max_channels, error);
}

gboolean
ps_transport_process_start (PsTransport *transport, GError **error)
{
  ProcessTransport *self = (ProcessTransport *)transport;

  g_return_val_if_fail (transport->klass == &process_class, FALSE);
  return self->children->len > 0 || spawn (self, error);
}

const char *
ps_transport_process_messages (PsTransport *transport)
{
  ProcessTransport *self = (ProcessTransport *)transport;
  Child *child;

  g_return_val_if_fail (transport->klass == &process_class, "");
  if (self->children->len == 0)
    return "";
  child = g_ptr_array_index (self->children, 0);
  drain_messages (child);
  return child->messages->str;
}

gboolean
ps_transport_process_has_ended (PsTransport *transport, int *status)
{
  ProcessTransport *self = (ProcessTransport *)transport;
  Child *child;

  g_return_val_if_fail (transport->klass == &process_class, TRUE);
  *status = 0;
  if (self->children->len == 0)
    return TRUE;
  child = g_ptr_array_index (self->children, 0);
  if (!reap (child, 0))
    return FALSE;
  *status = child->status;
  return TRUE;
}
