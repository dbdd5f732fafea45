/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A device without a run: local folder, base, and a link to a bare sftp-server, for the parts of
 * the engine that need all three. */
#pragma once

#include "engine/reuse.h"

G_BEGIN_DECLS

typedef struct
{
  char *dir;    /* with the folders "local" and "state" */
  char *server; /* the server's folder on this machine; not owned by a device but the first */
  gboolean owns_server;
  char *local_dir;
  PsStore *store;
  PsLocal *local;
  PsRemote *remote;
  PsReuse *reuse;
  PsConfig *config;
  PsContext context;
  PsSummary summary;
  PsProgress progress;
  PsRunPorts ports;
  GPtrArray *problems; /* (element-type utf8) codes of problem events */
  int64_t now;         /* of its clock, ns */
  PsClock clock;
  guint64 cut_after; /* bytes either way after which its link breaks; 0 = never */
} Device;

/* @server: (nullable): the server's folder, NULL makes one. @flags: of sftp-server. */
Device *device_new (const char *server, const char *name, const char *flags);
void device_free (Device *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Device, device_free)

/* A new link, with what reuses over it; that breaks after @cut_after bytes. */
void device_connect (Device *self, const char *flags, guint64 cut_after);
void device_disconnect (Device *self);

/* Bytes that have travelled over the present link. */
guint64 device_traffic (const Device *self);

/* What a transfer came to. */
typedef struct
{
  gboolean done;
  GError *error;
  PsEntry entry;
  gboolean has_hash;
  uint8_t sha256[32];
  uint64_t wire;
  uint64_t moved;
} Transfer;

void transfer_clear (Transfer *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Transfer, transfer_clear)

/* Carries the local file @path up, or the server's down, and records it, as the executor does. */
void device_upload (Device *self, const char *path, Transfer *transfer);
void device_download (Device *self, const char *path, Transfer *transfer);

/* Asserts that local file and server's file are the same, and what @path is recorded with. */
void device_assert_same (Device *self, const char *path);

/* The end of a pass: signatures are kept and published. */
void device_tidy (Device *self);

/* Signatures and notes that lie on the server. */
guint device_count_signatures (const Device *self);

gboolean device_has_problem (const Device *self, const char *code);

/* Files of either side. */
void device_write (Device *self, const char *path, const GByteArray *bytes);
char *device_server_path (const Device *self, const char *path);

G_END_DECLS
