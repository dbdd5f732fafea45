/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sftp/agent.h"

#include "sftp/error.h"
#include "sftp/sshbuf.h"
#include "util/words.h"

#include <gio/gunixsocketaddress.h>
#include <string.h>

#define REQUEST_IDENTITIES 11
#define IDENTITIES_ANSWER 12
#define SIGN_REQUEST 13
#define SIGN_RESPONSE 14
#define FLAG_SHA2_256 2
#define FLAG_SHA2_512 4

#define MAX_ANSWER (1024 * 1024)
#define MAX_KEYS 256
#define TIMEOUT_S 10       /* for what needs nobody */
#define SIGN_TIMEOUT_S 120 /* a key may want to be touched or confirmed */

struct PsAgent
{
  GSocketConnection *connection;
};

PsAgent *
ps_agent_new (const char *socket_path, GCancellable *cancellable, GError **error)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (socket_path);
  g_autoptr (GError) cause = NULL;
  GSocketConnection *connection;
  PsAgent *self;

  connection
      = g_socket_client_connect (client, G_SOCKET_CONNECTABLE (address), cancellable, &cause);
  if (connection == NULL)
    {
      g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_SETUP,
                   _ ("The SSH agent at %s does not answer: %s"), socket_path, cause->message);
      return NULL;
    }
  self = g_new0 (PsAgent, 1);
  self->connection = connection;
  return self;
}

void
ps_agent_free (PsAgent *self)
{
  if (self == NULL)
    return;
  g_object_unref (self->connection);
  g_free (self);
}

/* Sends a request and reads its answer, which must be of @type. */
static GByteArray *
ask (PsAgent *self, const GByteArray *request, guint8 type, guint timeout_s,
     GCancellable *cancellable, GError **error)
{
  GIOStream *stream = G_IO_STREAM (self->connection);
  GOutputStream *out = g_io_stream_get_output_stream (stream);
  GInputStream *in = g_io_stream_get_input_stream (stream);
  g_autoptr (GByteArray) message = g_byte_array_new ();
  g_autoptr (GByteArray) answer = g_byte_array_new ();
  guint32 length = 0;
  gsize got = 0;

  g_socket_set_timeout (g_socket_connection_get_socket (self->connection), timeout_s);
  ps_ssh_put_string (message, request->data, request->len);
  if (!g_output_stream_write_all (out, message->data, message->len, NULL, cancellable, error)
      || !g_input_stream_read_all (in, &length, sizeof length, NULL, cancellable, error))
    return NULL;
  length = GUINT32_FROM_BE (length);
  if (length >= 1 && length <= MAX_ANSWER)
    {
      g_byte_array_set_size (answer, length);
      if (!g_input_stream_read_all (in, answer->data, length, &got, cancellable, error))
        return NULL;
      if (got == length && answer->data[0] == type)
        return g_steal_pointer (&answer);
    }
  g_set_error_literal (error, PS_SFTP_ERROR, PS_SFTP_ERROR_SETUP, _ ("The SSH agent refused"));
  return NULL;
}

GPtrArray *
ps_agent_list (PsAgent *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GByteArray) request = g_byte_array_new ();
  g_autoptr (GByteArray) answer = NULL;
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  PsSshReader reader;
  guint32 n;

  ps_ssh_put_u8 (request, REQUEST_IDENTITIES);
  answer = ask (self, request, IDENTITIES_ANSWER, TIMEOUT_S, cancellable, error);
  if (answer == NULL)
    return NULL;
  ps_ssh_reader_init (&reader, answer->data + 1, answer->len - 1);
  n = ps_ssh_read_u32 (&reader);
  for (guint32 i = 0; i < MIN (n, MAX_KEYS); i++)
    {
      GBytes *key = ps_ssh_read_string (&reader);

      g_free (ps_ssh_read_text (&reader)); /* the comment */
      if (key != NULL)
        g_ptr_array_add (keys, key);
    }
  return g_steal_pointer (&keys);
}

static guint32
flags_for (const char *algorithm)
{
  if (strcmp (algorithm, "rsa-sha2-256") == 0)
    return FLAG_SHA2_256;
  return strcmp (algorithm, "rsa-sha2-512") == 0 ? FLAG_SHA2_512 : 0;
}

GBytes *
ps_agent_sign (PsAgent *self, GBytes *key, const char *algorithm, const guint8 *data, gsize length,
               GCancellable *cancellable, GError **error)
{
  g_autoptr (GByteArray) request = g_byte_array_new ();
  g_autoptr (GByteArray) answer = NULL;
  g_autoptr (GBytes) whole = NULL, signature = NULL;
  g_autofree char *got = NULL;
  PsSshReader reader, inner;
  gsize size;
  const void *bytes = g_bytes_get_data (key, &size);

  ps_ssh_put_u8 (request, SIGN_REQUEST);
  ps_ssh_put_string (request, bytes, size);
  ps_ssh_put_string (request, data, length);
  ps_ssh_put_u32 (request, flags_for (algorithm));
  answer = ask (self, request, SIGN_RESPONSE, SIGN_TIMEOUT_S, cancellable, error);
  if (answer == NULL)
    return NULL;
  ps_ssh_reader_init (&reader, answer->data + 1, answer->len - 1);
  whole = ps_ssh_read_string (&reader);
  if (whole != NULL)
    {
      bytes = g_bytes_get_data (whole, &size);
      ps_ssh_reader_init (&inner, bytes, size);
      got = ps_ssh_read_text (&inner);
      signature = ps_ssh_read_string (&inner);
    }
  /* An old agent that does not know the flags answers with SHA-1. */
  if (signature != NULL && g_strcmp0 (got, algorithm) == 0)
    return g_steal_pointer (&signature);
  g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_SETUP, _ ("The SSH agent cannot sign with %s"),
               algorithm);
  return NULL;
}
