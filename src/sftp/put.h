/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An upload: put.c opens and ends the temporary file, put-stream.c fills it, put-durable.c tells
 * how much of it is durable, put-place.c puts it in place. Included by them alone. */
#pragma once

#include "sftp/remote-private.h"
#include "util/sha256.h"

G_BEGIN_DECLS

/* A WRITE or a copy on its way. */
typedef struct
{
  uint64_t offset;
  uint32_t length; /* 0: this slot is free */
} PsFlight;

/* What a copy must have led to. */
typedef struct
{
  uint64_t size;
  guint flight;
} PsCopyCheck;

typedef struct
{
  PsOp op;

  /* What is uploaded, and where to. */
  int fd;          /* -1: @content */
  GBytes *content; /* (nullable) a file of our own */
  PsEntry source;
  PsEntry expected;
  char *keep_as; /* (nullable) */
  char *base;    /* (nullable) */
  PsEntry base_expected;
  gboolean (*next_piece) (PsPutPiece *piece, gpointer user_data); /* (nullable) */
  char *resume_key;                                               /* (nullable) */
  bool own;
  bool ahead; /* it is not known yet how it is to be called */
  PsOwnMode own_mode;
  char *aside;
  gboolean (*still_same) (gpointer user_data);
  PsRemoteMoved moved;

  /* The temporary file. */
  char *temp;
  bool temp_made;
  bool may_exist; /* an earlier put has left it, or may have */
  uint64_t found_size;
  uint64_t resume;                      /* bytes of it that are right */
  bool spoilt;                          /* it holds what should not be there */
  PsHandle handles[PS_CLIENT_MAX_BULK]; /* of the temporary file, one a channel */
  guint n_handles;
  guint opening; /* further ones asked for */
  PsHandle base_handle;
  int channel; /* of the first handle */

  /* The stream. */
  uint64_t next;        /* offset of what is sent next */
  PsPutPiece piece;     /* it lies in this one, where it is put together */
  uint64_t piece_begin; /* of which this is the place */
  GArray *flights;      /* (element-type PsFlight) */
  GArray *checks;       /* (element-type PsCopyCheck) */
  guint copies;         /* copies whose check is owed */
  PsSha256 *sha;        /* (nullable) of the source from 0 to @hashed */
  uint64_t hashed;
  PsAttrs written;   /* what the server said of the finished temporary file */
  uint32_t old_mode; /* permissions of what is replaced; 0 = nothing is */

  /* What of it is durable on the server. */
  PsRemoteDurable tell_durable; /* (nullable) */
  uint64_t durable;
  uint64_t sent;                       /* bytes that travelled or are on their way */
  uint64_t sent_durable, sent_marking; /* and how many did at the last mark, and at the one asked
                                          for */
  uint64_t marking; /* the server was asked to make all before it durable; 0 = nothing */
  int64_t marked_at;

  /* Putting in place. */
  char *version;   /* (nullable) first link to what is replaced, made before anything is sent */
  char *displaced; /* (nullable) second link (or the file itself, moved aside), made last */
  bool version_made, displaced_made, displaced_gone, in_place;
} PsPutOp;

/* put-stream.c */
bool ps_put_pull (PsOp *op);
void ps_put_begin_stream (PsOp *op);

/* Fails: what it is put together from is no such file, or the server cannot. */
void ps_put_fail_pieces (PsPutOp *self);

/* The first byte that the server has not acknowledged. */
uint64_t ps_put_acknowledged (const PsPutOp *self);

/* Answers to WRITEs, copies, their checks and further OPENs; FALSE: @tag is none of these. */
bool ps_put_take_stream_reply (PsPutOp *self, const PsReply *reply, guint tag);

/* put-durable.c */

/* The temporary file is right up to self->resume: from there on it goes on. */
void ps_put_begin_durable (PsPutOp *self);

/* More was acknowledged: perhaps it is time to make it durable. */
void ps_put_consider_durable (PsPutOp *self);
void ps_put_take_durable_reply (PsPutOp *self, const PsReply *reply);

/* Whether so much is not durable yet that more has to wait. */
bool ps_put_waits_for_durable (const PsPutOp *self);

/* put.c: everything was sent. */
void ps_put_end_stream (PsPutOp *self, bool pipelined);

/* put-place.c */

/* Requests that prepare the placing, beside the first OPEN; their answers. */
void ps_put_prepare_place (PsPutOp *self);
void ps_put_take_prepare_reply (PsPutOp *self, const PsReply *reply, guint tag);
void ps_put_place (PsOp *op);

/* After a failure: takes back what was prepared. */
void ps_put_clean_place (PsPutOp *self);

/* Kinds of tags; the number of a slot stands above them. */
enum
{
  PS_PUT_TAG_OPEN,
  PS_PUT_TAG_OPEN_BASE,
  PS_PUT_TAG_STAT_BASE,
  PS_PUT_TAG_FOUND_PART,
  PS_PUT_TAG_CUT,
  PS_PUT_TAG_WRITE,
  PS_PUT_TAG_COPY,
  PS_PUT_TAG_CHECK,
  PS_PUT_TAG_DURABLE,
  PS_PUT_TAG_OPEN_MORE,
  PS_PUT_TAG_ATTRS,
  PS_PUT_TAG_FSYNC,
  PS_PUT_TAG_FSTAT,
  PS_PUT_TAG_CLOSE,
  PS_PUT_TAG_MODE,
  PS_PUT_TAG_TARGET,
  PS_PUT_TAG_VERSION,
  PS_PUT_TAG_DISPLACE,
  PS_PUT_TAG_RENAME,
  PS_PUT_TAG_DISPLACED,
  PS_PUT_TAG_BACK
};
#define PS_PUT_TAG_BITS 8
#define PS_PUT_TAG(kind, number) ((kind) | (guint)(number) << PS_PUT_TAG_BITS)
#define PS_PUT_TAG_KIND(tag) ((tag) & ((1u << PS_PUT_TAG_BITS) - 1))
#define PS_PUT_TAG_NUMBER(tag) ((tag) >> PS_PUT_TAG_BITS)

G_END_DECLS
