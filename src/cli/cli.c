/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/cli.h"

#include "build-config.h"

#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static const int end_signals[] = { SIGINT, SIGTERM, SIGHUP };

static gboolean
on_signal (PsCli *cli, int number)
{
  if (cli->signal != 0)
    {
      /* Asked twice: every file is whole at every moment, so that nothing is lost by leaving. */
      ps_terminal_free (g_steal_pointer (&cli->terminal));
      _exit (PS_EXIT_INTERRUPTED);
    }
  cli->signal = number;
  g_cancellable_cancel (cli->cancellable);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_sigint (gpointer data)
{
  return on_signal (data, SIGINT);
}

static gboolean
on_sigterm (gpointer data)
{
  return on_signal (data, SIGTERM);
}

static gboolean
on_sighup (gpointer data)
{
  return on_signal (data, SIGHUP);
}

static PsOutputFlags
output_flags (const PsCliOptions *options)
{
  PsOutputFlags flags = 0;

  if (options->json)
    flags |= PS_OUTPUT_JSON;
  if (options->quiet)
    flags |= PS_OUTPUT_QUIET;
  if (options->verbose || options->debug)
    flags |= PS_OUTPUT_VERBOSE;
  if (options->debug)
    flags |= PS_OUTPUT_DEBUG;
  return flags;
}

void
ps_cli_begin (PsCli *cli)
{
  static const GSourceFunc handlers[] = { on_sigint, on_sigterm, on_sighup };

  G_STATIC_ASSERT (G_N_ELEMENTS (handlers) == G_N_ELEMENTS (end_signals));
  cli->output = ps_output_new (output_flags (&cli->options));
  ps_output_take_log (cli->output);
  if (!cli->options.json)
    cli->terminal = ps_terminal_open ();
  cli->cancellable = g_cancellable_new ();
  for (gsize i = 0; i < G_N_ELEMENTS (end_signals); i++)
    cli->signal_sources[i] = g_unix_signal_add (end_signals[i], handlers[i], cli);
}

void
ps_cli_end (PsCli *cli)
{
  for (gsize i = 0; i < G_N_ELEMENTS (cli->signal_sources); i++)
    g_clear_handle_id (&cli->signal_sources[i], g_source_remove);
  g_clear_object (&cli->cancellable);
  g_clear_pointer (&cli->terminal, ps_terminal_free);
  g_clear_pointer (&cli->output, ps_output_free);
  g_clear_pointer (&cli->options.config_file, g_free);
  g_clear_pointer (&cli->options.state_dir, g_free);
  g_clear_pointer (&cli->options.password_file, g_free);
}

/* Whether a command has an option of that name of its own. */
static gboolean
has_entry (const GOptionEntry *entries, const char *name)
{
  for (; entries != NULL && entries->long_name != NULL; entries++)
    if (strcmp (entries->long_name, name) == 0)
      return TRUE;
  return FALSE;
}

/* The members of @options that the command line may set, wherever it stands in it. An option of the
 * command's own, @own, goes before --version. */
static void
add_global_entries (GOptionContext *context, const GOptionEntry *own, PsCliOptions *options)
{
  GOptionEntry entries[]
      = { { "config", 0, 0, G_OPTION_ARG_FILENAME, &options->config_file,
            "The folder pair's file (default: pisync.ini in ~/.config/pisync)", "FILE" },
          { "state", 0, 0, G_OPTION_ARG_FILENAME, &options->state_dir,
            "Where the pair's state lies (default: below ~/.local/state/pisync)", "DIR" },
          { "password-file", 0, 0, G_OPTION_ARG_FILENAME, &options->password_file,
            "Read the password from the first line of FILE (mode 0600)", "FILE" },
          { "json", 0, 0, G_OPTION_ARG_NONE, &options->json,
            "One JSON object a line on standard output; asks nothing", NULL },
          { "verbose", 'v', 0, G_OPTION_ARG_NONE, &options->verbose, "Show every action", NULL },
          { "debug", 0, 0, G_OPTION_ARG_NONE, &options->debug, "Show what the engine does inside",
            NULL },
          { "quiet", 'q', 0, G_OPTION_ARG_NONE, &options->quiet, "Show problems only", NULL },
          { "help", 'h', 0, G_OPTION_ARG_NONE, &options->help, "Print this help", NULL },
          { "version", 0, 0, G_OPTION_ARG_NONE, &options->version, "Print the version", NULL },
          { NULL } };
  GOptionGroup *group = g_option_group_new (
      "global", "Options of every command:", "Show the options of every command", NULL, NULL);

  if (has_entry (own, "version"))
    entries[G_N_ELEMENTS (entries) - 2].long_name = NULL; /* ends the list there */
  g_option_group_add_entries (group, entries);
  g_option_context_set_help_enabled (context, FALSE);
  g_option_context_set_main_group (context, group);
}

static void
make_absolute (char **file)
{
  char *absolute;

  if (*file == NULL)
    return;
  absolute = g_canonicalize_filename (*file, NULL);
  g_free (*file);
  *file = absolute;
}

static void
make_all_absolute (PsCliOptions *options)
{
  make_absolute (&options->config_file);
  make_absolute (&options->state_dir);
  make_absolute (&options->password_file);
}

gboolean
ps_cli_parse_global (PsCli *cli, char ***argv, GError **error)
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  add_global_entries (context, NULL, &cli->options);
  g_option_context_set_strict_posix (context, TRUE); /* what follows the command is the command's */
  if (!g_option_context_parse_strv (context, argv, error))
    return FALSE;
  make_all_absolute (&cli->options);
  return TRUE;
}

/* Options of the command, then those that every command has; a value given before the command's
 * name stays where it is not given again. */
static GOptionContext *
new_context (const PsCommand *command, const GOptionEntry *entries, PsCliOptions *options)
{
  GOptionContext *context = g_option_context_new (command->arguments);

  add_global_entries (context, entries, options);
  g_option_context_set_summary (context, command->description);
  if (entries != NULL)
    {
      g_autofree char *title = g_strdup_printf ("Options of %s:", command->name);
      GOptionGroup *group = g_option_group_new (command->name, title,
                                                "Show the options of this command", NULL, NULL);

      g_option_group_add_entries (group, entries);
      g_option_context_add_group (context, group);
    }
  return context;
}

static void
show_help (GOptionContext *context, const PsCommand *command)
{
  g_autofree char *name = g_strdup_printf ("pisync-cli %s", command->name);
  g_autofree char *help = NULL;

  g_set_prgname (name); /* GOption begins the usage line with it */
  help = g_option_context_get_help (context, FALSE, NULL);
  g_set_prgname ("pisync-cli");
  g_print ("%s", help);
}

PsExit
ps_cli_usage_error (PsCli *cli, const PsCommand *command, const char *message)
{
  ps_output_complain (cli->output, "%s", message);
  if (command != NULL)
    ps_output_complain (cli->output, "Try: pisync-cli %s --help", command->name);
  else
    ps_output_complain (cli->output, "Try: pisync-cli --help");
  return PS_EXIT_USAGE;
}

/* GOption lets go of what stood in a member before it. */
static void
free_replaced (const PsCliOptions *before, const PsCliOptions *now)
{
  if (before->config_file != now->config_file)
    g_free (before->config_file);
  if (before->state_dir != now->state_dir)
    g_free (before->state_dir);
  if (before->password_file != now->password_file)
    g_free (before->password_file);
}

void
ps_cli_print_version (void)
{
  g_print ("pisync-cli %s\n", PS_VERSION);
}

/* What was said before the command holds for output and terminal too when it is said after it. */
static void
take_options (PsCli *cli)
{
  make_all_absolute (&cli->options);
  ps_output_set_flags (cli->output, output_flags (&cli->options));
  if (cli->options.json)
    g_clear_pointer (&cli->terminal, ps_terminal_free);
}

gboolean
ps_cli_parse (PsCli *cli, const PsCommand *command, const GOptionEntry *entries, char ***argv,
              guint max_arguments, PsExit *status)
{
  g_autoptr (GOptionContext) context = new_context (command, entries, &cli->options);
  const PsCliOptions before = cli->options;
  g_autoptr (GError) error = NULL;

  if (!g_option_context_parse_strv (context, argv, &error))
    {
      *status = ps_cli_usage_error (cli, command, error->message);
      return FALSE;
    }
  free_replaced (&before, &cli->options);
  if (cli->options.help || cli->options.version)
    {
      if (cli->options.help)
        show_help (context, command);
      else
        ps_cli_print_version ();
      *status = PS_EXIT_OK;
      return FALSE;
    }
  take_options (cli);
  if (*argv != NULL && g_strv_length (*argv) > max_arguments + 1)
    {
      g_autofree char *message = g_strdup_printf ("%s: one argument too many: %s", command->name,
                                                  (*argv)[max_arguments + 1]);

      *status = ps_cli_usage_error (cli, command, message);
      return FALSE;
    }
  return TRUE;
}

PsExit
ps_cli_fail (PsCli *cli, const GError *error, const char *advice)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      ps_output_note (cli->output, "Interrupted; the next run carries on from here");
      return PS_EXIT_INTERRUPTED;
    }
  ps_output_error (cli->output, error, advice);
  return ps_exit_from_error (error);
}

char *
ps_cli_config_file (const PsCli *cli)
{
  if (cli->options.config_file != NULL)
    return g_strdup (cli->options.config_file);
  return ps_config_default_file ();
}

char *
ps_cli_pair_name (const PsCli *cli)
{
  g_autofree char *file = ps_cli_config_file (cli);
  g_autoptr (PsConfig) config = ps_config_new (file);

  return g_strdup (config->name);
}

PsConfig *
ps_cli_load_config (const PsCli *cli, GError **error)
{
  g_autofree char *file = ps_cli_config_file (cli);
  PsConfig *config = ps_config_load (file, error);

  /* The option comes before the file's key, so it takes its place for this process. */
  if (config != NULL && cli->options.password_file != NULL)
    {
      g_free (config->password_file);
      config->password_file = g_strdup (cli->options.password_file);
    }
  return config;
}

char *
ps_cli_state_dir (const PsCli *cli, const PsConfig *config)
{
  if (cli->options.state_dir != NULL)
    return g_strdup (cli->options.state_dir);
  return ps_config_state_dir (config);
}

void
ps_cli_on_ready (GObject *source, GAsyncResult *result, gpointer slot)
{
  *(GAsyncResult **)slot = g_object_ref (result);
}

GAsyncResult *
ps_cli_wait (GAsyncResult **slot)
{
  while (*slot == NULL)
    g_main_context_iteration (NULL, TRUE);
  return g_steal_pointer (slot);
}
