/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands are in app-actions.c; this file holds the parts together: it makes them, tells the tray
 * what the pairs say, and sees to it that the program never runs without a face. */
#include "app/app.h"

#include "app/app-actions.h"
#include "app/log-window.h"
#include "app/login.h"
#include "app/network.h"
#include "app/preferences-window.h"
#include "app/present.h"
#include "app/save.h"
#include "app/setup-window.h"
#include "app/status-window.h"
#include "app/tray.h"
#include "app/versions-window.h"
#include "app/view.h"
#include "build-config.h"

#include <glib-unix.h>
#include <glib/gi18n.h>

/* A tray host that is started together with us may take this long to be there. */
#define TRAY_GRACE_MS 2500
/* The tray's text follows the transfers once a second; its icon at once. */
#define TRAY_TEXT_MS 1000
/* Sessions end within two seconds; if one does not, the program does. */
#define CLOSE_MS 1900

struct _PsApp
{
  GtkApplication parent_instance;

  PsPairs *pairs;
  PsPrompts *prompts;
  PsSettings *settings;
  PsNotes *notes;
  PsNetwork *network;
  PsTray *tray;
  GtkWidget *status_window;      /* (nullable) */
  GtkWidget *log_window;         /* (nullable) */
  GtkWidget *setup_window;       /* (nullable) */
  GtkWidget *preferences_window; /* (nullable) */
  GtkWidget *versions_window;    /* (nullable) */
  PsStatusKind shown_kind;       /* in the tray */
  gboolean hidden;               /* --hidden: the first activation shows no window */
  gboolean closing;
  guint grace_id;
  guint tray_text_id;
  guint close_id;
  guint signal_ids[3]; /* SIGTERM, SIGINT, SIGHUP */
};

G_DEFINE_FINAL_TYPE (PsApp, ps_app, GTK_TYPE_APPLICATION)

/* The tray. */

static void
update_tray (PsApp *self)
{
  guint n = ps_pairs_get_n (self->pairs);
  g_autofree PsTrayPair *pairs = g_new0 (PsTrayPair, n + 1);
  PsStatusKind kind = ps_pairs_get_kind (self->pairs);
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  g_autofree char *description = NULL;

  for (guint i = 0; i < n; i++)
    {
      PsPair *pair = ps_pairs_get (self->pairs, i);

      pairs[i] = (PsTrayPair){ ps_pair_get_name (pair), ps_pair_get_title (pair),
                               ps_pair_get_status (pair) };
    }
  description = ps_tray_description (kind, pairs, n, now);
  ps_tray_set_state (self->tray, kind, description);
  ps_tray_take_menu (self->tray, ps_tray_menu_new (pairs, n, now));
  ps_app_actions_update_status (self);
}

static gboolean
on_tray_text_due (gpointer user_data)
{
  PsApp *self = PS_APP (user_data);

  self->tray_text_id = 0;
  update_tray (self);
  return G_SOURCE_REMOVE;
}

static void
update_tray_soon (PsApp *self)
{
  if (self->tray_text_id == 0)
    self->tray_text_id = g_timeout_add (TRAY_TEXT_MS, on_tray_text_due, self);
}

static gboolean
on_grace_over (gpointer user_data)
{
  PsApp *self = PS_APP (user_data);

  self->grace_id = 0;
  if (!ps_tray_is_visible (self->tray) && self->status_window == NULL && !self->closing)
    {
      g_message ("There is no tray here, so the window is the face.");
      ps_app_show_status (self, NULL);
    }
  return G_SOURCE_REMOVE;
}

/* Without a tray the status window opens, once the host had its time to come (back). */
static void
check_tray_soon (PsApp *self)
{
  g_clear_handle_id (&self->grace_id, g_source_remove);
  if (!ps_tray_is_visible (self->tray))
    self->grace_id = g_timeout_add (TRAY_GRACE_MS, on_grace_over, self);
}

/* What the pairs say. */

static void
on_status_changed (PsApp *self, PsPair *pair)
{
  PsStatusKind kind = ps_pairs_get_kind (self->pairs);

  if (pair != NULL)
    ps_login_judge_pair (self->prompts, pair);
  if (kind != self->shown_kind || kind != PS_STATUS_SYNCING)
    update_tray (self);
  else
    update_tray_soon (self);
  self->shown_kind = kind;
}

static void
on_question (PsApp *self, PsPair *pair, PsQuestion *question)
{
  if (self->closing)
    return;
  ps_prompts_ask (self->prompts, question, ps_pair_get_config (pair),
                  ps_app_get_front_window (self));
}

static void
on_accepted (PsApp *self, PsPair *pair)
{
  ps_login_accept_pair (self->prompts, pair);
}

static void
on_account_left (PsApp *self, const PsConfig *config, const char *keyfile)
{
  ps_prompts_forget (self->prompts, config, keyfile);
}

static void
on_keyring_failed (PsApp *self, const char *message)
{
  ps_notes_say (self->notes, "keyring", _ ("The password is not in the keyring"),
                _ ("It is remembered until PiSync quits."));
}

/* The windows. */

/* Without a tray a closed window would leave nothing to come back by. */
static gboolean
on_status_delete (GtkWidget *window, GdkEvent *event, PsApp *self)
{
  if (ps_tray_is_visible (self->tray))
    return GDK_EVENT_PROPAGATE;
  ps_put_away (GTK_WINDOW (window));
  return GDK_EVENT_STOP;
}

static gboolean
on_status_focus (GtkWidget *window, GdkEvent *event, PsApp *self)
{
  ps_notes_seen (self->notes);
  return GDK_EVENT_PROPAGATE;
}

void
ps_app_show_status (PsApp *self, const char *pair)
{
  g_return_if_fail (PS_IS_APP (self));
  if (self->status_window == NULL)
    {
      self->status_window = ps_status_window_new (GTK_APPLICATION (self), self->pairs);
      g_signal_connect (self->status_window, "destroy", G_CALLBACK (gtk_widget_destroyed),
                        &self->status_window);
      g_signal_connect (self->status_window, "delete-event", G_CALLBACK (on_status_delete), self);
      g_signal_connect (self->status_window, "focus-in-event", G_CALLBACK (on_status_focus), self);
    }
  if (pair != NULL)
    ps_status_window_show_pair (PS_STATUS_WINDOW (self->status_window), pair);
  ps_present_now (GTK_WINDOW (self->status_window));
}

void
ps_app_show_log (PsApp *self)
{
  g_return_if_fail (PS_IS_APP (self));
  if (self->log_window == NULL)
    {
      self->log_window = ps_log_window_new (GTK_APPLICATION (self), self->pairs);
      g_signal_connect (self->log_window, "destroy", G_CALLBACK (gtk_widget_destroyed),
                        &self->log_window);
    }
  ps_present_now (GTK_WINDOW (self->log_window));
}

static void
on_setup_done (PsApp *self, const char *pair)
{
  ps_app_show_status (self, pair);
}

void
ps_app_show_setup (PsApp *self)
{
  g_return_if_fail (PS_IS_APP (self));
  if (self->setup_window == NULL)
    {
      self->setup_window = ps_setup_window_new (self->pairs, self->prompts);
      gtk_window_set_application (GTK_WINDOW (self->setup_window), GTK_APPLICATION (self));
      g_signal_connect (self->setup_window, "destroy", G_CALLBACK (gtk_widget_destroyed),
                        &self->setup_window);
      g_signal_connect_object (self->setup_window, "done", G_CALLBACK (on_setup_done), self,
                               G_CONNECT_SWAPPED);
    }
  ps_present_now (GTK_WINDOW (self->setup_window));
}

void
ps_app_show_preferences (PsApp *self)
{
  g_return_if_fail (PS_IS_APP (self));
  if (self->preferences_window == NULL)
    {
      self->preferences_window
          = ps_preferences_window_new (self->pairs, self->settings, self->prompts);
      gtk_window_set_application (GTK_WINDOW (self->preferences_window), GTK_APPLICATION (self));
      g_signal_connect (self->preferences_window, "destroy", G_CALLBACK (gtk_widget_destroyed),
                        &self->preferences_window);
    }
  ps_present_now (GTK_WINDOW (self->preferences_window));
}

void
ps_app_show_versions (PsApp *self, PsPair *pair, const char *path)
{
  g_return_if_fail (PS_IS_APP (self));
  if (self->versions_window != NULL
      && ps_versions_window_get_pair (PS_VERSIONS_WINDOW (self->versions_window)) != pair)
    gtk_widget_destroy (self->versions_window);
  if (self->versions_window == NULL)
    {
      self->versions_window = ps_versions_window_new (GTK_APPLICATION (self), pair, self->prompts);
      g_signal_connect (self->versions_window, "destroy", G_CALLBACK (gtk_widget_destroyed),
                        &self->versions_window);
    }
  ps_versions_window_show_file (PS_VERSIONS_WINDOW (self->versions_window), path);
  ps_present_now (GTK_WINDOW (self->versions_window));
}

/* A pair that is gone takes its window along. */
static void
on_pairs_changed (PsApp *self)
{
  PsPair *pair;

  update_tray (self);
  if (self->versions_window == NULL)
    return;
  pair = ps_versions_window_get_pair (PS_VERSIONS_WINDOW (self->versions_window));
  if (ps_pairs_find (self->pairs, ps_pair_get_name (pair)) != pair)
    gtk_widget_destroy (self->versions_window);
}

GtkWindow *
ps_app_get_front_window (PsApp *self)
{
  g_return_val_if_fail (PS_IS_APP (self), NULL);
  if (self->status_window == NULL || !ps_is_in_sight (GTK_WINDOW (self->status_window)))
    return NULL;
  return GTK_WINDOW (self->status_window);
}

PsPairs *
ps_app_get_pairs (PsApp *self)
{
  g_return_val_if_fail (PS_IS_APP (self), NULL);
  return self->pairs;
}

PsPrompts *
ps_app_get_prompts (PsApp *self)
{
  g_return_val_if_fail (PS_IS_APP (self), NULL);
  return self->prompts;
}

PsSettings *
ps_app_get_settings (PsApp *self)
{
  g_return_val_if_fail (PS_IS_APP (self), NULL);
  return self->settings;
}

/* Beginning and end. */

static gboolean
on_close_late (gpointer user_data)
{
  PsApp *self = PS_APP (user_data);

  self->close_id = 0;
  g_message ("a session, or the disk, did not come to an end in time");
  g_application_quit (G_APPLICATION (self));
  return G_SOURCE_REMOVE;
}

/* What was typed last is on the disk, or could not be written. */
static void
on_saved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PsApp) self = user_data;

  ps_save_wait_finish (result);
  g_application_quit (G_APPLICATION (self));
}

static void
on_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PsApp) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!ps_pairs_close_finish (PS_PAIRS (source), result, &error))
    g_message ("closing: %s", error->message);
  ps_save_wait_async (on_saved, g_steal_pointer (&self));
}

/* Dialogs too: to the person the program has gone, whatever the sessions still have to do. */
static void
hide_all (void)
{
  g_autolist (GtkWidget) windows = gtk_window_list_toplevels ();

  for (GList *l = windows; l != NULL; l = l->next)
    g_object_ref (l->data);
  for (GList *l = windows; l != NULL; l = l->next)
    gtk_widget_hide (l->data);
}

void
ps_app_close (PsApp *self)
{
  g_return_if_fail (PS_IS_APP (self));
  if (self->closing)
    return;
  self->closing = TRUE;
  g_clear_handle_id (&self->grace_id, g_source_remove);
  hide_all ();
  ps_notes_withdraw_all (self->notes);
  self->close_id = g_timeout_add (CLOSE_MS, on_close_late, self);
  ps_pairs_close_async (self->pairs, on_closed, g_object_ref (self));
}

static gboolean
on_unix_signal (gpointer user_data)
{
  ps_app_close (PS_APP (user_data));
  return G_SOURCE_CONTINUE;
}

static void
make_parts (PsApp *self)
{
  self->settings = ps_settings_new (NULL);
  self->prompts = ps_prompts_new ();
  self->pairs = ps_pairs_new ();
  self->notes = ps_notes_new (G_APPLICATION (self), self->pairs, self->settings);
  ps_app_actions_add (self);
  self->tray = ps_tray_new (G_ACTION_GROUP (self));
  g_signal_connect_swapped (self->tray, "visible-changed", G_CALLBACK (check_tray_soon), self);
  g_signal_connect_swapped (self->pairs, "status-changed", G_CALLBACK (on_status_changed), self);
  g_signal_connect_swapped (self->pairs, "items-changed", G_CALLBACK (on_pairs_changed), self);
  g_signal_connect_swapped (self->pairs, "question", G_CALLBACK (on_question), self);
  g_signal_connect_swapped (self->pairs, "accepted", G_CALLBACK (on_accepted), self);
  g_signal_connect_swapped (self->pairs, "account-left", G_CALLBACK (on_account_left), self);
  g_signal_connect_swapped (self->prompts, "keyring-failed", G_CALLBACK (on_keyring_failed), self);
}

static void
ps_app_startup (GApplication *application)
{
  PsApp *self = PS_APP (application);
  const char *const quit_keys[] = { "<Primary>q", NULL };

  G_APPLICATION_CLASS (ps_app_parent_class)->startup (application);
  gtk_window_set_default_icon_name (PS_APP_ID);
  gtk_application_set_accels_for_action (GTK_APPLICATION (self), "app.quit", quit_keys);
  /* It runs on with no window open. */
  g_application_hold (application);
  self->signal_ids[0] = g_unix_signal_add (SIGTERM, on_unix_signal, self);
  self->signal_ids[1] = g_unix_signal_add (SIGINT, on_unix_signal, self);
  self->signal_ids[2] = g_unix_signal_add (SIGHUP, on_unix_signal, self);
  make_parts (self);
  ps_pairs_load (self->pairs);
  self->network = ps_network_new (self->pairs);
  update_tray (self);
  check_tray_soon (self);
}

static void
ps_app_activate (GApplication *application)
{
  PsApp *self = PS_APP (application);
  gboolean hidden = self->hidden;

  self->hidden = FALSE;
  if (hidden || self->closing)
    return;
  ps_app_show_status (self, NULL);
}

static void
ps_app_shutdown (GApplication *application)
{
  PsApp *self = PS_APP (application);

  g_clear_pointer (&self->versions_window, gtk_widget_destroy);
  g_clear_pointer (&self->preferences_window, gtk_widget_destroy);
  g_clear_pointer (&self->setup_window, gtk_widget_destroy);
  g_clear_pointer (&self->log_window, gtk_widget_destroy);
  g_clear_pointer (&self->status_window, gtk_widget_destroy);
  g_clear_handle_id (&self->grace_id, g_source_remove);
  g_clear_handle_id (&self->tray_text_id, g_source_remove);
  g_clear_handle_id (&self->close_id, g_source_remove);
  for (guint i = 0; i < G_N_ELEMENTS (self->signal_ids); i++)
    g_clear_handle_id (&self->signal_ids[i], g_source_remove);
  if (self->pairs != NULL)
    g_signal_handlers_disconnect_by_data (self->pairs, self);
  if (self->network != NULL)
    g_object_run_dispose (G_OBJECT (self->network));
  g_clear_object (&self->network);
  g_clear_object (&self->tray);
  g_clear_object (&self->notes);
  if (self->prompts != NULL)
    g_object_run_dispose (G_OBJECT (self->prompts));
  g_clear_object (&self->prompts);
  g_clear_object (&self->pairs);
  g_clear_object (&self->settings);
  G_APPLICATION_CLASS (ps_app_parent_class)->shutdown (application);
}

/* The command line. */

static int
ps_app_handle_local_options (GApplication *application, GVariantDict *options)
{
  PsApp *self = PS_APP (application);
  g_autoptr (GError) error = NULL;

  if (g_variant_dict_contains (options, "version"))
    {
      g_print ("pisync %s\n", PS_VERSION);
      return 0;
    }
  if (g_variant_dict_contains (options, "debug"))
    g_log_set_debug_enabled (TRUE);
  if (!g_variant_dict_contains (options, "hidden"))
    return -1;
  if (!g_application_register (application, NULL, &error))
    {
      g_printerr ("pisync: %s\n", error->message);
      return 1;
    }
  /* One that runs already shows nothing for a start that is to show nothing. */
  if (g_application_get_is_remote (application))
    return 0;
  self->hidden = TRUE;
  return -1;
}

static const GOptionEntry option_entries[] = {
  { "hidden", 0, 0, G_OPTION_ARG_NONE, NULL, N_ ("Start in the tray, without a window"), NULL },
  { "debug", 0, 0, G_OPTION_ARG_NONE, NULL, N_ ("Print what it does"), NULL },
  { "version", 0, 0, G_OPTION_ARG_NONE, NULL, N_ ("Print the version"), NULL },
  { NULL },
};

static void
ps_app_class_init (PsAppClass *klass)
{
  GApplicationClass *app_class = G_APPLICATION_CLASS (klass);

  app_class->startup = ps_app_startup;
  app_class->activate = ps_app_activate;
  app_class->shutdown = ps_app_shutdown;
  app_class->handle_local_options = ps_app_handle_local_options;
}

static void
ps_app_init (PsApp *self)
{
  g_application_add_main_option_entries (G_APPLICATION (self), option_entries);
  g_application_set_option_context_summary (
      G_APPLICATION (self), _ ("Keeps a folder the same as a folder on your Raspberry Pi."));
}

PsApp *
ps_app_new (void)
{
  return g_object_new (PS_TYPE_APP, "application-id", PS_APP_ID, "resource-base-path",
                       "/io/github/pisync/PiSync", NULL);
}
