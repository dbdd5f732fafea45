/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The "other application" of the focus tests: a window with an entry, which prints what it is given
 * ("text TEXT") and whether it has the keyboard ("focus in", "focus out"). */
#include <gtk/gtk.h>
#include <stdio.h>

static void
on_changed (GtkEditable *entry, gpointer unused)
{
  g_print ("text %s\n", gtk_entry_get_text (GTK_ENTRY (entry)));
}

static void
on_active (GObject *window, GParamSpec *pspec, gpointer unused)
{
  g_print ("focus %s\n", gtk_window_is_active (GTK_WINDOW (window)) ? "in" : "out");
}

int
main (int argc, char **argv)
{
  GtkWidget *window;
  GtkWidget *entry;

  setvbuf (stdout, NULL, _IOLBF, 0);
  g_set_prgname ("other-window");
  gtk_init (&argc, &argv);
  window = gtk_window_new (GTK_WINDOW_TOPLEVEL);
  gtk_window_set_title (GTK_WINDOW (window), argc > 1 ? argv[1] : "Other Window");
  gtk_window_set_default_size (GTK_WINDOW (window), 500, 300);
  entry = gtk_entry_new ();
  gtk_widget_set_valign (entry, GTK_ALIGN_START);
  gtk_container_add (GTK_CONTAINER (window), entry);
  g_signal_connect (entry, "changed", G_CALLBACK (on_changed), NULL);
  g_signal_connect (window, "notify::is-active", G_CALLBACK (on_active), NULL);
  g_signal_connect (window, "destroy", G_CALLBACK (gtk_main_quit), NULL);
  gtk_widget_show_all (window);
  gtk_main ();
  return 0;
}
