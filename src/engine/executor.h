/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to the executor: what its parts (execute.c, record.c, transfer.c, upload.c, download.c,
 * conflict.c, moves.c, deletes.c, sent.c) share. Worker thread only. */
#pragma once

#include "core/plan.h"
#include "engine/context.h"
#include "engine/replaced.h"
#include "engine/reuse.h"

G_BEGIN_DECLS

typedef struct
{
  PsContext *context;   /* borrowed */
  const PsPlan *plan;   /* borrowed */
  PsReuse *reuse;       /* owned: transfers that send only what is lacking */
  PsReplaced *replaced; /* owned: what the server keeps of files that downloads replace */
  GError *failure;      /* (nullable) owned: what ends the pass: the first failure of the base */
  gboolean over;        /* the pass has failed: nothing new may be asked of the link */
  guint in_flight;      /* operations not yet called back */
  GPtrArray *transfers; /* (element-type PsTransfer) owned: under way, for the progress */
  GPtrArray *fetched; /* (element-type PsTransfer) owned: downloads that wait to be made durable and
                         placed together */
  uint64_t fetched_bytes;
  guint uncommitted;         /* rows written since the last commit */
  int64_t uncommitted_since; /* monotonic: the first of them */
  GArray *unsure; /* (element-type PsBaseChange) how to take back what of them says that the server
                     was changed, in order */
  GArray
      *late; /* (element-type PsBaseChange) such changes, told during a commit: not written yet */
  gboolean settling; /* a commit makes the names on the server durable */
  int64_t told_at;   /* monotonic: when progress was last told */
} PsExecutor;

/* One change of the base that follows one on the server. */
typedef struct
{
  char *path;
  guint n_dropped; /* ps_store_n_dropped () when it was written */
  char *moved_to;  /* (nullable) the rows of @path are moved there; else: */
  gboolean has_row;
  PsRow row; /* of @path: before the change where it is to be taken back, else after it */
} PsBaseChange;

GArray *ps_base_changes_new (void); /* (element-type PsBaseChange) */

/* A step that a callback of the link finishes. Owned by whoever waits for that. */
typedef struct
{
  PsExecutor *executor; /* borrowed */
  const PsStep *step;   /* borrowed from the plan */
} PsStepUnderWay;

PsStepUnderWay *ps_step_under_way_new (PsExecutor *executor, const PsStep *step);

/* One file under way. */
typedef struct
{
  PsExecutor *executor; /* borrowed */
  const PsStep *step;   /* borrowed from the plan */
  gboolean up;
  gboolean conflict; /* both sides had changed: what is displaced on the server becomes a conflicted
                        copy */
  char *copy;        /* (nullable) owned: the name of that, which it gets as it is displaced */
  int fd;            /* upload: the source */
  PsEntry source;    /* upload: what the fd holds */
  int64_t opened_at; /* upload: wall clock: nothing of it was read before */
  PsLocalTemp *temp; /* download: where it goes first */
  uint64_t moved;    /* bytes so far */
  uint64_t wire;
  PsEntry remote;     /* what the server said it holds */
  uint8_t sha256[32]; /* download: of what was read */
} PsTransfer;

PsTransfer *ps_transfer_new (PsExecutor *executor, const PsStep *step, gboolean up);
void ps_transfer_free (PsTransfer *self);

/* Takes the transfer off the list of those under way, without freeing it. */
void ps_transfer_end (PsTransfer *self);

/* Called back by the SFTP client as bytes travel. */
void ps_transfer_moved (uint64_t bytes, gpointer transfer);

#define PS_PROGRESS_US (100 * 1000) /* the progress is told at most this often */

/* Copies the transfers under way into the progress and tells it, unless that was done a moment ago.
 */
void ps_transfers_tell (PsExecutor *self);

/* Sends the file or link of @step to the server. @conflict: what lies there is kept as a conflicted
 * copy. */
void ps_upload_start (PsExecutor *executor, const PsStep *step, gboolean conflict);

/* Fetches the file of @step (a download, or content to be compared), or makes its link. */
void ps_download_start (PsExecutor *executor, const PsStep *step);

/* Makes all fetched files durable, puts them in place and records them. */
void ps_download_place_fetched (PsExecutor *executor);

/* Settles a conflict that needs no look at content. */
void ps_conflict_start (PsExecutor *executor, const PsStep *step);

/* The same for links, whose targets are compared first. */
void ps_conflict_compare_links (PsExecutor *executor, const PsStep *step);

/* Returns: (transfer full): the first name to be tried for the server's version of @path. */
char *ps_conflict_remote_name (PsExecutor *executor, const PsStep *step);

/* What an upload displaced on the server lies there as the conflicted copy @copy already. */
void ps_conflict_named (PsExecutor *executor, const PsStep *step, const char *copy);

/* Gives the displaced file @kept_at on the server the name of a conflicted copy of @path. */
void ps_conflict_keep_remote (PsExecutor *executor, const PsStep *step, const char *kept_at,
                              int64_t mtime);

/* Gives the local file @from (a displaced file in .pisync/tmp, or @path itself) the name of a
 * conflicted copy of @path. FALSE with @error where that cannot be done: then nothing was changed.
 */
gboolean ps_conflict_keep_local (PsExecutor *executor, const PsStep *step, const char *from,
                                 int64_t mtime, GError **error);

/* Before the local file of @step is replaced by the server's: gives it a second name, that of a
 * conflicted copy. @expected then is what ps_local_place () has to expect. */
gboolean ps_conflict_copy_local (PsExecutor *executor, const PsStep *step, PsEntry *expected,
                                 GError **error);

/* Carries out the moves from step *@next on, which it sets to the step behind them. */
gboolean ps_moves_run (PsExecutor *executor, guint *next, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* @ours: what lies on the server at the path of @step has the recorded hash. */
typedef void (*PsSentAnswer) (PsExecutor *executor, const PsStep *step, gboolean ours);

/* Finds that out, by what is published or by reading the file. Where it cannot, the step has
 * failed. */
void ps_sent_ask (PsExecutor *executor, const PsStep *step, PsSentAnswer told);

/* Carries out the deletions, which are all steps from @first on. */
gboolean ps_deletes_run (PsExecutor *executor, guint first,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The outcome of @step when it did not work: a problem of the path, a reason to look again, or
 * nothing where the whole link is lost. */
void ps_executor_step_failed (PsExecutor *self, const PsStep *step, const GError *error);

/* Writes (@row NULL: removes) the row of @path. A failure of the base ends the pass. */
void ps_executor_record (PsExecutor *self, const char *path, const PsRow *row);

/* The row of what holds the same on both sides without having been carried over just now. Where
 * only one side is executable, neither is recorded so: then that side counts as changed, and
 * another pass carries its bit over. */
void ps_executor_record_equal (PsExecutor *self, const char *path, const PsRow *row);

/* The same after @path was changed on the server. Until its directories are synced such a name can
 * be lost with the server's power, and often that is what ends the link: then the row is taken
 * back, so that the name's absence does not look like somebody's deletion. */
void ps_executor_record_remote (PsExecutor *self, const char *path, const PsRow *row);

/* Lets the rows of @from and below follow a move on the server; as above. */
gboolean ps_executor_record_move_remote (PsExecutor *self, const char *from, const char *to,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Tells that @step was carried out as @action. */
void ps_executor_done (PsExecutor *self, const PsStep *step, const char *action, uint64_t bytes,
                       uint64_t wire);

/* Makes directories and rows durable, in that order; when the pass has failed, the rows alone that
 * are sure. */
gboolean ps_executor_commit (PsExecutor *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Lets the link work until @self has no more than @most operations in flight. FALSE with @error
 * when the pass is over. */
gboolean ps_executor_drain (PsExecutor *self, guint most, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Waits until the link welcomes another operation. */
gboolean ps_executor_make_room (PsExecutor *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
