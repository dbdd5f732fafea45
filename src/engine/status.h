/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person is told about a pair at one moment: an immutable value, and the words for it. */
#pragma once

#include "engine/event.h"
#include "engine/run.h"

G_BEGIN_DECLS

typedef enum
{
  PS_STATUS_IDLE,    /* up to date */
  PS_STATUS_SYNCING, /* connecting, scanning, transferring: see progress.state */
  PS_STATUS_PAUSED,
  PS_STATUS_OFFLINE,   /* no network or server not reachable: tries again by itself */
  PS_STATUS_ATTENTION, /* a guard holds something, a login or host key needs the person, or a
                          question is open */
  PS_STATUS_ERROR      /* cannot go on, or paths failed */
} PsStatusKind;

typedef struct
{
  PsStatusKind kind;
  char *pair;
  char *message; /* (nullable) plain English detail: the problem, what to do */
  PsProgress progress;
  double rate_up, rate_down; /* bytes a second, smoothed */
  gint64 seconds_left;       /* -1 = not known */
  gint64 last_sync;          /* Unix seconds of the last run that ended in agreement, 0 = never */
  gint64 next_try;           /* Unix seconds, 0 = none planned */
  gint64 paused_until;       /* Unix seconds, 0 = until resumed */
  gboolean metered;          /* PAUSED because the network is metered */
  GPtrArray *held;           /* (element-type PsEvent) HELD events of the last run */
  GPtrArray *problems; /* (element-type PsEvent) PROBLEM events of the last run, at most 500 */
  guint64 n_problems;
  int error_code; /* PsEngineError of the last run, -1 = it ended well */
} PsStatus;

/* Idle, of @pair, with empty lists; members are filled in before it is shared. */
PsStatus *ps_status_new (const char *pair);

#define PS_TYPE_STATUS (ps_status_get_type ())
GType ps_status_get_type (void); /* boxed, shared by reference */
PsStatus *ps_status_ref (PsStatus *self);
void ps_status_unref (PsStatus *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsStatus, ps_status_unref)

/* "idle", "syncing" … as in the D-Bus status; static. */
const char *ps_status_kind_name (PsStatusKind kind);

/* Returns: (transfer full): the status as one line in plain English, for the CLI; the application
 * has its own translated words. */
char *ps_status_to_text (const PsStatus *self);

/* Returns: (transfer floating): a{sv}: pair, state, message, last-sync, files-done, files-total,
 * bytes-done, bytes-total, rate-up, rate-down, held, problems. */
GVariant *ps_status_to_variant (const PsStatus *self);

G_END_DECLS
