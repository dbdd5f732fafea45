/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether what lies on the server is what an upload left whose names were not durable when the link
 * was lost (s7). Size and second are not enough: another device may have sent the like since. */
#include "engine/content.h"
#include "engine/executor.h"

#include <string.h>

typedef struct
{
  PsExecutor *executor;
  const PsStep *step;
  PsSentAnswer answer;
} Asking;

static void
answer (Asking *asking, const uint8_t sha256[32])
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
published (const uint8_t sha256[32], const GError *error, gpointer user_data)
{
  Asking *asking = user_data;

  asking->executor->in_flight--;
  if (error != NULL)
    fail (asking, error);
  else if (sha256 != NULL)
    answer (asking, sha256);
  else
    read_content (asking);
}

void
ps_sent_ask (PsExecutor *executor, const PsStep *step, PsSentAnswer told)
{
  Asking *asking = g_new (Asking, 1);

  *asking = (Asking){ .executor = executor, .step = step, .answer = told };
  executor->in_flight++;
  ps_content_ask_published (executor->context, step->path, &step->remote, published, asking);
}
