/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the executor writes into the base, and when that is believed: the base never knows more than
 * the disks do. Rows of what was changed here are written as they come. Rows of what was changed on
 * the server are unsure until its names are durable: a commit makes them so, and a pass that fails
 * takes the others back. */
#include "engine/executor.h"
#include "engine/roots.h"

#include <string.h>

/* A side without executable bits (FAT) shows one that means nothing. Recorded as it is shown, it
 * would go over to the other side with the next change. */
static PsRow
with_common_executable (const PsContext *context, const PsRow *row)
{
  PsRow common = *row;

  if (row->local.kind != PS_KIND_FILE || row->remote.kind != PS_KIND_FILE)
    return common;
  if (!ps_remote_peek_caps (context->remote)->executable_bit)
    common.remote.executable = row->local.executable;
  else if (!ps_local_peek_caps (context->local)->executable_bit)
    common.local.executable = row->remote.executable;
  return common;
}

static gboolean
put_row (const PsContext *context, const char *path, const PsRow *row, GError **error)
{
  PsRow common = with_common_executable (context, row);

  return ps_store_put (context->store, path, &common, error);
}

static void
count_uncommitted (PsExecutor *self)
{
  if (self->uncommitted++ == 0)
    self->uncommitted_since = ps_clock_monotonic (self->context->clock);
}

void
ps_executor_record (PsExecutor *self, const char *path, const PsRow *row)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = row != NULL ? put_row (self->context, path, row, &error)
                            : ps_store_remove (self->context->store, path, &error);

  count_uncommitted (self);
  if (!ok && self->failure == NULL)
    self->failure = g_steal_pointer (&error);
}

void
ps_executor_record_equal (PsExecutor *self, const char *path, const PsRow *row)
{
  PsRow equal = with_common_executable (self->context, row);

  if (equal.local.kind == PS_KIND_FILE && equal.local.executable != equal.remote.executable)
    {
      equal.local.executable = equal.remote.executable = false;
      self->context->look_again = TRUE;
    }
  ps_executor_record (self, path, &equal);
}

static void
change_clear (gpointer data)
{
  PsBaseChange *self = data;

  g_free (self->path);
  g_free (self->moved_to);
}

GArray *
ps_base_changes_new (void)
{
  GArray *changes = g_array_new (FALSE, FALSE, sizeof (PsBaseChange));

  g_array_set_clear_func (changes, change_clear);
  return changes;
}

/* While names are made durable the link goes on: what is told meanwhile is not among them, and is
 * written only when what is has been committed. Returns: whether @change was put by. */
static gboolean
put_by (PsExecutor *self, const PsBaseChange *change)
{
  if (self->settling)
    g_array_append_vals (self->late, change, 1);
  return self->settling;
}

void
ps_executor_record_remote (PsExecutor *self, const char *path, const PsRow *row)
{
  PsBaseChange change = {
    .path = g_strdup (path),
    .n_dropped = ps_store_n_dropped (self->context->store),
    .has_row = row != NULL,
  };

  if (row != NULL)
    change.row = *row;
  if (put_by (self, &change))
    return;
  change.has_row = ps_store_get (self->context->store, path, &change.row, NULL);
  g_array_append_val (self->unsure, change);
  ps_executor_record (self, path, row);
}

gboolean
ps_executor_record_move_remote (PsExecutor *self, const char *from, const char *to, GError **error)
{
  PsBaseChange change = {
    .path = g_strdup (from),
    .n_dropped = ps_store_n_dropped (self->context->store),
    .moved_to = g_strdup (to),
  };

  if (put_by (self, &change))
    return TRUE;
  g_array_append_val (self->unsure, change);
  count_uncommitted (self);
  return ps_store_move (self->context->store, from, to, error);
}

static gboolean
write_late (PsExecutor *self, GError **error)
{
  g_autoptr (GArray) late = g_steal_pointer (&self->late);
  gboolean ok = TRUE;

  self->late = ps_base_changes_new ();
  for (guint i = 0; ok && i < late->len; i++)
    {
      const PsBaseChange *change = &g_array_index (late, PsBaseChange, i);

      if (change->moved_to != NULL)
        ok = ps_executor_record_move_remote (self, change->path, change->moved_to, error);
      else
        ps_executor_record_remote (self, change->path, change->has_row ? &change->row : NULL);
    }
  return ok;
}

/* Of an upload under a new name that is not believed to last, the hash stays: where the server has
 * not lost the name, it tells later whether what lies there is ours. @told: the row that is not
 * written. */
static gboolean
keep_hash (PsStore *store, const char *path, const PsRow *told, GError **error)
{
  PsRow row;

  if (!told->has_hash || !ps_store_get (store, path, &row, NULL) || ps_entry_present (&row.remote)
      || !ps_entry_same (&row.local, &told->local))
    return TRUE;
  row.has_hash = true;
  memcpy (row.sha256, told->sha256, sizeof row.sha256);
  row.racy = told->racy;
  return ps_store_put (store, path, &row, error);
}

static gboolean
take_back_row (PsStore *store, const PsBaseChange *change, GError **error)
{
  PsRow told = { 0 };

  if (!change->has_row)
    return ps_store_remove (store, change->path, error);
  ps_store_get (store, change->path, &told, NULL);
  return ps_store_put (store, change->path, &change->row, error)
         && keep_hash (store, change->path, &told, error);
}

/* The last change first. Those that came late were not written; those of a transaction that was
 * dropped are not there any more, and a move that is not there would take the rows of others back.
 */
static gboolean
take_back_unsure (PsExecutor *self, GError **error)
{
  PsStore *store = self->context->store;
  gboolean ok = TRUE;

  for (guint i = self->unsure->len; ok && i > 0; i--)
    {
      const PsBaseChange *change = &g_array_index (self->unsure, PsBaseChange, i - 1);

      if (change->n_dropped != ps_store_n_dropped (store))
        continue;
      ok = change->moved_to != NULL ? ps_store_move (store, change->moved_to, change->path, error)
                                    : take_back_row (store, change, error);
    }
  for (guint i = 0; ok && i < self->late->len; i++)
    {
      const PsBaseChange *change = &g_array_index (self->late, PsBaseChange, i);

      ok = !change->has_row || keep_hash (store, change->path, &change->row, error);
    }
  return ok;
}

/* The names on the server, durable. */
static gboolean
settle_remote (PsExecutor *self, GError **error)
{
  gboolean ok;

  self->settling = TRUE;
  ok = ps_roots_raise_end (self->context, error)
       && ps_remote_sync_dirs (self->context->remote, self->context->cancellable, error)
       && ps_roots_remember (self->context, error);
  self->settling = FALSE;
  return ok;
}

/* After a failure: what the base says of the server, as it was when that was durable. */
static gboolean
commit_what_is_sure (PsExecutor *self, GError **error)
{
  (void)!ps_roots_raise_end (self->context, NULL);
  return take_back_unsure (self, error) && ps_local_sync_dirs (self->context->local, error)
         && ps_store_commit (self->context->store, error);
}

gboolean
ps_executor_commit (PsExecutor *self, GError **error)
{
  self->uncommitted = 0;
  if (self->over)
    return commit_what_is_sure (self, error);
  if (!settle_remote (self, error) || !ps_local_sync_dirs (self->context->local, error)
      || !ps_store_commit (self->context->store, error))
    return FALSE;
  g_array_set_size (self->unsure, 0);
  return write_late (self, error);
}
