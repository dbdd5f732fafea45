/* SPDX-License-Identifier: GPL-3.0-or-later */
/* After a login that failed: tries again with the person at hand, and says what is wrong. */
#pragma once

#include "app/pair.h"
#include "app/prompts.h"

G_BEGIN_DECLS

/* Logs in to the pair's server, asking what it wants to know, a changed host key included; when
 * that worked the pair syncs at once, when not the reason is shown, unless the person did not want
 * to. Nothing happens while that is under way already. @parent: (nullable). */
void ps_sign_in (PsPair *pair, PsPrompts *prompts, GtkWindow *parent);

G_END_DECLS
