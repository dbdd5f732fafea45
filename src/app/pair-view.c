/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The view looks at the newest status at most ten times a second, and only while it can be seen;
 * lists are made anew only when what they show has changed. The lists themselves are in
 * pair-lists.c. */
#include "app/pair-view.h"

#include "app/activity-list.h"
#include "app/pair-lists.h"
#include "app/view.h"

#include <glib/gi18n.h>

#define NEARLY_FULL 0.9 /* of the server's disk */
#define REFRESH_MS 100

struct _PsPairView
{
  GtkBox parent_instance;

  PsPair *pair;
  PsConflicts *conflicts;
  guint refresh_id;
  gboolean several; /* pairs, of which this is one */

  GtkImage *state_image;
  GtkLabel *headline_label;
  GtkLabel *detail_label;
  GtkProgressBar *progress_bar;
  GtkFlowBox *button_box;
  GtkButton *open_button;
  GtkButton *pause_button;
  GtkButton *resume_button;
  GtkWidget *hour_child;
  GtkButton *hour_button;
  GtkButton *sync_button;
  GtkButton *versions_button;
  GtkBox *question_box;
  PsPairList *transfers;
  PsPairList *conflict_list;
  PsPairList *problems;
  PsActivityList *activity;
  GtkWidget *space_box;
  GtkLevelBar *space_bar;
  GtkLabel *space_label;
};

G_DEFINE_FINAL_TYPE (PsPairView, ps_pair_view, GTK_TYPE_BOX)

static void
refresh_head (PsPairView *self, const PsStatus *status)
{
  g_autofree char *headline = ps_view_headline (status, g_get_real_time () / G_USEC_PER_SEC);
  g_autofree char *detail = ps_view_detail (status);
  double fraction = ps_view_fraction (status);
  gboolean paused = status->kind == PS_STATUS_PAUSED;

  gtk_image_set_from_icon_name (self->state_image, ps_view_icon (status->kind),
                                GTK_ICON_SIZE_DIALOG);
  gtk_image_set_pixel_size (self->state_image, 48);
  atk_object_set_name (gtk_widget_get_accessible (GTK_WIDGET (self->state_image)),
                       ps_view_icon_description (status->kind));
  gtk_label_set_label (self->headline_label, headline);
  /* A question that says the same stands below. */
  gtk_label_set_label (self->detail_label, detail != NULL ? detail : "");
  gtk_widget_set_visible (GTK_WIDGET (self->detail_label),
                          detail != NULL && ps_view_error_title (status) == NULL
                              && status->held->len == 0);
  gtk_widget_set_visible (GTK_WIDGET (self->progress_bar), fraction >= 0);
  gtk_progress_bar_set_fraction (self->progress_bar, MAX (0, fraction));
  gtk_widget_set_visible (GTK_WIDGET (self->pause_button), !paused);
  gtk_widget_set_visible (GTK_WIDGET (self->resume_button), paused);
  gtk_widget_set_visible (self->hour_child, self->several && !paused);
}

static void
refresh_space (PsPairView *self, const PsProgress *progress)
{
  gboolean known = progress->server_total > 0 && progress->server_total != G_MAXUINT64
                   && progress->server_free != G_MAXUINT64;
  g_autofree char *free_text = NULL;
  g_autofree char *total_text = NULL;
  g_autofree char *text = NULL;

  gtk_widget_set_visible (self->space_box, known);
  if (!known)
    return;
  free_text = g_format_size (progress->server_free);
  total_text = g_format_size (progress->server_total);
  /* Translators: the server's disk: "812 GB free of 1 TB" */
  text = g_strdup_printf (_ ("%s free of %s on the server"), free_text, total_text);
  gtk_label_set_label (self->space_label, text);
  gtk_level_bar_set_value (self->space_bar,
                           1.0 - (double)progress->server_free / (double)progress->server_total);
}

static void
refresh (PsPairView *self)
{
  PsStatus *status = ps_pair_get_status (self->pair);

  refresh_head (self, status);
  refresh_space (self, &status->progress);
  ps_pair_questions_update (self->question_box, self->pair);
  ps_pair_list_show_transfers (self->transfers, &status->progress);
  ps_pair_list_show_problems (self->problems, self->pair);
  ps_pair_list_show_conflicts (self->conflict_list, self->pair, self->conflicts);
}

static gboolean
on_refresh_due (gpointer user_data)
{
  PsPairView *self = PS_PAIR_VIEW (user_data);

  self->refresh_id = 0;
  refresh (self);
  return G_SOURCE_REMOVE;
}

static void
refresh_soon (PsPairView *self)
{
  if (self->refresh_id == 0 && gtk_widget_get_mapped (GTK_WIDGET (self)))
    self->refresh_id = g_timeout_add (REFRESH_MS, on_refresh_due, self);
}

static void
on_event (PsPairView *self, PsEvent *event)
{
  ps_activity_list_add (self->activity, event);
  ps_conflicts_take_event (self->conflicts, event);
}

static void
ps_pair_view_map (GtkWidget *widget)
{
  PsPairView *self = PS_PAIR_VIEW (widget);

  refresh (self);
  ps_conflicts_check (self->conflicts);
  GTK_WIDGET_CLASS (ps_pair_view_parent_class)->map (widget);
}

static void
ps_pair_view_dispose (GObject *object)
{
  PsPairView *self = PS_PAIR_VIEW (object);

  g_clear_handle_id (&self->refresh_id, g_source_remove);
  if (self->pair != NULL)
    g_signal_handlers_disconnect_by_data (self->pair, self);
  if (self->conflicts != NULL)
    g_signal_handlers_disconnect_by_data (self->conflicts, self);
  g_clear_object (&self->conflicts);
  g_clear_object (&self->pair);
  G_OBJECT_CLASS (ps_pair_view_parent_class)->dispose (object);
}

static void
ps_pair_view_class_init (PsPairViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = ps_pair_view_dispose;
  widget_class->map = ps_pair_view_map;
  g_type_ensure (PS_TYPE_PAIR_LIST);
  g_type_ensure (PS_TYPE_ACTIVITY_LIST);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/pisync/PiSync/pair-view.ui");
  gtk_widget_class_bind_template_child (widget_class, PsPairView, state_image);
  gtk_widget_class_bind_template_child (widget_class, PsPairView, headline_label);
  gtk_widget_class_bind_template_child (widget_class, PsPairView, detail_label);
  gtk_widget_class_bind_template_child (widget_class, PsPairView, progress_bar);
  gtk_widget_class_bind_template_child (widget_class, PsPairView, button_box);
  gtk_widget_class_bind_template_child (widget_class, PsPairView, open_button);
  gtk_widget_class_bind_template_child (widget_class, PsPairView, pause_button);
  gtk_widget_class_bind_template_child (widget_class, PsPairView, resume_button);
  gtk_widget_class_bind_template_child (widget_class, PsPairView, hour_child);
  gtk_widget_class_bind_template_child (widget_class, PsPairView, hour_button);
  gtk_widget_class_bind_template_child (widget_class, PsPairView, sync_button);
  gtk_widget_class_bind_template_child (widget_class, PsPairView, versions_button);
  gtk_widget_class_bind_template_child (widget_class, PsPairView, question_box);
  gtk_widget_class_bind_template_child (widget_class, PsPairView, transfers);
  gtk_widget_class_bind_template_child (widget_class, PsPairView, conflict_list);
  gtk_widget_class_bind_template_child (widget_class, PsPairView, problems);
  gtk_widget_class_bind_template_child (widget_class, PsPairView, activity);
  gtk_widget_class_bind_template_child (widget_class, PsPairView, space_box);
  gtk_widget_class_bind_template_child (widget_class, PsPairView, space_bar);
  gtk_widget_class_bind_template_child (widget_class, PsPairView, space_label);
}

/* The theme gives what is in a flow box room to be selected, so that the buttons would not stand in
 * line with what is above. */
static void
take_padding_away (GtkFlowBox *box)
{
  g_autoptr (GtkCssProvider) provider = gtk_css_provider_new ();
  g_autoptr (GList) children = gtk_container_get_children (GTK_CONTAINER (box));

  gtk_css_provider_load_from_data (provider, "flowboxchild { padding: 0; }", -1, NULL);
  for (GList *l = children; l != NULL; l = l->next)
    gtk_style_context_add_provider (gtk_widget_get_style_context (l->data),
                                    GTK_STYLE_PROVIDER (provider),
                                    GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
}

/* A level bar takes a high level for a good one, green; here it is a disk that gets full. */
static void
warn_when_nearly_full (GtkLevelBar *bar)
{
  static const char style[] = "levelbar block.filled.nearly-full"
                              " { background: #f57900; border-color: #8f4700; }";
  g_autoptr (GtkCssProvider) provider = gtk_css_provider_new ();

  gtk_level_bar_remove_offset_value (bar, GTK_LEVEL_BAR_OFFSET_LOW);
  gtk_level_bar_remove_offset_value (bar, GTK_LEVEL_BAR_OFFSET_FULL);
  gtk_level_bar_add_offset_value (bar, GTK_LEVEL_BAR_OFFSET_HIGH, NEARLY_FULL);
  gtk_level_bar_add_offset_value (bar, "nearly-full", 1);
  gtk_css_provider_load_from_data (provider, style, -1, NULL);
  gtk_style_context_add_provider (gtk_widget_get_style_context (GTK_WIDGET (bar)),
                                  GTK_STYLE_PROVIDER (provider),
                                  GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
}

static void
ps_pair_view_init (PsPairView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  warn_when_nearly_full (self->space_bar);
  take_padding_away (self->button_box);
}

static void
set_action (GtkButton *button, const char *action, GVariant *target)
{
  gtk_actionable_set_action_target_value (GTK_ACTIONABLE (button), target);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), action);
}

GtkWidget *
ps_pair_view_new (PsPair *pair)
{
  PsPairView *self = g_object_new (PS_TYPE_PAIR_VIEW, NULL);
  const char *name = ps_pair_get_name (pair);
  g_autoptr (GPtrArray) recent = ps_session_dup_recent (ps_pair_get_session (pair));

  self->pair = g_object_ref (pair);
  self->conflicts = ps_conflicts_new (ps_pair_get_config (pair)->local_base);
  ps_activity_list_set_pair (self->activity, pair);
  for (guint i = 0; i < recent->len; i++)
    ps_activity_list_add (self->activity, recent->pdata[i]);
  set_action (self->open_button, "app.pair-open-folder", g_variant_new_string (name));
  set_action (self->pause_button, "app.pair-pause", g_variant_new ("(su)", name, 0));
  set_action (self->hour_button, "app.pair-pause", g_variant_new ("(su)", name, 3600));
  set_action (self->resume_button, "app.pair-resume", g_variant_new_string (name));
  set_action (self->sync_button, "app.pair-sync-now", g_variant_new_string (name));
  set_action (self->versions_button, "app.pair-versions", g_variant_new ("(s^ay)", name, ""));
  g_signal_connect_swapped (pair, "status-changed", G_CALLBACK (refresh_soon), self);
  g_signal_connect_swapped (pair, "event", G_CALLBACK (on_event), self);
  g_signal_connect_swapped (self->conflicts, "changed", G_CALLBACK (refresh_soon), self);
  refresh (self);
  return GTK_WIDGET (self);
}

PsPair *
ps_pair_view_get_pair (PsPairView *self)
{
  g_return_val_if_fail (PS_IS_PAIR_VIEW (self), NULL);
  return self->pair;
}

void
ps_pair_view_set_several (PsPairView *self, gboolean several)
{
  g_return_if_fail (PS_IS_PAIR_VIEW (self));
  if (self->several == several)
    return;
  self->several = several;
  refresh (self);
}
