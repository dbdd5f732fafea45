/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/password-dialog.h"

#include "app/view.h"
#include "app/wrap.h"

#include <glib/gi18n.h>

struct _PsPasswordDialog
{
  GtkDialog parent_instance;

  GtkLabel *title_label;
  GtkLabel *body_label;
  GtkLabel *wrong_label;
  GtkWidget *wrong_box;
  GtkLabel *entry_label;
  GtkEntry *entry;
  GtkWidget *caps_box;
  GtkToggleButton *remember_check;
  GtkLabel *keyring_label;
  GdkKeymap *keymap; /* of the display, borrowed */
};

G_DEFINE_FINAL_TYPE (PsPasswordDialog, ps_password_dialog, GTK_TYPE_DIALOG)

static void
update_caps_lock (PsPasswordDialog *self)
{
  gtk_widget_set_visible (self->caps_box, !gtk_entry_get_visibility (self->entry)
                                              && gdk_keymap_get_caps_lock_state (self->keymap));
}

static void
ps_password_dialog_dispose (GObject *object)
{
  PsPasswordDialog *self = PS_PASSWORD_DIALOG (object);

  if (self->keymap != NULL)
    g_signal_handlers_disconnect_by_data (self->keymap, self);
  self->keymap = NULL;
  G_OBJECT_CLASS (ps_password_dialog_parent_class)->dispose (object);
}

static void
ps_password_dialog_class_init (PsPasswordDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = ps_password_dialog_dispose;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/pisync/PiSync/password-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, PsPasswordDialog, title_label);
  gtk_widget_class_bind_template_child (widget_class, PsPasswordDialog, body_label);
  gtk_widget_class_bind_template_child (widget_class, PsPasswordDialog, wrong_label);
  gtk_widget_class_bind_template_child (widget_class, PsPasswordDialog, wrong_box);
  gtk_widget_class_bind_template_child (widget_class, PsPasswordDialog, entry_label);
  gtk_widget_class_bind_template_child (widget_class, PsPasswordDialog, entry);
  gtk_widget_class_bind_template_child (widget_class, PsPasswordDialog, caps_box);
  gtk_widget_class_bind_template_child (widget_class, PsPasswordDialog, remember_check);
  gtk_widget_class_bind_template_child (widget_class, PsPasswordDialog, keyring_label);
}

static void
ps_password_dialog_init (PsPasswordDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  ps_wrap_buttons (GTK_WIDGET (self));
  gtk_dialog_set_default_response (GTK_DIALOG (self), GTK_RESPONSE_OK);
  gtk_window_set_keep_above (GTK_WINDOW (self), TRUE);
  self->keymap = gdk_keymap_get_for_display (gtk_widget_get_display (GTK_WIDGET (self)));
  g_signal_connect_swapped (self->keymap, "state-changed", G_CALLBACK (update_caps_lock), self);
  gtk_widget_grab_focus (GTK_WIDGET (self->entry));
}

static void
show_password (PsPasswordDialog *self, const PsSecretRequest *request)
{
  g_autofree char *body = NULL;

  gtk_label_set_label (self->title_label, _ ("Password needed"));
  /* Translators: user name, host name */
  body = g_strdup_printf (_ ("PiSync signs in to the server as %s on %s."), request->user,
                          request->host);
  gtk_label_set_label (self->body_label, body);
  gtk_label_set_label (self->wrong_label, _ ("That password was not right. Please try again."));
}

static void
show_passphrase (PsPasswordDialog *self, const PsSecretRequest *request)
{
  g_autofree char *file = ps_view_path (request->subject != NULL ? request->subject : "");
  g_autofree char *body = NULL;

  gtk_label_set_label (self->title_label, _ ("Passphrase needed"));
  /* Translators: a file name, user name, host name */
  body = g_strdup_printf (_ ("The key %s is protected by a passphrase. It signs in %s on %s."),
                          file, request->user, request->host);
  gtk_label_set_label (self->body_label, body);
  gtk_label_set_text_with_mnemonic (self->entry_label, _ ("_Passphrase:"));
  gtk_label_set_label (self->wrong_label, _ ("That passphrase was not right. Please try again."));
}

static void
show_prompt (PsPasswordDialog *self, const PsSecretRequest *request)
{
  g_autofree char *body = NULL;

  gtk_label_set_label (self->title_label, _ ("The server has a question"));
  /* Translators: host name, user name, then the server's own words */
  body = g_strdup_printf (_ ("%s asks %s:\n%s"), request->host, request->user,
                          request->subject != NULL ? request->subject : "");
  gtk_label_set_label (self->body_label, body);
  gtk_label_set_text_with_mnemonic (self->entry_label, _ ("_Answer:"));
  gtk_label_set_label (self->wrong_label, _ ("The server did not accept that answer."));
  gtk_entry_set_visibility (self->entry, request->echo);
  gtk_entry_set_input_purpose (self->entry, request->echo ? GTK_INPUT_PURPOSE_FREE_FORM
                                                          : GTK_INPUT_PURPOSE_PASSWORD);
}

/* An answer to a question of the server's own is good for once only. */
static void
show_keyring (PsPasswordDialog *self, PsSecretKind kind, PsKeyringState keyring)
{
  gboolean may_keep = kind != PS_SECRET_PROMPT;

  gtk_widget_set_visible (GTK_WIDGET (self->remember_check),
                          may_keep && keyring != PS_KEYRING_MISSING);
  gtk_widget_set_visible (GTK_WIDGET (self->keyring_label),
                          may_keep && keyring != PS_KEYRING_USABLE);
  gtk_label_set_label (self->keyring_label,
                       keyring == PS_KEYRING_LOCKED
                           ? _ ("The keyring is locked. Remembering will ask to unlock it.")
                           : _ ("There is no keyring to keep this in. It is remembered until "
                                "PiSync quits."));
}

GtkWidget *
ps_password_dialog_new (const PsSecretRequest *request, PsKeyringState keyring)
{
  PsPasswordDialog *self = g_object_new (PS_TYPE_PASSWORD_DIALOG, "use-header-bar", FALSE, NULL);

  switch (request->kind)
    {
    case PS_SECRET_PASSPHRASE:
      show_passphrase (self, request);
      break;
    case PS_SECRET_PROMPT:
      show_prompt (self, request);
      break;
    case PS_SECRET_PASSWORD:
    default:
      show_password (self, request);
      break;
    }
  gtk_widget_set_visible (self->wrong_box, request->attempt > 0);
  show_keyring (self, request->kind, keyring);
  update_caps_lock (self);
  atk_object_set_name (gtk_widget_get_accessible (GTK_WIDGET (self->entry)),
                       gtk_label_get_text (self->entry_label));
  return GTK_WIDGET (self);
}

char *
ps_password_dialog_dup_secret (PsPasswordDialog *self)
{
  g_return_val_if_fail (PS_IS_PASSWORD_DIALOG (self), NULL);
  return g_strdup (gtk_entry_get_text (self->entry));
}

gboolean
ps_password_dialog_get_remember (PsPasswordDialog *self)
{
  g_return_val_if_fail (PS_IS_PASSWORD_DIALOG (self), FALSE);
  return gtk_widget_get_visible (GTK_WIDGET (self->remember_check))
         && gtk_toggle_button_get_active (self->remember_check);
}
