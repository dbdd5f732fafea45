/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much of an upload would survive whatever dies now. While the content travels the server is
 * asked again and again to make durable what it has acknowledged; what is told to be durable is
 * where a later upload of the same source begins. No more than a window waits for that, so no more
 * than a window is ever sent twice: PS_PUT_WINDOW, and on a long fast link what passes in the round
 * trips until the answer, without which it could never be used to the full. */
#include "sftp/put.h"

#define MARK_LEAST (1024 * 1024)       /* bytes sent; fewer are not worth the disk's time */
#define MARK_COPIED (64 * 1024 * 1024) /* bytes of the file, where most are copied */
#define MARK_US (250 * 1000)           /* between two marks of fewer */
#define ROUND_TRIPS 3 /* until a byte is acknowledged, the question is sent, it is answered */

void
ps_put_begin_durable (PsPutOp *self)
{
  self->durable = self->resume;
  self->marked_at = g_get_monotonic_time ();
  if (self->tell_durable != NULL)
    self->tell_durable (self->durable, self->op.user_data);
}

static uint64_t
window (const PsPutOp *self)
{
  return PS_PUT_WINDOW + ROUND_TRIPS * ps_client_bytes_a_round_trip (self->op.remote->client, true);
}

static bool
is_due (const PsPutOp *self, uint64_t upto)
{
  uint64_t sent = MIN (self->sent - self->sent_durable, upto - self->durable);

  return sent >= window (self) / 2 || upto - self->durable >= MARK_COPIED
         || (sent >= MARK_LEAST && g_get_monotonic_time () - self->marked_at >= MARK_US);
}

static void
marked (PsPutOp *self)
{
  self->durable = self->marking;
  self->sent_durable = self->sent_marking;
  self->marking = 0;
  self->marked_at = g_get_monotonic_time ();
  self->tell_durable (self->durable, self->op.user_data);
}

/* The handle whose channel has the least to do before it comes to the question. */
static const PsHandle *
idlest_handle (const PsPutOp *self)
{
  const PsClient *client = self->op.remote->client;
  const PsHandle *best = &self->handles[0];

  for (guint i = 1; i < self->n_handles; i++)
    if (self->handles[i].open
        && ps_client_load (client, self->handles[i].channel)
               < ps_client_load (client, best->channel))
      best = &self->handles[i];
  return best;
}

void
ps_put_consider_durable (PsPutOp *self)
{
  const PsHandle *handle = idlest_handle (self);
  uint64_t upto = ps_put_acknowledged (self);

  /* At the end all becomes durable anyway. */
  if (self->tell_durable == NULL || self->marking > 0 || upto == self->source.size || !handle->open
      || self->op.error != NULL || !is_due (self, upto))
    return;
  self->marking = upto;
  self->sent_marking = MAX (self->sent_durable, self->sent - MIN (self->sent, self->next - upto));
  if (self->op.remote->options.fsync && ps_client_peek_info (self->op.remote->client)->fsync)
    ps_request_fsync (&self->op, handle, PS_PUT_TAG (PS_PUT_TAG_DURABLE, 0));
  else
    marked (self);
}

void
ps_put_take_durable_reply (PsPutOp *self, const PsReply *reply)
{
  if (ps_reply_is (reply, PS_FX_OP_UNSUPPORTED) || ps_op_check (&self->op, reply))
    marked (self);
}

bool
ps_put_waits_for_durable (const PsPutOp *self)
{
  return self->marking > 0 && self->sent - self->sent_durable >= window (self);
}
