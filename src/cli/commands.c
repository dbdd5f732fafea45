/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/commands.h"

#include <string.h>

/* In the order in which a person meets them. */
const PsCommand *const ps_commands[] = {
  &ps_command_setup,    &ps_command_sync,         &ps_command_run,
  &ps_command_status,   &ps_command_pause,        &ps_command_resume,
  &ps_command_sync_now, &ps_command_log,          &ps_command_versions,
  &ps_command_restore,  &ps_command_trust,        &ps_command_install_key,
  &ps_command_check,    &ps_command_forget_state, NULL,
};

const PsCommand *
ps_command_find (const char *name)
{
  for (gsize i = 0; ps_commands[i] != NULL; i++)
    if (strcmp (ps_commands[i]->name, name) == 0)
      return ps_commands[i];
  return NULL;
}
