/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/activity-list.h"

#include "app/item-row.h"
#include "app/open.h"
#include "app/view.h"

#include <glib/gi18n.h>

#define MAX_ROWS 40
#define COLUMN_SPACING 12 /* of item-row.ui */
#define TAKE_IN_MS 250
/* Rows made at once; what does not fit waits for the next turn, so that no turn takes long. */
#define ROWS_A_TURN 10

struct _PsActivityList
{
  GtkBox parent_instance;

  PsPair *pair;   /* weak: the view that holds us holds it */
  GQueue pending; /* (element-type PsEvent) oldest first, at most MAX_ROWS */
  guint take_in_id;
  GtkListBox *list;
  GtkWidget *frame;
  GtkWidget *empty_label;
};

G_DEFINE_FINAL_TYPE (PsActivityList, ps_activity_list, GTK_TYPE_BOX)

static void
on_show_in_folder (GtkWidget *button)
{
  ps_open_show_in_folder (g_object_get_data (G_OBJECT (button), "path"),
                          GTK_WINDOW (gtk_widget_get_toplevel (button)));
}

static void
add_folder_button (PsActivityList *self, GtkWidget *row, const char *path)
{
  GtkWidget *button
      = ps_item_row_add_button (PS_ITEM_ROW (row), "folder-open-symbolic", _ ("Show in folder"));

  g_object_set_data_full (
      G_OBJECT (button), "path",
      g_build_filename (ps_pair_get_config (self->pair)->local_base, path, NULL), g_free);
  g_signal_connect (button, "clicked", G_CALLBACK (on_show_in_folder), NULL);
}

/* In a column of its own, also where the button for the folder is missing (@alone). */
static void
add_versions_button (PsActivityList *self, GtkWidget *row, const char *path, gboolean alone)
{
  GtkWidget *button = ps_item_row_add_button (PS_ITEM_ROW (row), "document-open-recent-symbolic",
                                              _ ("Earlier versions"));
  int width;

  gtk_widget_get_preferred_width (button, NULL, &width);
  if (alone)
    gtk_widget_set_margin_end (button, width + COLUMN_SPACING);

  gtk_actionable_set_action_target (GTK_ACTIONABLE (button), "(s^ay)",
                                    ps_pair_get_name (self->pair), path);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), "app.pair-versions");
}

static void
add_row (PsActivityList *self, const PsEvent *event)
{
  g_auto (PsViewActivity) view = { 0 };
  g_autofree char *when = NULL;
  GtkWidget *row;

  if (!ps_view_activity (event, &view))
    return;
  row = ps_item_row_new (view.icon, view.title, view.subtitle);
  when = ps_view_when (event->when / 1000000000, g_get_real_time () / G_USEC_PER_SEC);
  if (view.has_file && self->pair != NULL)
    add_folder_button (self, row, event->path);
  if (view.has_versions && self->pair != NULL)
    add_versions_button (self, row, event->path, !view.has_file);
  ps_item_row_set_time (PS_ITEM_ROW (row), when);
  gtk_list_box_prepend (self->list, row);
}

static gboolean
on_take_in (gpointer user_data)
{
  PsActivityList *self = PS_ACTIVITY_LIST (user_data);
  GtkListBoxRow *row;

  for (guint i = 0; i < ROWS_A_TURN && !g_queue_is_empty (&self->pending); i++)
    {
      g_autoptr (PsEvent) event = g_queue_pop_head (&self->pending);

      add_row (self, event);
    }
  while ((row = gtk_list_box_get_row_at_index (self->list, MAX_ROWS)) != NULL)
    gtk_widget_destroy (GTK_WIDGET (row));
  gtk_widget_hide (self->empty_label);
  gtk_widget_show (self->frame);
  if (!g_queue_is_empty (&self->pending))
    return G_SOURCE_CONTINUE;
  self->take_in_id = 0;
  return G_SOURCE_REMOVE;
}

static void
begin_taking_in (PsActivityList *self)
{
  if (self->take_in_id == 0 && !g_queue_is_empty (&self->pending)
      && gtk_widget_get_mapped (GTK_WIDGET (self)))
    self->take_in_id = g_timeout_add (TAKE_IN_MS, on_take_in, self);
}

static void
ps_activity_list_map (GtkWidget *widget)
{
  PsActivityList *self = PS_ACTIVITY_LIST (widget);

  GTK_WIDGET_CLASS (ps_activity_list_parent_class)->map (widget);
  begin_taking_in (self);
}

static void
ps_activity_list_dispose (GObject *object)
{
  PsActivityList *self = PS_ACTIVITY_LIST (object);

  g_clear_handle_id (&self->take_in_id, g_source_remove);
  g_queue_clear_full (&self->pending, (GDestroyNotify)ps_event_unref);
  g_clear_weak_pointer (&self->pair);
  G_OBJECT_CLASS (ps_activity_list_parent_class)->dispose (object);
}

static void
ps_activity_list_class_init (PsActivityListClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = ps_activity_list_dispose;
  widget_class->map = ps_activity_list_map;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/pisync/PiSync/activity-list.ui");
  gtk_widget_class_bind_template_child (widget_class, PsActivityList, list);
  gtk_widget_class_bind_template_child (widget_class, PsActivityList, frame);
  gtk_widget_class_bind_template_child (widget_class, PsActivityList, empty_label);
}

static void
ps_activity_list_init (PsActivityList *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  g_queue_init (&self->pending);
}

void
ps_activity_list_set_pair (PsActivityList *self, PsPair *pair)
{
  g_return_if_fail (PS_IS_ACTIVITY_LIST (self));
  g_set_weak_pointer (&self->pair, pair);
}

void
ps_activity_list_add (PsActivityList *self, PsEvent *event)
{
  g_auto (PsViewActivity) view = { 0 };

  g_return_if_fail (PS_IS_ACTIVITY_LIST (self));
  if (!ps_view_activity (event, &view))
    return;
  g_queue_push_tail (&self->pending, ps_event_ref (event));
  if (g_queue_get_length (&self->pending) > MAX_ROWS)
    ps_event_unref (g_queue_pop_head (&self->pending));
  begin_taking_in (self);
}
