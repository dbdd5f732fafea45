/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pisync-cli sync: one run until both sides agree. */
#include "cli/commands.h"
#include "cli/runner.h"

typedef struct
{
  gboolean dry_run;
  gboolean allow_deletes;
  gboolean accept_restored;
  gboolean full;
} SyncOptions;

static PsSyncFlags
sync_flags (const SyncOptions *options)
{
  PsSyncFlags flags = PS_SYNC_DEFAULT;

  if (options->dry_run)
    flags |= PS_SYNC_DRY_RUN;
  if (options->allow_deletes)
    flags |= PS_SYNC_ALLOW_DELETES | PS_SYNC_ALLOW_EMPTIED;
  if (options->accept_restored)
    flags |= PS_SYNC_ACCEPT_RESTORED;
  if (options->full)
    flags |= PS_SYNC_FULL;
  return flags;
}

static PsExit
sync_once (PsCli *cli, PsSyncFlags flags)
{
  g_auto (PsRunner) runner = { 0 };
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  PsSummary summary = { 0 };
  PsExit status;

  if (!ps_runner_open (&runner, cli, &status))
    return status;
  ps_session_sync_async (runner.session, flags, cli->cancellable, ps_cli_on_ready, &slot);
  result = ps_cli_wait (&slot);
  if (!ps_session_sync_finish (runner.session, result, &summary, &error))
    return ps_runner_report (&runner, &summary, flags, error);
  return ps_runner_report (&runner, &summary, flags, NULL);
}

static PsExit
run_sync (PsCli *cli, char **argv)
{
  SyncOptions options = { 0 };
  PsExit status;
  const GOptionEntry entries[]
      = { { "dry-run", 'n', 0, G_OPTION_ARG_NONE, &options.dry_run,
            "Show what would be done and change nothing", NULL },
          { "allow-deletes", 0, 0, G_OPTION_ARG_NONE, &options.allow_deletes,
            "Carry out the deletions and emptied files that guards hold, as they were shown",
            NULL },
          { "accept-restored-server", 0, 0, G_OPTION_ARG_NONE, &options.accept_restored,
            "The server's folder was restored from a backup, and is the right one", NULL },
          { "full", 0, 0, G_OPTION_ARG_NONE, &options.full,
            "Look at every folder on both sides, whatever was noted before", NULL },
          { NULL } };

  if (!ps_cli_parse (cli, &ps_command_sync, entries, &argv, 0, &status))
    return status;
  return sync_once (cli, sync_flags (&options));
}

const PsCommand ps_command_sync = {
  .name = "sync",
  .arguments = "",
  .summary = "Bring both sides together once",
  .description = "Brings the local folder and the folder on the server together, then ends.",
  .run = run_sync,
};
