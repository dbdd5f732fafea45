/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading everything and comparing it with the base: pisync-cli check. Worker thread. */
#pragma once

#include "engine/context.h"

G_BEGIN_DECLS

/* Each file of the base is read on both sides; a content that is not the recorded one, and whatever
 * a sync would still have to do, becomes a problem. Changes nothing but temporary files. */
gboolean ps_check_contents (PsContext *context, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
