/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file is appended to; when it is full, its older quarter goes, by a new file in its place. */
#include "engine/log.h"

#include "util/autofd.h"
#include "util/words.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct PsLog
{
  char *file;      /* const after open */
  guint max_lines; /* const after open */
  GMutex lock;
  int fd;      /* (lock) -1 when it could not be opened again */
  guint lines; /* (lock) */
};

char *
ps_log_file (const char *state_dir)
{
  return g_build_filename (state_dir, "log.txt", NULL);
}

static int
open_file (const char *file)
{
  return open (file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static guint
count_lines (const char *text, gsize length)
{
  guint lines = 0;

  for (gsize i = 0; i < length; i++)
    lines += text[i] == '\n';
  return lines;
}

/* Returns: what is left of @text behind its first @drop lines. */
static const char *
skip_lines (const char *text, guint drop)
{
  while (drop-- > 0)
    text = strchr (text, '\n') + 1;
  return text;
}

/* (lock) Counts the lines anew and, where they are too many, makes room. */
static void
cut (PsLog *self)
{
  g_autofree char *text = NULL;
  gsize length = 0;
  guint keep = self->max_lines - self->max_lines / 4 - 1;

  if (!g_file_get_contents (self->file, &text, &length, NULL))
    return;
  /* A NUL would end the text early; none of ours has one. */
  length = strlen (text);
  self->lines = count_lines (text, length);
  if (self->lines >= self->max_lines)
    {
      const char *rest = skip_lines (text, self->lines - keep);

      if (!g_file_set_contents_full (self->file, rest, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600,
                                     NULL))
        return;
      self->lines = keep;
    }
  ps_close_fd (&self->fd);
  self->fd = open_file (self->file);
}

PsLog *
ps_log_open (const char *state_dir, guint max_lines, GError **error)
{
  g_autoptr (PsLog) self = g_new0 (PsLog, 1);

  g_mutex_init (&self->lock);
  self->file = ps_log_file (state_dir);
  self->max_lines = MAX (max_lines, 4);
  g_mkdir_with_parents (state_dir, 0700);
  self->fd = open_file (self->file);
  if (self->fd < 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
                   _ ("The log %s cannot be written: %s"), self->file, g_strerror (errno));
      return NULL;
    }
  cut (self);
  return g_steal_pointer (&self);
}

void
ps_log_free (PsLog *self)
{
  if (self == NULL)
    return;
  ps_close_fd (&self->fd);
  g_mutex_clear (&self->lock);
  g_free (self->file);
  g_free (self);
}

static char *
make_line (const PsEvent *event)
{
  g_autofree char *text = ps_event_to_text (event);
  g_autoptr (GDateTime) time
      = g_date_time_new_from_unix_local (event->when / G_GINT64_CONSTANT (1000000000));
  g_autofree char *when = time != NULL ? g_date_time_format (time, "%Y-%m-%d %H:%M:%S") : NULL;

  return g_strdup_printf ("%s %s\n", when != NULL ? when : "?", text);
}

void
ps_log_add (PsLog *self, const PsEvent *event)
{
  g_autofree char *line = NULL;

  if (ps_event_is_bookkeeping (event))
    return;
  line = make_line (event);
  g_mutex_lock (&self->lock);
  if (self->lines >= self->max_lines)
    cut (self);
  /* One write: a reader never sees half a line, and a lost one is no harm. */
  if (self->fd >= 0 && write (self->fd, line, strlen (line)) > 0)
    self->lines++;
  g_mutex_unlock (&self->lock);
}
