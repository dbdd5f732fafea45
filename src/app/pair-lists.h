/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of a pair's view that come and go: transfers, conflicts, problems, questions. */
#pragma once

#include "app/conflicts.h"
#include "app/pair.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* A titled list, hidden while it is empty. Property "title". */
#define PS_TYPE_PAIR_LIST (ps_pair_list_get_type ())
G_DECLARE_FINAL_TYPE (PsPairList, ps_pair_list, PS, PAIR_LIST, GtkBox)

void ps_pair_list_show_transfers (PsPairList *self, const PsProgress *progress);
void ps_pair_list_show_problems (PsPairList *self, PsPair *pair);
void ps_pair_list_show_conflicts (PsPairList *self, PsPair *pair, PsConflicts *conflicts);

/* The cards for what is held, for a login that failed and the like; @box is hidden without any. */
void ps_pair_questions_update (GtkBox *box, PsPair *pair);

G_END_DECLS
