/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tests of the local side share: a folder of their own, opened and prepared, in several
 * variants: as it is, and as if kernel or file system could do less. */
#pragma once

#include "local/local-private.h"

#include <string.h>

typedef struct
{
  char *top;  /* holds the root and whatever lies outside of it */
  char *root; /* TOP/root */
  PsLocal *local;
} Folder;

/* What is switched off. */
typedef enum
{
  VARIANT_WHOLE = 0,
  VARIANT_WALK = 1 << 0,        /* no openat2 */
  VARIANT_NO_EXCHANGE = 1 << 1, /* nor RENAME_NOREPLACE */
  VARIANT_NO_LINKS = 1 << 2
} Variant;

void folder_set_up (Folder *folder, gconstpointer variant);
void folder_tear_down (Folder *folder, gconstpointer variant);

/* Closes, opens and prepares again. */
void folder_reopen (Folder *folder, Variant variant);

/* Registers @function under @path as it is, or once a variant ("@path/walk" …). */
void add_test (const char *path, void (*function) (Folder *, gconstpointer));
void add_test_variants (const char *path, void (*function) (Folder *, gconstpointer));

/* All paths are below the root, unless they begin with '/'. */
char *full_path (const Folder *folder, const char *path);
void write_file (const Folder *folder, const char *path, const char *content);
void make_dir (const Folder *folder, const char *path); /* with its parents */
void make_link (const Folder *folder, const char *path, const char *target);
void remove_file (const Folder *folder, const char *path);
void remove_tree (const char *full);
gboolean is_there (const Folder *folder, const char *path);
void assert_content (const Folder *folder, const char *path, const char *content);
guint mode_of (const Folder *folder, const char *path);

/* As the scan sees it; kind ABSENT where nothing is. */
PsEntry look (const Folder *folder, const char *path);

/* Returns: (transfer full) (nullable): the path below the root of the one file in @dir and below
 * that has @content. */
char *find_content (const Folder *folder, const char *dir, const char *content);
guint count_files (const Folder *folder, const char *dir); /* in it and below */

/* A finished temporary file with @content, mtime 1700000000 s. */
PsLocalTemp *make_temp (Folder *folder, const char *key, const char *content);
extern const PsEntry new_file;

/* Places @content at @path, which must succeed; returns what was displaced (transfer full). */
char *place_content (Folder *folder, const char *path, const char *content, const PsEntry *expected,
                     PsEntry *placed);

/* Places it, which must fail with @code. */
void assert_place_fails (Folder *folder, const char *path, const char *content,
                         const PsEntry *expected, PsLocalError code);

#define assert_local_error(error, code)                                                            \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_assert_error (error, PS_LOCAL_ERROR, code);                                                  \
    g_clear_error (&error);                                                                        \
  }                                                                                                \
  G_STMT_END

#define assert_done(call, error)                                                                   \
  G_STMT_START                                                                                     \
  {                                                                                                \
    gboolean done_ = call;                                                                         \
    g_assert_no_error (error);                                                                     \
    g_assert_true (done_);                                                                         \
  }                                                                                                \
  G_STMT_END
