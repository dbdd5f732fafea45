/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The arithmetic of windows and rate limits, over links that exist in numbers only. */
#include "sftp/limiter.h"
#include "sftp/window.h"

#define CHUNK 65536
#define FLIGHTS 4096

/* A link: @rate bytes a second, @rtt microseconds, an endless queue in front of it. */
typedef struct
{
  const char *name;
  double rate;
  int64_t rtt;
} Link;

static const Link links[] = {
  { "lan", 100e6, 500 },      { "10ms", 100e6, 10000 },   { "50ms", 100e6, 50000 },
  { "dsl-up", 1.2e6, 30000 }, { "dsl-down", 5e6, 30000 }, { "mobile", 0.3e6, 120000 },
  { "200ms", 30e6, 200000 },
};

typedef struct
{
  int64_t sent, answered;
} Flight;

typedef struct
{
  double rate;      /* reached in the second half */
  int64_t latency;  /* the worst in the last quarter */
  uint64_t largest; /* window */
} Outcome;

/* Sends over @link for @seconds, whenever the window lets it. */
static Outcome
simulate (PsWindow *window, const Link *link, double seconds, double rate_later)
{
  static Flight flights[FLIGHTS];
  guint head = 0, tail = 0;
  int64_t begin = 1000, end = begin + (int64_t)(seconds * 1e6), now = begin, line_free = begin;
  uint64_t bytes = 0;
  Outcome outcome = { 0 };

  while (now < end)
    {
      double rate = now > begin + (end - begin) / 2 && rate_later > 0 ? rate_later : link->rate;

      while (ps_window_open (window) && (tail + 1) % FLIGHTS != head)
        {
          line_free = MAX (line_free, now) + (int64_t)(CHUNK / rate * 1e6);
          flights[tail] = (Flight){ now, line_free + link->rtt };
          tail = (tail + 1) % FLIGHTS;
          ps_window_sent (window, CHUNK, now);
        }
      now = flights[head].answered;
      ps_window_acked (window, CHUNK, flights[head].sent, now);
      if (now > begin + (end - begin) / 2)
        bytes += CHUNK;
      if (now > begin + (end - begin) * 3 / 4)
        outcome.latency = MAX (outcome.latency, now - flights[head].sent);
      outcome.largest = MAX (outcome.largest, window->size);
      head = (head + 1) % FLIGHTS;
    }
  outcome.rate = (double)bytes * 1e6 / ((double)(end - begin) / 2);
  return outcome;
}

/* The link is used, and what stands in its queue is read in little more than 0.1 s. */
static void
test_link (gconstpointer data)
{
  const Link *link = data;
  PsWindow window;
  Outcome outcome;

  ps_window_init (&window);
  outcome = simulate (&window, link, 10, 0);
  g_assert_cmpfloat (outcome.rate, >, link->rate * 0.9);
  g_assert_cmpint (outcome.latency, <,
                   link->rtt * 3 / 2 + 250000 + (int64_t)(3.0 * CHUNK / link->rate * 1e6));
}

/* A long fast link is filled within a few round trips, not measured up to in many. */
static void
test_start (void)
{
  const Link link = { "50ms", 100e6, 50000 };
  PsWindow window;
  Outcome outcome;

  ps_window_init (&window);
  outcome = simulate (&window, &link, 0.5, 0);
  g_assert_cmpfloat (outcome.rate, >, link.rate * 0.9);
}

/* Over a long time the measured round trip does not creep up by the queue that the window makes. */
static void
test_no_creep (void)
{
  const Link link = { "dsl", 1.2e6, 30000 };
  PsWindow window;
  Outcome outcome;

  ps_window_init (&window);
  outcome = simulate (&window, &link, 300, 0);
  g_assert_cmpfloat (outcome.rate, >, link.rate * 0.85);
  g_assert_cmpuint (window.size, <, 512 * 1024);
  g_assert_cmpint (outcome.latency, <, 600000);
}

static void
test_gets_slower (void)
{
  const Link link = { "slower", 50e6, 20000 };
  PsWindow window;
  Outcome outcome;

  ps_window_init (&window);
  outcome = simulate (&window, &link, 60, 1e6);
  g_assert_cmpfloat (outcome.rate, >, 0.85e6);
  g_assert_cmpint (outcome.latency, <, 700000);
}

static void
test_bounds (void)
{
  PsWindow window;
  int64_t now = 1;

  ps_window_init (&window);
  for (guint i = 0; i < 1000; i++)
    {
      ps_window_open (&window);
      ps_window_sent (&window, (uint64_t)1 << 30, now);
      now += 100000;
      ps_window_open (&window);
      ps_window_acked (&window, (uint64_t)1 << 30, now - 100000, now);
      g_assert_cmpuint (window.size, <=, PS_WINDOW_MAX);
      g_assert_cmpuint (window.size, >=, PS_WINDOW_MIN);
    }
  g_assert_cmpuint (window.size, ==, PS_WINDOW_MAX);
  g_assert_cmpuint (window.outstanding, ==, 0);
}

/* With nothing to send the rate is low, which says nothing about the link. */
static void
test_idle_keeps_size (void)
{
  const Link link = { "fast", 50e6, 20000 };
  PsWindow window;
  uint64_t size;

  ps_window_init (&window);
  simulate (&window, &link, 5, 0);
  size = window.size;
  window.outstanding = 0;
  for (int64_t now = 20000000; now < 40000000; now += 500000)
    {
      ps_window_sent (&window, 100, now);
      ps_window_acked (&window, 100, now, now + 20000);
    }
  g_assert_cmpuint (window.size, >=, size / 2);
}

static void
test_channels (void)
{
  PsWindow window = { .rate = 40e6, .min_rtt = 50000 };

  g_assert_cmpuint (ps_window_channels (&window, 1536 * 1024), ==, 2);
  window.rate = 150e6;
  g_assert_cmpuint (ps_window_channels (&window, 1536 * 1024), ==, 5);
  window.min_rtt = 100;
  g_assert_cmpuint (ps_window_channels (&window, 1536 * 1024), ==, 1);
}

static void
test_limiter (gconstpointer data)
{
  uint64_t rate = GPOINTER_TO_SIZE (data);
  PsLimiter limiter;
  int64_t now = 5000, begin = now;
  uint64_t bytes = 0;

  ps_limiter_init (&limiter, rate, now);
  while (now < begin + 10000000)
    {
      uint32_t chunk = ps_limiter_chunk (&limiter, CHUNK);
      int64_t wait = ps_limiter_wait (&limiter, now);

      g_assert_cmpint (wait, <, 2000000);
      now += wait;
      g_assert_true (ps_limiter_ready (&limiter, now));
      ps_limiter_take (&limiter, chunk);
      bytes += chunk;
    }
  g_assert_cmpuint (bytes, >, rate * 10 * 95 / 100);
  g_assert_cmpuint (bytes, <, rate * 10 * 115 / 100 + CHUNK);
}

static void
test_unlimited (void)
{
  PsLimiter limiter;

  ps_limiter_init (&limiter, 0, 0);
  ps_limiter_take (&limiter, UINT64_MAX);
  g_assert_true (ps_limiter_ready (&limiter, 0));
  g_assert_cmpint (ps_limiter_wait (&limiter, 0), ==, 0);
  g_assert_cmpuint (ps_limiter_chunk (&limiter, CHUNK), ==, CHUNK);
}

/* After a pause there is no more than a tenth of a second to catch up. */
static void
test_pause (void)
{
  PsLimiter limiter;

  ps_limiter_init (&limiter, 1000000, 0);
  g_assert_true (ps_limiter_ready (&limiter, G_GINT64_CONSTANT (3600000000)));
  g_assert_cmpfloat (limiter.tokens, <=, 100000.0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (links); i++)
    {
      g_autofree char *path = g_strconcat ("/sftp/window/link/", links[i].name, NULL);

      g_test_add_data_func (path, &links[i], test_link);
    }
  g_test_add_func ("/sftp/window/start", test_start);
  g_test_add_func ("/sftp/window/no-creep", test_no_creep);
  g_test_add_func ("/sftp/window/gets-slower", test_gets_slower);
  g_test_add_func ("/sftp/window/bounds", test_bounds);
  g_test_add_func ("/sftp/window/idle-keeps-size", test_idle_keeps_size);
  g_test_add_func ("/sftp/window/channels", test_channels);
  g_test_add_data_func ("/sftp/limiter/10k", GSIZE_TO_POINTER (10 * 1024), test_limiter);
  g_test_add_data_func ("/sftp/limiter/1M", GSIZE_TO_POINTER (1 << 20), test_limiter);
  g_test_add_data_func ("/sftp/limiter/50M", GSIZE_TO_POINTER (50 << 20), test_limiter);
  g_test_add_func ("/sftp/limiter/unlimited", test_unlimited);
  g_test_add_func ("/sftp/limiter/pause", test_pause);
  return g_test_run ();
}
