/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/runner.h"

#include "engine/password.h"
#include "util/redact.h"

/* The error that ends a run comes as an event as well; a command that ends with it says it itself.
 */
static gboolean
is_the_end (const PsRunner *self, const PsEvent *event)
{
  return !self->keeps_going && event->kind == PS_EVENT_PROBLEM && event->path == NULL
         && g_strcmp0 (event->code, "failed") == 0;
}

static void
on_event (PsSession *session, PsEvent *event, gpointer data)
{
  PsRunner *self = data;

  if (is_the_end (self, event))
    return;
  if (self->keeps_going && (event->kind == PS_EVENT_LINK || event->kind == PS_EVENT_SUMMARY))
    ps_output_note (self->cli->output, "%s", event->message);
  else
    ps_output_event (self->cli->output, event);
}

static void
on_status_changed (PsSession *session, gpointer data)
{
  PsRunner *self = data;
  g_autoptr (PsStatus) status = ps_session_get_status (session);

  ps_output_progress (self->cli->output, status);
}

/* A password file that cannot be used is a mistake to be told before anything else is tried. */
static gboolean
check_password_file (PsRunner *self, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  ps_autosecret secret = NULL;

  if (self->config->auth != PS_AUTH_PASSWORD)
    return TRUE;
  secret = ps_password_find (self->config, self->cli->options.password_file, &local_error);
  if (local_error == NULL)
    return TRUE;
  g_set_error_literal (error, PS_CONFIG_ERROR, PS_CONFIG_ERROR_INVALID, local_error->message);
  return FALSE;
}

gboolean
ps_runner_open (PsRunner *self, PsCli *cli, PsExit *status)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *state_dir = NULL;

  self->cli = cli;
  self->config = ps_cli_load_config (cli, &error);
  if (self->config == NULL || !check_password_file (self, &error))
    {
      *status = ps_cli_fail (cli, error, NULL);
      return FALSE;
    }
  state_dir = ps_cli_state_dir (cli, self->config);
  self->session = ps_session_new (self->config, state_dir);
  g_signal_connect (self->session, "event", G_CALLBACK (on_event), self);
  g_signal_connect (self->session, "status-changed", G_CALLBACK (on_status_changed), self);
  self->answerer = ps_answerer_new (cli, self->config, self->session);
  return TRUE;
}

void
ps_runner_close (PsRunner *self)
{
  if (self->session != NULL)
    {
      GAsyncResult *slot = NULL;
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (GError) error = NULL;

      ps_session_close_async (self->session, ps_cli_on_ready, &slot);
      result = ps_cli_wait (&slot);
      if (!ps_session_close_finish (self->session, result, &error))
        g_debug ("close: %s", error->message);
      g_signal_handlers_disconnect_by_data (self->session, self);
    }
  g_clear_pointer (&self->answerer, ps_answerer_free);
  g_clear_object (&self->session);
  g_clear_pointer (&self->config, ps_config_free);
}

PsExit
ps_runner_report (PsRunner *self, const PsSummary *summary, PsSyncFlags flags, const GError *error)
{
  PsExit status = PS_EXIT_OK;

  ps_output_clear_progress (self->cli->output);
  if (error != NULL)
    status = ps_cli_fail (self->cli, error, ps_answerer_peek_advice (self->answerer));
  else
    status = ps_exit_from_summary (summary, flags);
  if (error == NULL || ps_output_is_json (self->cli->output))
    ps_output_summary (self->cli->output, summary, flags);
  return status;
}
