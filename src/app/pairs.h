/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All the folder pairs of this person: a GListModel of PsPair, made from the *.ini files.
 *
 * Signals, beside "items-changed": "status-changed" (PsPair; NULL when the files that cannot be
 * used changed), "event" (PsPair, PsEvent), "question" (PsPair, PsQuestion),
 * "accepted" (PsPair), "account-left" (const PsConfig, a pointer; (nullable) utf8): no pair may
 * have its account, or that key file of it, any more. */
#pragma once

#include "app/pair.h"

G_BEGIN_DECLS

#define PS_TYPE_PAIRS (ps_pairs_get_type ())
G_DECLARE_FINAL_TYPE (PsPairs, ps_pairs, PS, PAIRS, GObject)

PsPairs *ps_pairs_new (void);

/* Reads every ini and starts its session. What cannot be read is in ps_pairs_get_errors (). */
void ps_pairs_load (PsPairs *self);

guint ps_pairs_get_n (PsPairs *self);
PsPair *ps_pairs_get (PsPairs *self, guint position);    /* (transfer none) */
PsPair *ps_pairs_find (PsPairs *self, const char *name); /* (transfer none) (nullable) */

/* (element-type utf8): a sentence for each ini that cannot be used; borrowed. */
GPtrArray *ps_pairs_get_errors (PsPairs *self);

/* Of all pairs the most urgent; ERROR where an ini cannot be used, IDLE where there is nothing. */
PsStatusKind ps_pairs_get_kind (PsPairs *self);

/* Adds a pair whose ini was just written, exports and starts it; the latter not once all were
 * ended. */
PsPair *ps_pairs_add (PsPairs *self, const PsConfig *config);

/* Ends a pair, which is gone from the model at once; @callback when no worker is left. Its ini is
 * the caller's business. No file of the person is touched. */
void ps_pairs_remove_async (PsPairs *self, PsPair *pair, GAsyncReadyCallback callback,
                            gpointer user_data);
gboolean ps_pairs_remove_finish (PsPairs *self, GAsyncResult *result, GError **error);

/* A pair had the account of @config before it was changed or removed: says so by "account-left"
 * where it was the last one, or the last with that key file. */
void ps_pairs_leave_account (PsPairs *self, const PsConfig *config);

/* Ends all of them for good; @callback once no worker is left. */
void ps_pairs_close_async (PsPairs *self, GAsyncReadyCallback callback, gpointer user_data);
gboolean ps_pairs_close_finish (PsPairs *self, GAsyncResult *result, GError **error);

G_END_DECLS
