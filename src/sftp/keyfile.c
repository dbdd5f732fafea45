/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sftp/keyfile.h"

#include "sftp/error.h"
#include "sftp/hostkey.h"
#include "sftp/sshbuf.h"
#include "util/words.h"

#include <string.h>

#define MAX_KEY_FILE (64 * 1024)
#define OPENSSH_MAGIC "openssh-key-v1" /* with its NUL */

void
ps_key_file_free (PsKeyFile *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->public_key, g_bytes_unref);
  g_clear_pointer (&self->content, g_bytes_unref);
  g_free (self);
}

/* Returns: (transfer full) (nullable): the blob of an "ssh-ed25519 AAAA… comment" line */
static GBytes *
parse_public_line (const char *text)
{
  g_auto (GStrv) words = g_strsplit (text, " ", 3);
  g_autoptr (GBytes) key = NULL;
  g_autofree char *type = NULL;
  guchar *data;
  gsize size;

  if (words[0] == NULL || words[1] == NULL)
    return NULL;
  data = g_base64_decode (words[1], &size);
  key = g_bytes_new_take (data, size);
  type = ps_key_blob_type (key);
  return g_strcmp0 (type, words[0]) == 0 ? g_steal_pointer (&key) : NULL;
}

/* The body of "-----BEGIN OPENSSH PRIVATE KEY-----": magic, cipher, kdf, its options, number of
 * keys, public key, the encrypted rest. */
static gboolean
parse_openssh (PsKeyFile *self, const char *base64)
{
  g_autofree guchar *data = NULL;
  g_autofree char *cipher = NULL;
  GBytes *unused = NULL, *public_key = NULL;
  gsize size;
  PsSshReader reader;
  guint32 n_keys;
  gboolean ok;

  data = g_base64_decode (base64, &size);
  if (size < sizeof OPENSSH_MAGIC || memcmp (data, OPENSSH_MAGIC, sizeof OPENSSH_MAGIC) != 0)
    return FALSE;
  ps_ssh_reader_init (&reader, data + sizeof OPENSSH_MAGIC, size - sizeof OPENSSH_MAGIC);
  cipher = ps_ssh_read_text (&reader);   /* cipher */
  g_free (ps_ssh_read_text (&reader));   /* key derivation */
  unused = ps_ssh_read_string (&reader); /* its options */
  n_keys = ps_ssh_read_u32 (&reader);
  public_key = ps_ssh_read_string (&reader);
  ok = !reader.failed && n_keys == 1;
  if (ok)
    {
      self->encrypted = g_strcmp0 (cipher, "none") != 0;
      g_clear_pointer (&self->public_key, g_bytes_unref);
      self->public_key = g_bytes_ref (public_key);
    }
  g_clear_pointer (&unused, g_bytes_unref);
  g_clear_pointer (&public_key, g_bytes_unref);
  return ok;
}

/* Returns: (transfer full): what is between the two marker lines, white space and all */
static char *
pem_body (const char *begin)
{
  const char *start = strchr (begin, '\n');
  const char *end = start != NULL ? strstr (start, "-----END") : NULL;

  return end != NULL ? g_strndup (start, (gsize)(end - start)) : g_strdup ("");
}

static void
set_kind (PsKeyFile *self)
{
  g_autofree char *type = self->public_key != NULL ? ps_key_blob_type (self->public_key) : NULL;

  if (type == NULL)
    return;
  if (strcmp (type, "ssh-rsa") == 0)
    self->kind = PS_KEY_FILE_RSA;
  else if (g_str_has_prefix (type, "sk-"))
    self->kind = PS_KEY_FILE_HARDWARE;
  else
    self->kind = PS_KEY_FILE_OTHER;
}

PsKeyFile *
ps_key_file_parse (const char *text, const char *public_text)
{
  g_autoptr (PsKeyFile) self = g_new0 (PsKeyFile, 1);
  const char *begin = strstr (text, "-----BEGIN ");
  g_autofree char *body = NULL;

  /* With the NUL behind it: libssh2 1.10 takes the length, and then looks for the NUL all the same.
   */
  self->content = g_bytes_new_take (g_strdup (text), strlen (text));
  self->public_key = public_text != NULL ? parse_public_line (public_text) : NULL;
  set_kind (self);
  if (g_str_has_prefix (text, "PuTTY-User-Key-File"))
    {
      self->kind = PS_KEY_FILE_PUTTY;
      return g_steal_pointer (&self);
    }
  if (begin == NULL)
    {
      g_autoptr (GBytes) key = parse_public_line (text);

      self->kind = PS_KEY_FILE_PUBLIC;
      return key != NULL ? g_steal_pointer (&self) : NULL;
    }
  body = pem_body (begin);
  if (g_str_has_prefix (begin, "-----BEGIN OPENSSH PRIVATE KEY-----"))
    {
      if (!parse_openssh (self, body))
        return NULL;
      set_kind (self);
      return g_steal_pointer (&self);
    }
  if (g_str_has_prefix (begin, "-----BEGIN RSA PRIVATE KEY-----"))
    self->kind = PS_KEY_FILE_RSA;
  self->encrypted = strstr (body, "ENCRYPTED") != NULL
                    || g_str_has_prefix (begin, "-----BEGIN ENCRYPTED PRIVATE KEY-----");
  return g_steal_pointer (&self);
}

/* Says what is wrong with a file that can be read but not used. */
static gboolean
check_usable (const PsKeyFile *self, const char *file, GError **error)
{
  if (self == NULL)
    g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_SETUP, _ ("%s is not a private key"), file);
  else if (self->kind == PS_KEY_FILE_PUTTY)
    g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_SETUP,
                 _ ("%s is a key of PuTTY. Convert it: puttygen %s -O private-openssh -o NEWFILE"),
                 file, file);
  else if (self->kind == PS_KEY_FILE_PUBLIC)
    g_set_error (
        error, PS_SFTP_ERROR, PS_SFTP_ERROR_SETUP,
        _ ("%s is the public half of a key. Name the private one (usually the same without "
           ".pub)"),
        file);
  else
    return TRUE;
  return FALSE;
}

PsKeyFile *
ps_key_file_read (const char *file, GError **error)
{
  g_autofree char *public_file = g_strconcat (file, ".pub", NULL);
  g_autofree char *text = NULL, *public_text = NULL;
  g_autoptr (GError) cause = NULL;
  g_autoptr (PsKeyFile) self = NULL;
  gsize size;

  if (!g_file_get_contents (file, &text, &size, &cause))
    {
      if (g_error_matches (cause, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_SETUP,
                     _ ("The key file %s does not exist. Name another, or make one: pisync-cli "
                        "install-key"),
                     file);
      else
        g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_SETUP,
                     _ ("The key file could not be read: %s"), cause->message);
      return NULL;
    }
  g_file_get_contents (public_file, &public_text, NULL, NULL);
  if (size <= MAX_KEY_FILE)
    self = ps_key_file_parse (text, public_text);
  return check_usable (self, file, error) ? g_steal_pointer (&self) : NULL;
}
