/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening the base: the lock, the checks, a damaged file moved aside, forgetting. */
#include "store/schema.h"
#include "store/store-private.h"

#include "util/autofd.h"
#include "util/fault.h"
#include "util/words.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BASE_NAME "base.db"
#define BUSY_MS 2000

/* One process has the base (the lock), so its WAL needs no shared memory; the cache is part of the
 * memory that 100,000 files may take. */
#define SETTINGS                                                                                   \
  "PRAGMA locking_mode = EXCLUSIVE; PRAGMA trusted_schema = OFF; PRAGMA recursive_triggers = ON;"  \
  "PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON; PRAGMA cache_size = -4096;"            \
  "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 1048576"

static const char *const suffixes[] = { "", "-wal", "-shm" };

static void
set_file_error (const char *pattern, const char *file, GError **error)
{
  int saved = errno;
  g_autofree char *name = g_filename_display_name (file);
  g_autofree char *what = ps_words_about (pattern, name);

  g_set_error (error, PS_STORE_ERROR,
               saved == ENOSPC || saved == EDQUOT ? PS_STORE_ERROR_NO_SPACE : PS_STORE_ERROR_FAILED,
               _ ("%s: %s. Look at the permissions and the disk that hold it."), what,
               g_strerror (saved));
}

static gboolean
make_state_dir (const char *state_dir, GError **error)
{
  if (g_mkdir_with_parents (state_dir, 0700) == 0)
    return TRUE;
  set_file_error (N_ ("Could not make the state folder %s"), state_dir, error);
  return FALSE;
}

/* Makes the file before SQLite does, which would make it readable for others, and makes its name
 * durable. */
static gboolean
make_file (const char *file, GError **error)
{
  g_autofree char *dir = g_path_get_dirname (file);
  ps_autofd fd = open (file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  ps_autofd dir_fd = -1;

  if (fd < 0 || fchmod (fd, 0600) != 0)
    {
      set_file_error (N_ ("Could not open the base %s"), file, error);
      return FALSE;
    }
  dir_fd = open (dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir_fd < 0 || fsync (dir_fd) != 0)
    {
      set_file_error (N_ ("Could not make %s durable"), dir, error);
      return FALSE;
    }
  return TRUE;
}

/* Runs @sql, whose first result is an integer. */
static int
query_int (sqlite3 *db, const char *sql, int *value)
{
  sqlite3_stmt *statement = NULL;
  int rc = sqlite3_prepare_v2 (db, sql, -1, &statement, NULL);

  if (rc == SQLITE_OK)
    rc = sqlite3_step (statement);
  if (rc == SQLITE_ROW)
    *value = sqlite3_column_int (statement, 0);
  sqlite3_finalize (statement);
  return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

static gboolean
set_damaged (PsStore *self, const char *why, GError **error)
{
  g_autofree char *name = g_filename_display_name (self->file);

  g_set_error (error, PS_STORE_ERROR, PS_STORE_ERROR_DAMAGED, _ ("The base %s is damaged: %s."),
               name, why);
  return FALSE;
}

/* Whether the file is a base of ours, or empty (*@version is 0 then). */
static gboolean
check_identity (PsStore *self, int *version, GError **error)
{
  int application_id = 0, tables = 0;
  int rc = query_int (self->db, "PRAGMA application_id", &application_id);

  if (rc == SQLITE_OK)
    rc = query_int (self->db, "PRAGMA user_version", version);
  if (rc == SQLITE_OK)
    rc = query_int (self->db, "SELECT count(*) FROM sqlite_schema", &tables);
  if (rc != SQLITE_OK)
    return ps_store_fail (self, rc, N_ ("Could not read the base %s"), error);
  if (tables == 0 && application_id == 0)
    {
      *version = 0;
      return TRUE;
    }
  if (application_id != PS_STORE_APPLICATION_ID || *version <= 0)
    return set_damaged (self, _ ("it is the database of some other program"), error);
  if (*version <= ps_store_schema_version ())
    return TRUE;
  g_set_error (error, PS_STORE_ERROR, PS_STORE_ERROR_NEWER,
               _ ("The base %s was made by a newer PiSync (format %d, this one knows %d). Update "
                  "PiSync on this computer."),
               self->file, *version, ps_store_schema_version ());
  return FALSE;
}

static gboolean
check_pages (PsStore *self, GError **error)
{
  sqlite3_stmt *statement = NULL;
  int rc = sqlite3_prepare_v2 (self->db, "PRAGMA quick_check(1)", -1, &statement, NULL);
  g_autofree char *verdict = NULL;

  if (rc == SQLITE_OK)
    rc = sqlite3_step (statement);
  if (rc == SQLITE_ROW)
    verdict = g_strdup ((const char *)sqlite3_column_text (statement, 0));
  sqlite3_finalize (statement);
  if (verdict == NULL)
    return ps_store_fail (self, rc, N_ ("Could not read the base %s"), error);
  /* Several lines, the first of which is a heading. */
  return strcmp (verdict, "ok") == 0
         || set_damaged (self, g_strdelimit (verdict, "\n", ' '), error);
}

/* A prepared statement that does not fit the tables means that they are not what we made. */
static gboolean
prepare (PsStore *self, GError **error)
{
  int rc = ps_store_prepare_all (self);

  if (rc == SQLITE_OK)
    return TRUE;
  return rc == SQLITE_ERROR ? set_damaged (self, sqlite3_errmsg (self->db), error)
                            : ps_store_fail (self, rc, N_ ("Could not read the base %s"), error);
}

static gboolean
open_db (PsStore *self, GError **error)
{
  int version = 0;
  int rc;

  if (!make_file (self->file, error))
    return FALSE;
  rc = sqlite3_open_v2 (self->file, &self->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
  if (rc != SQLITE_OK)
    return ps_store_fail (self, rc, N_ ("Could not open the base %s"), error);
  sqlite3_extended_result_codes (self->db, 1);
  sqlite3_busy_timeout (self->db, BUSY_MS);
  rc = sqlite3_exec (self->db, SETTINGS, NULL, NULL, NULL);
  if (rc != SQLITE_OK)
    return ps_store_fail (self, rc, N_ ("Could not open the base %s"), error);
  if (!check_identity (self, &version, error) || (version > 0 && !check_pages (self, error)))
    return FALSE;
  rc = ps_store_migrate (self->db, version);
  if (rc != SQLITE_OK)
    return ps_store_fail (self, rc, N_ ("Could not bring the base %s up to date"), error);
  return prepare (self, error);
}

/* Renames base.db, with what belongs to it, to a name that is free: base-damaged-TIME.db. */
static gboolean
move_aside (PsStore *self, char **moved_aside, GError **error)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *time = g_date_time_format (now, "%Y%m%dT%H%M%SZ");
  g_autofree char *dir = g_path_get_dirname (self->file);
  g_autofree char *aside = NULL;

  for (guint attempt = 0; aside == NULL || g_file_test (aside, G_FILE_TEST_EXISTS); attempt++)
    {
      g_autofree char *name = attempt == 0
                                  ? g_strdup_printf ("base-damaged-%s.db", time)
                                  : g_strdup_printf ("base-damaged-%s.%u.db", time, attempt);

      g_free (aside);
      aside = g_build_filename (dir, name, NULL);
    }
  for (gsize i = G_N_ELEMENTS (suffixes); i-- > 0;) /* the base last: it is what marks the rest */
    {
      g_autofree char *from = g_strconcat (self->file, suffixes[i], NULL);
      g_autofree char *to = g_strconcat (aside, suffixes[i], NULL);

      if (rename (from, to) != 0 && errno != ENOENT)
        {
          set_file_error (N_ ("Could not move the damaged base %s aside"), from, error);
          return FALSE;
        }
    }
  if (moved_aside != NULL)
    *moved_aside = g_steal_pointer (&aside);
  return TRUE;
}

static gboolean
open_or_replace (PsStore *self, char **moved_aside, GError **error)
{
  g_autoptr (GError) local_error = NULL;

  if (open_db (self, &local_error))
    return TRUE;
  ps_store_close_db (self);
  if (!g_error_matches (local_error, PS_STORE_ERROR, PS_STORE_ERROR_DAMAGED))
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  g_message ("%s", local_error->message);
  return move_aside (self, moved_aside, error) && open_db (self, error);
}

PsStore *
ps_store_open (const char *state_dir, char **moved_aside, GError **error)
{
  g_autoptr (PsStore) self = g_new0 (PsStore, 1);

  if (moved_aside != NULL)
    *moved_aside = NULL;
  self->lock_fd = -1;
  self->file = g_build_filename (state_dir, BASE_NAME, NULL);
  if (!make_state_dir (state_dir, error))
    return NULL;
  self->lock_fd = ps_store_take_lock (state_dir, error);
  if (self->lock_fd < 0 || ps_fault ("store-open", error)
      || !open_or_replace (self, moved_aside, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
ps_store_free (PsStore *self)
{
  if (self == NULL)
    return;
  ps_store_close_db (self);
  ps_close_fd (&self->lock_fd); /* after the base: nobody may open it before it is closed */
  g_free (self->file);
  g_free (self);
}

gboolean
ps_store_forget (const char *state_dir, GError **error)
{
  ps_autofd lock = -1;

  if (!g_file_test (state_dir, G_FILE_TEST_IS_DIR))
    return TRUE;
  lock = ps_store_take_lock (state_dir, error);
  if (lock < 0)
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (suffixes); i++)
    {
      g_autofree char *file = g_strconcat (state_dir, "/" BASE_NAME, suffixes[i], NULL);

      if (unlink (file) != 0 && errno != ENOENT)
        {
          set_file_error (N_ ("Could not remove the base %s"), file, error);
          return FALSE;
        }
    }
  return TRUE;
}
