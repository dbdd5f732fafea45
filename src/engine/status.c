/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/status.h"

static const char *const kind_names[] = {
  [PS_STATUS_IDLE] = "idle",           [PS_STATUS_SYNCING] = "syncing",
  [PS_STATUS_PAUSED] = "paused",       [PS_STATUS_OFFLINE] = "offline",
  [PS_STATUS_ATTENTION] = "attention", [PS_STATUS_ERROR] = "error",
};

G_DEFINE_BOXED_TYPE (PsStatus, ps_status, ps_status_ref, ps_status_unref)

PsStatus *
ps_status_new (const char *pair)
{
  PsStatus *self = g_atomic_rc_box_new0 (PsStatus);

  self->pair = g_strdup (pair);
  self->progress.server_free = UINT64_MAX;
  self->progress.server_total = UINT64_MAX;
  self->seconds_left = -1;
  self->error_code = -1;
  self->held = g_ptr_array_new_with_free_func ((GDestroyNotify)ps_event_unref);
  self->problems = g_ptr_array_new_with_free_func ((GDestroyNotify)ps_event_unref);
  return self;
}

PsStatus *
ps_status_ref (PsStatus *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
status_clear (gpointer data)
{
  PsStatus *self = data;

  g_free (self->pair);
  g_free (self->message);
  g_ptr_array_unref (self->held);
  g_ptr_array_unref (self->problems);
}

void
ps_status_unref (PsStatus *self)
{
  g_atomic_rc_box_release_full (self, status_clear);
}

const char *
ps_status_kind_name (PsStatusKind kind)
{
  return kind_names[kind];
}

static char *
time_to_text (gint64 seconds, const char *format)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (seconds);

  return time != NULL ? g_date_time_format (time, format) : g_strdup ("?");
}

static void
append_left (GString *text, gint64 seconds)
{
  if (seconds < 0)
    return;
  if (seconds < 60)
    g_string_append_printf (text, ", %d s left", (int)seconds);
  else if (seconds < 3600)
    g_string_append_printf (text, ", %d min left", (int)((seconds + 59) / 60));
  else
    g_string_append_printf (text, ", %d h %d min left", (int)(seconds / 3600),
                            (int)(seconds % 3600 / 60));
}

static void
append_syncing (GString *text, const PsStatus *self)
{
  const PsProgress *progress = &self->progress;
  g_autofree char *rate = ps_size_to_text ((uint64_t)(self->rate_up + self->rate_down));

  if (progress->state != PS_RUN_APPLY || progress->files_total == 0)
    {
      g_string_append (text, progress->state == PS_RUN_CONNECT ? "connecting" : "looking");
      if (progress->files_scanned > 0)
        g_string_append_printf (text, ": %" G_GUINT64_FORMAT " files seen",
                                (guint64)progress->files_scanned);
      return;
    }
  g_string_append_printf (text, "syncing %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT ", %s/s",
                          (guint64)progress->files_done, (guint64)progress->files_total, rate);
  append_left (text, self->seconds_left);
}

static void
append_last_sync (GString *text, const PsStatus *self)
{
  g_autofree char *when = NULL;

  if (self->last_sync == 0)
    {
      g_string_append (text, ", not synced yet");
      return;
    }
  when = time_to_text (self->last_sync, "%Y-%m-%d %H:%M");
  g_string_append_printf (text, ", last sync %s", when);
}

static void
append_paused (GString *text, const PsStatus *self)
{
  g_autofree char *until = NULL;

  g_string_append (text, "paused");
  if (self->metered)
    g_string_append (text, ": the network is metered");
  if (self->paused_until == 0)
    return;
  until = time_to_text (self->paused_until, "%H:%M");
  g_string_append_printf (text, " until %s", until);
}

static void
append_message (GString *text, const char *state, const PsStatus *self)
{
  g_string_append (text, state);
  if (self->message != NULL)
    g_string_append_printf (text, ": %s", self->message);
}

char *
ps_status_to_text (const PsStatus *self)
{
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, "%s: ", self->pair);
  switch (self->kind)
    {
    case PS_STATUS_IDLE:
      g_string_append (text, self->last_sync != 0 ? "up to date" : "idle");
      append_last_sync (text, self);
      break;
    case PS_STATUS_SYNCING:
      append_syncing (text, self);
      break;
    case PS_STATUS_PAUSED:
      append_paused (text, self);
      append_last_sync (text, self);
      break;
    case PS_STATUS_OFFLINE:
      append_message (text, "offline", self);
      append_last_sync (text, self);
      break;
    case PS_STATUS_ATTENTION:
      append_message (text, "needs attention", self);
      break;
    case PS_STATUS_ERROR:
      append_message (text, "error", self);
      break;
    default:
      g_assert_not_reached ();
    }
  return g_string_free (text, FALSE);
}

static void
add_number (GVariantBuilder *builder, const char *name, guint64 number)
{
  g_variant_builder_add (builder, "{sv}", name, g_variant_new_uint64 (number));
}

static void
add_text (GVariantBuilder *builder, const char *name, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text != NULL ? text : "", -1);

  g_variant_builder_add (builder, "{sv}", name, g_variant_new_string (valid));
}

GVariant *
ps_status_to_variant (const PsStatus *self)
{
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  add_text (&builder, "pair", self->pair);
  add_text (&builder, "state", ps_status_kind_name (self->kind));
  add_text (&builder, "message", self->message);
  g_variant_builder_add (&builder, "{sv}", "last-sync", g_variant_new_int64 (self->last_sync));
  add_number (&builder, "files-done", self->progress.files_done);
  add_number (&builder, "files-total", self->progress.files_total);
  add_number (&builder, "bytes-done", self->progress.bytes_done);
  add_number (&builder, "bytes-total", self->progress.bytes_total);
  g_variant_builder_add (&builder, "{sv}", "rate-up", g_variant_new_double (self->rate_up));
  g_variant_builder_add (&builder, "{sv}", "rate-down", g_variant_new_double (self->rate_down));
  add_number (&builder, "held", self->held->len);
  add_number (&builder, "problems", self->n_problems);
  return g_variant_builder_end (&builder);
}
