/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Events, status and log: what is said to people and programs. */
#include "engine/log.h"
#include "engine/status.h"
#include "fakes/home.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

static PsEvent *
new_action (const char *action, const char *path, const char *from, uint64_t bytes)
{
  PsEvent *event = ps_event_new (PS_EVENT_ACTION);

  event->when = G_GINT64_CONSTANT (1795000000000000000);
  event->action = g_strdup (action);
  event->path = g_strdup (path);
  event->from = g_strdup (from);
  event->case_name = g_strdup ("s12");
  event->bytes = bytes;
  event->wire = bytes + 10;
  return event;
}

static PsEvent *
new_message (PsEventKind kind, const char *path, const char *message)
{
  PsEvent *event = ps_event_new (kind);

  event->path = g_strdup (path);
  event->code = g_strdup (kind == PS_EVENT_PROBLEM ? "denied" : NULL);
  event->message = g_strdup (message);
  event->guard = PS_GUARD_MASS_DELETE;
  event->count = 21;
  return event;
}

static void
check (PsEvent *taken, const char *json, const char *text)
{
  g_autoptr (PsEvent) event = taken;
  g_autofree char *made_json = ps_event_to_json (event);
  g_autofree char *made_text = ps_event_to_text (event);

  g_assert_cmpstr (made_json, ==, json);
  g_assert_cmpstr (made_text, ==, text);
}

static void
test_actions (gpointer fixture, gconstpointer data)
{
  check (new_action ("upload", "a/b.txt", NULL, 12345),
         "{\"type\":\"action\",\"action\":\"upload\",\"path\":\"a/b.txt\",\"case\":\"s12\","
         "\"bytes\":12345,\"wire\":12355}",
         "upload a/b.txt (12 kB)");
  check (new_action ("move-local", "b", "a", 0),
         "{\"type\":\"action\",\"action\":\"move-local\",\"path\":\"b\",\"from\":\"a\",\"case\":"
         "\"s12\",\"bytes\":0,\"wire\":10}",
         "move-local a -> b");
  check (new_action ("conflict", "x", "x (copy)", 0),
         "{\"type\":\"action\",\"action\":\"conflict\",\"path\":\"x\",\"from\":\"x (copy)\","
         "\"case\":\"s12\",\"bytes\":0,\"wire\":10}",
         "conflict x: the other version is kept as x (copy)");
}

static void
test_odd_names (gpointer fixture, gconstpointer data)
{
  check (new_action ("forget", "a\"\\\n\x7f\u00e9%", NULL, 0),
         "{\"type\":\"action\",\"action\":\"forget\",\"path\":\"a\\\"\\\\\\u000a\\u007f\u00e9%\","
         "\"case\":\"s12\",\"bytes\":0,\"wire\":10}",
         "forget a\"\\%0A%7F\u00e9%");
  check (new_action ("upload", "\xff%", NULL, 1),
         "{\"type\":\"action\",\"action\":\"upload\",\"path\":\"%FF%25\",\"raw\":true,\"case\":"
         "\"s12\",\"bytes\":1,\"wire\":11}",
         "upload %FF%25 (1 B)");
}

static void
test_messages (gpointer fixture, gconstpointer data)
{
  check (new_message (PS_EVENT_PROBLEM, "p", "no \xff\nway"),
         "{\"type\":\"problem\",\"path\":\"p\",\"code\":\"denied\",\"message\":\"no "
         "\xef\xbf\xbd\\u000away\"}",
         "problem p: no \xef\xbf\xbd way");
  check (new_message (PS_EVENT_PROBLEM, NULL, "all"),
         "{\"type\":\"problem\",\"path\":null,\"code\":\"denied\",\"message\":\"all\"}",
         "problem: all");
  check (new_message (PS_EVENT_HELD, NULL, "21 files"),
         "{\"type\":\"held\",\"guard\":\"mass-delete\",\"count\":21}",
         "held (mass-delete): 21 files");
  check (new_message (PS_EVENT_LINK, NULL, "connected"), NULL, "connected");
  check (new_message (PS_EVENT_SUMMARY, NULL, "done"), NULL, "done");
}

static void
test_summary (gpointer fixture, gconstpointer data)
{
  PsSummary summary = { .in_sync = TRUE,
                        .uploaded = 1,
                        .downloaded = 2,
                        .deleted_local = 3,
                        .deleted_remote = 4,
                        .moved = 5,
                        .conflicts = 6,
                        .failed = 7,
                        .held = 8,
                        .bytes_sent = 9,
                        .bytes_received = 10,
                        .requests = 11,
                        .seconds = 1.5 };
  const PsSummary nothing = { .in_sync = TRUE, .seconds = 3 };
  g_autofree char *json = ps_summary_to_json (&summary);
  g_autofree char *text = ps_summary_to_text (&summary);

  g_assert_cmpstr (json, ==,
                   "{\"type\":\"summary\",\"in_sync\":true,\"uploaded\":1,\"downloaded\":2,"
                   "\"deleted_local\":3,\"deleted_remote\":4,\"moved\":5,\"conflicts\":6,"
                   "\"failed\":7,\"held\":8,\"bytes_sent\":9,\"bytes_received\":10,\"requests\":11,"
                   "\"seconds\":1.500}");
  g_assert_cmpstr (text, ==,
                   "1 uploaded, 2 downloaded, 5 moved, 3 deleted here, 4 deleted on the server, "
                   "6 conflicts, 8 held, 7 failed");
  g_assert_null (ps_summary_to_text (&nothing));
}

static void
test_sizes (gpointer fixture, gconstpointer data)
{
  static const struct
  {
    uint64_t bytes;
    const char *text;
  } cases[] = { { 0, "0 B" },
                { 999, "999 B" },
                { 1000, "1.0 kB" },
                { 9949, "9.9 kB" },
                { 9951, "10 kB" },
                { 999499, "999 kB" },
                { 999500, "1.0 MB" },
                { 2100000, "2.1 MB" },
                { UINT64_C (5000000000), "5.0 GB" },
                { UINT64_MAX, "18447 PB" } };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = ps_size_to_text (cases[i].bytes);

      g_assert_cmpstr (text, ==, cases[i].text);
    }
}

static void
check_status (PsStatus *status, PsStatusKind kind, const char *expected)
{
  g_autofree char *text = NULL;

  status->kind = kind;
  text = ps_status_to_text (status);
  g_assert_cmpstr (text, ==, expected);
}

static void
test_status (gpointer fixture, gconstpointer data)
{
  g_autoptr (PsStatus) status = ps_status_new ("home");
  g_autoptr (GVariant) value = NULL;
  const char *state;
  guint64 total;

  check_status (status, PS_STATUS_IDLE, "home: idle, not synced yet");
  check_status (status, PS_STATUS_PAUSED, "home: paused, not synced yet");
  status->metered = TRUE;
  check_status (status, PS_STATUS_PAUSED, "home: paused: the network is metered, not synced yet");
  status->message = g_strdup ("why");
  check_status (status, PS_STATUS_OFFLINE, "home: offline: why, not synced yet");
  check_status (status, PS_STATUS_ATTENTION, "home: needs attention: why");
  check_status (status, PS_STATUS_ERROR, "home: error: why");
  status->progress.state = PS_RUN_CONNECT;
  check_status (status, PS_STATUS_SYNCING, "home: connecting");
  status->progress.state = PS_RUN_SCAN;
  status->progress.files_scanned = 10;
  check_status (status, PS_STATUS_SYNCING, "home: looking: 10 files seen");
  status->progress.state = PS_RUN_APPLY;
  status->progress.files_done = 3;
  status->progress.files_total = 120;
  status->rate_up = 2000000;
  status->rate_down = 100000;
  status->seconds_left = 200;
  check_status (status, PS_STATUS_SYNCING, "home: syncing 3 of 120, 2.1 MB/s, 4 min left");
  status->seconds_left = 59;
  check_status (status, PS_STATUS_SYNCING, "home: syncing 3 of 120, 2.1 MB/s, 59 s left");
  status->seconds_left = 7500;
  check_status (status, PS_STATUS_SYNCING, "home: syncing 3 of 120, 2.1 MB/s, 2 h 5 min left");

  value = g_variant_ref_sink (ps_status_to_variant (status));
  g_assert_true (g_variant_lookup (value, "state", "&s", &state));
  g_assert_cmpstr (state, ==, "syncing");
  g_assert_true (g_variant_lookup (value, "files-total", "t", &total));
  g_assert_cmpuint (total, ==, 120);
}

static guint
count_lines (const char *text)
{
  guint lines = 0;

  for (; *text != '\0'; text++)
    lines += *text == '\n';
  return lines;
}

static void
test_log (gpointer fixture, gconstpointer data)
{
  g_autofree char *state = g_build_filename (g_get_user_state_dir (), "pisync", "p", NULL);
  g_autofree char *file = ps_log_file (state);
  g_autofree char *text = NULL;
  g_autoptr (PsLog) log = ps_log_open (state, 100, NULL);
  struct stat st;

  g_assert_nonnull (log);
  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *path = g_strdup_printf ("f%03u", i);
      g_autoptr (PsEvent) event = new_action (i % 10 == 5 ? "record" : "upload", path, NULL, 1);

      ps_log_add (log, event);
      g_clear_pointer (&text, g_free);
      g_assert_true (g_file_get_contents (file, &text, NULL, NULL));
      g_assert_cmpuint (count_lines (text), <=, 100);
    }
  g_assert_cmpuint (count_lines (text), >=, 70);
  g_assert_true (g_str_has_suffix (
      text, "2026-11-18 11:06:40 upload f998 (1 B)\n2026-11-18 11:06:40 upload f999 (1 B)\n"));
  g_assert_null (strstr (text, "record"));
  g_assert_cmpint (g_stat (file, &st), ==, 0);
  g_assert_cmpint (st.st_mode & 07777, ==, 0600);

  /* A shorter limit takes effect when it is opened again; damage does no harm. */
  g_clear_pointer (&log, ps_log_free);
  log = ps_log_open (state, 20, NULL);
  g_clear_pointer (&text, g_free);
  g_assert_true (g_file_get_contents (file, &text, NULL, NULL));
  g_assert_cmpuint (count_lines (text), <=, 20);
}

static void
test_log_refused (gpointer fixture, gconstpointer data)
{
  g_autofree char *file = g_build_filename (g_get_home_dir (), "file", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (file, "x", 1, NULL));
  g_assert_null (ps_log_open (file, 20, &error));
  g_assert_nonnull (error);
}

int
main (int argc, char **argv)
{
  g_setenv ("TZ", "UTC", TRUE);
  test_home_make ();
  g_test_init (&argc, &argv, NULL);
  test_home_add ("/engine/event/actions", NULL, test_actions);
  test_home_add ("/engine/event/odd-names", NULL, test_odd_names);
  test_home_add ("/engine/event/messages", NULL, test_messages);
  test_home_add ("/engine/event/summary", NULL, test_summary);
  test_home_add ("/engine/event/sizes", NULL, test_sizes);
  test_home_add ("/engine/status/words", NULL, test_status);
  test_home_add ("/engine/log/bounded", NULL, test_log);
  test_home_add ("/engine/log/refused", NULL, test_log_refused);
  return test_home_remove (g_test_run ());
}
