/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/await.h"

/* What the callback leaves behind for the waiting call. */
typedef struct
{
  gboolean done;
  GError *error;
  GBytes *bytes;
  char *target;
  PsEntry entry;
} Answer;

static void
clear_answer (Answer *answer)
{
  g_clear_error (&answer->error);
  g_clear_pointer (&answer->bytes, g_bytes_unref);
  g_clear_pointer (&answer->target, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Answer, clear_answer)

static void
take_answer (const PsRemoteResult *result, gpointer user_data)
{
  Answer *answer = user_data;

  answer->done = TRUE;
  answer->entry = result->entry;
  if (result->error != NULL)
    answer->error = g_error_copy (result->error);
  if (result->bytes != NULL)
    answer->bytes = g_bytes_ref (result->bytes);
  answer->target = g_strdup (result->target);
}

/* Steps until the answer is there. A lost link answers by its own error first, so the callback has
 * always run when this returns. */
static gboolean
await (PsRemote *remote, Answer *answer, GCancellable *cancellable, GError **error)
{
  while (!answer->done)
    if (!ps_remote_step (remote, -1, cancellable, error))
      return FALSE;
  if (answer->error == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&answer->error));
  return FALSE;
}

GBytes *
ps_await_read (PsRemote *remote, const char *path, uint64_t offset, gsize length,
               GCancellable *cancellable, GError **error)
{
  g_auto (Answer) answer = { 0 };

  ps_remote_read_async (remote, path, offset, length, take_answer, &answer);
  if (!await (remote, &answer, cancellable, error))
    return NULL;
  return g_steal_pointer (&answer.bytes);
}

char *
ps_await_readlink (PsRemote *remote, const char *path, GCancellable *cancellable, GError **error)
{
  g_auto (Answer) answer = { 0 };

  ps_remote_readlink_async (remote, path, take_answer, &answer);
  if (!await (remote, &answer, cancellable, error))
    return NULL;
  return g_steal_pointer (&answer.target);
}

/* The common end of the calls that answer with an entry. */
static gboolean
await_entry (PsRemote *remote, Answer *answer, PsEntry *entry, GCancellable *cancellable,
             GError **error)
{
  if (!await (remote, answer, cancellable, error))
    return FALSE;
  if (entry != NULL)
    *entry = answer->entry;
  return TRUE;
}

gboolean
ps_await_move (PsRemote *remote, const char *from, const char *to, const PsEntry *expected,
               PsEntry *moved, GCancellable *cancellable, GError **error)
{
  g_auto (Answer) answer = { 0 };

  ps_remote_move_async (remote, from, to, expected, take_answer, &answer);
  return await_entry (remote, &answer, moved, cancellable, error);
}

gboolean
ps_await_remove (PsRemote *remote, const char *path, const PsEntry *expected,
                 GCancellable *cancellable, GError **error)
{
  g_auto (Answer) answer = { 0 };

  ps_remote_remove_async (remote, path, expected, take_answer, &answer);
  return await (remote, &answer, cancellable, error);
}

gboolean
ps_await_symlink (PsRemote *remote, const char *path, const char *target, PsEntry *made,
                  GCancellable *cancellable, GError **error)
{
  g_auto (Answer) answer = { 0 };

  ps_remote_symlink_async (remote, path, target, take_answer, &answer);
  return await_entry (remote, &answer, made, cancellable, error);
}

gboolean
ps_await_stat (PsRemote *remote, const char *path, PsEntry *entry, GCancellable *cancellable,
               GError **error)
{
  g_auto (Answer) answer = { 0 };

  ps_remote_stat_async (remote, path, take_answer, &answer);
  return await_entry (remote, &answer, entry, cancellable, error);
}

gboolean
ps_await_write (PsRemote *remote, const char *path, GBytes *content, GCancellable *cancellable,
                GError **error)
{
  g_auto (Answer) answer = { 0 };

  ps_remote_write_async (remote, path, content, take_answer, &answer);
  return await (remote, &answer, cancellable, error);
}

gboolean
ps_await_get (PsRemote *remote, const char *path, int fd, const PsEntry *expected,
              GCancellable *cancellable, GError **error)
{
  g_auto (Answer) answer = { 0 };
  PsGet get = { .path = path, .fd = fd, .expected = *expected };

  ps_remote_get_async (remote, &get, take_answer, &answer);
  return await (remote, &answer, cancellable, error);
}
