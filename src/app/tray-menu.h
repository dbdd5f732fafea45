/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What stands in the tray's menu. Pure: statuses go in, a list of items comes out; a tray compares
 * it with what it shows and touches only what changed. */
#pragma once

#include "engine/status.h"

G_BEGIN_DECLS

typedef enum
{
  PS_TRAY_TEXT, /* a line to read, not to press */
  PS_TRAY_ACTION,
  PS_TRAY_SEPARATOR
} PsTrayItemKind;

typedef struct
{
  PsTrayItemKind kind;
  char *label;  /* "_" before a mnemonic, "__" for an underscore */
  char *action; /* ACTION: detailed name as in "pause(uint32 0)" */
  gboolean is_hidden;
} PsTrayItem;

/* What the menu needs to know of a pair; borrowed. */
typedef struct
{
  const char *name;
  const char *title;
  const PsStatus *status;
} PsTrayPair;

/* Returns: (transfer full) (element-type PsTrayItem): the whole menu. @now: Unix seconds. */
GPtrArray *ps_tray_menu_new (const PsTrayPair *pairs, guint n_pairs, gint64 now);

/* Whether both have the same items but for labels and what is hidden, so that the menu need not be
 * rebuilt. A state of the same pairs never changes the shape: a host that reads a new layout while
 * its program ends may crash (Xfce's panel does). */
gboolean ps_tray_menu_same_shape (GPtrArray *a, GPtrArray *b);

/* Returns: (transfer full): what the tray icon's description says: the state of all, then, where
 * there is one pair, its headline. */
char *ps_tray_description (PsStatusKind kind, const PsTrayPair *pairs, guint n_pairs, gint64 now);

G_END_DECLS
