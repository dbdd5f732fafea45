/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/roots.h"

#include "util/fault.h"
#include "util/wait.h"
#include "util/words.h"

#include <string.h>

#define KEY_PAIR_ID "pair-id"
#define KEY_GENERATION "generation"
#define KEY_RESTORED "restored-server"
#define RESTORED_ASKED "1"
#define RESTORED_ACCEPTED "accepted"
#define SECOND_LOOK_US (3 * G_USEC_PER_SEC)

static const char restored_text[] = N_ (
    "the server's folder is older than when it was last seen: was it restored from a backup? "
    "Each side gets what only the other one has, and of what differs both versions are kept; "
    "nothing is deleted until you say that the server is right (--accept-restored-server, or in "
    "the status window)");

static gboolean
hold (PsContext *context, const char *reason, GError **error)
{
  ps_context_held (context, PS_GUARD_ROOT, 1, _ (reason), NULL);
  g_set_error_literal (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_GUARD, _ (reason));
  return FALSE;
}

static uint64_t
last_generation (PsStore *store)
{
  g_autofree char *text = ps_store_get_value (store, KEY_GENERATION);

  return text != NULL ? g_ascii_strtoull (text, NULL, 10) : 0;
}

static gboolean
remember_generation (PsStore *store, uint64_t generation, GError **error)
{
  g_autofree char *text = g_strdup_printf ("%" G_GUINT64_FORMAT, generation);

  return ps_store_set_value (store, KEY_GENERATION, text, error);
}

static void
new_marker (PsMarker *marker)
{
  g_autofree char *id = g_uuid_string_random ();

  *marker = (PsMarker){ .state = PS_MARKER_PRESENT, .generation = 1 };
  g_strlcpy (marker->id, id, sizeof marker->id);
}

/* The server's marker comes first: dying before the local one is written leaves a state that the
 * next run adopts. */
static gboolean
make_markers (PsLocal *local, PsRemote *remote, PsMarker *marker, GCancellable *cancellable,
              GError **error)
{
  new_marker (marker);
  return !ps_fault ("remote-marker", error)
         && ps_remote_make_marker (remote, marker, cancellable, error)
         && ps_local_write_marker (local, marker, error);
}

/* Acts on the verdict about the markers of a first run. */
static gboolean
settle_first_run (PsContext *context, PsRootsVerdict verdict, PsMarker *remote, GError **error)
{
  if ((context->flags & PS_SYNC_DRY_RUN) != 0)
    return TRUE;
  if (verdict == PS_ROOTS_MAKE
      && !make_markers (context->local, context->remote, remote, context->cancellable, error))
    return FALSE;
  if (verdict == PS_ROOTS_ADOPT_REMOTE && !ps_local_write_marker (context->local, remote, error))
    return FALSE;
  return ps_store_set_value (context->store, KEY_PAIR_ID, remote->id, error)
         && ps_store_commit (context->store, error);
}

/* Another device may be between writing and outdoing a marker at this very moment: only what is
 * still lower after a while counts. */
static gboolean
still_older (PsContext *context, PsMarker *remote, uint64_t seen, gboolean *older, GError **error)
{
  if (ps_wait_fds (NULL, 0, SECOND_LOOK_US, context->cancellable, error) < 0
      || !ps_remote_read_marker (context->remote, remote, context->cancellable, error))
    return FALSE;
  *older = remote->state == PS_MARKER_PRESENT && ps_guard_restored (seen, remote->generation);
  return TRUE;
}

/* What could not be synced has the rows of before: with the restored server they would tell of
 * deletions. */
static gboolean
forget_below (PsStore *store, const char *path, GError **error)
{
  g_autoptr (GArray) rows = ps_store_list (store, path, error);

  if (rows == NULL)
    return FALSE;
  for (guint i = 0; i < rows->len; i++)
    {
      const char *name = g_array_index (rows, PsStoreEntry, i).name;
      g_autofree char *below = ps_relpath_join (path, name);

      if (!forget_below (store, below, error))
        return FALSE;
    }
  return ps_store_remove (store, path, error);
}

static gboolean
forget_given_up (PsContext *context, GError **error)
{
  GHashTableIter iter;
  gpointer path;

  g_hash_table_iter_init (&iter, context->given_up);
  while (g_hash_table_iter_next (&iter, &path, NULL))
    if (!forget_below (context->store, path, error))
      return FALSE;
  return TRUE;
}

gboolean
ps_roots_settle (PsContext *context, GError **error)
{
  PsRoots *roots = &context->roots;

  if (!roots->accepted || (context->flags & PS_SYNC_DRY_RUN) != 0)
    return TRUE;
  roots->restored = roots->accepted = FALSE;
  return forget_given_up (context, error)
         && remember_generation (context->store, roots->remote.generation, error)
         && ps_store_set_value (context->store, KEY_RESTORED, NULL, error)
         && ps_store_commit (context->store, error);
}

/* Keeps it over further runs. Writes only what differs: a look must not wake the disk. */
static gboolean
remember_restored (PsContext *context, const char *before, GError **error)
{
  const char *now = context->roots.accepted ? RESTORED_ACCEPTED : RESTORED_ASKED;

  return g_strcmp0 (before, now) == 0
         || (ps_store_set_value (context->store, KEY_RESTORED, now, error)
             && ps_store_commit (context->store, error));
}

/* The guard against a restored server. It stays tripped, over further runs, until a person has
 * decided, and both sides have been united. */
static gboolean
check_generation (PsContext *context, GError **error)
{
  PsRoots *roots = &context->roots;
  uint64_t seen = last_generation (context->store);
  g_autofree char *flag = ps_store_get_value (context->store, KEY_RESTORED);
  gboolean older = ps_guard_restored (seen, roots->remote.generation);

  if (older && flag == NULL && (context->flags & PS_SYNC_ACCEPT_RESTORED) == 0
      && !still_older (context, &roots->remote, seen, &older, error))
    return FALSE;
  roots->restored = older || flag != NULL;
  roots->accepted = roots->restored
                    && ((context->flags & PS_SYNC_ACCEPT_RESTORED) != 0
                        || g_strcmp0 (flag, RESTORED_ACCEPTED) == 0);
  if ((context->flags & PS_SYNC_DRY_RUN) != 0)
    return TRUE;
  if (roots->restored)
    return remember_restored (context, flag, error);
  if (roots->remote.generation == seen)
    return TRUE;
  return remember_generation (context->store, roots->remote.generation, error);
}

gboolean
ps_roots_check (PsContext *context, GError **error)
{
  PsRoots *roots = &context->roots;
  g_autofree char *base_id = ps_store_get_value (context->store, KEY_PAIR_ID);
  const char *reason = NULL;
  PsMarker local;
  PsRootsVerdict verdict;

  *roots = (PsRoots){ 0 };
  ps_local_read_marker (context->local, &local);
  if (!ps_remote_read_marker (context->remote, &roots->remote, context->cancellable, error))
    return FALSE;
  verdict = ps_guard_roots (base_id, &local, &roots->remote, &reason);
  if (verdict == PS_ROOTS_HELD)
    return hold (context, reason, error);
  if (base_id == NULL && !settle_first_run (context, verdict, &roots->remote, error))
    return FALSE;
  if (!check_generation (context, error))
    return FALSE;
  if (roots->restored && !roots->accepted)
    ps_context_held (context, PS_GUARD_RESTORED_SERVER, 1, _ (restored_text), NULL);
  return TRUE;
}

gboolean
ps_roots_hold_missing (PsContext *context, GError **error)
{
  g_autofree char *base_id = ps_store_get_value (context->store, KEY_PAIR_ID);
  PsMarker local = { .state = PS_MARKER_NO_ROOT }, remote = { .state = PS_MARKER_PRESENT };
  const char *reason = NULL;

  if (base_id == NULL || !g_error_matches (*error, PS_LOCAL_ERROR, PS_LOCAL_ERROR_ROOT))
    return FALSE;
  g_strlcpy (remote.id, base_id, sizeof remote.id);
  ps_guard_roots (base_id, &local, &remote, &reason);
  g_clear_error (error);
  return hold (context, reason, error);
}

gboolean
ps_roots_confirm (PsContext *context, GError **error)
{
  g_autofree char *base_id = ps_store_get_value (context->store, KEY_PAIR_ID);
  const char *reason = NULL;
  PsMarker local, remote;

  ps_local_read_marker (context->local, &local);
  if (!ps_remote_read_marker (context->remote, &remote, context->cancellable, error))
    return FALSE;
  if (ps_guard_roots (base_id, &local, &remote, &reason) == PS_ROOTS_HELD)
    return hold (context, reason, error);
  return TRUE;
}

void
ps_roots_raise_begin (PsContext *context)
{
  PsRoots *roots = &context->roots;

  if (roots->restored || roots->raising)
    return;
  roots->raising = TRUE;
  ps_remote_raise_begin (context->remote, &roots->remote);
}

gboolean
ps_roots_raise_end (PsContext *context, GError **error)
{
  PsRoots *roots = &context->roots;

  if (!roots->raising)
    return TRUE;
  roots->raising = FALSE;
  roots->raised
      = ps_remote_raise_end (context->remote, &roots->remote, context->cancellable, error);
  return roots->raised;
}

gboolean
ps_roots_remember (PsContext *context, GError **error)
{
  if (!context->roots.raised)
    return TRUE;
  context->roots.raised = FALSE;
  return remember_generation (context->store, context->roots.remote.generation, error);
}

gboolean
ps_roots_raise_again (PsContext *context, GError **error)
{
  ps_roots_raise_begin (context);
  return ps_roots_raise_end (context, error)
         && ps_remote_sync_dirs (context->remote, context->cancellable, error)
         && ps_roots_remember (context, error);
}

gboolean
ps_roots_bind (PsLocal *local, PsRemote *remote, gboolean rebind, GCancellable *cancellable,
               GError **error)
{
  PsMarker here, there;

  ps_local_read_marker (local, &here);
  if (!ps_remote_read_marker (remote, &there, cancellable, error))
    return FALSE;
  if (here.state == PS_MARKER_UNKNOWN_FORMAT || there.state == PS_MARKER_UNKNOWN_FORMAT)
    {
      g_set_error (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_CONFIG, "%s",
                   here.state == PS_MARKER_UNKNOWN_FORMAT
                       ? _ ("the marker .pisync/root of the local folder was made by a newer "
                            "PiSync, or is damaged")
                       : _ ("the marker .pisync/root on the server was made by a newer "
                            "PiSync, or is damaged"));
      return FALSE;
    }
  if (here.state == PS_MARKER_PRESENT && !rebind
      && (there.state != PS_MARKER_PRESENT || strcmp (here.id, there.id) != 0))
    {
      g_set_error_literal (
          error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_CONFIG,
          _ ("the local folder belongs to another pair (or the server's disk is not mounted); "
             "--rebind ties it to this server's folder instead"));
      return FALSE;
    }
  if (there.state != PS_MARKER_PRESENT)
    return make_markers (local, remote, &there, cancellable, error);
  return ps_local_write_marker (local, &there, error);
}
