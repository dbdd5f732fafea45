/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the file system can do, found out by doing it in .pisync/tmp. */
#include "local/local-private.h"

#include "util/autofd.h"
#include "util/words.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define FILE_NAME "probe-file"
#define OTHER_NAME "probe-other"
#define OTHER_CASE "PROBE-FILE"
#define LINK_NAME "probe-link"
#define COLON_NAME "probe-a:b"
#define DOT_NAME "probe-dot."
#define DOTLESS_NAME "probe-dot"
/* An odd second, and digits down to the last place. */
#define PROBE_SECONDS 1000000001
#define PROBE_NS 987654321

static const char *const names[]
    = { FILE_NAME, OTHER_NAME, LINK_NAME, COLON_NAME, DOT_NAME, DOTLESS_NAME };

static void
clean_up (PsLocal *self)
{
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    (void)unlinkat (self->tmp_fd, names[i], 0);
}

static int
make_file (PsLocal *self, const char *name, mode_t mode)
{
  return openat (self->tmp_fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
}

static bool
exists (PsLocal *self, const char *name)
{
  PsEntry entry;

  return ps_local_stat_at (self->tmp_fd, name, &entry) == 0;
}

static PsNameRules
probe_names (PsLocal *self)
{
  ps_autofd colon = make_file (self, COLON_NAME, 0600);
  ps_autofd dot = make_file (self, DOT_NAME, 0600);

  /* FAT drops the dot without a word. */
  return colon < 0 || dot < 0 || exists (self, DOTLESS_NAME) ? PS_NAMES_FAT : PS_NAMES_POSIX;
}

static bool
probe_executable (int fd)
{
  struct stat without, with;

  return fchmod (fd, 0600) == 0 && fstat (fd, &without) == 0 && fchmod (fd, 0700) == 0
         && fstat (fd, &with) == 0 && (without.st_mode & S_IXUSR) == 0
         && (with.st_mode & S_IXUSR) != 0;
}

/* The finest grain that explains what became of the time we set. */
static int64_t
probe_grain (int fd)
{
  static const int64_t grains[]
      = { 1, 100, 1000, 1000000, 10000000, 100000000, 1000000000, 2000000000 };
  const int64_t set = (int64_t)PROBE_SECONDS * 1000000000 + PROBE_NS;
  struct stat st;
  PsEntry entry;

  if (ps_local_set_mtime (fd, set) != 0 || fstat (fd, &st) != 0)
    return grains[G_N_ELEMENTS (grains) - 1];
  ps_local_entry_from_stat (&entry, &st);
  for (gsize i = 0; i < G_N_ELEMENTS (grains); i++)
    if (set - set % grains[i] == entry.mtime)
      return grains[i];
  return grains[G_N_ELEMENTS (grains) - 1];
}

static bool
probe_reflink (PsLocal *self, int from)
{
  ps_autofd to = -1;

  (void)unlinkat (self->tmp_fd, OTHER_NAME, 0);
  to = make_file (self, OTHER_NAME, 0600);
  return to >= 0 && ioctl (to, FICLONE, from) == 0;
}

/* Leaves FILE_NAME and OTHER_NAME behind, whatever could be done. */
static void
probe_renames (PsLocal *self)
{
  PsLocalCaps *caps = &self->caps;
  ps_autofd other = -1;

  self->hard_links = linkat (self->tmp_fd, FILE_NAME, self->tmp_fd, OTHER_NAME, 0) == 0;
  (void)unlinkat (self->tmp_fd, OTHER_NAME, 0);
  caps->no_replace
      = renameat2 (self->tmp_fd, FILE_NAME, self->tmp_fd, OTHER_NAME, RENAME_NOREPLACE) == 0;
  if (caps->no_replace)
    (void)renameat (self->tmp_fd, OTHER_NAME, self->tmp_fd, FILE_NAME);
  other = make_file (self, OTHER_NAME, 0600);
  caps->exchange
      = other >= 0
        && renameat2 (self->tmp_fd, FILE_NAME, self->tmp_fd, OTHER_NAME, RENAME_EXCHANGE) == 0;
}

gboolean
ps_local_probe (PsLocal *self, GError **error)
{
  static const char block[4096] = "probe";
  ps_autofd fd = -1;
  struct stat st;

  clean_up (self);
  fd = make_file (self, FILE_NAME, 0666);
  if (fd < 0 || fstat (fd, &st) != 0 || write (fd, block, sizeof block) != sizeof block)
    {
      int saved = errno;

      clean_up (self);
      return ps_local_fail (error, saved, N_ ("Could not write in %s"), self->root);
    }
  self->file_mode = st.st_mode & 0666; /* what the umask (or the mount) leaves */
  self->caps.case_sensitive = !exists (self, OTHER_CASE);
  self->caps.executable_bit = probe_executable (fd);
  self->caps.symlinks = symlinkat ("target", self->tmp_fd, LINK_NAME) == 0;
  self->caps.names = probe_names (self);
  self->caps.mtime_grain = probe_grain (fd);
  probe_renames (self);
  self->caps.reflink = probe_reflink (self, fd);
  clean_up (self);
  return TRUE;
}
