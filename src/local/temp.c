/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files being written, in .pisync/tmp.
 *
 * Making many small files durable one by one costs a flush of the disk each. So a file is first
 * settled (mode, time, and its bytes on their way to the disk); the first one that is then finished
 * makes all that are settled durable with one syncfs, where there are enough of them. */
#include "local/local-private.h"

#include "util/autofd.h"
#include "util/fault.h"
#include "util/words.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define KEY_DIGITS 32
#define SYNC_WHOLE_FROM 16 /* settled files */

static char *
make_name (const char *key, const char *suffix)
{
  g_autofree char *sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, key, -1);

  sum[KEY_DIGITS] = '\0';
  return g_strconcat (sum, suffix, NULL);
}

/* Two files of one key at a time get different names; only the first can be resumed. */
static char *
free_name (PsLocal *self, const char *key, const char *suffix)
{
  char *name = make_name (key, suffix);

  for (guint i = 2; g_hash_table_contains (self->live, name); i++)
    {
      g_autofree char *next_key = g_strdup_printf ("%s\n%u", key, i);

      g_free (name);
      name = make_name (next_key, suffix);
    }
  return name;
}

/* Returns an fd, or -1 with errno. Only a plain file that has no other name is gone on with. */
static int
open_resumed (PsLocal *self, const char *name)
{
  ps_autofd fd = openat (self->tmp_fd, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  struct stat st;

  if (fd >= 0 && fstat (fd, &st) == 0 && S_ISREG (st.st_mode) && st.st_nlink == 1)
    return ps_steal_fd (&fd);
  return -1;
}

static int
open_new (PsLocal *self, const char *name)
{
  if (unlinkat (self->tmp_fd, name, 0) != 0 && errno != ENOENT)
    return -1;
  return openat (self->tmp_fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

PsLocalTemp *
ps_local_temp_new (PsLocal *self, const char *key, gboolean resume, GError **error)
{
  g_autofree char *kept = free_name (self, key, PS_LOCAL_KEPT_SUFFIX);
  g_autofree char *fresh = free_name (self, key, PS_LOCAL_TEMP_SUFFIX);
  PsLocalTemp *temp;
  ps_autofd fd = -1;
  bool resumed;

  g_return_val_if_fail (self->tmp_fd >= 0, NULL);
  if (ps_fault ("local-temp-write", error))
    return NULL;
  if (resume)
    fd = open_resumed (self, kept);
  resumed = fd >= 0;
  if (!resumed)
    {
      unlinkat (self->tmp_fd, kept, 0);
      fd = open_new (self, fresh);
    }
  if (fd < 0)
    {
      ps_local_fail (error, errno, N_ ("Could not make a temporary file in %s"), self->root);
      return NULL;
    }
  temp = g_new0 (PsLocalTemp, 1);
  temp->local = self;
  temp->fd = ps_steal_fd (&fd);
  temp->kept = resumed;
  temp->name = resumed ? g_steal_pointer (&kept) : g_steal_pointer (&fresh);
  g_hash_table_add (self->live, temp->name);
  return temp;
}

int
ps_local_temp_peek_fd (const PsLocalTemp *temp)
{
  return temp->fd;
}

void
ps_local_temp_keep (PsLocalTemp *temp)
{
  g_autofree char *stem = NULL;
  g_autofree char *kept = NULL;

  if (temp->name == NULL)
    return;
  if (g_str_has_suffix (temp->name, PS_LOCAL_KEPT_SUFFIX))
    {
      temp->kept = true;
      return;
    }
  stem = g_strndup (temp->name, strlen (temp->name) - strlen (PS_LOCAL_TEMP_SUFFIX));
  kept = g_strconcat (stem, PS_LOCAL_KEPT_SUFFIX, NULL);
  if (renameat (temp->local->tmp_fd, temp->name, temp->local->tmp_fd, kept) != 0)
    {
      g_info ("cannot keep %s for later: %s", temp->name, g_strerror (errno));
      return;
    }
  g_hash_table_remove (temp->local->live, temp->name);
  g_free (temp->name);
  temp->name = g_steal_pointer (&kept);
  temp->kept = true;
  g_hash_table_add (temp->local->live, temp->name);
}

void
ps_local_temp_unkeep (PsLocalTemp *temp)
{
  temp->kept = false;
}

void
ps_local_temp_free (PsLocalTemp *temp)
{
  if (temp == NULL)
    return;
  g_ptr_array_remove_fast (temp->local->settled, temp);
  if (temp->name != NULL)
    {
      g_hash_table_remove (temp->local->live, temp->name);
      if (!temp->kept)
        unlinkat (temp->local->tmp_fd, temp->name, 0);
    }
  ps_close_fd (&temp->fd);
  g_free (temp->name);
  g_free (temp);
}

/* Returns 0 or an errno. */
static int
set_attributes (PsLocal *self, int fd, const PsEntry *entry)
{
  mode_t mode = self->file_mode;

  if (entry->executable)
    mode |= (mode & 0444) >> 2;
  if (fchmod (fd, mode) != 0 && self->caps.executable_bit)
    return errno;
  return ps_local_set_mtime (fd, entry->mtime);
}

gboolean
ps_local_temp_settle (PsLocalTemp *temp, const PsEntry *entry, GError **error)
{
  int number;

  if (temp->settled)
    return TRUE;
  number = set_attributes (temp->local, temp->fd, entry);
  if (number != 0)
    return ps_local_fail (error, number, N_ ("Could not set time and permissions of a file in %s"),
                          temp->local->root);
  if (!ps_local_fstat (temp->fd, &temp->entry, error))
    return FALSE;
  /* A hint: what the file system makes of it does not matter. */
  (void)sync_file_range (temp->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
  temp->settled = true;
  g_ptr_array_add (temp->local->settled, temp);
  return TRUE;
}

/* Makes all settled files durable at once. FALSE: it must be done one by one. */
static bool
sync_settled (PsLocal *self)
{
  if (!self->sync_whole || self->settled->len < SYNC_WHOLE_FROM || syncfs (self->tmp_fd) != 0)
    return false;
  for (guint i = 0; i < self->settled->len; i++)
    ((PsLocalTemp *)g_ptr_array_index (self->settled, i))->durable = true;
  g_ptr_array_set_size (self->settled, 0);
  return true;
}

/* Returns 0 or an errno. */
static int
make_durable (PsLocalTemp *temp)
{
  if (temp->durable || sync_settled (temp->local))
    return 0;
  if (fsync (temp->fd) != 0)
    return errno;
  g_ptr_array_remove_fast (temp->local->settled, temp);
  temp->durable = true;
  return 0;
}

gboolean
ps_local_temp_finish (PsLocalTemp *temp, const PsEntry *entry, GError **error)
{
  int number;

  if (!ps_local_temp_settle (temp, entry, error) || ps_fault ("local-temp-sync", error))
    return FALSE;
  number = make_durable (temp);
  if (number != 0)
    return ps_local_fail (error, number, N_ ("Could not make a file durable in %s"),
                          temp->local->root);
  /* Network and FUSE file systems may change the time once more as the bytes go out. */
  return temp->local->stable_inodes || ps_local_fstat (temp->fd, &temp->entry, error);
}
