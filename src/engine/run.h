/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One pair at work, seen from a worker thread: connects when it must, keeps the link between calls,
 * runs passes until both sides agree. Blocking, free of main loops, testable without threads.
 * PsSession drives it through GTask. */
#pragma once

#include "engine/config.h"
#include "engine/event.h"
#include "util/clock.h"

G_BEGIN_DECLS

#define PS_ENGINE_ERROR (ps_engine_error_quark ())
GQuark ps_engine_error_quark (void);

typedef enum
{
  PS_ENGINE_ERROR_RETRY,  /* network went away: back off, run again */
  PS_ENGINE_ERROR_AUTH,   /* needs the person: login or host key */
  PS_ENGINE_ERROR_GUARD,  /* the root guard: nothing at all was done */
  PS_ENGINE_ERROR_BUSY,   /* another process works on this pair */
  PS_ENGINE_ERROR_CONFIG, /* local folder or setting cannot work */
  PS_ENGINE_ERROR_FAILED  /* the base or the disk: the message says */
} PsEngineError;

typedef enum
{
  PS_SYNC_DEFAULT = 0,
  PS_SYNC_DRY_RUN = 1 << 0,
  PS_SYNC_ALLOW_DELETES = 1 << 1, /* those that were shown as held; see held.h */
  /* the server is right, as soon as all of both sides is on both */
  PS_SYNC_ACCEPT_RESTORED = 1 << 2,
  PS_SYNC_FULL = 1 << 3,
  PS_SYNC_KEEP_DELETED = 1 << 4, /* what held deletions left comes back on the other side */
  PS_SYNC_ALLOW_EMPTIED = 1 << 5,
  PS_SYNC_KEEP_EMPTIED = 1 << 6 /* the full versions come back */
} PsSyncFlags;

/* The phases of a run, as the state machine in run.c knows them. */
#define PS_RUN_STATES(X)                                                                           \
  X (IDLE, "idle")                                                                                 \
  X (CONNECT, "connecting")                                                                        \
  X (CHECK, "checking")                                                                            \
  X (SCAN, "scanning")                                                                             \
  X (APPLY, "syncing")                                                                             \
  X (FAILED, "failed")

#define PS_RUN_STATE_ENUM(id, name) PS_RUN_##id,
typedef enum
{
  PS_RUN_STATES (PS_RUN_STATE_ENUM) PS_N_RUN_STATES
} PsRunState;
#undef PS_RUN_STATE_ENUM

const char *ps_run_state_name (PsRunState state);

#define PS_PROGRESS_TRANSFERS 8

/* One transfer under way. */
typedef struct
{
  char path[256]; /* the end of it, where it is longer; bytes */
  gboolean up;
  uint64_t done, size;
} PsTransferProgress;

/* Plain value; the newest one counts. */
typedef struct
{
  PsRunState state;
  uint64_t dirs_scanned, files_scanned;
  uint64_t files_done, files_total; /* transfers of this run */
  uint64_t bytes_done, bytes_total;
  uint64_t bytes_up, bytes_down; /* payload so far, for the rates */
  PsTransferProgress transfers[PS_PROGRESS_TRANSFERS];
  guint n_transfers;
  uint64_t server_free, server_total; /* UINT64_MAX = not known */
} PsProgress;

/* What a run tells and asks; all called in the worker thread, with no lock held. */
typedef struct
{
  void (*event) (PsEvent *event, gpointer data);                /* borrowed: ref to keep */
  void (*progress) (const PsProgress *progress, gpointer data); /* often: the taker coalesces */
  PsLoginPrompts prompts;
  gpointer data;
} PsRunPorts;

typedef struct PsRun PsRun;

/* @state_dir: (nullable): default ps_config_state_dir (). @clock: (nullable). Does no I/O. */
PsRun *ps_run_new (const PsConfig *config, const char *state_dir, const PsRunPorts *ports,
                   const PsClock *clock);
void ps_run_free (PsRun *self); /* closes link and base; not while ps_run_sync () runs */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsRun, ps_run_free)

/* For tests: where a connection comes from instead of ps_sftp_connect (). */
typedef PsTransport *(*PsRunConnect) (gpointer data, GCancellable *cancellable, GError **error);
void ps_run_set_connect (PsRun *self, PsRunConnect connect, gpointer data);

/**
 * ps_run_sync:
 * @summary: (out caller-allocates): filled in, also on error, with what was done until then
 *
 * Runs passes until both sides agree or nothing more can be done. One call at a time, from any one
 * thread; blocks.
 *
 * Returns: TRUE when the run came to its end (some paths may have failed or be held: see @summary);
 * FALSE with PS_ENGINE_ERROR_* or G_IO_ERROR_CANCELLED
 */
gboolean ps_run_sync (PsRun *self, PsSyncFlags flags, PsSummary *summary, GCancellable *cancellable,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The link is dropped before the next use: the network changed, the machine slept. Any thread,
 * never blocks. */
void ps_run_drop_link (PsRun *self);

/* Closes a link that was dropped, where no use of it is near. Between runs; may block. */
void ps_run_close_link (PsRun *self);

/* Every content is read and compared with the base by SHA-256 (pisync-cli check); differences
 * become PROBLEM events. Blocks. */
gboolean ps_run_check (PsRun *self, PsSummary *summary, GCancellable *cancellable,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
