/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Removing: a file is first renamed to a private name, which nobody else knows, and looked at
 * there: what is then moved to the trash is certainly what the scan saw, and what is not goes back.
 */
#include "local/local-private.h"

#include "util/autofd.h"
#include "util/fault.h"
#include "util/words.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static gboolean
remove_directory (int parent, const char *name, const char *path, GError **error)
{
  if (unlinkat (parent, name, AT_REMOVEDIR) == 0)
    return TRUE;
  if (errno == ENOTDIR)
    return ps_local_changed (error, path);
  if (errno == EEXIST)
    errno = ENOTEMPTY; /* POSIX lets a system choose */
  return ps_local_fail (error, errno, N_ ("Could not remove the directory %s"), path);
}

/* Its old name may be taken again by now: then it is kept in our own trash. */
static void
put_back (PsLocal *self, const char *aside, int parent, const char *name, const char *path)
{
  g_autoptr (GError) error = NULL;

  if (ps_local_rename_new (self, self->tmp_fd, aside, parent, name) != 0
      && !ps_local_trash_own (self, aside, path, &error))
    g_info ("%s; it stays in " PS_OWN_DIR "/tmp", error->message);
}

static gboolean
remove_file (PsLocal *self, int parent, const char *name, const char *path, const PsEntry *expected,
             GError **error)
{
  g_autofree char *aside = ps_local_private_name (path);
  PsEntry now;

  /* The cheap look first: nothing need be moved to and fro. */
  if (ps_local_stat_at (parent, name, &now) == 0 && !ps_local_is_expected (self, &now, expected))
    return ps_local_changed (error, path);
  if (renameat (parent, name, self->tmp_fd, aside) != 0)
    return ps_local_fail (error, errno, N_ ("Could not remove %s"), path);
  if (ps_local_stat_at (self->tmp_fd, aside, &now) != 0
      || !ps_local_is_expected (self, &now, expected))
    {
      put_back (self, aside, parent, name, path);
      return ps_local_changed (error, path);
    }
  if (ps_local_trash (self, aside, path, error))
    return TRUE;
  put_back (self, aside, parent, name, path);
  return FALSE;
}

gboolean
ps_local_remove (PsLocal *self, const char *path, const PsEntry *expected, GError **error)
{
  const char *name;
  ps_autofd parent = ps_local_open_parent (self, path, &name, error);
  gboolean done;

  if (parent < 0 || ps_fault ("local-remove", error))
    return FALSE;
  g_return_val_if_fail (self->tmp_fd >= 0, FALSE);
  done = expected->kind == PS_KIND_DIR ? remove_directory (parent, name, path, error)
                                       : remove_file (self, parent, name, path, expected, error);
  ps_local_mark_dir (self, parent);
  return done && !ps_fault ("local-removed", error);
}
