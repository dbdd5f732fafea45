/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Both sides changed: one version keeps the name, the other gets a name of its own, taken without
 * overwriting anything. The next pass carries the copy to the other side like any new file, so
 * dying anywhere in here loses nothing. */
#include "core/conflict.h"
#include "core/names.h"
#include "engine/await.h"
#include "engine/executor.h"
#include "util/fault.h"
#include "util/words.h"

#include <string.h>

#define MAX_ATTEMPTS 100 /* names tried for one copy */

/* A copy that waits for its name on the server. */
typedef struct
{
  PsExecutor *executor;
  const PsStep *step;
  char *kept_at; /* owned */
  char *copy;    /* owned: the name now tried */
  int64_t mtime;
  guint attempt;
} RemoteCopy;

static void
remote_copy_free (RemoteCopy *self)
{
  g_free (self->kept_at);
  g_free (self->copy);
  g_free (self);
}

static char *
remote_name (PsExecutor *executor, const PsStep *step, int64_t mtime, guint attempt)
{
  return ps_conflict_path (step->path, executor->context->config->host, mtime, attempt);
}

char *
ps_conflict_remote_name (PsExecutor *executor, const PsStep *step)
{
  return remote_name (executor, step, step->remote.mtime, 0);
}

/* Another pass has to look, so that the copy reaches the other side. */
void
ps_conflict_named (PsExecutor *executor, const PsStep *step, const char *copy)
{
  PsDone done
      = { .action = "conflict", .path = step->path, .from = copy, .decision = step->decision };

  executor->context->look_again = TRUE;
  ps_context_done (executor->context, &done);
}

static void try_next_name (RemoteCopy *self);

static void
remote_copy_named (const PsRemoteResult *result, gpointer user_data)
{
  RemoteCopy *self = user_data;

  self->executor->in_flight--;
  if (g_error_matches (result->error, PS_SFTP_ERROR, PS_SFTP_ERROR_EXISTS)
      && self->attempt < MAX_ATTEMPTS)
    {
      try_next_name (self);
      return;
    }
  if (result->error == NULL)
    ps_conflict_named (self->executor, self->step, self->copy);
  else if (!ps_context_is_fatal (result->error))
    {
      g_autofree char *message
          = g_strdup_printf (_ ("both sides changed this file; the server's version is kept as %s, "
                                "but could not be named as a conflicted copy: %s"),
                             self->kept_at, result->error->message);

      ps_context_problem (self->executor->context, self->step->path, "conflict-copy", message);
    }
  remote_copy_free (self);
}

static void
try_next_name (RemoteCopy *self)
{
  g_free (self->copy);
  self->copy = remote_name (self->executor, self->step, self->mtime, self->attempt++);
  self->executor->in_flight++;
  ps_remote_move_async (self->executor->context->remote, self->kept_at, self->copy, NULL,
                        remote_copy_named, self);
}

void
ps_conflict_keep_remote (PsExecutor *executor, const PsStep *step, const char *kept_at,
                         int64_t mtime)
{
  RemoteCopy *self = g_new0 (RemoteCopy, 1);

  self->executor = executor;
  self->step = step;
  self->kept_at = g_strdup (kept_at);
  self->mtime = mtime;
  try_next_name (self);
}

/* Renames (or, with @link, names a second time) the local @from as a conflicted copy of the step's
 * path. */
static gboolean
name_local_copy (PsExecutor *executor, const PsStep *step, const char *from, int64_t mtime,
                 gboolean link, GError **error)
{
  PsLocal *local = executor->context->local;

  if (ps_fault ("conflict-keep", error))
    return FALSE;
  for (guint attempt = 0; attempt < MAX_ATTEMPTS; attempt++)
    {
      g_autofree char *copy
          = ps_conflict_path (step->path, executor->context->config->device, mtime, attempt);
      g_autoptr (GError) failure = NULL;
      PsEntry entry;

      if (link ? ps_local_link (local, from, copy, &step->local, &failure)
               : ps_local_move (local, from, copy, NULL, &entry, &failure))
        {
          ps_conflict_named (executor, step, copy);
          return !ps_fault ("conflict-kept", error);
        }
      if (!g_error_matches (failure, PS_LOCAL_ERROR, PS_LOCAL_ERROR_EXISTS))
        {
          g_propagate_error (error, g_steal_pointer (&failure));
          return FALSE;
        }
    }
  g_set_error (error, PS_LOCAL_ERROR, PS_LOCAL_ERROR_FAILED,
               _ ("no free name for a conflicted copy of %s"), step->path);
  return FALSE;
}

gboolean
ps_conflict_keep_local (PsExecutor *executor, const PsStep *step, const char *from, int64_t mtime,
                        GError **error)
{
  return name_local_copy (executor, step, from, mtime, FALSE, error);
}

gboolean
ps_conflict_copy_local (PsExecutor *executor, const PsStep *step, PsEntry *expected, GError **error)
{
  g_autoptr (GError) failure = NULL;

  if (name_local_copy (executor, step, step->path, step->local.mtime, TRUE, &failure))
    return TRUE;
  if (!g_error_matches (failure, PS_LOCAL_ERROR, PS_LOCAL_ERROR_FAILED))
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  /* A file system without hard links: the name is free for a moment. */
  *expected = (PsEntry){ 0 };
  return name_local_copy (executor, step, step->path, step->local.mtime, FALSE, error);
}

/* Gives the losing side's version another name on that side, and lets the next pass see two new
 * names. For kinds that differ and for links. */
static void
rename_loser (PsExecutor *executor, const PsStep *step, PsSide loser)
{
  g_autoptr (GError) error = NULL;

  if (loser == PS_SIDE_REMOTE)
    {
      ps_executor_record_remote (executor, step->path, NULL);
      ps_conflict_keep_remote (executor, step, step->path, step->remote.mtime);
      return;
    }
  ps_executor_record (executor, step->path, NULL);
  if (!ps_conflict_keep_local (executor, step, step->path, step->local.mtime, &error))
    ps_executor_step_failed (executor, step, error);
}

void
ps_conflict_start (PsExecutor *executor, const PsStep *step)
{
  PsSide winner
      = ps_conflict_winner (executor->context->config->conflict, &step->local, &step->remote);

  if (step->local.kind != PS_KIND_FILE || step->remote.kind != PS_KIND_FILE)
    rename_loser (executor, step, winner == PS_SIDE_LOCAL ? PS_SIDE_REMOTE : PS_SIDE_LOCAL);
  else if (winner == PS_SIDE_LOCAL)
    ps_upload_start (executor, step, TRUE);
  else
    ps_download_start (executor, step);
}

void
ps_conflict_compare_links (PsExecutor *executor, const PsStep *step)
{
  PsContext *context = executor->context;
  g_autoptr (GError) error = NULL;
  g_autofree char *here = ps_local_read_link (context->local, step->path, &error);
  g_autofree char *there = NULL;
  PsRow row = { .local = step->local, .remote = step->remote };

  if (here != NULL)
    there = ps_await_readlink (context->remote, step->path, context->cancellable, &error);
  if (there == NULL)
    ps_executor_step_failed (executor, step, error);
  else if (strcmp (here, there) == 0)
    {
      ps_executor_record (executor, step->path, &row);
      ps_executor_done (executor, step, "record", 0, 0);
    }
  else
    ps_conflict_start (executor, step);
}
