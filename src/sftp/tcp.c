/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sftp/tcp.h"

#include "sftp/error.h"
#include "util/autofd.h"
#include "util/limited.h"
#include "util/wait.h"
#include "util/words.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#define MAX_ATTEMPTS 12                        /* addresses tried at once */
#define HEAD_START_US (G_USEC_PER_SEC * 3 / 2) /* of one address before the next is tried too */

/* Connections that are being made, all to the same host. */
typedef struct
{
  int fds[MAX_ATTEMPTS]; /* -1: failed */
  guint n;
  int failure; /* errno of the last one that failed */
} Attempts;

static void
attempts_clear (Attempts *attempts)
{
  for (guint i = 0; i < attempts->n; i++)
    ps_close_fd (&attempts->fds[i]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Attempts, attempts_clear)

static void
attempts_start (Attempts *attempts, GInetAddress *address, int port)
{
  g_autoptr (GSocketAddress) socket_address = g_inet_socket_address_new (address, (guint16)port);
  gssize size = g_socket_address_get_native_size (socket_address);
  g_autofree struct sockaddr *native = g_malloc0 ((gsize)size);
  int fd;

  g_socket_address_to_native (socket_address, native, (gsize)size, NULL);
  fd = socket (native->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0 || (connect (fd, native, (socklen_t)size) != 0 && errno != EINPROGRESS))
    {
      attempts->failure = errno;
      ps_close_fd (&fd);
    }
  attempts->fds[attempts->n++] = fd;
}

static gboolean
attempts_pending (const Attempts *attempts)
{
  for (guint i = 0; i < attempts->n; i++)
    if (attempts->fds[i] >= 0)
      return TRUE;
  return FALSE;
}

/* Looks whether a socket is connected now; a failed one is closed. */
static gboolean
is_connected (Attempts *attempts, guint i)
{
  int failure = 0;
  socklen_t length = sizeof failure;

  if (getsockopt (attempts->fds[i], SOL_SOCKET, SO_ERROR, &failure, &length) != 0)
    failure = errno;
  if (failure == 0)
    return TRUE;
  attempts->failure = failure;
  ps_close_fd (&attempts->fds[i]);
  return FALSE;
}

/* Waits until one is connected, whose descriptor is handed over in *@connected (else -1), or the
 * time is over, or all have failed. */
static gboolean
attempts_wait (Attempts *attempts, gint64 until, int *connected, GCancellable *cancellable,
               GError **error)
{
  *connected = -1;
  while (attempts_pending (attempts))
    {
      gint64 left = until - g_get_monotonic_time ();
      GPollFD fds[MAX_ATTEMPTS];

      if (left <= 0)
        return TRUE;
      for (guint i = 0; i < attempts->n; i++)
        fds[i] = (GPollFD){ .fd = attempts->fds[i], .events = G_IO_OUT };
      if (ps_wait_fds (fds, attempts->n, left, cancellable, error) < 0)
        return FALSE;
      for (guint i = 0; i < attempts->n; i++)
        if (fds[i].fd >= 0 && fds[i].revents != 0 && is_connected (attempts, i))
          {
            *connected = ps_steal_fd (&attempts->fds[i]);
            return TRUE;
          }
    }
  return TRUE;
}

static void
set_failure (const char *name, int port, const Attempts *attempts, guint timeout_s, GError **error)
{
  if (attempts_pending (attempts) || attempts->failure == ETIMEDOUT)
    g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_UNREACHABLE,
                 _ ("%s, port %d, does not answer (waited %u s). Is it switched on, and in this "
                    "network?"),
                 name, port, timeout_s);
  else if (attempts->failure == ECONNREFUSED)
    g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_UNREACHABLE,
                 _ ("%s is there but refuses port %d. Is the SSH server running, and is this its "
                    "port?"),
                 name, port);
  else if (attempts->failure == ENETUNREACH || attempts->failure == EHOSTUNREACH)
    g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_UNREACHABLE,
                 _ ("There is no way to %s from here now: %s. Is this computer online?"), name,
                 g_strerror (attempts->failure));
  else
    g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_UNREACHABLE,
                 _ ("Could not reach %s, port %d: %s"), name, port, g_strerror (attempts->failure));
}

/* Returns: (transfer full) (element-type GInetAddress) */
static GList *
look_up_limited (const char *host, guint timeout_s, GCancellable *cancellable, GError **error)
{
  g_autoptr (GResolver) resolver = g_resolver_get_default ();
  g_autoptr (PsLimited) limited = ps_limited_new (timeout_s, cancellable);
  GList *addresses;

  g_resolver_lookup_by_name_async (resolver, host, ps_limited_cancellable (limited),
                                   ps_limited_done, limited);
  addresses = g_resolver_lookup_by_name_finish (resolver, ps_limited_wait (limited), error);
  if (addresses == NULL && ps_limited_is_over (limited))
    {
      g_clear_error (error);
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, g_strerror (ETIMEDOUT));
    }
  return addresses;
}

/* Returns: (transfer full) (element-type GInetAddress) */
static GList *
look_up (const char *name, const char *host, guint timeout_s, GCancellable *cancellable,
         GError **error)
{
  g_autoptr (GError) cause = NULL;
  GList *addresses = look_up_limited (host, timeout_s, cancellable, &cause);

  if (addresses != NULL)
    return addresses;
  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_propagate_error (error, g_steal_pointer (&cause));
  else if (g_error_matches (cause, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND))
    g_set_error (
        error, PS_SFTP_ERROR, PS_SFTP_ERROR_UNREACHABLE,
        _ ("No computer is known by the name \"%s\". Is the name right, and is this computer "
           "in the right network?"),
        name);
  else
    g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_UNREACHABLE,
                 _ ("The name \"%s\" cannot be looked up now: %s"), name, cause->message);
  return NULL;
}

static void
set_options (int fd)
{
  int yes = 1;

  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  setsockopt (fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
}

int
ps_tcp_connect (const char *name, const char *host, int port, guint timeout_s,
                GCancellable *cancellable, GError **error)
{
  gint64 deadline = g_get_monotonic_time () + timeout_s * G_USEC_PER_SEC;
  g_auto (Attempts) attempts = { .n = 0 };
  GList *addresses = look_up (name, host, timeout_s, cancellable, error);
  gboolean ok = addresses != NULL;
  int fd = -1;

  for (GList *l = addresses; ok && fd < 0 && l != NULL && attempts.n < MAX_ATTEMPTS; l = l->next)
    {
      gint64 until = l->next != NULL ? g_get_monotonic_time () + HEAD_START_US : deadline;

      attempts_start (&attempts, l->data, port);
      ok = attempts_wait (&attempts, MIN (until, deadline), &fd, cancellable, error);
    }
  g_list_free_full (addresses, g_object_unref);
  if (!ok)
    return -1;
  if (fd < 0)
    set_failure (name, port, &attempts, timeout_s, error);
  else
    set_options (fd);
  return fd;
}
