/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The marker of the remote root: who this folder is, and how often it was changed. */
#include "sftp/remote-private.h"

#include "sftp/waited.h"
#include "util/fault.h"
#include "util/words.h"

#include <string.h>

#define MARKER_PATH PS_OWN_DIR "/root"
#define TRIES_MAX 16 /* of outdoing others who raise the generation at the same time */

/* "." and not the root itself, which may be a link to a directory. */
static gboolean
root_is_there (PsRemote *self, bool *there, GCancellable *cancellable, GError **error)
{
  g_auto (PsWaited) look = { 0 };

  ps_remote_stat_async (self, ".", ps_waited_done, &look);
  if (!ps_waited_wait (&look, self, cancellable, error))
    return FALSE;
  *there = look.entry.kind == PS_KIND_DIR;
  return TRUE;
}

static void
parse (PsMarker *marker, GBytes *bytes)
{
  gsize length;
  const char *text = g_bytes_get_data (bytes, &length);

  *marker = (PsMarker){ .state = PS_MARKER_UNKNOWN_FORMAT };
  if (length <= PS_MARKER_MAX)
    ps_marker_parse (marker, text != NULL ? text : "", length);
}

gboolean
ps_remote_read_marker (PsRemote *self, PsMarker *marker, GCancellable *cancellable, GError **error)
{
  g_auto (PsWaited) content = { 0 };
  g_autoptr (GError) own = NULL;
  bool there;

  ps_remote_read_async (self, MARKER_PATH, 0, PS_MARKER_MAX + 1, ps_waited_done, &content);
  if (ps_waited_wait (&content, self, cancellable, &own))
    {
      parse (marker, content.bytes);
      return TRUE;
    }
  if (!g_error_matches (own, PS_SFTP_ERROR, PS_SFTP_ERROR_GONE))
    {
      g_propagate_error (error, g_steal_pointer (&own));
      return FALSE;
    }
  if (!root_is_there (self, &there, cancellable, error))
    return FALSE;
  *marker = (PsMarker){ .state = there ? PS_MARKER_MISSING : PS_MARKER_NO_ROOT };
  return TRUE;
}

static gboolean
write_marker (PsRemote *self, const PsMarker *marker, PsOwnMode mode, const char *aside,
              GCancellable *cancellable, GError **error)
{
  g_autofree char *text = ps_marker_to_text (marker);
  g_autoptr (GBytes) content = g_bytes_new (text, strlen (text));
  g_auto (PsWaited) written = { 0 };

  if (ps_fault ("remote-marker", error))
    return FALSE;
  ps_remote_put_own_async (self, MARKER_PATH, content, mode, aside, ps_waited_done, &written);
  return ps_waited_wait (&written, self, cancellable, error);
}

gboolean
ps_remote_make_marker (PsRemote *self, const PsMarker *marker, GCancellable *cancellable,
                       GError **error)
{
  return write_marker (self, marker, PS_OWN_NEW, NULL, cancellable, error);
}

/* Reads what our write has displaced; nothing there leaves @displaced MISSING. */
static gboolean
read_displaced (PsRemote *self, const char *aside, PsMarker *displaced, GCancellable *cancellable,
                GError **error)
{
  g_auto (PsWaited) content = { 0 };
  g_autoptr (GError) own = NULL;

  *displaced = (PsMarker){ .state = PS_MARKER_MISSING };
  ps_remote_read_async (self, aside, 0, PS_MARKER_MAX + 1, ps_waited_done, &content);
  if (ps_waited_wait (&content, self, cancellable, &own))
    {
      parse (displaced, content.bytes);
      ps_request_remove_detached (self, aside);
      return TRUE;
    }
  if (g_error_matches (own, PS_SFTP_ERROR, PS_SFTP_ERROR_GONE))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&own));
  return FALSE;
}

/* The folder turned out to be another pair's in the last moment: its marker comes back. */
static gboolean
give_back (PsRemote *self, const PsMarker *theirs, GCancellable *cancellable, GError **error)
{
  if (!write_marker (self, theirs, PS_OWN_REPLACE, NULL, cancellable, error))
    return FALSE;
  g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_CHANGED,
               _ ("The folder on the server was given to another pair meanwhile"));
  return FALSE;
}

gboolean
ps_remote_raise_generation (PsRemote *self, PsMarker *marker, GCancellable *cancellable,
                            GError **error)
{
  PsMarker now;

  if (!ps_remote_read_marker (self, &now, cancellable, error))
    return FALSE;
  if (now.state != PS_MARKER_PRESENT || strcmp (now.id, marker->id) != 0)
    {
      g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_CHANGED,
                   _ ("The marker of the folder on the server is not what it was"));
      return FALSE;
    }
  for (guint tries = 0; tries < TRIES_MAX; tries++)
    {
      g_autofree char *aside = ps_remote_temp_path (self, NULL, ".marker");
      PsMarker displaced;

      now.generation++;
      if (!write_marker (self, &now, PS_OWN_ASIDE, aside, cancellable, error)
          || !read_displaced (self, aside, &displaced, cancellable, error))
        return FALSE;
      if (displaced.state == PS_MARKER_PRESENT && strcmp (displaced.id, now.id) != 0)
        return give_back (self, &displaced, cancellable, error);
      if (displaced.state != PS_MARKER_PRESENT || displaced.generation < now.generation)
        {
          *marker = now;
          return TRUE;
        }
      now.generation = displaced.generation;
    }
  g_set_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_CHANGED,
               _ ("Others write the marker of the folder on the server all the time"));
  return FALSE;
}
