/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The part of the login that is done with keys: of files and of the agent. */
#pragma once

#include "sftp/trust.h"

G_BEGIN_DECLS

typedef enum
{
  PS_AUTH_ACCEPTED,
  PS_AUTH_REFUSED, /* by the server, in order: something else may be tried */
  PS_AUTH_FAILED   /* @error is set: the login is over */
} PsAuthOutcome;

/* Tries the keys that are meant, one after the other: see PsConnectOptions. @needs_ssh as
 * ps_auth_login (). PS_AUTH_REFUSED sets @error, too, to what there is to say of the keys. */
PsAuthOutcome ps_auth_by_key (const PsLogin *login, PsSsh2Link *link, gboolean *needs_ssh,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What a code of libssh2's userauth functions means; @doing begins the message of a failure. */
PsAuthOutcome ps_auth_outcome (PsSsh2Link *link, int code, const char *doing, GError **error);

/* A connection that broke after the server had refused something is no accident: to come back with
 * the same again would only get this address banned. Makes such an error one of AUTH. */
void ps_auth_blame_refusal (const PsLogin *login, PsSsh2Link *link, GError **error);

/* Asks for a secret. Never returns NULL without @error. */
char *ps_auth_ask (const PsLogin *login, PsSecretRequest *request, GError **error);

G_END_DECLS
