/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/preferences-window.h"

#include "app/autostart.h"
#include "app/preferences-ignore.h"
#include "app/setup-check.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>

/* The widgets that stand for one key of the ini each. */
enum
{
  HOST,
  PORT,
  USER,
  CONFLICT,
  THROTTLING,
  FULL_SCAN,
  UPLOAD,
  DOWNLOAD,
  VERSIONS,
  METERED,
  N_KEYS
};

static const struct
{
  const char *id; /* of the widget */
  const char *group, *key;
  char *(*check) (const char *text); /* (nullable) entries */
} keys[N_KEYS] = {
  [HOST] = { "host_entry", "HOST", "host", ps_setup_check_host },
  [PORT] = { "port_entry", "HOST", "port", ps_setup_check_port },
  [USER] = { "user_entry", "AUTH", "user", ps_setup_check_user },
  [CONFLICT] = { "conflict_combo", "SYNC", "conflict", NULL },
  [THROTTLING] = { "throttling_spin", "LOCAL CONFIG", "throttling", NULL },
  [FULL_SCAN] = { "full_scan_spin", "SYNC", "full_scan_minutes", NULL },
  [UPLOAD] = { "upload_spin", "SYNC", "upload_limit", NULL },
  [DOWNLOAD] = { "download_spin", "SYNC", "download_limit", NULL },
  [VERSIONS] = { "versions_spin", "SYNC", "keep_versions_days", NULL },
  [METERED] = { "metered_check", "SYNC", "pause_on_metered", NULL },
};

static const struct
{
  const char *id, *key;
} notes[] = {
  { "note_conflict_check", PS_SETTINGS_NOTIFY_CONFLICT },
  { "note_held_check", PS_SETTINGS_NOTIFY_HELD },
  { "note_problem_check", PS_SETTINGS_NOTIFY_PROBLEM },
  { "note_sign_in_check", PS_SETTINGS_NOTIFY_SIGN_IN },
};

struct _PsPreferencesWindow
{
  GtkWindow parent_instance;

  PsPairs *pairs;
  PsSettings *settings;
  PsPair *pair; /* (nullable) the one that is shown */
  gboolean filling;

  GtkComboBoxText *pair_combo;
  GtkWidget *remove_button;
  GtkWidget *pair_box;
  GtkWidget *no_pair_label;
  GtkLabel *where_label;
  PsPreferencesIgnore *ignore_box;
  GtkToggleButton *autostart_check;
  GtkInfoBar *message_bar;
  GtkLabel *message_label;
};

G_DEFINE_FINAL_TYPE (PsPreferencesWindow, ps_preferences_window, GTK_TYPE_WINDOW)

static GObject *
child (PsPreferencesWindow *self, const char *id)
{
  return gtk_widget_get_template_child (GTK_WIDGET (self), PS_TYPE_PREFERENCES_WINDOW, id);
}

static void
say (PsPreferencesWindow *self, const char *message)
{
  gtk_label_set_label (self->message_label, message != NULL ? message : "");
  gtk_widget_set_visible (GTK_WIDGET (self->message_bar), message != NULL);
}

/* From the configuration to the widgets. */

static void
show_key (GObject *widget, const PsConfig *config, guint key)
{
  const guint numbers[N_KEYS] = { [THROTTLING] = config->throttling,
                                  [FULL_SCAN] = config->full_scan_minutes,
                                  [UPLOAD] = config->upload_limit,
                                  [DOWNLOAD] = config->download_limit,
                                  [VERSIONS] = config->keep_versions_days };
  g_autofree char *port = config->port > 0 ? g_strdup_printf ("%u", config->port) : g_strdup ("");
  const char *texts[N_KEYS] = { [HOST] = config->host, [PORT] = port, [USER] = config->user };

  if (GTK_IS_SPIN_BUTTON (widget))
    gtk_spin_button_set_value (GTK_SPIN_BUTTON (widget), numbers[key]);
  else if (GTK_IS_ENTRY (widget))
    gtk_entry_set_text (GTK_ENTRY (widget), texts[key] != NULL ? texts[key] : "");
  else if (GTK_IS_COMBO_BOX (widget))
    gtk_combo_box_set_active (GTK_COMBO_BOX (widget), (int)config->conflict);
  else
    gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (widget), config->pause_on_metered);
}

static void
show_pair (PsPreferencesWindow *self)
{
  const PsConfig *config = self->pair != NULL ? ps_pair_get_config (self->pair) : NULL;
  g_autofree char *where = NULL;

  gtk_widget_set_visible (self->pair_box, config != NULL);
  gtk_widget_set_visible (self->no_pair_label, config == NULL);
  gtk_widget_set_sensitive (self->remove_button, config != NULL);
  ps_preferences_ignore_set_folder (self->ignore_box, config != NULL ? config->local_base : NULL);
  say (self, NULL);
  if (config == NULL)
    return;
  self->filling = TRUE;
  for (guint i = 0; i < N_KEYS; i++)
    show_key (child (self, keys[i].id), config, i);
  /* Translators: folder on this computer, host name, folder there */
  where
      = g_strdup_printf (_ ("%s and %s:%s"), config->local_base, config->host, config->remote_base);
  gtk_label_set_label (self->where_label, where);
  self->filling = FALSE;
}

static void
show_general (PsPreferencesWindow *self)
{
  self->filling = TRUE;
  gtk_toggle_button_set_active (self->autostart_check, ps_autostart_get ());
  for (guint i = 0; i < G_N_ELEMENTS (notes); i++)
    gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (child (self, notes[i].id)),
                                  ps_settings_get (self->settings, notes[i].key));
  self->filling = FALSE;
}

/* From the widgets to the configuration. */

static char *
dup_value (GObject *widget)
{
  if (GTK_IS_SPIN_BUTTON (widget))
    return g_strdup_printf ("%d", gtk_spin_button_get_value_as_int (GTK_SPIN_BUTTON (widget)));
  if (GTK_IS_ENTRY (widget))
    return g_strdup (gtk_entry_get_text (GTK_ENTRY (widget)));
  if (GTK_IS_COMBO_BOX (widget))
    return g_strdup (gtk_combo_box_get_active_id (GTK_COMBO_BOX (widget)));
  return g_strdup (gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (widget)) ? "yes" : "no");
}

static void
apply (PsPreferencesWindow *self, guint key)
{
  const PsConfig *before = ps_pair_get_config (self->pair);
  g_autoptr (PsConfig) config = ps_config_copy (before);
  g_autofree char *value = dup_value (child (self, keys[key].id));
  g_autofree char *wrong = keys[key].check != NULL ? keys[key].check (value) : NULL;
  g_autoptr (GError) error = NULL;

  say (self, wrong);
  if (wrong != NULL || !ps_setup_set (config, keys[key].group, keys[key].key, value)
      || (ps_config_same_run (before, config) && before->throttling == config->throttling
          && before->pause_on_metered == config->pause_on_metered))
    return;
  if (ps_config_save (config, &error))
    ps_pair_set_config (self->pair, config);
  else
    say (self, error->message);
}

static void
on_key_changed (PsPreferencesWindow *self, GObject *widget)
{
  if (self->filling || self->pair == NULL)
    return;
  for (guint i = 0; i < N_KEYS; i++)
    if (child (self, keys[i].id) == widget)
      apply (self, i);
}

/* An entry is taken when it is left or Enter is pressed: half a host name is none. */
static gboolean
on_entry_left (GtkWidget *widget, GdkEvent *event, PsPreferencesWindow *self)
{
  on_key_changed (self, G_OBJECT (widget));
  return GDK_EVENT_PROPAGATE;
}

static void
on_note_toggled (PsPreferencesWindow *self, GObject *widget)
{
  g_autoptr (GError) error = NULL;

  if (self->filling)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (notes) && error == NULL; i++)
    if (child (self, notes[i].id) == widget)
      ps_settings_set (self->settings, notes[i].key,
                       gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (widget)), &error);
  say (self, error != NULL ? error->message : NULL);
}

static void
on_autostart_toggled (PsPreferencesWindow *self)
{
  g_autoptr (GError) error = NULL;

  if (self->filling)
    return;
  say (self, ps_autostart_set (gtk_toggle_button_get_active (self->autostart_check), &error)
                 ? NULL
                 : error->message);
}

/* Which pair. */

static void
on_pair_changed (PsPreferencesWindow *self)
{
  const char *name = gtk_combo_box_get_active_id (GTK_COMBO_BOX (self->pair_combo));
  PsPair *pair;

  if (self->filling)
    return;
  pair = name != NULL ? ps_pairs_find (self->pairs, name) : NULL;
  g_set_object (&self->pair, pair);
  show_pair (self);
}

static void
fill_pairs (PsPreferencesWindow *self)
{
  g_autofree char *shown = self->pair != NULL ? g_strdup (ps_pair_get_name (self->pair)) : NULL;

  self->filling = TRUE;
  gtk_combo_box_text_remove_all (self->pair_combo);
  for (guint i = 0; i < ps_pairs_get_n (self->pairs); i++)
    {
      PsPair *pair = ps_pairs_get (self->pairs, i);

      gtk_combo_box_text_append (self->pair_combo, ps_pair_get_name (pair),
                                 ps_pair_get_title (pair));
    }
  if (shown == NULL || !gtk_combo_box_set_active_id (GTK_COMBO_BOX (self->pair_combo), shown))
    gtk_combo_box_set_active (GTK_COMBO_BOX (self->pair_combo), 0);
  gtk_widget_set_sensitive (GTK_WIDGET (self->pair_combo), ps_pairs_get_n (self->pairs) > 0);
  self->filling = FALSE;
  on_pair_changed (self);
}

/* What was known of the pair is put aside, so that a later one of the same name begins with
 * nothing: taken for that one's, it would look as if files had been deleted. */
static void
put_state_aside (const PsConfig *config)
{
  g_autofree char *state = ps_config_state_dir (config);
  g_autofree char *aside
      = g_strdup_printf ("%s.removed-%" G_GINT64_FORMAT, state, g_get_real_time ());

  if (g_rename (state, aside) != 0 && errno != ENOENT)
    g_message ("%s could not be renamed: %s", state, g_strerror (errno));
}

static void
remove_pair (PsPreferencesWindow *self, PsPair *pair)
{
  g_autoptr (PsConfig) config = ps_config_copy (ps_pair_get_config (pair));

  if (g_unlink (config->file) != 0 && errno != ENOENT)
    {
      say (self, g_strerror (errno));
      return;
    }
  ps_preferences_ignore_set_folder (self->ignore_box, NULL);
  ps_pairs_remove (self->pairs, pair);
  put_state_aside (config);
}

static void
on_remove_response (GtkDialog *dialog, int response, PsPreferencesWindow *self)
{
  g_autoptr (PsPair) pair = self->pair != NULL ? g_object_ref (self->pair) : NULL;

  if (response == GTK_RESPONSE_OK && pair != NULL
      && ps_pairs_find (self->pairs, ps_pair_get_name (pair)) == pair)
    remove_pair (self, pair);
  gtk_widget_destroy (GTK_WIDGET (dialog));
}

static void
on_remove (PsPreferencesWindow *self)
{
  GtkWidget *dialog = gtk_message_dialog_new (
      GTK_WINDOW (self), GTK_DIALOG_MODAL | GTK_DIALOG_DESTROY_WITH_PARENT, GTK_MESSAGE_QUESTION,
      GTK_BUTTONS_NONE,
      /* Translators: %s is the name of a folder */
      _ ("Stop syncing “%s”?"), ps_pair_get_title (self->pair));

  gtk_window_set_title (GTK_WINDOW (dialog), _ ("Remove Folder Pair"));
  gtk_message_dialog_format_secondary_text (
      GTK_MESSAGE_DIALOG (dialog), "%s",
      _ ("No file is deleted, neither on this computer nor on the server. PiSync only no longer "
         "keeps them the same."));
  gtk_dialog_add_buttons (GTK_DIALOG (dialog), _ ("_Cancel"), GTK_RESPONSE_CANCEL, _ ("_Remove"),
                          GTK_RESPONSE_OK, NULL);
  gtk_dialog_set_default_response (GTK_DIALOG (dialog), GTK_RESPONSE_CANCEL);
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_remove_response), self, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

static gboolean
on_key_press (GtkWidget *widget, GdkEventKey *event)
{
  if (event->keyval != GDK_KEY_Escape)
    return GDK_EVENT_PROPAGATE;
  gtk_window_close (GTK_WINDOW (widget));
  return GDK_EVENT_STOP;
}

static void
ps_preferences_window_dispose (GObject *object)
{
  PsPreferencesWindow *self = PS_PREFERENCES_WINDOW (object);

  if (self->pairs != NULL)
    g_signal_handlers_disconnect_by_data (self->pairs, self);
  g_clear_object (&self->pair);
  g_clear_object (&self->pairs);
  g_clear_object (&self->settings);
  G_OBJECT_CLASS (ps_preferences_window_parent_class)->dispose (object);
}

static void
ps_preferences_window_class_init (PsPreferencesWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = ps_preferences_window_dispose;
  g_type_ensure (PS_TYPE_PREFERENCES_IGNORE);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/pisync/PiSync/preferences-window.ui");
  gtk_widget_class_bind_template_child (widget_class, PsPreferencesWindow, pair_combo);
  gtk_widget_class_bind_template_child (widget_class, PsPreferencesWindow, remove_button);
  gtk_widget_class_bind_template_child (widget_class, PsPreferencesWindow, pair_box);
  gtk_widget_class_bind_template_child (widget_class, PsPreferencesWindow, no_pair_label);
  gtk_widget_class_bind_template_child (widget_class, PsPreferencesWindow, where_label);
  gtk_widget_class_bind_template_child (widget_class, PsPreferencesWindow, ignore_box);
  gtk_widget_class_bind_template_child (widget_class, PsPreferencesWindow, autostart_check);
  gtk_widget_class_bind_template_child (widget_class, PsPreferencesWindow, message_bar);
  gtk_widget_class_bind_template_child (widget_class, PsPreferencesWindow, message_label);
  for (guint i = 0; i < N_KEYS; i++)
    gtk_widget_class_bind_template_child_full (widget_class, keys[i].id, FALSE, 0);
  for (guint i = 0; i < G_N_ELEMENTS (notes); i++)
    gtk_widget_class_bind_template_child_full (widget_class, notes[i].id, FALSE, 0);
  gtk_widget_class_bind_template_callback (widget_class, on_key_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_entry_left);
  gtk_widget_class_bind_template_callback (widget_class, on_note_toggled);
  gtk_widget_class_bind_template_callback (widget_class, on_autostart_toggled);
  gtk_widget_class_bind_template_callback (widget_class, on_pair_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_remove);
  gtk_widget_class_bind_template_callback (widget_class, on_key_press);
}

static void
ps_preferences_window_init (PsPreferencesWindow *self)
{
  self->filling = TRUE;
  gtk_widget_init_template (GTK_WIDGET (self));
  self->filling = FALSE;
  /* The switcher in the header hides the title from assistive technology. */
  atk_object_set_name (gtk_widget_get_accessible (GTK_WIDGET (self)), _ ("Preferences"));
}

GtkWidget *
ps_preferences_window_new (PsPairs *pairs, PsSettings *settings)
{
  PsPreferencesWindow *self = g_object_new (PS_TYPE_PREFERENCES_WINDOW, NULL);

  self->pairs = g_object_ref (pairs);
  self->settings = g_object_ref (settings);
  g_signal_connect_swapped (pairs, "items-changed", G_CALLBACK (fill_pairs), self);
  fill_pairs (self);
  show_general (self);
  return GTK_WIDGET (self);
}
