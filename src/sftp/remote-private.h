/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the operations on the remote folder share. Included by the files of the remote alone.
 *
 * An operation is a chain of stages. A stage sends one burst of requests and names the stage that
 * follows when all of them are answered; the answers go to the operation's present reply function.
 * The first error ends the chain; then, where the server only said "failure", it is asked what is
 * the matter, and the operation's cleanup stage runs. */
#pragma once

#include "sftp/client.h"
#include "sftp/remote.h"

G_BEGIN_DECLS

typedef struct PsOp PsOp;
typedef void (*PsOpStage) (PsOp *op);
typedef void (*PsOpReply) (PsOp *op, const PsReply *reply, guint tag);

typedef enum
{
  PS_OP_RUNNING,
  PS_OP_EXPLAINING, /* has failed; the server is asked why */
  PS_OP_CLEANING    /* has failed; the cleanup stage and what follows it */
} PsOpPhase;

/* The queues in which operations wait for their beginning. */
typedef enum
{
  PS_QUEUE_CONTROL,
  PS_QUEUE_LIST,
  PS_QUEUE_SMALL,
  PS_QUEUE_BULK,
  PS_N_QUEUES
} PsQueue;

typedef struct
{
  const char *failure;          /* "Could not upload %s" */
  bool creates;                 /* a name that is there already explains a failure */
  bool writes;                  /* a full disk explains one */
  bool names;                   /* changes names: waits while the generation is being raised */
  bool (*can_begin) (PsOp *op); /* (nullable) FALSE: it has to wait for a handle or a channel */
  PsOpStage begin;
  PsOpStage cleanup;        /* (nullable) after a failure, while the link lives */
  bool (*pull) (PsOp *op);  /* streams only: sends one piece of content; FALSE: not possible now */
  void (*clear) (PsOp *op); /* (nullable) frees what its own type added */
  gsize size;               /* of its own type */
} PsOpClass;

struct PsOp
{
  const PsOpClass *klass;
  PsRemote *remote;
  GList link;       /* in remote->live or remote->done */
  GList wait;       /* in remote->waiting[] or remote->streams[][] */
  GQueue *waits_in; /* (nullable) the queue @wait is in */
  PsQueue queue;
  char *path; /* relative to the root */
  PsRemoteDone done;
  gpointer user_data;
  PsOpReply reply;
  PsOpStage next; /* (nullable) when nothing is owed any more; NULL: done */
  guint owed;
  PsOpPhase phase;
  bool begun;
  bool again;   /* begins anew when all is answered: the server had no handle left */
  bool unclear; /* the error was a bare FAILURE: worth asking */
  bool creates; /* @path is a new name: that it is there already would explain a failure */
  guint tries;  /* beginnings that ended so */
  GError *error;
  PsRemoteResult result; /* its strings are borrowed from here: */
  char *kept_at;
  char *target;
  GBytes *bytes;
};

/* An open handle, and the channel it belongs to. */
typedef struct
{
  int channel;
  bool open;
  uint16_t length;
  char bytes[PS_PACKET_HANDLE_MAX];
} PsHandle;

typedef struct PsScan PsScan;
typedef struct PsPreparation PsPreparation;
typedef struct PsSpaceAnswer PsSpaceAnswer;
typedef struct PsRaise PsRaise;

#define PS_MARKER_PATH PS_OWN_DIR "/root"
#define PS_BULK (512 * 1024) /* longer contents go over the bulk channels */

struct PsRemote
{
  PsClient *client;
  PsRemoteOptions options; /* its strings are: */
  char *root;
  char *device; /* as it stands in the names of temporary files */
  char *device_name;
  const PsClock *clock;
  PsRemoteCaps caps;
  GQueue live; /* (element-type PsOp) not finished */
  GQueue done; /* (element-type PsOp) finished, not called back yet */
  GQueue waiting[PS_N_QUEUES];
  GQueue streams[2][2]; /* [upload][bulk]: operations with content to move */
  GQueue complete;      /* (element-type PsOp) uploads that wait for a word to be put in place */
  guint begun[PS_N_QUEUES];
  guint outstanding; /* operations of the engine, listings not counted */
  guint64 finished;  /* operations called back so far */
  bool busy;         /* something can be done without waiting */
  GError *lost;
  GHashTable *made_dirs; /* (element-type utf8) directories of ours known to be there */
  GHashTable
      *renamed; /* (element-type utf8) FAT: what has to be written back before its directory */
  GHashTable *changed_dirs;  /* (element-type utf8) directories whose names are not durable yet */
  GHashTable *used_versions; /* (element-type utf8) version paths used in the second @used_at */
  int64_t used_at;
  guint counter;  /* of temporary names */
  char nonce[17]; /* and what makes them this process's own */
  PsScan *scan;
  PsPreparation *preparation; /* (nullable) under way */
  PsRaise *raise;             /* (nullable) of the generation, under way */
  PsSpaceAnswer *space;       /* (nullable) asked for, and not looked at yet */
};

/* --- op.c: the life of an operation --- */

/* Makes an operation that waits in @queue. @path may be NULL. */
gpointer ps_op_new (PsRemote *remote, const PsOpClass *klass, PsQueue queue, const char *path,
                    PsRemoteDone done, gpointer user_data);

/* Names what answers go to and which stage follows; called by a stage before it sends. */
void ps_op_expect (PsOp *op, PsOpReply reply, PsOpStage next);

/* The operation has failed; the first error counts. */
void ps_op_take_error (PsOp *op, GError *error);
void ps_op_fail (PsOp *op, int code, const char *format, ...) G_GNUC_PRINTF (3, 4);

/* Fails with what a STATUS says about @what (NULL: the path of @op). */
void ps_op_fail_status (PsOp *op, const PsReply *reply, const char *what);

/* Returns: TRUE if @reply is OK; else the operation has failed. */
bool ps_op_check (PsOp *op, const PsReply *reply);

/* Fails unless @reply has the type @type. */
bool ps_op_check_type (PsOp *op, const PsReply *reply, uint8_t type);

/* Enters or leaves the stream queue. */
void ps_op_stream (PsOp *op, bool upload);
void ps_op_stop_stream (PsOp *op);

/* @op waits for a word; then @next follows, unless names cannot be changed any more. */
void ps_op_wait (PsOp *op, PsOpStage next);

/* The word: a step of the raising was made, or a file of ours got its name. What waits looks again
 * whether that was it. */
void ps_remote_let_go (PsRemote *self);

/* A request of @op is complete and goes out; for request.c. */
void ps_op_sent (PsOp *op, PsCost cost, guint tag);

/* Begins what can begin, and lets content flow. */
void ps_remote_pump (PsRemote *self);

/* Calls back what is finished. */
void ps_remote_deliver (PsRemote *self);

/* Ends everything with @error. */
void ps_remote_lose (PsRemote *self, const GError *error);

/* Returns: (transfer full): @path (relative to the root) as people may see it. */
char *ps_remote_display (const char *path);

/* --- request.c: one function a kind of request. Paths are relative to the root. --- */

void ps_request_path (PsOp *op, int channel, uint8_t type, const char *path, guint tag);
void ps_request_raw_path (PsOp *op, int channel, uint8_t type, const char *path, guint tag);
void ps_request_open (PsOp *op, int channel, const char *path, uint32_t flags, bool executable,
                      guint tag);
void ps_request_handle (PsOp *op, uint8_t type, const PsHandle *handle, guint tag);
void ps_request_fsync (PsOp *op, const PsHandle *handle, guint tag);
void ps_request_fsetstat (PsOp *op, const PsHandle *handle, const PsAttrs *attrs, guint tag);
void ps_request_setstat (PsOp *op, const char *path, const PsAttrs *attrs, guint tag);
void ps_request_read (PsOp *op, const PsHandle *handle, uint64_t offset, uint32_t length,
                      guint tag);
void ps_request_mkdir (PsOp *op, const char *path, guint tag);
void ps_request_raw_mkdir (PsOp *op, const char *path, guint tag);
void ps_request_symlink (PsOp *op, const char *target, const char *path, guint tag);
void ps_request_statvfs (PsOp *op, guint tag);
void ps_request_copy (PsOp *op, const PsHandle *from, uint64_t offset, uint64_t length,
                      const PsHandle *to, uint64_t at, guint tag);
void ps_request_hardlink (PsOp *op, const char *from, const char *to, guint tag);

/* RENAME of the standard: refuses an existing @to. */
void ps_request_rename (PsOp *op, const char *from, const char *to, guint tag);

/* rename(2): replaces @to. Where the server has no such thing: the standard's, which refuses. */
void ps_request_replace (PsOp *op, const char *from, const char *to, guint tag);

/* A WRITE is filled in place: ps_request_write_begin () returns room for @length bytes (valid until
 * the next call), ps_request_write_end () sends or takes it back. */
uint8_t *ps_request_write_begin (PsOp *op, const PsHandle *handle, uint64_t offset,
                                 uint32_t length);
void ps_request_write_end (PsOp *op, uint32_t length, bool send, guint tag);

/* Nobody waits for these. */
void ps_request_close_detached (PsRemote *remote, PsHandle *handle);
void ps_request_remove_detached (PsRemote *remote, const char *path);

/* Makes the directories of ours above @path that are not known to be there; nobody waits, but what
 * is sent on the control channel from now on finds them. */
void ps_request_make_parents (PsRemote *remote, const char *path);
void ps_request_forget_parents (PsRemote *remote);

/* Takes the handle out of a HANDLE reply; FALSE: the operation has failed (or waits again, where
 * the server had no handle left). */
bool ps_handle_take (PsOp *op, PsHandle *handle, int channel, const PsReply *reply);

/* --- put.c --- */

/* How a file of our own is put in place. */
typedef enum
{
  PS_OWN_REPLACE, /* whatever is there */
  PS_OWN_NEW,     /* only where nothing is: EXISTS */
  PS_OWN_ASIDE    /* what is there is kept at another path of ours, or is in the result's bytes */
} PsOwnMode;

typedef struct
{
  const char *path;
  GBytes *content;
  PsOwnMode mode;
  const char *aside;                              /* of PS_OWN_ASIDE */
  gboolean (*may_be_placed) (gpointer user_data); /* (nullable) as PsPut.still_same */
} PsOwnFile;

void ps_remote_put_own_async (PsRemote *self, const PsOwnFile *file, PsRemoteDone done,
                              gpointer user_data);

/* --- marker.c --- */
void ps_remote_parse_marker (PsMarker *marker, GBytes *bytes);

/* --- raise.c --- */
bool ps_remote_names_wait (const PsRemote *self);   /* for the generation to be raised */
bool ps_remote_marker_waits (const PsRemote *self); /* to be replaced: it has to be read before */
const GError *ps_remote_names_error (const PsRemote *self); /* (nullable) why they cannot change */
void ps_raise_free (PsRaise *self);

/* --- temp.c: names of our own --- */

/* Returns: (transfer full): a path in .pisync/tmp that no other transfer has; @key: (nullable) what
 * names it instead of chance, so that it is found again. */
char *ps_remote_temp_path (PsRemote *self, const char *key, const char *suffix);

/* Returns: (transfer full): a path in .pisync/versions for a thing on its way. */
char *ps_remote_parking_path (PsRemote *self);

/* Returns: (transfer full): a path in .pisync/versions for what lies at @path now. */
char *ps_remote_version_path (PsRemote *self, const char *path);

/* --- syncdirs.c --- */

/* The name @path was made, changed or removed. */
void ps_remote_mark_changed (PsRemote *self, const char *path);

/* --- lister.c --- */

void ps_scan_free (PsScan *scan);

/* --- prepare.c --- */
void ps_preparation_free (PsPreparation *self);

/* --- setup.c --- */
void ps_space_answer_free (PsSpaceAnswer *self);

G_END_DECLS
