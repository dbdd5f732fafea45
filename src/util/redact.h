/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What may go into a log. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Returns: (transfer full): @url without the user information and query that it may carry. */
char *ps_redact_url (const char *url);

/* Overwrites and frees a password; NULL is fine. The overwriting is not optimised away. */
void ps_secret_free (char *secret);

#define ps_autosecret __attribute__ ((cleanup (ps_secret_clear))) char *

/* Frees the password that *@secret points to and sets it to NULL. */
void ps_secret_clear (char **secret);

G_END_DECLS
