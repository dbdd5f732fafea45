/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the page of the ignore rules works out: its live example, and what to write. Pure. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Whether a file at @path, relative to the pair's folder, would be left out by the built-in rules
 * and @rules: it, or a folder above it. A "/" at the end makes it a folder itself. */
gboolean ps_preferences_rules_match (const char *rules, const char *path);

/* Brings together rules that two wrote from the same @base: @theirs, with the lines that @mine
 * lacks of @base taken out and those that it has beyond it at the end. Only the order of lines is
 * lost. */
char *ps_preferences_rules_merge (const char *base, const char *mine, const char *theirs);

G_END_DECLS
