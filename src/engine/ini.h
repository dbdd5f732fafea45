/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A key file as its lines, so that errors can name one, and comments and order outlive a change.
 * The syntax is GKeyFile's (group headers, key = value, its backslash escapes), without lists and
 * translations; ';' begins a comment too, as the ancestor's files have it. Pure. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  PS_INI_OTHER, /* empty or a comment */
  PS_INI_GROUP,
  PS_INI_VALUE,
  PS_INI_BAD /* @problem says why */
} PsIniKind;

typedef struct
{
  PsIniKind kind;
  char *text;          /* as it stands in the file; valid UTF-8 unless BAD */
  char *group;         /* GROUP, VALUE */
  char *key;           /* VALUE */
  char *value;         /* VALUE: unescaped */
  const char *problem; /* BAD: (transfer none) static sentence, to be looked up */
} PsIniLine;

/* Returns: (transfer full) (element-type PsIniLine): never fails, line N is element N - 1. */
GPtrArray *ps_ini_parse (const char *text, gsize length);

/* Returns: (transfer full): the lines as text again. */
char *ps_ini_to_text (const GPtrArray *lines);

/* Returns: (nullable): the last line that sets @key in @group. */
const PsIniLine *ps_ini_find (const GPtrArray *lines, const char *group, const char *key);

/* Sets @key in @group: in its line where there is one, else behind the group's last value, else in
 * a new group at the end. @value: NULL removes every line of the key. */
void ps_ini_set (GPtrArray *lines, const char *group, const char *key, const char *value);

G_END_DECLS
