/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sftp/hostkey.h"

#include "sftp/error.h"
#include "sftp/sshbuf.h"
#include "util/autofd.h"
#include "util/sha256.h"
#include "util/words.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define SSH_PORT 22
#define SHA1_SIZE 20
#define MAX_TYPE 100 /* bytes in the name of a key type */

typedef enum
{
  MARKER_NONE,
  MARKER_REVOKED,
  MARKER_AUTHORITY
} Marker;

typedef struct
{
  Marker marker;
  char *patterns;
  GBytes *key;
  const char *file; /* interned */
  guint line;
} Entry;

struct PsKnownHosts
{
  GPtrArray *entries; /* (element-type Entry) owned, in the order in which they were added */
};

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_free (entry->patterns);
  g_bytes_unref (entry->key);
  g_free (entry);
}

PsKnownHosts *
ps_known_hosts_new (void)
{
  PsKnownHosts *self = g_new0 (PsKnownHosts, 1);

  self->entries = g_ptr_array_new_with_free_func (entry_free);
  return self;
}

void
ps_known_hosts_free (PsKnownHosts *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->entries);
  g_free (self);
}

char *
ps_key_blob_type (GBytes *key)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (key, &size);
  guint32 length;

  if (size < 4)
    return NULL;
  memcpy (&length, data, 4);
  length = GUINT32_FROM_BE (length);
  if (length == 0 || length > MAX_TYPE || length > size - 4)
    return NULL;
  for (guint32 i = 0; i < length; i++)
    if (!g_ascii_isgraph (data[4 + i]))
      return NULL;
  return g_strndup ((const char *)data + 4, length);
}

char *
ps_key_fingerprint (GBytes *key)
{
  g_autoptr (PsSha256) sha256 = ps_sha256_new ();
  g_autofree char *base64 = NULL;
  uint8_t sum[PS_SHA256_SIZE];
  gsize size;
  const void *data = g_bytes_get_data (key, &size);

  ps_sha256_update (sha256, data, size);
  ps_sha256_finish (sha256, sum);
  base64 = g_base64_encode (sum, sizeof sum);
  base64[strcspn (base64, "=")] = '\0';
  return g_strconcat ("SHA256:", base64, NULL);
}

/* Returns: (transfer full): how known_hosts names a host at a port. */
static char *
name_at_port (const char *host, int port)
{
  g_autofree char *lower = g_ascii_strdown (host, -1);

  if (port == SSH_PORT || port == 0)
    return g_steal_pointer (&lower);
  return g_strdup_printf ("[%s]:%d", lower, port);
}

/* "*" stands for anything, "?" for one character; nothing else is special. */
static gboolean
matches_wildcard (const char *pattern, const char *text)
{
  const char *star = NULL, *resume = NULL;

  while (*text != '\0')
    if (*pattern == '*')
      {
        star = pattern++;
        resume = text;
      }
    else if (*pattern == '?' || *pattern == *text)
      {
        pattern++;
        text++;
      }
    else if (star != NULL)
      {
        pattern = star + 1;
        text = ++resume;
      }
    else
      return FALSE;
  while (*pattern == '*')
    pattern++;
  return *pattern == '\0';
}

/* "|1|SALT|HASH": HMAC-SHA1 of the name with the salt. */
static gboolean
matches_hash (const char *pattern, const char *name)
{
  g_auto (GStrv) parts = g_strsplit (pattern, "|", 5);
  g_autofree guchar *salt = NULL;
  g_autofree guchar *expected = NULL;
  g_autoptr (GHmac) hmac = NULL;
  gsize salt_size, expected_size, size = SHA1_SIZE;
  guint8 digest[SHA1_SIZE];

  if (g_strv_length (parts) != 4 || strcmp (parts[1], "1") != 0)
    return FALSE;
  salt = g_base64_decode (parts[2], &salt_size);
  expected = g_base64_decode (parts[3], &expected_size);
  if (salt_size == 0 || expected_size != SHA1_SIZE)
    return FALSE;
  hmac = g_hmac_new (G_CHECKSUM_SHA1, salt, salt_size);
  g_hmac_update (hmac, (const guchar *)name, -1);
  g_hmac_get_digest (hmac, digest, &size);
  return memcmp (digest, expected, SHA1_SIZE) == 0;
}

/* Whether @patterns match the name as it stands. A negated pattern that matches rules all out. */
static gboolean
matches_name (const char *patterns, const char *name)
{
  g_auto (GStrv) list = NULL;
  gboolean found = FALSE;

  if (patterns[0] == '|')
    return matches_hash (patterns, name);
  list = g_strsplit (patterns, ",", -1);
  for (guint i = 0; list[i] != NULL; i++)
    {
      gboolean negated = list[i][0] == '!';
      g_autofree char *pattern = g_ascii_strdown (list[i] + (negated ? 1 : 0), -1);

      if (!matches_wildcard (pattern, name))
        continue;
      if (negated)
        return FALSE;
      found = TRUE;
    }
  return found;
}

gboolean
ps_known_hosts_match (const char *patterns, const char *host, int port)
{
  g_autofree char *name = name_at_port (host, port);

  return matches_name (patterns, name);
}

/* Takes the next word off *@line; NULL at its end. */
static char *
take_word (char **line)
{
  char *word = *line + strspn (*line, " \t");
  gsize length = strcspn (word, " \t");

  if (length == 0)
    return NULL;
  *line = word + length;
  if (**line != '\0')
    *(*line)++ = '\0';
  return word;
}

static gboolean
parse_marker (const char *word, Marker *marker)
{
  if (strcmp (word, "@revoked") == 0)
    *marker = MARKER_REVOKED;
  else if (strcmp (word, "@cert-authority") == 0)
    *marker = MARKER_AUTHORITY;
  else
    return FALSE;
  return TRUE;
}

/* Returns: (transfer full) (nullable): the key of a line, if it is of the type the line says */
static GBytes *
parse_key (const char *type, const char *base64)
{
  g_autoptr (GBytes) key = NULL;
  g_autofree char *real_type = NULL;
  guchar *data;
  gsize size;

  data = g_base64_decode (base64, &size);
  key = g_bytes_new_take (data, size);
  real_type = ps_key_blob_type (key);
  return g_strcmp0 (real_type, type) == 0 ? g_steal_pointer (&key) : NULL;
}

static Entry *
parse_line (char *line)
{
  char *patterns = take_word (&line), *type, *base64;
  Marker marker = MARKER_NONE;
  GBytes *key;
  Entry *entry;

  if (patterns == NULL || patterns[0] == '#')
    return NULL;
  if (patterns[0] == '@')
    {
      if (!parse_marker (patterns, &marker))
        return NULL;
      patterns = take_word (&line);
    }
  type = take_word (&line);
  base64 = take_word (&line);
  if (patterns == NULL || type == NULL || base64 == NULL)
    return NULL;
  key = parse_key (type, base64);
  if (key == NULL)
    return NULL;
  entry = g_new0 (Entry, 1);
  entry->marker = marker;
  entry->patterns = g_strdup (patterns);
  entry->key = key;
  return entry;
}

void
ps_known_hosts_add_text (PsKnownHosts *self, const char *file, const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      Entry *entry;

      lines[i][strcspn (lines[i], "\r")] = '\0';
      entry = parse_line (lines[i]);
      if (entry == NULL)
        continue;
      entry->file = g_intern_string (file);
      entry->line = i + 1;
      g_ptr_array_add (self->entries, entry);
    }
}

gboolean
ps_known_hosts_add_file (PsKnownHosts *self, const char *file, GError **error)
{
  g_autoptr (GError) cause = NULL;
  g_autofree char *text = NULL;

  if (g_file_get_contents (file, &text, NULL, &cause))
    ps_known_hosts_add_text (self, file, text);
  else if (!g_error_matches (cause, G_FILE_ERROR, G_FILE_ERROR_NOENT)
           && !g_error_matches (cause, G_FILE_ERROR, G_FILE_ERROR_NOTDIR))
    {
      g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_SETUP,
                   _ ("The known host keys could not be read: %s"), cause->message);
      return FALSE;
    }
  return TRUE;
}

/* What is asked about a host: its entries are those of name and port, or of the name alone where
 * there are none. */
typedef struct
{
  char *name;
  char *bare; /* (nullable) the name without its port, where that is not the usual one */
} Question;

static void
question_clear (Question *question)
{
  g_free (question->name);
  g_free (question->bare);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Question, question_clear)

static void
question_init (Question *question, const char *host, int port)
{
  question->name = name_at_port (host, port);
  question->bare = port == SSH_PORT || port == 0 ? NULL : name_at_port (host, 0);
}

static gboolean
is_revoked (const PsKnownHosts *self, const Question *question, GBytes *key, char **where)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (self->entries, i);

      if (entry->marker != MARKER_REVOKED || !g_bytes_equal (entry->key, key))
        continue;
      if (!matches_name (entry->patterns, question->name)
          && (question->bare == NULL || !matches_name (entry->patterns, question->bare)))
        continue;
      if (where != NULL)
        *where = g_strdup_printf ("%s:%u", entry->file, entry->line);
      return TRUE;
    }
  return FALSE;
}

/* Looks for @key among the entries of @name. Returns: the entry with it; else *@other is the best
 * one to show as the known key: one of the same type, or the first. */
static const Entry *
find_key (const PsKnownHosts *self, const char *name, GBytes *key, const Entry **other)
{
  g_autofree char *type = ps_key_blob_type (key);
  gboolean same_type = FALSE;

  *other = NULL;
  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (self->entries, i);
      g_autofree char *entry_type = NULL;

      if (entry->marker != MARKER_NONE || !matches_name (entry->patterns, name))
        continue;
      if (g_bytes_equal (entry->key, key))
        return entry;
      entry_type = ps_key_blob_type (entry->key);
      if (*other == NULL || (!same_type && g_strcmp0 (entry_type, type) == 0))
        *other = entry;
      same_type = same_type || g_strcmp0 (entry_type, type) == 0;
    }
  return NULL;
}

PsKnownHostState
ps_known_hosts_check (const PsKnownHosts *self, const char *host, int port, GBytes *key,
                      char **where, GBytes **known)
{
  g_auto (Question) question = { NULL, NULL };
  const Entry *other, *unused;

  question_init (&question, host, port);
  if (is_revoked (self, &question, key, where))
    return PS_KNOWN_HOST_REVOKED;
  if (find_key (self, question.name, key, &other) != NULL)
    return PS_KNOWN_HOST_OK;
  if (other != NULL)
    {
      if (where != NULL)
        *where = g_strdup_printf ("%s:%u", other->file, other->line);
      if (known != NULL)
        *known = g_bytes_ref (other->key);
      return PS_KNOWN_HOST_CHANGED;
    }
  /* The very key of the same name at the usual port is good enough; another one there says nothing:
   * it may be another machine behind the same router. */
  if (question.bare != NULL && find_key (self, question.bare, key, &unused) != NULL)
    return PS_KNOWN_HOST_OK;
  return PS_KNOWN_HOST_NEW;
}

/* Returns: (transfer full): the key with that fingerprint, or one of its type that nobody has */
static GBytes *
key_of_name (const PsKnownHosts *self, const PsKeyName *name)
{
  g_autoptr (GByteArray) none = g_byte_array_new ();

  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (self->entries, i);
      g_autofree char *its = ps_key_fingerprint (entry->key);

      if (strcmp (its, name->fingerprint) == 0)
        return g_bytes_ref (entry->key);
    }
  ps_ssh_put_string (none, name->type, strlen (name->type));
  return g_byte_array_free_to_bytes (g_steal_pointer (&none));
}

PsKnownHostState
ps_known_hosts_check_name (const PsKnownHosts *self, const char *host, int port,
                           const PsKeyName *name, char **where, char **known)
{
  g_autoptr (GBytes) key = key_of_name (self, name);
  g_autoptr (GBytes) known_key = NULL;
  PsKnownHostState state = ps_known_hosts_check (self, host, port, key, where, &known_key);

  if (known_key != NULL)
    *known = ps_key_fingerprint (known_key);
  return state;
}

GBytes *
ps_known_hosts_first_key (const PsKnownHosts *self, const char *host, int port)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (self->entries, i);

      if (entry->marker == MARKER_NONE && ps_known_hosts_match (entry->patterns, host, port))
        return g_bytes_ref (entry->key);
    }
  return NULL;
}

static void
add_types (const PsKnownHosts *self, const char *name, GPtrArray *types)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (self->entries, i);
      g_autofree char *type = ps_key_blob_type (entry->key);

      if (entry->marker == MARKER_NONE && matches_name (entry->patterns, name)
          && !g_ptr_array_find_with_equal_func (types, type, g_str_equal, NULL))
        g_ptr_array_add (types, g_steal_pointer (&type));
    }
}

GPtrArray *
ps_known_hosts_types (const PsKnownHosts *self, const char *host, int port)
{
  g_auto (Question) question = { NULL, NULL };
  GPtrArray *types = g_ptr_array_new_with_free_func (g_free);

  question_init (&question, host, port);
  add_types (self, question.name, types);
  if (types->len == 0 && question.bare != NULL)
    add_types (self, question.bare, types);
  return types;
}

gboolean
ps_known_hosts_has_authority (const PsKnownHosts *self, const char *host, int port)
{
  g_auto (Question) question = { NULL, NULL };

  question_init (&question, host, port);
  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (self->entries, i);

      if (entry->marker == MARKER_AUTHORITY && matches_name (entry->patterns, question.name))
        return TRUE;
    }
  return FALSE;
}

/* What stays of a line of our file when the keys of @name are taken out: all, nothing, or the line
 * with the other names that it has. */
static char *
line_without (const char *line, const char *name)
{
  g_autofree char *copy = g_strdup (line);
  char *rest = copy, *patterns = take_word (&rest);
  g_auto (GStrv) list = NULL;
  g_autoptr (GStrvBuilder) kept = g_strv_builder_new ();
  g_auto (GStrv) others = NULL;
  g_autofree char *joined = NULL;

  if (patterns == NULL || patterns[0] == '#' || patterns[0] == '@'
      || !matches_name (patterns, name))
    return g_strdup (line);
  list = g_strsplit (patterns, ",", -1);
  for (guint i = 0; patterns[0] != '|' && list[i] != NULL; i++)
    if (g_ascii_strcasecmp (list[i], name) != 0)
      g_strv_builder_add (kept, list[i]);
  others = g_strv_builder_end (kept);
  if (others[0] == NULL)
    return NULL;
  joined = g_strjoinv (",", others);
  return g_strconcat (joined, " ", rest, NULL);
}

/* The new text of the file. */
static char *
replace_key (const char *text, const char *name, GBytes *key)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autoptr (GString) result = g_string_new (NULL);
  g_autofree char *type = ps_key_blob_type (key);
  g_autofree char *base64 = NULL;
  gsize size;
  const guchar *data = g_bytes_get_data (key, &size);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_autofree char *kept = line_without (lines[i], name);

      if (kept != NULL && (kept[0] != '\0' || lines[i + 1] != NULL))
        g_string_append_printf (result, "%s\n", kept);
    }
  base64 = g_base64_encode (data, size);
  g_string_append_printf (result, "%s %s %s\n", name, type, base64);
  return g_string_free (g_steal_pointer (&result), FALSE);
}

/* A file that is new or renamed is only safe once its folder is on the disk. */
static gboolean
sync_folder (const char *folder, GError **error)
{
  ps_autofd fd = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd >= 0 && fsync (fd) == 0)
    return TRUE;
  g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_SETUP, _ ("%s could not be made durable: %s"),
               folder, g_strerror (errno));
  return FALSE;
}

gboolean
ps_known_hosts_store (const char *file, const char *host, int port, GBytes *key, GError **error)
{
  g_autofree char *name = name_at_port (host, port);
  g_autofree char *folder = g_path_get_dirname (file);
  g_autofree char *old = NULL, *text = NULL;
  g_autoptr (GError) cause = NULL;

  if (!g_file_get_contents (file, &old, NULL, &cause)
      && g_error_matches (cause, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    {
      g_clear_error (&cause);
      old = g_strdup ("");
      if (g_mkdir_with_parents (folder, 0700) != 0)
        g_set_error (&cause, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s: %s", folder,
                     g_strerror (errno));
    }
  if (cause == NULL)
    {
      text = replace_key (old, name, key);
      g_file_set_contents_full (file, text, -1,
                                G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600,
                                &cause);
    }
  if (cause != NULL)
    {
      g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_SETUP,
                   _ ("The host key could not be remembered: %s"), cause->message);
      return FALSE;
    }
  return sync_folder (folder, error);
}
