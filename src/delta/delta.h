/* SPDX-License-Identifier: GPL-3.0-or-later */
/* librsync's signatures and deltas, as streaming jobs: signatures of what passes by, deltas against
 * a signature, and maps of what is already here. No policy: what travels is decided by the engine.
 */
#pragma once

#include <gio/gio.h>
#include <stdint.h>

G_BEGIN_DECLS

#define PS_DELTA_MIN_SIZE (256 * 1024)       /* smaller files have no signature */
#define PS_SIGNATURE_MAX (256 * 1024 * 1024) /* bytes; a longer one is refused */

#define PS_DELTA_ERROR (ps_delta_error_quark ())
GQuark ps_delta_error_quark (void);

typedef enum
{
  PS_DELTA_ERROR_DAMAGED,   /* the signature is no signature, or not of a file of that size */
  PS_DELTA_ERROR_NOT_WORTH, /* given up early: too little is the same, or it takes too long */
  PS_DELTA_ERROR_FAILED
} PsDeltaError;

/* A signature made while a file streams by, in file order. Recommended block length for @size,
 * strong sums of 12 bytes. */
typedef struct PsSignatureMaker PsSignatureMaker;
PsSignatureMaker *ps_signature_maker_new (uint64_t size);
void ps_signature_maker_free (PsSignatureMaker *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsSignatureMaker, ps_signature_maker_free)
gboolean ps_signature_maker_feed (PsSignatureMaker *self, const void *data, gsize length,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
GBytes *ps_signature_maker_finish (PsSignatureMaker *self, GError **error); /* (transfer full) */

/* The same for a file that lies there. Blocks. */
GBytes *ps_signature_of_fd (int fd, uint64_t size, GCancellable *cancellable, GError **error);

/* Compares the blocks of @fd that begin in [@offset, @offset + @length) with their sums.
 * PS_DELTA_ERROR_DAMAGED where one differs. @size: of the whole file. Blocks. */
gboolean ps_signature_check (GBytes *signature, uint64_t size, int fd, uint64_t offset,
                             uint64_t length, GCancellable *cancellable,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* One run of bytes of a new file. */
typedef struct
{
  gboolean copy; /* the same bytes lie in the old file at @from; else they are new */
  uint64_t from; /* copy: offset in the old file; else offset in the new one */
  uint64_t at;   /* offset in the new file */
  uint64_t length;
} PsDeltaPiece;

typedef struct
{
  double worth;        /* give up when more than this part of the new file would be sent (0.7) */
  int64_t deadline_us; /* monotonic time after which it is not worth it any more; 0 = none */
} PsDeltaLimits;

/* Told of a piece as soon as nothing can change it any more; a long one comes in parts. */
typedef void (*PsDeltaFound) (const PsDeltaPiece *piece, gpointer user_data);

/**
 * ps_delta_upload:
 * @signature: of the old version that lies on the server; untrusted bytes
 * @old_size: of that version: a piece that reaches beyond it is an error (DAMAGED)
 * @fd: the new version, @size bytes, read by pread
 * @found: (nullable): told of the pieces from the beginning of the file on. What was told holds
 * also when it is given up later
 *
 * Returns: (transfer full) (element-type PsDeltaPiece): the new file from 0 to @size without gaps,
 * neighbours merged
 */
GArray *ps_delta_upload (GBytes *signature, uint64_t old_size, int fd, uint64_t size,
                         const PsDeltaLimits *limits, PsDeltaFound found, gpointer user_data,
                         GCancellable *cancellable, GError **error);

/**
 * ps_signature_derive:
 * @pieces: (element-type PsDeltaPiece): what ps_delta_upload () made of @signature and @fd
 *
 * Makes the signature of the new version, reading only what does not follow from that of the old
 * one. It has the old one's block length, so that the two can be compared sum by sum, unless that
 * is too far from the advice for the new size. Blocks.
 *
 * Returns: (transfer full)
 */
GBytes *ps_signature_derive (GBytes *signature, uint64_t old_size, const GArray *pieces, int fd,
                             uint64_t size, GCancellable *cancellable, GError **error);

/**
 * ps_delta_download:
 * @signature: of the new version that lies on the server; untrusted bytes
 * @new_size: of that version
 * @fd: a local file in which parts of it may lie
 * @known: (nullable): the signature of what @fd should hold: where both have the same block length,
 * much of it need not be read. That it holds is not looked at here
 * @found: (nullable): told of pieces to copy, each once, in the order in which they lie in @fd. Of
 * blocks that are alike only one is told of; what is new is known in the end only
 *
 * Finds which blocks of the new version are in @fd already (repeated blocks too). Memory: the
 * signature, not the file.
 *
 * Returns: (transfer full) (element-type PsDeltaPiece): the new file without gaps; copy pieces are
 * in @fd at .from, the others have to be fetched
 */
GArray *ps_delta_download (GBytes *signature, uint64_t new_size, int fd, GBytes *known,
                           const PsDeltaLimits *limits, PsDeltaFound found, gpointer user_data,
                           GCancellable *cancellable, GError **error);

/**
 * ps_delta_in_place:
 * @signature: of a version of @size bytes; untrusted bytes
 * @fd: a local file that was to become that version
 *
 * Finds which of its blocks are in their own places already.
 *
 * Returns: (transfer full) (element-type PsDeltaPiece) (nullable): as ps_delta_download (), with
 * .from equal to .at
 */
GArray *ps_delta_in_place (GBytes *signature, uint64_t size, int fd, GCancellable *cancellable,
                           GError **error);

G_END_DECLS
