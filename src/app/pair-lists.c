/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A status comes many times a second; rows are made anew only when the text that they would show
 * has changed, so that focus and selection stay where a person put them. */
#include "app/pair-lists.h"

#include "app/item-row.h"
#include "app/open.h"
#include "app/question-card.h"
#include "app/transfer-row.h"
#include "app/view.h"

#include <glib/gi18n.h>

/* What is beyond stands in the log. */
#define MAX_PROBLEMS 50
#define MAX_SHOWN_CONFLICTS 20

struct _PsPairList
{
  GtkBox parent_instance;

  char *shown; /* what the rows were made from */
  GtkLabel *title_label;
  GtkListBox *list;
  GtkButton *retry_button;
};

G_DEFINE_FINAL_TYPE (PsPairList, ps_pair_list, GTK_TYPE_BOX)

enum
{
  PROP_TITLE = 1
};

static void
ps_pair_list_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  PsPairList *self = PS_PAIR_LIST (object);
  const char *title = g_value_get_string (value);

  if (id != PROP_TITLE)
    {
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      return;
    }
  gtk_label_set_label (self->title_label, title);
  atk_object_set_name (gtk_widget_get_accessible (GTK_WIDGET (self->list)),
                       title != NULL ? title : "");
}

static void
ps_pair_list_finalize (GObject *object)
{
  g_free (PS_PAIR_LIST (object)->shown);
  G_OBJECT_CLASS (ps_pair_list_parent_class)->finalize (object);
}

static void
ps_pair_list_class_init (PsPairListClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->set_property = ps_pair_list_set_property;
  object_class->finalize = ps_pair_list_finalize;
  g_object_class_install_property (
      object_class, PROP_TITLE,
      g_param_spec_string ("title", NULL, NULL, NULL, G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS));
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/pisync/PiSync/pair-list.ui");
  gtk_widget_class_bind_template_child (widget_class, PsPairList, title_label);
  gtk_widget_class_bind_template_child (widget_class, PsPairList, list);
  gtk_widget_class_bind_template_child (widget_class, PsPairList, retry_button);
}

static void
ps_pair_list_init (PsPairList *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

static void
clear (GtkContainer *container)
{
  g_autoptr (GList) children = gtk_container_get_children (container);

  for (GList *l = children; l != NULL; l = l->next)
    gtk_widget_destroy (l->data);
}

/* Returns: whether the rows have to be made anew for @text, which is taken. They are gone then. */
static gboolean
begin (PsPairList *self, char *text)
{
  g_autofree char *owned = text;

  if (g_strcmp0 (self->shown, owned) == 0)
    return FALSE;
  g_free (self->shown);
  self->shown = g_steal_pointer (&owned);
  clear (GTK_CONTAINER (self->list));
  return TRUE;
}

static GtkWindow *
window_of (gpointer widget)
{
  GtkWidget *top = gtk_widget_get_toplevel (widget);

  return GTK_IS_WINDOW (top) ? GTK_WINDOW (top) : NULL;
}

/* Transfers. */

void
ps_pair_list_show_transfers (PsPairList *self, const PsProgress *progress)
{
  guint n = progress->state == PS_RUN_APPLY ? progress->n_transfers : 0;
  GtkListBoxRow *row;

  g_return_if_fail (PS_IS_PAIR_LIST (self));
  for (guint i = 0; i < n; i++)
    {
      row = gtk_list_box_get_row_at_index (self->list, (int)i);
      if (row == NULL)
        {
          row = GTK_LIST_BOX_ROW (ps_transfer_row_new ());
          gtk_container_add (GTK_CONTAINER (self->list), GTK_WIDGET (row));
        }
      ps_transfer_row_set (PS_TRANSFER_ROW (row), &progress->transfers[i]);
    }
  while ((row = gtk_list_box_get_row_at_index (self->list, (int)n)) != NULL)
    gtk_widget_destroy (GTK_WIDGET (row));
  gtk_widget_set_visible (GTK_WIDGET (self), n > 0);
}

/* Problems. */

static char *
problem_text (const PsEvent *problem)
{
  return ps_view_text (problem->message != NULL ? problem->message : "");
}

static void
add_problem (PsPairList *self, const PsEvent *problem)
{
  g_autofree char *name = problem->path != NULL ? ps_view_path (problem->path) : NULL;
  g_autofree char *text = problem_text (problem);
  GtkWidget *row = ps_item_row_new ("dialog-warning-symbolic", name != NULL ? name : text,
                                    name != NULL ? text : NULL);

  gtk_container_add (GTK_CONTAINER (self->list), row);
}

void
ps_pair_list_show_problems (PsPairList *self, PsPair *pair)
{
  PsStatus *status = ps_pair_get_status (pair);
  guint shown = MIN (status->problems->len, MAX_PROBLEMS);
  GString *text = g_string_new (NULL);

  g_return_if_fail (PS_IS_PAIR_LIST (self));
  g_string_append_printf (text, "%" G_GUINT64_FORMAT "\n", status->n_problems);
  for (guint i = 0; i < shown; i++)
    {
      const PsEvent *problem = status->problems->pdata[i];

      g_string_append_printf (text, "%s\t%s\n", problem->path != NULL ? problem->path : "",
                              problem->message != NULL ? problem->message : "");
    }
  gtk_widget_set_visible (GTK_WIDGET (self), shown > 0);
  if (!begin (self, g_string_free (text, FALSE)))
    return;
  for (guint i = 0; i < shown; i++)
    add_problem (self, status->problems->pdata[i]);
  if (status->n_problems > shown)
    {
      gulong more = (gulong)(status->n_problems - shown);
      g_autofree char *rest = g_strdup_printf (
          ngettext ("%lu more is in the log", "%lu more are in the log", more), more);

      gtk_container_add (GTK_CONTAINER (self->list),
                         ps_item_row_new ("view-more-symbolic", rest, NULL));
    }
  gtk_actionable_set_action_target (GTK_ACTIONABLE (self->retry_button), "s",
                                    ps_pair_get_name (pair));
  gtk_actionable_set_action_name (GTK_ACTIONABLE (self->retry_button), "app.pair-sync-now");
  gtk_widget_show (GTK_WIDGET (self->retry_button));
}

/* Conflicts. */

typedef struct
{
  GtkWidget *button; /* weak */
  PsConflicts *conflicts;
} KeepWish;

static void
on_kept (GObject *source, GAsyncResult *result, gpointer user_data)
{
  KeepWish *wish = user_data;
  g_autoptr (GError) error = NULL;

  if (!ps_conflicts_keep_finish (wish->conflicts, result, &error))
    {
      if (wish->button != NULL) /* it may be wanted once more */
        gtk_widget_set_sensitive (wish->button, TRUE);
      ps_open_say (wish->button != NULL ? window_of (wish->button) : NULL,
                   _ ("The other version could not be moved to the trash"), error->message);
    }
  g_clear_weak_pointer (&wish->button);
  g_object_unref (wish->conflicts);
  g_free (wish);
}

/* The conflict that a row's button is about: copied, since the list may change meanwhile. */
static const PsConflict *
find_conflict (PsConflicts *conflicts, const char *copy)
{
  GPtrArray *list = ps_conflicts_get (conflicts);

  for (guint i = 0; i < list->len; i++)
    if (g_str_equal (((PsConflict *)list->pdata[i])->copy, copy))
      return list->pdata[i];
  return NULL;
}

static void
keep (GtkWidget *button, gboolean keep_copy)
{
  PsConflicts *conflicts = g_object_get_data (G_OBJECT (button), "conflicts");
  const PsConflict *conflict
      = find_conflict (conflicts, g_object_get_data (G_OBJECT (button), "copy"));
  KeepWish *wish;

  if (conflict == NULL)
    return;
  gtk_widget_set_sensitive (button, FALSE);
  wish = g_new0 (KeepWish, 1);
  g_set_weak_pointer (&wish->button, button);
  wish->conflicts = g_object_ref (conflicts);
  ps_conflicts_keep_async (conflicts, conflict, keep_copy, on_kept, wish);
}

static void
on_keep_original (GtkWidget *button)
{
  keep (button, FALSE);
}

static void
on_keep_copy (GtkWidget *button)
{
  keep (button, TRUE);
}

static void
on_open_both (GtkWidget *button)
{
  const char *root = g_object_get_data (G_OBJECT (button), "root");
  const char *copy = g_object_get_data (G_OBJECT (button), "copy");
  g_autofree char *original = ps_conflicts_original (copy);
  g_autofree char *first = g_build_filename (root, original, NULL);
  g_autofree char *second = g_build_filename (root, copy, NULL);

  ps_open_path (first, window_of (button));
  ps_open_path (second, window_of (button));
}

static GtkWidget *
add_conflict_button (GtkWidget *row, const char *label, const PsConflict *conflict,
                     PsConflicts *conflicts, GCallback callback)
{
  GtkWidget *button = ps_item_row_add_button (PS_ITEM_ROW (row), NULL, label);

  g_object_set_data_full (G_OBJECT (button), "copy", g_strdup (conflict->copy), g_free);
  g_object_set_data_full (G_OBJECT (button), "conflicts", g_object_ref (conflicts), g_object_unref);
  g_signal_connect (button, "clicked", callback, NULL);
  return button;
}

/* "12 kB · 14:05 · what it is" */
static char *
version_text (gint64 size, gint64 mtime, const char *what)
{
  g_autofree char *bytes = g_format_size ((guint64)size);
  g_autofree char *when = ps_view_when (mtime, g_get_real_time () / G_USEC_PER_SEC);

  return g_strdup_printf ("%s · %s · %s", bytes, when, what);
}

static void
add_conflict (PsPairList *self, PsPair *pair, const PsConflict *conflict, PsConflicts *conflicts)
{
  g_autofree char *name = ps_view_path (conflict->original);
  g_autofree char *copy_name = ps_view_name (conflict->copy);
  g_autofree char *first
      = version_text (conflict->original_size, conflict->original_mtime, _ ("kept the name"));
  g_autofree char *second
      = version_text (conflict->copy_size, conflict->copy_mtime, _ ("the other version"));
  GtkWidget *original = ps_item_row_new ("dialog-warning-symbolic", name,
                                         conflict->has_original ? first : _ ("not there any more"));
  GtkWidget *copy = ps_item_row_new ("edit-copy-symbolic", copy_name, second);
  GtkWidget *both;

  if (conflict->has_original)
    {
      add_conflict_button (original, _ ("Keep This One"), conflict, conflicts,
                           G_CALLBACK (on_keep_original));
      both = add_conflict_button (original, _ ("Open Both"), conflict, conflicts,
                                  G_CALLBACK (on_open_both));
      g_object_set_data_full (G_OBJECT (both), "root",
                              g_strdup (ps_pair_get_config (pair)->local_base), g_free);
    }
  add_conflict_button (copy, _ ("Keep This One"), conflict, conflicts, G_CALLBACK (on_keep_copy));
  gtk_container_add (GTK_CONTAINER (self->list), original);
  gtk_container_add (GTK_CONTAINER (self->list), copy);
}

void
ps_pair_list_show_conflicts (PsPairList *self, PsPair *pair, PsConflicts *conflicts)
{
  GPtrArray *list = ps_conflicts_get (conflicts);
  guint shown = MIN (list->len, MAX_SHOWN_CONFLICTS);
  GString *text = g_string_new (NULL);

  g_return_if_fail (PS_IS_PAIR_LIST (self));
  for (guint i = 0; i < shown; i++)
    {
      const PsConflict *one = list->pdata[i];

      g_string_append_printf (text, "%s\t%d\t%" G_GINT64_FORMAT "\t%" G_GINT64_FORMAT "\n",
                              one->copy, one->has_original, one->original_mtime, one->copy_mtime);
    }
  gtk_widget_set_visible (GTK_WIDGET (self), shown > 0);
  if (!begin (self, g_string_free (text, FALSE)))
    return;
  for (guint i = 0; i < shown; i++)
    add_conflict (self, pair, list->pdata[i], conflicts);
}

/* Questions. */

static void
set_answer (GtkWidget *button, const char *action, GVariant *target)
{
  gtk_actionable_set_action_target_value (GTK_ACTIONABLE (button), target);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), action);
}

static GVariant *
decision (PsPair *pair, PsGuard guard, gboolean allow)
{
  return g_variant_new ("(sub)", ps_pair_get_name (pair), (guint32)guard, allow);
}

/* Returns: (transfer full): what the card says. Of a folder that is not there, where it should be.
 */
static char *
held_body (PsPair *pair, PsGuard guard, const char *body)
{
  const PsConfig *config = ps_pair_get_config (pair);
  g_autofree char *local = ps_view_path (config->local_base);
  g_autofree char *remote = ps_view_path (config->remote_base);

  if (guard != PS_GUARD_ROOT)
    return g_strdup (body);
  return g_strdup_printf ("%s\n%s %s\n%s %s", body, _ ("On this computer:"), local,
                          _ ("On the server:"), remote);
}

static void
add_held (GtkBox *box, PsPair *pair, const PsEvent *held)
{
  g_auto (PsViewQuestion) view = { 0 };
  g_autofree char *body = NULL;
  GtkWidget *card;

  ps_view_question (held, &view);
  body = held_body (pair, held->guard, view.body);
  card = ps_question_card_new (view.title, body);
  if (view.allow != NULL)
    set_answer (ps_question_card_add_answer (PS_QUESTION_CARD (card), view.allow, TRUE),
                "app.pair-decide", decision (pair, held->guard, TRUE));
  if (view.keep != NULL)
    set_answer (ps_question_card_add_answer (PS_QUESTION_CARD (card), view.keep, FALSE),
                "app.pair-decide", decision (pair, held->guard, FALSE));
  else
    set_answer (ps_question_card_add_answer (PS_QUESTION_CARD (card), _ ("_Try Again"), FALSE),
                "app.pair-sync-now", g_variant_new_string (ps_pair_get_name (pair)));
  gtk_container_add (GTK_CONTAINER (box), card);
}

static void
add_error (GtkBox *box, PsPair *pair, const PsStatus *status)
{
  gboolean login = status->error_code == PS_ENGINE_ERROR_AUTH;
  g_autofree char *detail = ps_view_detail (status);
  GtkWidget *card = ps_question_card_new (ps_view_error_title (status), detail);
  GtkWidget *answer = ps_question_card_add_answer (
      PS_QUESTION_CARD (card), login ? _ ("_Sign In…") : _ ("_Try Again"), FALSE);

  set_answer (answer, login ? "app.pair-sign-in" : "app.pair-sync-now",
              g_variant_new_string (ps_pair_get_name (pair)));
  gtk_container_add (GTK_CONTAINER (box), card);
}

/* What the cards would be made from, as one text. */
static char *
question_text (const PsStatus *status)
{
  GString *text = g_string_new (ps_view_error_title (status));

  if (text->len > 0)
    g_string_append_printf (text, "\t%s\n", status->message != NULL ? status->message : "");
  for (guint i = 0; i < status->held->len; i++)
    {
      const PsEvent *held = status->held->pdata[i];

      g_string_append_printf (text, "%d\t%" G_GUINT64_FORMAT "\t%s\n", held->guard, held->count,
                              held->message != NULL ? held->message : "");
    }
  return g_string_free (text, FALSE);
}

void
ps_pair_questions_update (GtkBox *box, PsPair *pair)
{
  PsStatus *status = ps_pair_get_status (pair);
  g_autofree char *text = question_text (status);

  if (g_strcmp0 (g_object_get_data (G_OBJECT (box), "shown"), text) == 0)
    return;
  clear (GTK_CONTAINER (box));
  if (ps_view_error_title (status) != NULL)
    add_error (box, pair, status);
  for (guint i = 0; i < status->held->len; i++)
    add_held (box, pair, status->held->pdata[i]);
  gtk_widget_set_visible (GTK_WIDGET (box), text[0] != '\0');
  g_object_set_data_full (G_OBJECT (box), "shown", g_steal_pointer (&text), g_free);
}
