/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sftp/installkey.h"

#include "sftp/remote-private.h"
#include "sftp/waited.h"
#include "util/limited.h"
#include "util/words.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#define FOLDER ".ssh"
#define FILE_NAME ".ssh/authorized_keys"
#define MAX_FILE (4 * 1024 * 1024)
#define OPEN_APPEND 0x04
#define MODE_OTHERS_WRITE 022
#define KEYGEN_S 60 /* making a key is a matter of milliseconds */

/* --- The key pair --- */

static gboolean
run_keygen (const char *const *argv, char **output, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) cause = NULL;
  g_autoptr (GSubprocess) process = NULL;
  g_autofree char *messages = NULL;

  process = g_subprocess_newv (argv,
                               G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE
                                   | G_SUBPROCESS_FLAGS_STDIN_PIPE,
                               &cause);
  if (process == NULL)
    {
      g_set_error (
          error, PS_SFTP_ERROR, PS_SFTP_ERROR_SETUP,
          _ ("A key is made by the program ssh-keygen, which cannot be started: %s. Install "
             "openssh-client"),
          cause->message);
      return FALSE;
    }
  if (!ps_limited_communicate (process, "", KEYGEN_S, output, &messages, cancellable, error))
    return FALSE;
  if (g_subprocess_get_successful (process))
    return TRUE;
  g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_SETUP, _ ("No key could be made: %s"),
               g_strstrip (messages));
  return FALSE;
}

static gboolean
make_key (const char *file, const char *comment, GCancellable *cancellable, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (file);
  g_autofree char *output = NULL;
  const char *argv[]
      = { "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", file, NULL };

  if (g_mkdir_with_parents (folder, 0700) != 0)
    {
      g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_SETUP, _ ("%s cannot be made: %s"), folder,
                   g_strerror (errno));
      return FALSE;
    }
  return run_keygen (argv, &output, cancellable, error);
}

/* What stands in the .pub file, or is worked out from the key. */
static char *
public_line (const char *file, GCancellable *cancellable, GError **error)
{
  g_autofree char *public_file = g_strconcat (file, ".pub", NULL);
  const char *argv[] = { "ssh-keygen", "-y", "-P", "", "-f", file, NULL };
  char *line = NULL;

  if (!g_file_get_contents (public_file, &line, NULL, NULL)
      && !run_keygen (argv, &line, cancellable, error))
    return NULL;
  return g_strstrip (line);
}

char *
ps_key_ensure (const char *file, const char *comment, GCancellable *cancellable, GError **error)
{
  if (!g_file_test (file, G_FILE_TEST_EXISTS) && !make_key (file, comment, cancellable, error))
    return NULL;
  return public_line (file, cancellable, error);
}

/* --- What is asked of the server, beyond what the remote folder needs --- */

enum
{
  TAG_OPEN,
  TAG_WRITE,
  TAG_SYNC,
  TAG_CLOSE,
  TAG_LOOK,
  TAG_SET
};

typedef struct
{
  PsOp op;
  GBytes *text;
  uint64_t offset; /* of the end of the file */
  PsHandle handle;
} AppendOp;

static bool
has_room (PsOp *op)
{
  return ps_client_has_room (op->remote->client, 0);
}

static void
on_appended (PsOp *op, const PsReply *reply, guint tag)
{
  if (tag != TAG_SYNC) /* a server that cannot make it durable has it all the same */
    ps_op_check (op, reply);
}

static void
write_text (PsOp *op)
{
  AppendOp *self = (AppendOp *)op;
  gsize length;
  const void *text = g_bytes_get_data (self->text, &length);

  ps_op_expect (op, on_appended, NULL);
  memcpy (ps_request_write_begin (op, &self->handle, self->offset, (uint32_t)length), text, length);
  ps_request_write_end (op, (uint32_t)length, true, TAG_WRITE);
  if (op->remote->caps.fsync)
    ps_request_fsync (op, &self->handle, TAG_SYNC);
  ps_request_handle (op, PS_FXP_CLOSE, &self->handle, TAG_CLOSE);
  self->handle.open = false;
}

static void
on_opened (PsOp *op, const PsReply *reply, guint tag)
{
  AppendOp *self = (AppendOp *)op;

  ps_handle_take (op, &self->handle, 0, reply);
}

/* Opens for appending, so that nothing that is there can be lost, whatever others do meanwhile. */
static void
begin_append (PsOp *op)
{
  GByteArray *out;

  ps_op_expect (op, on_opened, write_text);
  out = ps_client_begin (op->remote->client, 0, PS_FXP_OPEN);
  ps_packet_string (out, op->path);
  ps_packet_u32 (out, PS_OPEN_WRITE | PS_OPEN_CREATE | OPEN_APPEND);
  ps_packet_attrs (out, &(PsAttrs){ .flags = PS_ATTR_PERMISSIONS, .permissions = 0600 });
  ps_op_sent (op, (PsCost){ 0 }, TAG_OPEN);
}

static void
clear_append (PsOp *op)
{
  g_bytes_unref (((AppendOp *)op)->text);
}

static const PsOpClass append_class = {
  .failure = N_ ("Could not add the key to %s"),
  .writes = true,
  .can_begin = has_room,
  .begin = begin_append,
  .clear = clear_append,
  .size = sizeof (AppendOp),
};

static void
on_folder (PsOp *op, const PsReply *reply, guint tag)
{
  ps_op_check (op, reply);
}

static void
begin_folder (PsOp *op)
{
  GByteArray *out;

  ps_op_expect (op, on_folder, NULL);
  out = ps_client_begin (op->remote->client, 0, PS_FXP_MKDIR);
  ps_packet_string (out, op->path);
  ps_packet_attrs (out, &(PsAttrs){ .flags = PS_ATTR_PERMISSIONS, .permissions = 0700 });
  ps_op_sent (op, (PsCost){ 0 }, TAG_SET);
}

static const PsOpClass folder_class = {
  .failure = N_ ("Could not make %s"),
  .can_begin = has_room,
  .begin = begin_folder,
  .size = sizeof (PsOp),
};

typedef struct
{
  PsOp op;
  uint32_t permissions;
} TightenOp;

static void
on_tightened (PsOp *op, const PsReply *reply, guint tag)
{
  ps_op_check (op, reply);
}

static void
tighten (PsOp *op)
{
  const PsAttrs attrs
      = { .flags = PS_ATTR_PERMISSIONS,
          .permissions = ((TightenOp *)op)->permissions & 07777 & ~(uint32_t)MODE_OTHERS_WRITE };

  ps_op_expect (op, on_tightened, NULL);
  if (((TightenOp *)op)->permissions & MODE_OTHERS_WRITE)
    ps_request_setstat (op, op->path, &attrs, TAG_SET);
}

static void
on_permissions (PsOp *op, const PsReply *reply, guint tag)
{
  if (ps_op_check_type (op, reply, PS_FXP_ATTRS))
    ((TightenOp *)op)->permissions = reply->attrs.permissions;
}

static void
begin_tighten (PsOp *op)
{
  ps_op_expect (op, on_permissions, tighten);
  ps_request_raw_path (op, 0, PS_FXP_STAT, op->path, TAG_LOOK);
}

static const PsOpClass tighten_class = {
  .failure = N_ ("Could not set the permissions of %s"),
  .can_begin = has_room,
  .begin = begin_tighten,
  .size = sizeof (TightenOp),
};

/* --- Step by step --- */

typedef struct
{
  PsRemote *remote;
  const char *line;
  GCancellable *cancellable;
} Install;

static gboolean
run_simple (const Install *self, const PsOpClass *klass, const char *path, GError **error)
{
  g_auto (PsWaited) done = { 0 };

  ps_op_new (self->remote, klass, PS_QUEUE_CONTROL, path, ps_waited_done, &done);
  return ps_waited_wait (&done, self->remote, self->cancellable, error);
}

static void
set_out_of_reach (const Install *self, const char *why, GError **error)
{
  g_set_error (
      error, PS_SFTP_ERROR, PS_SFTP_ERROR_DENIED,
      _ ("The key cannot be installed from here: %s. Have this line added to the account's "
         "authorized_keys on the server:\n%s"),
      why, self->line);
}

static gboolean
is_there (const Install *self, const char *path, gboolean *there, GError **error)
{
  g_auto (PsWaited) found = { 0 };

  ps_remote_stat_async (self->remote, path, ps_waited_done, &found);
  if (!ps_waited_wait (&found, self->remote, self->cancellable, error))
    return FALSE;
  *there = found.entry.kind != PS_KIND_ABSENT;
  return TRUE;
}

/* Makes ~/.ssh where it is missing. An account whose home is "/" is confined to a folder: what it
 * would make there is not what sshd reads. */
static gboolean
ensure_folder (const Install *self, GError **error)
{
  g_autoptr (GError) cause = NULL;
  g_autofree char *home = NULL;
  gboolean there;

  home = ps_remote_real_path (self->remote, "", self->cancellable, error);
  if (home == NULL || !is_there (self, FOLDER, &there, error))
    return FALSE;
  if (there)
    return TRUE;
  if (strcmp (home, "/") == 0)
    {
      set_out_of_reach (self, _ ("this account is confined to a folder of the server"), error);
      return FALSE;
    }
  if (run_simple (self, &folder_class, FOLDER, &cause))
    return TRUE;
  if (g_error_matches (cause, PS_SFTP_ERROR, PS_SFTP_ERROR_DENIED))
    set_out_of_reach (self, _ ("this account may not make the folder .ssh in its home"), error);
  else
    g_propagate_error (error, g_steal_pointer (&cause));
  return FALSE;
}

/* Returns: (transfer full): the content of authorized_keys, empty where there is none */
static GBytes *
read_file (const Install *self, GError **error)
{
  g_auto (PsWaited) got = { 0 };
  g_autoptr (GError) cause = NULL;
  gboolean there;

  if (!is_there (self, FILE_NAME, &there, error))
    return NULL;
  if (!there)
    return g_bytes_new_static ("", 0);
  ps_remote_read_async (self->remote, FILE_NAME, 0, MAX_FILE, ps_waited_done, &got);
  if (ps_waited_wait (&got, self->remote, self->cancellable, &cause))
    return g_bytes_ref (got.bytes);
  if (g_error_matches (cause, PS_SFTP_ERROR, PS_SFTP_ERROR_DENIED))
    set_out_of_reach (self, _ ("this account may not read its authorized_keys"), error);
  else
    g_propagate_error (error, g_steal_pointer (&cause));
  return NULL;
}

/* Whether the key itself is in the file, with whatever options and comment. */
static gboolean
has_key (GBytes *content, const char *line)
{
  g_auto (GStrv) words = g_strsplit (line, " ", 3);
  gsize length;
  const char *text = g_bytes_get_data (content, &length);
  g_autofree char *copy = g_strndup (text != NULL ? text : "", length);
  g_auto (GStrv) lines = g_strsplit (copy, "\n", -1);
  g_autofree char *key = NULL;

  if (words[0] == NULL || words[1] == NULL)
    return FALSE;
  key = g_strconcat (words[0], " ", words[1], NULL);
  for (guint i = 0; lines[i] != NULL; i++)
    if (g_strstrip (lines[i])[0] != '#' && strstr (lines[i], key) != NULL)
      return TRUE;
  return FALSE;
}

static gboolean
append_line (const Install *self, GBytes *before, GError **error)
{
  g_auto (PsWaited) done = { 0 };
  g_autoptr (GError) cause = NULL;
  gsize length;
  const char *text = g_bytes_get_data (before, &length);
  const char *gap = length > 0 && text[length - 1] != '\n' ? "\n" : "";
  char *added = g_strconcat (gap, self->line, "\n", NULL);
  AppendOp *op;

  op = ps_op_new (self->remote, &append_class, PS_QUEUE_CONTROL, FILE_NAME, ps_waited_done, &done);
  op->text = g_bytes_new_take (added, strlen (added));
  op->offset = length;
  if (ps_waited_wait (&done, self->remote, self->cancellable, &cause))
    return TRUE;
  if (g_error_matches (cause, PS_SFTP_ERROR, PS_SFTP_ERROR_DENIED))
    set_out_of_reach (self, _ ("this account may not write its authorized_keys"), error);
  else
    g_propagate_error (error, g_steal_pointer (&cause));
  return FALSE;
}

/* What was there must still be there, and the key too. */
static gboolean
check_result (const Install *self, GBytes *before, GError **error)
{
  g_autoptr (GBytes) after = read_file (self, error);
  gsize length_before, length_after;
  const void *text_before, *text_after;

  if (after == NULL)
    return FALSE;
  text_before = g_bytes_get_data (before, &length_before);
  text_after = g_bytes_get_data (after, &length_after);
  if (length_after >= length_before
      && (length_before == 0 || memcmp (text_before, text_after, length_before) == 0)
      && has_key (after, self->line))
    return TRUE;
  g_set_error (
      error, PS_SFTP_ERROR, PS_SFTP_ERROR_CHANGED,
      _ ("authorized_keys was changed by someone else at the same moment. Look at it on the "
         "server, and try again"));
  return FALSE;
}

gboolean
ps_sftp_install_key (PsRemote *remote, const char *line, GCancellable *cancellable, GError **error)
{
  const Install self = { .remote = remote, .line = line, .cancellable = cancellable };
  g_autoptr (GBytes) before = NULL;

  ps_remote_set_root (remote, "");
  if (!ensure_folder (&self, error))
    return FALSE;
  before = read_file (&self, error);
  if (before == NULL)
    return FALSE;
  if (!has_key (before, line)
      && (!append_line (&self, before, error) || !check_result (&self, before, error)))
    return FALSE;
  return run_simple (&self, &tighten_class, FOLDER, error)
         && run_simple (&self, &tighten_class, FILE_NAME, error);
}

gboolean
ps_sftp_prove_key (const PsConnectOptions *options, const char *file, const char *line,
                   const PsLoginPrompts *prompts, GCancellable *cancellable, GError **error)
{
  PsConnectOptions with_key = *options;
  g_autoptr (PsTransport) transport = NULL;
  g_autoptr (GError) cause = NULL;

  with_key.auth = PS_AUTH_PUBLICKEY;
  with_key.keyfile = file;
  with_key.accept_changed = FALSE;
  transport = ps_sftp_connect (&with_key, prompts, cancellable, &cause);
  if (transport != NULL)
    return TRUE;
  if (g_error_matches (cause, PS_SFTP_ERROR, PS_SFTP_ERROR_AUTH))
    g_set_error (
        error, PS_SFTP_ERROR, PS_SFTP_ERROR_DENIED,
        _ ("The key was added, but the server does not accept it: it seems to read another "
           "file (the account may be confined to a folder), or to allow no keys. Have this "
           "line added to the account's authorized_keys on the server:\n%s\n(%s)"),
        line, cause->message);
  else
    g_propagate_error (error, g_steal_pointer (&cause));
  return FALSE;
}
