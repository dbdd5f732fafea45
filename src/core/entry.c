/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/entry.h"

bool
ps_entry_same (const PsEntry *a, const PsEntry *b)
{
  if (a->kind != b->kind)
    return false;
  if (a->kind == PS_KIND_ABSENT || a->kind == PS_KIND_DIR)
    return true;
  return a->size == b->size && a->mtime == b->mtime && a->executable == b->executable;
}

bool
ps_entry_tell_from (PsEntry *entry, const PsEntry *old, int64_t grain)
{
  if (entry->kind != PS_KIND_FILE || old->kind != PS_KIND_FILE || entry->size != old->size
      || entry->mtime / grain != old->mtime / grain)
    return false;
  entry->mtime = old->mtime + grain;
  return true;
}

const char *
ps_kind_name (PsKind kind)
{
  static const char *const names[] = {
    [PS_KIND_ABSENT] = "nothing",       [PS_KIND_FILE] = "file",
    [PS_KIND_DIR] = "directory",        [PS_KIND_SYMLINK] = "symbolic link",
    [PS_KIND_SPECIAL] = "special file",
  };

  return names[kind];
}
