/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the commands about earlier versions share. */
#pragma once

#include "cli/server.h"

G_BEGIN_DECLS

/* Returns: (transfer full): @argument, as a person names a file of the pair, as a path below its
 * folder: an absolute path, or one relative to that folder. */
char *ps_version_argument (const PsConfig *config, const char *argument, GError **error);

/* Returns: (transfer full) (element-type PsVersion): the versions of @path, the newest first. */
GPtrArray *ps_version_fetch_list (PsServerLogin *login, const char *path, GError **error);

/* Returns: (transfer full): "2026-11-22 14:05:33", in local time. */
char *ps_version_time (const PsVersion *version);

G_END_DECLS
