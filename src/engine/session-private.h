/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests of the session: time from outside. */
#pragma once

#include "engine/session.h"

G_BEGIN_DECLS

/* @clock: lives as long as the session; its time decides what is due, while the timer that looks
 * runs by the real one. */
PsSession *ps_session_new_with_clock (const PsConfig *config, const char *state_dir,
                                      const PsClock *clock);

/* What the timer does: looks what is due. */
void ps_session_tick (PsSession *self);

G_END_DECLS
