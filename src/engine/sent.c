/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether what lies on the server is what an upload left whose names were not durable when the link
 * was lost (s7). Size and second are not enough: another device may have sent the like since. */
#include "engine/content.h"
#include "engine/executor.h"
#include "engine/reuse-private.h"

#include <string.h>

typedef struct
{
  PsExecutor *executor;
  const PsStep *step;
  PsSentAnswer answer;
} Asking;

static void
answer (Asking *asking, const uint8_t sha256[PS_SHA256_SIZE])
{
  const PsStep *step = asking->step;

  asking->answer (asking->executor, step,
                  memcmp (sha256, step->row.sha256, sizeof step->row.sha256) == 0);
  g_free (asking);
}

static void
fail (Asking *asking, const GError *error)
{
  ps_executor_step_failed (asking->executor, asking->step, error);
  g_free (asking);
}

static void
summed (const PsRemoteResult *result, gpointer user_data)
{
  Asking *asking = user_data;

  asking->executor->in_flight--;
  if (result->error != NULL)
    fail (asking, result->error);
  else
    answer (asking, result->sha256);
}

static void
read_content (Asking *asking)
{
  g_autoptr (GError) error = NULL;

  if (ps_content_sum_remote_async (asking->executor->context, asking->step->path,
                                   &asking->step->remote, summed, asking, &error))
    asking->executor->in_flight++;
  else
    fail (asking, error);
}

static void
note_read (const PsRemoteResult *result, gpointer user_data)
{
  Asking *asking = user_data;
  uint8_t sha256[PS_SHA256_SIZE];

  asking->executor->in_flight--;
  if (result->error != NULL && ps_context_is_fatal (result->error))
    fail (asking, result->error);
  else if (result->error == NULL && ps_reuse_parse_note (result->bytes, sha256))
    answer (asking, sha256);
  else
    read_content (asking);
}

void
ps_sent_ask (PsExecutor *executor, const PsStep *step, PsSentAnswer told)
{
  Asking *asking = g_new (Asking, 1);
  g_autofree char *note = NULL;

  *asking = (Asking){ .executor = executor, .step = step, .answer = told };
  if (step->remote.size < PS_DELTA_MIN_SIZE)
    {
      read_content (asking);
      return;
    }
  note = ps_reuse_note_path (step->path, &step->remote);
  executor->in_flight++;
  ps_remote_read_async (executor->context->remote, note, 0, PS_REUSE_NOTE_SIZE + 1, note_read,
                        asking);
}
