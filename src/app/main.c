/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/app.h"
#include "build-config.h"

#include <glib/gi18n.h>
#include <locale.h>

int
main (int argc, char **argv)
{
  g_autoptr (PsApp) app = NULL;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, PS_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  g_set_prgname (PS_APP_ID);
  g_set_application_name ("PiSync");

  app = ps_app_new ();
  return g_application_run (G_APPLICATION (app), argc, argv);
}
