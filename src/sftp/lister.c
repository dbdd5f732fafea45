/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lister: many directories read at once, each by LSTAT and OPENDIR, READDIRs in bursts that
 * double (two are enough for most directories: names and the end), CLOSE after the end.
 *
 * OpenSSH's server leaves names out whose attributes it cannot get, and says nothing: a directory
 * that may be read but not searched looks empty. Its own "." is then missing too, which is how it
 * is told; a server that never lists "." is asked for it. */
#include "sftp/remote-private.h"

#include "util/words.h"

#include <string.h>

#define FIRST_READS 2
#define MOST_READS 32     /* at once, of one directory */
#define NAMES_MAX 1000000 /* in one directory; a server that lists more is broken */

typedef struct
{
  PsOp op;
  PsListed listed;
  gpointer data;
  PsListing *listing;
  PsHandle handle;
  guint reads;   /* of the present burst */
  bool at_end;   /* EOF was read */
  bool seen_dot; /* the directory can be searched */
} ListOp;

struct PsScan
{
  PsRemote *remote;
  GQueue ready; /* (element-type PsListing) owned */
  guint outstanding;
};

enum
{
  TAG_LSTAT,
  TAG_OPEN,
  TAG_READ,
  TAG_DOT
};

static void
incomplete (ListOp *self, const char *message)
{
  self->listing->state = PS_LISTING_INCOMPLETE;
  if (self->listing->message == NULL)
    self->listing->message = g_strdup (message);
}

static void
refuse_name (ListOp *self, const char *name, gsize length)
{
  g_autofree char *copy = g_strndup (name, length);
  bool raw = false;

  if (self->listing->refused == NULL)
    self->listing->refused = g_ptr_array_new_with_free_func (g_free);
  for (gsize i = 0; i < length; i++) /* what comes after a NUL would not be seen */
    if (name[i] == '\0')
      {
        g_free (copy);
        copy = g_strndup (name, length);
        for (gsize j = i; j < length; j++)
          copy[j] = name[j] != '\0' ? name[j] : '\001';
        break;
      }
  g_ptr_array_add (self->listing->refused, ps_relpath_escape (copy, &raw));
}

static void
take_name (ListOp *self, const char *name, gsize length, const PsAttrs *attrs)
{
  g_autofree char *copy = NULL;
  PsEntry entry;

  if (length == 1 && name[0] == '.')
    {
      self->seen_dot = true;
      return;
    }
  if (length == 2 && name[0] == '.' && name[1] == '.')
    return;
  if (!ps_name_valid (name, length))
    {
      refuse_name (self, name, length);
      return;
    }
  if (!ps_attrs_complete (attrs))
    {
      incomplete (self, _ ("the server lists names without size, kind and time"));
      return;
    }
  copy = g_strndup (name, length);
  if (*self->op.path == '\0' && strcmp (copy, PS_OWN_DIR) == 0)
    return;
  entry = ps_attrs_to_entry (attrs);
  ps_listing_add (self->listing, copy, &entry);
}

static void
take_names (ListOp *self, const PsReply *reply)
{
  PsReply names = *reply;

  for (uint32_t i = 0; i < reply->count; i++)
    {
      const char *name;
      gsize length;
      PsAttrs attrs;

      if (!ps_reply_next_name (&names, &name, &length, &attrs))
        {
          incomplete (self, _ ("the server sent a listing that makes no sense"));
          return;
        }
      take_name (self, name, length, &attrs);
    }
  if (reply->count == 0 || self->listing->entries->len > NAMES_MAX)
    incomplete (self, _ ("the server's listing has no end"));
}

static void
on_read (PsOp *op, const PsReply *reply, guint tag)
{
  ListOp *self = (ListOp *)op;

  if (self->at_end && reply->type != PS_FXP_NAME) /* what was asked for beyond it */
    return;
  if (ps_reply_is (reply, PS_FX_EOF))
    self->at_end = true;
  else if (reply->type != PS_FXP_NAME)
    incomplete (self, _ ("the server could not read the directory to its end"));
  else
    take_names (self, reply);
}

static void
on_dot (PsOp *op, const PsReply *reply, guint tag)
{
  if (reply->type != PS_FXP_ATTRS)
    incomplete ((ListOp *)op, _ ("the directory may not be searched (permission denied)"));
}

static void after_read (PsOp *op);

static void
read_burst (ListOp *self, guint reads)
{
  self->reads = reads;
  ps_op_expect (&self->op, on_read, after_read);
  for (guint i = 0; i < reads; i++)
    ps_request_handle (&self->op, PS_FXP_READDIR, &self->handle, TAG_READ);
}

static void
after_read (PsOp *op)
{
  ListOp *self = (ListOp *)op;
  g_autofree char *dot = NULL;

  if (!self->at_end && self->listing->state == PS_LISTING_COMPLETE)
    {
      read_burst (self, MIN (2 * self->reads, MOST_READS));
      return;
    }
  ps_request_close_detached (op->remote, &self->handle);
  if (self->seen_dot || self->listing->state != PS_LISTING_COMPLETE)
    return;
  dot = ps_relpath_join (op->path, ".");
  ps_op_expect (op, on_dot, NULL);
  ps_request_path (op, 0, PS_FXP_LSTAT, dot, TAG_DOT);
}

static void
on_opened (PsOp *op, const PsReply *reply, guint tag)
{
  ListOp *self = (ListOp *)op;

  if (tag == TAG_OPEN)
    {
      ps_handle_take (op, &self->handle, 0, reply);
      return;
    }
  if (!ps_op_check_type (op, reply, PS_FXP_ATTRS))
    return;
  if (ps_attrs_to_entry (&reply->attrs).kind != PS_KIND_DIR)
    ps_op_fail (op, PS_SFTP_ERROR_GONE, _ ("it is no directory any more"));
}

static void
after_opened (PsOp *op)
{
  read_burst ((ListOp *)op, FIRST_READS);
}

static bool
can_begin (PsOp *op)
{
  return ps_client_has_room (op->remote->client, 0)
         && ps_client_take_handle (op->remote->client, 0);
}

static void
begin (PsOp *op)
{
  ps_op_expect (op, on_opened, after_opened);
  /* Not through a link that has taken the directory's place; the root itself may be one. */
  if (*op->path != '\0')
    ps_request_path (op, 0, PS_FXP_LSTAT, op->path, TAG_LSTAT);
  ps_request_path (op, 0, PS_FXP_OPENDIR, op->path, TAG_OPEN);
}

static void
cleanup (PsOp *op)
{
  ps_request_close_detached (op->remote, &((ListOp *)op)->handle);
}

static void
clear (PsOp *op)
{
  ps_listing_free (((ListOp *)op)->listing);
}

static const PsOpClass list_class = {
  .failure = N_ ("Could not list %s"),
  .can_begin = can_begin,
  .begin = begin,
  .cleanup = cleanup,
  .clear = clear,
  .size = sizeof (ListOp),
};

/* A name that was read twice, because the directory changed meanwhile, is kept once. */
static void
drop_doubles (PsListing *listing)
{
  GArray *entries = listing->entries;
  guint kept = 0;

  for (guint i = 0; i < entries->len; i++)
    {
      PsDirEntry *entry = &g_array_index (entries, PsDirEntry, i);
      PsDirEntry *last = kept > 0 ? &g_array_index (entries, PsDirEntry, kept - 1) : NULL;

      if (last != NULL && strcmp (last->name, entry->name) == 0)
        {
          last->entry = entry->entry;
          g_clear_pointer (&entry->name, g_free);
          continue;
        }
      if (kept != i)
        {
          g_array_index (entries, PsDirEntry, kept) = *entry;
          entry->name = NULL;
        }
      kept++;
    }
  g_array_set_size (entries, kept);
}

static void
on_listed (const PsRemoteResult *result, gpointer user_data)
{
  ListOp *self = user_data;
  PsListing *listing = g_steal_pointer (&self->listing);

  if (result->error != NULL)
    {
      listing->state = g_error_matches (result->error, PS_SFTP_ERROR, PS_SFTP_ERROR_GONE)
                           ? PS_LISTING_GONE
                           : PS_LISTING_INCOMPLETE;
      g_free (listing->message);
      listing->message = g_strdup (result->error->message);
    }
  ps_listing_sort (listing);
  drop_doubles (listing);
  self->listed (listing, self->data);
}

void
ps_remote_list_async (PsRemote *self, const char *dir, PsListed listed, gpointer data)
{
  ListOp *op = ps_op_new (self, &list_class, PS_QUEUE_LIST, dir, on_listed, NULL);

  op->op.user_data = op;
  op->listed = listed;
  op->data = data;
  op->listing = ps_listing_new (dir);
}

static void
scan_listed (PsListing *listing, gpointer data)
{
  PsScan *scan = data;

  scan->outstanding--;
  g_queue_push_tail (&scan->ready, listing);
}

static void
scan_request (gpointer data, const char *dir)
{
  PsScan *scan = data;

  scan->outstanding++;
  ps_remote_list_async (scan->remote, dir, scan_listed, scan);
}

static PsListing *
scan_next (gpointer data, GCancellable *cancellable, GError **error)
{
  PsScan *scan = data;

  while (scan->ready.length == 0 && scan->outstanding > 0)
    if (!ps_remote_step (scan->remote, -1, cancellable, error))
      return NULL;
  if (scan->remote->lost != NULL)
    {
      g_propagate_error (error, g_error_copy (scan->remote->lost));
      return NULL;
    }
  return g_queue_pop_head (&scan->ready);
}

static const PsListerClass lister_class = { .request = scan_request, .next = scan_next };

PsLister
ps_remote_lister (PsRemote *self)
{
  if (self->scan == NULL)
    {
      self->scan = g_new0 (PsScan, 1);
      self->scan->remote = self;
      g_queue_init (&self->scan->ready);
    }
  return (PsLister){ .klass = &lister_class, .self = self->scan };
}

void
ps_scan_free (PsScan *scan)
{
  if (scan == NULL)
    return;
  g_queue_clear_full (&scan->ready, (GDestroyNotify)ps_listing_free);
  g_free (scan);
}
