/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Putting a finished file in its place: at every moment the old or the new content is there, and
 * what a person wrote in between is never lost.
 *
 * A new name: RENAME_NOREPLACE. An existing one: the file first gets a private name in .pisync/tmp
 * (which no sweep deletes), then RENAME_EXCHANGE swaps the two, and what then bears the private
 * name is compared with what the scan saw. Should the process die in between, the next sweep brings
 * it to the trash.
 *
 * Without RENAME_EXCHANGE (NFS, some FUSE) the old file is first renamed away, looked at, and put
 * back if it is another than expected. Then the path is empty for a moment, and stays so when the
 * process dies right there: the next pass fetches the new version again, and the old one lies in
 * the trash. A link aside and a rename over it would leave no such hole, but could overwrite a file
 * that was saved by a rename in that moment. */
#include "local/local-private.h"

#include "util/autofd.h"
#include "util/fault.h"
#include "util/words.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define LARGE (16 * 1024 * 1024) /* removing a file of so many bytes can be felt */

typedef struct
{
  PsLocal *local;
  PsLocalTemp *temp;
  const char *path;
  const PsEntry *expected;
  bool keep_replaced;
  int parent;       /* O_PATH */
  const char *name; /* in it; borrowed from path */
} Placing;

/* Now it lies elsewhere and is not the temporary file's to remove. */
static void
let_go (PsLocalTemp *temp)
{
  g_hash_table_remove (temp->local->live, temp->name);
  g_clear_pointer (&temp->name, g_free);
}

static gboolean
place_new (const Placing *placing, GError **error)
{
  int number = ps_local_rename_new (placing->local, placing->local->tmp_fd, placing->temp->name,
                                    placing->parent, placing->name);

  if (number != 0)
    return ps_local_fail (error, number, N_ ("Could not put %s in place"), placing->path);
  let_go (placing->temp);
  ps_local_mark_dir (placing->local, placing->parent);
  return !ps_fault ("local-placed", error);
}

/* A file that is replaced hands on its permissions: what its owner made private stays private. */
static void
take_over_mode (const Placing *placing)
{
  struct stat st;
  mode_t mode;

  if (fstatat (placing->parent, placing->name, &st, AT_SYMLINK_NOFOLLOW) != 0
      || !S_ISREG (st.st_mode))
    return;
  mode = st.st_mode & 0666;
  if (placing->temp->entry.executable)
    mode |= (mode & 0444) >> 2;
  if (mode != placing->local->file_mode && fchmod (placing->temp->fd, mode) != 0)
    g_debug ("%s: permissions not kept: %s", placing->path, g_strerror (errno));
}

/* Gives the temporary file a private name. */
static gboolean
make_private (const Placing *placing, GError **error)
{
  PsLocalTemp *temp = placing->temp;
  g_autofree char *private_name = ps_local_private_name (placing->path);

  if (renameat (placing->local->tmp_fd, temp->name, placing->local->tmp_fd, private_name) != 0)
    return ps_local_fail (error, errno, N_ ("Could not put %s in place"), placing->path);
  let_go (temp);
  temp->name = g_steal_pointer (&private_name);
  g_hash_table_add (temp->local->live, temp->name);
  temp->kept = false; /* no longer something to resume */
  return TRUE;
}

/* What was replaced is of no more use. What a large one takes up is freed by a thread. */
static void
remove_replaced (const Placing *placing, const char *private_name)
{
  ps_autofd held = -1;

  if (placing->expected->size >= LARGE)
    held = openat (placing->local->tmp_fd, private_name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (unlinkat (placing->local->tmp_fd, private_name, 0) != 0)
    g_info ("replaced file %s stays in " PS_OWN_DIR "/tmp for now: %s", private_name,
            g_strerror (errno));
  ps_close_fd_behind (&held);
}

/* Removes what was replaced, or gives it to the trash; it is safe where it lies all the same. */
static void
dispose (const Placing *placing, const char *private_name)
{
  g_autoptr (GError) error = NULL;

  if (!placing->keep_replaced)
    remove_replaced (placing, private_name);
  else if (!ps_local_trash (placing->local, private_name, placing->path, &error))
    g_info ("%s; it stays in " PS_OWN_DIR "/tmp for now", error->message);
}

static gboolean
exchange (const Placing *placing, char **displaced, GError **error)
{
  PsLocal *self = placing->local;
  PsLocalTemp *temp = placing->temp;
  g_autofree char *private_name = NULL;
  PsEntry old;

  if (renameat2 (self->tmp_fd, temp->name, placing->parent, placing->name, RENAME_EXCHANGE) != 0)
    return errno == ENOENT
               ? ps_local_changed (error, placing->path)
               : ps_local_fail (error, errno, N_ ("Could not put %s in place"), placing->path);
  private_name = g_strdup (temp->name);
  let_go (temp);
  ps_local_settle_name (self, placing->parent, placing->name);
  ps_local_settle_name (self, self->tmp_fd, private_name);
  ps_local_mark_dir (self, placing->parent);
  if (ps_fault ("local-placed", error))
    return FALSE;
  if (ps_local_stat_at (self->tmp_fd, private_name, &old) == 0
      && ps_local_is_expected (self, &old, placing->expected))
    dispose (placing, private_name);
  else
    *displaced = g_strconcat (PS_OWN_DIR "/tmp/", private_name, NULL);
  return TRUE;
}

/* Puts back what turned out to be a person's, or keeps it in the trash where its name is taken
 * again. */
static gboolean
put_back (const Placing *placing, const char *aside, GError **error)
{
  g_autoptr (GError) trash_error = NULL;

  if (ps_local_rename_new (placing->local, placing->local->tmp_fd, aside, placing->parent,
                           placing->name)
          != 0
      && !ps_local_trash_own (placing->local, aside, placing->path, &trash_error))
    g_info ("%s; it stays in " PS_OWN_DIR "/tmp", trash_error->message);
  ps_local_mark_dir (placing->local, placing->parent);
  return ps_local_changed (error, placing->path);
}

static gboolean
rename_aside_then_in (const Placing *placing, GError **error)
{
  PsLocal *self = placing->local;
  g_autofree char *aside = ps_local_private_name (placing->path);
  PsEntry old;
  int number;

  if (renameat (placing->parent, placing->name, self->tmp_fd, aside) != 0)
    return errno == ENOENT
               ? ps_local_changed (error, placing->path)
               : ps_local_fail (error, errno, N_ ("Could not put %s in place"), placing->path);
  ps_local_settle_name (self, self->tmp_fd, aside);
  if (ps_local_stat_at (self->tmp_fd, aside, &old) != 0
      || !ps_local_is_expected (self, &old, placing->expected))
    return put_back (placing, aside, error);
  number = ps_local_rename_new (self, self->tmp_fd, placing->temp->name, placing->parent,
                                placing->name);
  if (number != 0 && number != EEXIST)
    {
      put_back (placing, aside, NULL);
      return ps_local_fail (error, number, N_ ("Could not put %s in place"), placing->path);
    }
  if (number == EEXIST) /* somebody's new file: both are newer than what was expected */
    {
      dispose (placing, aside);
      return ps_local_changed (error, placing->path);
    }
  let_go (placing->temp);
  ps_local_mark_dir (self, placing->parent);
  if (ps_fault ("local-placed", error))
    return FALSE;
  dispose (placing, aside);
  return TRUE;
}

static gboolean
place_over (const Placing *placing, char **displaced, GError **error)
{
  if (placing->expected->kind == PS_KIND_DIR)
    return ps_local_refuse (error, PS_LOCAL_ERROR_EXISTS, placing->path,
                            N_ ("%s is a directory, which no file replaces"));
  take_over_mode (placing);
  if (!make_private (placing, error))
    return FALSE;
  if (placing->local->caps.exchange)
    return exchange (placing, displaced, error);
  return rename_aside_then_in (placing, error);
}

gboolean
ps_local_place (PsLocal *self, PsLocalTemp *temp, const char *path, const PsEntry *expected,
                gboolean keep_replaced, PsEntry *placed, char **displaced, GError **error)
{
  g_autoptr (PsLocalTemp) owned = temp;
  Placing placing = {
    .local = self, .temp = owned, .path = path, .expected = expected, .keep_replaced = keep_replaced
  };
  ps_autofd parent = ps_local_open_parent (self, path, &placing.name, error);
  gboolean done;

  *displaced = NULL;
  g_return_val_if_fail (owned->durable, FALSE);
  placing.parent = parent;
  if (parent < 0 || !ps_local_check_name (self, path, error) || ps_fault ("local-place", error))
    return FALSE;
  done = ps_entry_present (expected) ? place_over (&placing, displaced, error)
                                     : place_new (&placing, error);
  /* As it was before it could be seen by anybody: what a person does to it from now on must show.
   */
  *placed = owned->entry;
  ps_local_hand_out (self, placed);
  return done;
}
