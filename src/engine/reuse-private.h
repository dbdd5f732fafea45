/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of reuse share: reuse.c (threads, stepping), reuse-upload.c, reuse-download.c,
 * reuse-follow.c, reuse-publish.c, reuse-similar.c. Worker thread only, but for the work of jobs.
 */
#pragma once

#include "delta/delta.h"
#include "engine/notes.h"
#include "engine/reuse.h"
#include "util/sha256.h"

G_BEGIN_DECLS

#define PS_REUSE_WORTH 0.7                      /* more than that of a file new: it is sent whole */
#define PS_REUSE_RESUME_LEAST (2 * 1024 * 1024) /* smaller files begin anew when interrupted */

/* Work for a thread. @work must not touch anything but its data; @done is called by
 * ps_reuse_step (). */
typedef struct
{
  /* NULL: only something to be told of another job */
  void (*work) (gpointer data, GCancellable *cancellable);
  void (*done) (gpointer data);
  gpointer data;
} PsReuseJob;

/* How fast one direction of the link is. */
typedef struct
{
  uint64_t bytes; /* at @since */
  double rate;    /* bytes a second; 0 = not known yet */
} PsReuseRate;

/* The rows of one directory, looked through for similar names. */
typedef struct
{
  char *dir;    /* (nullable) */
  GArray *rows; /* (element-type PsStoreEntry) */
} PsReuseNeighbours;

struct PsReuse
{
  PsContext *context;
  GThreadPool *threads;
  GThread *behind;          /* (nullable) for what nobody waits for */
  GAsyncQueue *jobs_behind; /* (element-type PsReuseJob) */
  GAsyncQueue *finished;    /* (element-type PsReuseJob) */
  guint running;            /* jobs not handed over yet */
  GCancellable *stop;       /* of all jobs */
  gboolean lost;            /* the link is: nothing may be asked of it */
  guint under_way;          /* puts and gets not called back */
  GList *publications;      /* (element-type PsPublication) under way */
  int64_t measured_at;      /* monotonic */
  PsReuseRate up, down;
  PsReuseNeighbours neighbours;
  uint64_t signatures_size; /* bytes of signatures in the base */
  gboolean noted;           /* how far a transfer has come, since the last commit */
  int64_t committed_at;     /* monotonic */
  GError *failure;          /* (nullable) of the base */
};

/* In a thread that works for a job: @told is called by ps_reuse_step () soon, before the job's
 * done. */
void ps_reuse_tell (PsReuse *self, void (*told) (gpointer data), gpointer data);

void ps_reuse_push (PsReuse *self, void (*work) (gpointer data, GCancellable *cancellable),
                    void (*done) (gpointer data), gpointer data);

/* Any thread: the SHA-256 of @fd, which must have @size bytes, and (nullable) its signature. */
gboolean ps_reuse_sum_fd (int fd, uint64_t size, uint8_t sha256[32], GBytes **signature,
                          GCancellable *cancellable) G_GNUC_WARN_UNUSED_RESULT;

void ps_reuse_push_behind (PsReuse *self, void (*work) (gpointer data, GCancellable *cancellable),
                           void (*done) (gpointer data), gpointer data);

/* Keeps the first failure of the base for ps_reuse_tidy (); takes @error. */
void ps_reuse_take_failure (PsReuse *self, GError *error);

/* Writes down (@text NULL: forgets) how far the transfer @key has come. */
void ps_reuse_note (PsReuse *self, const char *key, const char *text);

/* Returns: the limits of a delta for a file of @size bytes: no longer than sending it would take.
 */
PsDeltaLimits ps_reuse_limits (const PsReuse *self, uint64_t size, gboolean up);

/* Returns: whether @error ends the whole, so that nothing else is to be tried. */
gboolean ps_reuse_is_over (const PsReuse *self, const GError *error);

/* A copy of a result, to be handed on later. */
typedef struct
{
  PsRemoteResult result;
  GError *error;
  char *kept_at;
} PsReuseResult;

void ps_reuse_result_set (PsReuseResult *self, const PsRemoteResult *result);
void ps_reuse_result_fail (PsReuseResult *self, GError *error); /* takes @error */
void ps_reuse_result_clear (PsReuseResult *self);

/* --- reuse-publish.c --- */

/* Whether a signature of a file of @size bytes is worth its room in the base. @replaces: the file
 * was there before in another version. */
gboolean ps_reuse_wants_signature (const PsReuse *self, uint64_t size, gboolean replaces);

/* Keeps the signature of a content in the base. */
void ps_reuse_keep_signature (PsReuse *self, const uint8_t sha256[32], GBytes *signature);

/* Returns: whether the base has that content's signature already. */
gboolean ps_reuse_has_signature (const PsReuse *self, const uint8_t sha256[32]);

/* A signature on its way to the server, then its note. */
typedef struct PsPublication PsPublication;

/* Begins to publish the signature of a content of @size bytes. It is ended or dropped later; it
 * frees itself. */
PsPublication *ps_publication_new (PsReuse *self, const uint8_t sha256[32], uint64_t size,
                                   GBytes *signature);

/* The content lies at @path, as @remote, now: the note follows as soon as the signature is there.
 * Of
 * @replaced (nullable: nothing), the row of what lay there before, both are taken away. */
void ps_publication_end (PsPublication *self, const char *path, const PsEntry *remote,
                         const PsRow *replaced);

/* It did not come to that: the signature is taken away again. */
void ps_publication_drop (PsPublication *self);

/* Returns: (transfer full): the path of the signature of a content. */
char *ps_reuse_signature_path (const uint8_t sha256[32]);

/* --- reuse-similar.c --- */

/* Returns: (transfer full) (nullable): the path of another recorded file in the same directory
 * whose name begins or is begun by that of @path ("a (copy).txt", "a-2.txt"), and which is present
 * on
 * @side with known content; the nearest in size. *@row is its row. */
char *ps_reuse_find_similar (PsReuse *self, const char *path, uint64_t size, PsSide side,
                             PsRow *row);

/* The directories are listed anew from here on. */
void ps_reuse_forget_neighbours (PsReuse *self);

/* --- reuse-follow.c: what is made of a whole download while it comes --- */

typedef struct PsFollower PsFollower;

/* Follows how @temp becomes the file that is seen as @remote on the server, and sums it up. @signs:
 * makes its signature too. @path (nullable): it comes from there, whole; then it is noted how far
 * it has come, in case it is interrupted. All borrowed but the path. */
PsFollower *ps_follower_new (PsReuse *reuse, const char *path, const PsEntry *remote,
                             PsLocalTemp *temp, gboolean signs);

/* Not while its thread works: see ps_follower_end (). */
void ps_follower_free (PsFollower *self);

/* Looks, in a thread, how much of the file an earlier transfer has left; then calls back. */
void ps_follower_check (PsFollower *self, void (*checked) (uint64_t upto, gpointer user_data),
                        gpointer user_data);

/* All before @upto is in the file. Every few megabytes that is made durable and noted. */
void ps_follower_reached (PsFollower *self, uint64_t upto);

/* The transfer is over; calls back when the thread rests. What was noted is forgotten when @ok. */
void ps_follower_end (PsFollower *self, gboolean ok, void (*ended) (gpointer user_data),
                      gpointer user_data);

/* After the end of a whole transfer: the file's sum and, where it was to be made and could be,
 * *@signature (transfer full) (nullable). FALSE with @error where the file could not be read or
 * made durable. */
gboolean ps_follower_finish (PsFollower *self, uint8_t sha256[PS_SHA256_SIZE], GBytes **signature,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- reuse-fill.c --- */

/* What of a new file is here already, for threads to find and to put in its place. */
typedef struct
{
  GBytes *signature; /* (nullable): @source is the whole file */
  GBytes *known;     /* (nullable): the signature of @source */
  int source;        /* descriptors, borrowed */
  int target;
  uint64_t size;
  PsDeltaLimits limits;
  GArray *missing; /* (out) (element-type PsRange): what is to be fetched */
  uint64_t filled; /* (out) bytes that need not be */
  GArray *copies;  /* (element-type PsDeltaPiece): to be copied from @source, ascending */
  guint next;      /* the first that is not */
} PsFill;

/* In a thread: finds it. FALSE with @error where nothing can be made of it. What @target holds in
 * the right places already counts as filled. */
gboolean ps_fill_plan (PsFill *self, GCancellable *cancellable,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* In a thread: copies some megabytes of it. */
gboolean ps_fill_some (PsFill *self, GCancellable *cancellable,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: up to where all of the file is in place that is not missing; its size: it is done. */
uint64_t ps_fill_reached (const PsFill *self);

void ps_fill_clear (PsFill *self);

G_END_DECLS
