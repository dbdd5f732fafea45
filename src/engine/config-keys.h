/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one table of keys: it drives reading, checking, writing and the defaults of PsConfig. */
#pragma once

#include "engine/config.h"

G_BEGIN_DECLS

typedef enum
{
  PS_KEY_TEXT,  /* char * */
  PS_KEY_UINT,  /* guint */
  PS_KEY_BOOL,  /* gboolean, written as yes and no */
  PS_KEY_CHOICE /* an enum or gboolean: the index of the word in @words */
} PsKeyType;

typedef struct
{
  const char *group;
  const char *key;
  PsKeyType type;
  gsize offset;             /* of the member in PsConfig */
  gboolean required;        /* TEXT */
  guint min, max, fallback; /* UINT; fallback: BOOL and CHOICE too */
  const char *const *words; /* CHOICE: NULL-terminated */

  /* TEXT: returns the value as it is kept (transfer full), or NULL with *@allowed, for the person:
   * what it must be. */
  char *(*normal) (const char *value, const char **allowed);
} PsConfigKey;

extern const PsConfigKey ps_config_keys[];
extern const guint ps_n_config_keys;

/* Returns: (nullable): the key, or NULL with a sentence in @error that names what is near or
 * allowed. */
const PsConfigKey *ps_config_key_find (const char *group, const char *key, GError **error);

/* FALSE with a sentence in @error unless there is such a group. */
gboolean ps_config_group_check (const char *group, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Checks @value and puts it into @config. An empty text is no text. */
gboolean ps_config_key_parse (const PsConfigKey *key, const char *value, PsConfig *config,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (nullable): the value in @config as it is written; NULL: no text, or
 * the number 0 where that means "not set". */
char *ps_config_key_format (const PsConfigKey *key, const PsConfig *config);

void ps_config_key_set_default (const PsConfigKey *key, PsConfig *config);
void ps_config_key_copy (const PsConfigKey *key, const PsConfig *from, PsConfig *to);
void ps_config_key_clear (const PsConfigKey *key, PsConfig *config);

/* Returns: (transfer full): @path with "~" or "~/" replaced by the home directory. */
char *ps_config_expand_home (const char *path);

/* Returns: whether @path is @dir or lies below it; both absolute and canonical. */
gboolean ps_config_path_holds (const char *dir, const char *path);

G_END_DECLS
