/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/check.h"

#include "core/plan.h"
#include "engine/content.h"
#include "engine/walk.h"

#include <string.h>

typedef struct
{
  PsContext *context; /* borrowed */
  guint in_flight;
} Check;

/* One file being read from the server. */
typedef struct
{
  Check *check;
  char *path;
  uint8_t sha256[32];
} Reading;

static void
reading_free (Reading *self)
{
  g_free (self->path);
  g_free (self);
}

static void
compared_remotely (const PsRemoteResult *result, gpointer user_data)
{
  Reading *reading = user_data;
  PsContext *context = reading->check->context;

  reading->check->in_flight--;
  if (result->error != NULL && !ps_context_is_fatal (result->error))
    ps_context_problem (context, reading->path, ps_context_problem_code (result->error),
                        result->error->message);
  else if (result->error == NULL && memcmp (result->sha256, reading->sha256, 32) != 0)
    ps_context_problem (
        context, reading->path, "content",
        "the content on the server is not what was synced, although size and time agree");
  reading_free (reading);
}

static gboolean
read_remotely (Check *check, const char *path, const PsRow *row, GError **error)
{
  Reading *reading = g_new0 (Reading, 1);

  reading->check = check;
  reading->path = g_strdup (path);
  memcpy (reading->sha256, row->sha256, sizeof reading->sha256);
  if (!ps_content_sum_remote_async (check->context, path, &row->remote, compared_remotely, reading,
                                    error))
    {
      reading_free (reading);
      return FALSE;
    }
  check->in_flight++;
  while (ps_remote_room (check->context->remote) == 0 || check->in_flight > 16)
    if (!ps_remote_step (check->context->remote, -1, check->context->cancellable, error))
      return FALSE;
  return TRUE;
}

static gboolean
read_locally (PsContext *context, const char *path, const PsRow *row, GError **error)
{
  PsContentVerdict verdict;

  if (!ps_content_compare_local (context, path, &row->local, row->sha256, &verdict, error))
    return FALSE;
  if (verdict == PS_CONTENT_OTHER)
    ps_context_problem (context, path, "content",
                        "the content here is not what was synced, although size and time agree");
  return TRUE;
}

/* Nothing is carried out, so nothing needs to be held. */
static bool
allow_all (const PsStep *step, PsGuard guard, gconstpointer data)
{
  return true;
}

/* Reads all files of the base below @dir. */
static gboolean
check_dir (Check *check, const char *dir, GError **error)
{
  PsContext *context = check->context;
  g_autoptr (GArray) rows = ps_store_list (context->store, dir, error);

  if (rows == NULL)
    return FALSE;
  for (guint i = 0; i < rows->len; i++)
    {
      const PsStoreEntry *entry = &g_array_index (rows, PsStoreEntry, i);
      g_autofree char *path = ps_relpath_join (dir, entry->name);

      if (entry->row.local.kind == PS_KIND_DIR && !check_dir (check, path, error))
        return FALSE;
      if (entry->row.local.kind != PS_KIND_FILE || entry->row.remote.kind != PS_KIND_FILE
          || !entry->row.has_hash || g_hash_table_contains (context->given_up, path))
        continue;
      context->progress->files_scanned++;
      if (!read_locally (context, path, &entry->row, error)
          || !read_remotely (check, path, &entry->row, error))
        return FALSE;
    }
  return TRUE;
}

/* What a sync would do is a difference too; those paths are not read as well. */
static gboolean
tell_unsynced (PsContext *context, GError **error)
{
  g_autoptr (PsPlan) plan = ps_plan_new ();
  PsWalkOptions options = { 0 };
  PsPlanOptions plan_options
      = { .room_local = UINT64_MAX, .room_remote = UINT64_MAX, .is_allowed = allow_all };

  if (!ps_walk (context, &options, ps_local_lister (context->local),
                ps_remote_lister (context->remote), plan, error))
    return FALSE;
  ps_plan_finish (plan, &plan_options);
  for (guint i = 0; i < ps_plan_n_steps (plan); i++)
    {
      const PsStep *step = ps_plan_peek_step (plan, i);
      g_autofree char *message = g_strdup_printf ("not in sync yet: the next sync will %s it",
                                                  ps_step_kind_name (step->kind));

      ps_context_problem (context, step->path, "unsynced", message);
    }
  return TRUE;
}

gboolean
ps_check_contents (PsContext *context, GError **error)
{
  Check check = { .context = context };
  gboolean ok = tell_unsynced (context, error) && check_dir (&check, "", error);

  while (check.in_flight > 0)
    if (!ps_remote_step (context->remote, -1, context->cancellable, ok ? error : NULL))
      ok = FALSE;
  context->summary->in_sync = ok && context->summary->failed == 0;
  return ok;
}
