/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The errors of the lower modules in terms of what the owner can do about them. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* @error: (transfer full). Cancellation and our own errors pass unchanged.
 *
 * Returns: (transfer full): an error of PS_ENGINE_ERROR with the same message */
GError *ps_engine_error_translate (GError *error);

G_END_DECLS
