/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ignore rules: gitignore syntax in .pisyncignore files, and the built-in defaults. Pure: the text
 * is handed in. */
#pragma once

#include <glib.h>
#include <stdbool.h>

G_BEGIN_DECLS

#define PS_IGNORE_NAME ".pisyncignore"
#define PS_IGNORE_MAX                                                                              \
  (256 * 1024) /* bytes of one rule file; a longer one is an error of its reader */

typedef struct PsIgnore PsIgnore;

/* Holds the built-in rules at first (.~lock.*#, ~$*, *.swp, .DS_Store, Thumbs.db, …); a later rule
 * can take one back with '!'. */
PsIgnore *ps_ignore_new (void);
void ps_ignore_free (PsIgnore *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsIgnore, ps_ignore_free)

/* Sets the rules that hold below the directory @dir ("" for the root) to @text, replacing those it
 * had. */
void ps_ignore_set (PsIgnore *self, const char *dir, const char *text, gsize length);

/* Returns: whether @path itself is ignored. That a directory above it is ignored is the caller's to
 * know: it never descends into one. */
bool ps_ignore_match (const PsIgnore *self, const char *path, bool is_dir);

/* The built-in rules as text, one a line; static. */
const char *ps_ignore_defaults (void);

G_END_DECLS
