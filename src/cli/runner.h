/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A session for one command: its events are shown, its questions answered, its end waited for. */
#pragma once

#include "cli/answer.h"
#include "cli/cli.h"
#include "engine/session.h"

G_BEGIN_DECLS

typedef struct
{
  PsCli *cli;           /* borrowed */
  PsConfig *config;     /* owned */
  PsSession *session;   /* owned */
  PsAnswerer *answerer; /* owned */
  gboolean keeps_going; /* what goes wrong is an event among others, not the end */
} PsRunner;

/* Reads the configuration and makes the session. FALSE: said already, end with *@status. */
gboolean ps_runner_open (PsRunner *self, PsCli *cli, PsExit *status) G_GNUC_WARN_UNUSED_RESULT;

/* Waits until the session has no worker left. @self may be zero. */
void ps_runner_close (PsRunner *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PsRunner, ps_runner_close)

/* Tells the outcome of one run, good (@error NULL) or bad, and returns the exit status. */
PsExit ps_runner_report (PsRunner *self, const PsSummary *summary, PsSyncFlags flags,
                         const GError *error);

G_END_DECLS
