/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a password to a key: a key pair of this device's own, put where the server looks for it. All
 * block; worker thread. */
#pragma once

#include "sftp/connect.h"
#include "sftp/remote.h"

G_BEGIN_DECLS

/**
 * ps_key_ensure:
 * @file: where the private key is to be; @file.pub is made beside it
 * @comment: what is written behind the public key, such as the device's name
 *
 * Makes an ed25519 key pair without passphrase, by ssh-keygen, unless @file is there already.
 * Missing folders are made, 0700. PS_SFTP_ERROR_SETUP.
 *
 * Returns: (transfer full): the line for authorized_keys
 */
char *ps_key_ensure (const char *file, const char *comment, GCancellable *cancellable,
                     GError **error);

/**
 * ps_sftp_install_key:
 * @remote: logged in, nothing outstanding; its root is the login directory afterwards
 * @line: for authorized_keys
 *
 * Adds @line to ~/.ssh/authorized_keys of the account unless its key is there. Lines that are there
 * are never touched: the file is only appended to. What is made is 0600 and 0700, and write
 * permission of others, with which sshd ignores the file, is taken away.
 *
 * Errors: PS_SFTP_ERROR_DENIED, with the line for a person to add, where the account cannot reach
 * the file (it is confined to a folder, or may not write); those of the link.
 */
gboolean ps_sftp_install_key (PsRemote *remote, const char *line, GCancellable *cancellable,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Logs in once with the key alone, otherwise by @options. PS_SFTP_ERROR_DENIED, with @line for a
 * person to add, when the server does not take it. */
gboolean ps_sftp_prove_key (const PsConnectOptions *options, const char *file, const char *line,
                            const PsLoginPrompts *prompts, GCancellable *cancellable,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
