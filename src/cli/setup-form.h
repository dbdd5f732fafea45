/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The values of a new pair: taken from options, asked for at the terminal, or at their default. */
#pragma once

#include "cli/cli.h"

G_BEGIN_DECLS

/* In the order in which they are asked for. */
typedef enum
{
  PS_SETUP_HOST,
  PS_SETUP_PORT,
  PS_SETUP_USER,
  PS_SETUP_AUTH,
  PS_SETUP_KEYFILE,
  PS_SETUP_REMOTE,
  PS_SETUP_LOCAL,
  PS_SETUP_DEVICE,
  PS_N_SETUP_FIELDS
} PsSetupField;

typedef struct
{
  char *values[PS_N_SETUP_FIELDS]; /* (nullable) as given by options; owned */
} PsSetupForm;

void ps_setup_form_clear (PsSetupForm *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PsSetupForm, ps_setup_form_clear)

/* Fills @config in. What is neither given nor in @config already is asked for, or taken by default
 * where there is no terminal. Every value is checked. PS_CONFIG_ERROR_INVALID names the option. */
gboolean ps_setup_form_apply (PsSetupForm *self, PsCli *cli, PsConfig *config,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
