/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Relative paths and names: bytes, '/'-separated, without "." and "..", checked once where they
 * enter the house. */
#pragma once

#include <glib.h>
#include <stdbool.h>

G_BEGIN_DECLS

#define PS_NAME_MAX 255 /* bytes of one name */
#define PS_RELPATH_MAX                                                                             \
  4000 /* bytes of a whole relative path; leaves room for the root below PATH_MAX */

/* The one directory of ours in both roots, which no side ever syncs. */
#define PS_OWN_DIR ".pisync"

/* Returns: whether @name, @length bytes, can be the name of a directory entry: 1..255 bytes, no
 * '/', no NUL, not "." or "..". */
bool ps_name_valid (const char *name, gsize length);

/* Returns: whether @path is a relative path of valid names ("" is not) and no longer than
 * PS_RELPATH_MAX. */
bool ps_relpath_valid (const char *path);

/* Returns: whether @path is .pisync or lies in it. */
bool ps_relpath_is_own (const char *path);

/* Returns: (transfer full): @dir "/" @name, or @name alone where @dir is "". */
char *ps_relpath_join (const char *dir, const char *name);

/* Returns: (transfer full): the directory that holds @path, "" for a name in the root. */
char *ps_relpath_parent (const char *path);

/* Returns: (transfer none): the last name of @path. */
const char *ps_relpath_name (const char *path);

/* Returns: whether @path lies below the directory @dir ("" holds everything); a path is not below
 * itself. */
bool ps_relpath_below (const char *path, const char *dir);

/* How many names deep: 0 for "", 1 for "a", 2 for "a/b". */
guint ps_relpath_depth (const char *path);

/* Returns: (transfer full): valid UTF-8: @bytes with '%', control characters and bytes that are not
 * UTF-8 as %XX. Sets *@raw when anything but plain text had to be escaped for not being UTF-8
 * (then, and only then, '%' itself is escaped too). */
char *ps_relpath_escape (const char *bytes, bool *raw);

typedef enum
{
  PS_NAMES_POSIX, /* anything */
  PS_NAMES_FAT /* FAT, exFAT, NTFS: no control characters nor <>:"|?*\, no trailing dot or space, no
                  CON, NUL, COM1 … */
} PsNameRules;

/* Returns: (transfer full): what names, or paths, that differ only in case or in how accents are
 * encoded have in common. */
char *ps_name_fold (const char *name);

/* Whether @a and @b are two names, or paths, here and one on a disk that does not tell cases apart.
 */
bool ps_names_differ_in_case (const char *a, const char *b);

/* Returns: (nullable): why a file system with @rules cannot hold @name, in plain English (static),
 * or NULL when it can. */
const char *ps_name_refusal (const char *name, PsNameRules rules);

G_END_DECLS
