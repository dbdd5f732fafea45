/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A throw-away account of this machine, for tests that run as root. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct
{
  char *name;
  char *password;
  char *base; /* folder owned by root that nobody else may write: chroots may lie below it */
  char *home; /* base/home, owned by the account */
} PsTestAccount;

/* Accounts that killed tests left behind are removed first. @shell: absolute path. */
PsTestAccount *ps_test_account_new (const char *shell);
void ps_test_account_free (PsTestAccount *self); /* ends its processes, removes it and its files */

/* Makes the account the owner of a file or folder. */
void ps_test_account_own (const PsTestAccount *self, const char *path);

G_END_DECLS
