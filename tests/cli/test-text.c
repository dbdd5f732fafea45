/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text for terminals and the progress line. */
#include "cli/progress.h"
#include "cli/text.h"

#include <string.h>

typedef struct
{
  const char *name, *bytes, *printable;
  gboolean keep_lines;
} PrintableRow;

static const PrintableRow printable_rows[] = {
  { "plain", "a b/c.txt", "a b/c.txt", FALSE },
  { "utf8", "gr\xc3\xbc\xc3\x9f \xe2\x82\xac", "gr\xc3\xbc\xc3\x9f \xe2\x82\xac", FALSE },
  { "escape", "\x1b[2Jgone", "\\x1b[2Jgone", FALSE },
  { "c1",
    "a\xc2\x9b"
    "31m",
    "a\\x9b31m", FALSE },
  { "delete", "a\x7f", "a\\x7f", FALSE },
  { "latin1", "gr\xfc\xdf", "gr\\xfc\\xdf", FALSE },
  { "cut", "a\xe2\x82", "a\\xe2\\x82", FALSE },
  { "line", "a\nb", "a\\x0ab", FALSE },
  { "line-kept", "a\nb\r", "a\nb\\x0d", TRUE },
};

static void
test_printable (gconstpointer data)
{
  const PrintableRow *row = data;
  g_autofree char *printable = ps_text_printable (row->bytes, row->keep_lines);

  g_assert_cmpstr (printable, ==, row->printable);
}

typedef struct
{
  const char *name, *text;
  guint columns;
  const char *expected;
} ShortenRow;

static const ShortenRow shorten_rows[] = {
  { "fits", "abcdef", 6, "abcdef" },
  { "middle", "abcdefghijklmnop", 9, "abc...nop" },
  { "odd", "abcdefghijklmnop", 10, "abc...mnop" },
  { "tiny", "abcdef", 3, "abc" },
  { "none", "abcdef", 0, "" },
  { "wide", "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 9,
    "\xe6\x97\xa5...\xe8\xaa\x9e" },
};

static void
test_shorten (gconstpointer data)
{
  const ShortenRow *row = data;
  g_autofree char *text = ps_text_shorten (row->text, row->columns);

  g_assert_cmpstr (text, ==, row->expected);
  g_assert_cmpuint (ps_text_columns (text), <=, row->columns);
}

typedef struct
{
  const char *text;
  gboolean valid;
  guint seconds;
} DurationRow;

static const DurationRow duration_rows[] = {
  { "90", TRUE, 90 },
  { "90s", TRUE, 90 },
  { "30m", TRUE, 1800 },
  { "2h", TRUE, 7200 },
  { "1d", TRUE, 86400 },
  { "", FALSE, 0 },
  { "m", FALSE, 0 },
  { "-5", FALSE, 0 },
  { "5x", FALSE, 0 },
  { "5mm", FALSE, 0 },
  { " 5", FALSE, 0 },
  { "1.5h", FALSE, 0 },
  { "49710d", TRUE, 4294944000u },
  { "49711d", FALSE, 0 },
  { "4294967296", FALSE, 0 },
};

static void
test_duration (gconstpointer data)
{
  const DurationRow *row = data;
  guint seconds = 0;

  g_assert_cmpint (ps_text_parse_duration (row->text, &seconds), ==, row->valid);
  g_assert_cmpuint (seconds, ==, row->seconds);
}

static void
test_amounts (void)
{
  static const struct
  {
    double bytes;
    const char *text;
  } rows[] = { { 0, "0 B" },         { 999, "999 B" },    { 1000, "1.0 kB" },
               { 99949, "99.9 kB" }, { 99951, "100 kB" }, { 999499, "999 kB" },
               { 999500, "1.0 MB" }, { 1.5e9, "1.5 GB" }, { 1e18, "1000 PB" } };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text = ps_text_bytes (rows[i].bytes);

      g_assert_cmpstr (text, ==, rows[i].text);
    }
  g_autofree char *seconds = ps_text_duration (7);
  g_autofree char *hours = ps_text_duration (3723);

  g_assert_cmpstr (seconds, ==, "0:07");
  g_assert_cmpstr (hours, ==, "1:02:03");
}

static void
test_json_member (void)
{
  g_autoptr (GString) json = g_string_new ("{");

  ps_text_json_member (json, "a", "x\"\\\n\x01");
  ps_text_json_member (json, "b", NULL);
  ps_text_json_member (json, "c", "\xff/y");
  g_assert_cmpstr (json->str, ==, "{\"a\":\"x\\\"\\\\\\u000a\\u0001\",\"b\":null,\"c\":\"%FF/y\"");
}

/* A status in the middle of a transfer. */
static PsStatus
applying_status (void)
{
  PsStatus status = { .kind = PS_STATUS_SYNCING, .seconds_left = 12, .rate_up = 2.5e6 };

  status.progress.state = PS_RUN_APPLY;
  status.progress.files_done = 3;
  status.progress.files_total = 9;
  status.progress.bytes_done = 250000;
  status.progress.bytes_total = 1000000;
  status.progress.n_transfers = 1;
  g_strlcpy (status.progress.transfers[0].path, "photos/2026/\x1b[31m/summer.jpg",
             sizeof status.progress.transfers[0].path);
  return status;
}

static void
test_progress_line (void)
{
  const PsStatus status = applying_status ();
  g_autofree char *wide = ps_progress_line (&status, 200);

  g_assert_cmpstr (wide, ==,
                   " 25%  3/9 files  250 kB of 1.0 MB  up 2.5 MB/s  0:12 left"
                   "  photos/2026/\\x1b[31m/summer.jpg");
}

static void
test_progress_widths (void)
{
  const PsStatus status = applying_status ();

  for (guint columns = 0; columns <= 120; columns++)
    {
      g_autofree char *line = ps_progress_line (&status, columns);

      g_assert_cmpuint (ps_text_columns (line), <=, columns);
    }
}

static void
test_progress_states (void)
{
  PsStatus status = { .kind = PS_STATUS_SYNCING, .seconds_left = -1 };

  status.progress.state = PS_RUN_CONNECT;
  g_autofree char *connecting = ps_progress_line (&status, 80);

  g_assert_cmpstr (connecting, ==, "Connecting ...");
  status.progress.state = PS_RUN_SCAN;
  status.progress.files_scanned = 5;
  status.progress.dirs_scanned = 2;
  g_autofree char *scanning = ps_progress_line (&status, 80);

  g_assert_cmpstr (scanning, ==, "Looking: 5 files in 2 folders");
  status.kind = PS_STATUS_IDLE;
  g_autofree char *idle = ps_progress_line (&status, 80);

  g_assert_cmpstr (idle, ==, "");
}

static void
add_rows (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (printable_rows); i++)
    {
      g_autofree char *path = g_strdup_printf ("/cli/text/printable/%s", printable_rows[i].name);

      g_test_add_data_func (path, &printable_rows[i], test_printable);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (shorten_rows); i++)
    {
      g_autofree char *path = g_strdup_printf ("/cli/text/shorten/%s", shorten_rows[i].name);

      g_test_add_data_func (path, &shorten_rows[i], test_shorten);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (duration_rows); i++)
    {
      g_autofree char *path = g_strdup_printf ("/cli/text/duration/%" G_GSIZE_FORMAT, i);

      g_test_add_data_func (path, &duration_rows[i], test_duration);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_rows ();
  g_test_add_func ("/cli/text/amounts", test_amounts);
  g_test_add_func ("/cli/text/json-member", test_json_member);
  g_test_add_func ("/cli/progress/line", test_progress_line);
  g_test_add_func ("/cli/progress/widths", test_progress_widths);
  g_test_add_func ("/cli/progress/states", test_progress_states);
  return g_test_run ();
}
