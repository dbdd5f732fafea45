/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/error.h"

#include "engine/run.h"
#include "local/local.h"
#include "sftp/error.h"
#include "store/store.h"

G_DEFINE_QUARK (ps_config_error_quark, ps_config_error)
G_DEFINE_QUARK (ps_engine_error_quark, ps_engine_error)

static PsEngineError
code_for_sftp (int code)
{
  switch (code)
    {
    case PS_SFTP_ERROR_UNREACHABLE:
    case PS_SFTP_ERROR_LINK:
      return PS_ENGINE_ERROR_RETRY;
    case PS_SFTP_ERROR_HOST_KEY:
    case PS_SFTP_ERROR_AUTH:
    case PS_SFTP_ERROR_NO_SFTP:
    case PS_SFTP_ERROR_SETUP:
      return PS_ENGINE_ERROR_AUTH;
    default:
      return PS_ENGINE_ERROR_FAILED;
    }
}

GError *
ps_engine_error_translate (GError *error)
{
  PsEngineError code = PS_ENGINE_ERROR_FAILED;
  GError *translated;

  if (error->domain == PS_ENGINE_ERROR || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return error;
  if (error->domain == PS_SFTP_ERROR)
    code = code_for_sftp (error->code);
  else if (g_error_matches (error, PS_STORE_ERROR, PS_STORE_ERROR_LOCKED))
    code = PS_ENGINE_ERROR_BUSY;
  else if (g_error_matches (error, PS_LOCAL_ERROR, PS_LOCAL_ERROR_ROOT)
           || error->domain == PS_CONFIG_ERROR)
    code = PS_ENGINE_ERROR_CONFIG;
  translated = g_error_new_literal (PS_ENGINE_ERROR, code, error->message);
  g_error_free (error);
  return translated;
}
