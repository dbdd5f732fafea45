/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/host-key-dialog.h"

#include "app/wrap.h"

#include <glib/gi18n.h>

struct _PsHostKeyDialog
{
  GtkDialog parent_instance;

  GtkImage *image;
  GtkLabel *title_label;
  GtkLabel *body_label;
  GtkLabel *fingerprint_label;
  GtkLabel *known_label;
  GtkWidget *known_box;
  GtkLabel *how_label;
  GtkToggleButton *compared_check;
  GtkWidget *trust_button;
};

G_DEFINE_FINAL_TYPE (PsHostKeyDialog, ps_host_key_dialog, GTK_TYPE_DIALOG)

static void
on_compared_toggled (GtkToggleButton *check, PsHostKeyDialog *self)
{
  gtk_widget_set_sensitive (self->trust_button, gtk_toggle_button_get_active (check));
}

static void
ps_host_key_dialog_class_init (PsHostKeyDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/pisync/PiSync/host-key-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, PsHostKeyDialog, image);
  gtk_widget_class_bind_template_child (widget_class, PsHostKeyDialog, title_label);
  gtk_widget_class_bind_template_child (widget_class, PsHostKeyDialog, body_label);
  gtk_widget_class_bind_template_child (widget_class, PsHostKeyDialog, fingerprint_label);
  gtk_widget_class_bind_template_child (widget_class, PsHostKeyDialog, known_label);
  gtk_widget_class_bind_template_child (widget_class, PsHostKeyDialog, known_box);
  gtk_widget_class_bind_template_child (widget_class, PsHostKeyDialog, how_label);
  gtk_widget_class_bind_template_child (widget_class, PsHostKeyDialog, compared_check);
  gtk_widget_class_bind_template_child (widget_class, PsHostKeyDialog, trust_button);
  gtk_widget_class_bind_template_callback (widget_class, on_compared_toggled);
}

static void
ps_host_key_dialog_init (PsHostKeyDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  ps_wrap_buttons (GTK_WIDGET (self));
  gtk_dialog_set_default_response (GTK_DIALOG (self), GTK_RESPONSE_CANCEL);
}

static void
show_new (PsHostKeyDialog *self, const PsHostKeyInfo *info)
{
  g_autofree char *body = NULL;

  gtk_label_set_label (self->title_label, _ ("Is this your server?"));
  /* Translators: host name, port */
  body = g_strdup_printf (_ ("PiSync connects to %s, port %d, for the first time. Compare this "
                             "fingerprint with the server’s own before you trust it."),
                          info->host, info->port);
  gtk_label_set_label (self->body_label, body);
  gtk_button_set_label (GTK_BUTTON (self->trust_button), _ ("_Trust This Server"));
}

static void
show_changed (PsHostKeyDialog *self, const PsHostKeyInfo *info)
{
  g_autofree char *body = NULL;

  gtk_image_set_from_icon_name (self->image, "dialog-warning", GTK_ICON_SIZE_DIALOG);
  gtk_label_set_label (self->title_label, _ ("The server’s key has changed"));
  /* Translators: host name, port */
  body = g_strdup_printf (
      _ ("%s, port %d, identifies itself with another key than before. That is expected if you "
         "reinstalled the Raspberry Pi. If you did not, somebody may be pretending to be your "
         "server: then do not trust it."),
      info->host, info->port);
  gtk_label_set_label (self->body_label, body);
  gtk_label_set_label (self->known_label,
                       info->known_fingerprint != NULL ? info->known_fingerprint : "");
  gtk_widget_set_visible (self->known_box, info->known_fingerprint != NULL);
  gtk_widget_show (GTK_WIDGET (self->compared_check));
  gtk_widget_set_sensitive (self->trust_button, FALSE);
  gtk_button_set_label (GTK_BUTTON (self->trust_button), _ ("_Trust the New Key"));
}

/* Which file of the server holds the key: "ssh-ed25519" is in ssh_host_ed25519_key.pub. */
static const char *
key_file (const char *type)
{
  if (g_str_has_prefix (type, "ecdsa"))
    return "ssh_host_ecdsa_key.pub";
  if (g_str_has_suffix (type, "rsa") || g_str_has_prefix (type, "rsa"))
    return "ssh_host_rsa_key.pub";
  return "ssh_host_ed25519_key.pub";
}

GtkWidget *
ps_host_key_dialog_new (const PsHostKeyInfo *info)
{
  PsHostKeyDialog *self = g_object_new (PS_TYPE_HOST_KEY_DIALOG, "use-header-bar", FALSE, NULL);
  g_autofree char *key = g_strdup_printf ("%s\n%s", info->type, info->fingerprint);
  g_autofree char *how = NULL;

  if (info->state == PS_HOST_KEY_CHANGED)
    show_changed (self, info);
  else
    show_new (self, info);
  gtk_label_set_label (self->fingerprint_label, key);
  /* Translators: a command to type on the server */
  how = g_strdup_printf (_ ("On the server, this prints it:\n%s%s"), "ssh-keygen -lf /etc/ssh/",
                         key_file (info->type));
  gtk_label_set_label (self->how_label, how);
  return GTK_WIDGET (self);
}
