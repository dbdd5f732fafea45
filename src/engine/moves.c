/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Renames: what was moved on one side is moved on the other. Moves that were guessed from size and
 * time are first looked at by content, all of them side by side. Then they keep the plan's order;
 * those of single files on the server, which touch no name of another one, go side by side too. */
#include "delta/delta.h"
#include "engine/await.h"
#include "engine/content.h"
#include "engine/executor.h"
#include "util/autofd.h"

#include <string.h>
#include <unistd.h>

#define SAMPLE_SIZE (16 * 1024) /* bytes of one sample */
#define SAMPLES 8               /* of a large file, and its end; a small one is compared whole */

/* The moves of one plan. */
typedef struct
{
  PsExecutor *executor; /* borrowed */
  GHashTable *wrong;    /* (element-type PsStep) moves that turned out to be none */
  GHashTable *names;    /* (element-type filename) old and new paths of the moves in flight */
  GHashTable *vacated; /* (element-type filename PsEntry) what lay on the server, by its old path */
} Moves;

/* One sample of a file, or the hash that it is published to have, on its way from the server. */
typedef struct
{
  Moves *moves;
  const PsStep *step;
  char *path; /* owned: the local file it is compared with */
  uint64_t offset;
  uint8_t sha256[32]; /* as recorded */
} Sample;

static void
sample_free (Sample *self)
{
  g_free (self->path);
  g_free (self);
}

/* One move in flight. */
typedef struct
{
  Moves *moves;
  const PsStep *step;
} Move;

static gboolean
equals_local (PsLocal *local, const Sample *sample, GBytes *bytes)
{
  gsize length;
  gconstpointer there = g_bytes_get_data (bytes, &length);
  g_autofree char *here = g_malloc (length + 1);
  PsEntry entry;
  ps_autofd fd = ps_local_open_file (local, sample->path, &entry, NULL);

  return fd >= 0 && pread (fd, here, length, sample->offset) == (gssize)length
         && memcmp (here, there, length) == 0;
}

static void
compare_sample (const PsRemoteResult *result, gpointer user_data)
{
  Sample *sample = user_data;
  PsExecutor *executor = sample->moves->executor;

  executor->in_flight--;
  if (result->error != NULL || !equals_local (executor->context->local, sample, result->bytes))
    g_hash_table_add (sample->moves->wrong, (gpointer)sample->step);
  sample_free (sample);
}

static void
compare_published (const uint8_t sha256[32], const GError *error, gpointer user_data)
{
  Sample *sample = user_data;

  sample->moves->executor->in_flight--;
  if (sha256 != NULL && memcmp (sha256, sample->sha256, sizeof sample->sha256) != 0)
    g_hash_table_add (sample->moves->wrong, (gpointer)sample->step);
  sample_free (sample);
}

/* One file that was @here, and may now be @there on the server. */
typedef struct
{
  const PsStep *step;
  const char *here, *there;
  const PsRow *row;
} Suspect;

/* Returns: (nullable): something to be asked about it, which counts as in flight; NULL with @error:
 * the pass is over. */
static Sample *
sample_new (Moves *moves, const Suspect *suspect, GError **error)
{
  Sample *sample;

  if (!ps_executor_make_room (moves->executor, error))
    return NULL;
  sample = g_new0 (Sample, 1);
  sample->moves = moves;
  sample->step = suspect->step;
  sample->path = g_strdup (suspect->here);
  moves->executor->in_flight++;
  return sample;
}

static gboolean
ask_sample (Moves *moves, const Suspect *suspect, uint64_t offset, GError **error)
{
  Sample *sample = sample_new (moves, suspect, error);

  if (sample == NULL)
    return FALSE;
  sample->offset = offset;
  ps_remote_read_async (moves->executor->context->remote, suspect->there, offset, SAMPLE_SIZE,
                        compare_sample, sample);
  return TRUE;
}

/* A hash says for sure that it is another file, which samples may miss: a tag that was changed and
 * left the size and, as some programs do, the time. */
static gboolean
ask_published (Moves *moves, const Suspect *suspect, GError **error)
{
  Sample *sample = sample_new (moves, suspect, error);

  if (sample == NULL)
    return FALSE;
  memcpy (sample->sha256, suspect->row->sha256, sizeof sample->sha256);
  ps_content_ask_published (moves->executor->context, suspect->there, &suspect->row->remote,
                            compare_published, sample);
  return TRUE;
}

static gboolean
ask_samples (Moves *moves, const Suspect *suspect, GError **error)
{
  uint64_t size = suspect->row->local.size;
  uint64_t stride = size < PS_DELTA_MIN_SIZE ? SAMPLE_SIZE : size / SAMPLES;

  if (suspect->row->has_hash && !ask_published (moves, suspect, error))
    return FALSE;
  for (uint64_t at = 0; at + SAMPLE_SIZE < size; at += stride)
    if (!ask_sample (moves, suspect, at, error))
      return FALSE;
  return size == 0 || ask_sample (moves, suspect, size - MIN (size, SAMPLE_SIZE), error);
}

/* The same for every file that the base knows below a directory. */
static gboolean
ask_samples_below (Moves *moves, const PsStep *step, const char *here, const char *there,
                   GError **error)
{
  g_autoptr (GArray) rows = ps_store_list (moves->executor->context->store, here, error);

  if (rows == NULL)
    return FALSE;
  for (guint i = 0; i < rows->len; i++)
    {
      const PsStoreEntry *entry = &g_array_index (rows, PsStoreEntry, i);
      g_autofree char *below_here = ps_relpath_join (here, entry->name);
      g_autofree char *below_there = ps_relpath_join (there, entry->name);
      const Suspect suspect = { step, below_here, below_there, &entry->row };
      gboolean ok = TRUE;

      if (entry->row.local.kind == PS_KIND_DIR)
        ok = ask_samples_below (moves, step, below_here, below_there, error);
      else if (entry->row.local.kind == PS_KIND_FILE)
        ok = ask_samples (moves, &suspect, error);
      if (!ok)
        return FALSE;
    }
  return TRUE;
}

static gboolean
is_move (const PsStep *step)
{
  return step->kind == PS_STEP_MOVE_LOCAL || step->kind == PS_STEP_MOVE_REMOTE;
}

static gboolean
verify_all (Moves *moves, guint first, GError **error)
{
  PsExecutor *executor = moves->executor;

  for (guint i = first; i < ps_plan_n_steps (executor->plan); i++)
    {
      const PsStep *step = ps_plan_peek_step (executor->plan, i);
      const Suspect suspect = { step, step->from, step->path, &step->row };
      gboolean ok = TRUE;

      if (!is_move (step))
        break;
      if (!step->verify || step->held != PS_GUARD_NONE)
        continue;
      if (step->local.kind == PS_KIND_DIR)
        ok = ask_samples_below (moves, step, step->from, step->path, error);
      else
        ok = ask_samples (moves, &suspect, error);
      if (!ok)
        return FALSE;
    }
  return ps_executor_drain (executor, 0, error);
}

/* Whatever stands in the way of a move: the next pass goes without moves, by transfers and
 * deletions. */
static void
give_up_moves (PsExecutor *executor)
{
  executor->context->no_moves = TRUE;
  executor->context->look_again = TRUE;
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

/* The base follows the move: the row and all below it, then what both sides say of the moved thing
 * itself. */
static gboolean
record_move (PsExecutor *executor, const PsStep *step, const char *from, const char *to,
             const PsEntry *moved, GError **error)
{
  gboolean here = step->kind == PS_STEP_MOVE_LOCAL;
  PsRow row;

  if (here ? !ps_store_move (executor->context->store, from, to, error)
           : !ps_executor_record_move_remote (executor, from, to, error))
    return FALSE;
  if (step->park > 0)
    return TRUE;
  row = step->row;
  row.local = here ? *moved : step->local;
  row.remote = here ? step->remote : *moved;
  if (here)
    ps_executor_record (executor, to, &row);
  else
    ps_executor_record_remote (executor, to, &row);
  ps_executor_done (executor, step, ps_step_kind_name (step->kind), step->local.size, 0);
  return TRUE;
}

/* The outcome of one move. FALSE when the pass is over. */
static gboolean
finish_move (Moves *moves, const PsStep *step, const char *from, const char *to,
             const PsEntry *moved, const GError *failure, GError **error)
{
  PsExecutor *executor = moves->executor;

  if (failure == NULL)
    return record_move (executor, step, from, to, moved, error);
  if (ps_context_is_fatal (failure))
    {
      g_propagate_error (error, g_error_copy (failure));
      return FALSE;
    }
  give_up_moves (executor);
  ps_executor_step_failed (executor, step, failure);
  return TRUE;
}

/* A file that takes the name of one of the same size and second would look unchanged to every other
 * device. Returns: whether the one of @step does; *@shown then has another second. */
static gboolean
looks_vacated (Moves *moves, const PsStep *step, PsEntry *shown)
{
  const PsEntry *old = g_hash_table_lookup (moves->vacated, step->path);

  *shown = step->remote;
  return step->kind == PS_STEP_MOVE_REMOTE && old != NULL && step->park <= 0
         && ps_content_tell_from (moves->executor->context, shown, old);
}

/* Such a file, which lies at @from, gets its second before it is moved: whatever dies in between,
 * nobody finds it under the other's name with the other's looks. *@seen is what it looks like.
 * FALSE without @error: the server does not let us; it goes by transfers, as one that is no move.
 */
static gboolean
tell_from_vacated (Moves *moves, const PsStep *step, const char *from, PsEntry *seen,
                   GError **error)
{
  PsContext *context = moves->executor->context;
  g_autoptr (GError) failure = NULL;
  PsRow row = step->row;
  PsEntry shown;

  *seen = step->remote;
  if (!looks_vacated (moves, step, &shown))
    return TRUE;
  if (ps_await_set_attributes (context->remote, from, &step->remote, &shown, seen,
                               context->cancellable, &failure))
    {
      row.remote = *seen;
      ps_executor_record (moves->executor, from, &row); /* should it not be moved after all */
      return TRUE;
    }
  g_info ("%s: %s", step->path, failure->message);
  give_up_moves (moves->executor);
  if (ps_context_is_fatal (failure))
    g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

/* A move that is waited for. */
static gboolean
move_alone (Moves *moves, const PsStep *step, GError **error)
{
  PsExecutor *executor = moves->executor;
  PsContext *context = executor->context;
  g_autofree char *parking = step->park != 0 ? parking_path (executor, step) : NULL;
  const char *from = step->park < 0 ? parking : step->from;
  const char *to = step->park > 0 ? parking : step->path;
  g_autoptr (GError) failure = NULL;
  PsEntry seen, moved;
  gboolean ok;

  if (!tell_from_vacated (moves, step, from, &seen, &failure))
    return failure == NULL || finish_move (moves, step, from, to, NULL, failure, error);
  if (step->kind == PS_STEP_MOVE_LOCAL)
    ok = ps_local_move (context->local, from, to, &step->local, &moved, &failure);
  else
    ok = ps_await_move (context->remote, from, to, &seen, &moved, context->cancellable, &failure);
  if (!finish_move (moves, step, from, to, &moved, ok ? NULL : failure, error))
    return FALSE;
  /* Taken back, all below it would have to be fetched to be compared. */
  return !ok || step->kind != PS_STEP_MOVE_REMOTE || moved.kind != PS_KIND_DIR
         || ps_executor_commit (executor, error);
}

static void
moved_remotely (const PsRemoteResult *result, gpointer user_data)
{
  g_autofree Move *move = user_data;
  PsExecutor *executor = move->moves->executor;
  const PsStep *step = move->step;
  g_autoptr (GError) error = NULL;

  executor->in_flight--;
  if (!finish_move (move->moves, step, step->from, step->path, &result->entry, result->error,
                    &error)
      && executor->failure == NULL && error->domain == PS_STORE_ERROR)
    executor->failure = g_steal_pointer (&error);
}

static gboolean
move_beside_others (Moves *moves, const PsStep *step, GError **error)
{
  PsExecutor *executor = moves->executor;
  Move *move;

  if ((g_hash_table_contains (moves->names, step->from)
       || g_hash_table_contains (moves->names, step->path))
      && !ps_executor_drain (executor, 0, error))
    return FALSE;
  if (executor->in_flight == 0)
    g_hash_table_remove_all (moves->names);
  if (!ps_executor_make_room (executor, error))
    return FALSE;
  g_hash_table_add (moves->names, step->from);
  g_hash_table_add (moves->names, step->path);
  move = g_new0 (Move, 1);
  move->moves = moves;
  move->step = step;
  executor->in_flight++;
  ps_remote_move_async (executor->context->remote, step->from, step->path, &step->remote,
                        moved_remotely, move);
  return TRUE;
}

static gboolean
start_move (Moves *moves, const PsStep *step, GError **error)
{
  PsExecutor *executor = moves->executor;
  PsEntry shown;

  if (g_hash_table_contains (moves->wrong, step))
    {
      give_up_moves (executor);
      return TRUE;
    }
  if (step->kind == PS_STEP_MOVE_REMOTE && step->park == 0 && step->remote.kind != PS_KIND_DIR
      && !looks_vacated (moves, step, &shown))
    return move_beside_others (moves, step, error);
  return ps_executor_drain (executor, 0, error) && move_alone (moves, step, error);
}

static GHashTable *
find_vacated (const PsPlan *plan, guint first)
{
  GHashTable *vacated = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = first; i < ps_plan_n_steps (plan); i++)
    {
      const PsStep *step = ps_plan_peek_step (plan, i);

      if (step->kind == PS_STEP_MOVE_REMOTE && step->remote.kind == PS_KIND_FILE)
        g_hash_table_insert (vacated, step->from, (gpointer)&step->remote);
    }
  return vacated;
}

gboolean
ps_moves_run (PsExecutor *executor, guint *next, GError **error)
{
  g_autoptr (GHashTable) wrong = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) vacated = find_vacated (executor->plan, *next);
  Moves moves = { .executor = executor, .wrong = wrong, .names = names, .vacated = vacated };
  gboolean ok = verify_all (&moves, *next, error);

  for (; ok && *next < ps_plan_n_steps (executor->plan); ++*next)
    {
      const PsStep *step = ps_plan_peek_step (executor->plan, *next);

      if (!is_move (step))
        break;
      if (step->held == PS_GUARD_NONE)
        ok = start_move (&moves, step, error);
    }
  /* Nothing may call back into what lies on this stack. */
  while (executor->in_flight > 0)
    if (!ps_executor_drain (executor, 0, ok ? error : NULL))
      ok = FALSE;
  return ok;
}
