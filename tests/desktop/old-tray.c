/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A tray of the old kind (XEmbed) and nothing else: prints "tray" when it is one, "embedded" for
 * every icon that it embeds, and "gone" for every one that leaves. */
#include <gtk/gtk.h>
#include <gtk/gtkx.h>
#include <stdio.h>

#define REQUEST_DOCK 0

static GtkWidget *box;

static gboolean
on_removed (GtkSocket *socket, gpointer unused)
{
  g_print ("gone\n");
  return FALSE;
}

static void
on_added (GtkSocket *socket, gpointer unused)
{
  g_print ("embedded\n");
}

static GdkFilterReturn
on_event (GdkXEvent *event, GdkEvent *unused, gpointer opcode)
{
  XEvent *x = event;
  GtkWidget *socket;

  if (x->type != ClientMessage || x->xclient.message_type != gdk_x11_atom_to_xatom (opcode)
      || x->xclient.data.l[1] != REQUEST_DOCK)
    return GDK_FILTER_CONTINUE;
  socket = gtk_socket_new ();
  g_signal_connect (socket, "plug-added", G_CALLBACK (on_added), NULL);
  g_signal_connect (socket, "plug-removed", G_CALLBACK (on_removed), NULL);
  gtk_container_add (GTK_CONTAINER (box), socket);
  gtk_widget_show (socket);
  gtk_socket_add_id (GTK_SOCKET (socket), (Window)x->xclient.data.l[2]);
  return GDK_FILTER_REMOVE;
}

static void
announce (Display *display, Atom selection, Window owner)
{
  XClientMessageEvent message = { .type = ClientMessage,
                                  .window = DefaultRootWindow (display),
                                  .message_type = XInternAtom (display, "MANAGER", False),
                                  .format = 32,
                                  .data = { .l = { CurrentTime, (long)selection, (long)owner } } };

  XSendEvent (display, message.window, False, StructureNotifyMask, (XEvent *)&message);
  XSync (display, False);
}

int
main (int argc, char **argv)
{
  GdkAtom opcode;
  Display *display;
  GtkWidget *window;
  Atom selection;
  Window owner;

  setvbuf (stdout, NULL, _IOLBF, 0);
  gtk_init (&argc, &argv);
  opcode = gdk_atom_intern_static_string ("_NET_SYSTEM_TRAY_OPCODE");
  window = gtk_window_new (GTK_WINDOW_TOPLEVEL);
  box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 0);
  gtk_container_add (GTK_CONTAINER (window), box);
  gtk_window_set_default_size (GTK_WINDOW (window), 200, 40);
  gtk_widget_show_all (window);
  display = gdk_x11_get_default_xdisplay ();
  selection = XInternAtom (display, "_NET_SYSTEM_TRAY_S0", False);
  owner = gdk_x11_window_get_xid (gtk_widget_get_window (window));
  XSetSelectionOwner (display, selection, owner, CurrentTime);
  gdk_window_add_filter (gtk_widget_get_window (window), on_event, opcode);
  announce (display, selection, owner);
  g_print ("tray\n");
  gtk_main ();
  return 0;
}
