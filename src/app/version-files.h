/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The versions that the server keeps, put together by the file that they are versions of, and the
 * words for them. */
#pragma once

#include "engine/versions.h"

G_BEGIN_DECLS

/* What lies in the local folder under the name of a file now. */
typedef enum
{
  PS_PRESENCE_UNKNOWN, /* the folder itself is not there: a disk that is not mounted */
  PS_PRESENCE_ABSENT,
  PS_PRESENCE_FILE,
  PS_PRESENCE_OTHER /* a folder, or something special, of that name */
} PsPresence;

/* Why a version is kept. */
typedef enum
{
  PS_KEPT_REPLACED,
  PS_KEPT_DELETED,
  PS_KEPT_CONFLICT /* it lost the name of the file to another version */
} PsKept;

typedef struct
{
  char *path;          /* relative, bytes */
  char *folded;        /* the same as it is looked for */
  GPtrArray *versions; /* (element-type PsVersion) owned, the newest first */
  PsPresence presence;
  guint64 size; /* of the present one, where there is one */
  gint64 mtime; /* Unix seconds */
} PsVersionFile;

void ps_version_file_free (PsVersionFile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsVersionFile, ps_version_file_free)

/* Puts @versions (transfer full) (element-type PsVersion) together, those of conflicted copies with
 * those of the file whose name they lost, and looks what is in @root now. @wanted: (nullable): the
 * path of a file whose versions are known by it even where their own names are shortened. Blocks on
 * the disk.
 *
 * Returns: (transfer full) (element-type PsVersionFile): what was changed last comes first */
GPtrArray *ps_version_files_new (GPtrArray *versions, const char *root, const char *wanted);

/* Why the version at @index is kept. That a file was deleted shows only while nothing has taken its
 * place. */
PsKept ps_version_file_kept (const PsVersionFile *self, guint index);

/* Returns: whether @needle (case-folded) is part of the file's path; "" is part of all. */
gboolean ps_version_file_matches (const PsVersionFile *self, const char *needle);

/* Returns: (transfer full): "Replaced on laptop, 3 Nov 2026, 14:05". */
char *ps_version_kept_text (const PsVersion *version, PsKept kept);

/* Returns: (transfer full): "3 Nov 2026, 14:05". @seconds: Unix. */
char *ps_version_date (gint64 seconds);

/* Returns: (transfer full): a name to save @version under beside others: "letter (2026-11-03
 * 1405).txt". UTF-8. */
char *ps_version_save_name (const char *path, const PsVersion *version);

G_END_DECLS
