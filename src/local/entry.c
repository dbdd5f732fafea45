/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "local/local-private.h"

#include "util/words.h"

#include <errno.h>
#include <fcntl.h>

#define NS 1000000000

static PsKind
kind_of (mode_t mode)
{
  switch (mode & S_IFMT)
    {
    case S_IFREG:
      return PS_KIND_FILE;
    case S_IFDIR:
      return PS_KIND_DIR;
    case S_IFLNK:
      return PS_KIND_SYMLINK;
    default:
      return PS_KIND_SPECIAL;
    }
}

/* Times outside the years 1678 to 2261 do not fit: the nearest does. */
static int64_t
to_ns (const struct timespec *ts)
{
  int64_t ns;

  if (__builtin_mul_overflow ((int64_t)ts->tv_sec, (int64_t)NS, &ns)
      || __builtin_add_overflow (ns, (int64_t)ts->tv_nsec, &ns))
    return ts->tv_sec < 0 ? INT64_MIN : INT64_MAX;
  return ns;
}

void
ps_local_entry_from_stat (PsEntry *entry, const struct stat *st)
{
  PsKind kind = kind_of (st->st_mode);

  *entry = (PsEntry){
    .kind = kind,
    .executable = kind == PS_KIND_FILE && (st->st_mode & S_IXUSR) != 0,
    .size = kind == PS_KIND_FILE || kind == PS_KIND_SYMLINK ? (uint64_t)st->st_size : 0,
    .mtime = to_ns (&st->st_mtim),
    .inode = st->st_ino,
    .device = st->st_dev,
  };
}

int
ps_local_stat_at (int dir_fd, const char *name, PsEntry *entry)
{
  struct stat st;

  *entry = (PsEntry){ 0 };
  if (fstatat (dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
    return errno;
  ps_local_entry_from_stat (entry, &st);
  return 0;
}

void
ps_local_hand_out (const PsLocal *self, PsEntry *entry)
{
  if (!self->stable_inodes)
    entry->inode = entry->device = 0;
}

int
ps_local_set_mtime (int fd, int64_t ns)
{
  int64_t rest = ((ns % NS) + NS) % NS; /* never negative, before 1970 either */
  struct timespec times[2];
  struct stat st;

  if (fstat (fd, &st) != 0)
    return errno;
  times[0] = st.st_atim; /* older FUSE ignores a call that leaves one of the two out */
  times[1].tv_sec = (time_t)(ns / NS - (ns % NS < 0));
  times[1].tv_nsec = (long)rest;
  return futimens (fd, times) == 0 ? 0 : errno;
}

bool
ps_local_is_expected (const PsLocal *self, const PsEntry *now, const PsEntry *expected)
{
  PsEntry like = *expected;

  if (!self->caps.executable_bit)
    like.executable = now->executable; /* it means nothing there */
  if (!ps_entry_same (now, &like))
    return false;
  return !self->stable_inodes || expected->inode == 0
         || (now->inode == expected->inode
             && (expected->device == 0 || now->device == expected->device));
}

gboolean
ps_local_fstat (int fd, PsEntry *entry, GError **error)
{
  struct stat st;

  *entry = (PsEntry){ 0 };
  if (fstat (fd, &st) != 0)
    return ps_local_fail (error, errno, N_ ("Could not look at %s"), _ ("the open file"));
  ps_local_entry_from_stat (entry, &st);
  return TRUE;
}
