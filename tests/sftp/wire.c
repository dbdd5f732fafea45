/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sftp/wire.h"

#include "fakes/test-util.h"
#include "sftp/connect.h"
#include "sftp/transport-process.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SOURCE_TIME G_GINT64_CONSTANT (1700000000)

static PsTransport *
start_server (const char *const *argv, guint channels)
{
  g_autoptr (GError) error = NULL;
  PsTransport *transport = ps_transport_process_new (argv, channels, &error);

  g_assert_no_error (error);
  return transport;
}

static Wire *
wire_over (PsTransport *transport, const char *dir, const char *device)
{
  Wire *self = g_new0 (Wire, 1);
  g_autoptr (GError) error = NULL;
  PsRemoteOptions options = { .root = dir, .device = device, .fsync = TRUE, .stall_timeout_s = 20 };

  self->remote = ps_remote_new (transport, &options, NULL, &error);
  g_assert_no_error (error);
  return self;
}

Wire *
wire_new_full (const char *dir, const char *flags, guint channels, const char *device)
{
  g_autofree char *command = g_strdup_printf (WIRE_SERVER " -e -u 0022 %s", flags);
  g_auto (GStrv) argv = NULL;

  g_assert_true (g_shell_parse_argv (command, NULL, &argv, NULL));
  return wire_over (start_server ((const char *const *)argv, channels), dir, device);
}

static char *
make_dir (void)
{
  char *dir = ps_test_dir_new ();
  g_autofree char *own = g_build_filename (dir, PS_OWN_DIR, "tmp", NULL);
  g_autofree char *versions = g_build_filename (dir, PS_OWN_DIR, "versions", NULL);

  g_assert_no_errno (g_mkdir_with_parents (own, 0755));
  g_assert_no_errno (g_mkdir_with_parents (versions, 0755));
  return dir;
}

Wire *
wire_new (const char *flags)
{
  char *dir = make_dir ();
  Wire *self = wire_new_full (dir, flags, 8, "laptop");

  self->dir = dir;
  return self;
}

Wire *
wire_new_shell (const char *command, guint channels)
{
  char *dir = make_dir ();
  g_auto (GStrv) parts = g_strsplit (command, "%s", -1);
  g_autofree char *script = g_strjoinv (dir, parts);
  const char *argv[] = { "sh", "-c", script, NULL };
  Wire *self = wire_over (start_server (argv, channels), dir, "laptop");

  self->dir = dir;
  return self;
}

Wire *
wire_new_second (const Wire *first, const char *flags)
{
  return wire_new_full (first->dir, flags, 8, "desktop");
}

void
wire_free (Wire *self)
{
  ps_remote_free (self->remote);
  if (self->dir != NULL)
    ps_test_dir_free (self->dir);
  g_free (self);
}

static gboolean
trust (const PsHostKeyInfo *info, gpointer data, GCancellable *cancellable, GError **error)
{
  return TRUE;
}

static PsRemote *
connect_full (PsTestSshd *sshd, int port, gboolean durable, guint stall_timeout_s)
{
  g_autofree char *known = g_build_filename (ps_test_sshd_dir (sshd), "known", NULL);
  g_autofree char *key = ps_test_sshd_user_key (sshd, "ed25519");
  PsConnectOptions options = { .host = "127.0.0.1",
                               .port = port,
                               .user = ps_test_sshd_user (sshd),
                               .keyfile = key,
                               .known_hosts = known };
  PsLoginPrompts prompts = { .confirm_host_key = trust };
  PsRemoteOptions remote_options = { .root = ps_test_sshd_remote_files (sshd),
                                     .device = "laptop",
                                     .fsync = durable,
                                     .stall_timeout_s = stall_timeout_s };
  g_autoptr (GError) error = NULL;
  PsTransport *transport = ps_sftp_connect (&options, &prompts, NULL, &error);
  PsRemote *remote;

  g_assert_no_error (error);
  remote = ps_remote_new (transport, &remote_options, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (wire_prepare (remote, NULL, NULL, &error));
  return remote;
}

PsRemote *
wire_connect (PsTestSshd *sshd, int port, gboolean durable)
{
  return connect_full (sshd, port, durable, 0);
}

PsRemote *
wire_connect_stall (PsTestSshd *sshd, int port, guint stall_timeout_s)
{
  return connect_full (sshd, port, TRUE, stall_timeout_s);
}

gboolean
wire_prepare (PsRemote *remote, const char *known_caps, char **caps_text, GError **error)
{
  bool known = ps_remote_prepare_begin (remote, known_caps);

  g_assert_cmpint (known, ==, known_caps != NULL);
  return ps_remote_prepare_end (remote, caps_text, NULL, error);
}

void
wire_result_clear (WireResult *self)
{
  g_clear_error (&self->error);
  g_clear_pointer (&self->kept_at, g_free);
  g_clear_pointer (&self->target, g_free);
  g_clear_pointer (&self->bytes, g_bytes_unref);
}

void
wire_done (const PsRemoteResult *result, gpointer user_data)
{
  WireResult *self = user_data;

  g_assert_false (self->done);
  self->done = true;
  self->error = result->error != NULL ? g_error_copy (result->error) : NULL;
  self->entry = result->entry;
  self->displaced = result->displaced;
  self->kept_at = g_strdup (result->kept_at);
  self->displaced_other = result->displaced_other;
  self->has_hash = result->has_hash;
  memcpy (self->sha256, result->sha256, sizeof self->sha256);
  self->target = g_strdup (result->target);
  self->bytes = result->bytes != NULL ? g_bytes_ref (result->bytes) : NULL;
  self->wire = result->wire;
}

void
wire_wait (Wire *self, WireResult *result)
{
  g_autoptr (GError) error = NULL;

  while (!result->done)
    if (!ps_remote_step (self->remote, -1, NULL, &error))
      g_assert_true (result->done);
}

void
wire_wait_all (Wire *self)
{
  g_autoptr (GError) error = NULL;

  while (ps_remote_outstanding (self->remote) > 0)
    {
      gboolean stepped = ps_remote_step (self->remote, -1, NULL, &error);

      g_assert_no_error (error);
      g_assert_true (stepped);
    }
}

PsListing *
wire_list (Wire *self, const char *dir)
{
  g_autoptr (GError) error = NULL;
  PsLister lister = ps_remote_lister (self->remote);
  PsListing *listing;

  lister.klass->request (lister.self, dir);
  listing = lister.klass->next (lister.self, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (listing);
  return listing;
}

PsEntry
wire_stat (Wire *self, const char *path)
{
  g_auto (WireResult) result = { 0 };

  ps_remote_stat_async (self->remote, path, wire_done, &result);
  wire_wait (self, &result);
  g_assert_no_error (result.error);
  return result.entry;
}

char *
wire_path (const Wire *self, const char *path)
{
  return g_build_filename (self->dir, path, NULL);
}

void
wire_write (const Wire *self, const char *path, const char *text)
{
  g_autofree char *file = wire_path (self, path);
  g_autofree char *dir = g_path_get_dirname (file);
  g_autoptr (GError) error = NULL;

  g_assert_no_errno (g_mkdir_with_parents (dir, 0755));
  g_file_set_contents (file, text, -1, &error);
  g_assert_no_error (error);
}

char *
wire_read (const Wire *self, const char *path)
{
  g_autofree char *file = wire_path (self, path);
  char *text = NULL;

  g_file_get_contents (file, &text, NULL, NULL);
  return text;
}

bool
wire_exists (const Wire *self, const char *path)
{
  g_autofree char *file = wire_path (self, path);
  struct stat st;

  return lstat (file, &st) == 0;
}

guint
wire_count (const Wire *self, const char *dir)
{
  g_autofree char *path = wire_path (self, dir);
  g_autoptr (GDir) opened = g_dir_open (path, 0, NULL);
  guint n = 0;

  while (opened != NULL && g_dir_read_name (opened) != NULL)
    n++;
  return n;
}

int
wire_local (const void *data, gsize length, guint seed)
{
  g_autofree char *name = g_strdup ("/tmp/ps-wire-XXXXXX");
  g_autofree uint8_t *pattern = g_malloc (length + 1);
  int fd = g_mkstemp (name);

  g_assert_cmpint (fd, >=, 0);
  g_assert_no_errno (unlink (name));
  if (data != NULL)
    memcpy (pattern, data, length);
  else
    for (gsize i = 0; i < length; i++)
      {
        seed = seed * 1103515245u + 12345u;
        pattern[i] = (uint8_t)(seed >> 16);
      }
  for (gsize done = 0; done < length;)
    {
      gssize n = pwrite (fd, pattern + done, length - done, (off_t)done);

      g_assert_cmpint (n, >, 0);
      done += (gsize)n;
    }
  return fd;
}

PsEntry
wire_source (gsize length)
{
  return (PsEntry){ .kind = PS_KIND_FILE, .size = length, .mtime = SOURCE_TIME * 1000000000 };
}
