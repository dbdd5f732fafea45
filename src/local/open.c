/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "local/local-private.h"

#include "util/autofd.h"
#include "util/words.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

/* File systems whose inode numbers name a file for as long as it exists. Others (FAT, most FUSE)
 * make them up anew as they like. */
static const long stable_inode_magics[] = {
  0xef53,     /* ext2, 3, 4 */
  0x9123683e, /* btrfs */
  0x58465342, /* XFS */
  0xf2f52010, /* F2FS */
  0x2fc12fc1, /* ZFS */
  0xca451a4e, /* bcachefs */
  0x01021994, /* tmpfs */
  0x6969,     /* NFS */
  0x794c7630, /* overlay */
  0xf15f,     /* eCryptfs */
};

static bool
has_stable_inodes (int fd)
{
  struct statfs fs;

  if (fstatfs (fd, &fs) != 0)
    return false;
  for (gsize i = 0; i < G_N_ELEMENTS (stable_inode_magics); i++)
    if ((guint32)fs.f_type == (guint32)stable_inode_magics[i])
      return true;
  return false;
}

static bool
kernel_is_at_least (int major, int minor)
{
  struct utsname name;
  int now_major = 0, now_minor = 0;

  if (uname (&name) != 0 || sscanf (name.release, "%d.%d", &now_major, &now_minor) != 2)
    return false;
  return now_major > major || (now_major == major && now_minor >= minor);
}

static void
assume_posix (PsLocalCaps *caps)
{
  *caps = (PsLocalCaps){ .names = PS_NAMES_POSIX,
                         .case_sensitive = true,
                         .executable_bit = true,
                         .symlinks = true,
                         .mtime_grain = 1 };
}

PsLocal *
ps_local_open (const char *root, GError **error)
{
  ps_autofd fd = open (root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  PsLocal *self;

  if (fd < 0)
    {
      g_autofree char *name = g_filename_display_name (root);

      g_set_error (error, PS_LOCAL_ERROR, PS_LOCAL_ERROR_ROOT,
                   _ ("The folder %s cannot be used: %s. Is its disk mounted?"), name,
                   g_strerror (errno));
      return NULL;
    }
  self = g_new0 (PsLocal, 1);
  self->root = g_strdup (root);
  self->root_fd = ps_steal_fd (&fd);
  self->tmp_fd = self->trash_fd = -1;
  assume_posix (&self->caps);
  self->has_openat2 = ps_local_probe_openat2 (self->root_fd);
  self->stable_inodes = has_stable_inodes (self->root_fd);
  self->sync_whole = kernel_is_at_least (5, 8);
  self->use_desktop = true;
  self->clock = ps_clock_system ();
  self->file_mode = 0644;
  self->live = g_hash_table_new (g_str_hash, g_str_equal);
  self->settled = g_ptr_array_new ();
  g_queue_init (&self->requests);
  return self;
}

void
ps_local_free (PsLocal *self)
{
  if (self == NULL)
    return;
  g_assert (g_hash_table_size (self->live) == 0); /* temporary files go before their folder */
  g_clear_pointer (&self->desktop, ps_desktop_trash_free);
  ps_local_unsynced_free (self);
  g_queue_clear_full (&self->requests, g_free);
  g_hash_table_unref (self->live);
  g_ptr_array_unref (self->settled);
  ps_close_fd (&self->trash_fd);
  ps_close_fd (&self->tmp_fd);
  ps_close_fd (&self->root_fd);
  g_free (self->root);
  g_free (self);
}

const PsLocalCaps *
ps_local_peek_caps (const PsLocal *self)
{
  return &self->caps;
}

/* Makes the directory @path of ours where missing and opens it; nobody else may look into it. */
static int
open_own (PsLocal *self, const char *path, GError **error)
{
  const char *name;
  ps_autofd parent = ps_local_open_parent (self, path, &name, error);
  ps_autofd fd = -1;

  if (parent < 0)
    return -1;
  if (mkdirat (parent, name, 0700) != 0 && errno != EEXIST)
    {
      ps_local_fail (error, errno, N_ ("Could not make %s"), path);
      return -1;
    }
  fd = ps_local_resolve (self, path, O_RDONLY);
  if (fd < 0)
    ps_local_fail (error, errno, N_ ("Could not open %s"), path);
  else if (fchmod (fd, 0700) != 0)
    g_debug ("%s keeps its mode: %s", path, g_strerror (errno)); /* FAT */
  return ps_steal_fd (&fd);
}

gboolean
ps_local_join (PsLocal *self, GError **error)
{
  ps_autofd own = open_own (self, PS_OWN_DIR, error);
  ps_autofd tmp = own >= 0 ? open_own (self, PS_OWN_DIR "/tmp", error) : -1;
  ps_autofd trash = tmp >= 0 ? open_own (self, PS_OWN_DIR "/trash", error) : -1;

  if (trash < 0)
    return FALSE;
  ps_close_fd (&self->tmp_fd);
  ps_close_fd (&self->trash_fd);
  self->tmp_fd = ps_steal_fd (&tmp);
  self->trash_fd = ps_steal_fd (&trash);
  ps_local_mark_dir (self, self->root_fd);
  ps_local_mark_dir (self, own);
  return ps_local_probe (self, error);
}

gboolean
ps_local_prepare (PsLocal *self, GError **error)
{
  if (!ps_local_join (self, error))
    return FALSE;
  ps_local_sweep (self);
  return TRUE;
}
