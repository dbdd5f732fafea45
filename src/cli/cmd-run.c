/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pisync-cli run: keeps syncing, without a desktop. */
#include "cli/commands.h"
#include "cli/runner.h"
#include "cli/surroundings.h"
#include "engine/control.h"

#include <signal.h>

/* A server that is shutting down or starting up refuses logins for a while (pam_nologin). So a
 * login that worked before is tried again, but seldom enough that no guard against guessing wakes.
 */
#define LOGIN_RETRY_SECONDS (10 * 60)

typedef struct
{
  PsRunner runner;
  PsControl *control; /* (nullable) owned: none without a session bus */
  PsSurroundings *surroundings;
  GCancellable *bus_wait;
  gboolean was_in; /* logged in at least once */
  gboolean done;   /* cannot go on: @status says why */
  PsExit status;
  guint retry; /* timer of the next login after a refused one */
} Keeper;

static gboolean
on_retry (gpointer data)
{
  Keeper *self = data;

  self->retry = 0;
  ps_session_sync_now (self->runner.session);
  return G_SOURCE_REMOVE;
}

/* The error itself was an event and is said already. */
static void
give_up (Keeper *self, PsEngineError code)
{
  const char *advice = ps_answerer_peek_advice (self->runner.answerer);
  const GError error = { .domain = PS_ENGINE_ERROR, .code = code };

  if (advice != NULL)
    ps_output_complain (self->runner.cli->output, "%s", advice);
  self->done = TRUE;
  self->status = ps_exit_from_error (&error);
}

/* What no waiting mends ends the program, so that whoever started it sees that. */
static void
judge (Keeper *self, const PsStatus *status)
{
  switch (status->error_code)
    {
    case PS_ENGINE_ERROR_BUSY:
    case PS_ENGINE_ERROR_CONFIG:
      if (!self->was_in)
        give_up (self, status->error_code);
      break;
    case PS_ENGINE_ERROR_AUTH:
      if (!self->was_in)
        give_up (self, PS_ENGINE_ERROR_AUTH);
      else if (self->retry == 0)
        self->retry = g_timeout_add_seconds (LOGIN_RETRY_SECONDS, on_retry, self);
      break;
    case -1:
      self->was_in = self->was_in || status->last_sync != 0;
      break;
    default:
      break;
    }
}

static void
on_status_changed (PsSession *session, gpointer data)
{
  Keeper *self = data;
  g_autoptr (PsStatus) status = ps_session_get_status (session);

  if (!self->done && status->kind != PS_STATUS_SYNCING)
    judge (self, status);
}

static void
on_bus (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) bus = g_bus_get_finish (result, &error);
  Keeper *self = data;

  if (bus != NULL)
    {
      g_dbus_connection_set_exit_on_close (bus, FALSE);
      self->control = ps_control_new (bus, self->runner.session);
    }
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_info ("no session bus: status, pause, resume and sync-now cannot reach this program: %s",
            error->message);
}

static void
keep_going (Keeper *self)
{
  PsCli *cli = self->runner.cli;

  self->bus_wait = g_cancellable_new ();
  g_signal_connect (self->runner.session, "status-changed", G_CALLBACK (on_status_changed), self);
  g_bus_get (G_BUS_TYPE_SESSION, self->bus_wait, on_bus, self);
  self->surroundings = ps_surroundings_watch (self->runner.session);
  ps_output_note (cli->output, "Keeping %s and %s:%s the same", self->runner.config->local_base,
                  self->runner.config->host, self->runner.config->remote_base);
  ps_session_start (self->runner.session);
  while (!self->done && cli->signal == 0)
    g_main_context_iteration (NULL, TRUE);
}

static void
keeper_clear (Keeper *self)
{
  if (self->runner.session != NULL)
    g_signal_handlers_disconnect_by_data (self->runner.session, self);
  if (self->bus_wait != NULL)
    g_cancellable_cancel (self->bus_wait);
  g_clear_handle_id (&self->retry, g_source_remove);
  g_clear_pointer (&self->control, ps_control_free);
  g_clear_pointer (&self->surroundings, ps_surroundings_free);
  ps_runner_close (&self->runner); /* waits, so that whatever was cancelled has ended */
  g_clear_object (&self->bus_wait);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Keeper, keeper_clear)

static PsExit
run_run (PsCli *cli, char **argv)
{
  g_auto (Keeper) keeper = { 0 };
  PsExit status;

  if (!ps_cli_parse (cli, &ps_command_run, NULL, &argv, 0, &status))
    return status;
  keeper.runner.keeps_going = TRUE;
  if (!ps_runner_open (&keeper.runner, cli, &status))
    return status;
  keep_going (&keeper);
  if (keeper.done)
    return keeper.status;
  ps_output_note (cli->output, "Stopped");
  return cli->signal == SIGTERM ? PS_EXIT_OK : PS_EXIT_INTERRUPTED;
}

const PsCommand ps_command_run = {
  .name = "run",
  .arguments = "",
  .summary = "Keep both sides together until told to stop",
  .description
  = "Keeps syncing until SIGTERM (a clean end, exit status 0) or Ctrl-C. Carries on by itself\n"
    "after lost connections, restarts of the server and sleep. This is what the systemd user unit\n"
    "pisync-cli@.service runs.",
  .run = run_run,
};
