/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions at a terminal: a pseudo-terminal plays it. */
#include "cli/terminal.h"
#include "util/autofd.h"
#include "util/redact.h"

#include <pty.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

typedef struct
{
  int person; /* the end where the person sits */
  int device; /* a further descriptor of the terminal, to look at its modes */
  PsTerminal *terminal;
  GCancellable *cancellable;
  GAsyncResult *result; /* of the question */
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  int device;

  g_assert_cmpint (openpty (&self->person, &device, NULL, NULL, NULL), ==, 0);
  self->device = dup (device);
  self->terminal = ps_terminal_take_fd (device);
  self->cancellable = g_cancellable_new ();
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_clear_object (&self->result);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->terminal, ps_terminal_free);
  ps_close_fd (&self->person);
  ps_close_fd (&self->device);
}

static void
on_ready (GObject *source, GAsyncResult *result, gpointer data)
{
  ((Fixture *)data)->result = g_object_ref (result);
}

static void
ask (Fixture *self, gboolean echo)
{
  ps_terminal_ask_async (self->terminal, "Well? ", echo, self->cancellable, on_ready, self);
}

static char *
wait_for_answer (Fixture *self, GError **error)
{
  while (self->result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return ps_terminal_ask_finish (self->result, error);
}

static gboolean
echoes (Fixture *self)
{
  struct termios modes;

  g_assert_cmpint (tcgetattr (self->device, &modes), ==, 0);
  return (modes.c_lflag & ECHO) != 0;
}

static void
type (Fixture *self, const char *text)
{
  g_assert_cmpint (write (self->person, text, strlen (text)), ==, strlen (text));
}

static void
test_seen (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *line = NULL;

  ask (self, TRUE);
  g_assert_true (echoes (self));
  type (self, "yes, indeed\n");
  line = wait_for_answer (self, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (line, ==, "yes, indeed");
}

static void
test_hidden (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  ps_autosecret line = NULL;
  char shown[256] = { 0 };

  ask (self, FALSE);
  g_assert_false (echoes (self));
  type (self, "hunter2\n");
  line = wait_for_answer (self, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (line, ==, "hunter2");
  g_assert_true (echoes (self));
  g_assert_cmpint (read (self->person, shown, sizeof shown - 1), >, 0);
  g_assert_null (strstr (shown, "hunter2"));
  g_assert_nonnull (strstr (shown, "Well? "));
}

static void
test_cancelled (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *line = NULL;

  ask (self, FALSE);
  g_cancellable_cancel (self->cancellable);
  line = wait_for_answer (self, &error);
  g_assert_null (line);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_true (echoes (self));
}

static void
test_end_of_input (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *line = NULL;

  ask (self, FALSE);
  type (self, "\x04");
  line = wait_for_answer (self, &error);
  g_assert_null (line);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  g_assert_true (echoes (self));
}

static void
test_hung_up (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *line = NULL;

  ask (self, TRUE);
  ps_close_fd (&self->person);
  line = wait_for_answer (self, &error);
  g_assert_null (line);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, function)                                                                        \
  g_test_add ("/cli/terminal/" name, Fixture, NULL, set_up, function, tear_down)
  ADD ("seen", test_seen);
  ADD ("hidden", test_hidden);
  ADD ("cancelled", test_cancelled);
  ADD ("end-of-input", test_end_of_input);
  ADD ("hung-up", test_hung_up);
  return g_test_run ();
}
