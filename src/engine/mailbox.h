/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the worker to the owner's main context: values only, in order; of progress only the newest.
 * Nothing is called in the worker, and nothing with the lock held. */
#pragma once

#include "engine/event.h"
#include "engine/question.h"
#include "engine/run.h"

G_BEGIN_DECLS

/* All called in the owner's context. */
typedef struct
{
  void (*event) (PsEvent *event, gpointer data);
  void (*question) (PsQuestion *question, gpointer data); /* a worker waits for its answer */
  void (*question_over) (gpointer data);                  /* it does so no more */
  void (*accepted) (PsQuestion *question, gpointer data); /* its secret was right */
  void (*progress) (const PsProgress *progress, gpointer data);
  /* After the above: at once for questions, else once for all that came within a fifth of a second.
   */
  void (*changed) (gpointer data);
} PsMailboxClass;

typedef struct PsMailbox PsMailbox;

/* @klass: lives as long as the mailbox. @data is not used any more after ps_mailbox_close (). */
PsMailbox *ps_mailbox_new (GMainContext *owner, const PsMailboxClass *klass, gpointer data);
PsMailbox *ps_mailbox_ref (PsMailbox *self);
void ps_mailbox_unref (PsMailbox *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsMailbox, ps_mailbox_unref)

/* Worker's side. Posting events waits a moment where the owner does not keep up. */
void ps_mailbox_post_event (PsMailbox *self, PsEvent *event);
void ps_mailbox_post_question (PsMailbox *self, PsQuestion *question);
void ps_mailbox_post_question_over (PsMailbox *self);
void ps_mailbox_post_accepted (PsMailbox *self, PsQuestion *question);
void ps_mailbox_post_progress (PsMailbox *self, const PsProgress *progress);

/* Owner's side: delivers all that was posted until now, at once, without telling of a change. */
void ps_mailbox_drain (PsMailbox *self);

/* Owner's side: nothing is delivered any more, no source stays behind; later posts are dropped
 * (questions are refused by that). */
void ps_mailbox_close (PsMailbox *self);

G_END_DECLS
