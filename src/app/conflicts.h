/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The conflicted copies in a pair's local folder: found by their names in a worker thread, kept up
 * to date by events, resolved by a person. Signal "changed" (). */
#pragma once

#include "engine/event.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* One conflicted copy and the file whose name it lost. */
typedef struct
{
  char *original; /* relative path, bytes */
  char *copy;
  gboolean has_original; /* it is still there */
  gint64 original_size, original_mtime;
  gint64 copy_size, copy_mtime; /* Unix seconds */
} PsConflict;

#define PS_TYPE_CONFLICTS (ps_conflicts_get_type ())
G_DECLARE_FINAL_TYPE (PsConflicts, ps_conflicts, PS, CONFLICTS, GObject)

/* Begins to look through @root. */
PsConflicts *ps_conflicts_new (const char *root);

/* (element-type PsConflict): borrowed, valid until "changed". */
GPtrArray *ps_conflicts_get (PsConflicts *self);

/* Something happened in the pair: looks again, soon, where it may concern conflicts. */
void ps_conflicts_take_event (PsConflicts *self, const PsEvent *event);
/* Looks again at what is known: a person may have solved something in the file manager. */
void ps_conflicts_check (PsConflicts *self);

/* Keeps one version, in a worker thread: the other goes to the desktop's trash. @copy: the copy is
 * the one to keep, and takes the name. */
void ps_conflicts_keep_async (PsConflicts *self, const PsConflict *conflict, gboolean copy,
                              GAsyncReadyCallback callback, gpointer user_data);
gboolean ps_conflicts_keep_finish (PsConflicts *self, GAsyncResult *result, GError **error);

/* Returns: (transfer full) (nullable): the path whose name @copy lost; NULL where @copy does not
 * look like a conflicted copy. Pure. */
char *ps_conflicts_original (const char *copy);

G_END_DECLS
