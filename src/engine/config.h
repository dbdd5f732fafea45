/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One key file is one folder pair: reading, checking, writing it, and where its state lies. See
 * design: the groups and keys of the ancestor's pisync.ini stay valid. */
#pragma once

#include "core/conflict.h"
#include "sftp/connect.h"

#include <gio/gio.h>

G_BEGIN_DECLS

#define PS_CONFIG_ERROR (ps_config_error_quark ())
GQuark ps_config_error_quark (void);

typedef enum
{
  PS_CONFIG_ERROR_MISSING, /* no such file: run setup */
  PS_CONFIG_ERROR_INVALID, /* unknown key, bad value: the message names file, line and what is
                              allowed */
  PS_CONFIG_ERROR_FAILED   /* cannot be read or written */
} PsConfigError;

typedef struct
{
  char *file; /* absolute path of the ini */
  char *name; /* of the pair: the file's name without ".ini" */
  /* [HOST] */
  char *host;
  guint port; /* 0 = not given: as ~/.ssh/config says, else 22 */
  /* [AUTH] */
  char *user; /* (nullable): as ~/.ssh/config says, else the login name */
  PsAuthMethod auth;
  char *keyfile;       /* (nullable) */
  char *password_file; /* (nullable) */
  PsTransportKind transport;
  /* [LOCAL CONFIG] */
  char *local_base;   /* absolute; "~" expanded on reading */
  guint throttling;   /* seconds between looks at the server */
  guint log_file_max; /* lines */
  /* [REMOTE CONFIG] */
  char *remote_base;
  /* [SYNC] */
  char *device;
  PsConflictRule conflict;
  gboolean keep_symlinks;
  guint keep_versions_days;
  guint versions_max_percent; /* of the server's disk */
  guint full_scan_minutes;
  guint upload_limit; /* KiB/s, 0 = none */
  guint download_limit;
  guint delete_guard_percent;
  gboolean fsync;
  gboolean pause_on_metered;
} PsConfig;

/* Every member at its default; host, user, local_base, remote_base NULL. @file decides the name,
 * and need not be there. */
PsConfig *ps_config_new (const char *file);
PsConfig *ps_config_copy (const PsConfig *self);
void ps_config_free (PsConfig *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsConfig, ps_config_free)

/* Returns: whether a run made with @a would do the same as one with @b: all but the keys that only
 * say when runs are made (throttling, pause_on_metered) are equal. */
gboolean ps_config_same_run (const PsConfig *a, const PsConfig *b);

/* Reads and checks @file. "FILE:LINE: …" in every message about its content. */
PsConfig *ps_config_load (const char *file, GError **error);

/* Writes @self->file (0600, atomically): comments and order of an existing file stay, keys at their
 * default that the file does not have are left out. */
gboolean ps_config_save (const PsConfig *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same, but only the keys that @before has otherwise are written: what a person has changed in
 * the file meanwhile stays. */
gboolean ps_config_save_changes (const PsConfig *self, const PsConfig *before,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* That no other pair in ps_config_dir () has a local_base that is, holds or lies in @self's: each
 * would sync the other's .pisync. Reads the other files. */
gboolean ps_config_check_pairs (const PsConfig *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Checks one value as it is typed: FALSE with a sentence in @error. @group and @key as in the ini.
 */
gboolean ps_config_check_value (const char *group, const char *key, const char *value,
                                GError **error);

/* Reads the ancestor's file (~/.PiSync/pisync.ini), whose unknown keys are left out, into a
 * configuration for @file. */
PsConfig *ps_config_import (const char *ancestor, const char *file, GError **error);

/* Returns: (transfer full): $XDG_CONFIG_HOME/pisync, …/pisync.ini, …/known_hosts;
 * ~/.PiSync/pisync.ini. */
char *ps_config_dir (void);
char *ps_config_default_file (void);
char *ps_config_known_hosts_file (void);
char *ps_config_ancestor_file (void);

/* Returns: (transfer full) (element-type filename): every *.ini in ps_config_dir (), pisync.ini
 * first. */
GPtrArray *ps_config_list_files (void);

/* Returns: (transfer full): $XDG_STATE_HOME/pisync/NAME. */
char *ps_config_state_dir (const PsConfig *self);

G_END_DECLS
