/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows of the table of subcommands, each in the file that is named like it (cmd-NAME.c). */
#pragma once

#include "cli/cli.h"

G_BEGIN_DECLS

extern const PsCommand ps_command_check;
extern const PsCommand ps_command_forget_state;
extern const PsCommand ps_command_install_key;
extern const PsCommand ps_command_log;
extern const PsCommand ps_command_pause;
extern const PsCommand ps_command_restore;
extern const PsCommand ps_command_resume;
extern const PsCommand ps_command_run;
extern const PsCommand ps_command_setup;
extern const PsCommand ps_command_status;
extern const PsCommand ps_command_sync;
extern const PsCommand ps_command_sync_now;
extern const PsCommand ps_command_trust;
extern const PsCommand ps_command_versions;

G_END_DECLS
