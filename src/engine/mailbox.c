/* SPDX-License-Identifier: GPL-3.0-or-later */
/* At most one source each for letters and for progress is attached at a time. Not by
 * g_main_context_invoke (): that runs the callback in the worker when nobody holds the context at
 * that moment. */
#include "engine/mailbox.h"

#define PROGRESS_MS 200
#define BATCH 100         /* letters in one go: the owner has a window to draw as well */
#define FULL 4096         /* letters on the way … */
#define FULL_WAIT_MS 1000 /* … make the worker wait, but never for long: see post () */

typedef enum
{
  LETTER_EVENT,
  LETTER_QUESTION,
  LETTER_QUESTION_OVER,
  LETTER_ACCEPTED
} LetterKind;

typedef struct
{
  LetterKind kind;
  gpointer value; /* owned: PsEvent, PsQuestion or NULL */
} Letter;

struct PsMailbox
{
  gatomicrefcount refs;
  /* const after new */
  GMainContext *owner;
  const PsMailboxClass *klass;
  gpointer data;

  GMutex lock;
  GCond taken;
  GQueue letters;           /* (lock) (element-type Letter) */
  PsProgress progress;      /* (lock) */
  gboolean has_progress;    /* (lock) */
  gboolean has_news;        /* (lock) delivered, but not yet told as a change */
  GSource *letter_source;   /* (lock) owned, while attached */
  GSource *progress_source; /* (lock) owned, while attached */
  gboolean closed;          /* (lock) */
};

PsMailbox *
ps_mailbox_new (GMainContext *owner, const PsMailboxClass *klass, gpointer data)
{
  PsMailbox *self = g_new0 (PsMailbox, 1);

  g_atomic_ref_count_init (&self->refs);
  self->owner = g_main_context_ref (owner);
  self->klass = klass;
  self->data = data;
  g_mutex_init (&self->lock);
  g_cond_init (&self->taken);
  g_queue_init (&self->letters);
  return self;
}

PsMailbox *
ps_mailbox_ref (PsMailbox *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

static void
letter_free (gpointer data)
{
  Letter *letter = data;

  if (letter->kind == LETTER_EVENT)
    ps_event_unref (letter->value);
  else if (letter->value != NULL)
    ps_question_unref (letter->value);
  g_free (letter);
}

void
ps_mailbox_unref (PsMailbox *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_queue_clear_full (&self->letters, letter_free);
  g_main_context_unref (self->owner);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->taken);
  g_free (self);
}

static void
unref_data (gpointer data)
{
  ps_mailbox_unref (data);
}

/* (lock) Returns: (transfer full): @source, attached. */
static GSource *
attach (PsMailbox *self, GSource *source, GSourceFunc callback)
{
  g_source_set_callback (source, callback, ps_mailbox_ref (self), unref_data);
  g_source_attach (source, self->owner);
  return source;
}

static gboolean on_progress (gpointer data);

/* (lock) */
static void
arm_progress (PsMailbox *self)
{
  if (self->progress_source == NULL && !self->closed)
    self->progress_source = attach (self, g_timeout_source_new (PROGRESS_MS), on_progress);
}

static void
deliver (PsMailbox *self, Letter *letter)
{
  switch (letter->kind)
    {
    case LETTER_EVENT:
      self->klass->event (letter->value, self->data);
      break;
    case LETTER_QUESTION:
      self->klass->question (letter->value, self->data);
      break;
    case LETTER_QUESTION_OVER:
      self->klass->question_over (self->data);
      break;
    case LETTER_ACCEPTED:
      self->klass->accepted (letter->value, self->data);
      break;
    default:
      g_assert_not_reached ();
    }
}

/* Owner. Returns: whether there was a letter. A callback may close the mailbox. *@urgent: set when
 * it is about a question: that is told at once, a flood of events only now and then. */
static gboolean
deliver_one (PsMailbox *self, gboolean *urgent)
{
  Letter *letter;

  g_mutex_lock (&self->lock);
  letter = self->closed ? NULL : g_queue_pop_head (&self->letters);
  g_cond_signal (&self->taken);
  g_mutex_unlock (&self->lock);
  if (letter == NULL)
    return FALSE;
  deliver (self, letter);
  *urgent |= letter->kind != LETTER_EVENT;
  letter_free (letter);
  return TRUE;
}

/* Owner. Returns: whether there was a newer figure. */
static gboolean
deliver_progress (PsMailbox *self)
{
  PsProgress progress;
  gboolean newer;

  g_mutex_lock (&self->lock);
  newer = self->has_progress && !self->closed;
  self->has_progress = FALSE;
  progress = self->progress;
  g_mutex_unlock (&self->lock);
  if (newer)
    self->klass->progress (&progress, self->data);
  return newer;
}

/* Owner. */
static void
tell_changed (PsMailbox *self)
{
  gboolean closed;

  g_mutex_lock (&self->lock);
  closed = self->closed;
  g_mutex_unlock (&self->lock);
  if (!closed)
    self->klass->changed (self->data);
}

static gboolean
on_letters (gpointer data)
{
  g_autoptr (PsMailbox) self = ps_mailbox_ref (data);
  gboolean urgent = FALSE;
  gboolean more;
  guint delivered = 0;

  while (delivered < BATCH && deliver_one (self, &urgent))
    delivered++;
  g_mutex_lock (&self->lock);
  more = !g_queue_is_empty (&self->letters) && !self->closed;
  if (!more)
    g_clear_pointer (&self->letter_source, g_source_unref);
  if (delivered > 0 && !urgent)
    {
      self->has_news = TRUE;
      arm_progress (self);
    }
  g_mutex_unlock (&self->lock);
  if (urgent)
    tell_changed (self);
  return more;
}

static gboolean
on_progress (gpointer data)
{
  g_autoptr (PsMailbox) self = ps_mailbox_ref (data);
  gboolean news;

  g_mutex_lock (&self->lock);
  g_clear_pointer (&self->progress_source, g_source_unref);
  news = self->has_news;
  self->has_news = FALSE;
  g_mutex_unlock (&self->lock);
  if (deliver_progress (self) || news)
    tell_changed (self);
  return G_SOURCE_REMOVE;
}

/* (lock) The owner may itself be waiting (a test that does not iterate): so after a moment the
 * queue just grows. */
static void
wait_for_room (PsMailbox *self)
{
  gint64 end = g_get_monotonic_time () + FULL_WAIT_MS * G_TIME_SPAN_MILLISECOND;

  while (!self->closed && g_queue_get_length (&self->letters) >= FULL)
    if (!g_cond_wait_until (&self->taken, &self->lock, end))
      return;
}

/* @value: (transfer full). */
static void
post (PsMailbox *self, LetterKind kind, gpointer value)
{
  Letter *letter = g_new (Letter, 1);

  *letter = (Letter){ .kind = kind, .value = value };
  g_mutex_lock (&self->lock);
  wait_for_room (self);
  if (!self->closed)
    {
      g_queue_push_tail (&self->letters, letter);
      if (self->letter_source == NULL)
        self->letter_source = attach (self, g_idle_source_new (), on_letters);
      letter = NULL;
    }
  g_mutex_unlock (&self->lock);
  if (letter != NULL)
    letter_free (letter);
}

void
ps_mailbox_post_event (PsMailbox *self, PsEvent *event)
{
  post (self, LETTER_EVENT, ps_event_ref (event));
}

void
ps_mailbox_post_question (PsMailbox *self, PsQuestion *question)
{
  post (self, LETTER_QUESTION, ps_question_ref (question));
}

void
ps_mailbox_post_question_over (PsMailbox *self)
{
  post (self, LETTER_QUESTION_OVER, NULL);
}

void
ps_mailbox_post_accepted (PsMailbox *self, PsQuestion *question)
{
  post (self, LETTER_ACCEPTED, ps_question_ref (question));
}

void
ps_mailbox_post_progress (PsMailbox *self, const PsProgress *progress)
{
  g_mutex_lock (&self->lock);
  self->progress = *progress;
  self->has_progress = TRUE;
  arm_progress (self);
  g_mutex_unlock (&self->lock);
}

static void
remove_source (GSource *source)
{
  if (source == NULL)
    return;
  g_source_destroy (source);
  g_source_unref (source);
}

void
ps_mailbox_drain (PsMailbox *self)
{
  gboolean ignored = FALSE;
  GSource *source;

  while (deliver_one (self, &ignored))
    ;
  deliver_progress (self);
  g_mutex_lock (&self->lock);
  source = g_steal_pointer (&self->progress_source); /* whoever drains tells of it himself */
  self->has_news = FALSE;
  g_mutex_unlock (&self->lock);
  remove_source (source);
}

void
ps_mailbox_close (PsMailbox *self)
{
  GSource *letter_source, *progress_source;
  GQueue letters = G_QUEUE_INIT;
  Letter *letter;

  g_mutex_lock (&self->lock);
  self->closed = TRUE;
  letter_source = g_steal_pointer (&self->letter_source);
  progress_source = g_steal_pointer (&self->progress_source);
  while ((letter = g_queue_pop_head (&self->letters)) != NULL)
    g_queue_push_tail (&letters, letter);
  g_cond_broadcast (&self->taken);
  g_mutex_unlock (&self->lock);
  remove_source (letter_source);
  remove_source (progress_source);
  g_queue_clear_full (&letters, letter_free);
}
