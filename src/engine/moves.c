/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Renames: what was moved on one side is moved on the other. They keep the plan's order and are
 * waited for one by one where they touch each other's names. */
#include "engine/await.h"
#include "engine/content.h"
#include "engine/executor.h"
#include "util/autofd.h"

#include <string.h>
#include <unistd.h>

#define SAMPLE_SIZE (16 * 1024) /* bytes of one sample */
#define SAMPLES                                                                                    \
  8 /* samples of a file; a file of up to SAMPLE_SIZE * SAMPLES bytes is compared whole */

/* The samples of the file being compared, as they come from the server. */
typedef struct
{
  int fd;
  uint64_t offset;
  guint *waiting;
  gboolean *same;
} Sample;

static void
compare_sample (const PsRemoteResult *result, gpointer user_data)
{
  g_autofree Sample *sample = user_data;
  g_autofree char *here = NULL;
  gconstpointer there;
  gsize length;

  --*sample->waiting;
  if (result->error != NULL)
    {
      *sample->same = FALSE;
      return;
    }
  there = g_bytes_get_data (result->bytes, &length);
  here = g_malloc (length + 1);
  if (pread (sample->fd, here, length, sample->offset) != (gssize)length
      || memcmp (here, there, length) != 0)
    *sample->same = FALSE;
}

/* Compares the local file @here with @there on the server, which agrees in size and time, at
 * SAMPLES places. FALSE with @error only when the link is lost. */
static gboolean
same_content (PsContext *context, const char *here, const char *there, gboolean *same,
              GError **error)
{
  PsEntry entry;
  ps_autofd fd = ps_local_open_file (context->local, here, &entry, NULL);
  uint64_t step = MAX (SAMPLE_SIZE, entry.size / SAMPLES);
  guint waiting = 0;

  *same = fd >= 0;
  for (uint64_t at = 0; *same && at < entry.size; at += step)
    {
      Sample *sample = g_new0 (Sample, 1);

      sample->fd = fd;
      sample->offset = MIN (at, entry.size - MIN (entry.size, SAMPLE_SIZE));
      sample->waiting = &waiting;
      sample->same = same;
      waiting++;
      ps_remote_read_async (context->remote, there, sample->offset, SAMPLE_SIZE, compare_sample,
                            sample);
    }
  while (waiting > 0)
    if (!ps_remote_step (context->remote, -1, context->cancellable, error))
      return FALSE;
  return TRUE;
}

/* Compares every file that the base knows below @here with its like below @there. */
static gboolean
same_tree (PsContext *context, const char *here, const char *there, gboolean *same, GError **error)
{
  g_autoptr (GArray) rows = ps_store_list (context->store, here, error);

  if (rows == NULL)
    return FALSE;
  *same = TRUE;
  for (guint i = 0; *same && i < rows->len; i++)
    {
      const PsStoreEntry *entry = &g_array_index (rows, PsStoreEntry, i);
      g_autofree char *below_here = ps_relpath_join (here, entry->name);
      g_autofree char *below_there = ps_relpath_join (there, entry->name);
      gboolean ok = TRUE;

      if (entry->row.local.kind == PS_KIND_DIR)
        ok = same_tree (context, below_here, below_there, same, error);
      else if (entry->row.local.kind == PS_KIND_FILE)
        ok = same_content (context, below_here, below_there, same, error);
      if (!ok)
        return FALSE;
    }
  return TRUE;
}

/* A move that was guessed from size and time is looked at by content; one that turns out to be none
 * has the next pass transfer and delete. */
static gboolean
verify (PsContext *context, const PsStep *step, gboolean *right, GError **error)
{
  *right = TRUE;
  if (!step->verify)
    return TRUE;
  if (!(step->local.kind == PS_KIND_DIR ? same_tree : same_content) (context, step->from,
                                                                     step->path, right, error))
    return FALSE;
  if (!*right)
    {
      context->no_moves = TRUE;
      context->look_again = TRUE;
    }
  return TRUE;
}

/* Where a file of a cycle waits for its new name to become free: among what is kept, never among
 * what is swept. */
static char *
parking_path (const PsExecutor *executor, const PsStep *step)
{
  const char *dir = step->kind == PS_STEP_MOVE_REMOTE ? "versions" : "trash";

  return g_strdup_printf (PS_OWN_DIR "/%s/parked-%s-%d", dir, executor->context->run_id,
                          ABS (step->park));
}

static gboolean
carry_out (PsExecutor *executor, const PsStep *step, const char *from, const char *to,
           PsEntry *moved, GError **error)
{
  PsContext *context = executor->context;

  if (step->kind == PS_STEP_MOVE_LOCAL)
    return ps_local_move (context->local, from, to, &step->local, moved, error);
  return ps_await_move (context->remote, from, to, &step->remote, moved, context->cancellable,
                        error);
}

/* The base follows the move: the row and all below it, then what both sides say of the moved thing
 * itself. */
static gboolean
record_move (PsExecutor *executor, const PsStep *step, const char *from, const char *to,
             const PsEntry *moved, GError **error)
{
  PsContext *context = executor->context;
  PsRow row = step->row;

  if (!ps_store_move (context->store, from, to, error))
    return FALSE;
  executor->uncommitted++;
  if (step->park > 0)
    return TRUE;
  row.local = step->kind == PS_STEP_MOVE_LOCAL ? *moved : step->local;
  row.remote = step->kind == PS_STEP_MOVE_LOCAL ? step->remote : *moved;
  row.racy = ps_content_is_racy (context, &row.local);
  ps_executor_record (executor, to, &row);
  return TRUE;
}

static gboolean
move_one (PsExecutor *executor, const PsStep *step, GError **error)
{
  g_autofree char *parking = step->park != 0 ? parking_path (executor, step) : NULL;
  const char *from = step->park < 0 ? parking : step->from;
  const char *to = step->park > 0 ? parking : step->path;
  g_autoptr (GError) failure = NULL;
  PsEntry moved;
  gboolean right;

  if (!verify (executor->context, step, &right, error))
    return FALSE;
  if (!right)
    return TRUE;
  if (!carry_out (executor, step, from, to, &moved, &failure))
    {
      if (ps_context_is_fatal (failure))
        {
          g_propagate_error (error, g_steal_pointer (&failure));
          return FALSE;
        }
      executor->context->no_moves
          = TRUE; /* whatever stands in the way: the next pass goes without */
      executor->context->look_again = TRUE;
      ps_executor_step_failed (executor, step, failure);
      return TRUE;
    }
  if (!record_move (executor, step, from, to, &moved, error))
    return FALSE;
  if (step->park <= 0)
    ps_executor_done (executor, step, ps_step_kind_name (step->kind), step->local.size, 0);
  return TRUE;
}

gboolean
ps_moves_run (PsExecutor *executor, guint *next, GError **error)
{
  for (; *next < ps_plan_n_steps (executor->plan); ++*next)
    {
      const PsStep *step = ps_plan_peek_step (executor->plan, *next);

      if (step->kind != PS_STEP_MOVE_LOCAL && step->kind != PS_STEP_MOVE_REMOTE)
        return TRUE;
      if (step->held == PS_GUARD_NONE && !move_one (executor, step, error))
        return FALSE;
    }
  return TRUE;
}
