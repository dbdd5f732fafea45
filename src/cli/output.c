/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/output.h"

#include "cli/progress.h"
#include "cli/text.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define REDRAW_US (G_USEC_PER_SEC / 10)
#define DEFAULT_COLUMNS 80

struct PsOutput
{
  PsOutputFlags flags;
  gboolean has_terminal;
  char *drawn;  /* (nullable) the progress line that stands there now */
  gint64 since; /* when it was drawn, monotonic */
  char *told;   /* (nullable) the last trouble: what ends the run because of it says the same */
  gboolean broken;
};

/* The one that log messages must take turns with: GLib has one writer for the whole process. */
static PsOutput *log_output;

PsOutput *
ps_output_new (PsOutputFlags flags)
{
  PsOutput *self = g_new0 (PsOutput, 1);

  ps_output_set_flags (self, flags);
  return self;
}

void
ps_output_set_flags (PsOutput *self, PsOutputFlags flags)
{
  self->flags = flags;
  self->has_terminal = isatty (STDERR_FILENO) && (flags & (PS_OUTPUT_JSON | PS_OUTPUT_QUIET)) == 0;
  g_log_set_debug_enabled ((flags & PS_OUTPUT_DEBUG) != 0);
}

void
ps_output_free (PsOutput *self)
{
  if (self == NULL)
    return;
  if (log_output == self)
    log_output = NULL;
  ps_output_clear_progress (self);
  g_free (self->told);
  g_free (self);
}

gboolean
ps_output_is_json (const PsOutput *self)
{
  return (self->flags & PS_OUTPUT_JSON) != 0;
}

gboolean
ps_output_is_open (const PsOutput *self)
{
  return !self->broken;
}

static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  const GLogLevelFlags chatter = G_LOG_LEVEL_MESSAGE | G_LOG_LEVEL_INFO | G_LOG_LEVEL_DEBUG;

  if (log_output != NULL)
    {
      if ((level & chatter) != 0 && (log_output->flags & PS_OUTPUT_DEBUG) == 0
          && g_getenv ("G_MESSAGES_DEBUG") == NULL)
        return G_LOG_WRITER_HANDLED;
      ps_output_clear_progress (log_output);
    }
  return g_log_writer_default (level, fields, n_fields, data);
}

void
ps_output_take_log (PsOutput *self)
{
  log_output = self;
  g_log_writer_default_set_use_stderr (TRUE);
  g_log_set_writer_func (write_log, NULL, NULL);
}

static void
write_to (PsOutput *self, FILE *stream, const char *text)
{
  ps_output_clear_progress (self);
  if (fputs (text, stream) == EOF || fputc ('\n', stream) == EOF || fflush (stream) == EOF)
    self->broken = self->broken || stream == stdout;
}

/* A sentence is one line, whatever name stands in it. */
static void
write_printable (PsOutput *self, FILE *stream, const char *text)
{
  g_autofree char *printable = ps_text_printable (text, TRUE);

  write_to (self, stream, printable);
}

void
ps_output_line (PsOutput *self, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  if ((self->flags & (PS_OUTPUT_JSON | PS_OUTPUT_QUIET)) != 0)
    return;
  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  write_printable (self, stdout, text);
}

void
ps_output_answer (PsOutput *self, const char *text)
{
  if (!ps_output_is_json (self))
    write_printable (self, stdout, text);
}

void
ps_output_json (PsOutput *self, const char *json)
{
  if (ps_output_is_json (self))
    write_to (self, stdout, json);
}

void
ps_output_note (PsOutput *self, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  if ((self->flags & PS_OUTPUT_QUIET) != 0)
    return;
  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  write_printable (self, stderr, text);
}

static void
complain (PsOutput *self, const char *text)
{
  g_autofree char *line = g_strconcat ("pisync-cli: ", text, NULL);

  write_printable (self, stderr, line);
}

void
ps_output_complain (PsOutput *self, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  complain (self, text);
}

/* Actions that change what a person would look for are always worth a line. */
static gboolean
is_worth_a_line (const PsOutput *self, const PsEvent *event)
{
  static const char *const notable[] = { "conflict", "delete-local", "delete-remote", NULL };

  if ((self->flags & PS_OUTPUT_VERBOSE) != 0)
    return TRUE;
  return event->kind == PS_EVENT_ACTION && event->action != NULL
         && g_strv_contains (notable, event->action);
}

static void
show_event (PsOutput *self, const PsEvent *event)
{
  g_autofree char *text = ps_event_to_text (event);

  switch (event->kind)
    {
    case PS_EVENT_PROBLEM:
    case PS_EVENT_HELD:
      complain (self, text);
      g_free (self->told);
      self->told = g_strdup (event->message);
      break;
    case PS_EVENT_ACTION:
    case PS_EVENT_LINK:
      if (is_worth_a_line (self, event))
        ps_output_line (self, "%s", text);
      break;
    case PS_EVENT_SUMMARY:
      break; /* ps_output_summary () has the figures */
    }
}

void
ps_output_event (PsOutput *self, const PsEvent *event)
{
  g_autofree char *json = NULL;

  g_return_if_fail (event != NULL);

  if (!ps_output_is_json (self))
    {
      show_event (self, event);
      return;
    }
  if (event->kind == PS_EVENT_SUMMARY)
    return;
  json = ps_event_to_json (event);
  if (json != NULL)
    ps_output_json (self, json);
}

static void
append_count (GString *text, guint64 count, const char *word)
{
  if (count > 0)
    g_string_append_printf (text, "%s%" G_GUINT64_FORMAT " %s", text->len > 0 ? ", " : "", count,
                            word);
}

static char *
summary_to_text (const PsSummary *summary, PsSyncFlags flags)
{
  g_autoptr (GString) counts = g_string_new (NULL);
  const gboolean dry = (flags & PS_SYNC_DRY_RUN) != 0;
  const char *verdict = summary->in_sync ? "Both sides agree" : "Not everything agrees yet";

  append_count (counts, summary->uploaded, "uploaded");
  append_count (counts, summary->downloaded, "downloaded");
  append_count (counts, summary->deleted_local, "deleted here");
  append_count (counts, summary->deleted_remote, "deleted on the server");
  append_count (counts, summary->moved, "moved");
  append_count (counts, summary->conflicts, "in conflict");
  append_count (counts, summary->failed, "failed");
  append_count (counts, summary->held, "held");
  if (dry)
    verdict = counts->len > 0 ? "Nothing was changed; a run would do" : "Nothing to do";
  return g_strdup_printf ("%s%s%s (%.1f s)", verdict, counts->len > 0 ? ": " : "", counts->str,
                          summary->seconds);
}

void
ps_output_summary (PsOutput *self, const PsSummary *summary, PsSyncFlags flags)
{
  g_autofree char *json = NULL;
  g_autofree char *text = NULL;

  g_return_if_fail (summary != NULL);

  json = ps_summary_to_json (summary);
  text = summary_to_text (summary, flags);
  ps_output_json (self, json);
  ps_output_line (self, "%s", text);
}

static void
write_error_json (PsOutput *self, const GError *error)
{
  g_autoptr (GString) json = g_string_new ("{");

  ps_text_json_member (json, "type", "problem");
  ps_text_json_member (json, "path", NULL);
  ps_text_json_member (json, "code", ps_exit_error_code (error));
  ps_text_json_member (json, "message", error->message);
  g_string_append_c (json, '}');
  ps_output_json (self, json->str);
}

void
ps_output_error (PsOutput *self, const GError *error, const char *advice)
{
  g_return_if_fail (error != NULL);

  write_error_json (self, error);
  if (g_strcmp0 (error->message, self->told) != 0)
    complain (self, error->message);
  if (advice != NULL)
    complain (self, advice);
}

static guint
terminal_columns (void)
{
  struct winsize size = { 0 };

  if (ioctl (STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1)
    return size.ws_col - 1; /* the last column would wrap on some terminals */
  return DEFAULT_COLUMNS - 1;
}

void
ps_output_progress (PsOutput *self, const PsStatus *status)
{
  const gint64 now = g_get_monotonic_time ();
  g_autofree char *line = NULL;

  if (!self->has_terminal || (self->drawn != NULL && now - self->since < REDRAW_US))
    return;
  line = ps_progress_line (status, terminal_columns ());
  if (*line == '\0')
    {
      ps_output_clear_progress (self);
      return;
    }
  if (g_strcmp0 (line, self->drawn) == 0)
    return;
  /* One write; what was longer is cleared after it and not before: nothing flickers. */
  fprintf (stderr, "\r%s\033[K", line);
  fflush (stderr);
  g_free (self->drawn);
  self->drawn = g_steal_pointer (&line);
  self->since = now;
}

void
ps_output_clear_progress (PsOutput *self)
{
  if (self->drawn == NULL)
    return;
  fputs ("\r\033[K", stderr);
  fflush (stderr);
  g_clear_pointer (&self->drawn, g_free);
}
