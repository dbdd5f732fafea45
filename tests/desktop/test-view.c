/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The texts of the windows: pure functions, a row a test. */
#include "app/autostart.h"
#include "app/conflicts.h"
#include "app/log-model.h"
#include "app/notes.h"
#include "app/settings.h"
#include "app/tray-menu.h"
#include "app/view.h"
#include "fakes/home.h"

#include <locale.h>

/* 2026-11-22 14:05:00 UTC, a Sunday. */
#define NOW G_GINT64_CONSTANT (1795356300)

/* Sizes are written with a space that does not break. */
static void
assert_text (const char *actual, const char *expected)
{
  g_auto (GStrv) parts = g_strsplit (actual != NULL ? actual : "(none)", "\302\240", -1);
  g_autofree char *plain = g_strjoinv (" ", parts);

  g_assert_cmpstr (plain, ==, expected);
}

/* Headlines. */

typedef struct
{
  const char *name;
  const char *expected;
  PsStatus status;
} HeadlineCase;

/* clang-format off */
static const HeadlineCase headlines[] = {
  { "never", "Not synced yet", { .kind = PS_STATUS_IDLE } },
  { "idle", "Up to date · last sync 14:04", { .kind = PS_STATUS_IDLE, .last_sync = NOW - 60 } },
  { "connecting", "Connecting…",
    { .kind = PS_STATUS_SYNCING, .progress = { .state = PS_RUN_CONNECT } } },
  { "scan", "Looking for changes · 1 file seen",
    { .kind = PS_STATUS_SYNCING, .progress = { .state = PS_RUN_SCAN, .files_scanned = 1 } } },
  { "scan-many", "Looking for changes · 5000 files seen",
    { .kind = PS_STATUS_SYNCING, .progress = { .state = PS_RUN_SCAN, .files_scanned = 5000 } } },
  { "up", "Uploading 3 of 120 · 2.1 MB/s · 4 min left",
    { .kind = PS_STATUS_SYNCING, .rate_up = 2.1e6, .seconds_left = 240,
      .progress = { .state = PS_RUN_APPLY, .files_done = 3, .files_total = 120, .n_transfers = 1,
                    .transfers = { { .up = TRUE } } } } },
  { "down", "Downloading 1 of 2",
    { .kind = PS_STATUS_SYNCING, .seconds_left = -1,
      .progress = { .state = PS_RUN_APPLY, .files_done = 1, .files_total = 2, .n_transfers = 1 } } },
  { "both", "Syncing 1 of 2 · less than a minute left",
    { .kind = PS_STATUS_SYNCING, .seconds_left = 3,
      .progress = { .state = PS_RUN_APPLY, .files_done = 1, .files_total = 2, .n_transfers = 2,
                    .transfers = { { .up = TRUE } } } } },
  { "nothing-to-send", "Syncing…",
    { .kind = PS_STATUS_SYNCING, .progress = { .state = PS_RUN_APPLY } } },
  { "paused", "Paused", { .kind = PS_STATUS_PAUSED } },
  { "paused-until", "Paused until 15:05",
    { .kind = PS_STATUS_PAUSED, .paused_until = NOW + 3600 } },
  { "metered", "Paused on this metered network",
    { .kind = PS_STATUS_PAUSED, .metered = TRUE } },
  { "offline", "Offline", { .kind = PS_STATUS_OFFLINE } },
  { "offline-until", "Offline · next try 14:07",
    { .kind = PS_STATUS_OFFLINE, .next_try = NOW + 120 } },
  { "sign-in", "You need to sign in",
    { .kind = PS_STATUS_ATTENTION, .error_code = PS_ENGINE_ERROR_AUTH } },
  { "problem", "1 item could not be synced",
    { .kind = PS_STATUS_ERROR, .error_code = -1, .n_problems = 1 } },
  { "problems", "3 items could not be synced",
    { .kind = PS_STATUS_ERROR, .error_code = -1, .n_problems = 3 } },
  { "busy", "Not syncing", { .kind = PS_STATUS_ERROR, .error_code = PS_ENGINE_ERROR_BUSY } },
};
/* clang-format on */

static void
test_headline (gconstpointer data)
{
  const HeadlineCase *c = data;
  g_autofree char *text = ps_view_headline (&c->status, NOW);

  assert_text (text, c->expected);
}

static void
test_headline_held (void)
{
  g_autoptr (PsStatus) status = ps_status_new ("pair");
  g_autofree char *text = NULL;

  status->kind = PS_STATUS_ATTENTION;
  g_ptr_array_add (status->held, ps_event_new (PS_EVENT_HELD));
  text = ps_view_headline (status, NOW);
  assert_text (text, "Waiting for your decision");
}

/* Times. */

typedef struct
{
  const char *name;
  gint64 value;
  const char *expected;
} NumberCase;

static const NumberCase times[] = {
  { "now", NOW, "14:05" },
  { "morning", NOW - 14 * 3600, "00:05" },
  { "yesterday", NOW - 15 * 3600, "yesterday 23:05" },
  { "days", NOW - 19 * 86400, "3 Nov" },
  { "years", NOW - 400 * 86400, "18 Oct 2025" },
};

static void
test_when (gconstpointer data)
{
  const NumberCase *c = data;
  g_autofree char *text = ps_view_when (c->value, NOW);

  assert_text (text, c->expected);
}

static const NumberCase lefts[] = {
  { "seconds", 12, "less than a minute left" },
  { "one", 62, "1 min left" },
  { "minutes", 1799, "30 min left" },
  { "hours", 2 * 3600 + 600, "2 h 10 min left" },
};

static void
test_left (gconstpointer data)
{
  const NumberCase *c = data;
  g_autofree char *text = ps_view_time_left (c->value);

  assert_text (text, c->expected);
}

static void
test_fraction (void)
{
  PsStatus status = { .kind = PS_STATUS_SYNCING };

  g_assert_cmpfloat (ps_view_fraction (&status), ==, -1);
  status.progress.state = PS_RUN_APPLY;
  g_assert_cmpfloat (ps_view_fraction (&status), ==, -1);
  status.progress.files_total = 4;
  status.progress.files_done = 1;
  g_assert_cmpfloat (ps_view_fraction (&status), ==, 0.25);
  status.progress.bytes_total = 10;
  status.progress.bytes_done = 20;
  g_assert_cmpfloat (ps_view_fraction (&status), ==, 1);
  status.kind = PS_STATUS_IDLE;
  g_assert_cmpfloat (ps_view_fraction (&status), ==, -1);
}

static void
test_urgency (void)
{
  g_assert_cmpint (ps_view_more_urgent (PS_STATUS_IDLE, PS_STATUS_PAUSED), ==, PS_STATUS_IDLE);
  g_assert_cmpint (ps_view_more_urgent (PS_STATUS_ATTENTION, PS_STATUS_ERROR), ==,
                   PS_STATUS_ATTENTION);
  g_assert_cmpint (ps_view_more_urgent (PS_STATUS_IDLE, PS_STATUS_SYNCING), ==, PS_STATUS_SYNCING);
  g_assert_cmpint (ps_view_more_urgent (PS_STATUS_OFFLINE, PS_STATUS_ERROR), ==, PS_STATUS_ERROR);
}

/* Activity. */

typedef struct
{
  const char *name;
  const char *action;
  const char *path;
  const char *title; /* NULL: no row */
  const char *subtitle;
} ActivityCase;

static const ActivityCase activities[] = {
  { "upload", "upload", "a/b/c.txt", "c.txt", "Uploaded · 12.0 kB · a/b" },
  { "at-root", "download", "c.txt", "c.txt", "Downloaded · 12.0 kB" },
  { "not-utf8", "download", "\377.txt", "\357\277\275.txt", "Downloaded · 12.0 kB" },
  { "record", "record", "c.txt", NULL, NULL },
  { "unknown", "something", "c.txt", NULL, NULL },
};

static void
test_activity (gconstpointer data)
{
  const ActivityCase *c = data;
  g_autoptr (PsEvent) event = ps_event_new (PS_EVENT_ACTION);
  g_auto (PsViewActivity) view = { 0 };

  event->action = g_strdup (c->action);
  event->path = g_strdup (c->path);
  event->bytes = 12000;
  g_assert_cmpint (ps_view_activity (event, &view), ==, c->title != NULL);
  if (c->title == NULL)
    return;
  g_assert_cmpstr (view.title, ==, c->title);
  assert_text (view.subtitle, c->subtitle);
}

/* Nothing that a name holds breaks the line, or turns what stands behind it. */
static void
test_names (void)
{
  g_autofree char *name = ps_view_name ("a/line\nbreak\t\302\205\342\200\250.txt");
  g_autofree char *turned = ps_view_path ("x/\342\200\256fdp.exe");
  g_autofree char *bad = ps_view_text ("bad \377 <b>&amp; %s");
  g_autofree char *title = ps_view_title ("/home/Photos");
  g_autofree char *cut
      = ps_view_title ("/a/ÄÖÜ of all the years that we have had a camera since 1987");

  g_assert_cmpstr (name, ==, "line\357\277\275break\357\277\275\357\277\275\357\277\275.txt");
  g_assert_cmpstr (turned, ==, "x/\357\277\275fdp.exe");
  g_assert_cmpstr (bad, ==, "bad \357\277\275 <b>&amp; %s");
  g_assert_cmpstr (title, ==, "Photos");
  g_assert_cmpstr (cut, ==, "ÄÖÜ of all the y…mera since 1987");
  g_assert_cmpint (g_utf8_strlen (cut, -1), ==, PS_VIEW_TITLE_MAX);
}

/* Every guard has a question; only of some there is something to decide, and what was lost on
 * purpose is the second answer. */
static void
test_questions (void)
{
  for (guint guard = 0; guard < PS_N_GUARDS; guard++)
    {
      g_autoptr (PsEvent) held = ps_event_new (PS_EVENT_HELD);
      g_auto (PsViewQuestion) view = { 0 };
      gboolean lost = guard == PS_GUARD_MASS_DELETE || guard == PS_GUARD_MASS_EMPTIED;

      held->guard = (PsGuard)guard;
      held->count = 3;
      held->message = g_strdup ("what the engine says");
      ps_view_question (held, &view);
      g_assert_nonnull (view.title);
      g_assert_nonnull (view.body);
      g_assert_cmpint (view.keep != NULL, ==, lost || guard == PS_GUARD_RESTORED_SERVER);
      g_assert_cmpint (view.allow != NULL, ==, lost);
    }
}

/* The menu. */

static char *
menu_text (const PsTrayPair *pairs, guint n)
{
  g_autoptr (GPtrArray) menu = ps_tray_menu_new (pairs, n, NOW);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < menu->len; i++)
    {
      const PsTrayItem *item = menu->pdata[i];

      if (item->is_hidden)
        continue;
      g_string_append_printf (text, "%s|",
                              item->kind == PS_TRAY_SEPARATOR ? "-"
                              : item->kind == PS_TRAY_ACTION  ? item->action
                                                              : item->label);
    }
  return g_string_free (text, FALSE);
}

#define TAIL "show-status|show-log|preferences|about|-|quit|"

static void
test_menu (void)
{
  PsStatus idle = { .kind = PS_STATUS_IDLE };
  PsStatus paused = { .kind = PS_STATUS_PAUSED };
  const PsTrayPair pairs[] = { { "one", "One", &idle }, { "two", "T_wo", &paused } };
  g_autofree char *none = menu_text (NULL, 0);
  g_autofree char *one = menu_text (pairs, 1);
  g_autofree char *resting = menu_text (pairs + 1, 1);
  g_autofree char *both = menu_text (pairs, 2);

  g_assert_cmpstr (none, ==, "No folder is set up yet|setup|-|" TAIL);
  g_assert_cmpstr (one, ==,
                   "Not synced yet|-|open-folder|pause(uint32 0)|pause(uint32 3600)|sync-now|"
                   "-|" TAIL);
  g_assert_cmpstr (resting, ==, "Paused|-|open-folder|resume|sync-now|-|" TAIL);
  g_assert_cmpstr (both, ==,
                   "One: Not synced yet|pair-open-folder::one|pair-pause(('one', uint32 0))|"
                   "pair-pause(('one', uint32 3600))|pair-sync-now::one|-|T__wo: Paused|"
                   "pair-open-folder::two|pair-resume::two|pair-sync-now::two|-|" TAIL);
}

/* A host is sent a new layout for other pairs only, never for what they do. */
static void
test_menu_shape (void)
{
  const PsTrayPair none[] = { { "one", "One", NULL }, { "two", "Two", NULL } };
  PsStatus first = { .kind = PS_STATUS_IDLE };

  for (guint n = 1; n <= G_N_ELEMENTS (none); n++)
    for (int kind = PS_STATUS_IDLE; kind <= PS_STATUS_ERROR; kind++)
      {
        PsStatus later = { .kind = (PsStatusKind)kind, .last_sync = NOW };
        PsTrayPair before[] = { none[0], none[1] };
        PsTrayPair after[] = { none[0], none[1] };
        g_autoptr (GPtrArray) a = NULL;
        g_autoptr (GPtrArray) b = NULL;
        g_autoptr (GPtrArray) fewer = NULL;

        before[0].status = before[1].status = after[0].status = &first;
        after[n - 1].status = &later;
        a = ps_tray_menu_new (before, n, NOW);
        b = ps_tray_menu_new (after, n, NOW);
        fewer = ps_tray_menu_new (before, n - 1, NOW);
        g_assert_true (ps_tray_menu_same_shape (a, b));
        g_assert_false (ps_tray_menu_same_shape (a, fewer));
        g_assert_false (ps_tray_menu_same_shape (NULL, a));
      }
}

/* Notifications. */

static void
test_notes (void)
{
  g_autoptr (PsStatus) status = ps_status_new ("pair");
  g_autofree char *title = NULL;
  g_autofree char *body = NULL;

  for (guint kind = 0; kind < PS_N_NOTES; kind++)
    g_assert_false (ps_note_wanted (kind, status, NOW, 0, NOW, &title, &body));
  g_assert_true (ps_note_wanted (PS_NOTE_CONFLICT, status, NOW, 2, NOW, &title, &body));
  g_assert_cmpstr (title, ==, "2 files were changed in two places");
  g_clear_pointer (&title, g_free);
  g_clear_pointer (&body, g_free);
  /* A problem has to last. */
  status->kind = PS_STATUS_ERROR;
  status->n_problems = 1;
  g_assert_false (ps_note_wanted (PS_NOTE_PROBLEM, status, NOW - 5, 0, NOW, &title, &body));
  g_assert_true (ps_note_wanted (PS_NOTE_PROBLEM, status, NOW - PS_NOTE_PROBLEM_SECONDS, 0, NOW,
                                 &title, &body));
}

/* Conflicted copies and log lines. */

typedef struct
{
  const char *name;
  const char *value;
  const char *expected;
} TextCase;

static const TextCase originals[] = {
  { "plain", "a/b (conflicted copy from desk 2026-11-22 140533).txt", "a/b.txt" },
  { "number", "b (conflicted copy from desk 2026-11-22 140533 2).tar.gz", "b.tar.gz" },
  { "bracket", "b (conflicted copy from my (old) desk 2026-11-22 140533)", "b" },
  { "no", "a/b.txt", NULL },
  { "only-begins", "b (conflicted copy from desk).txt", NULL },
};

static void
test_original (gconstpointer data)
{
  const TextCase *c = data;
  g_autofree char *original = ps_conflicts_original (c->value);

  g_assert_cmpstr (original, ==, c->expected);
}

static void
test_log_kind (void)
{
  g_assert_cmpint (ps_log_kind ("upload a.txt (12 kB)"), ==, PS_LOG_CHANGES);
  g_assert_cmpint (ps_log_kind ("move-local a -> b"), ==, PS_LOG_CHANGES);
  g_assert_cmpint (ps_log_kind ("problem a.txt: no"), ==, PS_LOG_PROBLEMS);
  g_assert_cmpint (ps_log_kind ("problem: no"), ==, PS_LOG_PROBLEMS);
  g_assert_cmpint (ps_log_kind ("held (mass-delete): 30"), ==, PS_LOG_PROBLEMS);
  g_assert_cmpint (ps_log_kind ("uploading"), ==, PS_LOG_CONNECTION);
  g_assert_cmpint (ps_log_kind (""), ==, PS_LOG_CONNECTION);
}

static const TextCase log_texts[] = {
  { "upload", "upload a.txt (12 kB)", "upload a.txt (12 kB)" },
  { "move", "move-local a -> b", "move-local a -> b" },
  { "problem", "problem: no", "problem: no" },
  { "held", "held (mass-delete): 30 (of 40): x", "held: 30 (of 40): x" },
  { "conflict", "conflict a: the other version is kept as b",
    "conflict a: the other version is kept as b" },
  { "half-conflict", "conflict a", "conflict a" },
  { "message", "connected to pi", "connected to pi" },
  { "nothing", "", "" },
};

static void
test_log_text (gconstpointer data)
{
  const TextCase *c = data;
  g_autofree char *text = ps_log_text (c->value);

  g_assert_cmpstr (text, ==, c->expected);
}

/* One path a row; the name is the first member of every case. */
static void
add_rows (const char *group, gconstpointer rows, gsize n, gsize size, GTestDataFunc func)
{
  for (gsize i = 0; i < n; i++)
    {
      gconstpointer row = (const char *)rows + i * size;
      g_autofree char *path = g_strdup_printf ("/app/%s/%s", group, *(const char *const *)row);

      g_test_add_data_func (path, row, func);
    }
}
#define ADD_ROWS(group, rows, func) add_rows (group, rows, G_N_ELEMENTS (rows), sizeof *rows, func)

int
main (int argc, char **argv)
{
  g_setenv ("TZ", "UTC", TRUE);
  setlocale (LC_ALL, "C.UTF-8");
  g_test_init (&argc, &argv, NULL);
  ADD_ROWS ("headline", headlines, test_headline);
  g_test_add_func ("/app/headline/held", test_headline_held);
  ADD_ROWS ("when", times, test_when);
  ADD_ROWS ("left", lefts, test_left);
  g_test_add_func ("/app/fraction", test_fraction);
  g_test_add_func ("/app/urgency", test_urgency);
  ADD_ROWS ("activity", activities, test_activity);
  g_test_add_func ("/app/questions", test_questions);
  g_test_add_func ("/app/names", test_names);
  g_test_add_func ("/app/menu/items", test_menu);
  g_test_add_func ("/app/menu/shape", test_menu_shape);
  g_test_add_func ("/app/notes", test_notes);
  ADD_ROWS ("original", originals, test_original);
  g_test_add_func ("/app/log-kind", test_log_kind);
  ADD_ROWS ("log-text", log_texts, test_log_text);
  return g_test_run ();
}
