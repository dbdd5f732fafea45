/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sftp/askpass.h"

#include "sftp/error.h"
#include "util/autofd.h"
#include "util/wait.h"
#include "util/words.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define HELPER "pisync-askpass"
#define MAX_QUESTION 8192
#define HELPER_TIMEOUT_US (5 * G_USEC_PER_SEC) /* it sends its question at once */

struct PsAskpass
{
  char *folder; /* ours alone */
  char *path;   /* of the socket */
  char *helper;
  int listener;
  int client; /* -1: no question is open */
};

void
ps_askpass_free (PsAskpass *self)
{
  if (self == NULL)
    return;
  ps_close_fd (&self->client);
  ps_close_fd (&self->listener);
  if (self->path != NULL)
    g_unlink (self->path);
  if (self->folder != NULL)
    g_rmdir (self->folder);
  g_free (self->folder);
  g_free (self->path);
  g_free (self->helper);
  g_free (self);
}

/* Where the helper lies. PISYNC_LIBEXECDIR is for running without being installed. */
static char *
find_helper (void)
{
  const char *folder = g_getenv ("PISYNC_LIBEXECDIR");

  return g_build_filename (folder != NULL ? folder : PS_LIBEXECDIR, HELPER, NULL);
}

static char *
make_folder (void)
{
  g_autofree char *template = g_build_filename (g_get_user_runtime_dir (), "pisync-XXXXXX", NULL);

  if (g_mkdtemp (template) != NULL)
    return g_steal_pointer (&template);
  return g_dir_make_tmp ("pisync-XXXXXX", NULL); /* no run-time folder for this user */
}

static gboolean
start_listening (PsAskpass *self)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };

  self->folder = make_folder ();
  if (self->folder == NULL)
    return FALSE;
  self->path = g_build_filename (self->folder, "ask", NULL);
  if (g_strlcpy (address.sun_path, self->path, sizeof address.sun_path) >= sizeof address.sun_path)
    {
      errno = ENAMETOOLONG;
      return FALSE;
    }
  self->listener = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return self->listener >= 0
         && bind (self->listener, (struct sockaddr *)&address, sizeof address) == 0
         && listen (self->listener, 4) == 0;
}

PsAskpass *
ps_askpass_new (GError **error)
{
  g_autoptr (PsAskpass) self = g_new0 (PsAskpass, 1);

  self->client = -1;
  self->listener = -1;
  self->helper = find_helper ();
  if (!g_file_test (self->helper, G_FILE_TEST_IS_EXECUTABLE))
    {
      g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_SETUP,
                   _ ("%s is missing: the installation is not complete"), self->helper);
      return NULL;
    }
  if (!start_listening (self))
    {
      g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_SETUP,
                   _ ("No socket for the questions of ssh could be made: %s"), g_strerror (errno));
      return NULL;
    }
  return g_steal_pointer (&self);
}

char **
ps_askpass_environment (const PsAskpass *self)
{
  char **environment = g_get_environ ();

  environment = g_environ_setenv (environment, "SSH_ASKPASS", self->helper, TRUE);
  environment = g_environ_setenv (environment, "SSH_ASKPASS_REQUIRE", "force", TRUE);
  environment = g_environ_setenv (environment, "PISYNC_ASKPASS_SOCKET", self->path, TRUE);
  /* Before OpenSSH 8.4 only those with a display were asked this way. */
  return g_environ_setenv (environment, "DISPLAY", "none", FALSE);
}

int
ps_askpass_fd (const PsAskpass *self)
{
  return self->listener;
}

static gboolean
is_ours (int fd)
{
  struct ucred peer;
  socklen_t length = sizeof peer;

  return getsockopt (fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && peer.uid == geteuid ();
}

/* The helper sends a letter for the kind, the question, and a NUL. */
static gboolean
read_question (int fd, char *buffer, gsize size)
{
  gsize got = 0;

  while (got < size)
    {
      GPollFD pollfd = { .fd = fd, .events = G_IO_IN };
      gssize n;

      if (ps_wait_fds (&pollfd, 1, HELPER_TIMEOUT_US, NULL, NULL) <= 0)
        return FALSE;
      n = read (fd, buffer + got, size - got);
      if (n <= 0)
        return FALSE;
      got += (gsize)n;
      if (buffer[got - 1] == '\0')
        return got >= 2;
    }
  return FALSE;
}

char *
ps_askpass_take (PsAskpass *self, PsAskpassKind *kind)
{
  char buffer[MAX_QUESTION];

  ps_close_fd (&self->client);
  self->client = accept4 (self->listener, NULL, NULL, SOCK_CLOEXEC);
  if (self->client < 0 || !is_ours (self->client)
      || !read_question (self->client, buffer, sizeof buffer))
    {
      ps_close_fd (&self->client);
      return NULL;
    }
  *kind = buffer[0] == 'c'   ? PS_ASKPASS_CONFIRM
          : buffer[0] == 'n' ? PS_ASKPASS_NOTICE
                             : PS_ASKPASS_TEXT;
  return g_strdup (buffer + 1);
}

void
ps_askpass_answer (PsAskpass *self, const char *answer)
{
  /* "y" and the text, or nothing. It is short: the socket takes it at once. */
  if (answer != NULL && send (self->client, "y", 1, MSG_NOSIGNAL) == 1)
    if (send (self->client, answer, strlen (answer), MSG_NOSIGNAL) < 0)
      g_debug ("the helper has gone: %s", g_strerror (errno));
  ps_close_fd (&self->client);
}
