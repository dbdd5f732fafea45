/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What belongs to the application and to no pair: which notifications are wanted. Kept in
 * $XDG_CONFIG_HOME/pisync/desktop.conf; written at once on every change. Signal "changed" (key). */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define PS_TYPE_SETTINGS (ps_settings_get_type ())
G_DECLARE_FINAL_TYPE (PsSettings, ps_settings, PS, SETTINGS, GObject)

/* The keys, each TRUE unless switched off. */
#define PS_SETTINGS_NOTIFY_CONFLICT "conflict" /* a conflicted copy was made */
#define PS_SETTINGS_NOTIFY_HELD "held"         /* something waits for a decision */
#define PS_SETTINGS_NOTIFY_PROBLEM "problem"   /* a problem that lasts */
#define PS_SETTINGS_NOTIFY_SIGN_IN "sign-in"   /* a password or a host key is wanted */

/* Reads @file (nullable: the default one); a missing or damaged one means every key's default. */
PsSettings *ps_settings_new (const char *file);

gboolean ps_settings_get (PsSettings *self, const char *key);

/* The value holds at once, and for this run also where it could not be written. */
void ps_settings_set_async (PsSettings *self, const char *key, gboolean value,
                            GAsyncReadyCallback callback, gpointer user_data);
gboolean ps_settings_set_finish (GAsyncResult *result, GError **error);

G_END_DECLS
