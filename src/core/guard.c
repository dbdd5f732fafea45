/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/guard.h"

#include <string.h>

const char *
ps_guard_name (PsGuard guard)
{
  static const char *const names[PS_N_GUARDS] = {
    [PS_GUARD_NONE] = "none",
    [PS_GUARD_ROOT] = "root",
    [PS_GUARD_RESTORED_SERVER] = "restored-server",
    [PS_GUARD_MASS_DELETE] = "mass-delete",
    [PS_GUARD_MASS_EMPTIED] = "mass-emptied",
    [PS_GUARD_INCOMPLETE] = "incomplete-listing",
    [PS_GUARD_ROOM] = "room",
  };

  return names[guard];
}

static bool
parse_number (const char *text, uint64_t *number)
{
  guint64 value;

  if (!g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64, &value, NULL))
    return false;
  *number = value;
  return true;
}

/* An id goes into messages and is compared, nothing else: a UUID, or what looks like one. */
static bool
take_id (PsMarker *self, const char *text)
{
  gsize length = strlen (text);

  if (length == 0 || length >= sizeof self->id)
    return false;
  for (const char *p = text; *p != '\0'; p++)
    if (!g_ascii_isalnum (*p) && *p != '-')
      return false;
  memcpy (self->id, text, length + 1);
  return true;
}

/* Takes one line "key=value" in; *@format stays 0 until its line has come. FALSE: damaged. */
static bool
take_line (PsMarker *self, char *line, uint64_t *format)
{
  char *equals, *key, *value;

  g_strstrip (line);
  if (*line == '\0' || *line == '#')
    return true;
  equals = strchr (line, '=');
  if (equals == NULL)
    return false;
  *equals = '\0';
  key = g_strchomp (line);
  value = g_strchug (equals + 1);
  if (strcmp (key, "format") == 0)
    return parse_number (value, format);
  if (strcmp (key, "generation") == 0)
    return parse_number (value, &self->generation);
  return strcmp (key, "id") == 0 ? take_id (self, value) : true;
}

void
ps_marker_parse (PsMarker *self, const char *text, gsize length)
{
  g_autofree char *copy = NULL;
  g_auto (GStrv) lines = NULL;
  uint64_t format = 0;
  bool sound = true;

  *self = (PsMarker){ .state = PS_MARKER_UNKNOWN_FORMAT };
  if (length > PS_MARKER_MAX || memchr (text, '\0', length) != NULL)
    return;
  copy = g_strndup (text, length);
  lines = g_strsplit (copy, "\n", -1);
  for (gsize i = 0; lines[i] != NULL && sound; i++)
    sound = take_line (self, lines[i], &format);
  if (sound && format == PS_MARKER_FORMAT && self->id[0] != '\0')
    self->state = PS_MARKER_PRESENT;
  else
    *self = (PsMarker){ .state = PS_MARKER_UNKNOWN_FORMAT };
}

char *
ps_marker_to_text (const PsMarker *self)
{
  return g_strdup_printf ("format=%d\nid=%s\ngeneration=%" G_GUINT64_FORMAT "\n", PS_MARKER_FORMAT,
                          self->id, (guint64)self->generation);
}

/* Marked for translation, which is the engine's affair. */
#define N_(text) text

/* What is wrong with a root whatever the base says. */
static const char *
find_unusable (const PsMarker *local, const PsMarker *remote)
{
  if (local->state == PS_MARKER_NO_ROOT)
    return N_ ("The local folder is not there. Is the disk mounted?");
  if (remote->state == PS_MARKER_NO_ROOT)
    return N_ ("The folder on the server is not there. Is the disk mounted on the server?");
  if (local->state == PS_MARKER_UNKNOWN_FORMAT)
    return N_ ("The local folder's marker .pisync/root was made by a newer PiSync, or is damaged. "
               "Update PiSync, or put the marker back from another copy.");
  if (remote->state == PS_MARKER_UNKNOWN_FORMAT)
    return N_ ("The marker .pisync/root on the server was made by a newer PiSync, or is damaged. "
               "Update PiSync, or put the marker back from another copy.");
  return NULL;
}

/* What speaks against going on with the pair @base_id. */
static const char *
find_foreign (const char *base_id, const PsMarker *local, const PsMarker *remote)
{
  if (local->state == PS_MARKER_MISSING)
    return N_ ("The local folder has lost its marker .pisync/root. Is the disk mounted? If the "
               "folder is right, \"setup\" makes a new marker on your word.");
  if (remote->state == PS_MARKER_MISSING)
    return N_ (
        "The folder on the server has lost its marker .pisync/root. Is the disk mounted on the "
        "server? If the folder is right, \"setup\" makes a new marker on your word.");
  if (strcmp (local->id, base_id) != 0)
    return N_ ("The local folder belongs to another pair. Is the right disk mounted? If the folder "
               "is right, \"setup\" makes a new marker on your word.");
  if (strcmp (remote->id, base_id) != 0)
    return N_ ("The folder on the server belongs to another pair. Is the right disk mounted on the "
               "server? If the folder is right, \"setup\" makes a new marker on your word.");
  return NULL;
}

/* What speaks against a first run. */
static const char *
find_taken (const PsMarker *local, const PsMarker *remote)
{
  if (local->state != PS_MARKER_PRESENT)
    return NULL;
  if (remote->state != PS_MARKER_PRESENT)
    return N_ (
        "The local folder was synced before, but the folder on the server has no marker. Is the "
        "disk mounted on the server? If the folder is right, \"setup\" makes a new marker on your "
        "word.");
  if (strcmp (local->id, remote->id) != 0)
    return N_ (
        "The local folder belongs to another pair than the folder on the server. Is the right "
        "folder set? If the folder is right, \"setup\" makes a new marker on your word.");
  return NULL;
}

PsRootsVerdict
ps_guard_roots (const char *base_id, const PsMarker *local, const PsMarker *remote,
                const char **reason)
{
  const char *found = find_unusable (local, remote);

  if (found == NULL)
    found = base_id != NULL ? find_foreign (base_id, local, remote) : find_taken (local, remote);
  if (reason != NULL)
    *reason = found;
  if (found != NULL)
    return PS_ROOTS_HELD;
  if (base_id != NULL)
    return PS_ROOTS_OK;
  return remote->state == PS_MARKER_PRESENT ? PS_ROOTS_ADOPT_REMOTE : PS_ROOTS_MAKE;
}

bool
ps_guard_restored (uint64_t last_seen, uint64_t now)
{
  return now < last_seen;
}
