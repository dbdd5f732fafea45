/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One file or link on its way to the server. */
#include "delta/delta.h"
#include "engine/await.h"
#include "engine/content.h"
#include "engine/executor.h"
#include "util/autofd.h"
#include "util/sha256.h"
#include "util/words.h"

#include <string.h>

/* The row of a new file before it is sent. If all ends between the server's rename and our
 * recording, the next run finds a row that says "we were sending this" (s3, s4) and need not fetch
 * the file in order to compare it. */
static void
record_intent (PsTransfer *transfer)
{
  PsRow row = { .local = transfer->source };

  if (!transfer->step->has_row && !transfer->conflict
      && !ps_entry_present (&transfer->step->remote))
    ps_executor_record (transfer->executor, transfer->step->path, &row);
}

static void
record_both (PsTransfer *transfer, const PsEntry *remote, const uint8_t *sha256)
{
  PsRow row = { .local = transfer->source, .remote = *remote };

  row.has_hash = sha256 != NULL;
  if (sha256 != NULL)
    memcpy (row.sha256, sha256, sizeof row.sha256);
  row.racy
      = ps_content_is_racy (transfer->executor->context, &transfer->source, transfer->opened_at);
  ps_executor_record_remote (transfer->executor, transfer->step->path, &row);
}

/* Asked when all bytes are durable on the server: is the local file still the one they were read
 * from? */
static gboolean
source_still_same (gpointer user_data)
{
  PsTransfer *transfer = user_data;
  PsEntry now;

  return ps_local_fstat (transfer->fd, &now, NULL) && now.size == transfer->source.size
         && now.mtime == transfer->source.mtime;
}

/* What was displaced is the loser of a conflict, or what another device wrote in between. */
static void
keep_displaced (const PsTransfer *transfer, const PsRemoteResult *result)
{
  if (result->kept_at == NULL || (!transfer->conflict && !result->displaced_other))
    return;
  if (g_strcmp0 (result->kept_at, transfer->copy) == 0)
    ps_conflict_named (transfer->executor, transfer->step, transfer->copy);
  else
    ps_conflict_keep_remote (transfer->executor, transfer->step, result->kept_at,
                             result->displaced.mtime);
}

static void
uploaded (const PsRemoteResult *result, gpointer user_data)
{
  PsTransfer *transfer = user_data;
  PsExecutor *executor = transfer->executor;
  const PsStep *step = transfer->step;

  executor->in_flight--;
  executor->context->progress->files_done++;
  ps_transfer_end (transfer);
  if (result->error != NULL)
    ps_executor_step_failed (executor, step, result->error);
  else
    {
      record_both (transfer, &result->entry, result->has_hash ? result->sha256 : NULL);
      keep_displaced (transfer, result);
      ps_executor_done (executor, step, "upload", transfer->source.size, result->wire);
    }
  ps_transfer_free (transfer);
}

static void
attributes_sent (const PsRemoteResult *result, gpointer user_data)
{
  PsTransfer *transfer = user_data;
  PsExecutor *executor = transfer->executor;

  executor->in_flight--;
  executor->context->progress->files_done++;
  ps_transfer_end (transfer);
  if (result->error != NULL)
    ps_executor_step_failed (executor, transfer->step, result->error);
  else
    {
      record_both (transfer, &result->entry, transfer->step->row.sha256);
      ps_executor_done (executor, transfer->step, "attributes", 0, result->wire);
    }
  ps_transfer_free (transfer);
}

/* Whether it may be that only the times or the executable bit changed here, and nothing on the
 * server: then the content need not travel. */
static gboolean
may_be_touch (const PsTransfer *transfer)
{
  const PsStep *step = transfer->step;

  return !transfer->conflict && step->has_row && step->row.has_hash
         && step->remote.kind == PS_KIND_FILE && step->row.local.kind == PS_KIND_FILE
         && step->row.local.size == transfer->source.size
         && ps_entry_same (&step->row.remote, &step->remote);
}

/* Whether the content of a small file is what is recorded; of a large one a thread finds out. */
static gboolean
is_small_touch (PsTransfer *transfer)
{
  uint8_t sum[PS_SHA256_SIZE];

  return transfer->source.size < PS_DELTA_MIN_SIZE
         && ps_sha256_fd (transfer->fd, sum, transfer->executor->context->cancellable, NULL)
         && memcmp (sum, transfer->step->row.sha256, sizeof sum) == 0
         && source_still_same (transfer);
}

static void
send_attributes (gpointer user_data)
{
  PsTransfer *transfer = user_data;
  const PsStep *step = transfer->step;

  ps_remote_set_attributes_async (transfer->executor->context->remote, step->path, &step->remote,
                                  &transfer->source, attributes_sent, transfer);
}

static void
send_file (PsTransfer *transfer)
{
  PsExecutor *executor = transfer->executor;
  gboolean maybe = may_be_touch (transfer);
  PsPut put = {
    .path = transfer->step->path,
    .fd = transfer->fd,
    .source = transfer->source,
    .expected = transfer->step->remote,
    .keep_as = transfer->copy,
    .still_same = source_still_same,
    .moved = ps_transfer_moved,
  };

  ps_content_tell_from (executor->context, &put.source, &transfer->step->remote);
  executor->in_flight++;
  if (maybe && is_small_touch (transfer))
    {
      send_attributes (transfer);
      return;
    }
  record_intent (transfer);
  ps_reuse_put_async (executor->reuse, &put, transfer->step->has_row ? &transfer->step->row : NULL,
                      uploaded, maybe ? send_attributes : NULL, transfer);
}

static gboolean
open_source (PsTransfer *transfer, GError **error)
{
  const PsStep *step = transfer->step;

  transfer->opened_at = ps_clock_now (transfer->executor->context->clock);
  transfer->fd = ps_local_open_file (transfer->executor->context->local, step->path,
                                     &transfer->source, error);
  if (transfer->fd < 0)
    return FALSE;
  /* Where the local file system has no executable bit, the scan has filled in what it stands for.
   */
  transfer->source.executable = step->local.executable;
  if (ps_entry_same (&transfer->source, &step->local))
    return TRUE;
  g_set_error (error, PS_LOCAL_ERROR, PS_LOCAL_ERROR_CHANGED, _ ("%s changed since it was scanned"),
               step->path);
  return FALSE;
}

/* Links are few: one after the other, each waited for. */
static void
send_link (PsExecutor *executor, const PsStep *step)
{
  PsContext *context = executor->context;
  g_autoptr (GError) error = NULL;
  g_autofree char *target = ps_local_read_link (context->local, step->path, &error);
  PsRow row = { .local = step->local };

  if (target != NULL
      && (!ps_entry_present (&step->remote)
          || ps_await_remove (context->remote, step->path, &step->remote, context->cancellable,
                              &error))
      && ps_await_symlink (context->remote, step->path, target, &row.remote, context->cancellable,
                           &error))
    {
      ps_executor_record_remote (executor, step->path, &row);
      ps_executor_done (executor, step, "upload", 0, 0);
    }
  else
    ps_executor_step_failed (executor, step, error);
  context->progress->files_done++;
}

void
ps_upload_start (PsExecutor *executor, const PsStep *step, gboolean conflict)
{
  g_autoptr (GError) error = NULL;
  PsTransfer *transfer;

  if (step->local.kind == PS_KIND_SYMLINK)
    {
      send_link (executor, step);
      return;
    }
  transfer = ps_transfer_new (executor, step, TRUE);
  transfer->conflict = conflict;
  if (conflict)
    transfer->copy = ps_conflict_remote_name (executor, step);
  if (open_source (transfer, &error))
    {
      send_file (transfer);
      return;
    }
  ps_executor_step_failed (executor, step, error);
  ps_transfer_end (transfer);
  ps_transfer_free (transfer);
}
