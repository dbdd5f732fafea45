/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where words go: standard output carries what was asked for (with --json: JSON lines and nothing
 * else), standard error carries problems, notes and the progress line. Main thread. */
#pragma once

#include "cli/exit.h"
#include "engine/status.h"

G_BEGIN_DECLS

typedef enum
{
  PS_OUTPUT_JSON = 1 << 0,
  PS_OUTPUT_QUIET = 1 << 1,   /* problems and held things only */
  PS_OUTPUT_VERBOSE = 1 << 2, /* every action, and the link's ups and downs */
  PS_OUTPUT_DEBUG = 1 << 3    /* and the log messages of the engine */
} PsOutputFlags;

typedef struct PsOutput PsOutput;

PsOutput *ps_output_new (PsOutputFlags flags);
void ps_output_set_flags (PsOutput *self, PsOutputFlags flags);
void ps_output_free (PsOutput *self); /* takes the progress line away */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsOutput, ps_output_free)

gboolean ps_output_is_json (const PsOutput *self);

/* Has GLib's log messages take turns with the progress line, as long as @self lives. Once in a
 * process, before there are threads. */
void ps_output_take_log (PsOutput *self);

/* A line of the answer; not with --json or --quiet. */
void ps_output_line (PsOutput *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* The same, but it is the very thing that was asked for: --quiet does not stop it. */
void ps_output_answer (PsOutput *self, const char *text);
/* A line of JSON; only with --json. */
void ps_output_json (PsOutput *self, const char *json);
/* A remark on standard error; not with --quiet. */
void ps_output_note (PsOutput *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* "pisync-cli: …" on standard error, whatever the options say. */
void ps_output_complain (PsOutput *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* What happened in a run, as the options want it seen. */
void ps_output_event (PsOutput *self, const PsEvent *event);

/* The last line of a run. */
void ps_output_summary (PsOutput *self, const PsSummary *summary, PsSyncFlags flags);

/* The error that ended a command: on standard error, and as a problem line with --json. @advice:
 * (nullable): a further sentence on what to do. */
void ps_output_error (PsOutput *self, const GError *error, const char *advice);

/* Draws the progress line anew, at most ten times a second; on a terminal only, and not with --json
 * or --quiet. */
void ps_output_progress (PsOutput *self, const PsStatus *status);

/* Takes the progress line away, so that something else can be written. */
void ps_output_clear_progress (PsOutput *self);

/* FALSE once standard output is gone (a closed pipe). */
gboolean ps_output_is_open (const PsOutput *self);

G_END_DECLS
