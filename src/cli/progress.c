/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/progress.h"

#include "cli/text.h"

/* Where fewer columns than that would be left for a name, it is left out. */
#define LEAST_NAME_COLUMNS 12

static void
append_amount (GString *line, const PsProgress *progress)
{
  g_autofree char *done = ps_text_bytes (progress->bytes_done);
  g_autofree char *total = ps_text_bytes (progress->bytes_total);

  if (progress->bytes_total > 0)
    {
      double share = (double)progress->bytes_done / progress->bytes_total;

      g_string_append_printf (line, "%3.0f%%  ", CLAMP (share, 0, 1) * 100);
    }
  g_string_append_printf (line, "%" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT " files  %s of %s",
                          progress->files_done, progress->files_total, done, total);
}

static void
append_rate (GString *line, const char *word, double rate)
{
  g_autofree char *text = ps_text_bytes (rate);

  if (rate >= 1)
    g_string_append_printf (line, "  %s %s/s", word, text);
}

static void
append_transfer (GString *line, const PsProgress *progress, guint columns)
{
  const guint used = ps_text_columns (line->str);
  g_autofree char *name = NULL;
  g_autofree char *shortened = NULL;

  if (progress->n_transfers == 0 || used + 2 + LEAST_NAME_COLUMNS > columns)
    return;
  name = ps_text_printable (progress->transfers[0].path, FALSE);
  shortened = ps_text_shorten (name, columns - used - 2);
  g_string_append_printf (line, "  %s", shortened);
}

static void
append_applying (GString *line, const PsStatus *status, guint columns)
{
  append_amount (line, &status->progress);
  append_rate (line, "up", status->rate_up);
  append_rate (line, "down", status->rate_down);
  if (status->seconds_left >= 0)
    {
      g_autofree char *left = ps_text_duration (status->seconds_left);

      g_string_append_printf (line, "  %s left", left);
    }
  append_transfer (line, &status->progress, columns);
}

static void
append_state (GString *line, const PsStatus *status, guint columns)
{
  const PsProgress *progress = &status->progress;

  switch (progress->state)
    {
    case PS_RUN_CONNECT:
      g_string_append (line, "Connecting ...");
      break;
    case PS_RUN_CHECK:
      g_string_append_printf (line, "Checking: %" G_GUINT64_FORMAT " files",
                              MAX (progress->files_scanned, progress->files_done));
      break;
    case PS_RUN_SCAN:
      g_string_append_printf (
          line, "Looking: %" G_GUINT64_FORMAT " files in %" G_GUINT64_FORMAT " folders",
          progress->files_scanned, progress->dirs_scanned);
      break;
    case PS_RUN_APPLY:
      append_applying (line, status, columns);
      break;
    case PS_RUN_IDLE:
    case PS_RUN_FAILED:
    case PS_N_RUN_STATES:
      break;
    }
}

char *
ps_progress_line (const PsStatus *status, guint columns)
{
  g_autoptr (GString) line = g_string_new (NULL);

  g_return_val_if_fail (status != NULL, NULL);

  if (status->kind == PS_STATUS_SYNCING)
    append_state (line, status, columns);
  return ps_text_shorten (line->str, columns);
}
