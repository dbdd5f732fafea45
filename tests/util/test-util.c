/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "util/autofd.h"
#include "util/clock.h"
#include "util/fault.h"
#include "util/limited.h"
#include "util/redact.h"
#include "util/sha256.h"
#include "util/wait.h"
#include "util/words.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define MILLISECOND G_GINT64_CONSTANT (1000)

/* --- SHA-256 --------------------------------------------------------------------------------- */

typedef struct
{
  const char *text;
  guint times;
  const char *sum;
} Sum;

/* The known answers of FIPS 180-2 and of the empty message. */
static const Sum sums[] = {
  { "", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
  { "abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
  { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
  { "a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0" },
};

static void
test_sha256 (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (sums); i++)
    {
      g_autoptr (PsSha256) sha = ps_sha256_new ();
      uint8_t sum[PS_SHA256_SIZE];
      g_autofree char *hex = NULL;

      for (guint j = 0; j < sums[i].times; j++)
        ps_sha256_update (sha, sums[i].text, strlen (sums[i].text));
      ps_sha256_finish (sha, sum);
      hex = ps_sha256_to_hex (sum);
      g_assert_cmpstr (hex, ==, sums[i].sum);
    }
}

/* Returns: a descriptor of an unnamed file that holds a million times "a". */
static int
open_million (void)
{
  g_autofree char *name = NULL;
  g_autofree char *text = g_strnfill (1000000, 'a');
  g_autoptr (GError) error = NULL;
  int fd = g_file_open_tmp ("pisync-test-XXXXXX", &name, &error);

  g_assert_no_error (error);
  g_assert_cmpint (unlink (name), ==, 0);
  g_assert_cmpint (write (fd, text, 1000000), ==, 1000000);
  return fd;
}

static void
test_sha256_fd (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *hex = NULL;
  ps_autofd fd = open_million ();
  uint8_t sum[PS_SHA256_SIZE];

  g_assert_cmpint (lseek (fd, 17, SEEK_SET), ==, 17);
  g_assert_true (ps_sha256_fd (fd, sum, NULL, &error));
  g_assert_no_error (error);
  hex = ps_sha256_to_hex (sum);
  g_assert_cmpstr (hex, ==, sums[3].sum);
  g_assert_cmpint (lseek (fd, 0, SEEK_CUR), ==, 17);
}

static void
test_sha256_errors (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  ps_autofd dir = open ("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ps_autofd fd = open_million ();
  uint8_t sum[PS_SHA256_SIZE];

  g_assert_false (ps_sha256_fd (dir, sum, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_IS_DIRECTORY);
  g_clear_error (&error);
  g_cancellable_cancel (cancellable);
  g_assert_false (ps_sha256_fd (fd, sum, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  ps_sha256_free (NULL);
}

/* --- waiting --------------------------------------------------------------------------------- */

typedef struct
{
  int read_fd, write_fd;
} Pipe;

static void
pipe_setup (Pipe *self, gconstpointer data)
{
  int fds[2];
  g_autoptr (GError) error = NULL;

  g_unix_open_pipe (fds, FD_CLOEXEC, &error);
  g_assert_no_error (error);
  self->read_fd = fds[0];
  self->write_fd = fds[1];
}

static void
pipe_teardown (Pipe *self, gconstpointer data)
{
  ps_close_fd (&self->read_fd);
  ps_close_fd (&self->write_fd);
}

static void
test_wait_ready (Pipe *pipe, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GPollFD fds[] = { { .fd = pipe->read_fd, .events = G_IO_IN },
                    { .fd = pipe->write_fd, .events = G_IO_OUT } };

  g_assert_cmpint (ps_wait_fds (fds, 2, -1, cancellable, &error), ==, 1);
  g_assert_no_error (error);
  g_assert_cmpint (fds[0].revents, ==, 0);
  g_assert_cmpint (fds[1].revents, ==, G_IO_OUT);
  g_assert_cmpint (write (pipe->write_fd, "x", 1), ==, 1);
  g_assert_cmpint (ps_wait_fds (fds, 2, 0, NULL, &error), ==, 2);
  g_assert_cmpint (fds[0].revents, ==, G_IO_IN);
  ps_close_fd (&pipe->write_fd);
  g_assert_cmpint (ps_wait_fds (fds, 1, -1, NULL, &error), ==, 1);
  g_assert_cmpint (fds[0].revents & G_IO_HUP, ==, G_IO_HUP);
}

static void
test_wait_time (Pipe *pipe, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  GPollFD fd = { .fd = pipe->read_fd, .events = G_IO_IN, .revents = G_IO_IN };
  gint64 begin = g_get_monotonic_time ();

  g_assert_cmpint (ps_wait_fds (&fd, 1, 20 * MILLISECOND, NULL, &error), ==, 0);
  g_assert_no_error (error);
  g_assert_cmpint (fd.revents, ==, 0);
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, 20 * MILLISECOND);
  g_assert_cmpint (ps_wait_fds (NULL, 0, 0, NULL, &error), ==, 0);
}

static gpointer
cancel_thread (gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
  return NULL;
}

static void
test_wait_cancel (Pipe *pipe, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GPollFD fd = { .fd = pipe->read_fd, .events = G_IO_IN };
  GThread *thread = g_thread_new ("cancel", cancel_thread, cancellable);

  g_assert_cmpint (ps_wait_fds (&fd, 1, -1, cancellable, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_thread_join (thread);
  g_clear_error (&error);
  g_assert_cmpint (write (pipe->write_fd, "x", 1), ==, 1);
  g_assert_cmpint (ps_wait_fds (&fd, 1, -1, cancellable, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
on_alarm (int signal_number)
{
}

/* A timer's signal comes again and again; the wait takes its time all the same. */
static void
test_wait_signal (Pipe *pipe, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  const struct sigaction action = { .sa_handler = on_alarm };
  const struct itimerval often = { { 0, 2000 }, { 0, 2000 } }, never = { { 0, 0 }, { 0, 0 } };
  GPollFD fd = { .fd = pipe->read_fd, .events = G_IO_IN };
  gint64 begin = g_get_monotonic_time ();

  g_assert_cmpint (sigaction (SIGALRM, &action, NULL), ==, 0);
  g_assert_cmpint (setitimer (ITIMER_REAL, &often, NULL), ==, 0);
  g_assert_cmpint (ps_wait_fds (&fd, 1, 30 * MILLISECOND, NULL, &error), ==, 0);
  g_assert_cmpint (setitimer (ITIMER_REAL, &never, NULL), ==, 0);
  g_assert_no_error (error);
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, 30 * MILLISECOND);
}

/* --- fault points ---------------------------------------------------------------------------- */

static void
test_fault_list (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (gsize i = 0; ps_fault_points[i] != NULL; i++)
    g_assert_true (g_hash_table_add (seen, (gpointer)ps_fault_points[i]));
  g_assert_true (g_hash_table_contains (seen, "store-commit"));
}

#if PS_FAULT_INJECTION

/* Passes points as the tests below want it, in a process of its own. */
static int
pass_points (void)
{
  g_autoptr (GError) error = NULL;

  if (ps_fault ("store-open", &error) || ps_fault ("store-commit", &error))
    return 10;
  if (!ps_fault ("store-commit", &error))
    return 20;
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_FAILED)
      || strstr (error->message, "injected fault") == NULL)
    return 30;
  return ps_fault ("store-commit", NULL) ? 40 : 0;
}

typedef struct
{
  const char *name;
  const char *variable, *value;
  int status; /* of the process that passes the points; -1: it aborts */
} FaultCase;

static const FaultCase faults[] = {
  { "second-time", "PISYNC_FAULT", "store-commit:2", 0 },
  { "first-time", "PISYNC_FAULT", "store-commit", 10 },
  { "not-named", "PISYNC_FAULT", "store-open:2", 20 },
  { "empty", "PISYNC_FAULT", "", 20 },
  { "crash", "PISYNC_CRASH_AT", "store-commit:2", 99 },
  { "crash-first-time", "PISYNC_CRASH_AT", "store-open", 99 },
  { "unknown-name", "PISYNC_FAULT", "store-comit:2", -1 },
  { "unknown-name-crash", "PISYNC_CRASH_AT", "nowhere", -1 },
  { "no-number", "PISYNC_FAULT", "store-commit:two", -1 },
  { "zero", "PISYNC_FAULT", "store-commit:0", -1 },
};

static void
test_fault (gconstpointer data)
{
  const FaultCase *c = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GSubprocessLauncher) launcher
      = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDERR_SILENCE);

  g_subprocess_launcher_setenv (launcher, c->variable, c->value, TRUE);
  process = g_subprocess_launcher_spawn (launcher, &error, "/proc/self/exe", "pass-points", NULL);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_wait (process, NULL, &error));
  if (c->status < 0)
    g_assert_true (g_subprocess_get_if_signaled (process));
  else
    g_assert_cmpint (g_subprocess_get_exit_status (process), ==, c->status);
}

#endif

/* --- the rest -------------------------------------------------------------------------------- */

static void
test_redact (void)
{
  static const char *const urls[][2] = {
    { "sftp://user:secret@host:22/path", "sftp://host:22/path" },
    { "sftp://user@host", "sftp://host" },
    { "sftp://us@er:se@cret@host/a@b", "sftp://host/a@b" },
    { "sftp://host/path?token=secret#part", "sftp://host/path" },
    { "sftp://user:pw@host?password=x", "sftp://host" },
    { "sftp://host/user@home", "sftp://host/user@home" },
    { "sftp://", "sftp://" },
    { "sftp://user@", "sftp://" },
    { "no address", "no address" },
    { "", "" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (urls); i++)
    {
      g_autofree char *redacted = ps_redact_url (urls[i][0]);

      g_assert_cmpstr (redacted, ==, urls[i][1]);
    }
}

static void
test_secret (void)
{
  ps_autosecret secret = g_strdup ("secret");
  char *other = g_strdup ("other");

  ps_secret_clear (&other);
  g_assert_null (other);
  ps_secret_clear (&other);
  ps_secret_free (NULL);
  g_assert_cmpstr (secret, ==, "secret");
}

static void
test_autofd (void)
{
  ps_autofd fd = dup (STDERR_FILENO);
  ps_autofd stolen = -1;
  int number;

  stolen = ps_steal_fd (&fd);
  g_assert_cmpint (fd, ==, -1);
  g_assert_cmpint (fcntl (stolen, F_GETFD), >=, 0);
  number = stolen;
  errno = EDOM;
  ps_close_fd (&stolen);
  ps_close_fd (&stolen);
  g_assert_cmpint (errno, ==, EDOM);
  g_assert_cmpint (stolen, ==, -1);
  g_assert_cmpint (fcntl (number, F_GETFD), ==, -1);
}

static int64_t
fixed_time (gpointer data)
{
  return *(int64_t *)data;
}

static void
test_clock (void)
{
  const PsClock *system = ps_clock_system ();
  int64_t moment = 42;
  const PsClock fixed = { fixed_time, fixed_time, &moment };
  int64_t before = ps_clock_monotonic (system);

  g_assert_cmpint (ps_clock_now (system), >, G_GINT64_CONSTANT (1600000000000000000));
  g_assert_cmpint (ps_clock_monotonic (system), >=, before);
  g_assert_cmpint (ps_clock_now (&fixed), ==, 42);
  g_assert_cmpint (ps_clock_monotonic (&fixed), ==, 42);
}

/* --- words ----------------------------------------------------------------------------------- */

static void
test_words (void)
{
  g_autofree char *about = ps_words_about (N_ ("Could not open %s: again"), "100 %s");

  /* No program but the application turns the catalogues on. */
  g_assert_cmpstr (_ ("Offline"), ==, "Offline");
  g_assert_cmpstr (ps_words_plural ("one", "many", 1), ==, "one");
  g_assert_cmpstr (ps_words_plural ("one", "many", 0), ==, "many");
  g_assert_cmpstr (about, ==, "Could not open 100 %s: again");
}

static gboolean
end_endless (GCancellable *cancellable, gpointer task)
{
  g_task_return_error_if_cancelled (task);
  return G_SOURCE_REMOVE;
}

/* A call that only ends when it is cancelled. */
static void
begin_endless (GCancellable *cancellable, GAsyncReadyCallback done, gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, done, user_data);
  g_autoptr (GSource) source = g_cancellable_source_new (cancellable);

  g_task_attach_source (task, source, G_SOURCE_FUNC (end_endless));
  g_object_unref (task);
}

static void
test_limited_over (void)
{
  g_autoptr (PsLimited) limited = ps_limited_new (1, NULL);

  begin_endless (ps_limited_cancellable (limited), ps_limited_done, limited);
  g_assert_true (g_task_had_error (G_TASK (ps_limited_wait (limited))));
  g_assert_true (ps_limited_is_over (limited));
}

static void
test_limited_cancelled (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (PsLimited) limited = NULL;

  g_cancellable_cancel (cancellable);
  limited = ps_limited_new (600, cancellable);
  begin_endless (ps_limited_cancellable (limited), ps_limited_done, limited);
  g_assert_true (g_task_had_error (G_TASK (ps_limited_wait (limited))));
  g_assert_false (ps_limited_is_over (limited));
}

int
main (int argc, char **argv)
{
#if PS_FAULT_INJECTION
  if (argc == 2 && strcmp (argv[1], "pass-points") == 0)
    return pass_points ();
#endif
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/util/sha256/known-answers", test_sha256);
  g_test_add_func ("/util/sha256/fd", test_sha256_fd);
  g_test_add_func ("/util/sha256/errors", test_sha256_errors);
  g_test_add ("/util/wait/ready", Pipe, NULL, pipe_setup, test_wait_ready, pipe_teardown);
  g_test_add ("/util/wait/time", Pipe, NULL, pipe_setup, test_wait_time, pipe_teardown);
  g_test_add ("/util/wait/cancel", Pipe, NULL, pipe_setup, test_wait_cancel, pipe_teardown);
  g_test_add ("/util/wait/signal", Pipe, NULL, pipe_setup, test_wait_signal, pipe_teardown);
  g_test_add_func ("/util/fault/list", test_fault_list);
#if PS_FAULT_INJECTION
  for (gsize i = 0; i < G_N_ELEMENTS (faults); i++)
    {
      g_autofree char *path = g_strconcat ("/util/fault/", faults[i].name, NULL);
      g_test_add_data_func (path, &faults[i], test_fault);
    }
#endif
  g_test_add_func ("/util/redact", test_redact);
  g_test_add_func ("/util/secret", test_secret);
  g_test_add_func ("/util/autofd", test_autofd);
  g_test_add_func ("/util/clock", test_clock);
  g_test_add_func ("/util/words", test_words);
  g_test_add_func ("/util/limited/over", test_limited_over);
  g_test_add_func ("/util/limited/cancelled", test_limited_cancelled);
  return g_test_run ();
}
