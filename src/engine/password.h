/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Secrets from files: password_file, --password-file and the service manager's credential, in that
 * order. The keyring and the person come after, and are the owner's business. */
#pragma once

#include "engine/config.h"

G_BEGIN_DECLS

/* Returns: (transfer full) (nullable): the first line of @file, to be freed with ps_secret_free ().
 * Refused unless a regular file owned by this user (or root) and not accessible by group or others.
 */
char *ps_password_from_file (const char *file, GError **error);

/* Returns: (transfer full) (nullable): from @override_file, config.password_file or
 * $CREDENTIALS_DIRECTORY/pisync-password; NULL without error where none of them is there. A named
 * file that cannot be used is an error. */
char *ps_password_find (const PsConfig *config, const char *override_file, GError **error);

/* Returns: (transfer full) (nullable): the file that ps_password_find () would read. */
char *ps_password_source (const PsConfig *config, const char *override_file);

G_END_DECLS
