/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sftp/ssh2-link.h"

#include "sftp/error.h"
#include "util/autofd.h"
#include "util/wait.h"
#include "util/words.h"

#include <errno.h>
#include <glib-unix.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define INPUT_SIZE (256 * 1024)
#define TURN_BUDGET (1024 * 1024)
#define MAX_SENT_KEPT (256 * 1024) /* sent bytes that may stay in front of the buffer */
#define MAX_FREE_TRIES 64
#define PROBE_INTERVAL_S 2 /* the least that libssh2 takes */

/* How far the connection had come. */
typedef struct
{
  gboolean sent;
  guint64 received;
  guint64 delivered; /* bytes that the other side's kernel has acknowledged */
} PsSsh2Probe;

struct PsSsh2Link
{
  LIBSSH2_SESSION *session;
  int fd;          /* -1 when closed */
  GByteArray *out; /* encrypted; at most what libssh2 sends while we let it: see the transport */
  gsize out_start; /* bytes of @out that the kernel already has */
  guint8 *input;   /* INPUT_SIZE bytes */
  gsize input_start, input_end;
  gsize budget;       /* bytes libssh2 may still take in this turn */
  guint64 received;   /* bytes */
  guint64 sent;       /* bytes that the kernel has taken */
  PsSsh2Probe probed; /* as it was when the last probe was sent */
  int broken;         /* errno of the socket, 0 while it is well */
  gboolean eof;       /* the other side closed */
  gpointer data;      /* borrowed */
};

static ssize_t
send_cb (libssh2_socket_t fd, const void *data, size_t length, int flags, void **abstract)
{
  PsSsh2Link *self = *abstract;

  if (self->broken != 0)
    return -self->broken;
  g_byte_array_append (self->out, data, (guint)length);
  return (ssize_t)length;
}

static void
fill_input (PsSsh2Link *self)
{
  ssize_t n;

  do
    n = recv (self->fd, self->input, INPUT_SIZE, 0);
  while (n < 0 && errno == EINTR);
  if (n < 0 && errno != EAGAIN)
    self->broken = errno;
  if (n == 0)
    self->eof = TRUE;
  self->input_start = 0;
  self->input_end = (gsize)MAX (n, 0);
  self->received += self->input_end;
}

static ssize_t
recv_cb (libssh2_socket_t fd, void *buffer, size_t length, int flags, void **abstract)
{
  PsSsh2Link *self = *abstract;
  gsize n;

  if (self->budget == 0 && self->broken == 0)
    return -EAGAIN;
  if (self->input_start == self->input_end && self->broken == 0 && !self->eof)
    fill_input (self);
  if (self->broken != 0)
    return -self->broken;
  n = MIN (MIN (length, self->budget), self->input_end - self->input_start);
  if (n == 0)
    return self->eof ? 0 : -EAGAIN;
  memcpy (buffer, self->input + self->input_start, n);
  self->input_start += n;
  self->budget -= n;
  return (ssize_t)n;
}

static gpointer
init_library (gpointer data)
{
  return GINT_TO_POINTER (libssh2_init (0));
}

PsSsh2Link *
ps_ssh2_link_new (int fd, GError **error)
{
  static GOnce once = G_ONCE_INIT;
  g_autoptr (PsSsh2Link) self = g_new0 (PsSsh2Link, 1);

  self->fd = fd;
  self->out = g_byte_array_new ();
  self->input = g_malloc (INPUT_SIZE);
  self->budget = TURN_BUDGET;
  g_once (&once, init_library, NULL);
  if (GPOINTER_TO_INT (once.retval) != 0
      || (self->session = libssh2_session_init_ex (NULL, NULL, NULL, self)) == NULL)
    {
      g_set_error_literal (error, PS_SFTP_ERROR, PS_SFTP_ERROR_SETUP,
                           _ ("The SSH library (libssh2) could not be started"));
      return NULL;
    }
  g_unix_set_fd_nonblocking (fd, TRUE, NULL);
  libssh2_session_set_blocking (self->session, 0);
  libssh2_session_callback_set (self->session, LIBSSH2_CALLBACK_SEND, (void *)send_cb);
  libssh2_session_callback_set (self->session, LIBSSH2_CALLBACK_RECV, (void *)recv_cb);
  return g_steal_pointer (&self);
}

void
ps_ssh2_link_free (PsSsh2Link *self)
{
  if (self == NULL)
    return;
  ps_ssh2_link_close (self);
  /* With a broken link libssh2 waits for nothing; the limit is for bugs. */
  for (guint i = 0; self->session != NULL && i < MAX_FREE_TRIES; i++)
    if (libssh2_session_free (self->session) != LIBSSH2_ERROR_EAGAIN)
      break;
  g_byte_array_unref (self->out);
  g_free (self->input);
  g_free (self);
}

LIBSSH2_SESSION *
ps_ssh2_link_session (PsSsh2Link *self)
{
  return self->session;
}

static gboolean
send_some (PsSsh2Link *self)
{
  ssize_t n;

  n = send (self->fd, self->out->data + self->out_start, self->out->len - self->out_start,
            MSG_NOSIGNAL);
  if (n < 0 && errno == EINTR)
    return TRUE;
  if (n < 0 && errno != EAGAIN)
    self->broken = errno;
  if (n <= 0)
    return FALSE;
  self->out_start += (gsize)n;
  self->sent += (guint64)n;
  return TRUE;
}

gboolean
ps_ssh2_link_flush (PsSsh2Link *self, GError **error)
{
  while (self->broken == 0 && self->out_start < self->out->len && send_some (self))
    ;
  if (self->out_start == self->out->len || self->out_start > MAX_SENT_KEPT)
    {
      g_byte_array_remove_range (self->out, 0, (guint)self->out_start);
      self->out_start = 0;
    }
  if (self->broken == 0)
    return TRUE;
  g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_LINK, _ ("The connection was lost: %s"),
               g_strerror (self->broken));
  return FALSE;
}

gsize
ps_ssh2_link_queued (const PsSsh2Link *self)
{
  return self->out->len - self->out_start;
}

/* Bytes that were sent and are not acknowledged yet. */
static guint64
in_kernel (const PsSsh2Link *self)
{
  int queued = 0;

  return ioctl (self->fd, SIOCOUTQ, &queued) == 0 ? (guint64)queued : 0;
}

void
ps_ssh2_link_probe (PsSsh2Link *self)
{
  int next = 0;

  libssh2_keepalive_config (self->session, TRUE, PROBE_INTERVAL_S);
  /* It goes by the wall clock: after that was put back nothing is sent for a while. */
  self->probed.sent
      = libssh2_keepalive_send (self->session, &next) == 0 && next == PROBE_INTERVAL_S;
  self->probed.received = self->received;
  self->probed.delivered = self->sent - in_kernel (self);
}

gboolean
ps_ssh2_link_answers (const PsSsh2Link *self)
{
  guint64 under_way = in_kernel (self);

  if (!self->probed.sent || self->received > self->probed.received)
    return TRUE;
  /* On a slow line the probe may still wait behind content, as long as that gets on. */
  return under_way + ps_ssh2_link_queued (self) > 0
         && self->sent - under_way > self->probed.delivered;
}

void
ps_ssh2_link_begin_turn (PsSsh2Link *self)
{
  self->budget = TURN_BUDGET;
}

gboolean
ps_ssh2_link_has_input (const PsSsh2Link *self)
{
  return self->input_start < self->input_end || self->broken != 0;
}

GPollFD
ps_ssh2_link_pollfd (const PsSsh2Link *self)
{
  gushort events = G_IO_IN | (ps_ssh2_link_queued (self) > 0 ? G_IO_OUT : 0);

  return (GPollFD){ .fd = self->fd, .events = events };
}

gboolean
ps_ssh2_link_wait (PsSsh2Link *self, gint64 deadline, GCancellable *cancellable, GError **error)
{
  gint64 left = deadline - g_get_monotonic_time ();
  GPollFD fd;

  if (g_cancellable_set_error_if_cancelled (cancellable, error)
      || !ps_ssh2_link_flush (self, error))
    return FALSE;
  ps_ssh2_link_begin_turn (self);
  if (ps_ssh2_link_has_input (self))
    return TRUE;
  if (left <= 0)
    {
      g_set_error_literal (error, PS_SFTP_ERROR, PS_SFTP_ERROR_UNREACHABLE,
                           _ ("The server does not answer any more (time-out during the login)"));
      return FALSE;
    }
  fd = ps_ssh2_link_pollfd (self);
  return ps_wait_fds (&fd, 1, left, cancellable, error) >= 0;
}

gboolean
ps_ssh2_link_is_lost (const PsSsh2Link *self)
{
  return self->broken != 0 || self->eof;
}

gboolean
ps_ssh2_code_is_broken (int code)
{
  switch (code)
    {
    case LIBSSH2_ERROR_SOCKET_NONE:
    case LIBSSH2_ERROR_SOCKET_SEND:
    case LIBSSH2_ERROR_SOCKET_RECV:
    case LIBSSH2_ERROR_SOCKET_DISCONNECT:
    case LIBSSH2_ERROR_SOCKET_TIMEOUT:
    case LIBSSH2_ERROR_BAD_SOCKET:
    case LIBSSH2_ERROR_TIMEOUT:
    case LIBSSH2_ERROR_INVALID_MAC:
    case LIBSSH2_ERROR_DECRYPT:
    case LIBSSH2_ERROR_ENCRYPT:
    case LIBSSH2_ERROR_PROTO:
    case LIBSSH2_ERROR_OUT_OF_BOUNDARY:
    case LIBSSH2_ERROR_BAD_USE:
      return TRUE;
    default:
      return FALSE;
    }
}

void
ps_ssh2_link_set_error (PsSsh2Link *self, int code, int otherwise, const char *doing,
                        GError **error)
{
  char *text = NULL;

  if (ps_ssh2_link_is_lost (self))
    {
      g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_LINK, "%s: %s", doing,
                   self->broken != 0 ? g_strerror (self->broken)
                                     : _ ("the server closed the connection"));
      return;
    }
  libssh2_session_last_error (self->session, &text, NULL, 0);
  g_set_error (error, PS_SFTP_ERROR, ps_ssh2_code_is_broken (code) ? PS_SFTP_ERROR_LINK : otherwise,
               "%s: %s (libssh2 %d)", doing,
               text != NULL && *text != '\0' ? text : _ ("no reason given"), code);
}

void
ps_ssh2_link_set_data (PsSsh2Link *self, gpointer data)
{
  self->data = data;
}

gpointer
ps_ssh2_link_get_data (PsSsh2Link *self)
{
  return self->data;
}

/* What libssh2 does not know it leaves out of these lists by itself. AES in counter mode with a
 * plain MAC is what every version of it can do at a good speed. */
static const struct
{
  int method;
  const char *list;
} preferences[] = {
  { LIBSSH2_METHOD_KEX,
    "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,"
    "ecdh-sha2-nistp521,diffie-hellman-group-exchange-sha256,diffie-hellman-group16-sha512,"
    "diffie-hellman-group14-sha256" },
  { LIBSSH2_METHOD_CRYPT_CS, "aes128-ctr,aes256-ctr,aes192-ctr" },
  { LIBSSH2_METHOD_CRYPT_SC, "aes128-ctr,aes256-ctr,aes192-ctr" },
  { LIBSSH2_METHOD_MAC_CS, "hmac-sha2-256,hmac-sha2-512" },
  { LIBSSH2_METHOD_MAC_SC, "hmac-sha2-256,hmac-sha2-512" },
};

static void
set_handshake_error (PsSsh2Link *self, int code, GError **error)
{
  if (code == LIBSSH2_ERROR_BANNER_RECV && !ps_ssh2_link_is_lost (self))
    g_set_error_literal (error, PS_SFTP_ERROR, PS_SFTP_ERROR_UNREACHABLE,
                         _ ("What answers there is no SSH server. Is the port right?"));
  else if (ps_ssh2_link_is_lost (self))
    g_set_error_literal (
        error, PS_SFTP_ERROR, PS_SFTP_ERROR_UNREACHABLE,
        _ ("The server closed the connection before the login. It may have too many "
           "connections, or refuse this address for a while"));
  else
    ps_ssh2_link_set_error (self, code, PS_SFTP_ERROR_UNREACHABLE,
                            _ ("No secure connection came about"), error);
}

gboolean
ps_ssh2_link_handshake (PsSsh2Link *self, const char *host_key_types, guint timeout_s,
                        gboolean *no_common, GCancellable *cancellable, GError **error)
{
  gint64 deadline = g_get_monotonic_time () + timeout_s * G_USEC_PER_SEC;
  int code;

  *no_common = FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (preferences); i++)
    libssh2_session_method_pref (self->session, preferences[i].method, preferences[i].list);
  libssh2_session_method_pref (self->session, LIBSSH2_METHOD_HOSTKEY, host_key_types);
  while ((code = libssh2_session_handshake (self->session, self->fd)) == LIBSSH2_ERROR_EAGAIN)
    if (!ps_ssh2_link_wait (self, deadline, cancellable, error))
      return FALSE;
  if (code == 0)
    return TRUE;
  *no_common = !ps_ssh2_link_is_lost (self)
               && (code == LIBSSH2_ERROR_KEX_FAILURE || code == LIBSSH2_ERROR_METHOD_NONE);
  set_handshake_error (self, code, error);
  return FALSE;
}

GBytes *
ps_ssh2_link_host_key (PsSsh2Link *self)
{
  size_t length = 0;
  int type;
  const char *data = libssh2_session_hostkey (self->session, &length, &type);

  return g_bytes_new (data, length);
}

gboolean
ps_ssh2_link_knows_host_key (PsSsh2Link *self, const char *type)
{
  const char **names = NULL;
  int n = libssh2_session_supported_algs (self->session, LIBSSH2_METHOD_HOSTKEY, &names);
  gboolean found = FALSE;

  for (int i = 0; i < n && !found; i++)
    found = strcmp (names[i], type) == 0;
  if (n > 0)
    libssh2_free (self->session, names);
  return found;
}

void
ps_ssh2_link_abort (PsSsh2Link *self)
{
  if (self->broken == 0)
    self->broken = ECONNABORTED;
}

void
ps_ssh2_link_close (PsSsh2Link *self)
{
  if (self->fd < 0)
    return;
  if (self->session != NULL && !ps_ssh2_link_is_lost (self))
    {
      libssh2_session_disconnect (self->session, "bye");
      ps_ssh2_link_flush (self, NULL);
    }
  ps_ssh2_link_abort (self);
  ps_close_fd (&self->fd);
}
