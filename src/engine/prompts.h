/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a login wants to know, asked through a mailbox: first files with secrets are looked at, then
 * the owner is asked by a PsQuestion. Worker thread only, but for init and clear. */
#pragma once

#include "engine/config.h"
#include "engine/mailbox.h"

G_BEGIN_DECLS

typedef struct
{
  const PsConfig *config; /* borrowed */
  PsMailbox *mailbox;     /* borrowed */
  char *tried_file;       /* (nullable) whose password is being tried */
  PsQuestion *tried;      /* (nullable) whose secret is being tried */
} PsPrompts;

void ps_prompts_init (PsPrompts *self, const PsConfig *config, PsMailbox *mailbox);
void ps_prompts_clear (PsPrompts *self);

/* @self: must live as long as what is made with them. */
PsLoginPrompts ps_prompts_port (PsPrompts *self);

G_END_DECLS
