/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pisync-askpass: what ssh runs when it has a question. Hands the question to the PiSync that
 * started ssh, over the private socket named in PISYNC_ASKPASS_SOCKET, and prints the answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_ANSWER 4096

static int
connect_to (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  if (fd < 0 || strlen (path) >= sizeof address.sun_path)
    return -1;
  memcpy (address.sun_path, path, strlen (path));
  return connect (fd, (struct sockaddr *)&address, sizeof address) == 0 ? fd : -1;
}

static int
send_all (int fd, const char *data, size_t length)
{
  while (length > 0)
    {
      ssize_t n = send (fd, data, length, MSG_NOSIGNAL);

      if (n <= 0)
        return -1;
      data += n;
      length -= (size_t)n;
    }
  return 0;
}

/* Reads to the end. Returns: how much there was */
static size_t
read_answer (int fd, char *buffer, size_t size)
{
  size_t got = 0;
  ssize_t n;

  while (got < size && (n = read (fd, buffer + got, size - got)) > 0)
    got += (size_t)n;
  return got;
}

int
main (int argc, char **argv)
{
  const char *path = getenv ("PISYNC_ASKPASS_SOCKET");
  const char *hint = getenv ("SSH_ASKPASS_PROMPT");
  const char *question = argc > 1 ? argv[1] : "";
  const char *kind = hint == NULL                    ? "t"
                     : strcmp (hint, "confirm") == 0 ? "c"
                     : strcmp (hint, "none") == 0    ? "n"
                                                     : "t";
  char answer[MAX_ANSWER];
  size_t length;
  int fd, ok;

  if (path == NULL || (fd = connect_to (path)) < 0)
    {
      fprintf (stderr, "pisync-askpass: ssh runs this program; it is of no use by itself\n");
      return 1;
    }
  if (send_all (fd, kind, 1) != 0 || send_all (fd, question, strlen (question) + 1) != 0)
    return 1;
  length = read_answer (fd, answer, sizeof answer - 1);
  ok = length > 0 && answer[0] == 'y';
  if (ok)
    {
      answer[length++] = '\n';
      ok = write (STDOUT_FILENO, answer + 1, length - 1) == (ssize_t)(length - 1);
    }
  explicit_bzero (answer, sizeof answer);
  return ok ? 0 : 1;
}
