/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/state.h"

#include "engine/run.h"
#include "store/store.h"

gboolean
ps_state_forget (const char *state_dir, GError **error)
{
  g_autoptr (GError) local_error = NULL;

  g_return_val_if_fail (state_dir != NULL, FALSE);

  if (!g_file_test (state_dir, G_FILE_TEST_IS_DIR) || ps_store_forget (state_dir, &local_error))
    return TRUE;
  g_set_error_literal (error, PS_ENGINE_ERROR,
                       g_error_matches (local_error, PS_STORE_ERROR, PS_STORE_ERROR_LOCKED)
                           ? PS_ENGINE_ERROR_BUSY
                           : PS_ENGINE_ERROR_FAILED,
                       local_error->message);
  return FALSE;
}
