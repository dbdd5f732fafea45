/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Something that wants a person, in the status window: a title, an explanation, one or two answers.
 * No answer is the window's default, so that Enter in another place answers nothing. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define PS_TYPE_QUESTION_CARD (ps_question_card_get_type ())
G_DECLARE_FINAL_TYPE (PsQuestionCard, ps_question_card, PS, QUESTION_CARD, GtkFrame)

GtkWidget *ps_question_card_new (const char *title, const char *body);

/* Returns: (transfer none): the button of an answer. @label with mnemonic. @destructive answers
 * stand first and look it; the harmless one stands last and gets the keyboard. */
GtkWidget *ps_question_card_add_answer (PsQuestionCard *self, const char *label,
                                        gboolean destructive);

G_END_DECLS
