/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/content.h"

#include "delta/delta.h"
#include "engine/reuse.h"
#include "util/autofd.h"
#include "util/sha256.h"
#include "util/words.h"

#include <string.h>

gboolean
ps_content_hash_local (PsContext *context, const char *path, const PsEntry *entry,
                       uint8_t sha256[32], GError **error)
{
  PsEntry before, after;
  ps_autofd fd = ps_local_open_file (context->local, path, &before, error);

  if (fd < 0)
    return FALSE;
  if (!ps_sha256_fd (fd, sha256, context->cancellable, error)
      || !ps_local_fstat (fd, &after, error))
    return FALSE;
  if (ps_entry_same (&before, &after) && before.size == entry->size && before.mtime == entry->mtime)
    return TRUE;
  g_set_error (error, PS_LOCAL_ERROR, PS_LOCAL_ERROR_CHANGED, _ ("%s changed while it was read"),
               path);
  return FALSE;
}

gboolean
ps_content_compare_local (PsContext *context, const char *path, const PsEntry *entry,
                          const uint8_t sha256[32], PsContentVerdict *verdict, GError **error)
{
  g_autoptr (GError) failure = NULL;
  uint8_t sum[32];

  if (ps_content_hash_local (context, path, entry, sum, &failure))
    {
      *verdict = memcmp (sum, sha256, sizeof sum) == 0 ? PS_CONTENT_SAME : PS_CONTENT_OTHER;
      return TRUE;
    }
  if (g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  *verdict = PS_CONTENT_UNKNOWN;
  return TRUE;
}

/* A file of the server's on its way. */
typedef struct
{
  PsLocalTemp *temp; /* takes the content, of whatever size, until it is summed up */
  PsRemoteDone done;
  gpointer user_data;
} Summing;

static void
summed (const PsRemoteResult *result, gpointer user_data)
{
  g_autofree Summing *summing = user_data;

  summing->done (result, summing->user_data);
  ps_local_temp_free (summing->temp);
}

gboolean
ps_content_sum_remote_async (PsContext *context, const char *path, const PsEntry *entry,
                             PsRemoteDone done, gpointer user_data, GError **error)
{
  PsLocalTemp *temp = ps_local_temp_new (context->local, path, FALSE, error);
  PsGet get = { .path = path, .expected = *entry, .hash = TRUE };
  Summing *summing;

  if (temp == NULL)
    return FALSE;
  summing = g_new (Summing, 1);
  *summing = (Summing){ .temp = temp, .done = done, .user_data = user_data };
  get.fd = ps_local_temp_peek_fd (temp);
  ps_remote_get_async (context->remote, &get, summed, summing);
  return TRUE;
}

/* A note on its way. */
typedef struct
{
  PsContentPublished told;
  gpointer user_data;
} Asking;

static void
note_read (const PsRemoteResult *result, gpointer user_data)
{
  g_autofree Asking *asking = user_data;
  uint8_t sha256[PS_SHA256_SIZE];

  if (result->error != NULL && ps_context_is_fatal (result->error))
    asking->told (NULL, result->error, asking->user_data);
  else if (result->error == NULL && ps_reuse_parse_note (result->bytes, sha256))
    asking->told (sha256, NULL, asking->user_data);
  else
    asking->told (NULL, NULL, asking->user_data);
}

void
ps_content_ask_published (PsContext *context, const char *path, const PsEntry *entry,
                          PsContentPublished told, gpointer user_data)
{
  g_autofree char *note = NULL;
  Asking *asking;

  if (entry->size < PS_DELTA_MIN_SIZE)
    {
      told (NULL, NULL, user_data);
      return;
    }
  asking = g_new (Asking, 1);
  *asking = (Asking){ .told = told, .user_data = user_data };
  note = ps_reuse_note_path (path, entry);
  ps_remote_read_async (context->remote, note, 0, PS_REUSE_NOTE_SIZE + 1, note_read, asking);
}

gboolean
ps_content_is_racy (const PsContext *context, const PsEntry *entry, int64_t when)
{
  int64_t grain = MAX (ps_local_peek_caps (context->local)->mtime_grain, (int64_t)PS_LOCAL_TICK);

  return entry->kind == PS_KIND_FILE && entry->mtime > when - grain;
}

gboolean
ps_content_tell_from (const PsContext *context, PsEntry *entry, const PsEntry *old)
{
  bool even = ps_remote_peek_caps (context->remote)->names == PS_NAMES_FAT; /* FAT's are even */

  return ps_entry_tell_from (entry, old, even ? 2 * PS_ENTRY_SECOND : PS_ENTRY_SECOND);
}
