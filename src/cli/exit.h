/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What pisync-cli leaves behind for scripts: design §8, the man page and data/bash-completion tell
 * the same. */
#pragma once

#include "engine/run.h"

G_BEGIN_DECLS

typedef enum
{
  PS_EXIT_OK = 0,           /* both sides agree */
  PS_EXIT_PATHS = 1,        /* some paths could not be synced, or nothing runs to be asked */
  PS_EXIT_USAGE = 2,        /* usage or configuration */
  PS_EXIT_CONNECT = 3,      /* could not connect or log in, host key included */
  PS_EXIT_GUARD = 4,        /* a guard holds something for a person's decision */
  PS_EXIT_INTERRUPTED = 130 /* SIGINT, SIGTERM, SIGHUP */
} PsExit;

/* For an error of a whole command, of whatever domain. */
PsExit ps_exit_from_error (const GError *error);

/* For a run that came to its end. With PS_SYNC_DRY_RUN in @flags what is left to do is no failure.
 */
PsExit ps_exit_from_summary (const PsSummary *summary, PsSyncFlags flags);

/* The word that stands as "code" in the --json problem line of such an error; static. */
const char *ps_exit_error_code (const GError *error);

G_END_DECLS
