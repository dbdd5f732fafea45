/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Actions without "pair-" act on all pairs. */
#include "app/app-actions.h"

#include "app/about.h"
#include "app/open.h"
#include "app/sign-in.h"
#include "app/view.h"

typedef void (*SessionFunc) (PsSession *session);

static void
each_session (PsApp *app, SessionFunc func)
{
  PsPairs *pairs = ps_app_get_pairs (app);

  for (guint i = 0; i < ps_pairs_get_n (pairs); i++)
    func (ps_pair_get_session (ps_pairs_get (pairs, i)));
}

/* Returns: (nullable): the pair that the first string of @parameter names. */
static PsPair *
named_pair (PsApp *app, GVariant *parameter)
{
  g_autoptr (GVariant) name = g_variant_is_of_type (parameter, G_VARIANT_TYPE_STRING)
                                  ? g_variant_ref (parameter)
                                  : g_variant_get_child_value (parameter, 0);
  PsPair *pair = ps_pairs_find (ps_app_get_pairs (app), g_variant_get_string (name, NULL));

  if (pair == NULL)
    g_message ("There is no folder pair called %s.", g_variant_get_string (name, NULL));
  return pair;
}

static void
on_pause (GSimpleAction *action, GVariant *parameter, gpointer app)
{
  PsPairs *pairs = ps_app_get_pairs (app);

  for (guint i = 0; i < ps_pairs_get_n (pairs); i++)
    ps_session_pause (ps_pair_get_session (ps_pairs_get (pairs, i)),
                      g_variant_get_uint32 (parameter));
}

static void
on_resume (GSimpleAction *action, GVariant *parameter, gpointer app)
{
  each_session (app, ps_session_resume);
}

static void
on_sync_now (GSimpleAction *action, GVariant *parameter, gpointer app)
{
  each_session (app, ps_session_sync_now);
}

static void
open_folder (PsApp *app, PsPair *pair)
{
  ps_open_path (ps_pair_get_config (pair)->local_base, ps_app_get_front_window (app));
}

static void
on_open_folder (GSimpleAction *action, GVariant *parameter, gpointer app)
{
  PsPairs *pairs = ps_app_get_pairs (app);

  for (guint i = 0; i < ps_pairs_get_n (pairs); i++)
    open_folder (app, ps_pairs_get (pairs, i));
}

static void
on_show_status (GSimpleAction *action, GVariant *parameter, gpointer app)
{
  ps_app_show_status (app, NULL);
}

static void
on_show_log (GSimpleAction *action, GVariant *parameter, gpointer app)
{
  ps_app_show_log (app);
}

static void
on_setup (GSimpleAction *action, GVariant *parameter, gpointer app)
{
  ps_app_show_setup (app);
}

static void
on_preferences (GSimpleAction *action, GVariant *parameter, gpointer app)
{
  ps_app_show_preferences (app);
}

static void
on_about (GSimpleAction *action, GVariant *parameter, gpointer app)
{
  ps_about_show (ps_app_get_front_window (app));
}

static void
on_quit (GSimpleAction *action, GVariant *parameter, gpointer app)
{
  ps_app_close (app);
}

static void
on_show_pair (GSimpleAction *action, GVariant *parameter, gpointer app)
{
  ps_app_show_status (app, g_variant_get_string (parameter, NULL));
}

static void
on_pair_pause (GSimpleAction *action, GVariant *parameter, gpointer app)
{
  PsPair *pair = named_pair (app, parameter);
  guint32 seconds;

  g_variant_get (parameter, "(&su)", NULL, &seconds);
  if (pair != NULL)
    ps_session_pause (ps_pair_get_session (pair), seconds);
}

static void
on_pair_resume (GSimpleAction *action, GVariant *parameter, gpointer app)
{
  PsPair *pair = named_pair (app, parameter);

  if (pair != NULL)
    ps_session_resume (ps_pair_get_session (pair));
}

static void
on_pair_sync_now (GSimpleAction *action, GVariant *parameter, gpointer app)
{
  PsPair *pair = named_pair (app, parameter);

  if (pair != NULL)
    ps_session_sync_now (ps_pair_get_session (pair));
}

static void
on_pair_open_folder (GSimpleAction *action, GVariant *parameter, gpointer app)
{
  PsPair *pair = named_pair (app, parameter);

  if (pair != NULL)
    open_folder (app, pair);
}

static void
on_pair_sign_in (GSimpleAction *action, GVariant *parameter, gpointer app)
{
  PsPair *pair = named_pair (app, parameter);

  if (pair != NULL)
    ps_sign_in (pair, ps_app_get_prompts (app), ps_app_get_front_window (app));
}

static void
on_pair_versions (GSimpleAction *action, GVariant *parameter, gpointer app)
{
  PsPair *pair = named_pair (app, parameter);
  const char *path;

  g_variant_get (parameter, "(&s^&ay)", NULL, &path);
  if (pair != NULL)
    ps_app_show_versions (app, pair, path);
}

static void
on_pair_decide (GSimpleAction *action, GVariant *parameter, gpointer app)
{
  PsPair *pair = named_pair (app, parameter);
  guint32 guard;
  gboolean allow;

  g_variant_get (parameter, "(&sub)", NULL, &guard, &allow);
  if (pair == NULL || guard >= PS_N_GUARDS)
    return;
  ps_session_decide_held (ps_pair_get_session (pair), (PsGuard)guard, allow);
}

static const GActionEntry entries[] = {
  { .name = "pause", .activate = on_pause, .parameter_type = "u" },
  { .name = "resume", .activate = on_resume },
  { .name = "sync-now", .activate = on_sync_now },
  { .name = "open-folder", .activate = on_open_folder },
  { .name = "show-status", .activate = on_show_status },
  { .name = "show-log", .activate = on_show_log },
  { .name = "setup", .activate = on_setup },
  { .name = "preferences", .activate = on_preferences },
  { .name = "about", .activate = on_about },
  { .name = "quit", .activate = on_quit },
  { .name = "show-pair", .activate = on_show_pair, .parameter_type = "s" },
  { .name = "pair-pause", .activate = on_pair_pause, .parameter_type = "(su)" },
  { .name = "pair-resume", .activate = on_pair_resume, .parameter_type = "s" },
  { .name = "pair-sync-now", .activate = on_pair_sync_now, .parameter_type = "s" },
  { .name = "pair-open-folder", .activate = on_pair_open_folder, .parameter_type = "s" },
  { .name = "pair-sign-in", .activate = on_pair_sign_in, .parameter_type = "s" },
  { .name = "pair-versions", .activate = on_pair_versions, .parameter_type = "(say)" },
  { .name = "pair-decide", .activate = on_pair_decide, .parameter_type = "(sub)" },
};

static GVariant *
status_state (PsApp *app)
{
  PsPairs *pairs = ps_app_get_pairs (app);
  PsStatusKind kind = ps_pairs_get_kind (pairs);
  GVariantBuilder list;
  GVariantBuilder state;

  g_variant_builder_init (&list, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < ps_pairs_get_n (pairs); i++)
    g_variant_builder_add_value (
        &list, ps_status_to_variant (ps_pair_get_status (ps_pairs_get (pairs, i))));
  g_variant_builder_init (&state, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&state, "{sv}", "state",
                         g_variant_new_string (ps_status_kind_name (kind)));
  g_variant_builder_add (&state, "{sv}", "text",
                         g_variant_new_string (ps_view_icon_description (kind)));
  g_variant_builder_add (&state, "{sv}", "pairs", g_variant_builder_end (&list));
  return g_variant_builder_end (&state);
}

/* Read-only: a request from outside to change it is not obeyed. */
static void
on_change_status (GSimpleAction *action, GVariant *value, gpointer unused)
{
}

void
ps_app_actions_add (PsApp *app)
{
  g_autoptr (GSimpleAction) status = NULL;

  g_action_map_add_action_entries (G_ACTION_MAP (app), entries, G_N_ELEMENTS (entries), app);
  status = g_simple_action_new_stateful ("status", NULL, status_state (app));
  g_signal_connect (status, "change-state", G_CALLBACK (on_change_status), NULL);
  g_action_map_add_action (G_ACTION_MAP (app), G_ACTION (status));
}

void
ps_app_actions_update_status (PsApp *app)
{
  GAction *action = g_action_map_lookup_action (G_ACTION_MAP (app), "status");

  g_simple_action_set_state (G_SIMPLE_ACTION (action), status_state (app));
}
