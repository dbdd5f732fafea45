/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One call of pisync-cli: the options that every command knows, where words go, and how to wait.
 * Main thread. */
#pragma once

#include "cli/output.h"
#include "cli/terminal.h"
#include "engine/config.h"

G_BEGIN_DECLS

/* The global options, as given. */
typedef struct
{
  char *config_file;   /* (nullable) absolute */
  char *state_dir;     /* (nullable) absolute */
  char *password_file; /* (nullable) absolute */
  gboolean json;
  gboolean verbose;
  gboolean debug;
  gboolean quiet;
  gboolean help;
  gboolean version;
} PsCliOptions;

typedef struct
{
  PsCliOptions options;
  PsOutput *output;
  PsTerminal *terminal;      /* (nullable) none there, or not to be used (--json) */
  GCancellable *cancellable; /* cancelled by the signals that end a program */
  int signal;                /* which one it was, 0 so far */
  guint signal_sources[3];
} PsCli;

/* A subcommand: one row of the table in commands.c, one file of its own. */
typedef struct
{
  const char *name;
  const char *arguments; /* for the usage line, "" where there are none */
  const char *summary;   /* one line for the list of commands */
  const char *description;
  PsExit (*run) (PsCli *cli, char **argv); /* argv[0] is the command's name */
} PsCommand;

extern const PsCommand *const ps_commands[]; /* NULL-terminated */

/* Returns: (nullable): the row of @name. */
const PsCommand *ps_command_find (const char *name);

/* Opens what the options say: output, terminal, signals. */
void ps_cli_begin (PsCli *cli);
void ps_cli_end (PsCli *cli);

/**
 * ps_cli_parse:
 * @entries: the command's own options; the global ones are known here as well
 * @max_arguments: how many arguments may follow
 * @status: (out): what to end with where this returns FALSE
 *
 * Reads the command's options out of @argv, which keeps the name and the arguments.
 *
 * Returns: TRUE to go on; FALSE when help was shown or the usage was wrong (said already)
 */
gboolean ps_cli_parse (PsCli *cli, const PsCommand *command, const GOptionEntry *entries,
                       char ***argv, guint max_arguments, PsExit *status) G_GNUC_WARN_UNUSED_RESULT;

/* Reads the options before the command; @argv keeps the rest. */
gboolean ps_cli_parse_global (PsCli *cli, char ***argv, GError **error) G_GNUC_WARN_UNUSED_RESULT;

void ps_cli_print_version (void);

/* Says what is wrong with the usage and where to read on. */
PsExit ps_cli_usage_error (PsCli *cli, const PsCommand *command, const char *message);

/* Says what went wrong and returns the exit status of it. @advice: (nullable). */
PsExit ps_cli_fail (PsCli *cli, const GError *error, const char *advice);

/* Returns: (transfer full): the file of the pair that is meant; its configuration; its state. */
char *ps_cli_config_file (const PsCli *cli);
PsConfig *ps_cli_load_config (const PsCli *cli, GError **error);
char *ps_cli_state_dir (const PsCli *cli, const PsConfig *config);

/* Returns: (transfer full): the name of the pair that is meant, from its file's name alone. */
char *ps_cli_pair_name (const PsCli *cli);

/* For blocking calls of asynchronous functions: hand ps_cli_on_ready and the address of a NULL
 * GAsyncResult pointer to it, then wait for that: (transfer full). Signals are served. */
void ps_cli_on_ready (GObject *source, GAsyncResult *result, gpointer slot);
GAsyncResult *ps_cli_wait (GAsyncResult **slot);

G_END_DECLS
