/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The marker of the remote root: who this folder is, and how often it was changed. Raising that is
 * in raise.c. */
#include "sftp/remote-private.h"

#include "sftp/waited.h"
#include "util/fault.h"

#include <string.h>

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

void
ps_remote_parse_marker (PsMarker *marker, GBytes *bytes)
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

  ps_remote_read_async (self, PS_MARKER_PATH, 0, PS_MARKER_MAX + 1, ps_waited_done, &content);
  if (ps_waited_wait (&content, self, cancellable, &own))
    {
      ps_remote_parse_marker (marker, content.bytes);
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

gboolean
ps_remote_make_marker (PsRemote *self, const PsMarker *marker, GCancellable *cancellable,
                       GError **error)
{
  g_autofree char *text = ps_marker_to_text (marker);
  g_autoptr (GBytes) content = g_bytes_new (text, strlen (text));
  PsOwnFile file = { .path = PS_MARKER_PATH, .content = content, .mode = PS_OWN_NEW };
  g_auto (PsWaited) written = { 0 };

  if (ps_fault ("remote-marker", error))
    return FALSE;
  ps_remote_put_own_async (self, &file, ps_waited_done, &written);
  return ps_waited_wait (&written, self, cancellable, error);
}
