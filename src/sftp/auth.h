/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Logging in over a libssh2 link whose host key was checked. */
#pragma once

#include "sftp/trust.h"

G_BEGIN_DECLS

/* Logs in by the method of options.auth. @needs_ssh: (out): on failure, whether there is a key that
 * the ssh program could use but libssh2 cannot. PS_SFTP_ERROR_AUTH, SETUP, LINK, UNREACHABLE. */
gboolean ps_auth_login (const PsLogin *login, PsSsh2Link *link, gboolean *needs_ssh,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether a server's question (keyboard-interactive) is the one for the account's password. */
gboolean ps_auth_is_password_prompt (const char *text);

/* Returns: (transfer full): a text of the server, as it can be shown: valid UTF-8, no control
 * characters, not longer than a few lines. */
char *ps_auth_display_text (const char *text, gsize length);

/* How often a wrong secret may be corrected: questions in all. */
#define PS_AUTH_MAX_ATTEMPTS 3

G_END_DECLS
