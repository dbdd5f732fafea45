/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One file or link on its way from the server: fetched into a temporary file, and, many together,
 * made durable, put in place and recorded. Contents that have to be compared take the same way and
 * stop short of being put in place where they are equal. */
#include "engine/await.h"
#include "engine/content.h"
#include "engine/executor.h"

#include <string.h>

/* As record_intent () of upload.c, for the other direction (s9, s13). */
static void
record_intent (PsTransfer *transfer)
{
  const PsStep *step = transfer->step;
  PsRow row = { .remote = step->remote };

  if (step->kind == PS_STEP_DOWNLOAD && !step->has_row && !ps_entry_present (&step->local))
    ps_executor_record (transfer->executor, step->path, &row);
}

/* @when: before the local file was looked at or put in place. */
static PsRow
row_of_both (const PsTransfer *transfer, const PsEntry *local, int64_t when)
{
  PsRow row = { .local = *local, .remote = transfer->remote, .has_hash = true };

  memcpy (row.sha256, transfer->sha256, sizeof row.sha256);
  row.racy = ps_content_is_racy (transfer->executor->context, local, when);
  return row;
}

static void
record_both (PsTransfer *transfer, const PsEntry *local, int64_t when)
{
  PsRow row = row_of_both (transfer, local, when);

  ps_executor_record (transfer->executor, transfer->step->path, &row);
}

static void
fetched (const PsRemoteResult *result, gpointer user_data)
{
  PsTransfer *transfer = user_data;
  PsExecutor *executor = transfer->executor;

  executor->in_flight--;
  ps_transfer_end (transfer);
  if (result->error != NULL)
    {
      executor->context->progress->files_done++;
      ps_executor_step_failed (executor, transfer->step, result->error);
      ps_transfer_free (transfer);
      return;
    }
  transfer->remote = result->entry;
  transfer->remote.executable
      = transfer->step->remote.executable; /* FAT shows what means nothing */
  transfer->wire = result->wire;
  memcpy (transfer->sha256, result->sha256, sizeof transfer->sha256);
  g_ptr_array_add (executor->fetched, transfer);
  executor->fetched_bytes += transfer->remote.size;
}

/* The server's file differs from what is here although neither could be seen by its time: settles
 * who keeps the name. TRUE when the transfer goes on to be placed with *@expected. */
static gboolean
settle_difference (PsTransfer *transfer, const uint8_t local_sum[32], PsEntry *expected,
                   GError **error)
{
  const PsStep *step = transfer->step;
  PsExecutor *executor = transfer->executor;
  /* What only one side had says nothing about the other's. */
  gboolean both_had = step->has_row && step->row.has_hash && ps_entry_present (&step->row.local)
                      && ps_entry_present (&step->row.remote);
  gboolean local_known = both_had && memcmp (local_sum, step->row.sha256, 32) == 0;
  gboolean remote_known = both_had && memcmp (transfer->sha256, step->row.sha256, 32) == 0;

  if (executor->over)
    return FALSE;
  if (local_known)
    return TRUE; /* only touched here: the server's is the newer content */
  if (remote_known
      || ps_conflict_winner (executor->context->config->conflict, &step->local, &step->remote)
             == PS_SIDE_LOCAL)
    {
      ps_upload_start (executor, step, !remote_known);
      return FALSE;
    }
  return ps_conflict_copy_local (executor, step, expected, error);
}

/* TRUE when @transfer is to be placed with *@expected; FALSE when it is settled, or with @error. */
static gboolean
compare_contents (PsTransfer *transfer, PsEntry *expected, GError **error)
{
  const PsStep *step = transfer->step;
  PsExecutor *executor = transfer->executor;
  int64_t began = ps_clock_now (executor->context->clock);
  uint8_t sum[32];
  PsRow row;

  if (!ps_content_hash_local (executor->context, step->path, &step->local, sum, error))
    return FALSE;
  if (memcmp (sum, transfer->sha256, sizeof sum) != 0)
    return settle_difference (transfer, sum, expected, error);
  row = row_of_both (transfer, &step->local, began);
  ps_executor_record_equal (executor, step->path, &row);
  ps_executor_done (executor, step, "record", 0, transfer->wire);
  return FALSE;
}

/* Only the server's times or executable bit changed: the content is here already. */
static gboolean
is_touch (const PsTransfer *transfer)
{
  const PsStep *step = transfer->step;

  return step->kind == PS_STEP_DOWNLOAD && step->has_row && step->row.has_hash
         && memcmp (transfer->sha256, step->row.sha256, 32) == 0 && step->local.kind == PS_KIND_FILE
         && ps_entry_same (&step->row.local, &step->local);
}

static gboolean
set_attributes (PsTransfer *transfer, GError **error)
{
  const PsStep *step = transfer->step;
  int64_t began = ps_clock_now (transfer->executor->context->clock);
  PsEntry now;

  if (!ps_local_set_attributes (transfer->executor->context->local, step->path, &step->local,
                                &transfer->remote, &now, error))
    return FALSE;
  record_both (transfer, &now, began);
  ps_executor_done (transfer->executor, step, "attributes", 0, transfer->wire);
  return TRUE;
}

/* Decides what becomes of a fetched file before it is made durable. FALSE: nothing more is to be
 * done with it. */
static gboolean
wants_place (PsTransfer *transfer, PsEntry *expected)
{
  const PsStep *step = transfer->step;
  g_autoptr (GError) error = NULL;
  gboolean place = TRUE;

  *expected = step->local;
  if (is_touch (transfer))
    {
      set_attributes (transfer, &error);
      place = FALSE;
    }
  else if (step->kind == PS_STEP_COMPARE)
    place = compare_contents (transfer, expected, &error);
  else if (step->kind == PS_STEP_CONFLICT)
    place = ps_conflict_copy_local (transfer->executor, step, expected, &error);
  if (place && !ps_local_temp_settle (transfer->temp, &transfer->remote, &error))
    place = FALSE;
  if (error != NULL)
    ps_executor_step_failed (transfer->executor, step, error);
  return place;
}

/* Whether the local content that is about to be replaced might be the only copy of it: then the
 * trash takes it. Without a hash nobody has ever seen that it is what the server had. A conflict
 * has given it a name already. */
static gboolean
keeps_replaced (const PsTransfer *transfer)
{
  const PsStep *step = transfer->step;

  return step->kind != PS_STEP_CONFLICT && step->local.kind == PS_KIND_FILE
         && !(step->row.has_hash
              && ps_replaced_is_kept (transfer->executor->replaced, step->path, &step->row.remote));
}

/* FALSE: nothing more is to be done with it. */
static gboolean
make_durable (PsTransfer *transfer)
{
  g_autoptr (GError) error = NULL;

  if (ps_local_temp_finish (transfer->temp, &transfer->remote, &error))
    return TRUE;
  ps_executor_step_failed (transfer->executor, transfer->step, error);
  return FALSE;
}

static void
place (PsTransfer *transfer, const PsEntry *expected)
{
  PsExecutor *executor = transfer->executor;
  const PsStep *step = transfer->step;
  g_autoptr (GError) error = NULL;
  g_autofree char *displaced = NULL;
  int64_t began = ps_clock_now (executor->context->clock);
  PsEntry placed;

  if (!ps_local_place (executor->context->local, g_steal_pointer (&transfer->temp), step->path,
                       expected, keeps_replaced (transfer), &placed, &displaced, &error))
    {
      ps_executor_step_failed (executor, step, error);
      return;
    }
  record_both (transfer, &placed, began);
  if (displaced != NULL
      && !ps_conflict_keep_local (executor, step, displaced, step->local.mtime, &error))
    ps_executor_step_failed (executor, step, error);
  ps_executor_done (executor, step, "download", transfer->remote.size, transfer->wire);
}

/* The link is lost: what is here is placed all the same. */
static void
note_lost (PsExecutor *executor, GError *error)
{
  executor->over = TRUE;
  if (executor->failure == NULL)
    executor->failure = error;
  else
    g_error_free (error);
}

void
ps_download_place_fetched (PsExecutor *executor)
{
  g_autoptr (GPtrArray) batch = g_steal_pointer (&executor->fetched);
  g_autofree PsEntry *expected = g_new0 (PsEntry, batch->len);
  g_autofree gboolean *wanted = g_new0 (gboolean, batch->len);
  GError *error = NULL;

  executor->fetched = g_ptr_array_new_with_free_func ((GDestroyNotify)ps_transfer_free);
  executor->fetched_bytes = 0;
  /* First all bytes are sent to the disk; then they become durable together and get their names. */
  for (guint i = 0; i < batch->len; i++)
    wanted[i] = wants_place (g_ptr_array_index (batch, i), &expected[i]);
  for (guint i = 0; i < batch->len; i++)
    wanted[i] = wanted[i] && make_durable (g_ptr_array_index (batch, i));
  if (!executor->over && !ps_replaced_wait (executor->replaced, &error))
    note_lost (executor, error);
  for (guint i = 0; i < batch->len; i++)
    {
      executor->context->progress->files_done++;
      if (wanted[i])
        place (g_ptr_array_index (batch, i), &expected[i]);
    }
}

/* Links are few: one after the other, each waited for. */
static void
make_link (PsExecutor *executor, const PsStep *step)
{
  PsContext *context = executor->context;
  g_autoptr (GError) error = NULL;
  g_autofree char *target
      = ps_await_readlink (context->remote, step->path, context->cancellable, &error);
  PsRow row = { .remote = step->remote };

  if (target != NULL
      && (!ps_entry_present (&step->local)
          || ps_local_remove (context->local, step->path, &step->local, &error))
      && ps_local_symlink (context->local, step->path, target, &row.local, &error))
    {
      ps_executor_record (executor, step->path, &row);
      ps_executor_done (executor, step, "download", 0, 0);
    }
  else
    ps_executor_step_failed (executor, step, error);
  context->progress->files_done++;
}

void
ps_download_start (PsExecutor *executor, const PsStep *step)
{
  g_autoptr (GError) error = NULL;
  PsTransfer *transfer;
  PsGet get = {
    .path = step->path,
    .expected = step->remote,
    .hash = TRUE,
    .moved = ps_transfer_moved,
  };

  if (step->remote.kind == PS_KIND_SYMLINK)
    {
      make_link (executor, step);
      return;
    }
  transfer = ps_transfer_new (executor, step, FALSE);
  transfer->temp = ps_reuse_open_temp (executor->reuse, step->path, &step->remote, &error);
  if (transfer->temp == NULL)
    {
      ps_executor_step_failed (executor, step, error);
      ps_transfer_end (transfer);
      ps_transfer_free (transfer);
      return;
    }
  record_intent (transfer);
  if (step->local.kind == PS_KIND_FILE)
    ps_replaced_ask (executor->replaced, step->path);
  executor->in_flight++;
  ps_reuse_get_async (executor->reuse, &get, transfer->temp, &step->local, fetched, transfer);
}
