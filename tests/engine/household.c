/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "household.h"

#include "core/names.h"
#include "fakes/test-util.h"
#include "sftp/transport-process.h"

#include <string.h>

#define SFTP_SERVER "/usr/lib/openssh/sftp-server"

PsHousehold *
ps_household_new (void)
{
  PsHousehold *self = g_new0 (PsHousehold, 1);

  self->dir = ps_test_dir_new ();
  self->server = g_build_filename (self->dir, "pi", NULL);
  g_assert_cmpint (g_mkdir_with_parents (self->server, 0755), ==, 0);
  return self;
}

void
ps_household_free (PsHousehold *self)
{
  ps_test_dir_free (self->dir);
  g_free (self->server);
  g_free (self);
}

static void
keep_event (PsEvent *event, gpointer data)
{
  PsDevice *self = data;

  g_ptr_array_add (self->events, ps_event_ref (event));
  if (event->kind == PS_EVENT_ACTION)
    self->ahead += self->leap;
  if (self->cancel_after > 0 && ps_device_count (self, NULL, NULL) >= self->cancel_after)
    g_cancellable_cancel (self->cancellable);
}

static void
on_progress (const PsProgress *progress, gpointer data)
{
  PsDevice *self = data;
  void (*meanwhile) (gpointer) = self->meanwhile;

  if (progress->state != PS_RUN_APPLY || meanwhile == NULL)
    return;
  self->meanwhile = NULL;
  meanwhile (self->meanwhile_data);
}

static PsTransport *
start_server (gpointer data, GCancellable *cancellable, GError **error)
{
  static const char *const plain[] = { SFTP_SERVER, NULL };
  PsDevice *self = data;
  const char *const *argv = self->household->server_argv;

  return ps_transport_process_new (argv != NULL ? argv : plain, 4, error);
}

static int64_t
device_now (gpointer data)
{
  const PsDevice *self = data;

  return ps_clock_now (ps_clock_system ()) + self->ahead * 1000;
}

static int64_t
device_monotonic (gpointer data)
{
  const PsDevice *self = data;

  return ps_clock_monotonic (ps_clock_system ()) + self->ahead;
}

static void
start_run (PsDevice *self)
{
  PsRunPorts ports = { .event = keep_event, .progress = on_progress, .data = self };

  self->clock = (PsClock){ .now = device_now, .monotonic = device_monotonic, .data = self };
  self->run = ps_run_new (self->config, self->state, &ports, &self->clock);
  ps_run_set_connect (self->run, start_server, self);
}

PsDevice *
ps_device_new (PsHousehold *household, const char *name)
{
  PsDevice *self = g_new0 (PsDevice, 1);
  g_autofree char *ini = g_strdup_printf ("%s/%s.ini", household->dir, name);

  self->household = household;
  self->local = g_build_filename (household->dir, name, NULL);
  self->state = g_strdup_printf ("%s/%s.state", household->dir, name);
  g_assert_cmpint (g_mkdir_with_parents (self->local, 0755), ==, 0);
  self->config = ps_config_new (ini);
  self->config->host = g_strdup ("pi.home");
  self->config->user = g_strdup ("pi");
  self->config->local_base = g_strdup (self->local);
  self->config->remote_base = g_strdup (household->server);
  g_free (self->config->device);
  self->config->device = g_strdup (name);
  self->events = g_ptr_array_new_with_free_func ((GDestroyNotify)ps_event_unref);
  start_run (self);
  return self;
}

void
ps_device_free (PsDevice *self)
{
  ps_run_free (self->run);
  ps_config_free (self->config);
  g_ptr_array_unref (self->events);
  g_free (self->local);
  g_free (self->state);
  g_free (self);
}

void
ps_device_restart (PsDevice *self)
{
  ps_run_free (self->run);
  start_run (self);
}

void
ps_device_sync_flags (PsDevice *self, PsSyncFlags flags)
{
  g_autoptr (GError) error = NULL;

  g_ptr_array_set_size (self->events, 0);
  if (!ps_run_sync (self->run, flags, &self->summary, NULL, &error))
    g_error ("device %s: %s", self->config->device, error->message);
}

void
ps_device_agree (PsDevice *self)
{
  g_autofree char *text = NULL;

  ps_device_sync (self);
  if (self->summary.in_sync)
    return;
  for (guint i = 0; i < self->events->len; i++)
    {
      g_autofree char *line = ps_event_to_text (g_ptr_array_index (self->events, i));

      g_test_message ("%s: %s", self->config->device, line);
    }
  text = ps_summary_to_json (&self->summary);
  g_error ("device %s is not in sync: %s", self->config->device, text);
}

void
ps_device_sync_fails (PsDevice *self, PsEngineError code)
{
  g_autoptr (GError) error = NULL;

  g_ptr_array_set_size (self->events, 0);
  g_assert_false (ps_run_sync (self->run, PS_SYNC_DEFAULT, &self->summary, NULL, &error));
  g_assert_error (error, PS_ENGINE_ERROR, (int)code);
  g_test_message ("as it should: %s", error->message);
}

void
ps_device_sync_cancelled (PsDevice *self, PsSyncFlags flags, guint actions)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  self->cancellable = cancellable;
  self->cancel_after = actions;
  g_ptr_array_set_size (self->events, 0);
  g_assert_false (ps_run_sync (self->run, flags, &self->summary, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  self->cancel_after = 0;
}

void
ps_household_settle (PsHousehold *self, PsDevice **devices, guint n_devices)
{
  gboolean busy = TRUE;

  for (guint round = 0; busy; round++)
    {
      g_assert_cmpuint (round, <, 8);
      busy = FALSE;
      for (guint i = 0; i < n_devices; i++)
        {
          ps_device_agree (devices[i]);
          busy |= ps_device_count (devices[i], NULL, NULL) > 0;
        }
    }
  for (guint i = 0; i < n_devices; i++)
    ps_test_assert_same_trees (devices[i]->local, self->server);
}

guint
ps_device_count (PsDevice *self, const char *action, const char *path)
{
  guint count = 0;

  for (guint i = 0; i < self->events->len; i++)
    {
      const PsEvent *event = g_ptr_array_index (self->events, i);

      count += event->kind == PS_EVENT_ACTION
               && (action == NULL || strcmp (event->action, action) == 0)
               && (path == NULL || strcmp (event->path, path) == 0);
    }
  return count;
}

const PsEvent *
ps_device_problem (PsDevice *self, const char *code)
{
  for (guint i = 0; i < self->events->len; i++)
    {
      const PsEvent *event = g_ptr_array_index (self->events, i);

      if (event->kind == PS_EVENT_PROBLEM && strcmp (event->code, code) == 0)
        return event;
    }
  return NULL;
}

guint64
ps_device_held (PsDevice *self, PsGuard guard)
{
  guint64 count = 0;

  for (guint i = 0; i < self->events->len; i++)
    {
      const PsEvent *event = g_ptr_array_index (self->events, i);

      if (event->kind == PS_EVENT_HELD && event->guard == guard)
        count = event->count;
    }
  return count;
}

char *
ps_find_conflict_copy (const char *root)
{
  g_autoptr (GDir) dir = g_dir_open (root, 0, NULL);
  char *found = NULL;
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    if (ps_is_conflict_path (name))
      {
        g_assert_null (found);
        found = g_strdup (name);
      }
  return found;
}

gboolean
ps_content_exists (const char *root, const char *text)
{
  g_autoptr (GDir) dir = g_dir_open (root, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (root, name, NULL);
      g_autofree char *content = NULL;

      if (g_file_test (path, G_FILE_TEST_IS_SYMLINK))
        continue;
      if (g_file_test (path, G_FILE_TEST_IS_DIR)
              ? ps_content_exists (path, text)
              : g_file_get_contents (path, &content, NULL, NULL) && strcmp (content, text) == 0)
        return TRUE;
    }
  return FALSE;
}

void
ps_two_set_up (PsTwo *self, const char *tree)
{
  self->household = ps_household_new ();
  self->a = ps_device_new (self->household, "anna");
  self->b = ps_device_new (self->household, "bert");
  ps_test_make_tree (self->a->local, tree);
  ps_device_agree (self->a);
  ps_device_agree (self->b);
  ps_test_assert_same_trees (self->a->local, self->household->server);
  ps_test_assert_same_trees (self->b->local, self->household->server);
}

void
ps_two_clear (PsTwo *self)
{
  ps_device_free (self->a);
  ps_device_free (self->b);
  ps_household_free (self->household);
}

void
ps_two_settle (PsTwo *self)
{
  PsDevice *devices[] = { self->a, self->b };

  ps_household_settle (self->household, devices, 2);
}
