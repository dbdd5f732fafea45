/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every step stands here for ever, as it was first released: a base of any age walks through all
 * that come after its own version. A change of the tables is a new step at the end. */
#include "store/schema.h"

/* 1: the rows. Paths are bytes, so parent and name are BLOBs, which SQLite orders by memcmp: the
 * primary key is the order of a listing, and all of a subtree but its own row is the parents
 * "dir" and "dir/" … "dir0" ('0' follows '/'). flags: 1 local executable, 2 remote executable, 4
 * racy. */
static const char rows_sql[]
    = "CREATE TABLE entry ("
      " parent BLOB NOT NULL, name BLOB NOT NULL,"
      " local_kind INTEGER NOT NULL, local_size INTEGER NOT NULL, local_mtime INTEGER NOT NULL,"
      " local_inode INTEGER NOT NULL, local_device INTEGER NOT NULL,"
      " remote_kind INTEGER NOT NULL, remote_size INTEGER NOT NULL, remote_mtime INTEGER NOT NULL,"
      " flags INTEGER NOT NULL, sha256 BLOB,"
      " PRIMARY KEY (parent, name)) WITHOUT ROWID;"
      "CREATE TABLE named_value (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;";

/* 2: totals, so that a pass need not count. Triggers keep them whatever changes the rows; kind 1 is
 * a file. */
static const char totals_sql[]
    = "CREATE TABLE total (all_rows INTEGER NOT NULL, files_local INTEGER NOT NULL,"
      " files_remote INTEGER NOT NULL);"
      "INSERT INTO total SELECT count(*), ifnull(sum(local_kind = 1), 0),"
      " ifnull(sum(remote_kind = 1), 0) FROM entry;"
      "CREATE TRIGGER entry_added AFTER INSERT ON entry BEGIN"
      " UPDATE total SET all_rows = all_rows + 1,"
      "  files_local = files_local + (NEW.local_kind = 1),"
      "  files_remote = files_remote + (NEW.remote_kind = 1); END;"
      "CREATE TRIGGER entry_removed AFTER DELETE ON entry BEGIN"
      " UPDATE total SET all_rows = all_rows - 1,"
      "  files_local = files_local - (OLD.local_kind = 1),"
      "  files_remote = files_remote - (OLD.remote_kind = 1); END;"
      "CREATE TRIGGER entry_changed AFTER UPDATE OF local_kind, remote_kind ON entry"
      " WHEN OLD.local_kind <> NEW.local_kind OR OLD.remote_kind <> NEW.remote_kind BEGIN"
      " UPDATE total SET"
      "  files_local = files_local - (OLD.local_kind = 1) + (NEW.local_kind = 1),"
      "  files_remote = files_remote - (OLD.remote_kind = 1) + (NEW.remote_kind = 1); END;";

/* 3: rows by content, and the signatures of large contents. Eight bytes of a sum tell contents
 * apart well enough for an index, which is half as large for it (and twice as quick to fill). */
static const char contents_sql[]
    = "CREATE INDEX entry_by_content ON entry (substr(sha256, 1, 8)) WHERE sha256 IS NOT NULL;"
      "CREATE TABLE signature (sha256 BLOB PRIMARY KEY NOT NULL, data BLOB NOT NULL);";

/* 4: large files on the server by size, for the question whether a content may be there already. */
static const char sizes_sql[]
    = "CREATE INDEX entry_by_remote_size ON entry (remote_size) WHERE remote_size >= 262144;";

static const char *const steps[] = { rows_sql, totals_sql, contents_sql, sizes_sql };

int
ps_store_schema_version (void)
{
  return G_N_ELEMENTS (steps);
}

static int
run_steps (sqlite3 *db, int version)
{
  g_autofree char *stamp = g_strdup_printf ("PRAGMA application_id = %d; PRAGMA user_version = %d",
                                            PS_STORE_APPLICATION_ID, ps_store_schema_version ());

  for (int i = version; i < ps_store_schema_version (); i++)
    {
      int rc = sqlite3_exec (db, steps[i], NULL, NULL, NULL);

      if (rc != SQLITE_OK)
        return rc;
    }
  return sqlite3_exec (db, stamp, NULL, NULL, NULL);
}

int
ps_store_migrate (sqlite3 *db, int version)
{
  int rc;

  if (version >= ps_store_schema_version ())
    return SQLITE_OK;
  rc = sqlite3_exec (db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
  if (rc == SQLITE_OK)
    rc = run_steps (db, version);
  if (rc == SQLITE_OK)
    rc = sqlite3_exec (db, "COMMIT", NULL, NULL, NULL);
  if (rc != SQLITE_OK)
    sqlite3_exec (db, "ROLLBACK", NULL, NULL, NULL);
  return rc;
}
