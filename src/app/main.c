/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/app.h"
#include "build-config.h"
#include "util/autofd.h"
#include "util/words.h"

#include <libintl.h>
#include <locale.h>

int
main (int argc, char **argv)
{
  g_autoptr (PsApp) app = NULL;

  ps_raise_file_limit ();
  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, PS_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  ps_words_translate ();
  g_set_prgname (PS_APP_ID);
  g_set_application_name ("PiSync");

  app = ps_app_new ();
  return g_application_run (G_APPLICATION (app), argc, argv);
}
