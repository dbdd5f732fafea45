/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was done recently, newest first, bounded. Thousands of events in a second cost a few rows:
 * they are taken in every quarter of a second, and only the newest are shown. */
#pragma once

#include "app/pair.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define PS_TYPE_ACTIVITY_LIST (ps_activity_list_get_type ())
G_DECLARE_FINAL_TYPE (PsActivityList, ps_activity_list, PS, ACTIVITY_LIST, GtkBox)

void ps_activity_list_set_pair (PsActivityList *self, PsPair *pair);
void ps_activity_list_add (PsActivityList *self, PsEvent *event);

G_END_DECLS
