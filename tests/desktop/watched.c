/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The real program with a watch on its main loop. */
#include "app/app.h"
#include "beat.h"

#include <locale.h>
#include <stdio.h>

int
main (int argc, char **argv)
{
  g_autoptr (PsApp) app = NULL;

  setvbuf (stdout, NULL, _IOLBF, 0);
  setlocale (LC_ALL, "");
  g_set_prgname ("io.github.pisync.PiSync");
  g_set_application_name ("PiSync");
  app = ps_app_new ();
  g_signal_connect_after (app, "startup", G_CALLBACK (beat_start), NULL);
  return g_application_run (G_APPLICATION (app), argc, argv);
}
