/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The application over the fake engine, with two more actions. "tell" (PAIR, TEXT, MILLISECONDS)
 * does what it says by a timer, as the engine does: what is triggered straight from D-Bus has no
 * user time, and would hide faults of the focus. "add" (FILE) takes a pair's ini up. With
 * $PISYNC_TEST_RTL the windows are as in a language that is written from right to left. */
#include "app/app.h"
#include "beat.h"
#include "fake-session.h"
#include "util/words.h"

#include <libintl.h>
#include <locale.h>
#include <stdio.h>

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

static void
on_add (GSimpleAction *action, GVariant *parameter, gpointer app)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PsConfig) config = ps_config_load (g_variant_get_string (parameter, NULL), &error);

  g_assert_no_error (error);
  ps_pairs_add (ps_app_get_pairs (PS_APP (app)), config);
}

static void
on_startup (GApplication *app)
{
  static const GActionEntry entries[]
      = { { .name = "tell", .activate = on_tell, .parameter_type = "(ssu)" },
          { .name = "add", .activate = on_add, .parameter_type = "s" } };

  if (g_getenv ("PISYNC_TEST_RTL") != NULL)
    gtk_widget_set_default_direction (GTK_TEXT_DIR_RTL);
  g_action_map_add_action_entries (G_ACTION_MAP (app), entries, G_N_ELEMENTS (entries), app);
  beat_start ();
}

/* As main() of the application, but from catalogues that are not installed. */
static void
speak (void)
{
  const char *catalogues = g_getenv ("PISYNC_TEST_CATALOGUES");

  if (catalogues == NULL)
    return;
  bindtextdomain ("pisync", catalogues);
  bind_textdomain_codeset ("pisync", "UTF-8");
  textdomain ("pisync");
  ps_words_translate ();
}

int
main (int argc, char **argv)
{
  g_autoptr (PsApp) app = NULL;

  setvbuf (stdout, NULL, _IOLBF, 0);
  setlocale (LC_ALL, "");
  speak ();
  g_set_prgname ("io.github.pisync.PiSync");
  g_set_application_name ("PiSync");
  app = ps_app_new ();
  g_signal_connect_after (app, "startup", G_CALLBACK (on_startup), NULL);
  return g_application_run (G_APPLICATION (app), argc, argv);
}
