/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Statements, the gathered transaction, and SQLite's codes as errors of ours. */
#include "store/store-private.h"

#include "util/fault.h"
#include "util/words.h"

#include <errno.h>

static const char *const sources[PS_N_STATEMENTS] = {
#define STATEMENT_SQL(id, sql) [PS_STATEMENT_##id] = sql,
  PS_STORE_STATEMENTS (STATEMENT_SQL)
#undef STATEMENT_SQL
};

int
ps_store_prepare_all (PsStore *self)
{
  for (gsize i = 0; i < PS_N_STATEMENTS; i++)
    {
      int rc = sqlite3_prepare_v3 (self->db, sources[i], -1, SQLITE_PREPARE_PERSISTENT,
                                   &self->statements[i], NULL);

      if (rc != SQLITE_OK)
        return rc;
    }
  return SQLITE_OK;
}

void
ps_store_close_db (PsStore *self)
{
  for (gsize i = 0; i < PS_N_STATEMENTS; i++)
    {
      sqlite3_finalize (self->statements[i]);
      self->statements[i] = NULL;
    }
  sqlite3_close (self->db);
  self->db = NULL;
}

sqlite3_stmt *
ps_store_statement (PsStore *self, PsStatement id)
{
  sqlite3_stmt *statement = self->statements[id];

  sqlite3_reset (statement);
  sqlite3_clear_bindings (statement);
  return statement;
}

/* A full disk comes as SQLITE_FULL or, from an fsync or a WAL that cannot grow, as an I/O error. */
static gboolean
is_no_space (PsStore *self, int rc)
{
  int saved = sqlite3_system_errno (self->db);

  return (rc & 0xff) == SQLITE_FULL
         || ((rc & 0xff) == SQLITE_IOERR && (saved == ENOSPC || saved == EDQUOT));
}

gboolean
ps_store_fail (PsStore *self, int rc, const char *pattern, GError **error)
{
  PsStoreError code = PS_STORE_ERROR_FAILED;
  const char *advice = _ ("Look at the disk that holds it.");
  g_autofree char *detail = g_strdup (sqlite3_errmsg (self->db));
  g_autofree char *name = g_filename_display_name (self->file);
  g_autofree char *what = NULL;

  if (is_no_space (self, rc))
    {
      code = PS_STORE_ERROR_NO_SPACE;
      advice = _ ("Free some space on its disk.");
    }
  else if ((rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB)
    {
      code = PS_STORE_ERROR_DAMAGED;
      advice = _ ("It is damaged; opened again, it is moved aside and a new one begun.");
    }
  else if ((rc & 0xff) == SQLITE_BUSY)
    {
      code = PS_STORE_ERROR_LOCKED;
      advice = _ ("Another program has it open: close that first.");
    }
  what = ps_words_about (pattern, name);
  g_set_error (error, PS_STORE_ERROR, code, "%s: %s. %s", what, detail, advice);
  return FALSE;
}

/* After a failure SQLite may or may not have rolled back by itself: make that one state. */
static void
drop_transaction (PsStore *self)
{
  self->n_dropped++;
  if (sqlite3_get_autocommit (self->db) == 0)
    sqlite3_exec (self->db, "ROLLBACK", NULL, NULL, NULL);
}

static int
run (sqlite3_stmt *statement)
{
  int rc = sqlite3_step (statement);
  int reset = sqlite3_reset (statement);

  return rc == SQLITE_DONE || rc == SQLITE_ROW ? reset : rc;
}

gboolean
ps_store_change (PsStore *self, sqlite3_stmt *statement, GError **error)
{
  int rc = SQLITE_OK;

  if (sqlite3_get_autocommit (self->db) != 0)
    rc = run (self->statements[PS_STATEMENT_BEGIN]);
  if (rc == SQLITE_OK)
    rc = run (statement);
  if (rc == SQLITE_OK)
    return TRUE;
  ps_store_fail (self, rc, N_ ("Could not write to the base %s"), error);
  drop_transaction (self);
  return FALSE;
}

guint
ps_store_n_dropped (const PsStore *self)
{
  return self->n_dropped;
}

gboolean
ps_store_commit (PsStore *self, GError **error)
{
  int rc;

  if (sqlite3_get_autocommit (self->db) != 0)
    return TRUE;
  if (ps_fault ("store-commit", error))
    {
      drop_transaction (self);
      return FALSE;
    }
  rc = run (self->statements[PS_STATEMENT_COMMIT]);
  if (rc != SQLITE_OK)
    {
      ps_store_fail (self, rc, N_ ("Could not write to the base %s"), error);
      drop_transaction (self);
      return FALSE;
    }
  return !ps_fault ("store-committed", error);
}
