/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Raises the generation in the marker of the remote root, beside whatever else goes over the link:
 *
 *   read the marker     | both at once: the new marker is written to a temporary file meanwhile
 *   write the next one  |
 *   put it in place, what was there aside; from now on names may be changed
 *   read what was there: another device may have raised it at the same time; then outdo it
 *
 * Operations that change names wait for the third step (op.c), uploads in the moment in which they
 * are complete. */
#include "sftp/remote-private.h"

#include "util/fault.h"
#include "util/words.h"

#include <string.h>

#define TRIES_MAX 16 /* of outdoing others who raise the generation at the same time */

struct PsRaise
{
  PsRemote *remote;
  PsMarker now;   /* what is written */
  PsMarker there; /* what was read */
  char *aside;    /* where what is displaced goes */
  guint tries;
  guint owed; /* operations under way */
  bool seen;  /* the marker was read, and is this pair's */
  bool in_place;
  GError *error;
};

void
ps_raise_free (PsRaise *self)
{
  if (self == NULL)
    return;
  g_free (self->aside);
  g_clear_error (&self->error);
  g_free (self);
}

bool
ps_remote_names_wait (const PsRemote *self)
{
  return self->raise != NULL && !self->raise->in_place && self->raise->error == NULL;
}

bool
ps_remote_marker_waits (const PsRemote *self)
{
  return self->raise != NULL && !self->raise->seen && self->raise->error == NULL;
}

const GError *
ps_remote_names_error (const PsRemote *self)
{
  return self->raise != NULL ? self->raise->error : NULL;
}

static void
fail (PsRaise *self, GError *error)
{
  if (self->error == NULL)
    self->error = error;
  else
    g_error_free (error);
  ps_remote_let_go (self->remote);
}

static void
fail_changed (PsRaise *self, const char *message)
{
  fail (self, g_error_new_literal (PS_SFTP_ERROR, PS_SFTP_ERROR_CHANGED, message));
}

/* --- What was displaced --- */

static void write_next (PsRaise *self);

static void
on_given_back (const PsRemoteResult *result, gpointer user_data)
{
  PsRaise *self = user_data;

  self->owed--;
  if (result->error != NULL)
    g_info ("%s", result->error->message);
}

/* The folder turned out to be another pair's in the last moment: its marker comes back. */
static void
give_back (PsRaise *self, const PsMarker *theirs)
{
  g_autofree char *text = ps_marker_to_text (theirs);
  g_autoptr (GBytes) content = g_bytes_new (text, strlen (text));
  PsOwnFile file = { .path = PS_MARKER_PATH, .content = content, .mode = PS_OWN_REPLACE };

  fail_changed (self, _ ("The folder on the server was given to another pair meanwhile"));
  self->owed++;
  ps_remote_put_own_async (self->remote, &file, on_given_back, self);
}

static void
take_displaced (PsRaise *self, GBytes *content)
{
  PsMarker displaced;

  ps_remote_parse_marker (&displaced, content);
  if (displaced.state != PS_MARKER_PRESENT)
    return;
  if (strcmp (displaced.id, self->now.id) != 0)
    give_back (self, &displaced);
  else if (displaced.generation >= self->now.generation)
    {
      self->now.generation = displaced.generation;
      write_next (self);
    }
}

static void
on_displaced (const PsRemoteResult *result, gpointer user_data)
{
  PsRaise *self = user_data;

  self->owed--;
  if (result->error == NULL)
    {
      ps_request_remove_detached (self->remote, self->aside);
      take_displaced (self, result->bytes);
    }
  else if (!g_error_matches (result->error, PS_SFTP_ERROR, PS_SFTP_ERROR_GONE))
    fail (self, g_error_copy (result->error));
}

/* --- Writing --- */

/* Asked when what was written is complete and the marker has been read. */
static gboolean
may_be_placed (gpointer user_data)
{
  PsRaise *self = user_data;

  return self->error == NULL && self->there.generation < self->now.generation;
}

static void
on_written (const PsRemoteResult *result, gpointer user_data)
{
  PsRaise *self = user_data;

  self->owed--;
  if (self->error != NULL)
    return;
  /* may_be_placed () has said no. */
  if (g_error_matches (result->error, PS_SFTP_ERROR, PS_SFTP_ERROR_CHANGED)
      && self->there.generation >= self->now.generation)
    {
      self->now.generation = self->there.generation;
      write_next (self);
      return;
    }
  if (result->error != NULL)
    {
      fail (self, g_error_copy (result->error));
      return;
    }
  self->in_place = true;
  ps_remote_let_go (self->remote);
  if (result->bytes != NULL)
    {
      take_displaced (self, result->bytes);
      return;
    }
  self->owed++;
  ps_remote_read_async (self->remote, self->aside, 0, PS_MARKER_MAX + 1, on_displaced, self);
}

static void
write_next (PsRaise *self)
{
  PsOwnFile file = { .path = PS_MARKER_PATH, .mode = PS_OWN_ASIDE, .may_be_placed = may_be_placed };
  g_autoptr (GBytes) content = NULL;
  g_autofree char *text = NULL;
  GError *error = NULL;

  if (++self->tries > TRIES_MAX)
    {
      fail_changed (self, _ ("Others write the marker of the folder on the server all the time"));
      return;
    }
  if (ps_fault ("remote-marker", &error))
    {
      fail (self, error);
      return;
    }
  self->now.generation++;
  text = ps_marker_to_text (&self->now);
  file.content = content = g_bytes_new (text, strlen (text));
  g_free (self->aside);
  file.aside = self->aside = ps_remote_temp_path (self->remote, NULL, ".marker");
  self->owed++;
  ps_remote_put_own_async (self->remote, &file, on_written, self);
}

/* --- All of it --- */

static void
on_read (const PsRemoteResult *result, gpointer user_data)
{
  PsRaise *self = user_data;

  self->owed--;
  if (result->error == NULL)
    ps_remote_parse_marker (&self->there, result->bytes);
  else if (!g_error_matches (result->error, PS_SFTP_ERROR, PS_SFTP_ERROR_GONE))
    {
      fail (self, g_error_copy (result->error));
      return;
    }
  self->seen = self->there.state == PS_MARKER_PRESENT && strcmp (self->there.id, self->now.id) == 0;
  if (self->seen)
    ps_remote_let_go (self->remote);
  else
    fail_changed (self, _ ("The marker of the folder on the server is not what it was"));
}

void
ps_remote_raise_begin (PsRemote *self, const PsMarker *marker)
{
  PsRaise *raise = g_new0 (PsRaise, 1);

  g_return_if_fail (self->raise == NULL);
  self->raise = raise;
  raise->remote = self;
  raise->now = *marker;
  raise->there.state = PS_MARKER_MISSING;
  raise->owed++;
  ps_remote_read_async (self, PS_MARKER_PATH, 0, PS_MARKER_MAX + 1, on_read, raise);
  write_next (raise);
}

gboolean
ps_remote_raise_end (PsRemote *self, PsMarker *marker, GCancellable *cancellable, GError **error)
{
  if (self->raise == NULL)
    return TRUE;
  while (self->raise->owed > 0) /* a step that fails has called everything back */
    if (!ps_remote_step (self, -1, cancellable, NULL))
      g_assert (self->raise->owed == 0);
  if (self->raise->error != NULL) /* and stays: no name can be changed over this link any more */
    {
      g_propagate_error (error, g_error_copy (self->raise->error));
      return FALSE;
    }
  *marker = self->raise->now;
  g_clear_pointer (&self->raise, ps_raise_free);
  return TRUE;
}
