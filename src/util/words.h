/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The texts of the modules below the windows that a person may meet: errors, problems, questions.
 * They are written in English in the sources and looked up in the application's catalogues where
 * the application wants that; pisync-cli, whose own words are English, leaves them as they are. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* From now on texts are looked up. Call it in main(), once the text domain is set and before there
 * are threads. */
void ps_words_translate (void);

/* Returns: (transfer none): what @text is for the person */
const char *ps_words (const char *text) G_GNUC_FORMAT (1);

/* Returns: (transfer none): what @one, or @many, is for the person where there are @n */
const char *ps_words_plural (const char *one, const char *many, gulong n) G_GNUC_FORMAT (1)
    G_GNUC_FORMAT (2);

/* @pattern: marked by N_(), with one "%s" in it and no other directive.
 *
 * Returns: (transfer full): @pattern for the person, with @name for its "%s" */
char *ps_words_about (const char *pattern, const char *name);

#define _(text) ps_words (text)
#define N_(text) text

G_END_DECLS
