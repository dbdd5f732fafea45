/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happened, one thing at a time: the activity log, --json and the windows are all made from
 * these. Values; shared by reference. */
#pragma once

#include "core/guard.h"

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  PS_EVENT_ACTION,  /* done: @action on @path */
  PS_EVENT_PROBLEM, /* @path could not be synced, or something about the pair as a whole (@path
                       NULL) */
  PS_EVENT_HELD,    /* @guard holds @count things for a person's decision */
  PS_EVENT_LINK,    /* connected, lost, retrying: @message */
  PS_EVENT_SUMMARY  /* end of a run: @message; the figures are in PsSummary */
} PsEventKind;

typedef struct
{
  PsEventKind kind;
  int64_t when;      /* ns since the epoch */
  char *action;      /* ACTION: "upload", "download", "delete-local", "delete-remote", "move-local",
                      * "move-remote", "mkdir-local", "mkdir-remote",    "conflict", "attributes",
                      * "record",    "forget" */
  char *path;        /* bytes, relative; ACTION, PROBLEM */
  char *from;        /* (nullable) moves: the old path; conflict: the conflicted copy's path */
  char *case_name;   /* ACTION: "s12" */
  uint64_t bytes;    /* ACTION: size of the file */
  uint64_t wire;     /* ACTION: SFTP bytes it took */
  char *code;        /* PROBLEM: stable word: "denied", "name", "no-space", "changed", "unreadable",
                        "special", "symlink", "incomplete", "conflict-copy", "not-empty",
                        "signature", "failed" */
  char *message;     /* PROBLEM, HELD, LINK, SUMMARY: plain English: what, where, what to do */
  PsGuard guard;     /* HELD */
  guint64 count;     /* HELD */
  char *shown;       /* (nullable) HELD: names the set of things that were held: an answer holds for
                        these alone */
  gboolean repeated; /* PROBLEM, HELD: an earlier run of the same session said it already */
} PsEvent;

#define PS_TYPE_EVENT (ps_event_get_type ())
GType ps_event_get_type (void);           /* boxed, shared by reference */
PsEvent *ps_event_new (PsEventKind kind); /* members are filled in before it is shared */
PsEvent *ps_event_ref (PsEvent *self);
void ps_event_unref (PsEvent *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsEvent, ps_event_unref)

/* Returns: whether @event only says that something was written down (record, forget): nothing that
 * a person would call activity. */
gboolean ps_event_is_bookkeeping (const PsEvent *event);

/* Totals of one run. */
typedef struct
{
  gboolean in_sync;
  guint64 uploaded, downloaded, deleted_local, deleted_remote, moved, conflicts, failed, held;
  guint64 attributes, made_dirs;
  guint64 bytes_sent, bytes_received, requests; /* SFTP layer, whole run */
  guint64 payload_up,
      payload_down; /* sizes of the files that were transferred or, in a dry run, would be */
  double seconds;
  gboolean guard_held; /* some guard holds something: exit status 4 */
} PsSummary;

/* Returns: (transfer full): one line of JSON without newline. A dry run's actions look the same.
 * Moves and conflicts carry "from" too. */
char *ps_event_to_json (const PsEvent *event); /* (nullable): LINK has none */
char *ps_summary_to_json (const PsSummary *summary);

/* Returns: (transfer full): one line for people and log.txt, without the time. */
char *ps_event_to_text (const PsEvent *event);

/* Returns: (transfer full) (nullable): "3 uploaded (1.2 MB), 1 conflict"; NULL: nothing was done.
 */
char *ps_summary_to_text (const PsSummary *summary);

/* Returns: (transfer full): "12 B", "1.2 kB", "35 MB": plain English for logs and terminals. */
char *ps_size_to_text (uint64_t bytes);

G_END_DECLS
