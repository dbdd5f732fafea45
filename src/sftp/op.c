/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The life of an operation: queued, begun, stage after stage, called back. */
#include "sftp/remote-private.h"

#include "util/words.h"

#define CONTROL_MAX 1024 /* operations on names under way at once */
#define LIST_MAX 256     /* directories */
#define SMALL_MAX 512    /* small files */
#define BULK_MAX 8       /* large files */

static const guint begun_max[PS_N_QUEUES] = {
  [PS_QUEUE_CONTROL] = CONTROL_MAX,
  [PS_QUEUE_LIST] = LIST_MAX,
  [PS_QUEUE_SMALL] = SMALL_MAX,
  [PS_QUEUE_BULK] = BULK_MAX,
};

char *
ps_remote_display (const char *path)
{
  bool raw = false;

  return *path != '\0' ? ps_relpath_escape (path, &raw) : g_strdup (_ ("the folder itself"));
}

static void
enter (PsOp *op, GQueue *queue, bool head)
{
  g_assert (op->waits_in == NULL);
  op->waits_in = queue;
  if (head)
    g_queue_push_head_link (queue, &op->wait);
  else
    g_queue_push_tail_link (queue, &op->wait);
}

static void
leave (PsOp *op)
{
  if (op->waits_in != NULL)
    g_queue_unlink (op->waits_in, &op->wait);
  op->waits_in = NULL;
}

gpointer
ps_op_new (PsRemote *remote, const PsOpClass *klass, PsQueue queue, const char *path,
           PsRemoteDone done, gpointer user_data)
{
  PsOp *op = g_malloc0 (klass->size);

  op->klass = klass;
  op->remote = remote;
  op->link.data = op->wait.data = op;
  op->queue = queue;
  op->creates = klass->creates;
  op->path = g_strdup (path);
  op->done = done;
  op->user_data = user_data;
  g_queue_push_tail_link (&remote->live, &op->link);
  enter (op, &remote->waiting[queue], false);
  if (queue != PS_QUEUE_LIST)
    remote->outstanding++;
  return op;
}

static void
op_free (PsOp *op)
{
  if (op->klass->clear != NULL)
    op->klass->clear (op);
  g_clear_error (&op->error);
  g_clear_pointer (&op->bytes, g_bytes_unref);
  g_free (op->path);
  g_free (op->kept_at);
  g_free (op->target);
  g_free (op);
}

void
ps_op_expect (PsOp *op, PsOpReply reply, PsOpStage next)
{
  op->reply = reply;
  op->next = next;
}

void
ps_op_take_error (PsOp *op, GError *error)
{
  if (op->error == NULL)
    op->error = error;
  else
    g_error_free (error);
  ps_op_stop_stream (op);
}

void
ps_op_fail (PsOp *op, int code, const char *format, ...)
{
  va_list args;
  GError *error;

  va_start (args, format);
  error = g_error_new_valist (PS_SFTP_ERROR, code, format, args);
  va_end (args);
  if (op->path != NULL)
    {
      g_autofree char *shown = ps_remote_display (op->path);

      g_autofree char *what = ps_words_about (op->klass->failure, shown);

      g_prefix_error (&error, "%s: ", what);
    }
  ps_op_take_error (op, error);
}

static const struct
{
  int code;
  const char *words;
} status_errors[] = {
  [PS_FX_OK] = { PS_SFTP_ERROR_FAILED, N_ ("the server sent an unexpected answer") },
  [PS_FX_EOF] = { PS_SFTP_ERROR_CHANGED, N_ ("it is shorter than it was") },
  [PS_FX_NO_SUCH_FILE]
  = { PS_SFTP_ERROR_GONE, N_ ("there is no such file or directory (any more)") },
  [PS_FX_PERMISSION_DENIED] = { PS_SFTP_ERROR_DENIED, N_ ("permission denied on the server") },
  [PS_FX_FAILURE] = { PS_SFTP_ERROR_FAILED, N_ ("the server reports a failure") },
  [PS_FX_BAD_MESSAGE] = { PS_SFTP_ERROR_NAME, N_ ("the server's file system refuses the name") },
  [PS_FX_NO_CONNECTION] = { PS_SFTP_ERROR_FAILED, N_ ("the server has no connection") },
  [PS_FX_CONNECTION_LOST] = { PS_SFTP_ERROR_FAILED, N_ ("the server lost its connection") },
  [PS_FX_OP_UNSUPPORTED] = { PS_SFTP_ERROR_FAILED, N_ ("the server cannot do that") },
};

void
ps_op_fail_status (PsOp *op, const PsReply *reply, const char *what)
{
  guint status = MIN (reply->status, G_N_ELEMENTS (status_errors) - 1);

  if (op->error == NULL)
    op->unclear = reply->status == PS_FX_FAILURE;
  if (what != NULL)
    ps_op_fail (op, status_errors[status].code, "%s: %s", what, _ (status_errors[status].words));
  else
    ps_op_fail (op, status_errors[status].code, "%s", _ (status_errors[status].words));
}

bool
ps_op_check (PsOp *op, const PsReply *reply)
{
  if (ps_reply_is (reply, PS_FX_OK))
    return true;
  ps_op_fail_status (op, reply, NULL);
  return false;
}

bool
ps_op_check_type (PsOp *op, const PsReply *reply, uint8_t type)
{
  if (reply->type == type)
    return true;
  ps_op_fail_status (op, reply, NULL);
  return false;
}

void
ps_op_stream (PsOp *op, bool upload)
{
  enter (op, &op->remote->streams[upload][op->queue == PS_QUEUE_BULK], false);
}

void
ps_op_stop_stream (PsOp *op)
{
  if (op->begun)
    leave (op);
}

void
ps_op_wait (PsOp *op, PsOpStage next)
{
  op->next = next;
  enter (op, &op->remote->complete, false);
}

/* Back to the head of its queue: the server had no handle left. */
static void
wait_again (PsOp *op)
{
  op->again = false;
  op->begun = false;
  op->remote->begun[op->queue]--;
  enter (op, &op->remote->waiting[op->queue], true);
}

static void
finish (PsOp *op)
{
  PsRemote *remote = op->remote;

  leave (op);
  if (op->begun)
    remote->begun[op->queue]--;
  g_queue_unlink (&remote->live, &op->link);
  g_queue_push_tail_link (&remote->done, &op->link);
}

enum
{
  EXPLAIN_LSTAT,
  EXPLAIN_STATVFS
};

static void
upgrade_error (PsOp *op, int code, const char *words)
{
  op->unclear = false;
  g_clear_error (&op->error);
  ps_op_fail (op, code, "%s", _ (words));
}

/* u64 f_bsize, f_frsize, f_blocks, f_bfree, f_bavail, f_files, f_ffree, f_favail, f_fsid, f_flag,
 * f_namemax. A Linux disk becomes read-only by itself when it finds itself damaged. */
static void
explain_by_disk (PsOp *op, const PsReply *reply)
{
  const uint64_t read_only = 1;
  PsReader reader = reply->body;
  uint64_t values[10];

  for (gsize i = 0; i < G_N_ELEMENTS (values); i++)
    values[i] = ps_reader_u64 (&reader);
  if (reader.bad)
    return;
  if ((values[9] & read_only) != 0)
    upgrade_error (op, PS_SFTP_ERROR_DENIED, N_ ("the server's disk can only be read"));
  else if (values[4] == 0 || (values[5] > 0 && values[7] == 0))
    upgrade_error (op, PS_SFTP_ERROR_NO_SPACE, N_ ("the server's disk is full"));
}

static void
on_explained (PsOp *op, const PsReply *reply, guint tag)
{
  if (!op->unclear)
    return;
  if (tag == EXPLAIN_LSTAT && reply->type == PS_FXP_ATTRS)
    upgrade_error (op, PS_SFTP_ERROR_EXISTS, N_ ("something of that name is there already"));
  else if (tag == EXPLAIN_STATVFS && reply->type == PS_FXP_EXTENDED_REPLY)
    explain_by_disk (op, reply);
}

static void
after_explained (PsOp *op)
{
  const char *refusal;

  if (!op->unclear || !op->creates)
    return;
  refusal = ps_name_refusal (ps_relpath_name (op->path), op->remote->caps.names);
  if (refusal != NULL)
    upgrade_error (op, PS_SFTP_ERROR_NAME, refusal);
}

/* The server's "failure" may mean anything: look whether the name is taken, or the disk
 * full or read-only. */
static void
explain (PsOp *op)
{
  const PsServerInfo *info = ps_client_peek_info (op->remote->client);

  ps_op_expect (op, on_explained, after_explained);
  if (op->creates)
    ps_request_path (op, 0, PS_FXP_LSTAT, op->path, EXPLAIN_LSTAT);
  if (info->statvfs && op->klass->writes)
    ps_request_statvfs (op, EXPLAIN_STATVFS);
}

/* Which stage follows when an error has ended the planned ones; NULL: none. */
static PsOpStage
stage_after_error (PsOp *op)
{
  if (op->phase == PS_OP_RUNNING && op->unclear && (op->creates || op->klass->writes))
    {
      op->phase = PS_OP_EXPLAINING;
      return explain;
    }
  op->phase = PS_OP_CLEANING;
  return op->klass->cleanup;
}

/* Runs stages until something is owed, or waited for, or all is done. */
static void
advance (PsOp *op)
{
  while (op->owed == 0 && op->waits_in == NULL)
    {
      PsOpStage stage = op->next;

      op->next = NULL;
      if (op->phase == PS_OP_RUNNING && op->error == NULL && op->again)
        {
          wait_again (op);
          return;
        }
      if (op->error != NULL
          && (op->phase == PS_OP_RUNNING || (op->phase == PS_OP_EXPLAINING && stage == NULL)))
        stage = stage_after_error (op);
      if (stage == NULL)
        {
          finish (op);
          return;
        }
      stage (op);
    }
}

static void
begin (PsOp *op)
{
  const GError *refusal = op->klass->names ? ps_remote_names_error (op->remote) : NULL;

  leave (op);
  op->begun = true;
  op->remote->begun[op->queue]++;
  if (refusal != NULL)
    ps_op_take_error (op, g_error_copy (refusal));
  else
    op->klass->begin (op);
  advance (op);
}

static void
begin_queue (PsRemote *self, PsQueue queue)
{
  bool names_wait = ps_remote_names_wait (self);
  GList *next;

  for (GList *link = self->waiting[queue].head; link != NULL; link = next)
    {
      PsOp *op = link->data;

      next = link->next;
      if (names_wait && op->klass->names)
        continue;
      if (self->begun[queue] >= begun_max[queue]
          || (op->klass->can_begin != NULL && !op->klass->can_begin (op)))
        return;
      begin (op);
    }
}

void
ps_remote_let_go (PsRemote *self)
{
  const GError *refusal = ps_remote_names_error (self);

  for (guint n = self->complete.length; n > 0; n--) /* some may come back */
    {
      PsOp *op = self->complete.head->data;

      leave (op);
      if (refusal != NULL)
        ps_op_take_error (op, g_error_copy (refusal));
      advance (op);
    }
  self->busy = true; /* what waits for its beginning */
}

/* Lets the streams of one queue send in turn, until none can or the window is full. */
static void
pull_queue (PsRemote *self, bool upload, bool bulk)
{
  GQueue *queue = &self->streams[upload][bulk];
  guint blocked = 0;

  while (blocked < queue->length && ps_client_may_move (self->client, upload))
    {
      GList *link = g_queue_pop_head_link (queue);
      PsOp *op = link->data;

      g_queue_push_tail_link (queue, link);
      if (op->klass->pull (op))
        blocked = 0;
      else
        blocked++;
      advance (op);
    }
}

void
ps_remote_pump (PsRemote *self)
{
  self->busy = false;
  begin_queue (self, PS_QUEUE_CONTROL);
  /* What was queued after a directory was made counts on it. */
  if (self->waiting[PS_QUEUE_CONTROL].length == 0)
    for (int queue = PS_QUEUE_LIST; queue < PS_N_QUEUES; queue++)
      begin_queue (self, queue);
  for (int bulk = 0; bulk < 2; bulk++)
    for (int upload = 0; upload < 2; upload++)
      pull_queue (self, upload, bulk);
  for (int upload = 0; upload < 2; upload++)
    if (self->streams[upload][true].length > 0)
      ps_client_consider_bulk (self->client, upload);
}

void
ps_remote_deliver (PsRemote *self)
{
  GList *link;

  while ((link = g_queue_pop_head_link (&self->done)) != NULL)
    {
      PsOp *op = link->data;

      op->result.error = op->error;
      op->result.kept_at = op->kept_at;
      op->result.target = op->target;
      op->result.bytes = op->bytes;
      if (op->queue != PS_QUEUE_LIST)
        self->outstanding--;
      self->finished++;
      if (op->done != NULL)
        op->done (&op->result, op->user_data);
      op_free (op);
    }
}

void
ps_remote_lose (PsRemote *self, const GError *error)
{
  GList *link;

  if (self->lost == NULL)
    self->lost = g_error_copy (error);
  ps_client_fail (self->client);
  do /* who is called back may still begin something */
    {
      while ((link = self->live.head) != NULL)
        {
          PsOp *op = link->data;

          ps_op_take_error (op, g_error_copy (self->lost));
          finish (op);
        }
      ps_remote_deliver (self);
    }
  while (self->live.length > 0);
}

/* --- Answers --- */

static void
on_reply (const PsReply *reply, gpointer data, guint tag)
{
  PsOp *op = data;

  op->owed--;
  if (reply == NULL) /* the link is lost: ps_remote_lose () ends the operation */
    return;
  op->result.wire += reply->wire;
  op->reply (op, reply, tag);
  advance (op);
}

void
ps_op_sent (PsOp *op, PsCost cost, guint tag)
{
  op->owed++;
  ps_client_end (op->remote->client, cost, on_reply, op, tag);
}
