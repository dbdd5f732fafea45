/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/indicator.h"

#include "app/status-icon.h"

#ifdef GDK_WINDOWING_X11
#include <gdk/gdkx.h>
#endif

#define GRACE_MS 1500

typedef struct
{
  AppIndicator parent_instance;

  gboolean hosted;     /* at least once; then there is no fallback any more */
  GtkStatusIcon *icon; /* (nullable) the fallback */
  guint timer;
  guint fallen_id; /* an idle that lets go of an icon that fell out of its tray */
  gboolean disposed;
} PsIndicator;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsIndicator, g_object_unref)

typedef AppIndicatorClass PsIndicatorClass;

static guint shown_changed_signal;

GType ps_indicator_get_type (void);
G_DEFINE_FINAL_TYPE (PsIndicator, ps_indicator, APP_INDICATOR_TYPE)

static void consider (PsIndicator *self);

#ifdef GDK_WINDOWING_X11
static Atom
tray_selection (Display *display)
{
  g_autofree char *name = g_strdup_printf ("_NET_SYSTEM_TRAY_S%d", gdk_x11_get_default_screen ());

  return XInternAtom (display, name, False);
}
#endif

/* Whether something embeds old-style icons on this screen. */
static gboolean
has_old_tray (void)
{
#ifdef GDK_WINDOWING_X11
  GdkDisplay *display = gdk_display_get_default ();

  if (GDK_IS_X11_DISPLAY (display))
    {
      Display *x = gdk_x11_display_get_xdisplay (display);

      return XGetSelectionOwner (x, tray_selection (x)) != None;
    }
#endif
  return FALSE;
}

static void
tell_shown (PsIndicator *self)
{
  g_signal_emit (self, shown_changed_signal, 0);
}

static gboolean
is_embedded (PsIndicator *self)
{
  gboolean embedded = FALSE;

  if (self->icon != NULL)
    g_object_get (self->icon, "embedded", &embedded, NULL);
  return embedded;
}

static void
drop_fallback (PsIndicator *self)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  g_clear_handle_id (&self->fallen_id, g_source_remove);
  if (self->icon != NULL)
    g_signal_handlers_disconnect_by_data (self->icon, self);
  g_clear_object (&self->icon);
}

static gboolean
on_fallen (gpointer data)
{
  PsIndicator *self = data;

  self->fallen_id = 0;
  drop_fallback (self);
  consider (self);
  tell_shown (self);
  return G_SOURCE_REMOVE;
}

/* A tray of that kind says nothing when it goes, but the icon falls out of it. The same icon in
 * another tray would make GTK count wrong, and complain. */
static void
on_embedded_changed (PsIndicator *self)
{
  if (is_embedded (self))
    tell_shown (self);
  else if (self->fallen_id == 0)
    self->fallen_id = g_idle_add (on_fallen, self);
}

static void
make_fallback (PsIndicator *self)
{
  if (self->icon == NULL && has_old_tray ())
    {
      self->icon = ps_status_icon_new ((AppIndicator *)self);
      g_signal_connect_object (self->icon, "notify::embedded", G_CALLBACK (on_embedded_changed),
                               self, G_CONNECT_SWAPPED);
    }
  tell_shown (self);
}

/* Where a host of today's icons is about to be used, and only slow, the fallback waits on. */
static void
on_host_known (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PsIndicator) self = data;
  g_autoptr (GVariant) reply
      = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, NULL);
  gboolean there = FALSE;

  if (reply != NULL)
    g_variant_get (reply, "(b)", &there);
  if (self->disposed || self->hosted)
    return;
  if (there)
    consider (self);
  else
    make_fallback (self);
}

static gboolean
on_waited (gpointer data)
{
  PsIndicator *self = data;
  GDBusConnection *bus = g_application_get_dbus_connection (g_application_get_default ());

  self->timer = 0;
  if (bus == NULL)
    make_fallback (self);
  else
    g_dbus_connection_call (bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                            "org.freedesktop.DBus", "NameHasOwner",
                            g_variant_new ("(s)", "org.kde.StatusNotifierWatcher"),
                            G_VARIANT_TYPE ("(b)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, on_host_known,
                            g_object_ref (self));
  return G_SOURCE_REMOVE;
}

static void
consider (PsIndicator *self)
{
  if (!self->hosted && self->icon == NULL && self->timer == 0 && has_old_tray ())
    self->timer = g_timeout_add (GRACE_MS, on_waited, self);
}

#ifdef GDK_WINDOWING_X11
/* A tray that starts announces itself to all. */
static GdkFilterReturn
on_root_event (GdkXEvent *event, GdkEvent *unused, gpointer self)
{
  XEvent *x = event;

  if (x->type == ClientMessage
      && x->xclient.message_type == XInternAtom (x->xany.display, "MANAGER", False)
      && (Atom)x->xclient.data.l[1] == tray_selection (x->xany.display))
    {
      drop_fallback (self); /* of a tray that went before the icon was in it */
      consider (self);
      tell_shown (self);
    }
  return GDK_FILTER_CONTINUE;
}
#endif

static void
watch_for_old_trays (PsIndicator *self, gboolean on)
{
#ifdef GDK_WINDOWING_X11
  if (!GDK_IS_X11_DISPLAY (gdk_display_get_default ()))
    return;
  if (on)
    gdk_window_add_filter (gdk_get_default_root_window (), on_root_event, self);
  else
    gdk_window_remove_filter (gdk_get_default_root_window (), on_root_event, self);
#endif
}

static void
ps_indicator_connection_changed (AppIndicator *indicator, gboolean connected, gpointer unused)
{
  PsIndicator *self = (PsIndicator *)indicator;

  if (!connected)
    return;
  self->hosted = TRUE;
  drop_fallback (self);
}

/* After the icon has heard of it. */
static void
on_connection_changed (PsIndicator *self)
{
  tell_shown (self);
}

/* The library need not know of our fallback. */
static GtkStatusIcon *
ps_indicator_fallback (AppIndicator *indicator)
{
  consider ((PsIndicator *)indicator);
  /* A tray that was there a moment ago may have gone. */
  tell_shown ((PsIndicator *)indicator);
  return NULL;
}

static void
ps_indicator_dispose (GObject *object)
{
  PsIndicator *self = (PsIndicator *)object;

  self->disposed = TRUE;
  watch_for_old_trays (self, FALSE);
  drop_fallback (self);
  G_OBJECT_CLASS (ps_indicator_parent_class)->dispose (object);
}

static void
ps_indicator_class_init (PsIndicatorClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = ps_indicator_dispose;
  APP_INDICATOR_CLASS (klass)->connection_changed = ps_indicator_connection_changed;
  APP_INDICATOR_CLASS (klass)->fallback = ps_indicator_fallback;
  shown_changed_signal = g_signal_new ("shown-changed", ps_indicator_get_type (), G_SIGNAL_RUN_LAST,
                                       0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
ps_indicator_init (PsIndicator *self)
{
  watch_for_old_trays (self, TRUE);
  g_signal_connect (self, "connection-changed", G_CALLBACK (on_connection_changed), NULL);
}

AppIndicator *
ps_indicator_new (const char *icon)
{
  return g_object_new (ps_indicator_get_type (), "id", "pisync", "category", "ApplicationStatus",
                       "icon-name", icon, NULL);
}

gboolean
ps_indicator_is_shown (AppIndicator *indicator)
{
  PsIndicator *self = (PsIndicator *)indicator;
  gboolean connected = FALSE;

  g_return_val_if_fail (IS_APP_INDICATOR (indicator), FALSE);
  g_object_get (indicator, "connected", &connected, NULL);
  if (connected || self->icon == NULL)
    return connected || (!self->hosted && has_old_tray ());
  return is_embedded (self);
}
