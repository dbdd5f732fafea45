/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sftp/trust.h"

#include "sftp/error.h"
#include "util/words.h"

#include <string.h>

static const char *const usual_types[] = { "ssh-ed25519",
                                           "ecdsa-sha2-nistp256",
                                           "ecdsa-sha2-nistp384",
                                           "ecdsa-sha2-nistp521",
                                           "rsa-sha2-512",
                                           "rsa-sha2-256",
                                           NULL };

PsKnownHosts *
ps_trust_load (const PsLogin *login, GError **error)
{
  g_autoptr (PsKnownHosts) known = ps_known_hosts_new ();

  for (char **file = login->config->known_hosts; *file != NULL; file++)
    if (!ps_known_hosts_add_file (known, *file, error))
      return NULL;
  if (login->options->known_hosts != NULL
      && !ps_known_hosts_add_file (known, login->options->known_hosts, error))
    return NULL;
  return g_steal_pointer (&known);
}

static void
add_algorithm (GPtrArray *list, const char *name)
{
  if (!g_ptr_array_find_with_equal_func (list, name, g_str_equal, NULL))
    g_ptr_array_add (list, (char *)name);
}

/* Adds the signature algorithms that go with a key type. */
static void
add_algorithms_of (GPtrArray *list, const char *type)
{
  if (strcmp (type, "ssh-rsa") != 0)
    {
      add_algorithm (list, type);
      return;
    }
  add_algorithm (list, "rsa-sha2-512");
  add_algorithm (list, "rsa-sha2-256");
}

char *
ps_trust_algorithms (const PsLogin *login, const PsKnownHosts *known, PsSsh2Link *link)
{
  const char *host = login->config->host_key_name;
  g_autoptr (GPtrArray) types = ps_known_hosts_types (known, host, login->config->port);
  g_autoptr (GPtrArray) list = g_ptr_array_new ();
  gboolean checkable = types->len == 0;

  if (types->len == 0 && ps_known_hosts_has_authority (known, host, login->config->port))
    return NULL;
  for (guint i = 0; i < types->len; i++)
    add_algorithms_of (list, g_intern_string (g_ptr_array_index (types, i)));
  for (guint i = 0; i < list->len && !checkable; i++)
    checkable = ps_ssh2_link_knows_host_key (link, g_ptr_array_index (list, i));
  if (!checkable)
    return NULL;
  for (guint i = 0; usual_types[i] != NULL; i++)
    add_algorithm (list, usual_types[i]);
  g_ptr_array_add (list, NULL);
  return g_strjoinv (",", (char **)list->pdata);
}

/* Compares fingerprints as people copy them: the prefix and the padding may be missing. */
static gboolean
same_fingerprint (const char *a, const char *b)
{
  const char *prefix = "SHA256:";
  gsize length_a, length_b;

  a += g_str_has_prefix (a, prefix) ? strlen (prefix) : 0;
  b += g_str_has_prefix (b, prefix) ? strlen (prefix) : 0;
  length_a = strcspn (a, "= \t\n");
  length_b = strcspn (b, "= \t\n");
  return length_a == length_b && strncmp (a, b, length_a) == 0;
}

void
ps_trust_set_changed_error (const PsHostKeyInfo *info, GError **error)
{
  g_set_error (
      error, PS_SFTP_ERROR, PS_SFTP_ERROR_HOST_KEY,
      _ ("The host key of %s is not the one that is known. Did you reinstall the Pi? If so, "
         "compare the new fingerprint on the Pi itself and then run: pisync-cli trust. If "
         "not, another machine may pose as it: do not go on.\n"
         "Now: %s (%s)\nKnown: %s (%s)"),
      info->host, info->fingerprint, info->type, info->known_fingerprint ?: _ ("another key"),
      info->known_in ?: _ ("unknown place"));
}

void
ps_trust_set_revoked_error (const PsHostKeyInfo *info, const char *where, GError **error)
{
  g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_HOST_KEY,
               _ ("The host key of %s, %s, is marked as revoked in %s: it must not be trusted"),
               info->host, info->fingerprint, where);
}

gboolean
ps_trust_confirm (const PsLogin *login, const PsHostKeyInfo *info, GError **error)
{
  const char *expected = login->options->fingerprint;
  const PsLoginPrompts *prompts = login->prompts;
  g_autoptr (GError) cause = NULL;

  if (info->state == PS_HOST_KEY_CHANGED && !login->options->accept_changed)
    {
      ps_trust_set_changed_error (info, error);
      return FALSE;
    }
  if (expected != NULL)
    {
      if (same_fingerprint (expected, info->fingerprint))
        return TRUE;
      g_set_error (
          error, PS_SFTP_ERROR, PS_SFTP_ERROR_HOST_KEY,
          _ ("The host key of %s has the fingerprint %s (%s), not the one that was given: %s"),
          info->host, info->fingerprint, info->type, expected);
      return FALSE;
    }
  if (prompts->confirm_host_key != NULL
      && prompts->confirm_host_key (info, prompts->data, login->cancellable, &cause))
    return TRUE;
  if (cause != NULL)
    g_propagate_error (error, g_steal_pointer (&cause));
  else
    g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_HOST_KEY,
                 _ ("The host key of %s, %s (%s), was not trusted"), info->host, info->fingerprint,
                 info->type);
  return FALSE;
}

gboolean
ps_trust_decide (const PsLogin *login, const PsKnownHosts *known, GBytes *key, GError **error)
{
  const PsSshConfig *config = login->config;
  g_autofree char *where = NULL, *type = ps_key_blob_type (key);
  g_autofree char *fingerprint = ps_key_fingerprint (key), *known_fingerprint = NULL;
  g_autoptr (GBytes) known_key = NULL;
  PsHostKeyInfo info = { .host = login->options->host,
                         .port = config->port,
                         .type = type ?: _ ("unknown type"),
                         .fingerprint = fingerprint };
  PsKnownHostState state
      = ps_known_hosts_check (known, config->host_key_name, config->port, key, &where, &known_key);

  if (state == PS_KNOWN_HOST_OK)
    return TRUE;
  if (state == PS_KNOWN_HOST_REVOKED)
    {
      ps_trust_set_revoked_error (&info, where, error);
      return FALSE;
    }
  if (known_key != NULL)
    known_fingerprint = ps_key_fingerprint (known_key);
  info.state = state == PS_KNOWN_HOST_CHANGED ? PS_HOST_KEY_CHANGED : PS_HOST_KEY_NEW;
  info.known_fingerprint = known_fingerprint;
  info.known_in = where;
  if (!ps_trust_confirm (login, &info, error))
    return FALSE;
  return login->options->known_hosts == NULL
         || ps_known_hosts_store (login->options->known_hosts, config->host_key_name, config->port,
                                  key, error);
}
