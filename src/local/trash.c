/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where removed files go: the desktop's trash, else .pisync/trash/PATH~TIME.
 *
 * g_file_trash () takes a path, so that between our look at a file and its move another file could
 * come under that path, or a directory above become a link to elsewhere; and called on our private
 * name it would note that as the place to restore to. Hence the desktop's trash is written to
 * directly (desktop-trash.c), by its published layout. */
#include "local/local-private.h"

#include "util/autofd.h"
#include "util/words.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define MAX_ATTEMPTS 100
#define STAMP_SPACE 24 /* bytes that "~20261122T140533Z.99" may take of a name */

/* Opens the directory @name in *@fd, makes it where missing, and puts it in the place of *@fd.
 * Returns 0 or an errno. */
static int
descend (PsLocal *self, int *fd, const char *name)
{
  int next;

  if (mkdirat (*fd, name, 0700) == 0)
    ps_local_mark_dir (self, *fd);
  else if (errno != EEXIST)
    return errno;
  next = openat (*fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (next < 0)
    return errno;
  ps_close_fd (fd);
  *fd = next;
  return 0;
}

/* Returns an fd of the directory in .pisync/trash that stands for the one @path lies in, -1 with
 * errno. */
static int
open_trash_dir (PsLocal *self, const char *path)
{
  g_auto (GStrv) names = g_strsplit (path, "/", -1);
  ps_autofd fd = openat (self->trash_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

  for (gsize i = 0; fd >= 0 && names[i] != NULL && names[i + 1] != NULL; i++)
    {
      int number = descend (self, &fd, names[i]);

      if (number != 0)
        {
          errno = number;
          return -1;
        }
    }
  return ps_steal_fd (&fd);
}

/* Returns: (transfer full): "NAME~20261122T140533Z", shortened where it would be too long. */
static char *
stamped_name (const char *name, guint attempt)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *stamp = g_date_time_format (now, "%Y%m%dT%H%M%SZ");
  gsize length = MIN (strlen (name), (gsize)(PS_NAME_MAX - STAMP_SPACE));

  while (length < strlen (name) && length > 0 && (name[length] & 0xc0) == 0x80)
    length--;
  if (attempt == 0)
    return g_strdup_printf ("%.*s~%s", (int)length, name, stamp);
  return g_strdup_printf ("%.*s~%s.%u", (int)length, name, stamp, attempt);
}

gboolean
ps_local_trash_own (PsLocal *self, const char *private_name, const char *path, GError **error)
{
  ps_autofd dir = open_trash_dir (self, path);
  int number = dir >= 0 ? EEXIST : errno;

  for (guint attempt = 0; dir >= 0 && number == EEXIST && attempt < MAX_ATTEMPTS; attempt++)
    {
      g_autofree char *name = stamped_name (ps_relpath_name (path), attempt);

      number = ps_local_rename_new (self, self->tmp_fd, private_name, dir, name);
    }
  if (number != 0)
    return ps_local_fail (error, number, N_ ("Could not move %s to the trash"), path);
  ps_local_mark_dir (self, dir);
  return TRUE;
}

gboolean
ps_local_trash (PsLocal *self, const char *private_name, const char *path, GError **error)
{
  if (self->use_desktop && self->desktop == NULL)
    {
      self->desktop = ps_desktop_trash_open (self->root, self->root_fd);
      self->use_desktop = self->desktop != NULL; /* not looked for again */
    }
  if (self->use_desktop
      && ps_desktop_trash_take (self->desktop, self, self->tmp_fd, private_name, path))
    return TRUE;
  return ps_local_trash_own (self, private_name, path, error);
}

void
ps_local_use_desktop_trash (PsLocal *self, gboolean use)
{
  g_clear_pointer (&self->desktop, ps_desktop_trash_free);
  self->use_desktop = use;
}
