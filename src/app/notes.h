/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Desktop notifications for what needs a person: at most one of a kind a pair, replaced when it
 * changes, withdrawn when it is solved or seen. Never one a file. */
#pragma once

#include "app/pairs.h"
#include "app/settings.h"

G_BEGIN_DECLS

typedef enum
{
  PS_NOTE_HELD,
  PS_NOTE_SIGN_IN,
  PS_NOTE_PROBLEM,
  PS_NOTE_CONFLICT,
  PS_N_NOTES
} PsNoteKind;

/* A problem is worth a notification when it has lasted this long. */
#define PS_NOTE_PROBLEM_SECONDS 120

/* The text of a notification; pure. Returns: whether @status wants one of that @kind now. @since:
 * Unix seconds since which the status kind is what it is; @conflicts: copies made since a person
 * last looked. @title and @body: (transfer full). */
gboolean ps_note_wanted (PsNoteKind kind, const PsStatus *status, gint64 since, guint conflicts,
                         gint64 now, char **title, char **body);

#define PS_TYPE_NOTES (ps_notes_get_type ())
G_DECLARE_FINAL_TYPE (PsNotes, ps_notes, PS, NOTES, GObject)

PsNotes *ps_notes_new (GApplication *app, PsPairs *pairs, PsSettings *settings);

/* The status window shows the pairs now: their conflicts are seen. */
void ps_notes_seen (PsNotes *self);

/* Says something once that belongs to no pair's status. */
void ps_notes_say (PsNotes *self, const char *id, const char *title, const char *body);

/* Withdraws everything: the program ends. */
void ps_notes_withdraw_all (PsNotes *self);

G_END_DECLS
