/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The base: what both sides held when last recorded, in one SQLite file. One thread at a time; the
 * handle belongs to its opener. */
#pragma once

#include "core/entry.h"

#include <gio/gio.h>

G_BEGIN_DECLS

#define PS_STORE_ERROR (ps_store_error_quark ())
GQuark ps_store_error_quark (void);

typedef enum
{
  PS_STORE_ERROR_LOCKED, /* another process works on this pair */
  PS_STORE_ERROR_NEWER,  /* made by a newer PiSync */
  PS_STORE_ERROR_NO_SPACE,
  PS_STORE_ERROR_DAMAGED, /* became unreadable while open: open it again */
  PS_STORE_ERROR_FAILED
} PsStoreError;

typedef struct PsStore PsStore;

/**
 * ps_store_open:
 * @state_dir: the pair's state directory; made (0700) where it is not there
 * @moved_aside: (out) (optional) (transfer full) (nullable): where a damaged base was moved to; the
 * one now open is empty then
 *
 * Opens (or makes, or migrates) STATE_DIR/base.db and takes the pair's lock (an OFD or flock lock
 * on STATE_DIR/lock that dies with the process).
 */
PsStore *ps_store_open (const char *state_dir, char **moved_aside, GError **error);
void ps_store_free (PsStore *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsStore, ps_store_free)

/* One row with its name, as listed. */
typedef struct
{
  char *name;
  PsRow row;
} PsStoreEntry;

/* Returns: (transfer full) (element-type PsStoreEntry): the rows of the directory @dir, sorted by
 * strcmp of the names; frees its elements. */
GArray *ps_store_list (PsStore *self, const char *dir, GError **error);

/* Returns: whether there is a row; *@row is set then. Sets @error only on failure. */
gboolean ps_store_get (PsStore *self, const char *path, PsRow *row, GError **error);

/* Writes and removals gather in one transaction until ps_store_commit (). Where one of them or the
 * commit fails, all since the last commit is dropped: the base stays true of an earlier moment. */
gboolean ps_store_put (PsStore *self, const char *path, const PsRow *row,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean ps_store_remove (PsStore *self, const char *path,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Renames the row @from and all below it. */
gboolean ps_store_move (PsStore *self, const char *from, const char *to,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: how many transactions were dropped so far: what was written when they were fewer, and
 * not committed, is not in the base. */
guint ps_store_n_dropped (const PsStore *self);

/* Makes everything since the last commit durable (WAL, synchronous=FULL). Nothing to do is fine. */
gboolean ps_store_commit (PsStore *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct
{
  uint64_t rows;
  uint64_t files_local; /* files in the recorded local listing */
  uint64_t files_remote;
} PsStoreTotals;

gboolean ps_store_totals (PsStore *self, PsStoreTotals *totals,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (nullable): the path of a row whose content has that sum on the side
 * @side, not @except. NULL without error: none. */
char *ps_store_find_content (PsStore *self, const uint8_t sha256[32], uint64_t size, PsSide side,
                             const char *except, GError **error);

/* Returns: whether the file on the server of some row, not @except, has that size: without one no
 * content can be found there, and none needs to be hashed. Always FALSE below PS_STORE_SIZE_MIN. */
#define PS_STORE_SIZE_MIN (256 * 1024)
gboolean ps_store_has_remote_size (PsStore *self, uint64_t size, const char *except);

/* Small named values: "pair-id", "generation", "server-caps" … */
char *ps_store_get_value (PsStore *self, const char *key); /* (transfer full) (nullable) */
gboolean ps_store_set_value (PsStore *self, const char *key, const char *value /* NULL removes */,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Drops the values with a key "KIND/…" that do not begin with a number from @first to @last. */
gboolean ps_store_sweep_values (PsStore *self, const char *kind, int64_t first, int64_t last,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Signatures of large files, for deltas: keyed by content. */
GBytes *ps_store_get_signature (PsStore *self,
                                const uint8_t sha256[32]); /* (transfer full) (nullable) */
gboolean ps_store_put_signature (PsStore *self, const uint8_t sha256[32], GBytes *signature,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Returns: how many bytes all signatures are together. */
uint64_t ps_store_signatures_size (PsStore *self);

/* Drops signatures that no row's content needs. */
gboolean ps_store_sweep_signatures (PsStore *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes all rows and values (forget-state). Needs no open store; takes the lock. */
gboolean ps_store_forget (const char *state_dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
