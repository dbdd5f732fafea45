/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The desktop's keyring. A locked keyring is not an empty one: items are found by our own
 * attributes and unlocked on purpose. Any error means "not usable", never "no password":
 * G_IO_ERROR_NOT_SUPPORTED in a build without libsecret, G_IO_ERROR_CANCELLED, else
 * G_IO_ERROR_FAILED with a message for the person. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct
{
  const char *host;
  guint port;          /* the one that is connected to, also where ssh_config says it */
  const char *user;    /* (nullable) who logs in, likewise */
  const char *kind;    /* "password", "passphrase" */
  const char *subject; /* (nullable) the key file for a passphrase */

  /* What the configuration itself says, 0 and NULL where it leaves that to ssh_config: earlier
   * versions kept items by these. Such an item is still found, where there is no better one. */
  guint named_port;
  const char *named_user;
} PsSecretId;

/* May wait for minutes while the desktop asks to unlock. finish: (transfer full) (nullable): NULL
 * without error = there is none (or unlocking was refused: then *@locked is TRUE). Free with
 * ps_secret_free (). */
void ps_secrets_lookup_async (const PsSecretId *id, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data);
char *ps_secrets_lookup_finish (GAsyncResult *result, gboolean *locked, GError **error);

void ps_secrets_store_async (const PsSecretId *id, const char *secret, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer user_data);
gboolean ps_secrets_store_finish (GAsyncResult *result, GError **error);

/* Removes what is kept for @id, of which port 0 and a NULL of user, kind or subject stand for any.
 * Nobody is asked to unlock anything for that: then the items stay, and *@locked is TRUE. */
void ps_secrets_forget_async (const PsSecretId *id, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data);
gboolean ps_secrets_forget_finish (GAsyncResult *result, gboolean *locked, GError **error);

G_END_DECLS
