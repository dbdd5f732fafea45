/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "util/redact.h"

#include <string.h>

char *
ps_redact_url (const char *url)
{
  const char *host = strstr (url, "://");
  const char *at, *end;

  if (host == NULL)
    return g_strdup (url);
  host += strlen ("://");
  end = host + strcspn (host, "/?#");
  for (at = end; at > host && at[-1] != '@'; at--)
    ;
  return g_strdup_printf ("%.*s%.*s", (int)(host - url), url, (int)strcspn (at, "?#"), at);
}

void
ps_secret_free (char *secret)
{
  if (secret == NULL)
    return;
  explicit_bzero (secret, strlen (secret));
  g_free (secret);
}

void
ps_secret_clear (char **secret)
{
  g_clear_pointer (secret, ps_secret_free);
}
