/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/await.h"

#include "sftp/waited.h"

GBytes *
ps_await_read (PsRemote *remote, const char *path, uint64_t offset, gsize length,
               GCancellable *cancellable, GError **error)
{
  g_auto (PsWaited) answer = { 0 };

  ps_remote_read_async (remote, path, offset, length, ps_waited_done, &answer);
  if (!ps_waited_wait (&answer, remote, cancellable, error))
    return NULL;
  return g_steal_pointer (&answer.bytes);
}

char *
ps_await_readlink (PsRemote *remote, const char *path, GCancellable *cancellable, GError **error)
{
  g_auto (PsWaited) answer = { 0 };

  ps_remote_readlink_async (remote, path, ps_waited_done, &answer);
  if (!ps_waited_wait (&answer, remote, cancellable, error))
    return NULL;
  return g_steal_pointer (&answer.target);
}

/* The common end of the calls that answer with an entry. */
static gboolean
await_entry (PsRemote *remote, PsWaited *answer, PsEntry *entry, GCancellable *cancellable,
             GError **error)
{
  if (!ps_waited_wait (answer, remote, cancellable, error))
    return FALSE;
  if (entry != NULL)
    *entry = answer->entry;
  return TRUE;
}

gboolean
ps_await_move (PsRemote *remote, const char *from, const char *to, const PsEntry *expected,
               PsEntry *moved, GCancellable *cancellable, GError **error)
{
  g_auto (PsWaited) answer = { 0 };

  ps_remote_move_async (remote, from, to, expected, ps_waited_done, &answer);
  return await_entry (remote, &answer, moved, cancellable, error);
}

gboolean
ps_await_set_attributes (PsRemote *remote, const char *path, const PsEntry *expected,
                         const PsEntry *wanted, PsEntry *shown, GCancellable *cancellable,
                         GError **error)
{
  g_auto (PsWaited) answer = { 0 };

  ps_remote_set_attributes_async (remote, path, expected, wanted, ps_waited_done, &answer);
  return await_entry (remote, &answer, shown, cancellable, error);
}

gboolean
ps_await_remove (PsRemote *remote, const char *path, const PsEntry *expected,
                 GCancellable *cancellable, GError **error)
{
  g_auto (PsWaited) answer = { 0 };

  ps_remote_remove_async (remote, path, expected, ps_waited_done, &answer);
  return ps_waited_wait (&answer, remote, cancellable, error);
}

gboolean
ps_await_symlink (PsRemote *remote, const char *path, const char *target, PsEntry *made,
                  GCancellable *cancellable, GError **error)
{
  g_auto (PsWaited) answer = { 0 };

  ps_remote_symlink_async (remote, path, target, ps_waited_done, &answer);
  return await_entry (remote, &answer, made, cancellable, error);
}

gboolean
ps_await_stat (PsRemote *remote, const char *path, PsEntry *entry, GCancellable *cancellable,
               GError **error)
{
  g_auto (PsWaited) answer = { 0 };

  ps_remote_stat_async (remote, path, ps_waited_done, &answer);
  return await_entry (remote, &answer, entry, cancellable, error);
}

gboolean
ps_await_write (PsRemote *remote, const char *path, GBytes *content, GCancellable *cancellable,
                GError **error)
{
  g_auto (PsWaited) answer = { 0 };

  ps_remote_write_async (remote, path, content, ps_waited_done, &answer);
  return ps_waited_wait (&answer, remote, cancellable, error);
}

gboolean
ps_await_get (PsRemote *remote, const char *path, int fd, const PsEntry *expected,
              GCancellable *cancellable, GError **error)
{
  g_auto (PsWaited) answer = { 0 };
  PsGet get = { .path = path, .fd = fd, .expected = *expected };

  ps_remote_get_async (remote, &get, ps_waited_done, &answer);
  return ps_waited_wait (&answer, remote, cancellable, error);
}
