/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pisync-cli pause: the running program rests for a while. */
#include "cli/commands.h"
#include "cli/remote-control.h"
#include "cli/text.h"

static PsExit
run_pause (PsCli *cli, char **argv)
{
  g_autofree char *duration = NULL;
  guint seconds = 0;
  PsExit status;
  const GOptionEntry entries[] = {
    { "for", 0, 0, G_OPTION_ARG_STRING, &duration,
      "How long: 90s, 30m, 2h, 1d (default: until \"resume\")", "TIME" },
    { NULL },
  };

  if (!ps_cli_parse (cli, &ps_command_pause, entries, &argv, 0, &status))
    return status;
  if (duration != NULL && (!ps_text_parse_duration (duration, &seconds) || seconds == 0))
    return ps_cli_usage_error (cli, &ps_command_pause,
                               "--for wants a time such as 90s, 30m, 2h or 1d");
  return ps_remote_control (cli, "pause", g_variant_new_uint32 (seconds),
                            seconds > 0 ? "paused for that time" : "paused until resumed");
}

const PsCommand ps_command_pause = {
  .name = "pause",
  .arguments = "",
  .summary = "Have the running program pause",
  .description = "Asks the running pisync or \"pisync-cli run\" over D-Bus to pause. A transfer\n"
                 "under way is cut short and carried on later.",
  .run = run_pause,
};
