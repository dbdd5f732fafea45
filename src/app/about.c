/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/about.h"

#include "app/present.h"
#include "build-config.h"

#include <glib/gi18n.h>

void
ps_about_show (GtkWindow *parent)
{
  static GtkWidget *dialog; /* at most one; NULL again when closed */
  const char *authors[] = { "The PiSync contributors", NULL };

  if (dialog == NULL)
    {
      dialog
          = g_object_new (GTK_TYPE_ABOUT_DIALOG, "program-name", "PiSync", "version", PS_VERSION,
                          "logo-icon-name", PS_APP_ID, "icon-name", PS_APP_ID, "comments",
                          _ ("Keeps a folder the same as a folder on your Raspberry Pi, over SFTP"),
                          "license-type", GTK_LICENSE_GPL_3_0, "authors", authors,
                          /* Translators: put your names here, one a line */
                          "translator-credits", _ ("translator-credits"), NULL);
      g_signal_connect (dialog, "response", G_CALLBACK (gtk_widget_destroy), NULL);
      g_signal_connect (dialog, "destroy", G_CALLBACK (gtk_widget_destroyed), &dialog);
    }
  if (parent != NULL)
    gtk_window_set_transient_for (GTK_WINDOW (dialog), parent);
  ps_present_now (GTK_WINDOW (dialog));
}
