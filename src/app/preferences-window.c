/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/preferences-window.h"

#include "app/autostart.h"
#include "app/folders-dialog.h"
#include "app/keys.h"
#include "app/pair-change.h"
#include "app/preferences-ignore.h"
#include "app/preferences-keys.h"
#include "app/present.h"
#include "app/setup-check.h"
#include "app/view.h"
#include "app/wrap.h"

#include <glib/gi18n.h>

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
  PsPrompts *prompts;
  PsPair *pair; /* (nullable) the one that is shown */
  char *wanted; /* (nullable) of which the folders change: it goes, and comes back */
  gboolean filling;
  gboolean removing;        /* the pair that is shown */
  GtkWidget *remove_dialog; /* (nullable) about the pair that is shown */

  GtkComboBoxText *pair_combo;
  GtkWidget *remove_button;
  GtkWidget *pair_box;
  GtkWidget *no_pair_label;
  GtkWidget *chooser_box;
  GtkStack *stack;
  GtkLabel *local_label;
  GtkLabel *remote_label;
  PsPreferencesKeys *server_keys;
  PsPreferencesKeys *syncing_keys;
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
show_pair (PsPreferencesWindow *self)
{
  const PsConfig *config = self->pair != NULL ? ps_pair_get_config (self->pair) : NULL;
  g_autofree char *local = NULL;
  g_autofree char *remote = NULL;

  gtk_widget_set_visible (self->pair_box, config != NULL);
  gtk_widget_set_visible (self->no_pair_label, config == NULL);
  gtk_widget_set_sensitive (self->remove_button, config != NULL);
  gtk_widget_set_sensitive (GTK_WIDGET (self->syncing_keys), config != NULL);
  ps_preferences_ignore_set_folder (self->ignore_box, config != NULL ? config->local_base : NULL);
  say (self, NULL);
  if (config == NULL)
    return;
  ps_preferences_keys_show (self->server_keys, config);
  ps_preferences_keys_show (self->syncing_keys, config);
  local = ps_view_path (config->local_base);
  remote = ps_view_path (config->remote_base);
  gtk_label_set_label (self->local_label, local);
  gtk_label_set_label (self->remote_label, remote);
}

static void
show_general (PsPreferencesWindow *self)
{
  self->filling = TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (notes); i++)
    gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (child (self, notes[i].id)),
                                  ps_settings_get (self->settings, notes[i].key));
  self->filling = FALSE;
}

/* From the widgets to the configuration: written in a thread, which may take longer than the window
 * is there. */

static PsPreferencesWindow **
weak_window_new (PsPreferencesWindow *self)
{
  PsPreferencesWindow **window = g_new0 (PsPreferencesWindow *, 1);

  g_set_weak_pointer (window, self);
  return window;
}

/* Takes @error (transfer full) (nullable), which the log has already, to @window (transfer full).
 */
static void
say_in_window (PsPreferencesWindow **window, GError *error)
{
  if (error != NULL && *window != NULL && (*window)->pairs != NULL)
    say (*window, error->message);
  g_clear_error (&error);
  g_clear_weak_pointer (window);
  g_free (window);
}

static void
on_config_changed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;

  ps_pair_change_config_finish (PS_PAIRS (source), result, &error);
  say_in_window (user_data, error);
}

static void
on_edited (PsPreferencesWindow *self, const char *group, const char *key, const char *value,
           const char *wrong)
{
  g_autoptr (PsConfig) config = NULL;
  const PsConfig *before;

  /* One that is being removed must not get its ini back. */
  if (self->pair == NULL || self->removing
      || ps_pairs_find (self->pairs, ps_pair_get_name (self->pair)) != self->pair)
    return;
  before = ps_pair_get_wish (self->pair);
  config = ps_config_copy (before);
  say (self, wrong);
  if (wrong != NULL || !ps_setup_set (config, group, key, value)
      || (ps_config_same_run (before, config) && before->throttling == config->throttling
          && before->pause_on_metered == config->pause_on_metered))
    return;
  ps_pair_change_config_async (self->pairs, self->pair, g_steal_pointer (&config),
                               on_config_changed, weak_window_new (self));
}

static void
on_note_set (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;

  ps_settings_set_finish (result, &error);
  say_in_window (user_data, error);
}

static void
on_note_toggled (PsPreferencesWindow *self, GObject *widget)
{
  if (self->filling)
    return;
  say (self, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (notes); i++)
    if (child (self, notes[i].id) == widget)
      ps_settings_set_async (self->settings, notes[i].key,
                             gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (widget)), on_note_set,
                             weak_window_new (self));
}

static void
on_autostart_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PsPreferencesWindow **window = user_data;
  PsPreferencesWindow *self = *window;
  gboolean enabled = ps_autostart_get_finish (result);

  say_in_window (window, NULL);
  if (self == NULL || self->pairs == NULL)
    return;
  self->filling = TRUE;
  gtk_toggle_button_set_active (self->autostart_check, enabled);
  gtk_widget_set_sensitive (GTK_WIDGET (self->autostart_check), TRUE);
  self->filling = FALSE;
}

static void
on_autostart_set (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;

  ps_autostart_set_finish (result, &error);
  say_in_window (user_data, error);
}

static void
on_autostart_toggled (PsPreferencesWindow *self)
{
  if (self->filling)
    return;
  say (self, NULL);
  ps_autostart_set_async (gtk_toggle_button_get_active (self->autostart_check), on_autostart_set,
                          weak_window_new (self));
}

/* Which pair. */

static void
show_chosen (PsPreferencesWindow *self)
{
  const char *name = gtk_combo_box_get_active_id (GTK_COMBO_BOX (self->pair_combo));
  PsPair *pair = name != NULL ? ps_pairs_find (self->pairs, name) : NULL;

  if (g_set_object (&self->pair, pair))
    g_clear_pointer (&self->remove_dialog, gtk_widget_destroy);
  show_pair (self);
}

static void
on_pair_changed (PsPreferencesWindow *self)
{
  if (self->filling)
    return;
  g_clear_pointer (&self->wanted, g_free);
  ps_preferences_keys_flush (self->syncing_keys);
  show_chosen (self);
}

/* Returns: whether there is a pair called @name (nullable), which is chosen now. */
static gboolean
choose (PsPreferencesWindow *self, const char *name)
{
  return name != NULL && gtk_combo_box_set_active_id (GTK_COMBO_BOX (self->pair_combo), name);
}

static void
fill_pairs (PsPreferencesWindow *self)
{
  g_autofree char *shown = self->pair != NULL ? g_strdup (ps_pair_get_name (self->pair)) : NULL;

  ps_preferences_keys_flush (self->syncing_keys);
  self->filling = TRUE;
  gtk_combo_box_text_remove_all (self->pair_combo);
  for (guint i = 0; i < ps_pairs_get_n (self->pairs); i++)
    {
      PsPair *pair = ps_pairs_get (self->pairs, i);

      gtk_combo_box_text_append (self->pair_combo, ps_pair_get_name (pair),
                                 ps_pair_get_title (pair));
    }
  if (!choose (self, self->wanted) && !choose (self, shown))
    gtk_combo_box_set_active (GTK_COMBO_BOX (self->pair_combo), 0);
  gtk_widget_set_sensitive (GTK_WIDGET (self->pair_combo), ps_pairs_get_n (self->pairs) > 0);
  self->filling = FALSE;
  show_chosen (self);
}

static void
set_removing (PsPreferencesWindow *self, gboolean removing)
{
  self->removing = removing;
  gtk_widget_set_sensitive (GTK_WIDGET (self->stack), !removing);
  gtk_widget_set_sensitive (self->chooser_box, !removing);
}

static void
on_removed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PsPreferencesWindow **window = user_data;
  GError *error = NULL;

  ps_pair_change_remove_finish (PS_PAIRS (source), result, &error);
  if (*window != NULL && (*window)->pairs != NULL)
    {
      set_removing (*window, FALSE);
      if (error != NULL)
        show_pair (*window);
    }
  say_in_window (window, error);
}

static void
on_remove_response (GtkDialog *dialog, int response, PsPreferencesWindow *self)
{
  if (response == GTK_RESPONSE_OK && self->pair != NULL && !self->removing
      && ps_pairs_find (self->pairs, ps_pair_get_name (self->pair)) == self->pair)
    {
      ps_preferences_ignore_set_folder (self->ignore_box, NULL);
      set_removing (self, TRUE);
      ps_pair_change_remove_async (self->pairs, self->pair, on_removed, weak_window_new (self));
    }
  gtk_widget_destroy (GTK_WIDGET (dialog));
}

static void
on_remove (PsPreferencesWindow *self)
{
  GtkWidget *dialog;

  if (self->pair == NULL || self->remove_dialog != NULL)
    return;
  dialog = gtk_message_dialog_new (GTK_WINDOW (self),
                                   GTK_DIALOG_MODAL | GTK_DIALOG_DESTROY_WITH_PARENT,
                                   GTK_MESSAGE_QUESTION, GTK_BUTTONS_NONE,
                                   /* Translators: %s is the name of a folder */
                                   _ ("Stop syncing “%s”?"), ps_pair_get_title (self->pair));
  self->remove_dialog = dialog;
  g_signal_connect (dialog, "destroy", G_CALLBACK (gtk_widget_destroyed), &self->remove_dialog);
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

static void
on_change_folders (PsPreferencesWindow *self)
{
  if (self->pair == NULL)
    return;
  ps_preferences_keys_flush (self->syncing_keys);
  g_free (self->wanted);
  self->wanted = g_strdup (ps_pair_get_name (self->pair));
  ps_present_now (GTK_WINDOW (
      ps_folders_dialog_new (GTK_WINDOW (self), self->pairs, self->pair, self->prompts)));
}

/* What is general is so for all pairs. */
static void
on_page_turned (PsPreferencesWindow *self)
{
  gtk_widget_set_visible (self->chooser_box,
                          g_strcmp0 (gtk_stack_get_visible_child_name (self->stack), "general")
                              != 0);
}

/* However the window goes, what was typed last is taken: an entry is when the focus leaves it. */
static void
ps_preferences_window_hide (GtkWidget *widget)
{
  gtk_window_set_focus (GTK_WINDOW (widget), NULL);
  ps_preferences_keys_flush (PS_PREFERENCES_WINDOW (widget)->syncing_keys);
  ps_preferences_ignore_flush (PS_PREFERENCES_WINDOW (widget)->ignore_box);
  GTK_WIDGET_CLASS (ps_preferences_window_parent_class)->hide (widget);
}

static void
ps_preferences_window_dispose (GObject *object)
{
  PsPreferencesWindow *self = PS_PREFERENCES_WINDOW (object);

  /* Before there is no pair any more that it could be taken for. */
  gtk_widget_hide (GTK_WIDGET (self));
  if (self->pairs != NULL)
    g_signal_handlers_disconnect_by_data (self->pairs, self);
  g_clear_pointer (&self->remove_dialog, gtk_widget_destroy);
  g_clear_object (&self->pair);
  g_clear_object (&self->pairs);
  g_clear_object (&self->settings);
  g_clear_object (&self->prompts);
  g_clear_pointer (&self->wanted, g_free);
  G_OBJECT_CLASS (ps_preferences_window_parent_class)->dispose (object);
}

static void
ps_preferences_window_class_init (PsPreferencesWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = ps_preferences_window_dispose;
  widget_class->hide = ps_preferences_window_hide;
  g_type_ensure (PS_TYPE_PREFERENCES_IGNORE);
  g_type_ensure (PS_TYPE_PREFERENCES_KEYS);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/pisync/PiSync/preferences-window.ui");
  gtk_widget_class_bind_template_child (widget_class, PsPreferencesWindow, pair_combo);
  gtk_widget_class_bind_template_child (widget_class, PsPreferencesWindow, remove_button);
  gtk_widget_class_bind_template_child (widget_class, PsPreferencesWindow, pair_box);
  gtk_widget_class_bind_template_child (widget_class, PsPreferencesWindow, no_pair_label);
  gtk_widget_class_bind_template_child (widget_class, PsPreferencesWindow, chooser_box);
  gtk_widget_class_bind_template_child (widget_class, PsPreferencesWindow, stack);
  gtk_widget_class_bind_template_child (widget_class, PsPreferencesWindow, local_label);
  gtk_widget_class_bind_template_child (widget_class, PsPreferencesWindow, remote_label);
  gtk_widget_class_bind_template_child (widget_class, PsPreferencesWindow, server_keys);
  gtk_widget_class_bind_template_child (widget_class, PsPreferencesWindow, syncing_keys);
  gtk_widget_class_bind_template_child (widget_class, PsPreferencesWindow, ignore_box);
  gtk_widget_class_bind_template_child (widget_class, PsPreferencesWindow, autostart_check);
  gtk_widget_class_bind_template_child (widget_class, PsPreferencesWindow, message_bar);
  gtk_widget_class_bind_template_child (widget_class, PsPreferencesWindow, message_label);
  for (guint i = 0; i < G_N_ELEMENTS (notes); i++)
    gtk_widget_class_bind_template_child_full (widget_class, notes[i].id, FALSE, 0);
  gtk_widget_class_bind_template_callback (widget_class, on_edited);
  gtk_widget_class_bind_template_callback (widget_class, on_change_folders);
  gtk_widget_class_bind_template_callback (widget_class, on_page_turned);
  gtk_widget_class_bind_template_callback (widget_class, on_note_toggled);
  gtk_widget_class_bind_template_callback (widget_class, on_autostart_toggled);
  gtk_widget_class_bind_template_callback (widget_class, on_pair_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_remove);
  gtk_widget_class_bind_template_callback_full (widget_class, "on_key_press",
                                                G_CALLBACK (ps_keys_close));
}

static void
ps_preferences_window_init (PsPreferencesWindow *self)
{
  self->filling = TRUE;
  gtk_widget_init_template (GTK_WIDGET (self));
  ps_wrap_buttons (GTK_WIDGET (self));
  self->filling = FALSE;
  /* The switcher in the header hides the title from assistive technology. */
  atk_object_set_name (gtk_widget_get_accessible (GTK_WIDGET (self)), _ ("Preferences"));
}

GtkWidget *
ps_preferences_window_new (PsPairs *pairs, PsSettings *settings, PsPrompts *prompts)
{
  PsPreferencesWindow *self = g_object_new (PS_TYPE_PREFERENCES_WINDOW, NULL);

  self->pairs = g_object_ref (pairs);
  self->settings = g_object_ref (settings);
  self->prompts = g_object_ref (prompts);
  g_signal_connect_swapped (pairs, "items-changed", G_CALLBACK (fill_pairs), self);
  fill_pairs (self);
  show_general (self);
  gtk_widget_set_sensitive (GTK_WIDGET (self->autostart_check), FALSE);
  ps_autostart_get_async (on_autostart_read, weak_window_new (self));
  return GTK_WIDGET (self);
}
