/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See view.h. The engine speaks plain English for its log; the sentences here are chosen from its
 * codes, and its own message is shown as the detail. */
#include "app/view.h"

#include <glib/gi18n.h>

typedef struct
{
  const char *icon;
  const char *description;
} KindView;

static const KindView kind_views[] = {
  [PS_STATUS_IDLE] = { "pisync-idle", N_ ("PiSync: up to date") },
  [PS_STATUS_SYNCING] = { "pisync-syncing", N_ ("PiSync: syncing") },
  [PS_STATUS_PAUSED] = { "pisync-paused", N_ ("PiSync: paused") },
  [PS_STATUS_OFFLINE] = { "pisync-offline", N_ ("PiSync: offline") },
  [PS_STATUS_ATTENTION] = { "pisync-attention", N_ ("PiSync: needs your attention") },
  [PS_STATUS_ERROR] = { "pisync-error", N_ ("PiSync: some files are not synced") },
};

const char *
ps_view_icon (PsStatusKind kind)
{
  g_return_val_if_fail (kind < G_N_ELEMENTS (kind_views), NULL);
  return kind_views[kind].icon;
}

const char *
ps_view_icon_description (PsStatusKind kind)
{
  g_return_val_if_fail (kind < G_N_ELEMENTS (kind_views), NULL);
  return _ (kind_views[kind].description);
}

PsStatusKind
ps_view_more_urgent (PsStatusKind a, PsStatusKind b)
{
  /* From "nothing to say" to "a person is needed". */
  static const guint weight[] = {
    [PS_STATUS_IDLE] = 1,    [PS_STATUS_PAUSED] = 0, [PS_STATUS_SYNCING] = 3,
    [PS_STATUS_OFFLINE] = 2, [PS_STATUS_ERROR] = 4,  [PS_STATUS_ATTENTION] = 5,
  };

  return weight[a] >= weight[b] ? a : b;
}

/* Times and rates. */

char *
ps_view_when (gint64 then, gint64 now)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_local (then);
  g_autoptr (GDateTime) today = g_date_time_new_from_unix_local (now);
  g_autoptr (GDateTime) yesterday = g_date_time_add_days (today, -1);

  if (g_date_time_get_year (date) != g_date_time_get_year (today))
    /* Translators: a date of another year, as strftime writes it: 3 Nov 2025 */
    return g_date_time_format (date, _ ("%-e %b %Y"));
  if (g_date_time_get_day_of_year (date) == g_date_time_get_day_of_year (today))
    /* Translators: a time of today, as strftime writes it: 14:05 */
    return g_date_time_format (date, _ ("%H:%M"));
  if (g_date_time_get_day_of_year (date) == g_date_time_get_day_of_year (yesterday))
    /* Translators: a time of yesterday, as strftime writes it */
    return g_date_time_format (date, _ ("yesterday %H:%M"));
  /* Translators: a date of this year, as strftime writes it: 3 Nov */
  return g_date_time_format (date, _ ("%-e %b"));
}

char *
ps_view_time_left (gint64 seconds)
{
  gint64 minutes = (seconds + 30) / 60;

  if (seconds < 60)
    return g_strdup (_ ("less than a minute left"));
  if (minutes < 60)
    /* Translators: minutes until the transfers are done */
    return g_strdup_printf (ngettext ("%d min left", "%d min left", (gulong)minutes), (int)minutes);
  /* Translators: hours and minutes until the transfers are done */
  return g_strdup_printf (_ ("%d h %d min left"), (int)(minutes / 60), (int)(minutes % 60));
}

char *
ps_view_rate (double bytes_per_second)
{
  g_autofree char *size = g_format_size ((guint64)MAX (0, bytes_per_second));

  /* Translators: how fast data is sent, as in "2.1 MB/s" */
  return g_strdup_printf (_ ("%s/s"), size);
}

double
ps_view_fraction (const PsStatus *status)
{
  const PsProgress *progress = &status->progress;

  if (status->kind != PS_STATUS_SYNCING || progress->state != PS_RUN_APPLY)
    return -1;
  if (progress->bytes_total > 0)
    return MIN (1.0, (double)progress->bytes_done / (double)progress->bytes_total);
  if (progress->files_total > 0)
    return MIN (1.0, (double)progress->files_done / (double)progress->files_total);
  return -1;
}

/* The headline. */

/* "Uploading 3 of 120", by the directions of what is being transferred now. */
static char *
transfer_text (const PsProgress *progress)
{
  guint64 done = progress->files_done;
  guint64 total = progress->files_total;
  guint up = 0;

  for (guint i = 0; i < progress->n_transfers; i++)
    up += progress->transfers[i].up ? 1 : 0;
  if (progress->n_transfers > 0 && up == progress->n_transfers)
    /* Translators: 3 of 120 files */
    return g_strdup_printf (_ ("Uploading %lu of %lu"), (gulong)done, (gulong)total);
  if (progress->n_transfers > 0 && up == 0)
    /* Translators: 3 of 120 files */
    return g_strdup_printf (_ ("Downloading %lu of %lu"), (gulong)done, (gulong)total);
  /* Translators: 3 of 120 files */
  return g_strdup_printf (_ ("Syncing %lu of %lu"), (gulong)done, (gulong)total);
}

static char *
apply_text (const PsStatus *status)
{
  g_autoptr (GString) text = NULL;
  double rate = status->rate_up + status->rate_down;

  if (status->progress.files_total == 0)
    return g_strdup (_ ("Syncing…"));
  g_autofree char *first = transfer_text (&status->progress);
  text = g_string_new (first);
  if (rate >= 1)
    {
      g_autofree char *speed = ps_view_rate (rate);
      g_string_append_printf (text, " · %s", speed);
    }
  if (status->seconds_left >= 0)
    {
      g_autofree char *left = ps_view_time_left (status->seconds_left);
      g_string_append_printf (text, " · %s", left);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static char *
scan_text (const PsProgress *progress)
{
  gulong seen = (gulong)progress->files_scanned;

  if (seen == 0)
    return g_strdup (_ ("Looking for changes…"));
  return g_strdup_printf (ngettext ("Looking for changes · %lu file seen",
                                    "Looking for changes · %lu files seen", seen),
                          seen);
}

static char *
syncing_text (const PsStatus *status)
{
  switch (status->progress.state)
    {
    case PS_RUN_CONNECT:
      return g_strdup (_ ("Connecting…"));
    case PS_RUN_SCAN:
      return scan_text (&status->progress);
    case PS_RUN_APPLY:
      return apply_text (status);
    case PS_RUN_IDLE:
    case PS_RUN_CHECK:
    case PS_RUN_FAILED:
    case PS_N_RUN_STATES:
    default:
      return g_strdup (_ ("Looking for changes…"));
    }
}

/* A sentence with a moment in it. */
static char *
with_time (const char *format, gint64 then, gint64 now)
{
  g_autofree char *when = ps_view_when (then, now);

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  return g_strdup_printf (format, when);
#pragma GCC diagnostic pop
}

static char *
paused_text (const PsStatus *status, gint64 now)
{
  if (status->metered)
    return g_strdup (_ ("Paused on this metered network"));
  if (status->paused_until > 0)
    /* Translators: %s is a time such as 15:30 */
    return with_time (_ ("Paused until %s"), status->paused_until, now);
  return g_strdup (_ ("Paused"));
}

static char *
attention_text (const PsStatus *status)
{
  if (status->held != NULL && status->held->len > 0)
    return g_strdup (_ ("Waiting for your decision"));
  if (status->error_code == PS_ENGINE_ERROR_AUTH)
    return g_strdup (_ ("You need to sign in"));
  return g_strdup (_ ("Needs your attention"));
}

static char *
error_text (const PsStatus *status)
{
  gulong count = (gulong)status->n_problems;

  if (status->error_code >= 0 || count == 0)
    return g_strdup (_ ("Not syncing"));
  return g_strdup_printf (
      ngettext ("%lu item could not be synced", "%lu items could not be synced", count), count);
}

char *
ps_view_headline (const PsStatus *status, gint64 now)
{
  switch (status->kind)
    {
    case PS_STATUS_IDLE:
      if (status->last_sync == 0)
        return g_strdup (_ ("Not synced yet"));
      /* Translators: %s is a time such as 14:05 */
      return with_time (_ ("Up to date · last sync %s"), status->last_sync, now);
    case PS_STATUS_SYNCING:
      return syncing_text (status);
    case PS_STATUS_PAUSED:
      return paused_text (status, now);
    case PS_STATUS_OFFLINE:
      if (status->next_try <= now)
        return g_strdup (_ ("Offline"));
      /* Translators: %s is a time such as 14:05 */
      return with_time (_ ("Offline · next try %s"), status->next_try, now);
    case PS_STATUS_ATTENTION:
      return attention_text (status);
    case PS_STATUS_ERROR:
      return error_text (status);
    default:
      g_return_val_if_reached (NULL);
    }
}

char *
ps_view_detail (const PsStatus *status)
{
  if (status->kind == PS_STATUS_SYNCING || status->kind == PS_STATUS_IDLE)
    return NULL;
  if (status->message == NULL || status->message[0] == '\0')
    return NULL;
  return ps_view_text (status->message);
}

const char *
ps_view_error_title (const PsStatus *status)
{
  if (status->kind != PS_STATUS_ERROR && status->kind != PS_STATUS_ATTENTION)
    return NULL;
  switch (status->error_code)
    {
    case PS_ENGINE_ERROR_AUTH:
      return _ ("The server did not let us in");
    case PS_ENGINE_ERROR_BUSY:
      return _ ("Another program is syncing this folder");
    case PS_ENGINE_ERROR_CONFIG:
      return _ ("A setting or the local folder needs a change");
    case PS_ENGINE_ERROR_FAILED:
      return _ ("Syncing stopped");
    default:
      return NULL;
    }
}

/* Names and what was said. */

static gboolean
is_unseemly (gunichar c)
{
  return g_unichar_iscntrl (c) || g_unichar_type (c) == G_UNICODE_LINE_SEPARATOR
         || g_unichar_type (c) == G_UNICODE_PARAGRAPH_SEPARATOR || (c >= 0x202a && c <= 0x202e)
         || (c >= 0x2066 && c <= 0x2069);
}

char *
ps_view_text (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *shown = g_string_sized_new (strlen (valid));

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      g_string_append_unichar (shown, is_unseemly (c) ? 0xfffd : c);
    }
  return g_string_free (shown, FALSE);
}

char *
ps_view_path (const char *path)
{
  g_autofree char *name = g_filename_display_name (path);

  return ps_view_text (name);
}

char *
ps_view_name (const char *path)
{
  g_autofree char *base = g_path_get_basename (path);

  return ps_view_path (base);
}

char *
ps_view_title (const char *path)
{
  g_autofree char *name = ps_view_name (path);
  glong length = g_utf8_strlen (name, -1);
  g_autofree char *begin = NULL;

  if (length <= PS_VIEW_TITLE_MAX)
    return g_steal_pointer (&name);
  begin = g_utf8_substring (name, 0, PS_VIEW_TITLE_MAX / 2);
  return g_strconcat (begin, "…",
                      g_utf8_offset_to_pointer (name, length - PS_VIEW_TITLE_MAX / 2 + 1), NULL);
}

char *
ps_view_folder (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);

  if (g_str_equal (folder, "."))
    return g_strdup ("");
  return ps_view_path (folder);
}

/* Recent activity. */

typedef struct
{
  const char *action;
  const char *icon;
  const char *text;
  gboolean has_file;     /* still there afterwards */
  gboolean has_versions; /* the server may keep an earlier one */
} ActionView;

static const ActionView action_views[] = {
  { "upload", "go-up-symbolic", N_ ("Uploaded"), TRUE, TRUE },
  { "download", "go-down-symbolic", N_ ("Downloaded"), TRUE, TRUE },
  { "delete-local", "user-trash-symbolic", N_ ("Moved to the trash: deleted elsewhere"), FALSE,
    TRUE },
  { "delete-remote", "edit-delete-symbolic", N_ ("Deleted on the server"), FALSE, TRUE },
  { "move-local", "media-playlist-shuffle-symbolic", N_ ("Moved here"), TRUE, FALSE },
  { "move-remote", "media-playlist-shuffle-symbolic", N_ ("Moved on the server"), TRUE, FALSE },
  { "mkdir-local", "folder-symbolic", N_ ("New folder from the server"), TRUE, FALSE },
  { "mkdir-remote", "folder-symbolic", N_ ("New folder"), TRUE, FALSE },
  { "conflict", "dialog-warning-symbolic", N_ ("Changed in two places: both versions kept"), TRUE,
    TRUE },
};

static const ActionView *
find_action (const char *action)
{
  for (gsize i = 0; i < G_N_ELEMENTS (action_views); i++)
    if (g_strcmp0 (action_views[i].action, action) == 0)
      return &action_views[i];
  return NULL;
}

static char *
activity_subtitle (const PsEvent *event, const ActionView *action)
{
  g_autofree char *folder = ps_view_folder (event->path);
  g_autoptr (GString) text = g_string_new (_ (action->text));

  if (event->bytes > 0)
    {
      g_autofree char *size = g_format_size (event->bytes);
      g_string_append_printf (text, " · %s", size);
    }
  if (folder[0] != '\0')
    g_string_append_printf (text, " · %s", folder);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

gboolean
ps_view_activity (const PsEvent *event, PsViewActivity *view)
{
  const ActionView *action = find_action (event->action);

  if (event->kind != PS_EVENT_ACTION || action == NULL || event->path == NULL)
    return FALSE;
  *view = (PsViewActivity){
    .icon = action->icon,
    .title = ps_view_name (event->path),
    .subtitle = activity_subtitle (event, action),
    .has_file = action->has_file,
    .has_versions = action->has_versions,
  };
  return TRUE;
}

void
ps_view_activity_clear (PsViewActivity *view)
{
  g_clear_pointer (&view->title, g_free);
  g_clear_pointer (&view->subtitle, g_free);
}

/* Questions. */

static void
delete_question (const PsEvent *held, PsViewQuestion *view)
{
  gulong count = (gulong)held->count;

  view->title = g_strdup_printf (
      ngettext ("%lu deletion is waiting for you", "%lu deletions are waiting for you", count),
      count);
  view->body = g_strdup (
      _ ("Unusually many files were deleted on one side since the last sync. Nothing has been "
         "deleted on the other side yet. Keep the files to bring them back, or delete them there "
         "too if that is what you meant."));
  view->keep = _ ("_Keep the Files");
  view->allow = _ ("_Delete Them There Too");
}

static void
emptied_question (const PsEvent *held, PsViewQuestion *view)
{
  gulong count = (gulong)held->count;

  view->title = g_strdup_printf (
      ngettext ("%lu file became empty", "%lu files became empty", count), count);
  view->body
      = g_strdup (_ ("Many files lost their whole content at once, which may be damage. The other "
                     "side still has the full versions. Keep these, or pass the empty files on if "
                     "that is what you meant."));
  view->keep = _ ("_Keep the Full Versions");
  view->allow = _ ("_Pass the Empty Files On");
}

static void
restored_question (PsViewQuestion *view)
{
  view->title = g_strdup (_ ("The server seems to have been restored from a backup"));
  view->body
      = g_strdup (_ ("The server's folder is older than it was at the last sync. Each side gets "
                     "what only the other one has, and of what differs both versions are kept. "
                     "Until you say that this is the right folder, nothing is deleted: what you "
                     "delete comes back."));
  view->keep = _ ("_Sync as Usual Again");
}

static void
mend_question (const PsEvent *held, PsViewQuestion *view, const char *title)
{
  g_autofree char *message = ps_view_text (held->message != NULL ? held->message : "");

  view->title = g_strdup (title);
  /* One of our own sentences, that stood behind a colon till now. */
  view->body = g_strdup (message);
  if (g_ascii_islower (message[0]))
    view->body[0] = g_ascii_toupper (message[0]);
}

void
ps_view_question (const PsEvent *held, PsViewQuestion *view)
{
  *view = (PsViewQuestion){ 0 };
  switch (held->guard)
    {
    case PS_GUARD_MASS_DELETE:
      delete_question (held, view);
      break;
    case PS_GUARD_MASS_EMPTIED:
      emptied_question (held, view);
      break;
    case PS_GUARD_RESTORED_SERVER:
      restored_question (view);
      break;
    case PS_GUARD_ROOT:
      mend_question (held, view, _ ("A folder is not there. Is the disk mounted?"));
      break;
    case PS_GUARD_INCOMPLETE:
      mend_question (held, view, _ ("A folder could not be read to its end"));
      break;
    case PS_GUARD_ROOM:
      mend_question (held, view, _ ("There is not enough room"));
      break;
    case PS_GUARD_NONE:
    case PS_N_GUARDS:
    default:
      mend_question (held, view, _ ("Something is held back"));
      break;
    }
}

void
ps_view_question_clear (PsViewQuestion *view)
{
  g_clear_pointer (&view->title, g_free);
  g_clear_pointer (&view->body, g_free);
}
