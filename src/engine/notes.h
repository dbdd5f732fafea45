/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the base remembers of single files for a while: named values of some kinds, each with the
 * day it was written. What nobody has written for a month is forgotten. Worker thread only. */
#pragma once

#include "engine/context.h"

G_BEGIN_DECLS

/* The kinds: keys begin with one and "/". */
#define PS_NOTE_SAID "said"        /* what the person has heard of */
#define PS_NOTE_UPLOAD "upload"    /* how far a transfer has come */
#define PS_NOTE_DOWNLOAD "partial" /* the same */

/* Returns: (transfer full) (nullable): the text of the note @key. @fresh: (out) (optional): whether
 * it was written today. */
char *ps_note_get (PsContext *context, const char *key, gboolean *fresh);

/* Writes the note @key (@text NULL: forgets it). */
gboolean ps_note_set (PsContext *context, const char *key, const char *text,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Forgets what is old; by a clock that was set anew, what is of the future, too. */
gboolean ps_notes_sweep (PsContext *context, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
