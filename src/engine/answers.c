/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/answers.h"

/* How a run is told. */
static const struct
{
  PsGuard guard;
  PsSyncFlags allow, keep;
} kinds[] = {
  { PS_GUARD_MASS_DELETE, PS_SYNC_ALLOW_DELETES, PS_SYNC_KEEP_DELETED },
  { PS_GUARD_MASS_EMPTIED, PS_SYNC_ALLOW_EMPTIED, PS_SYNC_KEEP_EMPTIED },
  { PS_GUARD_RESTORED_SERVER, PS_SYNC_ACCEPT_RESTORED, PS_SYNC_ACCEPT_RESTORED },
};

G_STATIC_ASSERT (G_N_ELEMENTS (kinds) == PS_ANSWERABLE_GUARDS);

void
ps_answers_clear (PsAnswers *self)
{
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    g_clear_pointer (&self->about[i], g_free);
}

/* Returns: (nullable): which things @guard holds, as @picture shows it. */
static const char *
shown (const PsPicture *picture, PsGuard guard)
{
  const PsEvent *held = ps_picture_find_held (picture, guard);

  return held != NULL ? held->shown : NULL;
}

void
ps_answers_give (PsAnswers *self, PsGuard guard, gboolean allow, const PsPicture *picture)
{
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      if (kinds[i].guard != guard)
        continue;
      self->flags &= ~(kinds[i].allow | kinds[i].keep);
      self->flags |= allow ? kinds[i].allow : kinds[i].keep;
      g_free (self->about[i]);
      self->about[i] = g_strdup (shown (picture, guard));
    }
}

PsSyncFlags
ps_answers_take (PsAnswers *self, const PsPicture *picture)
{
  PsSyncFlags flags = self->flags;

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (g_strcmp0 (self->about[i], shown (picture, kinds[i].guard)) != 0)
      flags &= ~kinds[i].allow;
  self->flags = PS_SYNC_DEFAULT;
  return flags;
}

void
ps_answers_put_back (PsAnswers *self, PsSyncFlags flags)
{
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      PsSyncFlags both = kinds[i].allow | kinds[i].keep;

      if ((self->flags & both) == 0)
        self->flags |= flags & both;
    }
}
