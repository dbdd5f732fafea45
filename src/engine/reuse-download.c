/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One large download:
 *
 *   read the note  ->  the content is here: copy it
 *                  ->  read the signature  ->  copy what is here, and beside that fetch what
 *                                              is missing and sum it up  ->  compare the sum
 *   and where any of that does not work out:  fetch all
 *
 * The file is opened on the server meanwhile; what of it is to be fetched the transfer asks for
 * when that is known. The sum that counts is the note's. */
#include "engine/reuse-private.h"

#include "util/autofd.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define READ_SIZE (4 * 1024 * 1024)
#define KEEP_LEAST (1024 * 1024) /* to be fetched: then what is there is worth keeping */

typedef struct
{
  PsReuse *reuse;
  PsGet get;
  char *path;
  PsLocalTemp *temp; /* borrowed */
  PsEntry local;
  PsRemoteDone done;
  gpointer user_data;
  gboolean signs; /* the base wants the signature */

  uint8_t wanted[PS_SHA256_SIZE]; /* what the note says */
  int source;                     /* an open local file, -1 = none */
  GByteArray *bytes;              /* of the signature, as it comes */
  gsize asked;                    /* the bytes of it that are asked for */
  gboolean fetching;              /* the transfer is under way */
  gboolean looking;               /* what it is to fetch is not known yet; else: */
  gboolean together;              /* what is missing, else all */
  GArray *ranges;                 /* (element-type PsRange) */
  guint next_range;               /* the first that it has not asked for */
  PsFill fill;
  gboolean filling;    /* its thread works: what it works with is its own */
  gboolean filled;     /* what it did last was done */
  uint64_t fetched_to; /* all before that is there that was missing */
  uint64_t copied_to;  /* and that was not */
  GBytes *signature;   /* (nullable) of what was put together */

  PsFollower *follower; /* (nullable) */
  uint8_t sum[PS_SHA256_SIZE];
  PsReuseResult result;
} Download;

static void
download_free (Download *self)
{
  g_free (self->path);
  ps_close_fd (&self->source);
  g_clear_pointer (&self->bytes, g_byte_array_unref);
  g_array_unref (self->ranges);
  ps_fill_clear (&self->fill);
  g_clear_pointer (&self->signature, g_bytes_unref);
  g_clear_pointer (&self->follower, ps_follower_free);
  ps_reuse_result_clear (&self->result);
  g_free (self);
}

static void
finish (Download *self)
{
  if (self->result.error == NULL)
    ps_local_temp_unkeep (self->temp);
  self->reuse->under_way--;
  self->done (&self->result.result, self->user_data);
  download_free (self);
}

/* The whole file is here; takes @signature (nullable) of it for the base. */
static void
succeed (Download *self, const uint8_t sum[PS_SHA256_SIZE], GBytes *signature)
{
  self->result.result.has_hash = TRUE;
  memcpy (self->result.result.sha256, sum, PS_SHA256_SIZE);
  if (signature != NULL)
    ps_reuse_keep_signature (self->reuse, sum, signature);
  finish (self);
}

static void
followed_whole (gpointer user_data)
{
  Download *self = user_data;
  g_autoptr (GBytes) signature = NULL;
  GError *error = NULL;

  if (self->result.error != NULL)
    finish (self);
  else if (ps_follower_finish (self->follower, self->sum, &signature, &error))
    succeed (self, self->sum, signature);
  else
    {
      ps_reuse_result_fail (&self->result, error);
      finish (self);
    }
}

/* --- The transfer --- */

static void follow (Download *self);

static void
moved (uint64_t bytes, gpointer user_data)
{
  Download *self = user_data;

  if (self->get.moved != NULL)
    self->get.moved (bytes, self->user_data);
}

static gboolean
next_range (PsRange *range, gpointer user_data)
{
  Download *self = user_data;

  if (self->looking)
    return FALSE;
  if (self->next_range < self->ranges->len)
    *range = g_array_index (self->ranges, PsRange, self->next_range++);
  else
    range->length = 0;
  return TRUE;
}

static void
reached (uint64_t upto, gpointer user_data)
{
  Download *self = user_data;

  self->fetched_to = upto;
  if (self->together)
    follow (self);
  else
    ps_follower_reached (self->follower, upto);
}

static void
fetched (const PsRemoteResult *result, gpointer user_data)
{
  Download *self = user_data;

  self->fetching = FALSE;
  ps_reuse_result_set (&self->result, result);
  if (self->looking)
    return; /* to an end that sees it */
  self->fetched_to = self->get.expected.size;
  if (!self->together)
    {
      ps_follower_end (self->follower, result->error == NULL, followed_whole, self);
      return;
    }
  if (result->error != NULL && ps_reuse_is_over (self->reuse, result->error))
    ps_local_temp_keep (self->temp);
  follow (self);
}

static void
begin_fetching (Download *self)
{
  PsGet get = self->get;

  self->fetching = self->looking = TRUE;
  self->next_range = 0;
  g_array_set_size (self->ranges, 0);
  get.hash = FALSE; /* the follower does that */
  get.next_range = next_range;
  get.moved = moved;
  get.reached = reached;
  ps_remote_get_async (self->reuse->context->remote, &get, fetched, self);
}

/* --- All of it --- */

/* Ends a download that waits for nothing from the link. */
static void
fail_cancelled (Download *self)
{
  ps_reuse_result_fail (
      &self->result, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "The link was lost"));
  finish (self);
}

/* Whether the transfer has failed while it was found out what it is to fetch. */
static gboolean
is_over (const Download *self)
{
  return !self->fetching && self->result.error != NULL;
}

/* What the transfer is to fetch is known. */
static void
set_ranges (Download *self, const PsRange *ranges, guint n_ranges)
{
  g_array_append_vals (self->ranges, ranges, n_ranges);
  self->looking = FALSE;
}

static void
fetch_from (uint64_t upto, gpointer user_data)
{
  Download *self = user_data;
  PsRange rest = { .offset = upto, .length = self->get.expected.size - upto };

  if (is_over (self))
    {
      finish (self);
      return;
    }
  if (upto > 0)
    g_info ("%s: %" G_GUINT64_FORMAT " bytes are here from an earlier transfer", self->path, upto);
  moved (upto, self);
  set_ranges (self, &rest, rest.length > 0 ? 1 : 0);
}

static void
fetch_whole (Download *self)
{
  ps_close_fd (&self->source);
  if (is_over (self))
    {
      finish (self);
      return;
    }
  if (!self->fetching && self->reuse->lost)
    {
      fail_cancelled (self);
      return;
    }
  if (!self->fetching)
    begin_fetching (self);
  self->together = FALSE;
  ps_follower_free (self->follower); /* of what did not work out */
  self->follower
      = ps_follower_new (self->reuse, self->path, &self->get.expected, self->temp, self->signs);
  ps_follower_check (self->follower, fetch_from, self);
}

/* --- Put together: copied by a thread, fetched and followed at the same time --- */

/* The blocks that were here were found by their sums, so these are right; the fetched ones are
 * compared now. Cheaper than to make the whole signature again. */
static gboolean
is_sound (const PsFill *fill, GCancellable *cancellable)
{
  for (guint i = 0; fill->signature != NULL && i < fill->missing->len; i++)
    {
      const PsRange *range = &g_array_index (fill->missing, PsRange, i);

      if (!ps_signature_check (fill->signature, fill->size, fill->target, range->offset,
                               range->length, cancellable, NULL))
        return FALSE;
    }
  return fill->signature != NULL;
}

/* In a thread. */
static void
judge (gpointer data, GCancellable *cancellable)
{
  Download *self = data;

  if (is_sound (&self->fill, cancellable))
    self->signature = g_bytes_ref (self->fill.signature);
  else if (self->signs)
    self->signature = ps_signature_of_fd (self->get.fd, self->fill.size, cancellable, NULL);
}

static void
judged (gpointer data)
{
  Download *self = data;

  succeed (self, self->sum, self->signature);
}

static void
followed_together (gpointer user_data)
{
  Download *self = user_data;
  g_autoptr (GBytes) none = NULL;

  if (self->result.error != NULL)
    finish (self);
  else if (self->reuse->lost || !self->filled)
    fetch_whole (self);
  else if (ps_follower_finish (self->follower, self->sum, &none, NULL)
           && memcmp (self->sum, self->wanted, sizeof self->sum) == 0)
    ps_reuse_push (self->reuse, judge, judged, self);
  else
    {
      ps_context_notice (self->reuse->context, self->path, "signature",
                         "the signature kept on the server does not fit the file; the whole file "
                         "was fetched instead");
      fetch_whole (self);
    }
}

/* Something of it has come. Goes on when all has, or when that will not be. */
static void
follow (Download *self)
{
  ps_follower_reached (self->follower, MIN (self->copied_to, self->fetched_to));
  if (!self->filling && !self->fetching)
    ps_follower_end (self->follower, self->filled && self->result.error == NULL, followed_together,
                     self);
}

/* Also where nothing is missing: then the transfer only looks whether the file is still the same.
 */
static void
fetch_missing (Download *self)
{
  const GArray *missing = self->fill.missing;

  self->together = TRUE;
  self->fetched_to
      = missing->len > 0 ? g_array_index (missing, PsRange, 0).offset : self->fill.size;
  set_ranges (self, (const PsRange *)(gpointer)missing->data, missing->len);
  moved (self->fill.filled, self);
  if (self->fill.size - self->fill.filled >= KEEP_LEAST)
    ps_local_temp_keep (self->temp);
}

/* In a thread. */
static void
fill (gpointer data, GCancellable *cancellable)
{
  Download *self = data;
  g_autoptr (GError) error = NULL;

  self->filled = ps_fill_some (&self->fill, cancellable, &error);
  if (!self->filled)
    g_debug ("%s is fetched whole: %s", self->path, error->message);
}

static void filled (gpointer data);

static void
fill_on (Download *self)
{
  self->filling = TRUE;
  ps_reuse_push (self->reuse, fill, filled, self);
}

static void
filled (gpointer data)
{
  Download *self = data;

  self->filling = FALSE;
  self->copied_to = ps_fill_reached (&self->fill);
  if (self->filled && self->result.error == NULL && !self->reuse->lost
      && self->copied_to < self->fill.size)
    fill_on (self);
  follow (self);
}

/* In a thread. */
static void
plan (gpointer data, GCancellable *cancellable)
{
  Download *self = data;
  g_autoptr (GError) error = NULL;

  self->filled = ps_fill_plan (&self->fill, cancellable, &error);
  if (!self->filled)
    g_debug ("%s is fetched whole: %s", self->path, error->message);
}

static void
planned (gpointer data)
{
  Download *self = data;

  if (!self->filled || is_over (self))
    {
      fetch_whole (self);
      return;
    }
  self->follower = ps_follower_new (self->reuse, NULL, &self->get.expected, self->temp, FALSE);
  fetch_missing (self);
  filled (self);
}

static void
begin_fill (Download *self)
{
  self->fill.source = self->source;
  self->fill.target = self->get.fd;
  self->fill.size = self->get.expected.size;
  self->fill.limits = ps_reuse_limits (self->reuse, self->fill.size, FALSE);
  ps_reuse_push (self->reuse, plan, planned, self);
}

/* --- What is known of it --- */

static void read_signature (Download *self);

/* More than any signature of a file of that size has. */
static gsize
most_signature (uint64_t size)
{
  return (gsize)MIN (size / 8 + 4096, PS_SIGNATURE_MAX);
}

static void
signature_read (const PsRemoteResult *result, gpointer user_data)
{
  Download *self = user_data;
  gsize length = 0;
  const guint8 *data = result->bytes != NULL ? g_bytes_get_data (result->bytes, &length) : NULL;

  self->result.result.wire += result->wire;
  if (result->error != NULL || is_over (self))
    {
      fetch_whole (self);
      return;
    }
  g_byte_array_append (self->bytes, data, (guint)length);
  if (self->bytes->len > most_signature (self->get.expected.size))
    fetch_whole (self);
  else if (length == self->asked)
    read_signature (self);
  else
    {
      self->fill.signature = g_byte_array_free_to_bytes (g_steal_pointer (&self->bytes));
      begin_fill (self);
    }
}

static void
read_signature (Download *self)
{
  g_autofree char *path = ps_reuse_signature_path (self->wanted);

  if (self->bytes == NULL)
    self->bytes = g_byte_array_new ();
  self->asked = MIN (READ_SIZE, most_signature (self->get.expected.size) + 1 - self->bytes->len);
  ps_remote_read_async (self->reuse->context->remote, path, self->bytes->len, self->asked,
                        signature_read, self);
}

/* Opens a local file in which parts may lie; @row: what is recorded of it. */
static gboolean
open_source (Download *self, const char *path, const PsRow *row)
{
  PsStore *store = self->reuse->context->store;
  PsEntry entry;

  self->source = ps_local_open_file (self->reuse->context->local, path, &entry, NULL);
  if (self->source < 0 || entry.size < PS_DELTA_MIN_SIZE)
    {
      ps_close_fd (&self->source);
      return FALSE;
    }
  if (row->has_hash && !row->racy && ps_entry_same (&row->local, &entry))
    self->fill.known = ps_store_get_signature (store, row->sha256);
  return TRUE;
}

static gboolean
open_same_content (Download *self)
{
  PsContext *context = self->reuse->context;
  uint64_t size = self->get.expected.size;
  g_autofree char *path
      = ps_store_find_content (context->store, self->wanted, size, PS_SIDE_LOCAL, NULL, NULL);
  PsEntry entry;

  if (path == NULL)
    return FALSE;
  self->source = ps_local_open_file (context->local, path, &entry, NULL);
  if (self->source >= 0 && entry.size == size)
    return TRUE;
  ps_close_fd (&self->source);
  return FALSE;
}

static gboolean
open_like_content (Download *self)
{
  g_autofree char *similar = NULL;
  PsRow row = { 0 };

  if (self->local.kind == PS_KIND_FILE)
    {
      ps_store_get (self->reuse->context->store, self->path, &row, NULL);
      return open_source (self, self->path, &row);
    }
  similar = ps_reuse_find_similar (self->reuse, self->path, self->get.expected.size, PS_SIDE_LOCAL,
                                   &row);
  return similar != NULL && open_source (self, similar, &row);
}

static void
note_read (const PsRemoteResult *result, gpointer user_data)
{
  Download *self = user_data;

  self->result.result.wire += result->wire;
  if (result->error != NULL || is_over (self) || !ps_reuse_parse_note (result->bytes, self->wanted))
    fetch_whole (self);
  else if (open_same_content (self))
    {
      self->signs = self->signs && !ps_reuse_has_signature (self->reuse, self->wanted);
      begin_fill (self);
    }
  else if (open_like_content (self))
    read_signature (self);
  else
    fetch_whole (self);
}

PsLocalTemp *
ps_reuse_open_temp (PsReuse *self, const char *path, const PsEntry *remote, GError **error)
{
  g_autofree char *key = NULL;

  if (remote->size < PS_REUSE_RESUME_LEAST)
    return ps_local_temp_new (self->context->local, path, FALSE, error);
  key = g_strdup_printf ("%s\n%" G_GUINT64_FORMAT " %" G_GINT64_FORMAT, path, remote->size,
                         remote->mtime / PS_ENTRY_SECOND);
  return ps_local_temp_new (self->context->local, key, TRUE, error);
}

void
ps_reuse_get_async (PsReuse *self, const PsGet *get, PsLocalTemp *temp, const PsEntry *local,
                    PsRemoteDone done, gpointer user_data)
{
  PsGet whole = *get;
  Download *download;
  g_autofree char *note = NULL;

  whole.fd = ps_local_temp_peek_fd (temp);
  if (get->expected.size < PS_DELTA_MIN_SIZE)
    {
      ps_remote_get_async (self->context->remote, &whole, done, user_data);
      return;
    }
  download = g_new0 (Download, 1);
  download->reuse = self;
  download->get = whole;
  download->get.path = download->path = g_strdup (get->path);
  download->temp = temp;
  download->local = *local;
  download->source = -1;
  download->ranges = g_array_new (FALSE, FALSE, sizeof (PsRange));
  download->done = done;
  download->user_data = user_data;
  download->signs = ps_reuse_wants_signature (self, get->expected.size, ps_entry_present (local));
  self->under_way++;
  begin_fetching (download);
  note = ps_reuse_note_path (get->path, &get->expected);
  ps_remote_read_async (self->context->remote, note, 0, PS_REUSE_NOTE_SIZE + 1, note_read,
                        download);
}
