/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fakes/proxy.h"

#include "util/autofd.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct PsTestProxy
{
  GPid pid;
  int port;
  FILE *output;
};

PsTestProxy *
ps_test_proxy_new (int port, const char *options)
{
  g_autofree char *command
      = g_strdup_printf (PS_TEST_SLOWLINK " -l 0 -c 127.0.0.1:%d %s", port, options);
  g_auto (GStrv) argv = NULL;
  g_autoptr (GError) error = NULL;
  PsTestProxy *self = g_new0 (PsTestProxy, 1);
  char line[64];
  int output;

  if (!g_shell_parse_argv (command, NULL, &argv, &error)
      || !g_spawn_async_with_pipes (NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
                                    &self->pid, NULL, &output, NULL, &error))
    g_error ("slowlink: %s", error->message);
  self->output = fdopen (output, "r");
  if (self->output == NULL || fgets (line, sizeof line, self->output) == NULL
      || sscanf (line, "listening %d", &self->port) != 1)
    g_error ("slowlink did not start: %s", command);
  return self;
}

void
ps_test_proxy_free (PsTestProxy *self)
{
  if (self == NULL)
    return;
  /* It may be frozen. Not the other way round: what looks for leaks at its end stops it for a
   * while, and would wait for ever for a stop that was cancelled. */
  kill (self->pid, SIGCONT);
  kill (self->pid, SIGTERM);
  waitpid (self->pid, NULL, 0);
  fclose (self->output);
  g_free (self);
}

int
ps_test_proxy_port (const PsTestProxy *self)
{
  return self->port;
}

void
ps_test_proxy_toggle (PsTestProxy *self)
{
  char line[256];

  /* The answer to the second signal says that the first was handled. */
  kill (self->pid, SIGUSR1);
  kill (self->pid, SIGUSR2);
  if (fgets (line, sizeof line, self->output) == NULL)
    g_error ("slowlink has ended");
}

void
ps_test_proxy_freeze (PsTestProxy *self)
{
  kill (self->pid, SIGSTOP);
}
