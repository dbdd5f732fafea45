/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/exit.h"

/* One kind of error: the status it ends with and its word in --json. */
typedef struct
{
  PsExit status;
  const char *code;
} Ending;

static const Ending engine_endings[] = {
  [PS_ENGINE_ERROR_RETRY] = { PS_EXIT_CONNECT, "connect" },
  [PS_ENGINE_ERROR_AUTH] = { PS_EXIT_CONNECT, "login" },
  [PS_ENGINE_ERROR_GUARD] = { PS_EXIT_GUARD, "guard" },
  [PS_ENGINE_ERROR_BUSY] = { PS_EXIT_PATHS, "busy" },
  [PS_ENGINE_ERROR_CONFIG] = { PS_EXIT_USAGE, "config" },
  [PS_ENGINE_ERROR_FAILED] = { PS_EXIT_PATHS, "failed" },
};

static const Ending *
find_ending (const GError *error)
{
  static const Ending failed = { PS_EXIT_PATHS, "failed" };
  static const Ending usage = { PS_EXIT_USAGE, "config" };
  static const Ending interrupted = { PS_EXIT_INTERRUPTED, "interrupted" };

  if (error->domain == PS_ENGINE_ERROR && (gsize)error->code < G_N_ELEMENTS (engine_endings))
    return &engine_endings[error->code];
  if (error->domain == PS_CONFIG_ERROR || error->domain == G_OPTION_ERROR)
    return &usage;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return &interrupted;
  return &failed;
}

PsExit
ps_exit_from_error (const GError *error)
{
  g_return_val_if_fail (error != NULL, PS_EXIT_PATHS);

  return find_ending (error)->status;
}

const char *
ps_exit_error_code (const GError *error)
{
  g_return_val_if_fail (error != NULL, NULL);

  return find_ending (error)->code;
}

PsExit
ps_exit_from_summary (const PsSummary *summary, PsSyncFlags flags)
{
  g_return_val_if_fail (summary != NULL, PS_EXIT_PATHS);

  if (summary->guard_held)
    return PS_EXIT_GUARD;
  if (summary->failed > 0)
    return PS_EXIT_PATHS;
  if (summary->in_sync || (flags & PS_SYNC_DRY_RUN) != 0)
    return PS_EXIT_OK;
  return PS_EXIT_PATHS;
}
