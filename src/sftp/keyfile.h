/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What can be told of a private key file without its passphrase, so that the login knows whether to
 * ask for one, and whether libssh2 can use it at all. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  PS_KEY_FILE_OTHER, /* a kind that libssh2 can try */
  PS_KEY_FILE_RSA,   /* libssh2 signs with SHA-1, which servers refuse since OpenSSH 8.8 */
  PS_KEY_FILE_HARDWARE,
  PS_KEY_FILE_PUTTY, /* nobody here reads these */
  PS_KEY_FILE_PUBLIC /* the wrong half of a pair */
} PsKeyFileKind;

typedef struct
{
  PsKeyFileKind kind;
  gboolean encrypted;
  GBytes *public_key; /* (nullable): the blob, where the file or FILE.pub tells it */
  GBytes *content;    /* of the file */
} PsKeyFile;

/* Reads @file. PS_SFTP_ERROR_SETUP with a sentence that names the file. */
PsKeyFile *ps_key_file_read (const char *file, GError **error);
void ps_key_file_free (PsKeyFile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsKeyFile, ps_key_file_free)

/* Pure: @text: content of the private key file; @public_text: (nullable): of FILE.pub.
 *
 * Returns: (transfer full) (nullable): NULL if @text is no key */
PsKeyFile *ps_key_file_parse (const char *text, const char *public_text);

G_END_DECLS
