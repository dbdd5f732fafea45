/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One pass: see both sides, decide, plan, carry out. Worker thread. */
#pragma once

#include "engine/context.h"

G_BEGIN_DECLS

/* @set_state: told when seeing ends and carrying out begins. @again: (out): whether another pass
 * must follow. */
typedef struct
{
  void (*set_state) (gpointer data, PsRunState state);
  gpointer data;
} PsPassOptions;

gboolean ps_pass (PsContext *context, const PsPassOptions *options, gboolean *again,
                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
