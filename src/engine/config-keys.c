/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/config-keys.h"

#include "engine/config-text.h"
#include "util/words.h"

#include <errno.h>
#include <string.h>

static const char *const auth_words[] = { "publickey", "password", "agent", NULL };
static const char *const transport_words[] = { "libssh2", "openssh", NULL };
static const char *const conflict_words[] = { "newest", "local", "remote", NULL };
static const char *const symlink_words[] = { "skip", "keep", NULL };

G_STATIC_ASSERT (PS_AUTH_PUBLICKEY == 0 && PS_AUTH_PASSWORD == 1 && PS_AUTH_AGENT == 2);
G_STATIC_ASSERT (PS_TRANSPORT_LIBSSH2 == 0 && PS_TRANSPORT_OPENSSH == 1);
G_STATIC_ASSERT (PS_CONFLICT_NEWEST == 0 && PS_CONFLICT_LOCAL == 1 && PS_CONFLICT_REMOTE == 2);
G_STATIC_ASSERT (sizeof (PsAuthMethod) == sizeof (guint));

/* clang-format off */
#define AT(member) .offset = offsetof (PsConfig, member)
#define TEXT(member, check) .type = PS_KEY_TEXT, AT (member), .normal = check
#define UINT(member, low, high, value) \
  .type = PS_KEY_UINT, AT (member), .min = low, .max = high, .fallback = value
#define BOOL(member, value) .type = PS_KEY_BOOL, AT (member), .fallback = value
#define CHOICE(member, list) .type = PS_KEY_CHOICE, AT (member), .words = list

#define LIMIT_MAX (10 * 1024 * 1024) /* KiB/s: 10 GiB/s */

const PsConfigKey ps_config_keys[] = {
  { "HOST", "host", TEXT (host, ps_config_text_host), .required = TRUE },
  { "HOST", "port", UINT (port, 1, 65535, 0) },
  { "AUTH", "user", TEXT (user, ps_config_text_user) },
  { "AUTH", "auth", CHOICE (auth, auth_words) },
  { "AUTH", "keyfile", TEXT (keyfile, ps_config_text_file) },
  { "AUTH", "password_file", TEXT (password_file, ps_config_text_file) },
  { "AUTH", "transport", CHOICE (transport, transport_words) },
  { "LOCAL CONFIG", "local_base", TEXT (local_base, ps_config_text_local_base), .required = TRUE },
  { "LOCAL CONFIG", "throttling", UINT (throttling, 1, 86400, 5) },
  { "LOCAL CONFIG", "log_file_max", UINT (log_file_max, 10, 1000000, 1000) },
  { "REMOTE CONFIG", "remote_base", TEXT (remote_base, ps_config_text_remote_base),
    .required = TRUE },
  { "SYNC", "device", TEXT (device, ps_config_text_device) },
  { "SYNC", "conflict", CHOICE (conflict, conflict_words) },
  { "SYNC", "symlinks", CHOICE (keep_symlinks, symlink_words) },
  { "SYNC", "keep_versions_days", UINT (keep_versions_days, 1, 36500, 30) },
  { "SYNC", "versions_max_percent", UINT (versions_max_percent, 1, 90, 20) },
  { "SYNC", "full_scan_minutes", UINT (full_scan_minutes, 1, 10080, 10) },
  { "SYNC", "upload_limit", UINT (upload_limit, 0, LIMIT_MAX, 0) },
  { "SYNC", "download_limit", UINT (download_limit, 0, LIMIT_MAX, 0) },
  { "SYNC", "delete_guard_percent", UINT (delete_guard_percent, 0, 100, 20) },
  { "SYNC", "fsync", BOOL (fsync, TRUE) },
  { "SYNC", "pause_on_metered", BOOL (pause_on_metered, FALSE) },
};
/* clang-format on */
const guint ps_n_config_keys = G_N_ELEMENTS (ps_config_keys);

/* How many letters must be added, removed or changed to make @b of @a. */
static guint
edit_distance (const char *a, const char *b)
{
  gsize width = strlen (b) + 1;
  g_autofree guint *row = g_new (guint, width);

  for (guint j = 0; j < width; j++)
    row[j] = j;
  for (guint i = 1; a[i - 1] != '\0'; i++)
    {
      guint diagonal = row[0];

      row[0] = i;
      for (gsize j = 1; j < width; j++)
        {
          guint change = diagonal + (g_ascii_tolower (a[i - 1]) != g_ascii_tolower (b[j - 1]));

          diagonal = row[j];
          row[j] = MIN (change, MIN (row[j], row[j - 1]) + 1);
        }
    }
  return row[width - 1];
}

/* The best guess so far at what was meant. */
typedef struct
{
  const char *typed;
  const char *meant; /* (nullable) */
  guint distance;
} Guess;

static void
consider (Guess *guess, const char *name)
{
  guint distance;

  if (strlen (guess->typed) > 64)
    return;
  distance = edit_distance (guess->typed, name);
  if (distance > 2 || (guess->meant != NULL && distance >= guess->distance))
    return;
  guess->meant = name;
  guess->distance = distance;
}

/* Returns: (transfer full): "[HOST], [AUTH], …", or the keys of @group. */
static char *
all_names (const char *group)
{
  GString *text = g_string_new (NULL);
  const char *separator = "";

  for (guint i = 0; i < ps_n_config_keys; i++)
    {
      const PsConfigKey *key = &ps_config_keys[i];

      if (group != NULL && strcmp (key->group, group) == 0)
        g_string_append_printf (text, "%s%s", separator, key->key);
      else if (group == NULL && (i == 0 || strcmp (key->group, key[-1].group) != 0))
        g_string_append_printf (text, "%s[%s]", separator, key->group);
      else
        continue;
      separator = ", ";
    }
  return g_string_free (text, FALSE);
}

gboolean
ps_config_group_check (const char *group, GError **error)
{
  g_autofree char *all = NULL;
  Guess guess = { .typed = group };

  for (guint i = 0; i < ps_n_config_keys; i++)
    {
      if (strcmp (ps_config_keys[i].group, group) == 0)
        return TRUE;
      consider (&guess, ps_config_keys[i].group);
    }
  all = all_names (NULL);
  if (guess.meant != NULL)
    g_set_error (error, PS_CONFIG_ERROR, PS_CONFIG_ERROR_INVALID,
                 _ ("unknown group [%s]; did you mean [%s]?"), group, guess.meant);
  else
    g_set_error (error, PS_CONFIG_ERROR, PS_CONFIG_ERROR_INVALID,
                 _ ("unknown group [%s]; allowed: %s"), group, all);
  return FALSE;
}

static void
set_unknown_key (const char *group, const char *name, GError **error)
{
  g_autofree char *all = all_names (group);
  const PsConfigKey *elsewhere = NULL;
  Guess guess = { .typed = name };

  for (guint i = 0; i < ps_n_config_keys; i++)
    {
      const PsConfigKey *key = &ps_config_keys[i];

      if (strcmp (key->key, name) == 0)
        elsewhere = key;
      else if (strcmp (key->group, group) == 0)
        consider (&guess, key->key);
    }
  if (elsewhere != NULL)
    g_set_error (error, PS_CONFIG_ERROR, PS_CONFIG_ERROR_INVALID,
                 _ ("unknown key \"%s\" in [%s]; it belongs in [%s]"), name, group,
                 elsewhere->group);
  else if (guess.meant != NULL)
    g_set_error (error, PS_CONFIG_ERROR, PS_CONFIG_ERROR_INVALID,
                 _ ("unknown key \"%s\" in [%s]; did you mean \"%s\"?"), name, group, guess.meant);
  else
    g_set_error (error, PS_CONFIG_ERROR, PS_CONFIG_ERROR_INVALID,
                 _ ("unknown key \"%s\" in [%s]; allowed: %s"), name, group, all);
}

const PsConfigKey *
ps_config_key_find (const char *group, const char *name, GError **error)
{
  if (!ps_config_group_check (group, error))
    return NULL;
  for (guint i = 0; i < ps_n_config_keys; i++)
    if (strcmp (ps_config_keys[i].group, group) == 0 && strcmp (ps_config_keys[i].key, name) == 0)
      return &ps_config_keys[i];
  set_unknown_key (group, name, error);
  return NULL;
}

static guint *
number_at (const PsConfigKey *key, const PsConfig *config)
{
  return (guint *)((char *)config + key->offset);
}

static char **
text_at (const PsConfigKey *key, const PsConfig *config)
{
  return (char **)((char *)config + key->offset);
}

static gboolean
refuse (const PsConfigKey *key, const char *allowed, const char *value, GError **error)
{
  g_set_error (error, PS_CONFIG_ERROR, PS_CONFIG_ERROR_INVALID,
               /* Translators: a key, its group, what is allowed ("a whole number from 1 to 5"),
                * what stands there */
               _ ("%s in [%s] must be %s, not \"%s\""), key->key, key->group, allowed, value);
  return FALSE;
}

static gboolean
parse_text (const PsConfigKey *key, const char *value, PsConfig *config, GError **error)
{
  char **member = text_at (key, config);
  const char *allowed = NULL;
  char *normal = NULL;

  if (*value == '\0' && key->required)
    {
      g_set_error (error, PS_CONFIG_ERROR, PS_CONFIG_ERROR_INVALID, _ ("%s in [%s] is empty"),
                   key->key, key->group);
      return FALSE;
    }
  if (*value == '\0')
    {
      g_clear_pointer (member, g_free);
      ps_config_key_set_default (key, config);
      return TRUE;
    }
  normal = key->normal (value, &allowed);
  if (normal == NULL)
    return refuse (key, allowed, value, error);
  g_free (*member);
  *member = normal;
  return TRUE;
}

static gboolean
parse_uint (const PsConfigKey *key, const char *value, PsConfig *config, GError **error)
{
  g_autofree char *allowed = NULL;
  guint64 number = 0;

  if (g_ascii_string_to_unsigned (value, 10, key->min, key->max, &number, NULL))
    {
      *number_at (key, config) = (guint)number;
      return TRUE;
    }
  allowed = g_strdup_printf (_ ("a whole number from %u to %u"), key->min, key->max);
  return refuse (key, allowed, value, error);
}

static gboolean
parse_bool (const PsConfigKey *key, const char *value, PsConfig *config, GError **error)
{
  static const char *const yes[] = { "yes", "true", "1", NULL };
  static const char *const no[] = { "no", "false", "0", NULL };
  g_autofree char *lower = g_ascii_strdown (value, -1);

  if (!g_strv_contains (yes, lower) && !g_strv_contains (no, lower))
    return refuse (key, _ ("yes or no"), value, error);
  *number_at (key, config) = g_strv_contains (yes, lower);
  return TRUE;
}

static gboolean
parse_choice (const PsConfigKey *key, const char *value, PsConfig *config, GError **error)
{
  g_autofree char *allowed = NULL;

  for (guint i = 0; key->words[i] != NULL; i++)
    if (g_ascii_strcasecmp (key->words[i], value) == 0)
      {
        *number_at (key, config) = i;
        return TRUE;
      }
  /* Translators: between words of which one is allowed */
  allowed = g_strjoinv (_ (" or "), (char **)key->words);
  return refuse (key, allowed, value, error);
}

gboolean
ps_config_key_parse (const PsConfigKey *key, const char *value, PsConfig *config, GError **error)
{
  switch (key->type)
    {
    case PS_KEY_TEXT:
      return parse_text (key, value, config, error);
    case PS_KEY_UINT:
      return parse_uint (key, value, config, error);
    case PS_KEY_BOOL:
      return parse_bool (key, value, config, error);
    case PS_KEY_CHOICE:
      return parse_choice (key, value, config, error);
    default:
      g_assert_not_reached ();
    }
}

char *
ps_config_key_format (const PsConfigKey *key, const PsConfig *config)
{
  switch (key->type)
    {
    case PS_KEY_TEXT:
      return g_strdup (*text_at (key, config));
    case PS_KEY_UINT:
      if (*number_at (key, config) < key->min)
        return NULL; /* the port that ssh_config decides */
      return g_strdup_printf ("%u", *number_at (key, config));
    case PS_KEY_BOOL:
      return g_strdup (*number_at (key, config) ? "yes" : "no");
    case PS_KEY_CHOICE:
      return g_strdup (key->words[*number_at (key, config)]);
    default:
      g_assert_not_reached ();
    }
}

void
ps_config_key_set_default (const PsConfigKey *key, PsConfig *config)
{
  if (key->type != PS_KEY_TEXT)
    *number_at (key, config) = key->fallback;
  else if (key->offset == offsetof (PsConfig, device))
    *text_at (key, config) = ps_config_default_device ();
}

void
ps_config_key_copy (const PsConfigKey *key, const PsConfig *from, PsConfig *to)
{
  if (key->type == PS_KEY_TEXT)
    *text_at (key, to) = g_strdup (*text_at (key, from));
  else
    *number_at (key, to) = *number_at (key, from);
}

void
ps_config_key_clear (const PsConfigKey *key, PsConfig *config)
{
  if (key->type == PS_KEY_TEXT)
    g_clear_pointer (text_at (key, config), g_free);
}
