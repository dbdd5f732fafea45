/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pair's lock: a second process on the same pair must say so and stop. An OFD lock dies with
 * the process, whatever way it dies, and is not lost when some other descriptor of the file is
 * closed. */
#include "store/store-private.h"

#include "util/autofd.h"
#include "util/words.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

/* The holder writes its process id into the file, for the message of those who come second. */
static void
set_locked_error (int fd, const char *file, GError **error)
{
  char text[32] = "";
  gssize length = pread (fd, text, sizeof text - 1, 0);
  gint64 pid = length > 0 ? g_ascii_strtoll (text, NULL, 10) : 0;
  g_autofree char *name = g_filename_display_name (file);
  g_autofree char *who = pid > 0 ? g_strdup_printf (_ ("Another PiSync (process %ld)"), (glong)pid)
                                 : g_strdup (_ ("Another PiSync"));

  g_set_error (
      error, PS_STORE_ERROR, PS_STORE_ERROR_LOCKED,
      _ ("%s works on this pair already (lock %s). Quit it first, or leave the work to it."), who,
      name);
}

static gboolean
lock_fd (int fd)
{
  struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

  if (fcntl (fd, F_OFD_SETLK, &whole) == 0)
    return TRUE;
  /* A kernel or file system without them. */
  return (errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP)
         && flock (fd, LOCK_EX | LOCK_NB) == 0;
}

static void
write_pid (int fd)
{
  g_autofree char *text = g_strdup_printf ("%d\n", (int)getpid ());

  /* Only for a message, so a full disk is no reason to stop. */
  if (ftruncate (fd, 0) != 0 || pwrite (fd, text, strlen (text), 0) < 0)
    g_debug ("no process id in the lock: %s", g_strerror (errno));
}

int
ps_store_take_lock (const char *state_dir, GError **error)
{
  g_autofree char *file = g_build_filename (state_dir, "lock", NULL);
  g_autofree char *name = g_filename_display_name (file);
  ps_autofd fd = open (file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

  if (fd < 0)
    {
      int saved = errno;

      g_set_error (error, PS_STORE_ERROR,
                   saved == ENOSPC || saved == EDQUOT ? PS_STORE_ERROR_NO_SPACE
                                                      : PS_STORE_ERROR_FAILED,
                   _ ("Could not open the lock %s: %s. Look at the folder's permissions and disk."),
                   name, g_strerror (saved));
      return -1;
    }
  if (!lock_fd (fd))
    {
      int saved = errno;

      if (saved == EAGAIN || saved == EACCES || saved == EWOULDBLOCK)
        set_locked_error (fd, file, error);
      else
        g_set_error (error, PS_STORE_ERROR, PS_STORE_ERROR_FAILED, _ ("Could not lock %s: %s."),
                     name, g_strerror (saved));
      return -1;
    }
  write_pid (fd);
  return ps_steal_fd (&fd);
}
