/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/open.h"

#include "app/present.h"
#include "app/view.h"

#include <glib/gi18n.h>

typedef struct
{
  char *path;
  GtkWindow *parent; /* weak */
} Wish;

static Wish *
wish_new (const char *path, GtkWindow *parent)
{
  Wish *wish = g_new0 (Wish, 1);

  wish->path = g_strdup (path);
  g_set_weak_pointer (&wish->parent, parent);
  return wish;
}

static void
wish_free (Wish *wish)
{
  g_clear_weak_pointer (&wish->parent);
  g_free (wish->path);
  g_free (wish);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Wish, wish_free)

void
ps_open_say (GtkWindow *parent, const char *title, const char *detail)
{
  GtkWidget *dialog = gtk_message_dialog_new (parent, GTK_DIALOG_DESTROY_WITH_PARENT,
                                              GTK_MESSAGE_ERROR, GTK_BUTTONS_CLOSE, "%s", title);

  gtk_window_set_title (GTK_WINDOW (dialog), "PiSync");
  gtk_message_dialog_format_secondary_text (GTK_MESSAGE_DIALOG (dialog), "%s", detail);
  g_signal_connect (dialog, "response", G_CALLBACK (gtk_widget_destroy), NULL);
  ps_present_now (GTK_WINDOW (dialog));
}

static void
on_launched (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Wish) wish = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *name = NULL;
  g_autofree char *title = NULL;

  if (g_app_info_launch_default_for_uri_finish (result, &error))
    return;
  name = ps_view_path (wish->path);
  /* Translators: %s is a file or folder */
  title = g_strdup_printf (_ ("Could not open %s"), name);
  ps_open_say (wish->parent, title, error->message);
}

void
ps_open_path (const char *path, GtkWindow *parent)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *uri = g_filename_to_uri (path, NULL, &error);
  GdkDisplay *display = gdk_display_get_default ();
  g_autoptr (GdkAppLaunchContext) context = NULL;

  if (uri == NULL)
    {
      ps_open_say (parent, _ ("This file cannot be opened"), error->message);
      return;
    }
  context = gdk_display_get_app_launch_context (display);
  g_app_info_launch_default_for_uri_async (uri, G_APP_LAUNCH_CONTEXT (context), NULL, on_launched,
                                           wish_new (path, parent));
}

static void
on_shown (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Wish) wish = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply
      = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  g_autofree char *folder = g_path_get_dirname (wish->path);

  if (reply == NULL)
    ps_open_path (folder, wish->parent);
}

void
ps_open_show_in_folder (const char *path, GtkWindow *parent)
{
  GDBusConnection *bus = g_application_get_dbus_connection (g_application_get_default ());
  g_autofree char *uri = g_filename_to_uri (path, NULL, NULL);
  const char *uris[] = { uri, NULL };
  g_autofree char *folder = g_path_get_dirname (path);

  if (bus == NULL || uri == NULL)
    {
      ps_open_path (folder, parent);
      return;
    }
  g_dbus_connection_call (bus, "org.freedesktop.FileManager1", "/org/freedesktop/FileManager1",
                          "org.freedesktop.FileManager1", "ShowItems",
                          g_variant_new ("(^ass)", uris, ""), NULL, G_DBUS_CALL_FLAGS_NONE, 10000,
                          NULL, on_shown, wish_new (path, parent));
}
