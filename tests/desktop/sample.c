/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The application over the fake engine. Its one more action, "tell" (PAIR, TEXT, MILLISECONDS),
 * does what it says by a timer, as the engine does: what is triggered straight from D-Bus has no
 * user time, and would hide faults of the focus. Prints how long the main loop ever stood still. */
#include "app/app.h"
#include "fake-session.h"

#include <locale.h>
#include <stdio.h>

#define BEAT_MS 10
#ifdef __SANITIZE_ADDRESS__
#define STALL_US 500000 /* everything is several times slower */
#else
#define STALL_US 100000
#endif

typedef struct
{
  char *pair;
  char *text;
} Telling;

static gboolean
on_due (gpointer data)
{
  Telling *telling = data;

  fake_session_tell (telling->pair, telling->text);
  g_print ("told %s\n", telling->pair);
  g_free (telling->pair);
  g_free (telling->text);
  g_free (telling);
  return G_SOURCE_REMOVE;
}

static void
on_tell (GSimpleAction *action, GVariant *parameter, gpointer unused)
{
  Telling *telling = g_new0 (Telling, 1);
  guint32 milliseconds;

  g_variant_get (parameter, "(ssu)", &telling->pair, &telling->text, &milliseconds);
  g_timeout_add (milliseconds, on_due, telling);
}

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
  static gint64 longest = STALL_US;
  gint64 now = g_get_monotonic_time () - waited_for_processor ();

  if (last != 0 && now - last > longest)
    {
      longest = now - last;
      g_print ("stall %" G_GINT64_FORMAT " ms\n", longest / 1000);
    }
  last = now;
  return G_SOURCE_CONTINUE;
}

static void
on_startup (GApplication *app)
{
  static const GActionEntry entries[]
      = { { .name = "tell", .activate = on_tell, .parameter_type = "(ssu)" } };

  g_action_map_add_action_entries (G_ACTION_MAP (app), entries, G_N_ELEMENTS (entries), app);
  g_timeout_add (BEAT_MS, on_beat, NULL);
}

int
main (int argc, char **argv)
{
  g_autoptr (PsApp) app = NULL;

  setvbuf (stdout, NULL, _IOLBF, 0);
  setlocale (LC_ALL, "");
  g_set_prgname ("io.github.pisync.PiSync");
  g_set_application_name ("PiSync");
  app = ps_app_new ();
  g_signal_connect_after (app, "startup", G_CALLBACK (on_startup), NULL);
  return g_application_run (G_APPLICATION (app), argc, argv);
}
