/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/question-card.h"

struct _PsQuestionCard
{
  GtkFrame parent_instance;

  GtkLabel *title_label;
  GtkLabel *body_label;
  GtkBox *answer_box;
};

G_DEFINE_FINAL_TYPE (PsQuestionCard, ps_question_card, GTK_TYPE_FRAME)

static void
ps_question_card_class_init (PsQuestionCardClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/pisync/PiSync/question-card.ui");
  gtk_widget_class_bind_template_child (widget_class, PsQuestionCard, title_label);
  gtk_widget_class_bind_template_child (widget_class, PsQuestionCard, body_label);
  gtk_widget_class_bind_template_child (widget_class, PsQuestionCard, answer_box);
}

static void
ps_question_card_init (PsQuestionCard *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
ps_question_card_new (const char *title, const char *body)
{
  PsQuestionCard *self = g_object_new (PS_TYPE_QUESTION_CARD, NULL);

  gtk_label_set_label (self->title_label, title);
  gtk_label_set_label (self->body_label, body);
  gtk_widget_set_visible (GTK_WIDGET (self->body_label), body != NULL && body[0] != '\0');
  atk_object_set_name (gtk_widget_get_accessible (GTK_WIDGET (self)), title);
  return GTK_WIDGET (self);
}

GtkWidget *
ps_question_card_add_answer (PsQuestionCard *self, const char *label, gboolean destructive)
{
  GtkWidget *button;

  g_return_val_if_fail (PS_IS_QUESTION_CARD (self), NULL);
  button = gtk_button_new_with_mnemonic (label);
  gtk_style_context_add_class (gtk_widget_get_style_context (button),
                               destructive ? "destructive-action" : "suggested-action");
  gtk_widget_show (button);
  gtk_container_add (GTK_CONTAINER (self->answer_box), button);
  return button;
}
