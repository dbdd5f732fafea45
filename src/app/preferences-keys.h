/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The settings of a pair that stand for one key of its ini each: a row with a label and what is
 * typed or chosen. Property "page": which rows ("server", "syncing").
 *
 * Signal "edited" (group, key, value, wrong): a person changed one; @wrong (nullable) says in a
 * sentence why it will not do, and @value is NULL then. While a number is turned step by step it is
 * not emitted, but once it has stood still for half a second or is left. */
#pragma once

#include "engine/config.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define PS_TYPE_PREFERENCES_KEYS (ps_preferences_keys_get_type ())
G_DECLARE_FINAL_TYPE (PsPreferencesKeys, ps_preferences_keys, PS, PREFERENCES_KEYS, GtkGrid)

/* Shows what @config says; "edited" is not emitted. */
void ps_preferences_keys_show (PsPreferencesKeys *self, const PsConfig *config);

/* Emits "edited" at once for a number that was just turned. */
void ps_preferences_keys_flush (PsPreferencesKeys *self);

G_END_DECLS
