/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A household in memory: two trees, a base, and an executor that does what the real one does.
 * People work on both trees; the model notes which contents somebody consciously replaced or
 * removed, so that every other content must still be there in the end. */
#pragma once

#include "core/plan.h"

G_BEGIN_DECLS

/* What lies at one path of one tree. */
typedef struct
{
  PsEntry entry;
  guint content; /* every write makes a new one; 0 for directories */
} Node;

typedef struct
{
  guint32 seed; /* of this history, for the message of a failure */
  GRand *rand;
  GHashTable *trees[2];   /* (element-type utf8 Node) by PsSide */
  GHashTable *base;       /* (element-type utf8 PsRow) */
  GHashTable *superseded; /* (element-type guint) contents somebody has seen and done away with */
  GHashTable *slots;      /* (element-type int Node) parked files */
  GHashTable *incomplete; /* (element-type utf8) directories that cannot be listed now */
  int64_t clock;
  guint64 next_inode;
  guint64 freed_inode; /* the next local file gets this one, if not 0 */
  guint next_content;
  guint fail_percent; /* of the steps that go wrong */
  bool trash_counts;  /* what lies in the trash or the versions is not lost */
  bool inodes;        /* whether the local file system has such */
} World;

World *world_new (guint32 seed);
void world_free (World *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (World, world_free)

/* Ends the test with a message, the seed and both trees, unless @holds. */
void world_check (World *self, bool holds, const char *format, ...) G_GNUC_PRINTF (3, 4);

Node *world_get (World *self, PsSide side, const char *path);

/* What people do; anything that cannot be done is left. */
void world_write (World *self, PsSide side, const char *path);
void world_mkdir (World *self, PsSide side, const char *path);
void world_delete (World *self, PsSide side, const char *path);
void world_rename (World *self, PsSide side, const char *from, const char *to);
void world_swap (World *self, PsSide side, const char *a, const char *b);
void world_random_act (World *self);

/* Scans both sides and plans. */
PsPlan *world_plan (World *self, const PsPlanOptions *options);

/* Carries out what is not held. Returns: whether all of it went well. */
bool world_apply (World *self, const PsPlan *plan);

/* Both trees hold the same names, kinds and contents. */
void world_check_equal (World *self);

/* Every content ever written is in one of the trees, unless somebody did away with it. */
void world_check_nothing_lost (World *self);

G_END_DECLS
