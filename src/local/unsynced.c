/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What has to be made durable before the base may speak of it: directories whose names changed, and
 * files whose attributes did. Kept as open descriptors, since a path may lead elsewhere by then. */
#include "local/local-private.h"

#include "util/autofd.h"
#include "util/words.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define MAX_OPEN 200 /* then the first are made durable at once */

typedef struct
{
  guint64 device, inode;
  int fd;
} Unsynced;

static guint
hash_unsynced (gconstpointer data)
{
  const Unsynced *unsynced = data;

  return (guint)(unsynced->inode ^ (unsynced->inode >> 32) ^ unsynced->device);
}

static gboolean
equal_unsynced (gconstpointer a, gconstpointer b)
{
  const Unsynced *one = a, *other = b;

  return one->inode == other->inode && one->device == other->device;
}

static void
free_unsynced (gpointer data)
{
  Unsynced *unsynced = data;

  ps_close_fd (&unsynced->fd);
  g_free (unsynced);
}

static GHashTable *
ensure_table (PsLocal *self)
{
  if (self->unsynced == NULL)
    self->unsynced = g_hash_table_new_full (hash_unsynced, equal_unsynced, free_unsynced, NULL);
  return self->unsynced;
}

/* Takes over @fd, which is what @st says. */
static void
add (PsLocal *self, int fd, const struct stat *st)
{
  Unsynced *unsynced = g_new (Unsynced, 1);
  g_autoptr (GError) error = NULL;

  *unsynced = (Unsynced){ .device = st->st_dev, .inode = st->st_ino, .fd = fd };
  g_hash_table_add (ensure_table (self), unsynced);
  if (g_hash_table_size (self->unsynced) >= MAX_OPEN && !ps_local_sync_dirs (self, &error))
    g_info ("%s", error->message); /* it is reported when asked for */
}

void
ps_local_mark_dir (PsLocal *self, int dir_fd)
{
  struct stat st;
  Unsynced key;
  int fd;

  if (fstat (dir_fd, &st) != 0)
    {
      self->unsynced_unknown = true;
      return;
    }
  key = (Unsynced){ .device = st.st_dev, .inode = st.st_ino };
  if (g_hash_table_contains (ensure_table (self), &key))
    return;
  fd = openat (dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0)
    add (self, fd, &st);
  else
    self->unsynced_unknown = true;
}

void
ps_local_mark_file (PsLocal *self, int fd)
{
  struct stat st;
  int copy = fcntl (fd, F_DUPFD_CLOEXEC, 3);

  if (copy >= 0 && fstat (copy, &st) == 0)
    {
      add (self, copy, &st);
      return;
    }
  ps_close_fd (&copy);
  self->unsynced_unknown = true;
}

/* Returns 0 or an errno. */
static int
sync_unsynced (PsLocal *self)
{
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, ensure_table (self));
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      const Unsynced *unsynced = key;

      /* EINVAL: a file system that has nothing to make durable there. Some FUSE drivers say that a
       * directory that was removed meanwhile is not there. */
      if (fsync (unsynced->fd) != 0 && errno != EINVAL && errno != ENOENT && errno != ESTALE)
        return errno;
      g_hash_table_iter_remove (&iter);
    }
  if (self->unsynced_unknown && syncfs (self->root_fd) != 0)
    return errno;
  self->unsynced_unknown = false;
  return 0;
}

gboolean
ps_local_sync_dirs (PsLocal *self, GError **error)
{
  if (self->sync_error == 0)
    self->sync_error = sync_unsynced (self);
  if (self->sync_error == 0)
    return TRUE;
  return ps_local_fail (error, self->sync_error, N_ ("Could not make changes durable in %s"),
                        self->root);
}

void
ps_local_unsynced_free (PsLocal *self)
{
  g_clear_pointer (&self->unsynced, g_hash_table_unref);
}
