/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A household for tests of the engine: a folder that plays the Pi, served by a bare sftp-server
 * over a pipe, and devices that sync with it. */
#pragma once

#include "engine/run.h"

G_BEGIN_DECLS

typedef struct
{
  char *dir;                      /* holds everything; removed at the end */
  char *server;                   /* the folder on "the Pi" */
  const char *const *server_argv; /* (nullable) how the server is started; NULL: the plain one */
} PsHousehold;

typedef struct
{
  PsHousehold *household; /* borrowed */
  char *local;
  char *state;
  PsConfig *config;
  PsRun *run;
  PsClock clock;
  int64_t ahead; /* microseconds that the device's clock is ahead of this machine's */
  int64_t leap;  /* by so many more with every action */
  /* (nullable) Called once, when the next sync begins to carry out its plan. */
  void (*meanwhile) (gpointer data);
  gpointer meanwhile_data;
  guint cancel_after; /* > 0: ps_device_sync_cancelled () ends with that many actions done */
  GCancellable *cancellable;
  PsSummary summary; /* of the last sync */
  GPtrArray *events; /* (element-type PsEvent) of the last sync */
} PsDevice;

PsHousehold *ps_household_new (void);
void ps_household_free (PsHousehold *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsHousehold, ps_household_free)

PsDevice *ps_device_new (PsHousehold *household, const char *name);
void ps_device_free (PsDevice *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsDevice, ps_device_free)

/* Ends the run object and makes a new one, as a restart of the program would; config changes take
 * effect. */
void ps_device_restart (PsDevice *self);

/* One run that has to come to its end; summary and events are of this run. */
void ps_device_sync_flags (PsDevice *self, PsSyncFlags flags);
#define ps_device_sync(self) ps_device_sync_flags ((self), PS_SYNC_DEFAULT)

/* One run that ends in agreement, or the test fails with what stood in the way. */
void ps_device_agree (PsDevice *self);

/* One run that is cancelled when @actions are done, before they are recorded. */
void ps_device_sync_cancelled (PsDevice *self, PsSyncFlags flags, guint actions);

/* One run that has to fail with @code. */
void ps_device_sync_fails (PsDevice *self, PsEngineError code);

/* Syncs all @devices in turn until none of them has anything left to do, then asserts that all
 * trees are equal. */
void ps_household_settle (PsHousehold *self, PsDevice **devices, guint n_devices);

/* Two devices, "anna" and "bert", that have synced a tree with each other through the server. */
typedef struct
{
  PsHousehold *household;
  PsDevice *a, *b;
} PsTwo;

/* @tree: as ps_test_make_tree (). */
void ps_two_set_up (PsTwo *self, const char *tree);
void ps_two_clear (PsTwo *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PsTwo, ps_two_clear)

/* As ps_household_settle (). */
void ps_two_settle (PsTwo *self);

#define SET_UP(tree)                                                                               \
  g_auto (PsTwo) two = { 0 };                                                                      \
  ps_two_set_up (&two, tree)

/* Returns: how many actions of that name (NULL: any) the last sync told for @path (NULL: any). */
guint ps_device_count (PsDevice *self, const char *action, const char *path);

/* Returns: (transfer none) (nullable): the first problem of @code in the last sync. */
const PsEvent *ps_device_problem (PsDevice *self, const char *code);

/* Returns: how many things @guard held in the last sync. */
guint64 ps_device_held (PsDevice *self, PsGuard guard);

/* Returns: (transfer full) (nullable): the path below @root of the only conflicted copy in its top
 * directory; NULL where there is none. */
char *ps_find_conflict_copy (const char *root);

/* Returns: whether a file with just the content @text is somewhere below @root, .pisync included.
 */
gboolean ps_content_exists (const char *root, const char *text);

G_END_DECLS
