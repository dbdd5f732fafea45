/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a directory's own files and file systems say about names: ignore rules and clashes. Worker
 * thread only. */
#pragma once

#include "engine/context.h"

G_BEGIN_DECLS

/* Reads the rule file of @dir if one of the listings has it, the local one before the server's.
 * *@text is NULL where there is none. FALSE when there is one that cannot be read. */
gboolean ps_rules_read (PsContext *context, const char *dir, const PsListing *local,
                        const PsListing *remote, GBytes **text,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The names a directory holds on one side, and what its file system would make of another one. */
typedef struct PsNameClashes PsNameClashes;

/* @listing: (nullable): none = an empty directory; must outlive the result. */
PsNameClashes *ps_name_clashes_new (PsNameRules rules, gboolean case_sensitive,
                                    const PsListing *listing);
void ps_name_clashes_free (PsNameClashes *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsNameClashes, ps_name_clashes_free)

/* Returns: (nullable): why @name cannot be made beside what is there, static, plain English; else
 * NULL, and @name counts as there from now on. *@other is the name, if it is one, that differs from
 * it only in case or in how accents are encoded, borrowed; NULL otherwise. */
const char *ps_name_clashes_check (PsNameClashes *self, const char *name, const char **other);

G_END_DECLS
