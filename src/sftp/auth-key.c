/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys are tried in the order in which they are likely to work: those named, by the agent if it
 * holds them, then the files, then whatever else the agent has. Servers count every key offered as
 * a failed attempt and give up after six. */
#include "sftp/auth-key.h"

#include "sftp/agent.h"
#include "sftp/auth.h"
#include "sftp/error.h"
#include "sftp/keyfile.h"
#include "sftp/sshbuf.h"
#include "util/redact.h"
#include "util/words.h"

#include <stdlib.h>
#include <string.h>

#define MAX_OFFERS 5

typedef struct
{
  const PsLogin *login;
  PsSsh2Link *link;
  PsAgent *agent;        /* (nullable) */
  GPtrArray *agent_keys; /* (element-type GBytes) those not tried yet */
  GString *tried;        /* for the message */
  guint offers;
  guint refusals; /* of these, by the server */
  gboolean needs_ssh;
} Keys;

static void
keys_clear (Keys *keys)
{
  ps_agent_free (keys->agent);
  g_clear_pointer (&keys->agent_keys, g_ptr_array_unref);
  g_string_free (keys->tried, TRUE);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Keys, keys_clear)

static gint64
deadline (const Keys *keys)
{
  return g_get_monotonic_time () + keys->login->timeout_s * G_USEC_PER_SEC;
}

static gboolean
wait_more (const Keys *keys, gint64 until, GError **error)
{
  return ps_ssh2_link_wait (keys->link, until, keys->login->cancellable, error);
}

char *
ps_auth_ask (const PsLogin *login, PsSecretRequest *request, GError **error)
{
  const PsLoginPrompts *prompts = login->prompts;
  g_autoptr (GError) cause = NULL;
  char *secret = NULL;

  request->user = login->config->user;
  request->host = login->options->host;
  request->port = login->config->port;
  if (prompts->ask_secret != NULL)
    secret = prompts->ask_secret (request, prompts->data, login->cancellable, &cause);
  if (secret != NULL)
    return secret;
  if (cause != NULL)
    g_propagate_error (error, g_steal_pointer (&cause));
  else
    g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_AUTH,
                 request->kind == PS_SECRET_PASSPHRASE ? _ ("There is no passphrase for %s")
                                                       : _ ("There is no password for %s"),
                 request->subject ?: request->host);
  return NULL;
}

/* libssh2 has the same code for a refusal and for an answer that never came. */
static gboolean
is_unanswered (PsSsh2Link *link)
{
  char *text = NULL;

  libssh2_session_last_error (ps_ssh2_link_session (link), &text, NULL, 0);
  return ps_ssh2_link_is_lost (link) && text != NULL && strstr (text, "aiting for") != NULL;
}

void
ps_auth_blame_refusal (const PsLogin *login, PsSsh2Link *link, GError **error)
{
  if (error == NULL || !ps_sftp_error_is_link (*error) || !ps_ssh2_link_is_lost (link))
    return;
  g_clear_error (error);
  g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_AUTH,
               _ ("%s refused what was tried for %s and closed the connection"),
               login->options->host, login->config->user);
}

PsAuthOutcome
ps_auth_outcome (PsSsh2Link *link, int code, const char *doing, GError **error)
{
  if (code == 0)
    return PS_AUTH_ACCEPTED;
  if (code == LIBSSH2_ERROR_SOCKET_DISCONNECT && !ps_ssh2_link_is_lost (link))
    {
      /* It said so in a message: the line is well. */
      g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_AUTH,
                   _ ("%s: the server refused and ended the connection"), doing);
      return PS_AUTH_FAILED;
    }
  if (is_unanswered (link))
    {
      ps_ssh2_link_set_error (link, code, PS_SFTP_ERROR_LINK, doing, error);
      return PS_AUTH_FAILED;
    }
  if (code == LIBSSH2_ERROR_AUTHENTICATION_FAILED || code == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED
      || code == LIBSSH2_ERROR_METHOD_NOT_SUPPORTED)
    return PS_AUTH_REFUSED;
  ps_ssh2_link_set_error (link, code, PS_SFTP_ERROR_AUTH, doing, error);
  return PS_AUTH_FAILED;
}

/* The same, counted. */
static PsAuthOutcome
key_outcome (Keys *keys, int code, GError **error)
{
  PsAuthOutcome outcome = ps_auth_outcome (keys->link, code, _ ("The login by key failed"), error);

  keys->refusals += outcome == PS_AUTH_REFUSED;
  return outcome;
}

static void
note_tried (Keys *keys, const char *name)
{
  keys->offers++;
  g_string_append_printf (keys->tried, "%s%s", keys->tried->len > 0 ? ", " : "", name);
}

/* One question whether the server would take a key, or one signature by the agent. */
typedef struct
{
  Keys *keys;
  GBytes *key;
  const char *algorithm;
  gboolean probe;
  gboolean asked; /* the server would take the key */
  GError *error;
} Signing;

static int
sign_cb (LIBSSH2_SESSION *session, unsigned char **signature, size_t *signature_length,
         const unsigned char *data, size_t length, void **abstract)
{
  Signing *signing = *abstract;
  g_autoptr (GBytes) result = NULL;
  gsize size;
  const void *bytes;

  signing->asked = TRUE;
  if (signing->probe)
    return -1;
  result = ps_agent_sign (signing->keys->agent, signing->key, signing->algorithm, data, length,
                          signing->keys->login->cancellable, &signing->error);
  if (result == NULL)
    return -1;
  bytes = g_bytes_get_data (result, &size);
  *signature = malloc (size); /* libssh2 frees it */
  memcpy (*signature, bytes, size);
  *signature_length = size;
  return 0;
}

/* The public key as it is to be sent: libssh2 takes the algorithm's name out of the blob, and
 * servers take a blob that begins with an RSA algorithm for an RSA key. */
static GByteArray *
blob_for (GBytes *key, const char *algorithm)
{
  GByteArray *blob = g_byte_array_new ();
  g_autofree char *type = ps_key_blob_type (key);
  gsize size, skip = 4 + strlen (type);
  const guint8 *data = g_bytes_get_data (key, &size);

  ps_ssh_put_string (blob, algorithm, strlen (algorithm));
  g_byte_array_append (blob, data + skip, (guint)(size - skip));
  return blob;
}

static int
run_publickey (Keys *keys, Signing *signing, GError **error)
{
  LIBSSH2_SESSION *session = ps_ssh2_link_session (keys->link);
  g_autoptr (GByteArray) blob = blob_for (signing->key, signing->algorithm);
  void *abstract = signing;
  gint64 until = deadline (keys);
  int code;

  while ((code = libssh2_userauth_publickey (session, keys->login->config->user, blob->data,
                                             blob->len, sign_cb, &abstract))
         == LIBSSH2_ERROR_EAGAIN)
    if (!wait_more (keys, until, error))
      return LIBSSH2_ERROR_EAGAIN;
  return code;
}

/* Returns: the algorithm to sign with, or NULL for keys that only ssh can use */
static const char *
algorithm_for (const char *type)
{
  if (strcmp (type, "ssh-rsa") == 0)
    return "rsa-sha2-256";
  if (g_str_has_prefix (type, "sk-") || strstr (type, "-cert-") != NULL)
    return NULL;
  return g_intern_string (type);
}

static PsAuthOutcome
try_agent_key (Keys *keys, GBytes *key, const char *name, GError **error)
{
  g_autofree char *type = ps_key_blob_type (key);
  const char *algorithm = type != NULL ? algorithm_for (type) : NULL;
  Signing signing = { .keys = keys, .key = key, .algorithm = algorithm };
  g_autoptr (GError) failure = NULL;
  int code;

  if (algorithm == NULL || keys->offers >= MAX_OFFERS)
    {
      keys->needs_ssh = TRUE;
      return PS_AUTH_REFUSED;
    }
  note_tried (keys, name);
  code = run_publickey (keys, &signing, error);
  failure = signing.error;
  if (code == LIBSSH2_ERROR_EAGAIN)
    return PS_AUTH_FAILED;
  if (failure != NULL)
    g_debug ("agent, %s: %s", name, failure->message);
  /* A server that does not know the trick with RSA, or an agent without SHA-2. */
  if (code != 0 && strcmp (type, "ssh-rsa") == 0)
    keys->needs_ssh = TRUE;
  return key_outcome (keys, code, error);
}

/* Asks the server about a key before a person is asked for its passphrase. */
static PsAuthOutcome
probe_key (Keys *keys, GBytes *key, GError **error)
{
  g_autofree char *type = ps_key_blob_type (key);
  Signing signing = { .keys = keys, .key = key, .algorithm = type, .probe = TRUE };
  int code = run_publickey (keys, &signing, error);

  if (code == LIBSSH2_ERROR_EAGAIN)
    return PS_AUTH_FAILED;
  return signing.asked ? PS_AUTH_ACCEPTED : key_outcome (keys, code, error);
}

/* Signs with the key of a file. *@unreadable: the passphrase is wrong, or the file is damaged. */
static PsAuthOutcome
use_key_file (Keys *keys, const PsKeyFile *file, const char *passphrase, gboolean *unreadable,
              GError **error)
{
  LIBSSH2_SESSION *session = ps_ssh2_link_session (keys->link);
  const char *user = keys->login->config->user;
  gint64 until = deadline (keys);
  gsize size;
  const char *data = g_bytes_get_data (file->content, &size);
  int code;

  while ((code = libssh2_userauth_publickey_frommemory (session, user, strlen (user), NULL, 0, data,
                                                        size, passphrase))
         == LIBSSH2_ERROR_EAGAIN)
    if (!wait_more (keys, until, error))
      return PS_AUTH_FAILED;
  *unreadable = code == LIBSSH2_ERROR_FILE || code == LIBSSH2_ERROR_KEYFILE_AUTH_FAILED;
  if (*unreadable)
    return PS_AUTH_REFUSED;
  return key_outcome (keys, code, error);
}

static PsAuthOutcome
try_encrypted_file (Keys *keys, const char *path, const PsKeyFile *file, GError **error)
{
  PsSecretRequest request = { .kind = PS_SECRET_PASSPHRASE, .subject = path };
  const PsLoginPrompts *prompts = keys->login->prompts;
  PsAuthOutcome outcome = PS_AUTH_ACCEPTED;

  if (file->public_key != NULL)
    outcome = probe_key (keys, file->public_key, error);
  if (outcome != PS_AUTH_ACCEPTED)
    return outcome;
  for (; request.attempt < PS_AUTH_MAX_ATTEMPTS; request.attempt++)
    {
      gboolean unreadable;
      ps_autosecret passphrase = ps_auth_ask (keys->login, &request, error);

      if (passphrase == NULL)
        return PS_AUTH_FAILED;
      outcome = use_key_file (keys, file, passphrase, &unreadable, error);
      if (!unreadable && outcome != PS_AUTH_FAILED && prompts->secret_accepted != NULL)
        prompts->secret_accepted (&request, prompts->data);
      if (!unreadable)
        return outcome;
    }
  g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_AUTH,
               _ ("The passphrase of %s was wrong %d times"), path, PS_AUTH_MAX_ATTEMPTS);
  return PS_AUTH_FAILED;
}

static PsAuthOutcome
try_plain_file (Keys *keys, const char *path, const PsKeyFile *file, GError **error)
{
  gboolean unreadable;
  PsAuthOutcome outcome = use_key_file (keys, file, NULL, &unreadable, error);

  if (!unreadable)
    return outcome;
  if (keys->login->config->has_ssh)
    {
      keys->needs_ssh = TRUE;
      return PS_AUTH_REFUSED;
    }
  g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_SETUP,
               _ ("The key file %s is damaged, or of a kind that cannot be read here"), path);
  return PS_AUTH_FAILED;
}

/* Returns: (transfer full) (nullable): the agent's copy of a key, taken off the list */
static GBytes *
take_agent_key (Keys *keys, GBytes *wanted)
{
  for (guint i = 0; keys->agent_keys != NULL && wanted != NULL && i < keys->agent_keys->len; i++)
    if (g_bytes_equal (g_ptr_array_index (keys->agent_keys, i), wanted))
      return g_ptr_array_steal_index (keys->agent_keys, i);
  return NULL;
}

static PsAuthOutcome
try_file (Keys *keys, const char *path, const PsKeyFile *file, GError **error)
{
  g_autoptr (GBytes) agent_key = take_agent_key (keys, file->public_key);
  PsAuthOutcome outcome;

  if (agent_key != NULL)
    {
      outcome = try_agent_key (keys, agent_key, path, error);
      if (outcome != PS_AUTH_REFUSED || file->kind == PS_KEY_FILE_OTHER)
        return outcome;
    }
  if (file->kind == PS_KEY_FILE_RSA || file->kind == PS_KEY_FILE_HARDWARE
      || keys->offers >= MAX_OFFERS)
    {
      keys->needs_ssh = TRUE;
      return PS_AUTH_REFUSED;
    }
  note_tried (keys, path);
  return file->encrypted ? try_encrypted_file (keys, path, file, error)
                         : try_plain_file (keys, path, file, error);
}

static PsAuthOutcome
try_named_file (Keys *keys, GError **error)
{
  const char *path = keys->login->options->keyfile;
  g_autoptr (PsKeyFile) file = ps_key_file_read (path, error);

  return file != NULL ? try_file (keys, path, file, error) : PS_AUTH_FAILED;
}

static PsAuthOutcome
try_configured_files (Keys *keys, GError **error)
{
  PsAuthOutcome outcome = PS_AUTH_REFUSED;

  for (char **path = keys->login->config->identity_files;
       outcome == PS_AUTH_REFUSED && *path != NULL; path++)
    {
      g_autoptr (GError) unusable = NULL;
      g_autoptr (PsKeyFile) file = NULL;

      if (!g_file_test (*path, G_FILE_TEST_EXISTS))
        continue;
      file = ps_key_file_read (*path, &unusable);
      if (file == NULL)
        g_debug ("passed over: %s", unusable->message);
      else
        outcome = try_file (keys, *path, file, error);
    }
  return outcome;
}

static PsAuthOutcome
try_rest_of_agent (Keys *keys, GError **error)
{
  PsAuthOutcome outcome = PS_AUTH_REFUSED;

  for (guint i = 0;
       keys->agent_keys != NULL && outcome == PS_AUTH_REFUSED && i < keys->agent_keys->len; i++)
    {
      GBytes *key = g_ptr_array_index (keys->agent_keys, i);
      g_autofree char *fingerprint = ps_key_fingerprint (key);
      g_autofree char *name = g_strconcat ("agent's ", fingerprint, NULL);

      outcome = try_agent_key (keys, key, name, error);
    }
  return outcome;
}

/* With auth = agent an agent is a must, else it is welcome. */
static gboolean
open_agent (Keys *keys, GError **error)
{
  const char *socket_path = keys->login->config->identity_agent;
  gboolean must = keys->login->options->auth == PS_AUTH_AGENT;
  g_autoptr (GError) cause = NULL;

  if (socket_path != NULL && *socket_path != '\0')
    keys->agent = ps_agent_new (socket_path, keys->login->cancellable, &cause);
  if (keys->agent != NULL)
    keys->agent_keys = ps_agent_list (keys->agent, keys->login->cancellable, &cause);
  if (!must || (keys->agent_keys != NULL && keys->agent_keys->len > 0))
    return TRUE;
  if (cause != NULL)
    g_propagate_error (error, g_steal_pointer (&cause));
  else if (keys->agent != NULL)
    g_set_error_literal (error, PS_SFTP_ERROR, PS_SFTP_ERROR_SETUP,
                         _ ("The SSH agent holds no key. Add one: ssh-add"));
  else
    g_set_error_literal (error, PS_SFTP_ERROR, PS_SFTP_ERROR_SETUP,
                         _ ("No SSH agent is running (SSH_AUTH_SOCK is not set)"));
  return FALSE;
}

static PsAuthOutcome
try_all (Keys *keys, GError **error)
{
  const PsConnectOptions *options = keys->login->options;
  PsAuthOutcome outcome = PS_AUTH_REFUSED;

  if (options->keyfile != NULL)
    return try_named_file (keys, error);
  if (options->auth == PS_AUTH_PUBLICKEY)
    outcome = try_configured_files (keys, error);
  if (outcome == PS_AUTH_REFUSED && !keys->login->config->identities_only)
    outcome = try_rest_of_agent (keys, error);
  return outcome;
}

static void
set_refused_error (const Keys *keys, GError **error)
{
  const char *user = keys->login->config->user, *host = keys->login->options->host;

  if (keys->needs_ssh && !keys->login->config->has_ssh)
    g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_SETUP,
                 _ ("The key is one that only the ssh program can use (RSA or hardware), and it is "
                    "not installed. Install openssh-client, or use an ed25519 key"));
  else if (keys->needs_ssh)
    g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_SETUP,
                 _ ("The key for %s is one that only the ssh program can use"), host);
  else if (keys->tried->len == 0)
    g_set_error (
        error, PS_SFTP_ERROR, PS_SFTP_ERROR_SETUP,
        _ ("There is no key here to log in to %s with. Make one with pisync-cli install-key, "
           "name one as keyfile, or choose auth = password"),
        host);
  else
    g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_AUTH,
                 _ ("%s does not accept for %s any of these keys: %s. Is the public key in "
                    "~/.ssh/authorized_keys of %s there?"),
                 host, user, keys->tried->str, user);
}

PsAuthOutcome
ps_auth_by_key (const PsLogin *login, PsSsh2Link *link, gboolean *needs_ssh, GError **error)
{
  g_auto (Keys) keys = { .login = login, .link = link, .tried = g_string_new (NULL) };
  PsAuthOutcome outcome;

  if (!open_agent (&keys, error))
    return PS_AUTH_FAILED;
  outcome = try_all (&keys, error);
  *needs_ssh = keys.needs_ssh;
  if (outcome == PS_AUTH_FAILED && keys.refusals > 0)
    ps_auth_blame_refusal (login, link, error);
  if (outcome == PS_AUTH_REFUSED)
    set_refused_error (&keys, error);
  return outcome;
}
