/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/folders-dialog.h"

#include "app/folder-check.h"
#include "app/pair-change.h"
#include "app/setup-check.h"
#include "app/wrap.h"

#include <glib/gi18n.h>

struct _PsFoldersDialog
{
  GtkDialog parent_instance;

  PsPairs *pairs;
  PsPair *pair;
  PsPrompts *prompts;
  PsFolderCheck *local_check;
  GCancellable *cancellable; /* (nullable) while the change is under way */

  GtkEntry *local_entry;
  GtkEntry *remote_entry;
  GtkLabel *wrong_label;
  GtkToggleButton *rebind_check;
  GtkWidget *busy_box;
  GtkWidget *change_button;
};

G_DEFINE_FINAL_TYPE (PsFoldersDialog, ps_folders_dialog, GTK_TYPE_DIALOG)

static void
say_wrong (PsFoldersDialog *self, const char *text)
{
  gtk_label_set_label (self->wrong_label, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (self->wrong_label), text != NULL);
}

static gboolean
is_changed (PsFoldersDialog *self)
{
  const PsConfig *config = ps_pair_get_config (self->pair);
  g_autoptr (PsConfig) typed = ps_config_copy (config);

  return ps_setup_set (typed, "LOCAL CONFIG", "local_base", gtk_entry_get_text (self->local_entry))
         && ps_setup_set (typed, "REMOTE CONFIG", "remote_base",
                          gtk_entry_get_text (self->remote_entry))
         && !ps_config_same_run (config, typed);
}

static void
refresh (PsFoldersDialog *self)
{
  const char *wrong = NULL;
  gboolean good = ps_folder_check_get (self->local_check, &wrong);
  g_autofree char *wrong_there = ps_setup_check_remote (gtk_entry_get_text (self->remote_entry));

  say_wrong (self, wrong != NULL ? wrong : wrong_there);
  gtk_widget_set_sensitive (self->change_button, good && wrong_there == NULL && is_changed (self));
}

static void
on_typed (PsFoldersDialog *self)
{
  if (self->pair == NULL)
    return;
  ps_folder_check_set (self->local_check, gtk_entry_get_text (self->local_entry),
                       ps_pair_get_config (self->pair)->file);
  refresh (self);
}

static void
on_local_checked (PsFoldersDialog *self)
{
  if (self->pair != NULL && self->cancellable == NULL)
    refresh (self);
}

static void
on_folder_chosen (GtkNativeDialog *chooser, int response, PsFoldersDialog *self)
{
  g_autofree char *folder = gtk_file_chooser_get_filename (GTK_FILE_CHOOSER (chooser));
  g_autofree char *name = folder != NULL ? g_filename_to_utf8 (folder, -1, NULL, NULL, NULL) : NULL;

  if (response == GTK_RESPONSE_ACCEPT && name != NULL)
    gtk_entry_set_text (self->local_entry, name);
  g_object_unref (chooser);
}

static void
on_choose (PsFoldersDialog *self)
{
  GtkFileChooserNative *chooser
      = gtk_file_chooser_native_new (_ ("Folder on This Computer"), GTK_WINDOW (self),
                                     GTK_FILE_CHOOSER_ACTION_CREATE_FOLDER, NULL, NULL);

  gtk_file_chooser_set_filename (GTK_FILE_CHOOSER (chooser),
                                 gtk_entry_get_text (self->local_entry));
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (chooser), TRUE);
  g_signal_connect_object (chooser, "response", G_CALLBACK (on_folder_chosen), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (chooser));
}

/* Whether the change can no longer be cancelled: the pair has been ended. */
static gboolean
is_late (PsFoldersDialog *self)
{
  return self->pair != NULL && self->cancellable != NULL
         && ps_pairs_find (self->pairs, ps_pair_get_name (self->pair)) != self->pair;
}

static void
update_cancel (PsFoldersDialog *self)
{
  gtk_dialog_set_response_sensitive (GTK_DIALOG (self), GTK_RESPONSE_CANCEL, !is_late (self));
}

static void
set_busy (PsFoldersDialog *self, gboolean busy)
{
  gtk_widget_set_visible (self->busy_box, busy);
  gtk_widget_set_sensitive (GTK_WIDGET (self->local_entry), !busy);
  gtk_widget_set_sensitive (GTK_WIDGET (self->remote_entry), !busy);
  gtk_widget_set_sensitive (self->change_button, !busy);
  update_cancel (self);
}

static void
on_changed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PsFoldersDialog) self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean done = ps_pair_change_folders_finish (result, &error);
  PsPair *pair;

  g_clear_object (&self->cancellable);
  if (self->pair == NULL)
    return;
  if (done || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      gtk_widget_destroy (GTK_WIDGET (self));
      return;
    }
  /* Where it failed late, the pair was begun again, as another object. */
  pair = ps_pairs_find (self->pairs, ps_pair_get_name (self->pair));
  if (pair != NULL)
    g_set_object (&self->pair, pair);
  set_busy (self, FALSE);
  say_wrong (self, error->message);
  if (g_error_matches (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_CONFIG))
    gtk_widget_show (GTK_WIDGET (self->rebind_check));
}

static void
begin (PsFoldersDialog *self)
{
  PsPairFolders folders = { .local = gtk_entry_get_text (self->local_entry),
                            .remote = gtk_entry_get_text (self->remote_entry),
                            .rebind = gtk_toggle_button_get_active (self->rebind_check),
                            .parent = GTK_WINDOW (self) };

  set_busy (self, TRUE);
  say_wrong (self, NULL);
  self->cancellable = g_cancellable_new ();
  ps_pair_change_folders_async (self->pairs, self->pair, self->prompts, &folders, self->cancellable,
                                on_changed, g_object_ref (self));
}

static gboolean
on_delete (PsFoldersDialog *self)
{
  return is_late (self) ? GDK_EVENT_STOP : GDK_EVENT_PROPAGATE;
}

static void
on_response (PsFoldersDialog *self, int response)
{
  if (is_late (self))
    return;
  if (response == GTK_RESPONSE_OK)
    {
      if (self->cancellable == NULL && gtk_widget_is_sensitive (self->change_button))
        begin (self);
      return;
    }
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  gtk_widget_destroy (GTK_WIDGET (self));
}

static void
ps_folders_dialog_dispose (GObject *object)
{
  PsFoldersDialog *self = PS_FOLDERS_DIALOG (object);

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->local_check);
  g_clear_object (&self->prompts);
  g_clear_object (&self->pair);
  g_clear_object (&self->pairs);
  G_OBJECT_CLASS (ps_folders_dialog_parent_class)->dispose (object);
}

static void
ps_folders_dialog_class_init (PsFoldersDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = ps_folders_dialog_dispose;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/pisync/PiSync/folders-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, PsFoldersDialog, local_entry);
  gtk_widget_class_bind_template_child (widget_class, PsFoldersDialog, remote_entry);
  gtk_widget_class_bind_template_child (widget_class, PsFoldersDialog, wrong_label);
  gtk_widget_class_bind_template_child (widget_class, PsFoldersDialog, rebind_check);
  gtk_widget_class_bind_template_child (widget_class, PsFoldersDialog, busy_box);
  gtk_widget_class_bind_template_child (widget_class, PsFoldersDialog, change_button);
  gtk_widget_class_bind_template_callback (widget_class, on_typed);
  gtk_widget_class_bind_template_callback (widget_class, on_choose);
}

static void
ps_folders_dialog_init (PsFoldersDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  ps_wrap_buttons (GTK_WIDGET (self));
  g_signal_connect (self, "response", G_CALLBACK (on_response), NULL);
  g_signal_connect (self, "delete-event", G_CALLBACK (on_delete), NULL);
}

GtkWidget *
ps_folders_dialog_new (GtkWindow *parent, PsPairs *pairs, PsPair *pair, PsPrompts *prompts)
{
  PsFoldersDialog *self = g_object_new (PS_TYPE_FOLDERS_DIALOG, "use-header-bar", FALSE,
                                        "transient-for", parent, NULL);
  const PsConfig *config = ps_pair_get_config (pair);

  self->pairs = g_object_ref (pairs);
  self->pair = g_object_ref (pair);
  self->prompts = g_object_ref (prompts);
  self->local_check = ps_folder_check_new ();
  g_signal_connect_object (self->local_check, "changed", G_CALLBACK (on_local_checked), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (pairs, "items-changed", G_CALLBACK (update_cancel), self,
                           G_CONNECT_SWAPPED);
  gtk_entry_set_text (self->local_entry, config->local_base);
  gtk_entry_set_text (self->remote_entry, config->remote_base);
  on_typed (self);
  return GTK_WIDGET (self);
}
