/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a scan sees at one path, and what the base remembers of it. Values only. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

G_BEGIN_DECLS

typedef enum
{
  PS_KIND_ABSENT, /* nothing there; so { 0 } is an absent entry */
  PS_KIND_FILE,
  PS_KIND_DIR,
  PS_KIND_SYMLINK,
  PS_KIND_SPECIAL /* device, socket, pipe: seen, never synced */
} PsKind;

typedef struct
{
  PsKind kind;
  bool executable; /* files: the owner may execute it */
  uint64_t size;   /* files: bytes; symbolic links: length of the target; else 0 */
  int64_t mtime;  /* nanoseconds since the epoch, by the clock of the host it lies on; whole seconds
                     from a server */
  uint64_t inode; /* local only, 0 = not known */
  uint64_t device; /* local only */
} PsEntry;

typedef enum
{
  PS_SIDE_LOCAL,
  PS_SIDE_REMOTE
} PsSide;

/* One row of the base: both listings as last recorded for a path. A side that is PS_KIND_ABSENT was
 * not in that side's listing. */
typedef struct
{
  PsEntry local;
  PsEntry remote;
  bool has_hash;
  bool racy; /* the local mtime lay in the clock tick of its scan: the same size and mtime may hide
                a change */
  uint8_t sha256[32]; /* of the content that both sides had, if has_hash */
} PsRow;

/* Returns: whether @a and @b look the same: kind, size, mtime and executable bit; directories by
 * kind alone. Inodes do not count. */
bool ps_entry_same (const PsEntry *a, const PsEntry *b);

#define PS_ENTRY_SECOND INT64_C (1000000000) /* nanoseconds: a server's times are whole seconds */

/* Moves the mtime of a file that is to take the place of @old so far on that nobody takes it for
 * @old: one of the same size within the same @grain (nanoseconds) of the server's times would look
 * unchanged. Returns: whether it had to. */
bool ps_entry_tell_from (PsEntry *entry, const PsEntry *old, int64_t grain);

/* "file", "directory", …; static, plain English. */
const char *ps_kind_name (PsKind kind);

static inline bool
ps_entry_present (const PsEntry *entry)
{
  return entry->kind != PS_KIND_ABSENT;
}

G_END_DECLS
