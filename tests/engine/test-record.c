/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the executor takes back in the base when a pass fails. */
#include "device.h"
#include "engine/executor.h"
#include "fakes/test-util.h"

#include <string.h>

static void
clear_executor (PsExecutor *self)
{
  g_array_unref (self->unsure);
  g_array_unref (self->late);
  g_clear_error (&self->failure);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PsExecutor, clear_executor)

#define EXECUTOR(device)                                                                           \
  {                                                                                                \
    .context = &(device)->context, .unsure = ps_base_changes_new (),                               \
    .late = ps_base_changes_new ()                                                                 \
  }

/* A file of @size bytes, recorded on both sides. */
static PsRow
row_of (uint64_t size)
{
  const PsEntry entry = { .kind = PS_KIND_FILE, .size = size, .mtime = PS_ENTRY_SECOND };

  return (PsRow){ .local = entry, .remote = entry };
}

static void
put_committed (Device *device, const char *path, uint64_t size)
{
  g_autoptr (GError) error = NULL;
  PsRow row = row_of (size);

  g_assert_true (ps_store_put (device->store, path, &row, &error));
  g_assert_true (ps_store_commit (device->store, &error));
}

static void
assert_size (Device *device, const char *path, uint64_t size)
{
  PsRow row = { 0 };

  g_assert_cmpint (ps_store_get (device->store, path, &row, NULL), ==, size > 0);
  g_assert_cmpuint (row.remote.size, ==, size);
}

static void
move (PsExecutor *executor, const char *from, const char *to)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (ps_executor_record_move_remote (executor, from, to, &error));
}

static void
fail_the_pass (PsExecutor *executor)
{
  g_autoptr (GError) error = NULL;

  executor->over = TRUE;
  g_assert_true (ps_executor_commit (executor, &error));
}

static void
test_moves (void)
{
  g_autoptr (Device) device = device_new (NULL, "anna", NULL);
  g_auto (PsExecutor) executor = EXECUTOR (device);

  put_committed (device, "a", 1);
  put_committed (device, "b", 2);
  move (&executor, "a", "parked");
  move (&executor, "b", "a");
  fail_the_pass (&executor);
  assert_size (device, "a", 1);
  assert_size (device, "b", 2);
  assert_size (device, "parked", 0);
}

/* The base could not take a row, and has dropped all that was not committed: the moves too. Taken
 * back once more, they would give each file the other's row. */
static void
test_moves_dropped (void)
{
  g_autoptr (Device) device = device_new (NULL, "anna", NULL);
  g_auto (PsExecutor) executor = EXECUTOR (device);
  PsRow new_row = row_of (3);

  put_committed (device, "a", 1);
  put_committed (device, "b", 2);
  move (&executor, "a", "parked");
  move (&executor, "b", "a");
  g_assert_false (ps_store_set_value (device->store, NULL, "a key is wanted", NULL));
  ps_executor_record_remote (&executor, "new", &new_row);
  fail_the_pass (&executor);
  assert_size (device, "a", 1);
  assert_size (device, "b", 2);
  assert_size (device, "new", 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/record/moves", test_moves);
  g_test_add_func ("/engine/record/moves-dropped", test_moves_dropped);
  return g_test_run ();
}
