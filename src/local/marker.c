/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The marker of the root, .pisync/root: read from the root's own fd, so that it is the marker of
 * the very folder that is then listed. */
#include "local/local-private.h"

#include "util/autofd.h"
#include "util/fault.h"
#include "util/words.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MARKER_NAME "root"
#define NEW_NAME "root.new"

static bool
root_is_gone (const PsLocal *self)
{
  struct stat st;

  return fstat (self->root_fd, &st) != 0 || st.st_nlink == 0;
}

/* Returns the length of what was read, at most one byte more than a marker may have; -1 with errno.
 */
static gssize
read_text (int fd, char text[PS_MARKER_MAX + 1])
{
  gsize length = 0;

  while (length <= PS_MARKER_MAX)
    {
      gssize got = read (fd, text + length, PS_MARKER_MAX + 1 - length);

      if (got < 0)
        return -1;
      if (got == 0)
        break;
      length += (gsize)got;
    }
  return (gssize)length;
}

void
ps_local_read_marker (PsLocal *self, PsMarker *marker)
{
  ps_autofd own = ps_local_resolve (self, PS_OWN_DIR, O_PATH);
  ps_autofd fd = -1;
  char text[PS_MARKER_MAX + 1];
  gssize length;

  *marker = (PsMarker){ .state = PS_MARKER_MISSING };
  if (own >= 0)
    fd = openat (own, MARKER_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (root_is_gone (self))
    marker->state = PS_MARKER_NO_ROOT;
  else if (fd < 0)
    /* One that cannot be opened for another reason than absence must not look like a first run. */
    marker->state = errno == ENOENT ? PS_MARKER_MISSING : PS_MARKER_UNKNOWN_FORMAT;
  else if ((length = read_text (fd, text)) < 0 || length > PS_MARKER_MAX)
    marker->state = PS_MARKER_UNKNOWN_FORMAT;
  else
    ps_marker_parse (marker, text, (gsize)length);
}

/* Returns 0 or an errno. */
static int
write_text (int dir_fd, const char *text)
{
  ps_autofd fd = -1;
  gsize length = strlen (text);

  if (unlinkat (dir_fd, NEW_NAME, 0) != 0 && errno != ENOENT)
    return errno;
  fd = openat (dir_fd, NEW_NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0)
    return errno;
  if (write (fd, text, length) != (gssize)length)
    return errno != 0 ? errno : ENOSPC;
  if (fsync (fd) != 0)
    return errno;
  return renameat (dir_fd, NEW_NAME, dir_fd, MARKER_NAME) == 0 ? 0 : errno;
}

gboolean
ps_local_write_marker (PsLocal *self, const PsMarker *marker, GError **error)
{
  g_autofree char *text = ps_marker_to_text (marker);
  ps_autofd own = -1;
  int number;

  if (ps_fault ("local-marker", error))
    return FALSE;
  if (mkdirat (self->root_fd, PS_OWN_DIR, 0700) != 0 && errno != EEXIST)
    return ps_local_fail (error, errno, N_ ("Could not make .pisync in %s"), self->root);
  own = ps_local_resolve (self, PS_OWN_DIR, O_RDONLY);
  if (own < 0)
    return ps_local_fail (error, errno, N_ ("Could not open .pisync in %s"), self->root);
  number = write_text (own, text);
  if (number != 0)
    return ps_local_fail (error, number, N_ ("Could not write the marker in %s"), self->root);
  if (fsync (own) != 0 || fsync (self->root_fd) != 0)
    return ps_local_fail (error, errno, N_ ("Could not make the marker durable in %s"), self->root);
  return TRUE;
}
