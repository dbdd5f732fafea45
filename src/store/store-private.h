/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of store/ share. Internal to store/. */
#pragma once

#include "store/store.h"

#include <sqlite3.h>

G_BEGIN_DECLS

/* Every statement, with the parameters it takes. Prepared when the base is opened, so that a base
 * whose tables are not ours shows then. */
/* clang-format off */
#define ROW_COLUMNS                                                                                \
  "local_kind, local_size, local_mtime, local_inode, local_device,"                                \
  " remote_kind, remote_size, remote_mtime, flags, sha256"

/* In the words of the index entry_by_content. */
#define SAME_CONTENT(sum)                                                                          \
  "substr(entry.sha256, 1, 8) = substr(" sum ", 1, 8) AND entry.sha256 = " sum

#define NOT_PATH "NOT (parent = ?3 AND name = ?4)"

#define PS_STORE_STATEMENTS(X)                                                                     \
  X (BEGIN, "BEGIN")                                                                               \
  X (COMMIT, "COMMIT")                                                                             \
  X (LIST, "SELECT " ROW_COLUMNS ", name FROM entry WHERE parent = ?1 ORDER BY name")              \
  X (GET, "SELECT " ROW_COLUMNS " FROM entry WHERE parent = ?1 AND name = ?2")                     \
  X (PUT, "INSERT INTO entry (parent, name, " ROW_COLUMNS ")"                                      \
          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"                            \
          " ON CONFLICT DO UPDATE SET local_kind = ?3, local_size = ?4, local_mtime = ?5,"         \
          " local_inode = ?6, local_device = ?7, remote_kind = ?8, remote_size = ?9,"              \
          " remote_mtime = ?10, flags = ?11, sha256 = ?12")                                        \
  X (REMOVE, "DELETE FROM entry WHERE parent = ?1 AND name = ?2")                                  \
  X (MOVE_ROW, "UPDATE OR REPLACE entry SET parent = ?3, name = ?4"                                \
               " WHERE parent = ?1 AND name = ?2")                                                 \
  X (MOVE_CHILDREN, "UPDATE OR REPLACE entry SET parent = ?2 WHERE parent = ?1")                   \
  X (MOVE_BELOW, "UPDATE OR REPLACE entry SET"                                                     \
                 " parent = CAST(?4 || substr(parent, ?3) AS BLOB)"                                \
                 " WHERE parent > ?1 AND parent < ?2")                                             \
  X (TOTALS, "SELECT all_rows, files_local, files_remote FROM total")                              \
  X (FIND_LOCAL, "SELECT parent, name FROM entry WHERE " SAME_CONTENT ("?1")                       \
                 " AND local_kind = 1 AND local_size = ?2 AND " NOT_PATH " LIMIT 1")               \
  X (FIND_REMOTE, "SELECT parent, name FROM entry WHERE " SAME_CONTENT ("?1")                      \
                  " AND remote_kind = 1 AND remote_size = ?2 AND " NOT_PATH " LIMIT 1")            \
  X (HAS_REMOTE_SIZE, "SELECT 1 FROM entry WHERE remote_size = ?1 AND remote_size >= 262144"       \
                      " AND remote_kind = 1 AND " NOT_PATH " LIMIT 1")                             \
  X (GET_VALUE, "SELECT value FROM named_value WHERE key = ?1")                                    \
  X (SET_VALUE, "INSERT OR REPLACE INTO named_value (key, value) VALUES (?1, ?2)")                 \
  X (REMOVE_VALUE, "DELETE FROM named_value WHERE key = ?1")                                       \
  X (SWEEP_VALUES, "DELETE FROM named_value WHERE key > ?1 || '/' AND key < ?1 || '0'"             \
                   " AND CAST(value AS INTEGER) NOT BETWEEN ?2 AND ?3")                            \
  X (GET_SIGNATURE, "SELECT data FROM signature WHERE sha256 = ?1")                                \
  X (PUT_SIGNATURE, "INSERT OR REPLACE INTO signature (sha256, data) VALUES (?1, ?2)")             \
  X (SIZE_SIGNATURES, "SELECT ifnull(sum(length(data)), 0) FROM signature")                        \
  X (SWEEP_SIGNATURES, "DELETE FROM signature WHERE NOT EXISTS"                                    \
                       " (SELECT 1 FROM entry WHERE " SAME_CONTENT ("signature.sha256") ")")
/* clang-format on */

typedef enum
{
#define STATEMENT_ID(id, sql) PS_STATEMENT_##id,
  PS_STORE_STATEMENTS (STATEMENT_ID)
#undef STATEMENT_ID
      PS_N_STATEMENTS
} PsStatement;

struct PsStore
{
  char *file;  /* STATE_DIR/base.db */
  int lock_fd; /* holds the pair's lock as long as it is open */
  sqlite3 *db;
  guint n_dropped; /* transactions */
  sqlite3_stmt *statements[PS_N_STATEMENTS];
};

/* Takes STATE_DIR/lock. Returns: its fd, or -1 with PS_STORE_ERROR_LOCKED or FAILED. */
int ps_store_take_lock (const char *state_dir, GError **error);

/* Returns: the statement, reset and without bindings. */
sqlite3_stmt *ps_store_statement (PsStore *self, PsStatement id);

/* Sets @error from the SQLite code @rc of the step "@doing" ("read", "write to" …). Returns FALSE.
 */
gboolean ps_store_fail (PsStore *self, int rc, const char *pattern, GError **error);

/* Runs a statement that changes something, inside the gathered transaction, which begins when there
 * is none. A failure drops the whole of it. */
gboolean ps_store_change (PsStore *self, sqlite3_stmt *statement,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Prepares every statement. Returns an SQLite code. */
int ps_store_prepare_all (PsStore *self);
void ps_store_close_db (PsStore *self);

G_END_DECLS
