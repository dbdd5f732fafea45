/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changes that bring no content: directories, links, moves, attributes. */
#include "local/local-private.h"

#include "util/autofd.h"
#include "util/fault.h"
#include "util/words.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

gboolean
ps_local_mkdir (PsLocal *self, const char *path, PsEntry *made, GError **error)
{
  const char *name;
  ps_autofd parent = ps_local_open_parent (self, path, &name, error);
  int number;

  if (parent < 0 || !ps_local_check_name (self, path, error) || ps_fault ("local-mkdir", error))
    return FALSE;
  if (mkdirat (parent, name, 0777) != 0 && errno != EEXIST)
    return ps_local_fail (error, errno, N_ ("Could not make the directory %s"), path);
  ps_local_mark_dir (self, parent);
  number = ps_local_stat_at (parent, name, made);
  ps_local_hand_out (self, made);
  if (number != 0)
    return ps_local_fail (error, number, N_ ("Could not make the directory %s"), path);
  return made->kind == PS_KIND_DIR
         || ps_local_refuse (error, PS_LOCAL_ERROR_EXISTS, path,
                             N_ ("%s is there already and is no directory"));
}

gboolean
ps_local_symlink (PsLocal *self, const char *path, const char *target, PsEntry *made,
                  GError **error)
{
  const char *name;
  ps_autofd parent = ps_local_open_parent (self, path, &name, error);
  int number;

  if (parent < 0 || !ps_local_check_name (self, path, error))
    return FALSE;
  if (symlinkat (target, parent, name) != 0)
    return self->caps.symlinks
               ? ps_local_fail (error, errno, N_ ("Could not make the symbolic link %s"), path)
               : ps_local_refuse (error, PS_LOCAL_ERROR_FAILED, path,
                                  N_ ("%s is a symbolic link, which this disk cannot hold"));
  ps_local_mark_dir (self, parent);
  number = ps_local_stat_at (parent, name, made);
  ps_local_hand_out (self, made);
  return number == 0
         || ps_local_fail (error, number, N_ ("Could not make the symbolic link %s"), path);
}

/* Both ends of a move or link, opened. */
typedef struct
{
  PsLocal *local;
  const char *from_path, *to_path;
  int from_fd, to_fd;              /* owned */
  const char *from_name, *to_name; /* borrowed from the paths */
  const PsEntry *expected;         /* (nullable) */
} Ends;

static void
clear_ends (Ends *ends)
{
  ps_close_fd (&ends->from_fd);
  ps_close_fd (&ends->to_fd);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Ends, clear_ends)

static gboolean
open_ends (Ends *ends, GError **error)
{
  ends->to_fd = -1;
  ends->from_fd = ps_local_open_parent (ends->local, ends->from_path, &ends->from_name, error);
  if (ends->from_fd < 0)
    return FALSE;
  ends->to_fd = ps_local_open_parent (ends->local, ends->to_path, &ends->to_name, error);
  return ends->to_fd >= 0 && ps_local_check_name (ends->local, ends->to_path, error);
}

/* Looks at the thing to be moved: is it there, is it what was expected? */
static gboolean
check_from (const Ends *ends, PsEntry *now, GError **error)
{
  int number = ps_local_stat_at (ends->from_fd, ends->from_name, now);

  if (number != 0)
    return ps_local_fail (error, number, N_ ("Could not find %s"), ends->from_path);
  return ends->expected == NULL || ps_local_is_expected (ends->local, now, ends->expected)
         || ps_local_changed (error, ends->from_path);
}

/* On a file system that does not tell "Name" from "name" the new name is the old one: by way of a
 * private name. Nobody may have looked for the new name before: at the top of a disk with ext4's
 * case folding the kernel (6.1) would go on finding the file there once it is aside. Returns 0 or
 * an errno. */
static int
change_case (const Ends *ends)
{
  PsLocal *self = ends->local;
  g_autofree char *aside = ps_local_private_name (ends->from_path);
  int number;

  if (renameat (ends->from_fd, ends->from_name, self->tmp_fd, aside) != 0)
    return errno;
  number = ps_local_rename_new (self, self->tmp_fd, aside, ends->to_fd, ends->to_name);
  if (number == 0)
    return 0;
  if (ps_local_rename_new (self, self->tmp_fd, aside, ends->from_fd, ends->from_name) != 0)
    g_warning ("%s lies in " PS_OWN_DIR "/tmp/%s now", ends->from_path, aside);
  return number;
}

/* Whether the names differ in case alone, by the rules of most file systems that do not tell cases
 * apart. Should they have other rules, change_case () finds the name taken and goes back. */
static bool
only_case_differs (const Ends *ends)
{
  g_autofree char *from_dir = ps_relpath_parent (ends->from_path);
  g_autofree char *to_dir = ps_relpath_parent (ends->to_path);

  return !ends->local->caps.case_sensitive && strcmp (from_dir, to_dir) == 0
         && ps_names_differ_in_case (ends->from_name, ends->to_name);
}

static int
rename_ends (const Ends *ends)
{
  if (only_case_differs (ends))
    return change_case (ends);
  return ps_local_rename_new (ends->local, ends->from_fd, ends->from_name, ends->to_fd,
                              ends->to_name);
}

/* Something else may have taken the name between the look and the rename: then back with it. */
static gboolean
verify_moved (const Ends *ends, const PsEntry *before, PsEntry *moved, GError **error)
{
  int number = ps_local_stat_at (ends->to_fd, ends->to_name, moved);

  if (number != 0)
    return ps_local_fail (error, number, N_ ("Could not find %s again"), ends->to_path);
  if (ps_local_is_expected (ends->local, moved, before))
    return TRUE;
  number = ps_local_rename_new (ends->local, ends->to_fd, ends->to_name, ends->from_fd,
                                ends->from_name);
  if (number != 0)
    g_info ("%s stays where it was moved, at %s: %s", ends->from_path, ends->to_path,
            g_strerror (number));
  return ps_local_changed (error, ends->from_path);
}

gboolean
ps_local_move (PsLocal *self, const char *from, const char *to, const PsEntry *expected,
               PsEntry *moved, GError **error)
{
  g_auto (Ends) ends = { .local = self, .from_path = from, .to_path = to, .expected = expected };
  PsEntry before;
  int number;

  if (!open_ends (&ends, error) || !check_from (&ends, &before, error)
      || ps_fault ("local-move", error))
    return FALSE;
  number = rename_ends (&ends);
  if (number != 0)
    return ps_local_fail (error, number, N_ ("Could not move to the new name %s"), to);
  ps_local_mark_dir (self, ends.from_fd);
  ps_local_mark_dir (self, ends.to_fd);
  if (!verify_moved (&ends, &before, moved, error))
    return FALSE;
  ps_local_hand_out (self, moved);
  return !ps_fault ("local-moved", error);
}

gboolean
ps_local_link (PsLocal *self, const char *path, const char *to, const PsEntry *expected,
               GError **error)
{
  g_auto (Ends) ends = { .local = self, .from_path = path, .to_path = to, .expected = expected };
  PsEntry before, linked;

  if (!open_ends (&ends, error) || !check_from (&ends, &before, error))
    return FALSE;
  if (linkat (ends.from_fd, ends.from_name, ends.to_fd, ends.to_name, 0) != 0)
    {
      int saved = errno;

      if (saved == EPERM || saved == EOPNOTSUPP || saved == ENOSYS || saved == EMLINK
          || saved == EXDEV)
        return ps_local_refuse (error, PS_LOCAL_ERROR_FAILED, path,
                                N_ ("%s cannot get a second name on this disk"));
      return ps_local_fail (error, saved, N_ ("Could not give a second name to %s"), path);
    }
  ps_local_mark_dir (self, ends.to_fd);
  if (ps_local_stat_at (ends.to_fd, ends.to_name, &linked) == 0
      && ps_local_is_expected (self, &linked, &before))
    return TRUE;
  unlinkat (ends.to_fd, ends.to_name, 0);
  return ps_local_changed (error, path);
}

/* Adds execute where there is read, or takes it all away. Returns 0 or an errno. */
static int
set_executable (int fd, bool executable)
{
  struct stat st;
  mode_t mode;

  if (fstat (fd, &st) != 0)
    return errno;
  mode = executable ? st.st_mode | ((st.st_mode & 0444) >> 2) : st.st_mode & ~(mode_t)0111;
  return fchmod (fd, mode & 07777) == 0 ? 0 : errno;
}

gboolean
ps_local_set_attributes (PsLocal *self, const char *path, const PsEntry *expected,
                         const PsEntry *wanted, PsEntry *now, GError **error)
{
  PsEntry before;
  ps_autofd fd = ps_local_open_file (self, path, &before, error);
  int number = 0;

  if (fd < 0)
    return FALSE;
  if (!ps_local_is_expected (self, &before, expected))
    return ps_local_changed (error, path);
  if (self->caps.executable_bit && before.executable != wanted->executable)
    number = set_executable (fd, wanted->executable);
  if (number == 0 && before.mtime != wanted->mtime)
    number = ps_local_set_mtime (fd, wanted->mtime);
  if (number != 0)
    return ps_local_fail (error, number, N_ ("Could not set time and permissions of %s"), path);
  ps_local_mark_file (self, fd);
  if (!ps_local_fstat (fd, now, error))
    return FALSE;
  ps_local_hand_out (self, now);
  return TRUE;
}
