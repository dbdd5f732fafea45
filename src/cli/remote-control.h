/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What pause, resume and sync-now have in common: one action of a running program. */
#pragma once

#include "cli/cli.h"

G_BEGIN_DECLS

/* Activates @action with @parameter (floating, nullable) and says @done where that worked. */
PsExit ps_remote_control (PsCli *cli, const char *action, GVariant *parameter, const char *done);

G_END_DECLS
