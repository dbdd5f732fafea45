/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state directory of a pair as a whole. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Drops the base, so that the next sync is a union. PS_ENGINE_ERROR_BUSY while another process
 * works on the pair, PS_ENGINE_ERROR_FAILED. A state directory that is not there is fine. Blocks
 * shortly.
 */
gboolean ps_state_forget (const char *state_dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
