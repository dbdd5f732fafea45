/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/memo.h"

#include <errno.h>
#include <glib/gstdio.h>

gboolean
ps_memo_read (const char *state_dir, const char *name, gint64 *number)
{
  g_autofree char *file = g_build_filename (state_dir, name, NULL);
  g_autofree char *text = NULL;

  return g_file_get_contents (file, &text, NULL, NULL)
         && g_ascii_string_to_signed (g_strchomp (text), 10, 0, G_MAXINT64, number, NULL);
}

/* One that is to be written or forgotten. */
typedef struct
{
  char *state_dir;
  char *file;
  char *text; /* (nullable) */
} Deed;

static GMutex lock;
static GCond over;
static guint left; /* (lock) deeds that are not done */

static void
deed_free (Deed *self)
{
  g_free (self->state_dir);
  g_free (self->file);
  g_free (self->text);
  g_free (self);
}

static void
write_whole (const Deed *self)
{
  g_autofree char *new_file = g_strconcat (self->file, ".new", NULL);
  g_autoptr (GError) error = NULL;

  g_mkdir_with_parents (self->state_dir, 0700);
  /* Whole or not at all, but without an fsync, which GLib would make: a power cut may take a memo
   * along. */
  if (!g_file_set_contents_full (new_file, self->text, -1, G_FILE_SET_CONTENTS_NONE, 0600, &error))
    g_info ("not remembered: %s", error->message);
  else if (g_rename (new_file, self->file) != 0)
    g_info ("not remembered: %s: %s", self->file, g_strerror (errno));
}

static void
do_deed (gpointer data, gpointer unused)
{
  Deed *self = data;

  if (self->text != NULL)
    write_whole (self);
  else
    g_unlink (self->file);
  deed_free (self);
  g_mutex_lock (&lock);
  left--;
  g_cond_broadcast (&over);
  g_mutex_unlock (&lock);
}

/* One thread, so that they are done in order. @text: (transfer full) (nullable). */
static void
begin (const char *state_dir, const char *name, char *text)
{
  static GThreadPool *pool;
  Deed *self = g_new (Deed, 1);

  *self = (Deed){ g_strdup (state_dir), g_build_filename (state_dir, name, NULL), text };
  g_mutex_lock (&lock);
  if (pool == NULL)
    pool = g_thread_pool_new (do_deed, NULL, 1, FALSE, NULL);
  left++;
  g_mutex_unlock (&lock);
  g_thread_pool_push (pool, self, NULL);
}

void
ps_memo_write (const char *state_dir, const char *name, gint64 number)
{
  begin (state_dir, name, g_strdup_printf ("%" G_GINT64_FORMAT "\n", number));
}

void
ps_memo_forget (const char *state_dir, const char *name)
{
  begin (state_dir, name, NULL);
}

void
ps_memo_wait (void)
{
  g_mutex_lock (&lock);
  while (left > 0)
    g_cond_wait (&over, &lock);
  g_mutex_unlock (&lock);
}
