/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/run.h"

#include "engine/check.h"
#include "engine/context.h"
#include "engine/error.h"
#include "engine/held.h"
#include "engine/pass.h"
#include "engine/quick.h"
#include "engine/roots.h"
#include "engine/versions.h"
#include "util/words.h"

#include <string.h>

#define MAX_PASSES                                                                                 \
  6 /* of one run: enough for type changes, renamed directories and conflicts on top of each other \
     */
#define KEY_SERVER_CAPS "server-caps"

struct PsRun
{
  PsConfig *config; /* owned; const after new */
  char *state_dir;  /* owned; const after new */
  PsRunPorts ports;
  const PsClock *clock;
  PsRunConnect connect; /* how a transport is made */
  gpointer connect_data;
  int drop_link; /* (atomic) the link is not to be used again */
  /* Made and used by the worker that is in ps_run_sync (): */
  PsRunState state;
  PsStore *store;
  PsRemote *remote;
  gboolean remote_prepared;
  PsVersionSweep *sweep; /* (nullable) of this link */
  PsLocal *local;        /* only while a run lasts */
  PsDirCache *dirs;      /* (nullable) made when a second run shows that there will be many */
  int64_t full_scan_at;  /* monotonic: when the server was last listed as a whole */
  PsProgress progress;
};

#define STATE_NAME(id, name) [PS_RUN_##id] = name,
static const char *const state_names[] = { PS_RUN_STATES (STATE_NAME) };
#undef STATE_NAME

G_STATIC_ASSERT (G_N_ELEMENTS (state_names) == PS_N_RUN_STATES);

#define TO(id) (1u << PS_RUN_##id)

/* The legal moves of a run. */
static const guint allowed[PS_N_RUN_STATES] = {
  [PS_RUN_IDLE] = TO (CONNECT),
  [PS_RUN_CONNECT] = TO (CHECK) | TO (FAILED),
  [PS_RUN_CHECK] = TO (SCAN) | TO (IDLE) | TO (FAILED),
  [PS_RUN_SCAN] = TO (APPLY) | TO (SCAN) | TO (IDLE) | TO (FAILED),
  [PS_RUN_APPLY] = TO (SCAN) | TO (IDLE) | TO (FAILED),
  [PS_RUN_FAILED] = TO (CONNECT),
};

const char *
ps_run_state_name (PsRunState state)
{
  g_return_val_if_fail (state < PS_N_RUN_STATES, "unknown");
  return state_names[state];
}

/* The only writer of the state. */
static void
set_state (PsRun *self, PsRunState next)
{
  g_return_if_fail (allowed[self->state] & (1u << next));
  g_debug ("%s: %s -> %s", self->config->name, state_names[self->state], state_names[next]);
  self->state = next;
  self->progress.state = next;
  if (self->ports.progress != NULL)
    self->ports.progress (&self->progress, self->ports.data);
}

static void
set_state_from_pass (gpointer data, PsRunState state)
{
  set_state (data, state);
}

/* The default maker of transports: a login as the configuration says. */
static PsTransport *
connect_by_config (gpointer data, GCancellable *cancellable, GError **error)
{
  PsRun *self = data;
  g_autofree char *known_hosts = ps_config_known_hosts_file ();
  PsConnectOptions options = {
    .host = self->config->host,
    .port = self->config->port,
    .user = self->config->user,
    .auth = self->config->auth,
    .keyfile = self->config->keyfile,
    .transport = self->config->transport,
    .known_hosts = known_hosts,
  };

  return ps_sftp_connect (&options, &self->ports.prompts, cancellable, error);
}

PsRun *
ps_run_new (const PsConfig *config, const char *state_dir, const PsRunPorts *ports,
            const PsClock *clock)
{
  PsRun *self = g_new0 (PsRun, 1);

  self->config = ps_config_copy (config);
  self->state_dir = state_dir != NULL ? g_strdup (state_dir) : ps_config_state_dir (config);
  self->ports = *ports;
  self->clock = clock != NULL ? clock : ps_clock_system ();
  self->connect = connect_by_config;
  self->connect_data = self;
  self->progress.server_free = self->progress.server_total = UINT64_MAX;
  return self;
}

static void
close_link (PsRun *self)
{
  g_clear_pointer (&self->sweep, ps_version_sweep_free);
  g_clear_pointer (&self->remote, ps_remote_free);
  self->remote_prepared = FALSE;
}

void
ps_run_free (PsRun *self)
{
  if (self == NULL)
    return;
  close_link (self);
  g_clear_pointer (&self->local, ps_local_free);
  g_clear_pointer (&self->store, ps_store_free);
  g_clear_pointer (&self->dirs, ps_dir_cache_free);
  ps_config_free (self->config);
  g_free (self->state_dir);
  g_free (self);
}

void
ps_run_set_connect (PsRun *self, PsRunConnect connect, gpointer data)
{
  self->connect = connect;
  self->connect_data = data;
}

void
ps_run_drop_link (PsRun *self)
{
  g_atomic_int_set (&self->drop_link, TRUE);
}

void
ps_run_close_link (PsRun *self)
{
  if (g_atomic_int_compare_and_exchange (&self->drop_link, TRUE, FALSE))
    close_link (self);
}

static void
tell_link (PsRun *self, const char *message)
{
  g_autoptr (PsEvent) event = ps_event_new (PS_EVENT_LINK);

  event->when = ps_clock_now (self->clock);
  event->message = g_strdup (message);
  if (self->ports.event != NULL)
    self->ports.event (event, self->ports.data);
}

/* A base that could not be read was put aside: the person should know, since this run is a union.
 */
static void
tell_moved_aside (PsRun *self, const char *moved_aside)
{
  g_autoptr (PsEvent) event = ps_event_new (PS_EVENT_PROBLEM);

  event->when = ps_clock_now (self->clock);
  event->code = g_strdup ("damaged-base");
  event->message = g_strdup_printf (
      _ ("the record of the last sync was damaged and is now %s; this run deletes nothing and "
         "compares what is on both sides"),
      moved_aside);
  if (self->ports.event != NULL)
    self->ports.event (event, self->ports.data);
}

static gboolean
open_store (PsRun *self, GError **error)
{
  g_autofree char *moved_aside = NULL;

  if (self->store != NULL)
    return TRUE;
  self->store = ps_store_open (self->state_dir, &moved_aside, error);
  if (moved_aside != NULL)
    tell_moved_aside (self, moved_aside);
  return self->store != NULL;
}

/* The root is opened anew for each run: a held descriptor would keep a disk from being unmounted,
 * and would not see one that is mounted over it. A root that was there before and is not now is the
 * root guard's business. */
static gboolean
open_local (PsRun *self, PsContext *context, GError **error)
{
  self->local = ps_local_open (self->config->local_base, error);
  context->local = self->local;
  return self->local != NULL || ps_roots_hold_missing (context, error);
}

static gboolean
open_link (PsRun *self, GCancellable *cancellable, GError **error)
{
  PsRemoteOptions options = {
    .root = self->config->remote_base,
    .device = self->config->device,
    .fsync = self->config->fsync,
    .upload_limit = self->config->upload_limit,
    .download_limit = self->config->download_limit,
    .symlinks = self->config->keep_symlinks,
    .clock = self->clock,
  };
  g_autofree char *message = NULL;
  PsTransport *transport;

  ps_run_close_link (self);
  if (self->remote != NULL)
    return TRUE;
  transport = self->connect (self->connect_data, cancellable, error);
  if (transport == NULL)
    return FALSE;
  self->remote = ps_remote_new (transport, &options, cancellable, error);
  if (self->remote == NULL)
    return FALSE;
  message = g_strdup_printf (_ ("connected to %s"), self->config->host);
  tell_link (self, message);
  return TRUE;
}

/* Makes our own directories on both sides and learns what the file systems can do. Only after the
 * root guard said yes. What is known of the server's need not be waited for: a pass ends it. */
static gboolean
prepare (PsRun *self, GCancellable *cancellable, GError **error)
{
  g_autofree char *known = ps_store_get_value (self->store, KEY_SERVER_CAPS);
  g_autofree char *caps = NULL;

  if (!ps_local_prepare (self->local, error))
    return FALSE;
  if (self->remote_prepared)
    return TRUE;
  self->remote_prepared = TRUE;
  if (ps_remote_prepare_begin (self->remote, known))
    return TRUE;
  return ps_remote_prepare_end (self->remote, &caps, cancellable, error)
         && ps_store_set_value (self->store, KEY_SERVER_CAPS, caps, error);
}

/* Everything that a run needs, opened and checked. */
static gboolean
set_up (PsRun *self, PsContext *context, gboolean prepares, GError **error)
{
  set_state (self, PS_RUN_CONNECT);
  if (!open_store (self, error))
    return FALSE;
  context->store = self->store;
  if (!open_local (self, context, error) || !open_link (self, context->cancellable, error))
    return FALSE;
  context->remote = self->remote;
  set_state (self, PS_RUN_CHECK);
  if (!ps_roots_check (context, error))
    return FALSE;
  return !prepares || prepare (self, context->cancellable, error);
}

/* Which directories of the server need not be listed: none in the first run of a program, in a full
 * scan, and when one is due. */
static PsDirCache *
choose_dirs (PsRun *self, PsSyncFlags flags)
{
  int64_t now = ps_clock_monotonic (self->clock);
  int64_t interval = (int64_t)self->config->full_scan_minutes * 60 * G_USEC_PER_SEC;

  if (self->full_scan_at != 0 && (flags & (PS_SYNC_FULL | PS_SYNC_DRY_RUN)) == 0
      && now - self->full_scan_at < interval)
    {
      if (self->dirs == NULL)
        self->dirs = ps_dir_cache_new ();
      return self->dirs;
    }
  if (self->dirs != NULL)
    ps_dir_cache_clear (self->dirs);
  self->full_scan_at = now;
  return NULL;
}

static gboolean
run_passes (PsRun *self, PsContext *context, GError **error)
{
  PsPassOptions options = { .set_state = set_state_from_pass, .data = self };
  g_autoptr (PsHeld) held = NULL;
  PsSummary *summary = context->summary;
  uint64_t held_by_roots = summary->held;
  gboolean again = TRUE;

  held = ps_held_new (context, error);
  if (held == NULL)
    return FALSE;
  context->held = held;
  context->dirs = choose_dirs (self, context->flags);
  for (guint pass = 0; again && pass < MAX_PASSES; pass++)
    {
      summary->held = held_by_roots; /* each pass counts anew what is held */
      if (!ps_pass (context, &options, &again, error))
        return FALSE;
      context->flags &= ~(PS_SYNC_KEEP_DELETED | PS_SYNC_KEEP_EMPTIED); /* once is enough */
    }
  summary->in_sync = !again && summary->failed == 0 && summary->held == 0;
  return ps_held_end (held, error)
         && (again || summary->held > 0 || ps_roots_settle (context, error));
}

/* Removes a few of the versions that have expired. */
static gboolean
sweep_versions (PsRun *self, PsContext *context, GError **error)
{
  if ((context->flags & PS_SYNC_DRY_RUN) != 0)
    return TRUE;
  if (self->sweep == NULL)
    self->sweep = ps_version_sweep_new ();
  return ps_version_sweep_step (self->sweep, context, error)
         && ps_store_commit (context->store, error);
}

/* The part of a run that may fail. */
static gboolean
run (PsRun *self, PsContext *context, gboolean check, GError **error)
{
  if (!set_up (self, context, check || (context->flags & PS_SYNC_DRY_RUN) == 0, error))
    return FALSE;
  if (check)
    {
      set_state (self, PS_RUN_SCAN);
      return ps_remote_prepare_end (self->remote, NULL, context->cancellable, error)
             && ps_check_contents (context, error);
    }
  return run_passes (self, context, error) && sweep_versions (self, context, error);
}

/* The traffic of this run alone: the link may be older than it. */
static void
add_traffic (PsRun *self, const PsRemoteTraffic *before, PsSummary *summary)
{
  PsRemoteTraffic now = { 0 };

  if (self->remote != NULL)
    ps_remote_get_traffic (self->remote, &now);
  summary->bytes_sent = now.bytes_sent - before->bytes_sent;
  summary->bytes_received = now.bytes_received - before->bytes_received;
  summary->requests = now.requests - before->requests;
}

/* After a failure: what is not sound any more is closed. */
static void
clean_up (PsRun *self, const GError *error)
{
  g_clear_pointer (&self->local, ps_local_free);
  if (error == NULL)
    return;
  /* A scan that was broken off leaves listings on their way; only before it is the link still
   * clean. */
  if (!g_error_matches (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_GUARD))
    close_link (self);
  if (error->domain == PS_STORE_ERROR)
    g_clear_pointer (&self->store, ps_store_free);
}

static gboolean
run_and_account (PsRun *self, PsSyncFlags flags, gboolean check, PsSummary *summary,
                 GCancellable *cancellable, GError **error)
{
  g_autoptr (GHashTable) given_up = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *run_id = g_strdup_printf ("%08x", g_random_int ());
  int64_t began = ps_clock_monotonic (self->clock);
  PsRemoteTraffic before = { 0 };
  GError *failure = NULL;
  PsContext context = {
    .config = self->config,
    .clock = self->clock,
    .ports = &self->ports,
    .cancellable = cancellable,
    .flags = flags,
    .summary = summary,
    .progress = &self->progress,
    .run_id = run_id,
    .given_up = given_up,
  };

  *summary = (PsSummary){ 0 };
  self->progress = (PsProgress){ .state = self->state,
                                 .server_free = self->progress.server_free,
                                 .server_total = self->progress.server_total };
  if (self->remote != NULL && !g_atomic_int_get (&self->drop_link))
    ps_remote_get_traffic (self->remote, &before);
  if (!run (self, &context, check, &failure))
    summary->in_sync = FALSE;
  add_traffic (self, &before, summary);
  summary->seconds = (double)(ps_clock_monotonic (self->clock) - began) / G_USEC_PER_SEC;
  clean_up (self, failure);
  set_state (self, failure == NULL ? PS_RUN_IDLE : PS_RUN_FAILED);
  if (failure == NULL)
    return TRUE;
  g_propagate_error (error, ps_engine_error_translate (failure));
  return FALSE;
}

gboolean
ps_run_sync (PsRun *self, PsSyncFlags flags, PsSummary *summary, GCancellable *cancellable,
             GError **error)
{
  return run_and_account (self, flags, FALSE, summary, cancellable, error);
}

gboolean
ps_run_check (PsRun *self, PsSummary *summary, GCancellable *cancellable, GError **error)
{
  return run_and_account (self, PS_SYNC_DRY_RUN, TRUE, summary, cancellable, error);
}
