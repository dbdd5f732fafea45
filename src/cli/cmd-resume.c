/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pisync-cli resume: the end of a pause. */
#include "cli/commands.h"
#include "cli/remote-control.h"

static PsExit
run_resume (PsCli *cli, char **argv)
{
  PsExit status;

  if (!ps_cli_parse (cli, &ps_command_resume, NULL, &argv, 0, &status))
    return status;
  return ps_remote_control (cli, "resume", NULL, "resumed");
}

const PsCommand ps_command_resume = {
  .name = "resume",
  .arguments = "",
  .summary = "Have the running program carry on",
  .description = "Ends the pause of the running pisync or \"pisync-cli run\".",
  .run = run_resume,
};
