/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shell patterns for one name: * ? [a-z] [!a-z] [[:digit:]] and \ before a character. Pure; for
 * ignore.c.
 *
 * A character is one of UTF-8, or one byte where the name is no UTF-8. Matching never takes longer
 * than the length of the pattern times that of the name. */
#pragma once

#include <glib.h>
#include <stdbool.h>

G_BEGIN_DECLS

typedef struct PsGlob PsGlob;

/* Returns: (nullable): the pattern made ready; NULL when it can never match (no ']', a '\' at the
 * end). */
PsGlob *ps_glob_new (const char *pattern, gsize length);
void ps_glob_free (PsGlob *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsGlob, ps_glob_free)

bool ps_glob_match (const PsGlob *self, const char *name, gsize length);

/* Returns: length of the bracket expression that begins at @pattern (with a '['), 0 where it is not
 * closed. */
gsize ps_glob_bracket_length (const char *pattern, gsize length);

G_END_DECLS
