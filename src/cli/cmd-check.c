/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pisync-cli check: reads everything on both sides and compares. */
#include "cli/commands.h"
#include "cli/runner.h"

static PsExit
check_all (PsCli *cli)
{
  g_auto (PsRunner) runner = { 0 };
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  PsSummary summary = { 0 };
  PsExit status;

  if (!ps_runner_open (&runner, cli, &status))
    return status;
  ps_session_check_async (runner.session, cli->cancellable, ps_cli_on_ready, &slot);
  result = ps_cli_wait (&slot);
  if (!ps_session_check_finish (runner.session, result, &summary, &error))
    return ps_runner_report (&runner, &summary, PS_SYNC_DEFAULT, error);
  return ps_runner_report (&runner, &summary, PS_SYNC_DEFAULT, NULL);
}

static PsExit
run_check (PsCli *cli, char **argv)
{
  PsExit status;

  if (!ps_cli_parse (cli, &ps_command_check, NULL, &argv, 0, &status))
    return status;
  return check_all (cli);
}

const PsCommand ps_command_check = {
  .name = "check",
  .arguments = "",
  .summary = "Read and compare every content on both sides",
  .description
  = "Reads every file on both sides and compares its content (SHA-256) with what was\n"
    "recorded when it was last synced. Changes nothing; reads everything once, so it takes\n"
    "as long as a transfer of it all.",
  .run = run_check,
};
