/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tray icon through libayatana-appindicator. The library registers with the tray host when
 * there is one, and again when the host comes back. */
#include "app/tray.h"

#include "app/indicator.h"
#include "app/tray-click.h"
#include "app/view.h"
#include "build-config.h"

#include <gtk/gtk.h>

struct _PsTray
{
  GObject parent_instance;

  GActionGroup *actions;
  GDBusConnection *bus; /* (nullable) */
  guint click_filter;
  AppIndicator *indicator;
  GtkWidget *menu;    /* owned by the indicator */
  GPtrArray *shown;   /* (element-type PsTrayItem) what the menu was made from */
  GPtrArray *widgets; /* (element-type GtkWidget) one an item, borrowed from the menu */
  PsStatusKind kind;
  char *description;
};

G_DEFINE_FINAL_TYPE (PsTray, ps_tray, G_TYPE_OBJECT)

static guint visible_changed_signal;

static void
on_shown_changed (PsTray *self)
{
  g_signal_emit (self, visible_changed_signal, 0);
}

static void
ps_tray_dispose (GObject *object)
{
  PsTray *self = PS_TRAY (object);

  if (self->indicator != NULL)
    g_signal_handlers_disconnect_by_data (self->indicator, self);
  g_clear_object (&self->indicator);
  if (self->click_filter != 0)
    g_dbus_connection_remove_filter (self->bus, self->click_filter);
  self->click_filter = 0;
  g_clear_object (&self->bus);
  g_clear_object (&self->actions);
  G_OBJECT_CLASS (ps_tray_parent_class)->dispose (object);
}

static void
ps_tray_finalize (GObject *object)
{
  PsTray *self = PS_TRAY (object);

  g_clear_pointer (&self->shown, g_ptr_array_unref);
  g_ptr_array_unref (self->widgets);
  g_free (self->description);
  G_OBJECT_CLASS (ps_tray_parent_class)->finalize (object);
}

static void
ps_tray_class_init (PsTrayClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = ps_tray_dispose;
  G_OBJECT_CLASS (klass)->finalize = ps_tray_finalize;
  visible_changed_signal = g_signal_new ("visible-changed", PS_TYPE_TRAY, G_SIGNAL_RUN_LAST, 0,
                                         NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
ps_tray_init (PsTray *self)
{
  self->widgets = g_ptr_array_new ();
  self->kind = PS_STATUS_IDLE;
}

/* The host looks the icon up, not we: where we are installed outside of its folders (or not
 * installed at all: PISYNC_DATADIR) it is told where to look, else nothing, so that themes can
 * bring icons of their own. */
static void
set_theme_path (PsTray *self)
{
  const char *const *dirs = g_get_system_data_dirs ();
  const char *own = g_getenv ("PISYNC_DATADIR");
  g_autofree char *icons = g_build_filename (own != NULL ? own : PS_DATADIR, "icons", NULL);

  for (gsize i = 0; dirs[i] != NULL; i++)
    {
      g_autofree char *known = g_build_filename (dirs[i], "icons", NULL);

      if (g_str_equal (known, icons))
        return;
    }
  if (g_file_test (icons, G_FILE_TEST_IS_DIR))
    app_indicator_set_icon_theme_path (self->indicator, icons);
}

/* GNOME's panel is dark and has one colour; elsewhere the colour tells more. */
static char *
icon_name (PsStatusKind kind)
{
  const char *desktop = g_getenv ("XDG_CURRENT_DESKTOP");
  gboolean plain = desktop != NULL && strstr (desktop, "GNOME") != NULL;

  return g_strconcat (ps_view_icon (kind), plain ? "-symbolic" : NULL, NULL);
}

/* The library uses the connection that the application has. */
static void
watch_clicks (PsTray *self)
{
  GApplication *application = g_application_get_default ();
  GDBusConnection *bus = g_application_get_dbus_connection (application);

  g_set_object (&self->bus, bus);
  self->click_filter = ps_tray_click_watch (bus, self->actions);
}

PsTray *
ps_tray_new (GActionGroup *actions)
{
  PsTray *self = g_object_new (PS_TYPE_TRAY, NULL);
  g_autofree char *icon = icon_name (self->kind);

  self->actions = g_object_ref (actions);
  watch_clicks (self);
  self->indicator = ps_indicator_new (icon);
  set_theme_path (self);
  app_indicator_set_title (self->indicator, "PiSync");
  g_signal_connect_swapped (self->indicator, "shown-changed", G_CALLBACK (on_shown_changed), self);
  return self;
}

void
ps_tray_set_state (PsTray *self, PsStatusKind kind, const char *description)
{
  g_autofree char *icon = NULL;

  g_return_if_fail (PS_IS_TRAY (self));
  if (kind == self->kind && g_strcmp0 (description, self->description) == 0)
    return;
  icon = icon_name (kind);
  self->kind = kind;
  g_free (self->description);
  self->description = g_strdup (description);
  app_indicator_set_icon_full (self->indicator, icon, description);
  app_indicator_set_attention_icon_full (self->indicator, icon, description);
  app_indicator_set_status (self->indicator, kind == PS_STATUS_ATTENTION
                                                 ? APP_INDICATOR_STATUS_ATTENTION
                                                 : APP_INDICATOR_STATUS_ACTIVE);
}

static void
on_activate (GtkMenuItem *widget, PsTray *self)
{
  guint position;
  const PsTrayItem *item;
  g_autofree char *name = NULL;
  g_autoptr (GVariant) target = NULL;
  g_autoptr (GError) error = NULL;

  if (!g_ptr_array_find (self->widgets, widget, &position))
    return;
  item = self->shown->pdata[position];
  if (!g_action_parse_detailed_name (item->action, &name, &target, &error))
    g_critical ("%s: %s", item->action, error->message);
  else
    g_action_group_activate_action (self->actions, name, target);
}

static gboolean
has_action (PsTray *self, const char *detailed)
{
  g_autofree char *name = g_strndup (detailed, strcspn (detailed, "(:"));

  return g_action_group_has_action (self->actions, name);
}

static gboolean
item_is_visible (PsTray *self, const PsTrayItem *item)
{
  return !item->is_hidden && (item->kind != PS_TRAY_ACTION || has_action (self, item->action));
}

static GtkWidget *
make_widget (PsTray *self, const PsTrayItem *item)
{
  GtkWidget *widget;

  switch (item->kind)
    {
    case PS_TRAY_SEPARATOR:
      widget = gtk_separator_menu_item_new ();
      break;
    case PS_TRAY_TEXT:
      /* With a mnemonic too: a label changed later would lose its underscores on the way. */
      widget = gtk_menu_item_new_with_mnemonic (item->label);
      gtk_widget_set_sensitive (widget, FALSE);
      break;
    case PS_TRAY_ACTION:
    default:
      widget = gtk_menu_item_new_with_mnemonic (item->label);
      g_signal_connect_object (widget, "activate", G_CALLBACK (on_activate), self, 0);
      break;
    }
  gtk_widget_set_visible (widget, item_is_visible (self, item));
  return widget;
}

static void
rebuild (PsTray *self)
{
  self->menu = gtk_menu_new ();
  g_ptr_array_set_size (self->widgets, 0);
  for (guint i = 0; i < self->shown->len; i++)
    {
      GtkWidget *widget = make_widget (self, self->shown->pdata[i]);

      gtk_menu_shell_append (GTK_MENU_SHELL (self->menu), widget);
      g_ptr_array_add (self->widgets, widget);
    }
  app_indicator_set_menu (self->indicator, GTK_MENU (self->menu));
}

static void
update_widgets (PsTray *self, GPtrArray *old)
{
  for (guint i = 0; i < self->shown->len; i++)
    {
      const PsTrayItem *before = old->pdata[i];
      const PsTrayItem *item = self->shown->pdata[i];

      if (g_strcmp0 (before->label, item->label) != 0)
        gtk_menu_item_set_label (self->widgets->pdata[i], item->label);
      gtk_widget_set_visible (self->widgets->pdata[i], item_is_visible (self, item));
    }
}

void
ps_tray_take_menu (PsTray *self, GPtrArray *menu)
{
  g_autoptr (GPtrArray) old = self->shown;

  g_return_if_fail (PS_IS_TRAY (self));
  self->shown = menu;
  if (ps_tray_menu_same_shape (old, menu))
    update_widgets (self, old);
  else
    rebuild (self);
  if (old == NULL)
    app_indicator_set_status (self->indicator, APP_INDICATOR_STATUS_ACTIVE);
}

gboolean
ps_tray_is_visible (PsTray *self)
{
  g_return_val_if_fail (PS_IS_TRAY (self), FALSE);
  return ps_indicator_is_shown (self->indicator);
}
