/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The running program on the session bus: a GActionGroup (org.gtk.Actions) for each pair, under the
 * name io.github.pisync.PiSync.pair.NAME at /io/github/pisync/PiSync/pair/NAME (NAME made safe for
 * D-Bus), the same for the application and for pisync-cli run. Actions: pause (u: seconds, 0 =
 * until resumed), resume, sync-now, and the stateful read-only status (a{sv}, see status.h). */
#pragma once

#include "engine/session.h"

G_BEGIN_DECLS

#define PS_CONTROL_PATH "/io/github/pisync/PiSync"

/* Returns: (transfer full): the bus name and the object path of the pair @pair. The path is not
 * PS_CONTROL_PATH itself: there the application has actions of its own. */
char *ps_control_bus_name (const char *pair);
char *ps_control_object_path (const char *pair);

typedef struct PsControl PsControl;

/* Exports @session on @bus and owns its name until freed. */
PsControl *ps_control_new (GDBusConnection *bus, PsSession *session);
void ps_control_free (PsControl *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsControl, ps_control_free)

/* The client's side (blocking, short). G_IO_ERROR_NOT_FOUND with a plain sentence where nothing
 * runs, or where there is no session bus. */
GVariant *ps_control_get_status (const char *pair, GError **error);
gboolean ps_control_activate (const char *pair, const char *action, GVariant *parameter,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
