/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pages keep what was typed in their widgets; it goes into the configuration when a page is
 * left. While something is under way, "Back" stops it. */
#include "app/setup-window.h"

#include "app/autostart.h"
#include "app/folder-check.h"
#include "app/item-row.h"
#include "app/keys.h"
#include "app/neighbours.h"
#include "app/open.h"
#include "app/setup-check.h"
#include "app/setup-tree.h"
#include "app/setup.h"
#include "app/wrap.h"
#include "engine/run.h"

#include <glib/gi18n.h>

typedef enum
{
  PAGE_SERVER,
  PAGE_SIGN_IN,
  PAGE_REMOTE,
  PAGE_LOCAL,
  PAGE_PREVIEW
} Page;

static const char *const page_names[] = { "server", "sign-in", "remote", "local", "preview" };

struct _PsSetupWindow
{
  GtkWindow parent_instance;

  PsSetup *setup;
  PsNeighbours *neighbours;
  Page page;
  gint64 clicked_at;          /* on Next, monotonic */
  PsFolderCheck *local_check; /* (nullable) before the page of the folder was open */
  GCancellable *cancellable;  /* (nullable) something is under way */
  char *failure;              /* (nullable) why this page could not be left */

  GtkWidget *back_button;
  GtkButton *next_button;
  GtkSpinner *spinner;
  GtkWidget *import_bar;
  GtkStack *stack;
  GtkEntry *host_entry;
  GtkEntry *user_entry;
  GtkEntry *port_entry;
  GtkWidget *neighbours_box;
  GtkListBox *neighbours_list;
  GtkLabel *sign_in_label;
  GtkToggleButton *password_radio;
  GtkToggleButton *make_key_check;
  GtkToggleButton *key_radio;
  GtkFileChooser *keyfile_button;
  GtkWidget *keyfile_label;
  GtkToggleButton *agent_radio;
  PsSetupTree *tree;
  GtkEntry *remote_entry;
  GtkWidget *new_folder_button;
  GtkEntry *local_entry;
  GtkToggleButton *rebind_check;
  GtkLabel *folders_label;
  GtkLabel *upload_label;
  GtkLabel *download_label;
  GtkLabel *conflict_label;
  GtkToggleButton *autostart_check;
  GtkImage *message_image;
  GtkLabel *message_label;
};

G_DEFINE_FINAL_TYPE (PsSetupWindow, ps_setup_window, GTK_TYPE_WINDOW)

static guint done_signal;

/* What the page says. */

static char *
check_server (PsSetupWindow *self)
{
  char *wrong = ps_setup_check_host (gtk_entry_get_text (self->host_entry));

  if (wrong == NULL)
    wrong = ps_setup_check_user (gtk_entry_get_text (self->user_entry));
  if (wrong == NULL)
    wrong = ps_setup_check_port (gtk_entry_get_text (self->port_entry));
  return wrong;
}

/* Returns: whether the person can go on; else *@wrong (transfer full) (nullable) says why not. */
static gboolean
check_page (PsSetupWindow *self, char **wrong)
{
  const char *wrong_here = NULL;
  gboolean good;

  switch (self->page)
    {
    case PAGE_SERVER:
      *wrong = check_server (self);
      return *wrong == NULL;
    case PAGE_REMOTE:
      *wrong = ps_setup_check_remote (gtk_entry_get_text (self->remote_entry));
      return *wrong == NULL;
    case PAGE_LOCAL:
      ps_folder_check_set (self->local_check, gtk_entry_get_text (self->local_entry),
                           ps_setup_get_config (self->setup)->file);
      good = ps_folder_check_get (self->local_check, &wrong_here);
      *wrong = g_strdup (wrong_here);
      return good;
    case PAGE_SIGN_IN:
    case PAGE_PREVIEW:
      return TRUE;
    default:
      g_assert_not_reached ();
    }
}

static const char *
busy_text (Page page)
{
  switch (page)
    {
    case PAGE_SIGN_IN:
      return _ ("Signing in…");
    case PAGE_PREVIEW:
      return _ ("Starting…");
    case PAGE_SERVER:
    case PAGE_REMOTE:
    case PAGE_LOCAL:
    default:
      return _ ("Looking at both folders…");
    }
}

static void
show_message (PsSetupWindow *self, const char *icon, const char *text)
{
  gtk_label_set_label (self->message_label, text);
  gtk_image_set_from_icon_name (self->message_image, icon, GTK_ICON_SIZE_MENU);
  gtk_widget_set_visible (GTK_WIDGET (self->message_image), icon != NULL);
}

static void
refresh (PsSetupWindow *self)
{
  gboolean busy = self->cancellable != NULL;
  g_autofree char *wrong = NULL;
  gboolean good = !busy && check_page (self, &wrong);

  g_object_set (self->spinner, "active", busy, "visible", busy, NULL);
  gtk_widget_set_sensitive (GTK_WIDGET (self->stack), !busy);
  gtk_widget_set_sensitive (GTK_WIDGET (self->next_button), good);
  gtk_widget_set_sensitive (self->back_button, busy || self->page != PAGE_SERVER);
  gtk_button_set_label (GTK_BUTTON (self->back_button), busy ? _ ("_Stop") : _ ("_Back"));
  gtk_button_set_label (self->next_button, self->page == PAGE_PREVIEW ? _ ("_Start") : _ ("_Next"));
  gtk_widget_set_sensitive (GTK_WIDGET (self->make_key_check),
                            gtk_toggle_button_get_active (self->password_radio));
  gtk_widget_set_sensitive (GTK_WIDGET (self->keyfile_button),
                            gtk_toggle_button_get_active (self->key_radio));
  if (busy)
    show_message (self, NULL, busy_text (self->page));
  else if (self->failure != NULL)
    show_message (self, "dialog-error", self->failure);
  else
    show_message (self, wrong != NULL ? "dialog-information" : NULL, wrong != NULL ? wrong : "");
}

static void
fail (PsSetupWindow *self, const char *message)
{
  g_free (self->failure);
  self->failure = g_strdup (message);
}

static void
on_changed (PsSetupWindow *self)
{
  if (self->setup == NULL)
    return;
  g_clear_pointer (&self->failure, g_free);
  refresh (self);
}

static void
on_local_checked (PsSetupWindow *self)
{
  if (self->setup != NULL && self->page == PAGE_LOCAL)
    refresh (self);
}

/* With the page: what was found out when it was last open need not hold any more. */
static void
renew_local_check (PsSetupWindow *self)
{
  g_clear_object (&self->local_check);
  self->local_check = ps_folder_check_new ();
  g_signal_connect_object (self->local_check, "changed", G_CALLBACK (on_local_checked), self,
                           G_CONNECT_SWAPPED);
}

static void
prepare_page (PsSetupWindow *self)
{
  const PsConfig *config = ps_setup_get_config (self->setup);
  g_autofree char *text = NULL;

  if (self->page == PAGE_SIGN_IN)
    {
      /* Translators: user name, host name */
      text = g_strdup_printf (_ ("How does PiSync sign in as %s on %s?"), config->user,
                              config->host);
      gtk_label_set_label (self->sign_in_label, text);
    }
  else if (self->page == PAGE_REMOTE)
    ps_setup_tree_set_server (self->tree, ps_setup_get_server (self->setup));
  else if (self->page == PAGE_LOCAL)
    renew_local_check (self);
}

static void
turn_to (PsSetupWindow *self, Page page)
{
  self->page = page;
  g_clear_pointer (&self->failure, g_free);
  prepare_page (self);
  gtk_stack_set_visible_child_name (self->stack, page_names[page]);
  gtk_widget_set_visible (self->import_bar, FALSE);
  refresh (self);
}

/* Going on. */

static void
begin (PsSetupWindow *self)
{
  self->cancellable = g_cancellable_new ();
  g_clear_pointer (&self->failure, g_free);
  refresh (self);
}

/* Returns: whether to go on; takes care of what went wrong. @error: (nullable). */
static gboolean
end (PsSetupWindow *self, const GError *error)
{
  /* Closed meanwhile. */
  if (self->setup == NULL)
    return FALSE;
  g_clear_object (&self->cancellable);
  if (error != NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    fail (self, error->message);
  refresh (self);
  return error == NULL;
}

static void
take_server (PsSetupWindow *self)
{
  PsConfig *config = ps_setup_get_config (self->setup);

  ps_setup_set (config, "HOST", "host", gtk_entry_get_text (self->host_entry));
  ps_setup_set (config, "HOST", "port", gtk_entry_get_text (self->port_entry));
  ps_setup_set (config, "AUTH", "user", gtk_entry_get_text (self->user_entry));
}

static void
on_signed_in (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PsSetupWindow) self = user_data;
  g_autoptr (GError) error = NULL;

  ps_setup_sign_in_finish (PS_SETUP (source), result, &error);
  if (end (self, error))
    turn_to (self, PAGE_REMOTE);
}

static void
sign_in (PsSetupWindow *self)
{
  PsConfig *config = ps_setup_get_config (self->setup);
  gboolean password = gtk_toggle_button_get_active (self->password_radio);
  gboolean key = gtk_toggle_button_get_active (self->key_radio);
  gboolean make_key = password && gtk_toggle_button_get_active (self->make_key_check);
  g_autofree char *keyfile = key ? gtk_file_chooser_get_filename (self->keyfile_button) : NULL;

  config->auth = password ? PS_AUTH_PASSWORD : key ? PS_AUTH_PUBLICKEY : PS_AUTH_AGENT;
  g_free (config->keyfile);
  config->keyfile = g_steal_pointer (&keyfile);
  begin (self);
  ps_setup_sign_in_async (self->setup, GTK_WINDOW (self), make_key, self->cancellable, on_signed_in,
                          g_object_ref (self));
}

/* "3 files, 1.2 MB". */
static void
show_amount (GtkLabel *label, guint64 files, guint64 bytes)
{
  g_autofree char *size = g_format_size (bytes);
  /* Translators: a number of files, their size: "3 files, 1.2 MB" */
  g_autofree char *text = g_strdup_printf (ngettext ("%u file, %s", "%u files, %s", (guint)files),
                                           (guint)files, size);

  gtk_label_set_label (label, files > 0 ? text : _ ("nothing"));
}

static void
show_preview (PsSetupWindow *self, const PsSummary *summary)
{
  const PsConfig *config = ps_setup_get_config (self->setup);
  guint conflicts = (guint)summary->conflicts;
  /* Translators: folder on this computer, host name, folder there */
  g_autofree char *folders
      = g_strdup_printf (_ ("%s and %s:%s"), config->local_base, config->host, config->remote_base);
  g_autofree char *text = g_strdup_printf (
      ngettext ("%u file; both versions are kept", "%u files; both versions are kept", conflicts),
      conflicts);

  gtk_label_set_label (self->folders_label, folders);
  show_amount (self->upload_label, summary->uploaded, summary->payload_up);
  show_amount (self->download_label, summary->downloaded, summary->payload_down);
  gtk_label_set_label (self->conflict_label, conflicts > 0 ? text : _ ("nothing"));
}

static void
on_previewed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PsSetupWindow) self = user_data;
  g_autoptr (GError) error = NULL;
  PsSummary summary = { 0 };

  ps_setup_preview_finish (PS_SETUP (source), result, &summary, &error);
  if (!end (self, error))
    {
      /* A folder with the marker of another pair is one of the things that can be wrong with it. */
      if (g_error_matches (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_CONFIG) && self->setup != NULL)
        gtk_widget_show (GTK_WIDGET (self->rebind_check));
      return;
    }
  turn_to (self, PAGE_PREVIEW);
  show_preview (self, &summary);
}

static void
preview (PsSetupWindow *self)
{
  PsConfig *config = ps_setup_get_config (self->setup);

  ps_setup_set (config, "REMOTE CONFIG", "remote_base", gtk_entry_get_text (self->remote_entry));
  ps_setup_set (config, "LOCAL CONFIG", "local_base", gtk_entry_get_text (self->local_entry));
  begin (self);
  ps_setup_preview_async (self->setup, gtk_toggle_button_get_active (self->rebind_check),
                          self->cancellable, on_previewed, g_object_ref (self));
}

static void
on_autostart_set (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  if (!ps_autostart_set_finish (result, &error))
    ps_open_say (NULL, _ ("PiSync will not start when you log in"), error->message);
}

static void
on_begun (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PsSetupWindow) self = user_data;
  g_autoptr (GError) error = NULL;
  PsPair *pair = ps_setup_begin_finish (PS_SETUP (source), result, &error);

  if (!end (self, error))
    return;
  ps_autostart_set_async (gtk_toggle_button_get_active (self->autostart_check), on_autostart_set,
                          NULL);
  g_signal_emit (self, done_signal, 0, ps_pair_get_name (pair));
  gtk_widget_destroy (GTK_WIDGET (self));
}

static void
start (PsSetupWindow *self)
{
  begin (self);
  ps_setup_begin_async (self->setup, on_begun, g_object_ref (self));
}

/* The other half of a double click was not meant for the page that the first one turned to. */
static gboolean
is_second_click (PsSetupWindow *self)
{
  g_autoptr (GdkEvent) event = gtk_get_current_event ();
  gint64 before = self->clicked_at;
  int ms;

  if (event == NULL || gdk_event_get_event_type (event) != GDK_BUTTON_RELEASE)
    return FALSE;
  self->clicked_at = g_get_monotonic_time ();
  g_object_get (gtk_widget_get_settings (GTK_WIDGET (self)), "gtk-double-click-time", &ms, NULL);
  return before != 0 && self->clicked_at - before < ms * G_GINT64_CONSTANT (1000);
}

static void
on_next (PsSetupWindow *self)
{
  if (is_second_click (self))
    return;
  switch (self->page)
    {
    case PAGE_SERVER:
      take_server (self);
      turn_to (self, PAGE_SIGN_IN);
      break;
    case PAGE_SIGN_IN:
      sign_in (self);
      break;
    case PAGE_REMOTE:
      turn_to (self, PAGE_LOCAL);
      break;
    case PAGE_LOCAL:
      preview (self);
      break;
    case PAGE_PREVIEW:
      start (self);
      break;
    default:
      g_assert_not_reached ();
    }
}

static void
on_back (PsSetupWindow *self)
{
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  else if (self->page > PAGE_SERVER)
    turn_to (self, self->page - 1);
}

/* Within the pages. */

static void
show_config (PsSetupWindow *self)
{
  const PsConfig *config = ps_setup_get_config (self->setup);
  g_autofree char *port = config->port > 0 ? g_strdup_printf ("%u", config->port) : g_strdup ("");
  g_autofree char *local = g_build_filename (g_get_home_dir (), "PiSync", NULL);

  gtk_entry_set_text (self->host_entry, config->host != NULL ? config->host : "raspberrypi.local");
  gtk_entry_set_text (self->user_entry, config->user != NULL ? config->user : g_get_user_name ());
  gtk_entry_set_text (self->port_entry, port);
  gtk_entry_set_text (self->remote_entry,
                      config->remote_base != NULL ? config->remote_base : "PiSync");
  gtk_entry_set_text (self->local_entry, config->local_base != NULL ? config->local_base : local);
  gtk_toggle_button_set_active (config->auth == PS_AUTH_AGENT ? self->agent_radio
                                : config->host != NULL && config->auth == PS_AUTH_PUBLICKEY
                                    ? self->key_radio
                                    : self->password_radio,
                                TRUE);
  if (config->keyfile != NULL)
    gtk_file_chooser_set_filename (self->keyfile_button, config->keyfile);
}

static GtkWidget *
neighbour_row (gpointer item, gpointer unused)
{
  PsNeighbour *one = item;
  guint port = ps_neighbour_get_port (one);
  g_autofree char *with_port = g_strdup_printf ("%s:%u", ps_neighbour_get_host (one), port);
  GtkWidget *row = ps_item_row_new ("network-server", ps_neighbour_get_name (one),
                                    port == PS_SSH_PORT ? ps_neighbour_get_host (one) : with_port);

  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), TRUE);
  return row;
}

static void
on_neighbours_changed (PsSetupWindow *self)
{
  GListModel *list = ps_neighbours_get_list (self->neighbours);

  gtk_widget_set_visible (self->neighbours_box, g_list_model_get_n_items (list) > 0);
}

static void
on_neighbour (PsSetupWindow *self, GtkListBoxRow *row)
{
  GListModel *list = ps_neighbours_get_list (self->neighbours);
  g_autoptr (PsNeighbour) one
      = g_list_model_get_item (list, (guint)gtk_list_box_row_get_index (row));
  guint port = ps_neighbour_get_port (one);
  g_autofree char *text = port == PS_SSH_PORT ? g_strdup ("") : g_strdup_printf ("%u", port);

  gtk_entry_set_text (self->host_entry, ps_neighbour_get_host (one));
  gtk_entry_set_text (self->port_entry, text);
  gtk_widget_grab_focus (GTK_WIDGET (self->user_entry));
}

static void
look_around (PsSetupWindow *self)
{
  GListModel *list;

  self->neighbours = ps_neighbours_new ();
  list = ps_neighbours_get_list (self->neighbours);
  gtk_list_box_bind_model (self->neighbours_list, list, neighbour_row, NULL, NULL);
  g_signal_connect_object (list, "items-changed", G_CALLBACK (on_neighbours_changed), self,
                           G_CONNECT_SWAPPED);
}

static void
on_import (PsSetupWindow *self)
{
  g_autoptr (GError) error = NULL;

  gtk_widget_hide (self->import_bar);
  if (ps_setup_import (self->setup, &error))
    show_config (self);
  else
    fail (self, error->message);
  refresh (self);
}

static void
on_chosen (PsSetupWindow *self, const char *path)
{
  gtk_entry_set_text (self->remote_entry, path);
  gtk_widget_set_sensitive (self->new_folder_button, TRUE);
}

static void
on_tree_failed (PsSetupWindow *self, const char *message)
{
  if (self->setup == NULL)
    return;
  fail (self, message);
  refresh (self);
}

static GtkWidget *
new_folder_entry (GtkDialog *dialog)
{
  GtkWidget *entry = gtk_entry_new ();

  g_object_set (entry, "truncate-multiline", TRUE, NULL);
  gtk_entry_set_activates_default (GTK_ENTRY (entry), TRUE);
  gtk_widget_set_margin_start (entry, 12);
  gtk_widget_set_margin_end (entry, 12);
  atk_object_set_name (gtk_widget_get_accessible (entry), _ ("Name of the new folder"));
  gtk_container_add (GTK_CONTAINER (gtk_dialog_get_content_area (dialog)), entry);
  gtk_widget_show (entry);
  g_object_set_data (G_OBJECT (dialog), "entry", entry);
  return entry;
}

static void
on_new_folder_response (GtkDialog *dialog, int response, PsSetupWindow *self)
{
  GtkEntry *entry = GTK_ENTRY (g_object_get_data (G_OBJECT (dialog), "entry"));
  g_autofree char *name = g_strstrip (g_strdup (gtk_entry_get_text (entry)));
  gboolean good = *name != '\0' && *name != '.' && strchr (name, '/') == NULL;

  if (response == GTK_RESPONSE_OK && !good)
    {
      gtk_message_dialog_format_secondary_text (
          GTK_MESSAGE_DIALOG (dialog), "%s",
          _ ("A folder’s name has no slash and does not begin with a dot."));
      return;
    }
  if (response == GTK_RESPONSE_OK)
    ps_setup_tree_make_folder (self->tree, name);
  gtk_widget_destroy (GTK_WIDGET (dialog));
}

static void
on_new_folder (PsSetupWindow *self)
{
  g_autofree char *parent = ps_setup_tree_dup_path (self->tree);
  GtkWidget *dialog;

  if (parent == NULL)
    return;
  dialog = gtk_message_dialog_new (GTK_WINDOW (self), GTK_DIALOG_MODAL, GTK_MESSAGE_OTHER,
                                   /* Translators: %s is a folder on the server */
                                   GTK_BUTTONS_NONE, _ ("New folder in %s"), parent);
  gtk_window_set_title (GTK_WINDOW (dialog), _ ("New Folder"));
  gtk_window_set_destroy_with_parent (GTK_WINDOW (dialog), TRUE);
  gtk_dialog_add_buttons (GTK_DIALOG (dialog), _ ("_Cancel"), GTK_RESPONSE_CANCEL, _ ("_Make"),
                          GTK_RESPONSE_OK, NULL);
  gtk_dialog_set_default_response (GTK_DIALOG (dialog), GTK_RESPONSE_OK);
  gtk_widget_grab_focus (new_folder_entry (GTK_DIALOG (dialog)));
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_new_folder_response), self, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
on_local_chosen (GtkDialog *dialog, int response, PsSetupWindow *self)
{
  g_autofree char *path = gtk_file_chooser_get_filename (GTK_FILE_CHOOSER (dialog));

  if (response == GTK_RESPONSE_ACCEPT && path != NULL)
    gtk_entry_set_text (self->local_entry, path);
  gtk_widget_destroy (GTK_WIDGET (dialog));
}

static void
on_choose_local (PsSetupWindow *self)
{
  GtkWidget *dialog = gtk_file_chooser_dialog_new (
      _ ("Folder on This Computer"), GTK_WINDOW (self), GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER,
      _ ("_Cancel"), GTK_RESPONSE_CANCEL, _ ("_Choose"), GTK_RESPONSE_ACCEPT, NULL);

  gtk_window_set_modal (GTK_WINDOW (dialog), TRUE);
  gtk_window_set_destroy_with_parent (GTK_WINDOW (dialog), TRUE);
  gtk_file_chooser_set_current_folder (GTK_FILE_CHOOSER (dialog), g_get_home_dir ());
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_local_chosen), self, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

/* The object. */

static void
ps_setup_window_dispose (GObject *object)
{
  PsSetupWindow *self = PS_SETUP_WINDOW (object);

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->setup);
  g_clear_object (&self->local_check);
  if (self->neighbours != NULL)
    ps_neighbours_stop (self->neighbours);
  g_clear_object (&self->neighbours);
  G_OBJECT_CLASS (ps_setup_window_parent_class)->dispose (object);
}

static void
ps_setup_window_finalize (GObject *object)
{
  g_free (PS_SETUP_WINDOW (object)->failure);
  G_OBJECT_CLASS (ps_setup_window_parent_class)->finalize (object);
}

static void
bind_children (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, PsSetupWindow, back_button);
  gtk_widget_class_bind_template_child (widget_class, PsSetupWindow, next_button);
  gtk_widget_class_bind_template_child (widget_class, PsSetupWindow, spinner);
  gtk_widget_class_bind_template_child (widget_class, PsSetupWindow, import_bar);
  gtk_widget_class_bind_template_child (widget_class, PsSetupWindow, stack);
  gtk_widget_class_bind_template_child (widget_class, PsSetupWindow, host_entry);
  gtk_widget_class_bind_template_child (widget_class, PsSetupWindow, user_entry);
  gtk_widget_class_bind_template_child (widget_class, PsSetupWindow, port_entry);
  gtk_widget_class_bind_template_child (widget_class, PsSetupWindow, neighbours_box);
  gtk_widget_class_bind_template_child (widget_class, PsSetupWindow, neighbours_list);
  gtk_widget_class_bind_template_child (widget_class, PsSetupWindow, sign_in_label);
  gtk_widget_class_bind_template_child (widget_class, PsSetupWindow, password_radio);
  gtk_widget_class_bind_template_child (widget_class, PsSetupWindow, make_key_check);
  gtk_widget_class_bind_template_child (widget_class, PsSetupWindow, key_radio);
  gtk_widget_class_bind_template_child (widget_class, PsSetupWindow, keyfile_button);
  gtk_widget_class_bind_template_child (widget_class, PsSetupWindow, keyfile_label);
  gtk_widget_class_bind_template_child (widget_class, PsSetupWindow, agent_radio);
  gtk_widget_class_bind_template_child (widget_class, PsSetupWindow, tree);
  gtk_widget_class_bind_template_child (widget_class, PsSetupWindow, remote_entry);
  gtk_widget_class_bind_template_child (widget_class, PsSetupWindow, new_folder_button);
  gtk_widget_class_bind_template_child (widget_class, PsSetupWindow, local_entry);
  gtk_widget_class_bind_template_child (widget_class, PsSetupWindow, rebind_check);
  gtk_widget_class_bind_template_child (widget_class, PsSetupWindow, folders_label);
  gtk_widget_class_bind_template_child (widget_class, PsSetupWindow, upload_label);
  gtk_widget_class_bind_template_child (widget_class, PsSetupWindow, download_label);
  gtk_widget_class_bind_template_child (widget_class, PsSetupWindow, conflict_label);
  gtk_widget_class_bind_template_child (widget_class, PsSetupWindow, autostart_check);
  gtk_widget_class_bind_template_child (widget_class, PsSetupWindow, message_image);
  gtk_widget_class_bind_template_child (widget_class, PsSetupWindow, message_label);
}

static void
bind_callbacks (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_callback (widget_class, on_back);
  gtk_widget_class_bind_template_callback (widget_class, on_next);
  gtk_widget_class_bind_template_callback (widget_class, on_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_neighbour);
  gtk_widget_class_bind_template_callback (widget_class, on_import);
  gtk_widget_class_bind_template_callback (widget_class, on_chosen);
  gtk_widget_class_bind_template_callback (widget_class, on_tree_failed);
  gtk_widget_class_bind_template_callback (widget_class, on_new_folder);
  gtk_widget_class_bind_template_callback (widget_class, on_choose_local);
  gtk_widget_class_bind_template_callback_full (widget_class, "on_key_press",
                                                G_CALLBACK (ps_keys_close));
}

static void
ps_setup_window_class_init (PsSetupWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = ps_setup_window_dispose;
  G_OBJECT_CLASS (klass)->finalize = ps_setup_window_finalize;
  g_type_ensure (PS_TYPE_SETUP_TREE);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/pisync/PiSync/setup-window.ui");
  bind_children (widget_class);
  bind_callbacks (widget_class);
  done_signal = g_signal_new ("done", PS_TYPE_SETUP_WINDOW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                              G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
ps_setup_window_init (PsSetupWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  ps_wrap_buttons (GTK_WIDGET (self));
}

GtkWidget *
ps_setup_window_new (PsPairs *pairs, PsPrompts *prompts)
{
  PsSetupWindow *self = g_object_new (PS_TYPE_SETUP_WINDOW, NULL);
  g_autofree char *ancestor = ps_config_ancestor_file ();

  self->setup = ps_setup_new (pairs, prompts);
  show_config (self);
  turn_to (self, PAGE_SERVER);
  gtk_widget_set_visible (self->import_bar, g_file_test (ancestor, G_FILE_TEST_IS_REGULAR));
  look_around (self);
  gtk_widget_grab_default (GTK_WIDGET (self->next_button));
  gtk_widget_grab_focus (GTK_WIDGET (self->host_entry));
  return GTK_WIDGET (self);
}
