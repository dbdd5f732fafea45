/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Earlier and deleted versions, which lie on the server in .pisync/versions under names that say
 * path, time and device. Blocking, outside of a pass; steps the link. */
#pragma once

#include "engine/context.h"

G_BEGIN_DECLS

#define PS_VERSIONS_DIR PS_OWN_DIR "/versions"

typedef struct
{
  char *id;      /* its path below .pisync/versions */
  char *path;    /* of the file; shortened where the name was too long for a version */
  int64_t when;  /* when it was replaced or removed, ns since the epoch, by the clock of @device */
  char *device;  /* that did so */
  PsEntry entry; /* size, mtime … of the version itself */
} PsVersion;

void ps_version_free (PsVersion *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsVersion, ps_version_free)

/* Whether it is one of the file @path, whose name may have been too long for it. Pure. */
gboolean ps_version_is_of (const PsVersion *version, const char *path);

/**
 * ps_versions_list:
 * @path: of a file, or of a directory (then of all below it); "" for everything
 *
 * Returns: (transfer full) (element-type PsVersion): sorted by path, the newest first
 */
GPtrArray *ps_versions_list (PsRemote *remote, const char *path, GCancellable *cancellable,
                             GError **error);

/* Writes the content of a version to @fd, which must be empty (to save it elsewhere). *@entry: what
 * the server says of it. */
gboolean ps_versions_fetch (PsRemote *remote, const char *id, int fd, PsEntry *entry,
                            GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * ps_versions_restore:
 * @path: where to
 * @now: its new time: being restored is a change
 *
 * Brings a version back as a change of the local folder, which the next pass uploads. What lies at
 * @path now goes to the trash; what a person writes there in the same moment becomes a conflicted
 * copy.
 */
gboolean ps_versions_restore (PsRemote *remote, PsLocal *local, const char *id, const char *path,
                              int64_t now, GCancellable *cancellable,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removing what has expired, a little at a time. */
typedef struct PsVersionSweep PsVersionSweep;

/* Lives as long as one link. */
PsVersionSweep *ps_version_sweep_new (void);
void ps_version_sweep_free (PsVersionSweep *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsVersionSweep, ps_version_sweep_free)

/**
 * ps_version_sweep_step:
 *
 * Call after each pass. At most once a day it goes through all versions, some directories in each
 * call, for no longer than a quarter of a second: removes those older than keep_versions_days;
 * then, where all together are more than versions_max_percent of the server's disk, the oldest
 * ones, the newest version of every file last of all.
 *
 * Returns: FALSE with @error only when the link is lost or the base fails
 */
gboolean ps_version_sweep_step (PsVersionSweep *self, PsContext *context,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
