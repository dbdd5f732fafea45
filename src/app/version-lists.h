/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows of the two lists in the window of earlier versions. Both are bounded, so that filling
 * them never takes long; what is beyond is found by typing a part of its name. */
#pragma once

#include "app/version-files.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

enum
{
  PS_VERSION_FILE_ICON,
  PS_VERSION_FILE_MARKUP,
  PS_VERSION_FILE_TOOLTIP, /* markup */
  PS_VERSION_FILE_POINTER, /* PsVersionFile, borrowed */
  PS_VERSION_N_FILE_COLUMNS
};

enum
{
  PS_VERSION_DATE,
  PS_VERSION_SIZE,
  PS_VERSION_WHY,
  PS_VERSION_POINTER, /* PsVersion, borrowed */
  PS_VERSION_N_COLUMNS
};

/* What a person looks for. */
typedef struct
{
  const char *text; /* a part of the path */
  gboolean deleted; /* only what is not there any more */
} PsVersionFilter;

/* Returns: (transfer full): a row for each of @files (element-type PsVersionFile) that @filter lets
 * through. *@choice is the row of @chosen (nullable, a path), 0 where it has none; *@rest says in a
 * sentence what is not in the list, NULL where nothing is left out. */
GtkListStore *ps_version_list_files (const GPtrArray *files, const PsVersionFilter *filter,
                                     const char *chosen, guint *choice, char **rest);

/* The same for the versions of @file (nullable: none); @chosen (nullable): a version's id. */
GtkListStore *ps_version_list_versions (const PsVersionFile *file, const char *chosen,
                                        guint *choice);

/* Returns: (transfer full): "12 kB · 3 Nov 2026, 14:05" */
char *ps_version_text (const PsVersion *version);

/* Returns: (transfer full): the same of what lies in the folder @root now, or why there is nothing.
 */
char *ps_version_present_text (const PsVersionFile *file, const char *root);

G_END_DECLS
