/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A person's answers to what guards hold, until a run has carried them out. Plain value; no
 * threads.
 */
#pragma once

#include "engine/picture.h"

G_BEGIN_DECLS

#define PS_ANSWERABLE_GUARDS 3

typedef struct
{
  PsSyncFlags flags;
  char *about[PS_ANSWERABLE_GUARDS]; /* (nullable) owned: PsEvent.shown that each is about */
} PsAnswers;

void ps_answers_clear (PsAnswers *self);

/* The answer to what @guard holds, as @picture shows it. Of some guards there is nothing to decide.
 */
void ps_answers_give (PsAnswers *self, PsGuard guard, gboolean allow, const PsPicture *picture);

/* Returns: the answers for the run that begins. While they waited a run may have shown other
 * things, of which nobody has said that they are allowed: such answers are dropped. */
PsSyncFlags ps_answers_take (PsAnswers *self, const PsPicture *picture);

/* The run that had @flags may not have carried them out. Newer answers count more. */
void ps_answers_put_back (PsAnswers *self, PsSyncFlags flags);

G_END_DECLS
