/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pisync-cli log: the activity log, and what is added to it. */
#include "cli/commands.h"
#include "cli/text.h"
#include "engine/log.h"

#include <errno.h>
#include <string.h>

typedef struct
{
  PsCli *cli;  /* borrowed */
  char *file;  /* owned */
  char *last;  /* (nullable) owned: the last line that was shown */
  guint lines; /* how many to show at first, 0 = all */
} Follower;

static void
show_line (Follower *self, const char *line)
{
  g_autoptr (GString) json = g_string_new ("{");

  ps_text_json_member (json, "type", "log");
  ps_text_json_member (json, "line", line);
  g_string_append_c (json, '}');
  ps_output_json (self->cli->output, json->str);
  ps_output_answer (self->cli->output, line);
  g_free (self->last);
  self->last = g_strdup (line);
}

/* The log is cut by being written anew, so a place in the file says nothing: what comes after the
 * last line shown does. */
static guint
first_new_line (const Follower *self, char **lines, guint n)
{
  if (self->last == NULL)
    return self->lines > 0 && n > self->lines ? n - self->lines : 0;
  for (guint i = n; i > 0; i--)
    if (strcmp (lines[i - 1], self->last) == 0)
      return i;
  return 0;
}

static gboolean
show_new_lines (Follower *self, GError **error)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  guint n;

  if (!g_file_get_contents (self->file, &text, NULL, error))
    return FALSE;
  lines = g_strsplit (text, "\n", -1);
  n = g_strv_length (lines) - 1; /* after the last line feed comes nothing, or half a line */
  for (guint i = first_new_line (self, lines, n); i < n; i++)
    show_line (self, lines[i]);
  return TRUE;
}

static void
on_changed (GFileMonitor *monitor, GFile *file, GFile *other, GFileMonitorEvent event,
            gpointer data)
{
  g_autoptr (GError) error = NULL;

  /* A log that is away for a moment is being cut: the next event brings it back. */
  if (!show_new_lines (data, &error))
    g_debug ("%s", error->message);
}

static PsExit
follow (Follower *self)
{
  g_autoptr (GFile) file = g_file_new_for_path (self->file);
  g_autoptr (GError) error = NULL;
  g_autoptr (GFileMonitor) monitor
      = g_file_monitor_file (file, G_FILE_MONITOR_NONE, self->cli->cancellable, &error);

  if (monitor == NULL)
    return ps_cli_fail (self->cli, error, NULL);
  g_file_monitor_set_rate_limit (monitor, 100);
  g_signal_connect (monitor, "changed", G_CALLBACK (on_changed), self);
  on_changed (monitor, NULL, NULL, G_FILE_MONITOR_EVENT_CHANGED, self);
  while (!g_cancellable_is_cancelled (self->cli->cancellable)
         && ps_output_is_open (self->cli->output))
    g_main_context_iteration (NULL, TRUE);
  return self->cli->signal == 0 ? PS_EXIT_OK : PS_EXIT_INTERRUPTED;
}

static PsExit
show_log (Follower *self, gboolean keep_following)
{
  g_autoptr (GError) error = NULL;

  if (show_new_lines (self, &error))
    return keep_following ? follow (self) : PS_EXIT_OK;
  if (!g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    return ps_cli_fail (self->cli, error, NULL);
  ps_output_note (self->cli->output, "Nothing has happened yet: there is no %s", self->file);
  return keep_following ? follow (self) : PS_EXIT_OK;
}

static PsExit
run_log (PsCli *cli, char **argv)
{
  gboolean keep_following = FALSE;
  int lines = 0;
  PsExit status;
  const GOptionEntry entries[] = {
    { "follow", 'f', 0, G_OPTION_ARG_NONE, &keep_following, "Go on and show what is added", NULL },
    { "lines", 'n', 0, G_OPTION_ARG_INT, &lines, "Begin with the last N lines (default: all)",
      "N" },
    { NULL },
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (PsConfig) config = NULL;
  g_autofree char *state_dir = NULL;

  if (!ps_cli_parse (cli, &ps_command_log, entries, &argv, 0, &status))
    return status;
  if (lines < 0)
    return ps_cli_usage_error (cli, &ps_command_log, "--lines wants a number that is not negative");
  config = ps_cli_load_config (cli, &error);
  if (config == NULL)
    return ps_cli_fail (cli, error, NULL);
  state_dir = ps_cli_state_dir (cli, config);

  Follower follower = { .cli = cli, .file = ps_log_file (state_dir), .lines = lines };

  status = show_log (&follower, keep_following);
  g_free (follower.file);
  g_free (follower.last);
  return status;
}

const PsCommand ps_command_log = {
  .name = "log",
  .arguments = "",
  .summary = "Show the activity log",
  .description = "Shows what was done and what went wrong, one line each.",
  .run = run_log,
};
