/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/setup-form.h"

#include "cli/answer.h"

#include <stdlib.h>
#include <string.h>

/* One value: its option, its place in the ini, and the question for it. */
typedef struct
{
  const char *option;
  const char *group, *key;
  const char *question;                   /* (nullable) never asked for */
  char *(*propose) (const PsConfig *);    /* (nullable) there is nothing to propose */
  void (*set) (PsConfig *, const char *); /* a checked value */
  const char *unset;                      /* (nullable) what holds where no value is given */
} Field;

static const struct
{
  const char *word;
  PsAuthMethod method;
} auth_words[] = {
  { "publickey", PS_AUTH_PUBLICKEY },
  { "password", PS_AUTH_PASSWORD },
  { "agent", PS_AUTH_AGENT },
};

static void
replace (char **member, const char *value)
{
  char *copy = g_strdup (value);

  g_free (*member);
  *member = copy;
}

/* "~/x" and relative paths as a person types them. */
static char *
absolute_path (const char *typed)
{
  if (strcmp (typed, "~") == 0)
    return g_strdup (g_get_home_dir ());
  if (g_str_has_prefix (typed, "~/"))
    return g_build_filename (g_get_home_dir (), typed + 2, NULL);
  return g_canonicalize_filename (typed, NULL);
}

static char *
propose_host (const PsConfig *config)
{
  return g_strdup (config->host);
}

static void
set_host (PsConfig *config, const char *value)
{
  replace (&config->host, value);
}

static char *
propose_port (const PsConfig *config)
{
  return config->port != 0 ? g_strdup_printf ("%u", config->port) : NULL;
}

static void
set_port (PsConfig *config, const char *value)
{
  config->port = strtoul (value, NULL, 10);
}

static char *
propose_user (const PsConfig *config)
{
  return g_strdup (config->user != NULL ? config->user : g_get_user_name ());
}

static void
set_user (PsConfig *config, const char *value)
{
  replace (&config->user, value);
}

static char *
propose_auth (const PsConfig *config)
{
  for (gsize i = 0; i < G_N_ELEMENTS (auth_words); i++)
    if (auth_words[i].method == config->auth)
      return g_strdup (auth_words[i].word);
  return NULL;
}

static void
set_auth (PsConfig *config, const char *value)
{
  for (gsize i = 0; i < G_N_ELEMENTS (auth_words); i++)
    if (strcmp (auth_words[i].word, value) == 0)
      config->auth = auth_words[i].method;
}

static char *
propose_keyfile (const PsConfig *config)
{
  return g_strdup (config->keyfile);
}

static void
set_keyfile (PsConfig *config, const char *value)
{
  replace (&config->keyfile, value);
}

static char *
propose_remote (const PsConfig *config)
{
  return g_strdup (config->remote_base);
}

static void
set_remote (PsConfig *config, const char *value)
{
  replace (&config->remote_base, value);
}

static char *
propose_local (const PsConfig *config)
{
  return g_strdup (config->local_base);
}

static void
set_local (PsConfig *config, const char *value)
{
  replace (&config->local_base, value);
}

static char *
propose_device (const PsConfig *config)
{
  return g_strdup (config->device);
}

static void
set_device (PsConfig *config, const char *value)
{
  replace (&config->device, value);
}

static const Field fields[PS_N_SETUP_FIELDS] = {
  [PS_SETUP_HOST]
  = { "--host", "HOST", "host", "Name or address of the Pi", propose_host, set_host },
  [PS_SETUP_PORT] = { "--port", "HOST", "port", "Port of its SSH server", propose_port, set_port,
                      "22, or what ~/.ssh/config says" },
  [PS_SETUP_USER] = { "--user", "AUTH", "user", "User name on the Pi", propose_user, set_user },
  [PS_SETUP_AUTH]
  = { "--auth", "AUTH", "auth", "Log in by publickey, password or agent", propose_auth, set_auth },
  [PS_SETUP_KEYFILE] = { "--keyfile", "AUTH", "keyfile", "File of the private key", propose_keyfile,
                         set_keyfile, "those that ssh uses" },
  [PS_SETUP_REMOTE]
  = { "--remote", "REMOTE CONFIG", "remote_base", "Folder on the Pi", propose_remote, set_remote },
  [PS_SETUP_LOCAL] = { "--local", "LOCAL CONFIG", "local_base", "Folder on this computer",
                       propose_local, set_local },
  [PS_SETUP_DEVICE] = { "--device", "SYNC", "device", NULL, propose_device, set_device },
};

void
ps_setup_form_clear (PsSetupForm *self)
{
  for (gsize i = 0; i < G_N_ELEMENTS (self->values); i++)
    g_clear_pointer (&self->values[i], g_free);
}

static gboolean
is_path_here (PsSetupField field)
{
  return field == PS_SETUP_LOCAL || field == PS_SETUP_KEYFILE;
}

/* Checks @typed and takes it over. */
static gboolean
take_value (PsConfig *config, PsSetupField field, const char *typed, GError **error)
{
  const Field *row = &fields[field];
  g_autofree char *value = is_path_here (field) ? absolute_path (typed) : g_strdup (typed);

  if (!ps_config_check_value (row->group, row->key, value, error))
    return FALSE;
  row->set (config, value);
  return TRUE;
}

/* Asks until the answer is one that can be used. */
static gboolean
ask_value (PsCli *cli, PsConfig *config, PsSetupField field, const char *proposal, GError **error)
{
  const Field *row = &fields[field];
  const char *empty = proposal != NULL ? proposal : row->unset;
  g_autofree char *prompt = empty != NULL ? g_strdup_printf ("%s [%s]: ", row->question, empty)
                                          : g_strdup_printf ("%s: ", row->question);

  for (;;)
    {
      g_autofree char *line = ps_answer_line (cli, prompt, error);
      g_autoptr (GError) wrong = NULL;
      g_autofree char *complaint = NULL;

      if (line == NULL)
        return FALSE;
      g_strstrip (line);
      if (*line == '\0' && proposal == NULL && row->unset != NULL)
        return TRUE;
      if (take_value (config, field, *line == '\0' && proposal != NULL ? proposal : line, &wrong))
        return TRUE;
      complaint = g_strconcat ("  ", wrong->message, "\n", NULL);
      ps_terminal_say (cli->terminal, complaint);
    }
}

/* The key that README has people make: ssh itself looks for names of its own only. */
static char *
key_for_pisync (void)
{
  g_autofree char *file = g_build_filename (g_get_home_dir (), ".ssh", "pisync", NULL);

  return g_file_test (file, G_FILE_TEST_IS_REGULAR) ? g_steal_pointer (&file) : NULL;
}

/* What is proposed where neither option nor configuration say anything. */
static char *
propose (PsCli *cli, const PsConfig *config, PsSetupField field)
{
  char *proposal = fields[field].propose (config);

  if (proposal != NULL || cli->terminal == NULL)
    return proposal;
  if (field == PS_SETUP_REMOTE)
    return g_strdup ("PiSync");
  if (field == PS_SETUP_LOCAL)
    return g_build_filename (g_get_home_dir (), "PiSync", NULL);
  if (field == PS_SETUP_KEYFILE)
    return key_for_pisync ();
  return NULL;
}

static gboolean
can_ask (PsCli *cli, const PsConfig *config, PsSetupField field)
{
  if (cli->terminal == NULL || fields[field].question == NULL)
    return FALSE;
  return field != PS_SETUP_KEYFILE || config->auth == PS_AUTH_PUBLICKEY;
}

static gboolean
fill_field (PsSetupForm *self, PsCli *cli, PsConfig *config, PsSetupField field, GError **error)
{
  const Field *row = &fields[field];
  g_autofree char *proposal = NULL;

  if (self->values[field] != NULL)
    {
      if (take_value (config, field, self->values[field], error))
        return TRUE;
      g_prefix_error (error, "%s: ", row->option);
      return FALSE;
    }
  proposal = propose (cli, config, field);
  if (can_ask (cli, config, field))
    return ask_value (cli, config, field, proposal, error);
  if (proposal != NULL)
    return take_value (config, field, proposal, error);
  if (row->question == NULL || row->unset != NULL)
    return TRUE;
  g_set_error (error, PS_CONFIG_ERROR, PS_CONFIG_ERROR_INVALID,
               "%s is missing, and there is no terminal to ask at", row->option);
  return FALSE;
}

gboolean
ps_setup_form_apply (PsSetupForm *self, PsCli *cli, PsConfig *config, GError **error)
{
  for (PsSetupField field = 0; field < PS_N_SETUP_FIELDS; field++)
    if (!fill_field (self, cli, config, field, error))
      return FALSE;
  return TRUE;
}
