/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/status-window.h"

#include "app/keys.h"
#include "app/pair-view.h"
#include "app/view.h"

#include <glib/gi18n.h>

struct _PsStatusWindow
{
  GtkApplicationWindow parent_instance;

  PsPairs *pairs;

  GtkHeaderBar *header;
  GtkStack *stack;
  GtkStackSwitcher *switcher;
  GtkWidget *empty_page;
  GtkInfoBar *error_bar;
  GtkLabel *error_label;
};

G_DEFINE_FINAL_TYPE (PsStatusWindow, ps_status_window, GTK_TYPE_APPLICATION_WINDOW)

static GtkWidget *
find_view (PsStatusWindow *self, PsPair *pair)
{
  g_autoptr (GList) children = gtk_container_get_children (GTK_CONTAINER (self->stack));

  for (GList *l = children; l != NULL; l = l->next)
    if (PS_IS_PAIR_VIEW (l->data) && ps_pair_view_get_pair (l->data) == pair)
      return l->data;
  return NULL;
}

static void
tell_several (GtkWidget *page, gpointer several)
{
  if (PS_IS_PAIR_VIEW (page))
    ps_pair_view_set_several (PS_PAIR_VIEW (page), *(const gboolean *)several);
}

static void
refresh_switcher (PsStatusWindow *self)
{
  gboolean several = ps_pairs_get_n (self->pairs) > 1;

  gtk_container_foreach (GTK_CONTAINER (self->stack), tell_several, &several);
  gtk_widget_set_visible (self->empty_page, ps_pairs_get_n (self->pairs) == 0);
  gtk_header_bar_set_custom_title (self->header, several ? GTK_WIDGET (self->switcher) : NULL);
}

/* A page that wants something is marked in the switcher. */
static void
mark_page (PsStatusWindow *self, PsPair *pair)
{
  GtkWidget *view = find_view (self, pair);
  PsStatusKind kind = ps_pair_get_status (pair)->kind;

  if (view != NULL)
    gtk_container_child_set (GTK_CONTAINER (self->stack), view, "needs-attention",
                             kind == PS_STATUS_ATTENTION || kind == PS_STATUS_ERROR, NULL);
}

static void
refresh_errors (PsStatusWindow *self)
{
  GPtrArray *errors = ps_pairs_get_errors (self->pairs);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < errors->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? "\n" : "", (const char *)errors->pdata[i]);
  gtk_label_set_label (self->error_label, text->str);
  gtk_widget_set_visible (GTK_WIDGET (self->error_bar), errors->len > 0);
}

static void
on_status_changed (PsStatusWindow *self, PsPair *pair)
{
  if (pair != NULL)
    mark_page (self, pair);
  else
    refresh_errors (self);
}

/* What is gone from the model goes from the stack, what is new comes into it. */
static void
on_pairs_changed (PsStatusWindow *self)
{
  g_autoptr (GList) children = gtk_container_get_children (GTK_CONTAINER (self->stack));

  for (GList *l = children; l != NULL; l = l->next)
    if (PS_IS_PAIR_VIEW (l->data)
        && ps_pairs_find (self->pairs, ps_pair_get_name (ps_pair_view_get_pair (l->data)))
               != ps_pair_view_get_pair (l->data))
      gtk_widget_destroy (l->data);
  for (guint i = 0; i < ps_pairs_get_n (self->pairs); i++)
    {
      PsPair *pair = ps_pairs_get (self->pairs, i);

      if (find_view (self, pair) != NULL)
        continue;
      gtk_stack_add_titled (self->stack, ps_pair_view_new (pair), ps_pair_get_name (pair),
                            ps_pair_get_title (pair));
      mark_page (self, pair);
    }
  refresh_switcher (self);
}

static void
ps_status_window_dispose (GObject *object)
{
  PsStatusWindow *self = PS_STATUS_WINDOW (object);

  if (self->pairs != NULL)
    g_signal_handlers_disconnect_by_data (self->pairs, self);
  g_clear_object (&self->pairs);
  g_clear_object (&self->switcher);
  G_OBJECT_CLASS (ps_status_window_parent_class)->dispose (object);
}

static void
ps_status_window_class_init (PsStatusWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = ps_status_window_dispose;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/pisync/PiSync/status-window.ui");
  gtk_widget_class_bind_template_child (widget_class, PsStatusWindow, header);
  gtk_widget_class_bind_template_child (widget_class, PsStatusWindow, stack);
  gtk_widget_class_bind_template_child (widget_class, PsStatusWindow, empty_page);
  gtk_widget_class_bind_template_child (widget_class, PsStatusWindow, error_bar);
  gtk_widget_class_bind_template_child (widget_class, PsStatusWindow, error_label);
  gtk_widget_class_bind_template_callback_full (widget_class, "on_key_press",
                                                G_CALLBACK (ps_keys_close));
}

static void
ps_status_window_init (PsStatusWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  /* In the header only while there are several pairs, hence not in the template. */
  self->switcher = g_object_ref_sink (GTK_STACK_SWITCHER (gtk_stack_switcher_new ()));
  gtk_stack_switcher_set_stack (self->switcher, self->stack);
  gtk_widget_show (GTK_WIDGET (self->switcher));
}

GtkWidget *
ps_status_window_new (GtkApplication *app, PsPairs *pairs)
{
  PsStatusWindow *self = g_object_new (PS_TYPE_STATUS_WINDOW, "application", app, NULL);

  self->pairs = g_object_ref (pairs);
  g_signal_connect_swapped (pairs, "items-changed", G_CALLBACK (on_pairs_changed), self);
  g_signal_connect_swapped (pairs, "status-changed", G_CALLBACK (on_status_changed), self);
  on_pairs_changed (self);
  refresh_errors (self);
  ps_status_window_show_pair (self, NULL);
  return GTK_WIDGET (self);
}

static PsPair *
most_urgent (PsPairs *pairs)
{
  PsPair *best = NULL;

  for (guint i = 0; i < ps_pairs_get_n (pairs); i++)
    {
      PsPair *pair = ps_pairs_get (pairs, i);
      PsStatusKind kind = ps_pair_get_status (pair)->kind;

      if (best == NULL
          || ps_view_more_urgent (ps_pair_get_status (best)->kind, kind)
                 != ps_pair_get_status (best)->kind)
        best = pair;
    }
  return best;
}

void
ps_status_window_show_pair (PsStatusWindow *self, const char *name)
{
  PsPair *pair;
  GtkWidget *view;

  g_return_if_fail (PS_IS_STATUS_WINDOW (self));
  pair = name != NULL ? ps_pairs_find (self->pairs, name) : most_urgent (self->pairs);
  view = pair != NULL ? find_view (self, pair) : NULL;
  if (view != NULL)
    gtk_stack_set_visible_child (self->stack, view);
}
