/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A login to a real sshd with a private home, and a person whose answers are written down before.
 */
#pragma once

#include "fakes/proxy.h"
#include "fakes/sshd.h"
#include "fakes/test-util.h"
#include "sftp/connect.h"
#include "sftp/error.h"

G_BEGIN_DECLS

typedef struct
{
  PsTestSshd *sshd;
  char *home;        /* $HOME while the test runs */
  char *known_hosts; /* ours */
  char *key;         /* the user's private key */
  char *fingerprint; /* of the server's ed25519 key */
  PsConnectOptions options;
  PsLoginPrompts prompts;
  /* What the person does: */
  gboolean trusts;
  const char *const *secrets; /* given one after the other, the last one again and again */
  /* What the person was asked: */
  guint n_confirms;
  char *confirmed;    /* "new ssh-ed25519 SHA256:…" of the last */
  GString *questions; /* "password 0;passphrase 1;prompt TEXT 0;" */
  GString *accepted;  /* the same of what was accepted */
} LoginFixture;

/* Returns: FALSE when the test was skipped. The host is "127.0.0.1" at the port of the server, the
 * key is accepted, nothing is known of the host, and the person trusts new keys. */
gboolean login_fixture_init (LoginFixture *f, const PsTestSshdOptions *options);
void login_fixture_clear (LoginFixture *f);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (LoginFixture, login_fixture_clear)

/* Writes a file below the private home. */
void login_fixture_write (LoginFixture *f, const char *path, const char *text);

/* Puts the server's keys into our known_hosts. */
void login_fixture_know_host (LoginFixture *f);

/* Logs in, and has an SFTP server answer. */
void login_fixture_expect_success (LoginFixture *f);

/* Logs in and expects an error with a text in its message. */
void login_fixture_expect_error (LoginFixture *f, GQuark domain, int code, const char *text);

/* Opens a channel of @transport and exchanges versions with what is there. */
void login_fixture_expect_sftp (PsTransport *transport);

/* The same over a channel that is open. */
void login_fixture_expect_version (PsTransport *transport, int channel);

G_END_DECLS
