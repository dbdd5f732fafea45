/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The schedule, rates and findings: pure values. */
#include "engine/findings.h"
#include "engine/rate.h"
#include "engine/schedule.h"

#define S ((gint64)G_USEC_PER_SEC)
#define WALL 1700000000

static gint64
wait_at (const PsSchedule *schedule, gint64 mono)
{
  return ps_schedule_wait (schedule, mono, WALL + mono / S);
}

static void
test_throttle (void)
{
  PsSchedule schedule = { 0 };

  g_assert_cmpint (wait_at (&schedule, 0), ==, -1);
  schedule.started = TRUE;
  g_assert_cmpint (wait_at (&schedule, 0), ==, 0);
  ps_schedule_ended (&schedule, PS_OUTCOME_DONE, 5, 0, 0, 100 * S);
  g_assert_cmpint (wait_at (&schedule, 100 * S), ==, 5 * S);
  g_assert_cmpint (wait_at (&schedule, 104 * S), ==, S);
  g_assert_cmpint (wait_at (&schedule, 200 * S), ==, 0);
  /* A scan of 3 s on a slow disk: not before 30 s. */
  ps_schedule_ended (&schedule, PS_OUTCOME_DONE, 5, 3 * S, 0, 200 * S);
  g_assert_cmpint (wait_at (&schedule, 200 * S), ==, 30 * S);
}

static void
test_backoff (void)
{
  static const guint seconds[] = { 1, 2, 4, 8, 16, 32, 60, 60 };
  PsSchedule schedule = { .started = TRUE };

  for (gsize i = 0; i < G_N_ELEMENTS (seconds); i++)
    {
      ps_schedule_ended (&schedule, PS_OUTCOME_RETRY, 5, 0, 0, 0);
      g_assert_cmpint (wait_at (&schedule, 0), ==, seconds[i] * S);
    }
  ps_schedule_ended (&schedule, PS_OUTCOME_RETRY, 5, 0, 1, 0);
  g_assert_cmpint (wait_at (&schedule, 0), ==, 75 * S);
  ps_schedule_ended (&schedule, PS_OUTCOME_DONE, 5, 0, 0, 0);
  ps_schedule_ended (&schedule, PS_OUTCOME_RETRY, 5, 0, 0, 0);
  g_assert_cmpint (wait_at (&schedule, 0), ==, S);
  ps_schedule_hurry (&schedule, 0);
  g_assert_cmpint (wait_at (&schedule, 0), ==, 0);
}

static void
test_person (void)
{
  PsSchedule schedule = { .started = TRUE };

  ps_schedule_ended (&schedule, PS_OUTCOME_PERSON, 5, 0, 0, 0);
  g_assert_cmpint (wait_at (&schedule, G_MAXINT32 * S), ==, -1);
  ps_schedule_hurry (&schedule, 0); /* the network came back: no reason to log in again */
  g_assert_cmpint (wait_at (&schedule, 0), ==, -1);
  schedule.wanted = TRUE;
  g_assert_cmpint (wait_at (&schedule, 0), ==, 0);
  ps_schedule_began (&schedule);
  ps_schedule_ended (&schedule, PS_OUTCOME_DONE, 5, 0, 0, 0);
  g_assert_cmpint (wait_at (&schedule, 0), ==, 5 * S);
  ps_schedule_ended (&schedule, PS_OUTCOME_LOOK, 5, 0, 0, 0);
  g_assert_cmpint (wait_at (&schedule, 0), ==, 30 * S);
}

static void
test_pause (void)
{
  PsSchedule schedule = { .started = TRUE, .paused = TRUE };

  schedule.wanted = TRUE; /* ends no pause */
  g_assert_cmpint (wait_at (&schedule, 0), ==, -1);
  g_assert_false (ps_schedule_expire (&schedule, 0, WALL));
  schedule.paused_until = WALL + 60;
  g_assert_cmpint (wait_at (&schedule, 0), ==, 60 * S);
  g_assert_cmpint (wait_at (&schedule, 10 * S), ==, 50 * S);
  g_assert_false (ps_schedule_expire (&schedule, 59 * S, WALL + 59));
  g_assert_true (ps_schedule_expire (&schedule, 60 * S, WALL + 60));
  g_assert_false (schedule.paused);
  g_assert_cmpint (wait_at (&schedule, 60 * S), ==, 0);
}

static void
test_outside (void)
{
  PsSchedule schedule = { .started = TRUE, .offline = TRUE };

  g_assert_cmpint (wait_at (&schedule, 0), ==, -1);
  schedule.wanted = TRUE;
  g_assert_cmpint (wait_at (&schedule, 0), ==, 0);
  schedule.asleep = TRUE;
  g_assert_cmpint (wait_at (&schedule, 0), ==, -1);
  schedule = (PsSchedule){ .started = TRUE, .metered = TRUE };
  g_assert_cmpint (wait_at (&schedule, 0), ==, -1);
}

static void
test_rate (void)
{
  PsRate rate = { 0 };

  g_assert_cmpint (ps_rate_seconds_left (&rate, 100), ==, -1);
  for (gint64 t = 0; t <= 60; t++)
    ps_rate_feed (&rate, t * S, (uint64_t)t * 1000, (uint64_t)t * 500);
  g_assert_cmpfloat_with_epsilon (rate.rate_up, 1000, 1);
  g_assert_cmpfloat_with_epsilon (rate.rate_down, 500, 1);
  g_assert_cmpint (ps_rate_seconds_left (&rate, 15000), ==, 10);
  ps_rate_feed (&rate, 60 * S + 1, 1000000000, 30000); /* too soon to say anything */
  g_assert_cmpfloat_with_epsilon (rate.rate_up, 1000, 1);
  for (gint64 t = 61; t <= 90; t++)
    ps_rate_feed (&rate, t * S, 60000, 30000); /* it stalls */
  g_assert_cmpfloat (rate.rate_up, <, 1);
  g_assert_cmpint (ps_rate_seconds_left (&rate, 15000), ==, -1);
  ps_rate_feed (&rate, 91 * S, 0, 0); /* a new run counts from 0 */
  g_assert_cmpfloat (rate.rate_up, >=, 0);
}

static PsEvent *
new_event (PsEventKind kind, PsGuard guard, const char *path)
{
  PsEvent *event = ps_event_new (kind);

  event->guard = guard;
  event->path = g_strdup (path);
  event->message = g_strdup ("x");
  return event;
}

static void
add_and_drop (PsFindings *findings, PsEvent *event)
{
  ps_findings_add (findings, event);
  ps_event_unref (event);
}

static void
test_findings (void)
{
  PsFindings findings, last;

  ps_findings_init (&findings);
  ps_findings_init (&last);
  add_and_drop (&findings, new_event (PS_EVENT_LINK, PS_GUARD_NONE, NULL));
  add_and_drop (&findings, new_event (PS_EVENT_PROBLEM, PS_GUARD_NONE, NULL));
  g_assert_false (ps_findings_any (&findings));
  for (guint i = 0; i < 3; i++)
    {
      add_and_drop (&findings, new_event (PS_EVENT_HELD, PS_GUARD_MASS_DELETE, NULL));
      add_and_drop (&findings, new_event (PS_EVENT_HELD, PS_GUARD_ROOM, NULL));
    }
  for (guint i = 0; i < PS_FINDINGS_PROBLEMS + 7; i++)
    add_and_drop (&findings, new_event (PS_EVENT_PROBLEM, PS_GUARD_NONE, "p"));
  g_assert_cmpuint (findings.held->len, ==, 2);
  g_assert_cmpuint (findings.problems->len, ==, PS_FINDINGS_PROBLEMS);
  g_assert_cmpuint (findings.n_problems, ==, PS_FINDINGS_PROBLEMS + 7);
  ps_findings_move (&last, &findings);
  g_assert_false (ps_findings_any (&findings));
  g_assert_cmpuint (last.held->len, ==, 2);
  ps_findings_clear (&findings);
  ps_findings_clear (&last);
}

static void
test_recent (void)
{
  GQueue recent = G_QUEUE_INIT;

  for (guint i = 0; i < PS_FINDINGS_RECENT + 10; i++)
    {
      g_autoptr (PsEvent) event = new_event (PS_EVENT_LINK, PS_GUARD_NONE, NULL);

      ps_recent_add (&recent, event);
    }
  g_assert_cmpuint (g_queue_get_length (&recent), ==, PS_FINDINGS_RECENT);
  g_queue_clear_full (&recent, (GDestroyNotify)ps_event_unref);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/schedule/throttle", test_throttle);
  g_test_add_func ("/engine/schedule/backoff", test_backoff);
  g_test_add_func ("/engine/schedule/person", test_person);
  g_test_add_func ("/engine/schedule/pause", test_pause);
  g_test_add_func ("/engine/schedule/outside", test_outside);
  g_test_add_func ("/engine/rate/smooth", test_rate);
  g_test_add_func ("/engine/findings/one-run", test_findings);
  g_test_add_func ("/engine/findings/recent", test_recent);
  return g_test_run ();
}
