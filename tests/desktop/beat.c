/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "beat.h"

#include <stdio.h>

#define BEAT_MS 10
#ifdef __SANITIZE_ADDRESS__
#define STALL_US 500000 /* everything is several times slower */
#else
#define STALL_US 100000
#endif

/* Microseconds for which this thread could have run but other programs had the processor: a busy
 * machine is no fault of the main loop's. */
static gint64
waited_for_processor (void)
{
  g_autofree char *text = NULL;
  guint64 run = 0, waited = 0;

  if (!g_file_get_contents ("/proc/thread-self/schedstat", &text, NULL, NULL)
      || sscanf (text, "%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, &run, &waited) != 2)
    return 0;
  return (gint64)(waited / 1000);
}

static gboolean
on_beat (gpointer unused)
{
  static gint64 last;
  static gint64 longest = 2 * BEAT_MS * 1000;
  gint64 now = g_get_monotonic_time () - waited_for_processor ();

  if (last != 0 && now - last > longest)
    {
      longest = now - last;
      g_print ("%s %" G_GINT64_FORMAT " ms\n", longest > STALL_US ? "stall" : "beat",
               longest / 1000);
    }
  last = now;
  return G_SOURCE_CONTINUE;
}

void
beat_start (void)
{
  g_timeout_add (BEAT_MS, on_beat, NULL);
}
