/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/context.h"

#include "engine/notes.h"

#include <string.h>

/* Which total of the summary an action counts in; actions that are not listed count nowhere. */
static guint64 *
counter_of (PsSummary *summary, const char *action)
{
  const struct
  {
    const char *action;
    guint64 *counter;
  } counters[] = {
    { "upload", &summary->uploaded },
    { "download", &summary->downloaded },
    { "delete-local", &summary->deleted_local },
    { "delete-remote", &summary->deleted_remote },
    { "move-local", &summary->moved },
    { "move-remote", &summary->moved },
    { "conflict", &summary->conflicts },
    { "attributes", &summary->attributes },
    { "mkdir-local", &summary->made_dirs },
    { "mkdir-remote", &summary->made_dirs },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (counters); i++)
    if (strcmp (counters[i].action, action) == 0)
      return counters[i].counter;
  return NULL;
}

static void
send_event (PsContext *self, PsEvent *event)
{
  event->when = ps_clock_now (self->clock);
  if (self->ports->event != NULL)
    self->ports->event (event, self->ports->data);
}

void
ps_context_done (PsContext *self, const PsDone *done)
{
  g_autoptr (PsEvent) event = ps_event_new (PS_EVENT_ACTION);
  guint64 *counter = counter_of (self->summary, done->action);

  if (counter != NULL)
    ++*counter;
  if (strcmp (done->action, "upload") == 0)
    self->summary->payload_up += done->bytes;
  else if (strcmp (done->action, "download") == 0)
    self->summary->payload_down += done->bytes;
  event->action = g_strdup (done->action);
  event->path = g_strdup (done->path);
  event->from = g_strdup (done->from);
  event->case_name = ps_decision_to_string (&done->decision);
  event->bytes = done->bytes;
  event->wire = done->wire;
  send_event (self, event);
}

static void
send_problem (PsContext *self, const char *path, const char *code, const char *message)
{
  g_autoptr (PsEvent) event = ps_event_new (PS_EVENT_PROBLEM);

  event->path = g_strdup (path);
  event->code = g_strdup (code);
  event->message = g_strdup (message);
  send_event (self, event);
}

void
ps_context_problem (PsContext *self, const char *path, const char *code, const char *message)
{
  if (!g_hash_table_add (self->given_up, g_strdup (path)))
    return;
  self->summary->failed++;
  send_problem (self, path, code, message);
}

void
ps_context_notice (PsContext *self, const char *path, const char *code, const char *message)
{
  g_autofree char *key = g_strdup_printf (PS_NOTE_SAID "/%s/%s", code, path);
  gboolean fresh = FALSE;
  g_autofree char *said = ps_note_get (self, key, &fresh);
  g_autoptr (GError) error = NULL;

  if (said == NULL)
    send_problem (self, path, code, message);
  if (!fresh && (self->flags & PS_SYNC_DRY_RUN) == 0 && !ps_note_set (self, key, "", &error))
    g_info ("Could not remember a notice: %s", error->message);
}

void
ps_context_held (PsContext *self, PsGuard guard, uint64_t count, const char *message,
                 const char *shown)
{
  g_autoptr (PsEvent) event = ps_event_new (PS_EVENT_HELD);

  self->summary->held += count;
  if (guard != PS_GUARD_ROOM && guard != PS_GUARD_INCOMPLETE)
    self->summary->guard_held = TRUE;
  event->guard = guard;
  event->count = count;
  event->message = g_strdup (message);
  event->shown
      = shown != NULL ? g_compute_checksum_for_string (G_CHECKSUM_SHA256, shown, -1) : NULL;
  send_event (self, event);
}

void
ps_context_progress (PsContext *self)
{
  if (self->ports->progress != NULL)
    self->ports->progress (self->progress, self->ports->data);
}

gboolean
ps_context_is_fatal (const GError *error)
{
  return ps_sftp_error_is_link (error) || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
         || error->domain == PS_STORE_ERROR;
}

gboolean
ps_context_is_stale (const GError *error)
{
  if (error->domain == PS_SFTP_ERROR)
    return error->code == PS_SFTP_ERROR_CHANGED || error->code == PS_SFTP_ERROR_GONE
           || error->code == PS_SFTP_ERROR_EXISTS;
  if (error->domain == PS_LOCAL_ERROR)
    return error->code == PS_LOCAL_ERROR_CHANGED || error->code == PS_LOCAL_ERROR_GONE
           || error->code == PS_LOCAL_ERROR_EXISTS;
  return FALSE;
}

const char *
ps_context_problem_code (const GError *error)
{
  const struct
  {
    int sftp;
    int local;
    const char *code;
  } codes[] = {
    { PS_SFTP_ERROR_CHANGED, PS_LOCAL_ERROR_CHANGED, "changed" },
    { PS_SFTP_ERROR_GONE, PS_LOCAL_ERROR_GONE, "changed" },
    { PS_SFTP_ERROR_EXISTS, PS_LOCAL_ERROR_EXISTS, "changed" },
    { PS_SFTP_ERROR_NAME, PS_LOCAL_ERROR_NAME, "name" },
    { PS_SFTP_ERROR_NO_SPACE, PS_LOCAL_ERROR_NO_SPACE, "no-space" },
    { PS_SFTP_ERROR_DENIED, PS_LOCAL_ERROR_DENIED, "denied" },
    { PS_SFTP_ERROR_LOCAL_IO, PS_LOCAL_ERROR_UNSAFE, "unreadable" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (codes); i++)
    if (g_error_matches (error, PS_SFTP_ERROR, codes[i].sftp)
        || g_error_matches (error, PS_LOCAL_ERROR, codes[i].local))
      return codes[i].code;
  return "failed";
}
