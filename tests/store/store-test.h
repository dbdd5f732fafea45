/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tests of the base share: a state directory of their own, rows, comparisons. */
#pragma once

#include "store/store.h"

typedef struct
{
  char *dir; /* the state directory; not made yet */
  PsStore *store;
} Base;

/* Makes the place, opens the base in it. */
void base_set_up (Base *base, gconstpointer data);
void base_tear_down (Base *base, gconstpointer data);

/* Closes and opens again; the base must be sound. */
void base_reopen (Base *base);

/* Returns: (transfer full): DIR/NAME. */
char *base_file (const Base *base, const char *name);

/* Removes @dir and all below it. */
void remove_tree (const char *dir);

/* A row of a file that both sides hold, all members told apart by @seed. */
PsRow make_row (guint seed);

void put_row (PsStore *store, const char *path, const PsRow *row);
void assert_row (PsStore *store, const char *path, const PsRow *expected);
void assert_no_row (PsStore *store, const char *path);
void assert_totals (PsStore *store, guint64 rows, guint64 files_local, guint64 files_remote);
