/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happens around a session that runs for days: the network changes, the machine sleeps and
 * wakes. Main thread. */
#pragma once

#include "engine/session.h"

G_BEGIN_DECLS

typedef struct PsSurroundings PsSurroundings;

/* Tells @session until freed. Works without a system bus (then sleep is not foreseen, only noticed
 * by the link that broke). */
PsSurroundings *ps_surroundings_watch (PsSession *session);
void ps_surroundings_free (PsSurroundings *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsSurroundings, ps_surroundings_free)

G_END_DECLS
