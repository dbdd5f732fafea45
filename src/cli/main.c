/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pisync-cli: the engine for terminals, servers and tests. Finds the command in the table and runs
 * it. */
#include "cli/cli.h"
#include "util/autofd.h"

#include <locale.h>
#include <signal.h>

static void
print_help (void)
{
  g_print ("Usage: pisync-cli [OPTION...] COMMAND [ARGUMENTS]\n\n"
           "Keeps a local folder the same as a folder on a server that is reached by SFTP.\n\n"
           "Commands:\n");
  for (gsize i = 0; ps_commands[i] != NULL; i++)
    g_print ("  %-13s %s\n", ps_commands[i]->name, ps_commands[i]->summary);
  g_print ("\nOptions, before or after the command:\n"
           "  --config FILE         the folder pair's file (default: ~/.config/pisync/pisync.ini)\n"
           "  --state DIR           where the pair's state lies\n"
           "  --password-file FILE  read the password from FILE (mode 0600)\n"
           "  --json                one JSON object a line on standard output; asks nothing\n"
           "  -v, --verbose         show every action\n"
           "  --debug               show what the engine does inside\n"
           "  -q, --quiet           show problems only\n"
           "  --version             print the version\n"
           "  -h, --help            print this help; after a command: that command's help\n\n"
           "Exit status: 0 both sides agree, 1 some paths could not be synced, 2 usage or\n"
           "configuration, 3 could not connect or log in, 4 something is held for your decision,\n"
           "130 interrupted. See pisync-cli(1).\n");
}

static PsExit
run_command (PsCli *cli, char **argv)
{
  const PsCommand *command;

  if (cli->options.version)
    {
      ps_cli_print_version ();
      return PS_EXIT_OK;
    }
  if (cli->options.help)
    {
      print_help ();
      return PS_EXIT_OK;
    }
  if (argv[1] == NULL)
    return ps_cli_usage_error (cli, NULL, "A command is missing");
  command = ps_command_find (argv[1]);
  if (command == NULL)
    {
      g_autofree char *message = g_strdup_printf ("There is no command \"%s\"", argv[1]);

      return ps_cli_usage_error (cli, NULL, message);
    }
  return command->run (cli, argv + 1);
}

int
main (int argc, char **argv)
{
  g_auto (GStrv) arguments = g_strdupv (argv);
  g_autoptr (GError) error = NULL;
  PsCli cli = { 0 };
  PsExit status;
  gboolean parsed;

  setlocale (LC_ALL, "");
  g_set_prgname ("pisync-cli");
  signal (SIGPIPE, SIG_IGN); /* a closed pipe is an error to be seen, not an end in mid-work */
  ps_raise_file_limit ();
  parsed = ps_cli_parse_global (&cli, &arguments, &error);
  ps_cli_begin (&cli);
  if (parsed)
    status = run_command (&cli, arguments);
  else
    status = ps_cli_usage_error (&cli, NULL, error->message);
  ps_cli_end (&cli);
  return status;
}
