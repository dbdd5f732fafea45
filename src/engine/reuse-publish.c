/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signatures: kept in the base for our own uploads, published for the downloads of others. */
#include "engine/await.h"
#include "engine/reuse-private.h"

#include <string.h>

#define SIGNATURES_DIR PS_OWN_DIR "/signatures"
#define SWEPT_NAME "swept"
#define KEY_TIDIED "signatures-tidied"
#define DAY (24 * 60 * 60 * PS_ENTRY_SECOND)
#define UNUSED_DAYS 30
#define REMOVED_AT_ONCE 64

/* Signatures in the base may be so large together. Above, only those of files that are known to
 * change are kept: they are what a delta is most likely for. */
#define SIGNATURES_MOST (256 * 1024 * 1024)

struct PsPublication
{
  PsReuse *reuse; /* (nullable): ps_reuse_free () has come first */
  uint8_t sha256[PS_SHA256_SIZE];
  uint64_t size;
  PsRemoteAhead *note; /* (nullable): sent, and not named yet */
  guint waits;         /* for the answers to what was asked of the link */
  gboolean written;    /* the signature is, or could not be: */
  gboolean failed;
  gboolean released; /* ended or dropped */
  char *note_path;   /* (nullable): the content lies nowhere (yet) */
};

gboolean
ps_reuse_wants_signature (const PsReuse *self, uint64_t size, gboolean replaces)
{
  return size >= PS_DELTA_MIN_SIZE && (replaces || self->signatures_size < SIGNATURES_MOST);
}

void
ps_reuse_keep_signature (PsReuse *self, const uint8_t sha256[32], GBytes *signature)
{
  GError *error = NULL;

  if (!ps_store_put_signature (self->context->store, sha256, signature, &error))
    ps_reuse_take_failure (self, error);
  self->signatures_size += g_bytes_get_size (signature);
}

gboolean
ps_reuse_has_signature (const PsReuse *self, const uint8_t sha256[32])
{
  g_autoptr (GBytes) signature = ps_store_get_signature (self->context->store, sha256);

  return signature != NULL;
}

char *
ps_reuse_note_path (const char *path, const PsEntry *remote)
{
  g_autoptr (PsSha256) sha = ps_sha256_new ();
  g_autofree char *version = g_strdup_printf ("%" G_GUINT64_FORMAT " %" G_GINT64_FORMAT,
                                              remote->size, remote->mtime / PS_ENTRY_SECOND);
  g_autofree char *hex = NULL;
  uint8_t sum[PS_SHA256_SIZE];

  ps_sha256_update (sha, path, strlen (path) + 1);
  ps_sha256_update (sha, version, strlen (version));
  ps_sha256_finish (sha, sum);
  hex = ps_sha256_to_hex (sum);
  return g_strconcat (SIGNATURES_DIR "/", hex, ".of", NULL);
}

char *
ps_reuse_signature_path (const uint8_t sha256[32])
{
  g_autofree char *hex = ps_sha256_to_hex (sha256);

  return g_strconcat (SIGNATURES_DIR "/", hex, NULL);
}

gboolean
ps_reuse_parse_note (GBytes *note, uint8_t sha256[32])
{
  gsize length;
  const char *text = g_bytes_get_data (note, &length);

  if (length != PS_REUSE_NOTE_SIZE || text[length - 1] != '\n')
    return FALSE;
  for (gsize i = 0; i < PS_SHA256_SIZE; i++)
    {
      if (!g_ascii_isxdigit (text[2 * i]) || !g_ascii_isxdigit (text[2 * i + 1]))
        return FALSE;
      sha256[i] = (uint8_t)(g_ascii_xdigit_value (text[2 * i]) << 4
                            | g_ascii_xdigit_value (text[2 * i + 1]));
    }
  return TRUE;
}

static void
publication_free (PsPublication *self)
{
  if (self->reuse != NULL)
    self->reuse->publications = g_list_remove (self->reuse->publications, self);
  g_free (self->note_path);
  g_free (self);
}

static void
ignore_result (const PsRemoteResult *result, gpointer user_data)
{
}

/* Takes away the signature of a content, unless that lies on the server under a name, not @except.
 * Returns: whether it does, and @done follows. */
static gboolean
remove_signature (PsReuse *self, const uint8_t sha256[32], uint64_t size, const char *except,
                  PsRemoteDone done, gpointer user_data)
{
  g_autofree char *elsewhere
      = ps_store_find_content (self->context->store, sha256, size, PS_SIDE_REMOTE, except, NULL);
  g_autofree char *signature = ps_reuse_signature_path (sha256);

  if (elsewhere != NULL)
    return FALSE;
  ps_remote_unlink_async (self->context->remote, signature, done, user_data);
  return TRUE;
}

static void
answered (PsPublication *self)
{
  if (--self->waits == 0 && self->released)
    publication_free (self);
}

static void
signature_removed (const PsRemoteResult *result, gpointer user_data)
{
  answered (user_data);
}

static void
note_written (const PsRemoteResult *result, gpointer user_data)
{
  PsPublication *self = user_data;

  if (result->error != NULL)
    g_debug ("A note was not published: %s", result->error->message);
  self->note = NULL;
  answered (self);
}

/* The note gets its name: where there is one, the signature is there too. */
static void
go_on (PsPublication *self)
{
  PsRemoteAhead *note = self->note;
  gboolean can = !self->failed && self->reuse != NULL && !self->reuse->lost;

  if (!self->written || !self->released)
    return;
  if (can && self->note_path == NULL
      && remove_signature (self->reuse, self->sha256, self->size, "", signature_removed, self))
    self->waits++;
  self->note = NULL;
  if (note != NULL)
    ps_remote_ahead_place (note, can ? self->note_path : NULL);
}

static void
signature_written (const PsRemoteResult *result, gpointer user_data)
{
  PsPublication *self = user_data;

  if (result->error != NULL)
    {
      g_debug ("A signature was not published: %s", result->error->message);
      self->failed = TRUE;
    }
  self->written = TRUE;
  go_on (self);
  answered (self);
}

static void
withdraw (PsReuse *self, const char *path, const PsRow *row)
{
  g_autofree char *note = ps_reuse_note_path (path, &row->remote);

  ps_remote_unlink_async (self->context->remote, note, ignore_result, NULL);
  if (row->has_hash)
    (void)remove_signature (self, row->sha256, row->remote.size, path, ignore_result, NULL);
}

PsPublication *
ps_publication_new (PsReuse *reuse, const uint8_t sha256[32], uint64_t size, GBytes *signature)
{
  PsPublication *self = g_new0 (PsPublication, 1);
  g_autofree char *path = ps_reuse_signature_path (sha256);
  g_autofree char *hex = ps_sha256_to_hex (sha256);
  char *text = g_strconcat (hex, "\n", NULL);
  g_autoptr (GBytes) note = g_bytes_new_take (text, strlen (text));

  self->reuse = reuse;
  self->size = size;
  self->waits = 2;
  memcpy (self->sha256, sha256, sizeof self->sha256);
  reuse->publications = g_list_prepend (reuse->publications, self);
  ps_remote_write_async (reuse->context->remote, path, signature, signature_written, self);
  self->note = ps_remote_write_ahead (reuse->context->remote, note, note_written, self);
  return self;
}

/* Nobody but the link holds it any more. */
static void
release (PsPublication *self)
{
  self->released = TRUE;
  go_on (self);
  if (self->waits == 0)
    publication_free (self);
}

void
ps_publication_end (PsPublication *self, const char *path, const PsEntry *remote,
                    const PsRow *replaced)
{
  if (replaced != NULL && !self->reuse->lost && replaced->remote.size >= PS_DELTA_MIN_SIZE
      && !(replaced->has_hash && memcmp (replaced->sha256, self->sha256, PS_SHA256_SIZE) == 0))
    withdraw (self->reuse, path, replaced);
  self->note_path = ps_reuse_note_path (path, remote);
  release (self);
}

void
ps_publication_drop (PsPublication *self)
{
  release (self);
}

/* Returns: (transfer full) (nullable): what is published. */
static PsListing *
list_signatures (PsReuse *self, GError **error)
{
  PsLister lister = ps_remote_lister (self->context->remote);

  lister.klass->request (lister.self, SIGNATURES_DIR);
  return lister.klass->next (lister.self, self->context->cancellable, error);
}

/* Returns: when any device last swept, 0 where none has; by the server's own clock. */
static int64_t
last_sweep (const PsListing *listing)
{
  for (guint i = 0; i < listing->entries->len; i++)
    {
      const PsDirEntry *found = &g_array_index (listing->entries, PsDirEntry, i);

      if (strcmp (found->name, SWEPT_NAME) == 0)
        return found->entry.mtime;
    }
  return 0;
}

/* Whether another device did it today. Where its clock and ours differ, it is done more often. */
static gboolean
is_today (const PsReuse *self, int64_t stamp)
{
  int64_t age = ps_clock_now (self->context->clock) - stamp;

  return age > -DAY && age < DAY;
}

/* Leaves a stamp for the other devices; its time is the server's time now. */
static gboolean
stamp_sweep (PsReuse *self, int64_t *now, GError **error)
{
  PsRemote *remote = self->context->remote;
  GCancellable *cancellable = self->context->cancellable;
  const char *path = SIGNATURES_DIR "/" SWEPT_NAME;
  g_autoptr (GBytes) nothing = g_bytes_new (NULL, 0);
  PsEntry entry;

  if (!ps_await_write (remote, path, nothing, cancellable, error)
      || !ps_await_stat (remote, path, &entry, cancellable, error))
    return FALSE;
  *now = entry.mtime;
  return TRUE;
}

/* Steps until the link has room for more, or rests. */
static gboolean
drain (PsReuse *self, guint most, GError **error)
{
  PsRemote *remote = self->context->remote;

  while (ps_remote_outstanding (remote) > most)
    if (!ps_remote_step (remote, -1, self->context->cancellable, error))
      return FALSE;
  return TRUE;
}

static gboolean
sweep_server (PsReuse *self, GError **error)
{
  g_autoptr (PsListing) listing = list_signatures (self, error);
  int64_t now, before;

  if (listing == NULL)
    return FALSE;
  before = last_sweep (listing);
  if (listing->entries->len == (before != 0 ? 1 : 0) || is_today (self, before))
    return TRUE;
  if (!stamp_sweep (self, &now, error))
    return FALSE;
  for (guint i = 0; i < listing->entries->len; i++)
    {
      const PsDirEntry *found = &g_array_index (listing->entries, PsDirEntry, i);
      g_autofree char *path = ps_relpath_join (SIGNATURES_DIR, found->name);

      if (found->entry.kind != PS_KIND_FILE || strcmp (found->name, SWEPT_NAME) == 0
          || now - found->entry.mtime <= UNUSED_DAYS * DAY)
        continue;
      ps_remote_unlink_async (self->context->remote, path, ignore_result, NULL);
      if (!drain (self, REMOVED_AT_ONCE, error))
        return FALSE;
    }
  return drain (self, 0, error);
}

/* Whether a day has passed since this was last true. */
static gboolean
is_due (PsReuse *self)
{
  int64_t now = ps_clock_now (self->context->clock);
  g_autofree char *before = ps_store_get_value (self->context->store, KEY_TIDIED);
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, now);
  int64_t age = before != NULL ? now - g_ascii_strtoll (before, NULL, 10) : DAY;
  GError *error = NULL;

  if (age >= 0 && age < DAY)
    return FALSE;
  if (!ps_store_set_value (self->context->store, KEY_TIDIED, text, &error)
      || !ps_store_sweep_signatures (self->context->store, &error)
      || !ps_notes_sweep (self->context, &error))
    ps_reuse_take_failure (self, error);
  self->signatures_size = ps_store_signatures_size (self->context->store);
  return TRUE;
}

gboolean
ps_reuse_tidy (PsReuse *self, GError **error)
{
  g_autoptr (GError) problem = NULL;

  ps_reuse_forget_neighbours (self); /* of this pass */
  while (self->publications != NULL || self->running > 0)
    if (!ps_reuse_step (self, -1, self->context->cancellable, error))
      return FALSE;
  if (self->failure == NULL && is_due (self) && !sweep_server (self, &problem))
    {
      if (ps_reuse_is_over (self, problem))
        {
          g_propagate_error (error, g_steal_pointer (&problem));
          return FALSE;
        }
      g_info ("Old signatures could not be removed: %s", problem->message);
    }
  if (self->failure == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&self->failure));
  return FALSE;
}
