/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/tray-menu.h"

#include "app/view.h"

#include <glib/gi18n.h>

static void
item_free (gpointer data)
{
  PsTrayItem *item = data;

  g_free (item->label);
  g_free (item->action);
  g_free (item);
}

/* Takes @label and @action. */
static void
add (GPtrArray *menu, PsTrayItemKind kind, char *label, char *action)
{
  PsTrayItem *item = g_new (PsTrayItem, 1);

  *item = (PsTrayItem){ .kind = kind, .label = label, .action = action };
  g_ptr_array_add (menu, item);
}

/* An underscore in a folder's name is no mnemonic. */
static char *
escape_mnemonic (const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text, "_", -1);

  return g_strjoinv ("__", parts);
}

/* Takes @text. */
static void
add_text (GPtrArray *menu, char *text)
{
  add (menu, PS_TRAY_TEXT, escape_mnemonic (text), NULL);
  g_free (text);
}

static void
add_action (GPtrArray *menu, const char *label, const char *action)
{
  add (menu, PS_TRAY_ACTION, g_strdup (label), g_strdup (action));
}

/* Hides what was added last, unless @wanted. */
static void
show_if (GPtrArray *menu, gboolean wanted)
{
  PsTrayItem *last = menu->pdata[menu->len - 1];

  last->is_hidden = !wanted;
}

static void
add_separator (GPtrArray *menu)
{
  add (menu, PS_TRAY_SEPARATOR, NULL, NULL);
}

/* The entries of the only pair: the application's own actions, which act on all pairs. */
static void
add_single (GPtrArray *menu, const PsTrayPair *pair, gint64 now)
{
  gboolean is_paused = pair->status->kind == PS_STATUS_PAUSED;

  add_text (menu, ps_view_headline (pair->status, now));
  add_action (menu, _ ("See _What Is Needed…"), "show-status");
  show_if (menu, pair->status->kind == PS_STATUS_ATTENTION);
  add_separator (menu);
  add_action (menu, _ ("_Open Folder"), "open-folder");
  add_action (menu, _ ("_Resume"), "resume");
  show_if (menu, is_paused);
  add_action (menu, _ ("_Pause"), "pause(uint32 0)");
  show_if (menu, !is_paused);
  add_action (menu, _ ("Pause for an _Hour"), "pause(uint32 3600)");
  show_if (menu, !is_paused);
  add_action (menu, _ ("Sync _Now"), "sync-now");
  add_separator (menu);
}

/* Takes @target. */
static void
add_pair_action (GPtrArray *menu, const char *label, const char *action, GVariant *target)
{
  add (menu, PS_TRAY_ACTION, g_strdup (label), g_action_print_detailed_name (action, target));
}

/* One section of several. */
static void
add_section (GPtrArray *menu, const PsTrayPair *pair, gint64 now)
{
  g_autofree char *headline = ps_view_headline (pair->status, now);
  g_autofree char *title = escape_mnemonic (pair->title);
  const char *name = pair->name;
  gboolean is_paused = pair->status->kind == PS_STATUS_PAUSED;
  /* Translators: %s is the name of a folder */
  g_autofree char *open = g_strdup_printf (_ ("Open “%s”"), title);

  /* Translators: the name of a folder, then how it stands: "Photos: Paused" */
  add_text (menu, g_strdup_printf (_ ("%s: %s"), pair->title, headline));
  add_pair_action (menu, _ ("See What Is Needed…"), "show-pair", g_variant_new_string (name));
  show_if (menu, pair->status->kind == PS_STATUS_ATTENTION);
  add_pair_action (menu, open, "pair-open-folder", g_variant_new_string (name));
  add_pair_action (menu, _ ("Resume"), "pair-resume", g_variant_new_string (name));
  show_if (menu, is_paused);
  add_pair_action (menu, _ ("Pause"), "pair-pause", g_variant_new ("(su)", name, 0));
  show_if (menu, !is_paused);
  add_pair_action (menu, _ ("Pause for an Hour"), "pair-pause", g_variant_new ("(su)", name, 3600));
  show_if (menu, !is_paused);
  add_pair_action (menu, _ ("Sync Now"), "pair-sync-now", g_variant_new_string (name));
  add_separator (menu);
}

GPtrArray *
ps_tray_menu_new (const PsTrayPair *pairs, guint n_pairs, gint64 now)
{
  GPtrArray *menu = g_ptr_array_new_with_free_func (item_free);

  if (n_pairs == 0)
    {
      add_text (menu, g_strdup (_ ("No folder is set up yet")));
      add_action (menu, _ ("Set _Up…"), "setup");
      add_separator (menu);
    }
  else if (n_pairs == 1)
    add_single (menu, &pairs[0], now);
  else
    for (guint i = 0; i < n_pairs; i++)
      add_section (menu, &pairs[i], now);
  add_action (menu, _ ("_Status"), "show-status");
  add_action (menu, _ ("_Log"), "show-log");
  add_action (menu, _ ("Pr_eferences"), "preferences");
  add_action (menu, _ ("_About PiSync"), "about");
  add_separator (menu);
  add_action (menu, _ ("_Quit"), "quit");
  return menu;
}

gboolean
ps_tray_menu_same_shape (GPtrArray *a, GPtrArray *b)
{
  if (a == NULL || b == NULL || a->len != b->len)
    return FALSE;
  for (guint i = 0; i < a->len; i++)
    {
      const PsTrayItem *x = a->pdata[i];
      const PsTrayItem *y = b->pdata[i];

      if (x->kind != y->kind || g_strcmp0 (x->action, y->action) != 0)
        return FALSE;
    }
  return TRUE;
}

char *
ps_tray_description (PsStatusKind kind, const PsTrayPair *pairs, guint n_pairs, gint64 now)
{
  g_autofree char *headline = NULL;

  if (n_pairs != 1 || pairs[0].status->kind != kind)
    return g_strdup (ps_view_icon_description (kind));
  headline = ps_view_headline (pairs[0].status, now);
  return g_strdup_printf ("%s. %s", ps_view_icon_description (kind), headline);
}
