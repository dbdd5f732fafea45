/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/notes.h"

#include "app/view.h"
#include "build-config.h"

#include <glib/gi18n.h>

/* What is known and shown of one pair. */
typedef struct
{
  PsStatusKind kind;
  gint64 since;            /* of that kind */
  guint conflicts;         /* not seen yet */
  char *shown[PS_N_NOTES]; /* (nullable) title and body as shown */
} PairNotes;

struct _PsNotes
{
  GObject parent_instance;

  GApplication *app; /* borrowed: it owns us */
  PsPairs *pairs;
  PsSettings *settings;
  GHashTable *by_name; /* (element-type utf8 PairNotes) */
  guint later_id;      /* looks again when a problem has lasted, or conflicts have come in */
};

G_DEFINE_FINAL_TYPE (PsNotes, ps_notes, G_TYPE_OBJECT)

static const char *const settings_keys[PS_N_NOTES] = {
  [PS_NOTE_HELD] = PS_SETTINGS_NOTIFY_HELD,
  [PS_NOTE_SIGN_IN] = PS_SETTINGS_NOTIFY_SIGN_IN,
  [PS_NOTE_PROBLEM] = PS_SETTINGS_NOTIFY_PROBLEM,
  [PS_NOTE_CONFLICT] = PS_SETTINGS_NOTIFY_CONFLICT,
};

static gboolean
held_wanted (const PsStatus *status, char **title, char **body)
{
  g_auto (PsViewQuestion) view = { 0 };

  if (status->held->len == 0)
    return FALSE;
  ps_view_question (status->held->pdata[0], &view);
  *title = g_steal_pointer (&view.title);
  *body = g_steal_pointer (&view.body);
  return TRUE;
}

static gboolean
sign_in_wanted (const PsStatus *status, char **title, char **body)
{
  if (status->kind != PS_STATUS_ATTENTION || status->error_code != PS_ENGINE_ERROR_AUTH)
    return FALSE;
  *title = g_strdup (ps_view_error_title (status));
  *body = ps_view_detail (status);
  return TRUE;
}

static gboolean
problem_wanted (const PsStatus *status, gint64 since, gint64 now, char **title, char **body)
{
  if (status->kind != PS_STATUS_ERROR || now - since < PS_NOTE_PROBLEM_SECONDS)
    return FALSE;
  *title = ps_view_headline (status, now);
  *body = ps_view_detail (status);
  return TRUE;
}

static gboolean
conflict_wanted (guint conflicts, char **title, char **body)
{
  if (conflicts == 0)
    return FALSE;
  *title = g_strdup_printf (ngettext ("%u file was changed in two places",
                                      "%u files were changed in two places", conflicts),
                            conflicts);
  *body = g_strdup (_ ("Both versions are kept. Look at them when you have the time."));
  return TRUE;
}

gboolean
ps_note_wanted (PsNoteKind kind, const PsStatus *status, gint64 since, guint conflicts, gint64 now,
                char **title, char **body)
{
  switch (kind)
    {
    case PS_NOTE_HELD:
      return held_wanted (status, title, body);
    case PS_NOTE_SIGN_IN:
      return sign_in_wanted (status, title, body);
    case PS_NOTE_PROBLEM:
      return problem_wanted (status, since, now, title, body);
    case PS_NOTE_CONFLICT:
      return conflict_wanted (conflicts, title, body);
    case PS_N_NOTES:
    default:
      return FALSE;
    }
}

static void
pair_notes_free (gpointer data)
{
  PairNotes *notes = data;

  for (guint i = 0; i < PS_N_NOTES; i++)
    g_free (notes->shown[i]);
  g_free (notes);
}

static PairNotes *
notes_of (PsNotes *self, PsPair *pair)
{
  const char *name = ps_pair_get_name (pair);
  PairNotes *notes = g_hash_table_lookup (self->by_name, name);

  if (notes == NULL)
    {
      notes = g_new0 (PairNotes, 1);
      notes->kind = ps_pair_get_status (pair)->kind;
      notes->since = g_get_real_time () / G_USEC_PER_SEC;
      g_hash_table_insert (self->by_name, g_strdup (name), notes);
    }
  return notes;
}

static char *
note_id (const char *pair, guint kind)
{
  return g_strdup_printf ("%s/%s", pair, settings_keys[kind]);
}

/* With our icon: some notification daemons, Cinnamon's for one, do not look it up by themselves. */
static GNotification *
new_note (const char *title, const char *body)
{
  GNotification *note = g_notification_new (title);
  g_autoptr (GIcon) icon = g_themed_icon_new (PS_APP_ID);

  g_notification_set_icon (note, icon);
  if (body != NULL)
    g_notification_set_body (note, body);
  return note;
}

static void
send (PsNotes *self, PsPair *pair, PsNoteKind kind, const char *title, const char *body)
{
  g_autoptr (GNotification) note = new_note (title, body);
  g_autofree char *id = note_id (ps_pair_get_name (pair), kind);
  const char *name = ps_pair_get_name (pair);

  g_notification_set_priority (note, kind == PS_NOTE_CONFLICT ? G_NOTIFICATION_PRIORITY_NORMAL
                                                              : G_NOTIFICATION_PRIORITY_HIGH);
  g_notification_set_default_action_and_target (note, "app.show-pair", "s", name);
  if (kind == PS_NOTE_SIGN_IN)
    g_notification_add_button_with_target (note, _ ("Sign In"), "app.pair-sign-in", "s", name);
  else
    g_notification_add_button_with_target (note, _ ("Show"), "app.show-pair", "s", name);
  g_application_send_notification (self->app, id, note);
}

static void
withdraw (PsNotes *self, const char *pair, guint kind)
{
  g_autofree char *id = note_id (pair, kind);

  g_application_withdraw_notification (self->app, id);
}

static void
update_kind (PsNotes *self, PsPair *pair, PairNotes *notes, PsNoteKind kind)
{
  g_autofree char *title = NULL;
  g_autofree char *body = NULL;
  g_autofree char *text = NULL;

  if (ps_settings_get (self->settings, settings_keys[kind])
      && ps_note_wanted (kind, ps_pair_get_status (pair), notes->since, notes->conflicts,
                         g_get_real_time () / G_USEC_PER_SEC, &title, &body))
    text = g_strconcat (title, "\n", body, NULL);
  if (g_strcmp0 (text, notes->shown[kind]) == 0)
    return;
  g_free (notes->shown[kind]);
  notes->shown[kind] = g_steal_pointer (&text);
  if (title != NULL)
    send (self, pair, kind, title, body);
  else
    withdraw (self, ps_pair_get_name (pair), kind);
}

static void
update (PsNotes *self, PsPair *pair)
{
  PairNotes *notes = notes_of (self, pair);

  for (guint kind = 0; kind < PS_N_NOTES; kind++)
    update_kind (self, pair, notes, kind);
}

static gboolean
on_later (gpointer user_data)
{
  PsNotes *self = PS_NOTES (user_data);

  self->later_id = 0;
  for (guint i = 0; i < ps_pairs_get_n (self->pairs); i++)
    update (self, ps_pairs_get (self->pairs, i));
  return G_SOURCE_REMOVE;
}

static void
look_again (PsNotes *self, guint seconds)
{
  g_clear_handle_id (&self->later_id, g_source_remove);
  self->later_id = g_timeout_add_seconds (seconds, on_later, self);
}

static void
on_status_changed (PsNotes *self, PsPair *pair)
{
  PairNotes *notes;
  PsStatusKind kind;

  if (pair == NULL)
    return;
  notes = notes_of (self, pair);
  kind = ps_pair_get_status (pair)->kind;
  /* While a run tries again, what it had to say before still stands. */
  if (kind == PS_STATUS_SYNCING)
    return;
  if (kind != notes->kind)
    {
      notes->kind = kind;
      notes->since = g_get_real_time () / G_USEC_PER_SEC;
      if (kind == PS_STATUS_ERROR)
        look_again (self, PS_NOTE_PROBLEM_SECONDS + 1);
    }
  update (self, pair);
}

static void
on_event (PsNotes *self, PsPair *pair, PsEvent *event)
{
  if (event->kind != PS_EVENT_ACTION || g_strcmp0 (event->action, "conflict") != 0)
    return;
  notes_of (self, pair)->conflicts++;
  /* Those of one run come in together. */
  look_again (self, 2);
}

static void
on_pairs_changed (PsNotes *self)
{
  GHashTableIter iter;
  gpointer name;

  g_hash_table_iter_init (&iter, self->by_name);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    {
      if (ps_pairs_find (self->pairs, name) != NULL)
        continue;
      for (guint kind = 0; kind < PS_N_NOTES; kind++)
        withdraw (self, name, kind);
      g_hash_table_iter_remove (&iter);
    }
}

static void
ps_notes_dispose (GObject *object)
{
  PsNotes *self = PS_NOTES (object);

  g_clear_handle_id (&self->later_id, g_source_remove);
  if (self->pairs != NULL)
    g_signal_handlers_disconnect_by_data (self->pairs, self);
  if (self->settings != NULL)
    g_signal_handlers_disconnect_by_data (self->settings, self);
  g_clear_object (&self->pairs);
  g_clear_object (&self->settings);
  G_OBJECT_CLASS (ps_notes_parent_class)->dispose (object);
}

static void
ps_notes_finalize (GObject *object)
{
  g_hash_table_unref (PS_NOTES (object)->by_name);
  G_OBJECT_CLASS (ps_notes_parent_class)->finalize (object);
}

static void
ps_notes_class_init (PsNotesClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = ps_notes_dispose;
  G_OBJECT_CLASS (klass)->finalize = ps_notes_finalize;
}

static void
ps_notes_init (PsNotes *self)
{
  self->by_name = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, pair_notes_free);
}

PsNotes *
ps_notes_new (GApplication *app, PsPairs *pairs, PsSettings *settings)
{
  PsNotes *self = g_object_new (PS_TYPE_NOTES, NULL);

  self->app = app;
  self->pairs = g_object_ref (pairs);
  self->settings = g_object_ref (settings);
  g_signal_connect_swapped (pairs, "status-changed", G_CALLBACK (on_status_changed), self);
  g_signal_connect_swapped (pairs, "event", G_CALLBACK (on_event), self);
  g_signal_connect_swapped (pairs, "items-changed", G_CALLBACK (on_pairs_changed), self);
  g_signal_connect_swapped (settings, "changed", G_CALLBACK (on_later), self);
  return self;
}

void
ps_notes_seen (PsNotes *self)
{
  GHashTableIter iter;
  gpointer notes;

  g_return_if_fail (PS_IS_NOTES (self));
  g_hash_table_iter_init (&iter, self->by_name);
  while (g_hash_table_iter_next (&iter, NULL, &notes))
    ((PairNotes *)notes)->conflicts = 0;
  for (guint i = 0; i < ps_pairs_get_n (self->pairs); i++)
    update (self, ps_pairs_get (self->pairs, i));
}

void
ps_notes_say (PsNotes *self, const char *id, const char *title, const char *body)
{
  g_autoptr (GNotification) note = new_note (title, body);

  g_return_if_fail (PS_IS_NOTES (self));
  g_application_send_notification (self->app, id, note);
}

void
ps_notes_withdraw_all (PsNotes *self)
{
  GHashTableIter iter;
  gpointer name;
  gpointer value;

  g_return_if_fail (PS_IS_NOTES (self));
  g_hash_table_iter_init (&iter, self->by_name);
  while (g_hash_table_iter_next (&iter, &name, &value))
    for (guint kind = 0; kind < PS_N_NOTES; kind++)
      if (((PairNotes *)value)->shown[kind] != NULL)
        withdraw (self, name, kind);
}
