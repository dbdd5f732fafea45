/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/indicator.h"

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
} PsIndicator;

typedef AppIndicatorClass PsIndicatorClass;

GType ps_indicator_get_type (void);
G_DEFINE_FINAL_TYPE (PsIndicator, ps_indicator, APP_INDICATOR_TYPE)

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

static gboolean
on_waited (gpointer data)
{
  PsIndicator *self = data;

  self->timer = 0;
  if (has_old_tray ())
    self->icon = APP_INDICATOR_CLASS (ps_indicator_parent_class)->fallback ((AppIndicator *)self);
  return G_SOURCE_REMOVE;
}

static void
consider (PsIndicator *self)
{
  if (!self->hosted && self->icon == NULL && self->timer == 0 && has_old_tray ())
    self->timer = g_timeout_add (GRACE_MS, on_waited, self);
}

static void
drop_fallback (PsIndicator *self)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  if (self->icon != NULL)
    APP_INDICATOR_CLASS (ps_indicator_parent_class)
        ->unfallback ((AppIndicator *)self, g_steal_pointer (&self->icon));
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
    consider (self);
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

/* The library need not know of our fallback. */
static GtkStatusIcon *
ps_indicator_fallback (AppIndicator *indicator)
{
  consider ((PsIndicator *)indicator);
  return NULL;
}

static void
ps_indicator_dispose (GObject *object)
{
  PsIndicator *self = (PsIndicator *)object;

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
}

static void
ps_indicator_init (PsIndicator *self)
{
  watch_for_old_trays (self, TRUE);
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
  gboolean connected = FALSE;

  g_return_val_if_fail (IS_APP_INDICATOR (indicator), FALSE);
  g_object_get (indicator, "connected", &connected, NULL);
  return connected || (!((PsIndicator *)indicator)->hosted && has_old_tray ());
}
