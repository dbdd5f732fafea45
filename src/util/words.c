/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "util/words.h"

#include <string.h>

#include "build-config.h"

static gboolean translated;

void
ps_words_translate (void)
{
  translated = TRUE;
}

const char *
ps_words (const char *text)
{
  return translated ? g_dgettext (GETTEXT_PACKAGE, text) : text;
}

const char *
ps_words_plural (const char *one, const char *many, gulong n)
{
  if (!translated)
    return n == 1 ? one : many;
  return g_dngettext (GETTEXT_PACKAGE, one, many, n);
}

char *
ps_words_about (const char *pattern, const char *name)
{
  const char *text = ps_words (pattern);
  const char *gap = strstr (text, "%s");

  g_return_val_if_fail (gap != NULL, g_strdup (text));
  return g_strdup_printf ("%.*s%s%s", (int)(gap - text), text, name, gap + 2);
}
