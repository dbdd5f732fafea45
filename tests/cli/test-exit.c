/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exit statuses: one row each of what scripts rely on. */
#include "cli/exit.h"

typedef struct
{
  const char *name;
  PsSummary summary;
  PsSyncFlags flags;
  PsExit status;
} SummaryRow;

static const SummaryRow summary_rows[] = {
  { "agree", { .in_sync = TRUE }, PS_SYNC_DEFAULT, PS_EXIT_OK },
  { "failed", { .failed = 1 }, PS_SYNC_DEFAULT, PS_EXIT_PATHS },
  { "held", { .held = 3, .guard_held = TRUE }, PS_SYNC_DEFAULT, PS_EXIT_GUARD },
  { "held-and-failed", { .failed = 1, .guard_held = TRUE }, PS_SYNC_DEFAULT, PS_EXIT_GUARD },
  { "not-in-sync", { .in_sync = FALSE }, PS_SYNC_DEFAULT, PS_EXIT_PATHS },
  { "dry-work", { .in_sync = FALSE, .uploaded = 2 }, PS_SYNC_DRY_RUN, PS_EXIT_OK },
  { "dry-held", { .guard_held = TRUE }, PS_SYNC_DRY_RUN, PS_EXIT_GUARD },
  { "dry-failed", { .failed = 1 }, PS_SYNC_DRY_RUN, PS_EXIT_PATHS },
};

static void
test_summary (gconstpointer data)
{
  const SummaryRow *row = data;

  g_assert_cmpint (ps_exit_from_summary (&row->summary, row->flags), ==, row->status);
}

typedef struct
{
  const char *name;
  GQuark (*domain) (void);
  int code;
  PsExit status;
  const char *word;
} ErrorRow;

static const ErrorRow error_rows[] = {
  { "retry", ps_engine_error_quark, PS_ENGINE_ERROR_RETRY, PS_EXIT_CONNECT, "connect" },
  { "auth", ps_engine_error_quark, PS_ENGINE_ERROR_AUTH, PS_EXIT_CONNECT, "login" },
  { "guard", ps_engine_error_quark, PS_ENGINE_ERROR_GUARD, PS_EXIT_GUARD, "guard" },
  { "busy", ps_engine_error_quark, PS_ENGINE_ERROR_BUSY, PS_EXIT_PATHS, "busy" },
  { "config", ps_engine_error_quark, PS_ENGINE_ERROR_CONFIG, PS_EXIT_USAGE, "config" },
  { "failed", ps_engine_error_quark, PS_ENGINE_ERROR_FAILED, PS_EXIT_PATHS, "failed" },
  { "no-file", ps_config_error_quark, PS_CONFIG_ERROR_MISSING, PS_EXIT_USAGE, "config" },
  { "bad-value", ps_config_error_quark, PS_CONFIG_ERROR_INVALID, PS_EXIT_USAGE, "config" },
  { "usage", g_option_error_quark, G_OPTION_ERROR_UNKNOWN_OPTION, PS_EXIT_USAGE, "config" },
  { "cancelled", g_io_error_quark, G_IO_ERROR_CANCELLED, PS_EXIT_INTERRUPTED, "interrupted" },
  { "nothing-runs", g_io_error_quark, G_IO_ERROR_NOT_FOUND, PS_EXIT_PATHS, "failed" },
};

static void
test_error (gconstpointer data)
{
  const ErrorRow *row = data;
  g_autoptr (GError) error = g_error_new_literal (row->domain (), row->code, "x");

  g_assert_cmpint (ps_exit_from_error (error), ==, row->status);
  g_assert_cmpstr (ps_exit_error_code (error), ==, row->word);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (summary_rows); i++)
    {
      g_autofree char *path = g_strdup_printf ("/cli/exit/summary/%s", summary_rows[i].name);

      g_test_add_data_func (path, &summary_rows[i], test_summary);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (error_rows); i++)
    {
      g_autofree char *path = g_strdup_printf ("/cli/exit/error/%s", error_rows[i].name);

      g_test_add_data_func (path, &error_rows[i], test_error);
    }
  return g_test_run ();
}
