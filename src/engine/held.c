/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A set of held steps stands in the base as one text: eight bytes of a sum for each, in
 * hexadecimal, sorted. */
#include "engine/held.h"

#include "util/words.h"

#include <stdlib.h>
#include <string.h>

#define DIGITS 16 /* of a step */

/* The guards that a person can answer. */
typedef struct
{
  PsGuard guard;
  PsSyncFlags allow, keep;
  const char *shown_key;   /* what it held when that was last told */
  const char *allowed_key; /* what of that was allowed, and may not be carried out yet */
} Answerable;

static const Answerable answerable[] = {
  { PS_GUARD_MASS_DELETE, PS_SYNC_ALLOW_DELETES, PS_SYNC_KEEP_DELETED, "held-deletes",
    "allowed-deletes" },
  { PS_GUARD_MASS_EMPTIED, PS_SYNC_ALLOW_EMPTIED, PS_SYNC_KEEP_EMPTIED, "held-emptied",
    "allowed-emptied" },
};

#define N_ANSWERABLE G_N_ELEMENTS (answerable)

struct PsHeld
{
  PsContext *context; /* borrowed */
  gboolean before[N_ANSWERABLE];
  gboolean all[N_ANSWERABLE];        /* whatever it would hold is allowed */
  GHashTable *allowed[N_ANSWERABLE]; /* (nullable) (element-type utf8) owned: steps, as digits */
};

/* --- Sets of steps --- */

/* The same file again, deleted on the other side, is another step. */
static char *
step_digits (const PsStep *step)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  const char *kind = ps_step_kind_name (step->kind);

  g_checksum_update (sum, (const guchar *)kind, (gssize)strlen (kind) + 1);
  g_checksum_update (sum, (const guchar *)step->path, -1);
  return g_strndup (g_checksum_get_string (sum), DIGITS);
}

static int
compare_digits (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *)a, *(char *const *)b);
}

/* Returns: (transfer full) (nullable): what @guard holds in @plan; NULL: nothing. */
static char *
held_text (const PsPlan *plan, PsGuard guard)
{
  g_autoptr (GPtrArray) steps = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < ps_plan_n_steps (plan); i++)
    if (ps_plan_peek_step (plan, i)->held == guard)
      g_ptr_array_add (steps, step_digits (ps_plan_peek_step (plan, i)));
  if (steps->len == 0)
    return NULL;
  g_ptr_array_sort (steps, compare_digits);
  g_ptr_array_add (steps, NULL);
  return g_strjoinv (NULL, (char **)steps->pdata);
}

static GHashTable *
parse_text (const char *text)
{
  GHashTable *steps = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (; strlen (text) >= DIGITS; text += DIGITS)
    g_hash_table_add (steps, g_strndup (text, DIGITS));
  return steps;
}

/* --- Answers --- */

/* Returns: whether one of the guards that are answered has shown anything, which may have been
 * answered before. */
static gboolean
is_answer_to_something (const PsContext *context)
{
  for (gsize i = 0; i < N_ANSWERABLE; i++)
    {
      g_autofree char *shown = ps_store_get_value (context->store, answerable[i].shown_key);
      g_autofree char *allowed = ps_store_get_value (context->store, answerable[i].allowed_key);

      if ((context->flags & answerable[i].allow) != 0 && (shown != NULL || allowed != NULL))
        return TRUE;
    }
  return FALSE;
}

/* The answer to what was shown last. One that was given before and is not carried out yet comes
 * first: it was to another question. @to_nothing: nobody has shown anything. */
static gboolean
take_answer (PsHeld *self, gsize i, gboolean to_nothing, GError **error)
{
  const Answerable *a = &answerable[i];
  PsStore *store = self->context->store;
  g_autofree char *shown = ps_store_get_value (store, a->shown_key);
  g_autofree char *allowed = ps_store_get_value (store, a->allowed_key);
  gboolean answered = (self->context->flags & a->allow) != 0 && allowed == NULL;

  if (answered)
    {
      /* Before this was kept as a set, there was just a mark. */
      self->all[i] = shown != NULL ? strlen (shown) < DIGITS : to_nothing;
      allowed = g_steal_pointer (&shown);
    }
  self->before[i] = shown != NULL;
  if (allowed != NULL)
    self->allowed[i] = parse_text (allowed);
  if (!answered || allowed == NULL || (self->context->flags & PS_SYNC_DRY_RUN) != 0)
    return TRUE;
  return ps_store_set_value (store, a->shown_key, NULL, error)
         && ps_store_set_value (store, a->allowed_key, allowed, error)
         && ps_store_commit (store, error);
}

PsHeld *
ps_held_new (PsContext *context, GError **error)
{
  g_autoptr (PsHeld) self = g_new0 (PsHeld, 1);
  gboolean to_nothing = !is_answer_to_something (context);

  self->context = context;
  for (gsize i = 0; i < N_ANSWERABLE; i++)
    if (!take_answer (self, i, to_nothing, error))
      return NULL;
  return g_steal_pointer (&self);
}

void
ps_held_free (PsHeld *self)
{
  if (self == NULL)
    return;
  for (gsize i = 0; i < N_ANSWERABLE; i++)
    g_clear_pointer (&self->allowed[i], g_hash_table_unref);
  g_free (self);
}

static bool
is_allowed (const PsStep *step, PsGuard guard, gconstpointer data)
{
  const PsHeld *self = data;
  gsize i = 0;

  while (i < N_ANSWERABLE && answerable[i].guard != guard)
    i++;
  if (i == N_ANSWERABLE)
    return false;
  if (!self->all[i] && self->allowed[i] != NULL)
    {
      g_autofree char *digits = step_digits (step);

      return g_hash_table_contains (self->allowed[i], digits);
    }
  return self->all[i];
}

void
ps_held_fill_options (const PsHeld *self, PsPlanOptions *options)
{
  options->deletes_held_before = self->before[0];
  options->emptied_held_before = self->before[1];
  options->is_allowed = is_allowed;
  options->allowed_data = self;
}

/* --- What is held --- */

/* A conflict needs room on both sides: where it is lacking cannot be said. */
static const char *
room_message (const PsPlan *plan)
{
  gboolean here = TRUE, there = TRUE;

  for (guint i = 0; i < ps_plan_n_steps (plan); i++)
    {
      const PsStep *step = ps_plan_peek_step (plan, i);

      here &= step->held != PS_GUARD_ROOM || step->kind == PS_STEP_DOWNLOAD
              || step->kind == PS_STEP_COMPARE;
      there &= step->held != PS_GUARD_ROOM || step->kind == PS_STEP_UPLOAD;
    }
  if (here == there)
    return _ ("there is no room for these files; they wait until there is");
  return here ? _ ("there is no room on this computer for these files; they wait until there is")
              : _ ("there is no room on the server for these files; they wait until there is");
}

static const char *
held_message (const PsPlan *plan, PsGuard guard)
{
  switch (guard)
    {
    case PS_GUARD_MASS_DELETE:
      return _ (
          "so many deletions at once are held until you allow them (--allow-deletes, or in the "
          "status window); "
          "everything else is synced");
    case PS_GUARD_MASS_EMPTIED:
      return _ ("many files became empty at once, as after a crash or a full disk; they are held "
                "until you allow it "
                "(--allow-deletes, or in the status window)");
    case PS_GUARD_INCOMPLETE:
      return _ ("a directory could not be listed to its end; what depends on it waits");
    case PS_GUARD_ROOM:
      return room_message (plan);
    case PS_GUARD_NONE:
    case PS_GUARD_ROOT:
    case PS_GUARD_RESTORED_SERVER:
    case PS_N_GUARDS:
    default:
      return "";
    }
}

static void
tell (PsHeld *self, const PsPlan *plan, PsGuard guard, const char *shown)
{
  guint count = ps_plan_n_held (plan, guard);

  if (count > 0)
    ps_context_held (self->context, guard, count, held_message (plan, guard), shown);
}

/* What @a held stays held over further runs until none of it is left. A pass that leaves something
 * for the next, or could not list all, has not seen whether there is more. Writes only what
 * differs: a pass without news must not wake the disk. */
static gboolean
remember (PsHeld *self, const PsPlan *plan, gsize i, const char *shown, GError **error)
{
  PsStore *store = self->context->store;
  g_autofree char *before = ps_store_get_value (store, answerable[i].shown_key);
  gboolean saw_all
      = !ps_plan_wants_another_pass (plan) && ps_plan_n_held (plan, PS_GUARD_INCOMPLETE) == 0;

  if ((shown == NULL && !saw_all) || g_strcmp0 (before, shown) == 0)
    return TRUE;
  self->before[i] = shown != NULL;
  return ps_store_set_value (store, answerable[i].shown_key, shown, error);
}

gboolean
ps_held_tell (PsHeld *self, const PsPlan *plan, GError **error)
{
  for (gsize i = 0; i < N_ANSWERABLE; i++)
    {
      g_autofree char *shown = held_text (plan, answerable[i].guard);

      tell (self, plan, answerable[i].guard, shown);
      if ((self->context->flags & PS_SYNC_DRY_RUN) == 0 && !remember (self, plan, i, shown, error))
        return FALSE;
    }
  tell (self, plan, PS_GUARD_INCOMPLETE, NULL);
  tell (self, plan, PS_GUARD_ROOM, NULL);
  return TRUE;
}

/* Makes the base say that the full version on the other side is a new one. */
static gboolean
bring_content_back (PsStore *store, const PsStep *step, GError **error)
{
  PsRow row = { .local = step->local, .remote = step->remote };

  (step->kind == PS_STEP_UPLOAD ? &row.remote : &row.local)->mtime -= PS_ENTRY_SECOND;
  return ps_store_put (store, step->path, &row, error);
}

/* Without its row a file that is left is a new one, and goes to the other side. */
gboolean
ps_held_keep (PsHeld *self, const PsPlan *plan, gboolean *again, GError **error)
{
  PsSyncFlags flags = self->context->flags;
  PsStore *store = self->context->store;

  for (guint i = 0; i < ps_plan_n_steps (plan); i++)
    {
      const PsStep *step = ps_plan_peek_step (plan, i);
      gboolean deleted = step->held == PS_GUARD_MASS_DELETE && (flags & PS_SYNC_KEEP_DELETED) != 0;
      gboolean emptied = step->held == PS_GUARD_MASS_EMPTIED && (flags & PS_SYNC_KEEP_EMPTIED) != 0;

      if ((deleted && !ps_store_remove (store, step->path, error))
          || (emptied && !bring_content_back (store, step, error)))
        return FALSE;
      *again |= deleted || emptied;
    }
  return TRUE;
}

gboolean
ps_held_end (PsHeld *self, GError **error)
{
  if ((self->context->flags & PS_SYNC_DRY_RUN) != 0)
    return TRUE;
  for (gsize i = 0; i < N_ANSWERABLE; i++)
    if (self->allowed[i] != NULL
        && !ps_store_set_value (self->context->store, answerable[i].allowed_key, NULL, error))
      return FALSE;
  return ps_store_commit (self->context->store, error);
}
