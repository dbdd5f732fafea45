/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every part of one run works with, and how it tells what it did. Worker thread only. */
#pragma once

#include "core/decide.h"
#include "engine/event.h"
#include "engine/run.h"
#include "local/local.h"
#include "sftp/remote.h"
#include "store/store.h"

G_BEGIN_DECLS

typedef struct PsDirCache PsDirCache; /* quick.h */
typedef struct PsHeld PsHeld;         /* held.h */

/* What is known of the markers of both roots; roots.c. */
typedef struct
{
  PsMarker remote; /* the server's marker as read, or raised */
  gboolean raising;
  gboolean raised;   /* and not written down yet */
  gboolean restored; /* the server was restored from a backup: both sides are united */
  gboolean accepted; /* and a person has said that this is right */
} PsRoots;

/* Borrowed by the parts of a run; owned and filled in by run.c. The pointers do not change during a
 * pass. */
typedef struct
{
  const PsConfig *config;
  const PsClock *clock;
  const PsRunPorts *ports;
  PsStore *store;
  PsLocal *local;
  PsRemote *remote;
  PsDirCache *dirs; /* (nullable) what is known of the server's directories; NULL: list them all */
  GCancellable *cancellable;
  PsRoots roots;
  PsHeld *held; /* what the guards hold, and what of it is allowed; only while passes are made */
  PsSyncFlags flags;
  PsSummary *summary;
  PsProgress *progress;
  const char
      *run_id; /* eight hexadecimal digits, in every log line of the run and in parking names */
  GHashTable *given_up; /* (element-type filename) paths that failed for good in this run: not tried
                           again in it */
  gboolean look_again;  /* something changed under our hands: another pass must look */
  gboolean no_moves; /* a move turned out to be none: this run takes every further one for a delete
                        and a create */
} PsContext;

/* One step was carried out (or, in a dry run, would be): adds to the summary and tells the owner.
 * @from may be NULL. */
typedef struct
{
  const char *action;
  const char *path;
  const char *from;
  PsDecision decision;
  uint64_t bytes;
  uint64_t wire;
} PsDone;

void ps_context_done (PsContext *self, const PsDone *done);

/* @path could not be synced: it is counted as failed, told, and left alone for the rest of this
 * run. @code: see PsEvent.code. */
void ps_context_problem (PsContext *self, const char *path, const char *code, const char *message);

/* Something about @path that the person should hear of once, not in every run; not a failure. */
void ps_context_notice (PsContext *self, const char *path, const char *code, const char *message);

/* @guard holds @count things. @shown: (nullable): which ones; see PsEvent.shown. */
void ps_context_held (PsContext *self, PsGuard guard, uint64_t count, const char *message,
                      const char *shown);

/* Tells the owner the progress as it is now. */
void ps_context_progress (PsContext *self);

/* Whether @error says that the run as a whole cannot go on: the link is gone, or it was cancelled.
 */
gboolean ps_context_is_fatal (const GError *error);

/* Whether @error only means that something changed under our hands, so that another pass should
 * look again. */
gboolean ps_context_is_stale (const GError *error);

/* The word for --json that fits @error: "denied", "no-space" … ; static. */
const char *ps_context_problem_code (const GError *error);

G_END_DECLS
