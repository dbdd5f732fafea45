/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/control.h"

#include "build-config.h"

#include <string.h>

#define NAME_MAX_LENGTH 160 /* of the escaped pair; a bus name has 255 bytes */
#define CALL_TIMEOUT_MS 5000
#define ACTIONS_INTERFACE "org.gtk.Actions"

struct PsControl
{
  GDBusConnection *bus;
  PsSession *session;
  GSimpleActionGroup *actions;
  GSimpleAction *status; /* borrowed from @actions */
  guint export_id;
  guint name_id;
};

/* An element of a bus name and of an object path: letters and digits stay, other bytes become _XX.
 */
static char *
escape_pair (const char *pair)
{
  g_autoptr (GString) escaped = g_string_new (NULL);
  g_autofree char *sum = NULL;

  for (const char *p = pair; *p != '\0'; p++)
    if (g_ascii_isalpha (*p) || (g_ascii_isdigit (*p) && p > pair))
      g_string_append_c (escaped, *p);
    else
      g_string_append_printf (escaped, "_%02x", (guint)(guchar)*p);
  if (escaped->len > NAME_MAX_LENGTH)
    {
      sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, pair, -1);
      g_string_truncate (escaped, NAME_MAX_LENGTH - 17);
      g_string_append_printf (escaped, "_%.16s", sum);
    }
  if (escaped->len == 0)
    g_string_append_c (escaped, '_');
  return g_string_free (g_steal_pointer (&escaped), FALSE);
}

char *
ps_control_bus_name (const char *pair)
{
  g_autofree char *escaped = escape_pair (pair);

  return g_strconcat (PS_APP_ID ".pair.", escaped, NULL);
}

char *
ps_control_object_path (const char *pair)
{
  g_autofree char *escaped = escape_pair (pair);

  return g_strconcat (PS_CONTROL_PATH "/pair/", escaped, NULL);
}

/* The running side. */

static void
on_pause (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  ps_session_pause (data, g_variant_get_uint32 (parameter));
}

static void
on_resume (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  ps_session_resume (data);
}

static void
on_sync_now (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  ps_session_sync_now (data);
}

static void
refuse_change (GSimpleAction *action, GVariant *value, gpointer data)
{
  /* The status is told, never set. */
}

static GVariant *
current_status (PsSession *session)
{
  g_autoptr (PsStatus) status = ps_session_get_status (session);

  return ps_status_to_variant (status);
}

static void
on_status_changed (PsSession *session, PsControl *self)
{
  g_autoptr (GVariant) now = g_variant_ref_sink (current_status (session));
  g_autoptr (GVariant) before = g_action_get_state (G_ACTION (self->status));

  if (!g_variant_equal (before, now))
    g_simple_action_set_state (self->status, now);
}

static void
add_actions (PsControl *self)
{
  static const GActionEntry entries[] = {
    { .name = "pause", .activate = on_pause, .parameter_type = "u" },
    { .name = "resume", .activate = on_resume },
    { .name = "sync-now", .activate = on_sync_now },
  };

  self->actions = g_simple_action_group_new ();
  g_action_map_add_action_entries (G_ACTION_MAP (self->actions), entries, G_N_ELEMENTS (entries),
                                   self->session);
  self->status = g_simple_action_new_stateful ("status", NULL, current_status (self->session));
  g_signal_connect (self->status, "change-state", G_CALLBACK (refuse_change), NULL);
  g_action_map_add_action (G_ACTION_MAP (self->actions), G_ACTION (self->status));
  g_object_unref (self->status); /* the group keeps it */
}

PsControl *
ps_control_new (GDBusConnection *bus, PsSession *session)
{
  PsControl *self = g_new0 (PsControl, 1);
  const char *pair = ps_session_get_config (session)->name;
  g_autofree char *name = ps_control_bus_name (pair);
  g_autofree char *path = ps_control_object_path (pair);
  g_autoptr (GError) error = NULL;

  self->bus = g_object_ref (bus);
  self->session = g_object_ref (session);
  add_actions (self);
  g_signal_connect (session, "status-changed", G_CALLBACK (on_status_changed), self);
  self->export_id
      = g_dbus_connection_export_action_group (bus, path, G_ACTION_GROUP (self->actions), &error);
  if (self->export_id == 0)
    g_warning ("the pair %s cannot be reached over D-Bus: %s", pair, error->message);
  self->name_id = g_bus_own_name_on_connection (bus, name, G_BUS_NAME_OWNER_FLAGS_NONE, NULL, NULL,
                                                NULL, NULL);
  return self;
}

void
ps_control_free (PsControl *self)
{
  if (self == NULL)
    return;
  g_bus_unown_name (self->name_id);
  if (self->export_id != 0)
    g_dbus_connection_unexport_action_group (self->bus, self->export_id);
  g_signal_handlers_disconnect_by_data (self->session, self);
  g_object_unref (self->actions);
  g_object_unref (self->session);
  g_object_unref (self->bus);
  g_free (self);
}

/* The asking side. */

static gboolean
is_nobody_there (const GError *error)
{
  return g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_OBJECT);
}

static GVariant *
call (const char *pair, const char *method, GVariant *parameters, const GVariantType *reply,
      GError **error)
{
  g_autoptr (GVariant) sunk = g_variant_ref_sink (parameters);
  g_autoptr (GError) reason = NULL;
  g_autoptr (GDBusConnection) bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &reason);
  g_autofree char *name = ps_control_bus_name (pair);
  g_autofree char *path = ps_control_object_path (pair);
  GVariant *result = NULL;

  if (bus == NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                   "There is no session bus, so a running PiSync cannot be reached from here: %s",
                   reason->message);
      return NULL;
    }
  g_dbus_connection_set_exit_on_close (bus, FALSE);
  result = g_dbus_connection_call_sync (bus, name, path, ACTIONS_INTERFACE, method, sunk, reply,
                                        G_DBUS_CALL_FLAGS_NO_AUTO_START, CALL_TIMEOUT_MS, NULL,
                                        &reason);
  if (result != NULL)
    return result;
  g_dbus_error_strip_remote_error (reason);
  if (is_nobody_there (reason))
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                 "PiSync is not running for the pair \"%s\": start pisync, or \"pisync-cli run\"",
                 pair);
  else
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
                 "The running PiSync of the pair \"%s\" did not answer: %s", pair, reason->message);
  return NULL;
}

GVariant *
ps_control_get_status (const char *pair, GError **error)
{
  g_autoptr (GVariant) reply = call (pair, "Describe", g_variant_new ("(s)", "status"),
                                     G_VARIANT_TYPE ("((bgav))"), error);
  g_autoptr (GVariant) states = NULL;
  g_autoptr (GVariant) boxed = NULL;

  if (reply == NULL)
    return NULL;
  g_variant_get (reply, "((bg@av))", NULL, NULL, &states);
  if (g_variant_n_children (states) == 1)
    g_variant_get_child (states, 0, "v", &boxed);
  if (boxed != NULL && g_variant_is_of_type (boxed, G_VARIANT_TYPE_VARDICT))
    return g_steal_pointer (&boxed);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
               "The running PiSync of the pair \"%s\" gave an answer that makes no sense", pair);
  return NULL;
}

gboolean
ps_control_activate (const char *pair, const char *action, GVariant *parameter, GError **error)
{
  GVariantBuilder parameters = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("av"));
  g_autoptr (GVariant) reply = NULL;

  if (parameter != NULL)
    g_variant_builder_add (&parameters, "v", parameter);
  reply = call (pair, "Activate", g_variant_new ("(sava{sv})", action, &parameters, NULL), NULL,
                error);
  return reply != NULL;
}
