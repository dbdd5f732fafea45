/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looking at a server's directories again without listing them: a directory whose mtime has not
 * moved holds the names it held. One LSTAT a directory, from the server's cached metadata, instead
 * of four requests and all attributes. Worker thread.
 *
 * What this cannot see is a file that was written in place (its directory's mtime stays): PiSync
 * never writes so, but Samba or a shell on the Pi may. Full scans at intervals find those. Only
 * directories whose whole listing is what the base says are trusted, so whatever failed or was
 * skipped is looked at every time. */
#pragma once

#include "engine/context.h"

G_BEGIN_DECLS

/* What is known of the server's directories (PsDirCache of context.h); lives as long as the program
 * keeps syncing. */
PsDirCache *ps_dir_cache_new (void);
void ps_dir_cache_free (PsDirCache *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsDirCache, ps_dir_cache_free)

/* Forgets everything: the next scan is a full one. */
void ps_dir_cache_clear (PsDirCache *self);

/* A lister over @context's server that uses and fills @cache. */
typedef struct PsQuickLister PsQuickLister;

PsQuickLister *ps_quick_lister_new (PsContext *context, PsDirCache *cache);
void ps_quick_lister_free (PsQuickLister *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsQuickLister, ps_quick_lister_free)

PsLister ps_quick_lister_get (PsQuickLister *self);

G_END_DECLS
