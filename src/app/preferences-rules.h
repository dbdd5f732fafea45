/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The live example beside the ignore rules. Pure. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Whether a file at @path, relative to the pair's folder, would be left out by the built-in rules
 * and @rules: it, or a folder above it. A "/" at the end makes it a folder itself. */
gboolean ps_preferences_rules_match (const char *rules, const char *path);

G_END_DECLS
