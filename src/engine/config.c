/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/config-keys.h"
#include "engine/ini.h"
#include "util/words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char *
pair_name (const char *file)
{
  char *name = g_path_get_basename (file);

  if (g_str_has_suffix (name, ".ini") && strlen (name) > strlen (".ini"))
    name[strlen (name) - strlen (".ini")] = '\0';
  return name;
}

PsConfig *
ps_config_new (const char *file)
{
  PsConfig *self = g_new0 (PsConfig, 1);

  self->file = g_canonicalize_filename (file, NULL);
  self->name = pair_name (self->file);
  for (guint i = 0; i < ps_n_config_keys; i++)
    ps_config_key_set_default (&ps_config_keys[i], self);
  return self;
}

PsConfig *
ps_config_copy (const PsConfig *self)
{
  PsConfig *copy = g_new0 (PsConfig, 1);

  copy->file = g_strdup (self->file);
  copy->name = g_strdup (self->name);
  for (guint i = 0; i < ps_n_config_keys; i++)
    ps_config_key_copy (&ps_config_keys[i], self, copy);
  return copy;
}

void
ps_config_free (PsConfig *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < ps_n_config_keys; i++)
    ps_config_key_clear (&ps_config_keys[i], self);
  g_free (self->file);
  g_free (self->name);
  g_free (self);
}

static gboolean
is_schedule_key (const PsConfigKey *key)
{
  return key->offset == offsetof (PsConfig, throttling)
         || key->offset == offsetof (PsConfig, pause_on_metered);
}

gboolean
ps_config_same_run (const PsConfig *a, const PsConfig *b)
{
  if (strcmp (a->file, b->file) != 0)
    return FALSE;
  for (guint i = 0; i < ps_n_config_keys; i++)
    {
      const PsConfigKey *key = &ps_config_keys[i];
      g_autofree char *in_a = ps_config_key_format (key, a);
      g_autofree char *in_b = ps_config_key_format (key, b);

      if (!is_schedule_key (key) && g_strcmp0 (in_a, in_b) != 0)
        return FALSE;
    }
  return TRUE;
}

/* Whether the error of a file operation means that there is no such file. */
static gboolean
is_absence (const GError *error)
{
  return g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT)
         || g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOTDIR);
}

static GPtrArray *
read_lines (const char *file, GError **error)
{
  g_autoptr (GError) reason = NULL;
  g_autofree char *text = NULL;
  gsize length = 0;

  if (g_file_get_contents (file, &text, &length, &reason))
    return ps_ini_parse (text, length);
  if (is_absence (reason))
    g_set_error (error, PS_CONFIG_ERROR, PS_CONFIG_ERROR_MISSING,
                 _ ("%s: there is no such file; run \"pisync-cli setup\" to make one"), file);
  else
    g_set_error (error, PS_CONFIG_ERROR, PS_CONFIG_ERROR_FAILED, _ ("%s: cannot be read: %s"), file,
                 reason->message);
  return NULL;
}

/* How a file is read: our own to the letter, an ancestor's as far as we know its keys. */
typedef struct
{
  gboolean lenient;
  GHashTable *seen; /* (element-type PsConfigKey gsize): the number of the line that set the key */
} Reading;

static gboolean
take_value (Reading *reading, const PsIniLine *line, guint number, PsConfig *config, GError **error)
{
  const PsConfigKey *key
      = ps_config_key_find (line->group, line->key, reading->lenient ? NULL : error);
  guint earlier;

  if (key == NULL)
    return reading->lenient;
  earlier = GPOINTER_TO_UINT (g_hash_table_lookup (reading->seen, key));
  if (earlier != 0 && !reading->lenient)
    {
      g_set_error (error, PS_CONFIG_ERROR, PS_CONFIG_ERROR_INVALID,
                   _ ("%s in [%s] was set on line %u already"), key->key, key->group, earlier);
      return FALSE;
    }
  g_hash_table_insert (reading->seen, (gpointer)key, GUINT_TO_POINTER (number));
  return ps_config_key_parse (key, line->value, config, error);
}

static gboolean
take_line (Reading *reading, const PsIniLine *line, guint number, PsConfig *config, GError **error)
{
  switch (line->kind)
    {
    case PS_INI_GROUP:
      return reading->lenient || ps_config_group_check (line->group, error);
    case PS_INI_VALUE:
      return take_value (reading, line, number, config, error);
    case PS_INI_BAD:
      if (!reading->lenient)
        g_set_error_literal (error, PS_CONFIG_ERROR, PS_CONFIG_ERROR_INVALID, _ (line->problem));
      return reading->lenient;
    case PS_INI_OTHER:
      return TRUE;
    default:
      g_assert_not_reached ();
    }
}

/* Names the line where the group of a missing key begins, else the file's end. */
static guint
line_for_missing (const GPtrArray *lines, const char *group)
{
  for (guint i = 0; i < lines->len; i++)
    {
      const PsIniLine *line = lines->pdata[i];

      if (line->kind == PS_INI_GROUP && strcmp (line->group, group) == 0)
        return i + 1;
    }
  return MAX (lines->len, 1);
}

static gboolean
check_required (const char *file, const GPtrArray *lines, const PsConfig *config, GError **error)
{
  for (guint i = 0; i < ps_n_config_keys; i++)
    {
      const PsConfigKey *key = &ps_config_keys[i];
      g_autofree char *value = key->required ? ps_config_key_format (key, config) : NULL;

      if (!key->required || value != NULL)
        continue;
      g_set_error (error, PS_CONFIG_ERROR, PS_CONFIG_ERROR_INVALID,
                   _ ("%s:%u: %s is missing in [%s]; it must be given"), file,
                   line_for_missing (lines, key->group), key->key, key->group);
      return FALSE;
    }
  return TRUE;
}

/* Reads @source into a configuration that will be written as @file. */
static PsConfig *
read_config (const char *source, const char *file, gboolean lenient, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  g_autoptr (PsConfig) config = ps_config_new (file);
  g_autofree char *path = g_canonicalize_filename (source, NULL);
  g_autoptr (GPtrArray) lines = read_lines (path, error);
  Reading reading = { .lenient = lenient, .seen = seen };

  if (lines == NULL)
    return NULL;
  for (guint i = 0; i < lines->len; i++)
    if (!take_line (&reading, lines->pdata[i], i + 1, config, error))
      {
        g_prefix_error (error, "%s:%u: ", path, i + 1);
        return NULL;
      }
  if (!check_required (path, lines, config, error))
    return NULL;
  return g_steal_pointer (&config);
}

PsConfig *
ps_config_load (const char *file, GError **error)
{
  return read_config (file, file, FALSE, error);
}

PsConfig *
ps_config_import (const char *ancestor, const char *file, GError **error)
{
  return read_config (ancestor, file, TRUE, error);
}

gboolean
ps_config_check_value (const char *group, const char *key, const char *value, GError **error)
{
  g_autoptr (PsConfig) scratch = ps_config_new ("scratch.ini");
  const PsConfigKey *known = ps_config_key_find (group, key, error);

  return known != NULL && ps_config_key_parse (known, value, scratch, error);
}

/* What is written must be what can be read again. */
static gboolean
check_all (const PsConfig *self, GError **error)
{
  g_autoptr (PsConfig) scratch = ps_config_new (self->file);

  for (guint i = 0; i < ps_n_config_keys; i++)
    {
      const PsConfigKey *key = &ps_config_keys[i];
      g_autofree char *value = ps_config_key_format (key, self);

      if (value == NULL && !key->required)
        continue;
      if (!ps_config_key_parse (key, value != NULL ? value : "", scratch, error))
        {
          g_prefix_error (error, _ ("%s: not written: "), self->file);
          return FALSE;
        }
    }
  return TRUE;
}

/* Whether the file's own words for @key mean the same as @value. */
static gboolean
line_says (const PsIniLine *line, const PsConfigKey *key, const char *value)
{
  g_autoptr (PsConfig) scratch = ps_config_new ("scratch.ini");
  g_autofree char *said = NULL;

  if (!ps_config_key_parse (key, line->value, scratch, NULL))
    return FALSE;
  said = ps_config_key_format (key, scratch);
  return g_strcmp0 (said, value) == 0;
}

static void
update_line (GPtrArray *lines, const PsConfigKey *key, const PsConfig *self,
             const PsConfig *defaults)
{
  const PsIniLine *line = ps_ini_find (lines, key->group, key->key);
  g_autofree char *value = ps_config_key_format (key, self);
  g_autofree char *usual = ps_config_key_format (key, defaults);

  if (line != NULL ? !line_says (line, key, value) : g_strcmp0 (value, usual) != 0)
    ps_ini_set (lines, key->group, key->key, value);
}

/* The file itself, where @file is a symbolic link to it: the link stays. */
static char *
follow_links (const char *file)
{
  g_autofree char *dir = g_path_get_dirname (file);
  char *real;

  g_mkdir_with_parents (dir, 0700); /* where that fails, writing says why */
  real = realpath (file, NULL);
  if (real == NULL)
    return g_strdup (file);
  return real; /* GLib's g_free () is free () */
}

static gboolean
is_changed (const PsConfigKey *key, const PsConfig *self, const PsConfig *before)
{
  g_autofree char *now = ps_config_key_format (key, self);
  g_autofree char *then = ps_config_key_format (key, before);

  return g_strcmp0 (now, then) != 0;
}

gboolean
ps_config_save (const PsConfig *self, GError **error)
{
  return ps_config_save_changes (self, NULL, error);
}

gboolean
ps_config_save_changes (const PsConfig *self, const PsConfig *before, GError **error)
{
  g_autoptr (PsConfig) defaults = ps_config_new (self->file);
  g_autoptr (GPtrArray) lines = NULL;
  g_autoptr (GError) reason = NULL;
  g_autofree char *text = NULL;
  g_autofree char *real = NULL;

  if (!check_all (self, error))
    return FALSE;
  lines = read_lines (self->file, &reason);
  if (g_error_matches (reason, PS_CONFIG_ERROR, PS_CONFIG_ERROR_FAILED))
    {
      g_propagate_error (error, g_steal_pointer (&reason));
      return FALSE;
    }
  if (lines == NULL)
    {
      lines = ps_ini_parse ("", 0);
      before = NULL;
    }
  g_clear_error (&reason);
  for (guint i = 0; i < ps_n_config_keys; i++)
    if (before == NULL || is_changed (&ps_config_keys[i], self, before))
      update_line (lines, &ps_config_keys[i], self, defaults);
  text = ps_ini_to_text (lines);
  real = follow_links (self->file);
  if (g_file_set_contents_full (real, text, -1,
                                G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600,
                                &reason))
    return TRUE;
  g_set_error (error, PS_CONFIG_ERROR, PS_CONFIG_ERROR_FAILED, _ ("%s: cannot be written: %s"),
               self->file, reason->message);
  return FALSE;
}
