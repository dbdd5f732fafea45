/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lines of the log window: what the pairs' log files hold, then what happens, bounded. */
#pragma once

#include "app/pairs.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define PS_LOG_MODEL_MAX 5000

typedef enum
{
  PS_LOG_CHANGES,    /* files and folders */
  PS_LOG_PROBLEMS,   /* conflicts, problems, things held */
  PS_LOG_CONNECTION, /* link, end of a run, everything else */
  PS_N_LOG_KINDS
} PsLogKind;

typedef enum
{
  PS_LOG_COLUMN_TIME, /* "2026-11-22 14:05:33" */
  PS_LOG_COLUMN_KIND, /* PsLogKind */
  PS_LOG_COLUMN_PAIR, /* its title */
  PS_LOG_COLUMN_TEXT,
  PS_N_LOG_COLUMNS
} PsLogColumn;

/* What sort of line of the log file it is, by its first word. Pure. */
PsLogKind ps_log_kind (const char *text);

/* Returns: (transfer full): the line as a person reads it. Pure. */
char *ps_log_text (const char *line);

#define PS_TYPE_LOG_MODEL (ps_log_model_get_type ())
G_DECLARE_FINAL_TYPE (PsLogModel, ps_log_model, PS, LOG_MODEL, GObject)

/* Signal "grown" (): there are new rows. Many come a few at a time, so that nothing stands still
 * meanwhile. */
PsLogModel *ps_log_model_new (PsPairs *pairs);

/* A GtkListStore of PsLogColumn; borrowed. */
GtkTreeModel *ps_log_model_get_rows (PsLogModel *self);

G_END_DECLS
