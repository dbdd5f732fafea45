/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pisync-cli sync-now: no waiting for the next look. */
#include "cli/commands.h"
#include "cli/remote-control.h"

static PsExit
run_sync_now (PsCli *cli, char **argv)
{
  PsExit status;

  if (!ps_cli_parse (cli, &ps_command_sync_now, NULL, &argv, 0, &status))
    return status;
  return ps_remote_control (cli, "sync-now", NULL, "looking now");
}

const PsCommand ps_command_sync_now = {
  .name = "sync-now",
  .arguments = "",
  .summary = "Have the running program look at once",
  .description
  = "Asks the running pisync or \"pisync-cli run\" over D-Bus to sync now, whatever its\n"
    "schedule says. After a refused login this is what makes it try again.",
  .run = run_sync_now,
};
