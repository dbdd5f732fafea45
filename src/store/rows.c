/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows: read, listed, written, moved. */
#include "store/store-private.h"

#include "util/words.h"

#include <string.h>

enum
{
  FLAG_LOCAL_EXECUTABLE = 1,
  FLAG_REMOTE_EXECUTABLE = 2,
  FLAG_RACY = 4
};

/* Places of ROW_COLUMNS in a result. */
enum
{
  COLUMN_LOCAL,
  COLUMN_REMOTE = 5,
  COLUMN_FLAGS = 8,
  COLUMN_SHA256,
  COLUMN_NAME /* LIST only */
};

/* Binds the key of @path to the parameters @first and @first + 1, without a copy. */
static void
bind_path (sqlite3_stmt *statement, int first, const char *path)
{
  const char *slash = strrchr (path, '/');
  const char *name = slash != NULL ? slash + 1 : path;

  sqlite3_bind_blob (statement, first, path, slash != NULL ? (int)(slash - path) : 0,
                     SQLITE_STATIC);
  sqlite3_bind_blob (statement, first + 1, name, (int)strlen (name), SQLITE_STATIC);
}

static void
bind_bytes (sqlite3_stmt *statement, int parameter, const char *bytes)
{
  sqlite3_bind_blob (statement, parameter, bytes, (int)strlen (bytes), SQLITE_STATIC);
}

static void
read_side (sqlite3_stmt *statement, int column, PsEntry *entry)
{
  entry->kind = (PsKind)sqlite3_column_int (statement, column);
  entry->size = (uint64_t)sqlite3_column_int64 (statement, column + 1);
  entry->mtime = sqlite3_column_int64 (statement, column + 2);
}

/* FALSE: no row that we could have written. */
static gboolean
read_row (sqlite3_stmt *statement, PsRow *row)
{
  int flags = sqlite3_column_int (statement, COLUMN_FLAGS);
  const void *sum = sqlite3_column_blob (statement, COLUMN_SHA256);

  *row = (PsRow){ 0 };
  read_side (statement, COLUMN_LOCAL, &row->local);
  read_side (statement, COLUMN_REMOTE, &row->remote);
  row->local.inode = (uint64_t)sqlite3_column_int64 (statement, COLUMN_LOCAL + 3);
  row->local.device = (uint64_t)sqlite3_column_int64 (statement, COLUMN_LOCAL + 4);
  row->local.executable = (flags & FLAG_LOCAL_EXECUTABLE) != 0;
  row->remote.executable = (flags & FLAG_REMOTE_EXECUTABLE) != 0;
  row->racy = (flags & FLAG_RACY) != 0;
  row->has_hash = sum != NULL;
  if (row->has_hash)
    {
      if (sqlite3_column_bytes (statement, COLUMN_SHA256) != sizeof row->sha256)
        return FALSE;
      memcpy (row->sha256, sum, sizeof row->sha256);
    }
  return (guint)row->local.kind <= PS_KIND_SPECIAL && (guint)row->remote.kind <= PS_KIND_SPECIAL;
}

static void
clear_store_entry (gpointer data)
{
  g_free (((PsStoreEntry *)data)->name);
}

GArray *
ps_store_list (PsStore *self, const char *dir, GError **error)
{
  sqlite3_stmt *statement = ps_store_statement (self, PS_STATEMENT_LIST);
  g_autoptr (GArray) entries = g_array_new (FALSE, FALSE, sizeof (PsStoreEntry));
  int rc;

  g_array_set_clear_func (entries, clear_store_entry);
  bind_bytes (statement, 1, dir);
  while ((rc = sqlite3_step (statement)) == SQLITE_ROW)
    {
      PsStoreEntry entry;

      if (!read_row (statement, &entry.row))
        {
          rc = SQLITE_CORRUPT;
          break;
        }
      entry.name = g_strndup (sqlite3_column_blob (statement, COLUMN_NAME),
                              sqlite3_column_bytes (statement, COLUMN_NAME));
      g_array_append_val (entries, entry);
    }
  if (rc != SQLITE_DONE)
    ps_store_fail (self, rc, N_ ("Could not read the base %s"), error);
  sqlite3_reset (statement);
  return rc == SQLITE_DONE ? g_steal_pointer (&entries) : NULL;
}

gboolean
ps_store_get (PsStore *self, const char *path, PsRow *row, GError **error)
{
  sqlite3_stmt *statement = ps_store_statement (self, PS_STATEMENT_GET);
  int rc;

  bind_path (statement, 1, path);
  rc = sqlite3_step (statement);
  if (rc == SQLITE_ROW && !read_row (statement, row))
    rc = SQLITE_CORRUPT;
  if (rc != SQLITE_ROW && rc != SQLITE_DONE)
    ps_store_fail (self, rc, N_ ("Could not read the base %s"), error);
  sqlite3_reset (statement);
  return rc == SQLITE_ROW;
}

static void
bind_side (sqlite3_stmt *statement, int parameter, const PsEntry *entry)
{
  sqlite3_bind_int (statement, parameter, (int)entry->kind);
  sqlite3_bind_int64 (statement, parameter + 1, (sqlite3_int64)entry->size);
  sqlite3_bind_int64 (statement, parameter + 2, entry->mtime);
}

gboolean
ps_store_put (PsStore *self, const char *path, const PsRow *row, GError **error)
{
  sqlite3_stmt *statement = ps_store_statement (self, PS_STATEMENT_PUT);

  g_return_val_if_fail (*path != '\0', FALSE);
  bind_path (statement, 1, path);
  bind_side (statement, 3, &row->local);
  sqlite3_bind_int64 (statement, 6, (sqlite3_int64)row->local.inode);
  sqlite3_bind_int64 (statement, 7, (sqlite3_int64)row->local.device);
  bind_side (statement, 8, &row->remote);
  sqlite3_bind_int (statement, 11,
                    (row->local.executable ? FLAG_LOCAL_EXECUTABLE : 0)
                        | (row->remote.executable ? FLAG_REMOTE_EXECUTABLE : 0)
                        | (row->racy ? FLAG_RACY : 0));
  if (row->has_hash)
    sqlite3_bind_blob (statement, 12, row->sha256, sizeof row->sha256, SQLITE_STATIC);
  return ps_store_change (self, statement, error);
}

gboolean
ps_store_remove (PsStore *self, const char *path, GError **error)
{
  sqlite3_stmt *statement = ps_store_statement (self, PS_STATEMENT_REMOVE);

  bind_path (statement, 1, path);
  return ps_store_change (self, statement, error);
}

/* The rows whose parent is @from itself, then those deeper: "FROM/" < parent < "FROM0". */
static gboolean
move_below (PsStore *self, const char *from, const char *to, GError **error)
{
  sqlite3_stmt *children = ps_store_statement (self, PS_STATEMENT_MOVE_CHILDREN);
  sqlite3_stmt *below = ps_store_statement (self, PS_STATEMENT_MOVE_BELOW);
  g_autofree char *first = g_strconcat (from, "/", NULL);
  g_autofree char *end = g_strconcat (from, "0", NULL);

  bind_bytes (children, 1, from);
  bind_bytes (children, 2, to);
  bind_bytes (below, 1, first);
  bind_bytes (below, 2, end);
  sqlite3_bind_int (below, 3, (int)strlen (from) + 1);
  bind_bytes (below, 4, to);
  return ps_store_change (self, children, error) && ps_store_change (self, below, error);
}

gboolean
ps_store_move (PsStore *self, const char *from, const char *to, GError **error)
{
  sqlite3_stmt *statement = ps_store_statement (self, PS_STATEMENT_MOVE_ROW);
  gsize length = strlen (from);

  g_return_val_if_fail (*from != '\0' && *to != '\0', FALSE);
  /* Into itself: no file system does that, and the update below would not end well. */
  g_return_val_if_fail (strncmp (to, from, length) != 0 || to[length] != '/', FALSE);
  if (strcmp (from, to) == 0)
    return TRUE;
  bind_path (statement, 1, from);
  bind_path (statement, 3, to);
  return ps_store_change (self, statement, error) && move_below (self, from, to, error);
}

gboolean
ps_store_totals (PsStore *self, PsStoreTotals *totals, GError **error)
{
  sqlite3_stmt *statement = ps_store_statement (self, PS_STATEMENT_TOTALS);
  int rc = sqlite3_step (statement);

  if (rc == SQLITE_ROW)
    *totals = (PsStoreTotals){
      .rows = (uint64_t)sqlite3_column_int64 (statement, 0),
      .files_local = (uint64_t)sqlite3_column_int64 (statement, 1),
      .files_remote = (uint64_t)sqlite3_column_int64 (statement, 2),
    };
  else
    ps_store_fail (self, rc == SQLITE_DONE ? SQLITE_CORRUPT : rc, N_ ("Could not read the base %s"),
                   error);
  sqlite3_reset (statement);
  return rc == SQLITE_ROW;
}

/* Returns: (transfer full): the path in the columns 0 and 1. */
static char *
read_path (sqlite3_stmt *statement)
{
  int parent_length = sqlite3_column_bytes (statement, 0);
  GString *path = g_string_new (NULL);

  if (parent_length > 0) /* SQLite hands out NULL for an empty blob */
    {
      g_string_append_len (path, sqlite3_column_blob (statement, 0), parent_length);
      g_string_append_c (path, '/');
    }
  g_string_append_len (path, sqlite3_column_blob (statement, 1),
                       sqlite3_column_bytes (statement, 1));
  return g_string_free (path, FALSE);
}

char *
ps_store_find_content (PsStore *self, const uint8_t sha256[32], uint64_t size, PsSide side,
                       const char *except, GError **error)
{
  sqlite3_stmt *statement = ps_store_statement (
      self, side == PS_SIDE_LOCAL ? PS_STATEMENT_FIND_LOCAL : PS_STATEMENT_FIND_REMOTE);
  char *path = NULL;
  int rc;

  sqlite3_bind_blob (statement, 1, sha256, 32, SQLITE_STATIC);
  sqlite3_bind_int64 (statement, 2, (sqlite3_int64)size);
  bind_path (statement, 3, except != NULL ? except : "");
  rc = sqlite3_step (statement);
  if (rc == SQLITE_ROW)
    path = read_path (statement);
  else if (rc != SQLITE_DONE)
    ps_store_fail (self, rc, N_ ("Could not read the base %s"), error);
  sqlite3_reset (statement);
  return path;
}

gboolean
ps_store_has_remote_size (PsStore *self, uint64_t size, const char *except)
{
  sqlite3_stmt *statement = ps_store_statement (self, PS_STATEMENT_HAS_REMOTE_SIZE);
  gboolean found;

  sqlite3_bind_int64 (statement, 1, (sqlite3_int64)size);
  bind_path (statement, 3, except);
  found = sqlite3_step (statement) == SQLITE_ROW;
  sqlite3_reset (statement);
  return found;
}
