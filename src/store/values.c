/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Named values, and signatures by content. */
#include "store/store-private.h"

char *
ps_store_get_value (PsStore *self, const char *key)
{
  sqlite3_stmt *statement = ps_store_statement (self, PS_STATEMENT_GET_VALUE);
  char *value = NULL;

  sqlite3_bind_text (statement, 1, key, -1, SQLITE_STATIC);
  if (sqlite3_step (statement) == SQLITE_ROW)
    value = g_strdup ((const char *)sqlite3_column_text (statement, 0));
  sqlite3_reset (statement);
  return value;
}

gboolean
ps_store_set_value (PsStore *self, const char *key, const char *value, GError **error)
{
  sqlite3_stmt *statement = ps_store_statement (self, value != NULL ? PS_STATEMENT_SET_VALUE
                                                                    : PS_STATEMENT_REMOVE_VALUE);

  sqlite3_bind_text (statement, 1, key, -1, SQLITE_STATIC);
  if (value != NULL)
    sqlite3_bind_text (statement, 2, value, -1, SQLITE_STATIC);
  return ps_store_change (self, statement, error);
}

gboolean
ps_store_sweep_values (PsStore *self, const char *kind, int64_t first, int64_t last, GError **error)
{
  sqlite3_stmt *statement = ps_store_statement (self, PS_STATEMENT_SWEEP_VALUES);

  sqlite3_bind_text (statement, 1, kind, -1, SQLITE_STATIC);
  sqlite3_bind_int64 (statement, 2, first);
  sqlite3_bind_int64 (statement, 3, last);
  return ps_store_change (self, statement, error);
}

GBytes *
ps_store_get_signature (PsStore *self, const uint8_t sha256[32])
{
  sqlite3_stmt *statement = ps_store_statement (self, PS_STATEMENT_GET_SIGNATURE);
  GBytes *signature = NULL;

  sqlite3_bind_blob (statement, 1, sha256, 32, SQLITE_STATIC);
  if (sqlite3_step (statement) == SQLITE_ROW)
    signature
        = g_bytes_new (sqlite3_column_blob (statement, 0), sqlite3_column_bytes (statement, 0));
  sqlite3_reset (statement);
  return signature;
}

gboolean
ps_store_put_signature (PsStore *self, const uint8_t sha256[32], GBytes *signature, GError **error)
{
  sqlite3_stmt *statement = ps_store_statement (self, PS_STATEMENT_PUT_SIGNATURE);
  gsize length;
  const void *data = g_bytes_get_data (signature, &length);

  sqlite3_bind_blob (statement, 1, sha256, 32, SQLITE_STATIC);
  sqlite3_bind_blob64 (statement, 2, data != NULL ? data : "", length, SQLITE_STATIC);
  return ps_store_change (self, statement, error);
}

uint64_t
ps_store_signatures_size (PsStore *self)
{
  sqlite3_stmt *statement = ps_store_statement (self, PS_STATEMENT_SIZE_SIGNATURES);
  uint64_t size = 0;

  if (sqlite3_step (statement) == SQLITE_ROW)
    size = (uint64_t)sqlite3_column_int64 (statement, 0);
  sqlite3_reset (statement);
  return size;
}

gboolean
ps_store_sweep_signatures (PsStore *self, GError **error)
{
  return ps_store_change (self, ps_store_statement (self, PS_STATEMENT_SWEEP_SIGNATURES), error);
}
