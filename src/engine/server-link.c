/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/server-link.h"

#include "engine/error.h"
#include "engine/prompts.h"
#include "engine/roots.h"
#include "local/local.h"
#include "sftp/installkey.h"
#include "sftp/remote.h"
#include "util/autofd.h"
#include "util/words.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct PsServerLink
{
  PsConfig *config;
  char *fingerprint; /* (nullable) */
  gboolean accept_changed;
  PsMailbox *mailbox;
  PsPrompts prompts;
  PsRemote *remote; /* (nullable) once connected */
};

PsServerLink *
ps_server_link_new (const PsConfig *config, const char *fingerprint, gboolean accept_changed,
                    PsMailbox *mailbox)
{
  PsServerLink *self = g_new0 (PsServerLink, 1);

  self->config = ps_config_copy (config);
  self->fingerprint = g_strdup (fingerprint);
  self->accept_changed = accept_changed;
  self->mailbox = ps_mailbox_ref (mailbox);
  ps_prompts_init (&self->prompts, self->config, self->mailbox);
  return self;
}

void
ps_server_link_free (PsServerLink *self)
{
  if (self == NULL)
    return;
  ps_remote_free (self->remote);
  ps_prompts_clear (&self->prompts);
  ps_mailbox_unref (self->mailbox);
  ps_config_free (self->config);
  g_free (self->fingerprint);
  g_free (self);
}

/* Hands @own (transfer full) on in the owner's terms. */
static void
hand_on (GError **error, GError *own)
{
  g_propagate_error (error, ps_engine_error_translate (own));
}

static PsConnectOptions
options_with (const PsServerLink *self, const char *known_hosts)
{
  return (PsConnectOptions){
    .host = self->config->host,
    .port = (int)self->config->port,
    .user = self->config->user,
    .auth = self->config->auth,
    .keyfile = self->config->keyfile,
    .transport = self->config->transport,
    .known_hosts = known_hosts,
    .fingerprint = self->fingerprint,
    .accept_changed = self->accept_changed,
  };
}

static PsTransport *
log_in (PsServerLink *self, GCancellable *cancellable, GError **error)
{
  g_autofree char *known_hosts = ps_config_known_hosts_file ();
  const PsLoginPrompts prompts = ps_prompts_port (&self->prompts);
  const PsConnectOptions options = options_with (self, known_hosts);

  return ps_sftp_connect (&options, &prompts, cancellable, error);
}

gboolean
ps_server_link_connect (PsServerLink *self, GCancellable *cancellable, GError **error)
{
  const PsRemoteOptions options
      = { .root = "", .device = self->config->device, .fsync = self->config->fsync };
  GError *own = NULL;
  PsTransport *transport;

  g_clear_pointer (&self->remote, ps_remote_free);
  transport = log_in (self, cancellable, &own);
  if (transport != NULL)
    self->remote = ps_remote_new (transport, &options, cancellable, &own);
  if (self->remote != NULL)
    return TRUE;
  hand_on (error, own);
  return FALSE;
}

static gboolean
is_connected (PsServerLink *self, GError **error)
{
  if (self->remote != NULL)
    return TRUE;
  g_set_error (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_FAILED, _ ("There is no connection to %s"),
               self->config->host);
  return FALSE;
}

/* Listing. */

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

static GPtrArray *
names_of_dirs (const PsListing *listing)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < listing->entries->len; i++)
    {
      const PsDirEntry *entry = &g_array_index (listing->entries, PsDirEntry, i);

      if (entry->entry.kind == PS_KIND_DIR && g_utf8_validate (entry->name, -1, NULL))
        g_ptr_array_add (names, g_strdup (entry->name));
    }
  g_ptr_array_sort (names, compare_names);
  return names;
}

static PsListing *
list_root (PsServerLink *self, const char *path, GCancellable *cancellable, GError **error)
{
  PsLister lister = ps_remote_lister (self->remote);
  g_autoptr (PsListing) listing = NULL;

  ps_remote_set_root (self->remote, path);
  lister.klass->request (lister.self, "");
  listing = lister.klass->next (lister.self, cancellable, error);
  if (listing == NULL)
    return NULL;
  if (listing->state == PS_LISTING_COMPLETE)
    return g_steal_pointer (&listing);
  if (listing->state == PS_LISTING_GONE)
    g_set_error (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_FAILED,
                 _ ("There is no folder %s on the server"), path);
  else
    g_set_error (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_FAILED, _ ("Could not list %s: %s"), path,
                 listing->message);
  return NULL;
}

GPtrArray *
ps_server_link_list (PsServerLink *self, const char *path, char **real_path,
                     GCancellable *cancellable, GError **error)
{
  g_autofree char *real = NULL;
  g_autoptr (PsListing) listing = NULL;
  GError *own = NULL;

  if (!is_connected (self, error))
    return NULL;
  real = ps_remote_real_path (self->remote, path, cancellable, &own);
  if (real != NULL)
    listing = list_root (self, real, cancellable, &own);
  if (listing == NULL)
    {
      hand_on (error, own);
      return NULL;
    }
  *real_path = g_steal_pointer (&real);
  return names_of_dirs (listing);
}

/* Making. */

gboolean
ps_server_link_mkdir (PsServerLink *self, const char *path, GCancellable *cancellable,
                      GError **error)
{
  GError *own = NULL;

  if (!is_connected (self, error))
    return FALSE;
  ps_remote_set_root (self->remote, path);
  if (ps_remote_make_root (self->remote, cancellable, &own))
    return TRUE;
  hand_on (error, own);
  return FALSE;
}

static PsLocal *
make_local_root (const char *path, GError **error)
{
  if (g_mkdir_with_parents (path, 0777) != 0)
    {
      g_set_error (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_CONFIG,
                   _ ("The local folder %s cannot be made: %s"), path, g_strerror (errno));
      return NULL;
    }
  return ps_local_open (path, error);
}

static gboolean
make_roots (PsServerLink *self, const PsConfig *config, gboolean rebind, GCancellable *cancellable,
            GError **error)
{
  g_autoptr (PsLocal) local = NULL;

  if (!ps_config_check_pairs (config, error))
    return FALSE;
  local = make_local_root (config->local_base, error);
  if (local == NULL)
    return FALSE;
  ps_remote_set_root (self->remote, config->remote_base);
  return ps_remote_make_root (self->remote, cancellable, error)
         && ps_roots_bind (local, self->remote, rebind, cancellable, error);
}

gboolean
ps_server_link_make_roots (PsServerLink *self, const PsConfig *config, gboolean rebind,
                           GCancellable *cancellable, GError **error)
{
  GError *own = NULL;

  if (!is_connected (self, error))
    return FALSE;
  if (make_roots (self, config, rebind, cancellable, &own))
    return TRUE;
  hand_on (error, own);
  return FALSE;
}

/* Returns: (transfer full): where this device's key for the server lies */
static char *
device_key_file (const PsServerLink *self)
{
  g_autofree char *name = g_strconcat ("id_ed25519-", self->config->host, NULL);

  return g_build_filename (g_get_user_config_dir (), "pisync", g_strdelimit (name, "/", '_'), NULL);
}

static gboolean
install_key (PsServerLink *self, const char *file, GCancellable *cancellable, GError **error)
{
  g_autofree char *known_hosts = ps_config_known_hosts_file ();
  const PsLoginPrompts prompts = ps_prompts_port (&self->prompts);
  const PsConnectOptions options = options_with (self, known_hosts);
  g_autofree char *comment = g_strconcat ("pisync@", self->config->device, NULL);
  g_autofree char *line = ps_key_ensure (file, comment, cancellable, error);

  return line != NULL && ps_sftp_install_key (self->remote, line, cancellable, error)
         && ps_sftp_prove_key (&options, file, line, &prompts, cancellable, error);
}

char *
ps_server_link_install_key (PsServerLink *self, GCancellable *cancellable, GError **error)
{
  g_autofree char *file = device_key_file (self);
  GError *own = NULL;

  if (!is_connected (self, error))
    return NULL;
  if (install_key (self, file, cancellable, &own))
    return g_steal_pointer (&file);
  hand_on (error, own);
  return NULL;
}

/* Versions. */

GPtrArray *
ps_server_link_versions (PsServerLink *self, const char *path, GCancellable *cancellable,
                         GError **error)
{
  GPtrArray *versions;
  GError *own = NULL;

  if (!is_connected (self, error))
    return NULL;
  ps_remote_set_root (self->remote, self->config->remote_base);
  versions = ps_versions_list (self->remote, path, cancellable, &own);
  if (versions == NULL)
    hand_on (error, own);
  return versions;
}

/* Returns: (transfer full): the pair's local folder, ready to be written to. */
static PsLocal *
join_local (PsServerLink *self, GError **error)
{
  g_autoptr (PsLocal) local = ps_local_open (self->config->local_base, error);
  PsMarker marker;

  if (local == NULL)
    return NULL;
  ps_local_read_marker (local, &marker);
  if (marker.state != PS_MARKER_PRESENT)
    {
      g_set_error (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_GUARD,
                   _ ("%s is not the folder of this pair: is the disk mounted?"),
                   self->config->local_base);
      return NULL;
    }
  return ps_local_join (local, error) ? g_steal_pointer (&local) : NULL;
}

gboolean
ps_server_link_restore (PsServerLink *self, const char *id, const char *path,
                        GCancellable *cancellable, GError **error)
{
  g_autoptr (PsLocal) local = NULL;
  GError *own = NULL;

  if (!is_connected (self, error))
    return FALSE;
  ps_remote_set_root (self->remote, self->config->remote_base);
  local = join_local (self, &own);
  if (local != NULL
      && ps_versions_restore (self->remote, local, id, path, g_get_real_time () * 1000, cancellable,
                              &own))
    return TRUE;
  hand_on (error, own);
  return FALSE;
}

/* Writes to a new file; what is not complete is taken away again. */
static gboolean
save_version (PsServerLink *self, const char *id, const char *file, GCancellable *cancellable,
              GError **error)
{
  ps_autofd fd = open (file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  PsEntry entry;

  if (fd < 0)
    {
      g_set_error (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_CONFIG, _ ("%s cannot be made: %s"),
                   file, g_strerror (errno));
      return FALSE;
    }
  if (ps_versions_fetch (self->remote, id, fd, &entry, cancellable, error))
    {
      if (fsync (fd) == 0)
        return TRUE;
      g_set_error (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_FAILED, _ ("%s cannot be written: %s"),
                   file, g_strerror (errno));
    }
  unlink (file);
  return FALSE;
}

gboolean
ps_server_link_save_version (PsServerLink *self, const char *id, const char *file,
                             GCancellable *cancellable, GError **error)
{
  GError *own = NULL;

  if (!is_connected (self, error))
    return FALSE;
  ps_remote_set_root (self->remote, self->config->remote_base);
  if (save_version (self, id, file, cancellable, &own))
    return TRUE;
  hand_on (error, own);
  return FALSE;
}
