/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sftp/error.h"

G_DEFINE_QUARK (ps_sftp_error_quark, ps_sftp_error)

gboolean
ps_sftp_error_is_link (const GError *error)
{
  return g_error_matches (error, PS_SFTP_ERROR, PS_SFTP_ERROR_UNREACHABLE)
         || g_error_matches (error, PS_SFTP_ERROR, PS_SFTP_ERROR_LINK);
}
