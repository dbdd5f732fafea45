/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Errors of the wire, named by what the caller can do. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define PS_SFTP_ERROR (ps_sftp_error_quark ())
GQuark ps_sftp_error_quark (void);

typedef enum
{
  /* The whole link: */
  PS_SFTP_ERROR_UNREACHABLE, /* no such host, refused, no route, timed out before login: retry later
                              */
  PS_SFTP_ERROR_LINK,        /* was up and broke, or the server talks nonsense: reconnect */
  PS_SFTP_ERROR_HOST_KEY,    /* changed or refused: a person must look */
  PS_SFTP_ERROR_AUTH,        /* login refused: a person must look; never retried by itself */
  PS_SFTP_ERROR_NO_SFTP,     /* logged in, but there is no SFTP subsystem */
  PS_SFTP_ERROR_SETUP, /* this machine lacks something (no ssh program, bad key file): a person must
                          look */
  /* One operation: */
  PS_SFTP_ERROR_CHANGED, /* not what the scan saw, or the source changed: leave it, the next pass
                            looks again */
  PS_SFTP_ERROR_GONE,
  PS_SFTP_ERROR_EXISTS,
  PS_SFTP_ERROR_NOT_EMPTY,
  PS_SFTP_ERROR_NAME,
  PS_SFTP_ERROR_NO_SPACE,
  PS_SFTP_ERROR_DENIED,
  PS_SFTP_ERROR_LOCAL_IO, /* reading or writing the local file failed; the message says what */
  PS_SFTP_ERROR_FAILED
} PsSftpError;

/* Returns: whether @error means that the link is gone (UNREACHABLE, LINK), so that a later try may
 * succeed by itself. */
gboolean ps_sftp_error_is_link (const GError *error);

G_END_DECLS
