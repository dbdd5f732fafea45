/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A download: OPEN, then FSTAT, READs and a second FSTAT in one go; large ones over as many
 * channels as help. Blocks are written where they belong in whatever order they come. */
#include "sftp/remote-private.h"

#include "util/fault.h"
#include "util/sha256.h"
#include "util/words.h"

#include <errno.h>
#include <unistd.h>

#define HASH_STEP (1024 * 1024)
#define BUSY_CHANNEL (1024 * 1024)         /* one with more on its way is worth a helper */
#define HELPER_BEGINS_AT (4 * 1024 * 1024) /* bytes still to be asked for that are worth one */
#define READS_AGAIN_MAX 16                 /* of one block that comes in small parts */

enum
{
  TAG_OPEN,
  TAG_FSTAT,
  TAG_READ
};
#define TAG_BITS 4
#define TAG(kind, number) ((guint)(kind) | (guint)(number) << TAG_BITS)
#define TAG_KIND(tag) ((tag) & ((1u << TAG_BITS) - 1))
#define TAG_NUMBER(tag) ((tag) >> TAG_BITS)

/* A READ on its way. */
typedef struct
{
  uint64_t offset;
  uint32_t length; /* 0: this slot is free */
  guint again;
  guint handle;
} Block;

typedef struct
{
  PsOp op;
  int fd;
  PsEntry expected;
  PsRange range;  /* what is being fetched */
  uint64_t next;  /* the offset in the file of what is asked for next */
  bool all_known; /* no range follows */
  gboolean (*next_range) (PsRange *range, gpointer user_data); /* (nullable) */
  PsRemoteMoved moved;
  PsHandle handles[PS_CLIENT_MAX_BULK];
  bool looked[PS_CLIENT_MAX_BULK]; /* its FSTAT before reading was sent */
  guint n_handles, opening;
  bool looked_again; /* and the ones behind what was asked for, too */
  int channel;
  GArray *blocks;
  PsSha256 *sha; /* (nullable) of the file from 0 to @hashed */
  uint64_t hashed;
  void (*reached) (uint64_t upto, gpointer user_data); /* (nullable) */
} GetOp;

static bool
fails (GetOp *self, const char *point)
{
  GError *error = NULL;

  if (!ps_fault (point, &error))
    return false;
  ps_op_take_error (&self->op, error);
  return true;
}

/* --- The local side --- */

static bool
write_local (GetOp *self, uint64_t offset, const char *data, gsize length)
{
  for (gsize done = 0; done < length;)
    {
      gssize n = pwrite (self->fd, data + done, length - done, (off_t)(offset + done));

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        {
          ps_op_fail (&self->op, PS_SFTP_ERROR_LOCAL_IO, _ ("writing the local file failed: %s"),
                      n < 0 ? g_strerror (errno) : _ ("nothing was written"));
          return false;
        }
      done += (gsize)n;
    }
  return true;
}

static bool
read_local (GetOp *self, uint64_t offset, uint8_t *into, gsize length)
{
  for (gsize done = 0; done < length;)
    {
      gssize n = pread (self->fd, into + done, length - done, (off_t)(offset + done));

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        {
          ps_op_fail (&self->op, PS_SFTP_ERROR_LOCAL_IO,
                      _ ("reading the local file back failed: %s"),
                      n < 0 ? g_strerror (errno) : _ ("it is too short"));
          return false;
        }
      done += (gsize)n;
    }
  return true;
}

/* Returns: how much of what is known to be wanted was not asked for yet. */
static uint64_t
left (const GetOp *self)
{
  return self->range.offset + self->range.length - self->next;
}

/* Up to where the local file is known to be right. */
static uint64_t
right_up_to (const GetOp *self)
{
  uint64_t end = left (self) > 0 || !self->all_known ? self->next : self->expected.size;

  for (guint i = 0; i < self->blocks->len; i++)
    {
      const Block *block = &g_array_index (self->blocks, Block, i);

      if (block->length > 0)
        end = MIN (end, block->offset);
    }
  return end;
}

/* Hashes in file order what lies there, a step of it. Returns: whether nothing is left. */
static bool
hash_some (GetOp *self)
{
  uint64_t end = self->sha != NULL ? right_up_to (self) : 0;
  gsize length;
  g_autofree uint8_t *buffer = NULL;

  if (self->sha == NULL || self->hashed >= end)
    return true;
  length = (gsize)MIN (end - self->hashed, HASH_STEP);
  buffer = g_malloc (length);
  if (!read_local (self, self->hashed, buffer, length))
    return true;
  ps_sha256_update (self->sha, buffer, length);
  self->hashed += length;
  return self->hashed == end;
}

/* --- Blocks --- */

static guint
take_block (GetOp *self, uint64_t offset, uint32_t length, guint handle)
{
  Block block = { .offset = offset, .length = length, .handle = handle };

  for (guint i = 0; i < self->blocks->len; i++)
    if (g_array_index (self->blocks, Block, i).length == 0)
      {
        g_array_index (self->blocks, Block, i) = block;
        return i;
      }
  g_array_append_val (self->blocks, block);
  return self->blocks->len - 1;
}

static void
take_data (GetOp *self, const PsReply *reply, guint number)
{
  Block *block = &g_array_index (self->blocks, Block, number);

  if (!ps_op_check_type (&self->op, reply, PS_FXP_DATA))
    return;
  if (reply->length == 0 || reply->length > block->length || block->again > READS_AGAIN_MAX)
    {
      ps_op_fail (&self->op, PS_SFTP_ERROR_FAILED, _ ("the server sent other data than asked for"));
      return;
    }
  if (self->op.error != NULL || !write_local (self, block->offset, reply->text, reply->length))
    return;
  if (self->sha != NULL && self->hashed == block->offset)
    {
      ps_sha256_update (self->sha, reply->text, reply->length);
      self->hashed += reply->length;
    }
  block->offset += reply->length;
  block->length -= (uint32_t)reply->length;
  block->again++;
  if (self->moved != NULL)
    self->moved (reply->length, self->op.user_data);
  if (block->length == 0)
    return;
  self->looked_again = false; /* servers may give less than asked for */
  ps_request_read (&self->op, &self->handles[block->handle], block->offset, block->length,
                   TAG (TAG_READ, number));
}

static void
check_attrs (GetOp *self, const PsReply *reply)
{
  if (!ps_op_check_type (&self->op, reply, PS_FXP_ATTRS))
    return;
  self->op.result.entry = ps_attrs_to_entry (&reply->attrs);
  if (!ps_remote_is_expected (self->op.remote, &self->op.result.entry, &self->expected))
    ps_op_fail (&self->op, PS_SFTP_ERROR_CHANGED, _ ("it was changed meanwhile on the server"));
}

static void
open_answered (GetOp *self, const PsReply *reply, guint number)
{
  PsHandle *handle = &self->handles[number];

  if (number == 0)
    {
      if (ps_handle_take (&self->op, handle, self->channel, reply))
        self->n_handles = 1;
      return;
    }
  self->opening--; /* a further handle is an offer only */
  if (reply->type == PS_FXP_HANDLE)
    ps_handle_take (&self->op, handle, handle->channel, reply);
  else
    ps_client_untake_handle (self->op.remote->client, handle->channel);
}

static void
on_reply (PsOp *op, const PsReply *reply, guint tag)
{
  GetOp *self = (GetOp *)op;
  guint number = TAG_NUMBER (tag);

  switch (TAG_KIND (tag))
    {
    case TAG_OPEN:
      open_answered (self, reply, number);
      break;
    case TAG_FSTAT:
      check_attrs (self, reply);
      break;
    case TAG_READ:
      take_data (self, reply, number);
      if (op->error == NULL)
        hash_some (self);
      if (self->reached != NULL)
        self->reached (right_up_to (self), op->user_data);
      break;
    default:
      g_assert_not_reached ();
    }
}

/* --- The end --- */

static void finish (PsOp *op);

/* The last look: was it the same file all the time? Every channel keeps the order, so that it can
 * be asked for before the content has come. */
static void
look_again (GetOp *self)
{
  self->looked_again = true;
  ps_op_expect (&self->op, on_reply, finish);
  for (guint i = 0; i < self->n_handles; i++)
    if (self->handles[i].open)
      ps_request_handle (&self->op, PS_FXP_FSTAT, &self->handles[i], TAG (TAG_FSTAT, i));
}

static void
finish (PsOp *op)
{
  GetOp *self = (GetOp *)op;

  if (!self->looked_again)
    {
      look_again (self);
      return;
    }
  if (!hash_some (self))
    {
      op->remote->busy = true;
      ps_op_stream (op, false); /* comes back by pull () */
      return;
    }
  if (op->error != NULL || fails (self, "remote-get-done"))
    return;
  for (guint i = 0; i < self->n_handles; i++)
    ps_request_close_detached (op->remote, &self->handles[i]);
  if (self->sha == NULL)
    return;
  ps_sha256_finish (self->sha, op->result.sha256);
  op->result.has_hash = TRUE;
}

/* --- Asking --- */

static bool
has_channel (const GetOp *self, int channel)
{
  for (guint i = 0; i < self->n_handles; i++)
    if (self->handles[i].channel == channel)
      return true;
  return false;
}

/* Another channel takes part, where one is idle while ours is busy. */
static void
consider_helper (GetOp *self, guint64 load)
{
  PsClient *client = self->op.remote->client;
  int channels[PS_CLIENT_MAX_CHANNELS];
  guint n = ps_client_bulk_channels (client, channels);

  if (self->opening > 0 || load < BUSY_CHANNEL || left (self) < HELPER_BEGINS_AT)
    return;
  for (guint i = 0; i < n && self->n_handles < G_N_ELEMENTS (self->handles); i++)
    {
      if (has_channel (self, channels[i]) || ps_client_load (client, channels[i]) > load / 2
          || !ps_client_take_handle (client, channels[i]))
        continue;
      self->handles[self->n_handles].channel = channels[i];
      ps_request_open (&self->op, channels[i], self->op.path, PS_OPEN_READ, false,
                       TAG (TAG_OPEN, self->n_handles));
      self->n_handles++;
      self->opening++;
      return;
    }
}

/* Returns: the index of the handle whose channel has the least to do; -1: none can take more. */
static int
choose_handle (GetOp *self)
{
  PsClient *client = self->op.remote->client;
  guint64 least = G_MAXUINT64;
  int best = -1;

  for (guint i = 0; i < self->n_handles; i++)
    {
      const PsHandle *handle = &self->handles[i];
      guint64 load = ps_client_load (client, handle->channel);

      if (handle->open && ps_client_has_room (client, handle->channel) && load < least)
        {
          best = (int)i;
          least = load;
        }
    }
  if (best >= 0 && self->op.queue == PS_QUEUE_BULK)
    consider_helper (self, least);
  return best;
}

static void
ask (GetOp *self, guint handle, uint32_t length)
{
  if (!self->looked[handle])
    ps_request_handle (&self->op, PS_FXP_FSTAT, &self->handles[handle], TAG (TAG_FSTAT, handle));
  self->looked[handle] = true;
  ps_request_read (&self->op, &self->handles[handle], self->next, length,
                   TAG (TAG_READ, take_block (self, self->next, length, handle)));
}

/* Takes the next range where nothing is left of this one. FALSE: it is not known yet. */
static bool
take_range (GetOp *self)
{
  if (left (self) > 0 || self->all_known)
    return true;
  if (self->next_range != NULL && !self->next_range (&self->range, self->op.user_data))
    return false;
  self->all_known = self->next_range == NULL || self->range.length == 0;
  if (self->all_known)
    self->range = (PsRange){ .offset = self->next };
  self->next = self->range.offset;
  return true;
}

/* All is asked for. */
static void
end_stream (GetOp *self)
{
  ps_op_stop_stream (&self->op);
  if (self->looked_again) /* only the hash is missing */
    ps_op_expect (&self->op, on_reply, finish);
  else
    look_again (self);
}

static bool
pull (PsOp *op)
{
  GetOp *self = (GetOp *)op;
  uint32_t length;
  int handle;

  if (!take_range (self))
    return false;
  if (left (self) == 0)
    {
      end_stream (self);
      return false; /* others have their turn between two steps */
    }
  handle = choose_handle (self);
  if (handle < 0)
    return false;
  length = ps_client_chunk (op->remote->client, false,
                            ps_client_peek_info (op->remote->client)->read_length);
  length = (uint32_t)MIN (length, left (self));
  ask (self, (guint)handle, length);
  self->next += length;
  if (take_range (self) && left (self) == 0)
    end_stream (self);
  return true;
}

static void
after_opened (PsOp *op)
{
  ps_op_expect (op, on_reply, NULL);
  ps_op_stream (op, false);
}

static bool
can_begin (PsOp *op)
{
  GetOp *self = (GetOp *)op;
  PsClient *client = op->remote->client;

  self->channel
      = ps_client_channel (client, op->queue == PS_QUEUE_BULK ? PS_LANE_BULK : PS_LANE_SMALL);
  if (self->channel == 0 && !take_range (self))
    return false; /* to find it out, handles of this channel may be needed */
  return self->channel >= 0 && ps_client_has_room (client, self->channel)
         && ps_client_take_handle (client, self->channel);
}

static void
begin (PsOp *op)
{
  GetOp *self = (GetOp *)op;

  if (fails (self, "remote-get-begin"))
    {
      ps_client_untake_handle (op->remote->client, self->channel);
      return;
    }
  ps_op_expect (op, on_reply, after_opened);
  ps_request_open (op, self->channel, op->path, PS_OPEN_READ, false, TAG (TAG_OPEN, 0));
}

static void
cleanup (PsOp *op)
{
  GetOp *self = (GetOp *)op;

  for (guint i = 0; i < self->n_handles; i++)
    ps_request_close_detached (op->remote, &self->handles[i]);
}

static void
clear (PsOp *op)
{
  GetOp *self = (GetOp *)op;

  g_array_unref (self->blocks);
  g_clear_pointer (&self->sha, ps_sha256_free);
}

static const PsOpClass get_class = {
  .failure = N_ ("Could not download %s"),
  .can_begin = can_begin,
  .begin = begin,
  .cleanup = cleanup,
  .pull = pull,
  .clear = clear,
  .size = sizeof (GetOp),
};

void
ps_remote_get_async (PsRemote *self, const PsGet *get, PsRemoteDone done, gpointer user_data)
{
  uint64_t begin = get->next_range == NULL ? MIN (get->offset, get->expected.size) : 0;
  uint64_t end = get->next_range == NULL ? get->expected.size : 0;
  PsQueue queue = get->expected.size - begin > PS_BULK ? PS_QUEUE_BULK : PS_QUEUE_SMALL;
  GetOp *op = ps_op_new (self, &get_class, queue, get->path, done, user_data);

  op->fd = get->fd;
  op->expected = get->expected;
  op->range = (PsRange){ .offset = begin, .length = end - begin };
  op->next = begin;
  op->next_range = get->next_range;
  op->moved = get->moved;
  op->reached = get->reached;
  op->blocks = g_array_new (FALSE, FALSE, sizeof (Block));
  if (get->hash)
    op->sha = ps_sha256_new ();
}
