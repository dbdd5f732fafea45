/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Directories of our own, their left-overs, and what the server's file system can do. */
#include "sftp/remote-private.h"

#include "sftp/waited.h"
#include "util/words.h"

#include <stdio.h>
#include <string.h>

#define TMP_DIR PS_OWN_DIR "/tmp"
#define KEPT_NS (7 * G_GINT64_CONSTANT (86400000000000)) /* left-overs that may be of use */
#define CAPS_FORMAT "1 names=%s case=%d exec=%d symlinks=%d hardlinks=%d"
#define CAPS_SCAN "1 names=%7[a-z] case=%d exec=%d symlinks=%d hardlinks=%d"
#define HARMLESS_MODE 0666
#define PROGRAM_MODE 0777

/* --- The probe: one burst of requests on throw-away files --- */

enum
{
  TAG_MAKE,
  TAG_ODD,
  TAG_ODD_SHORT,
  TAG_OTHER_CASE,
  TAG_SYMLINK,
  TAG_HARDLINK,
  TAG_IGNORED,
  TAG_WITH_BIT,
  TAG_WITHOUT_BIT
};

typedef struct
{
  PsOp op;
  bool whole; /* else only the server's time is wanted */
  char *plain, *other_case, *odd, *odd_short, *symlink, *hardlink;
  PsHandle handle, odd_handle;
  PsRemoteCaps caps;
  bool bit_set, bit_cleared;
} ProbeOp;

static void
on_probed (PsOp *op, const PsReply *reply, guint tag)
{
  ProbeOp *self = (ProbeOp *)op;
  bool found = reply->type == PS_FXP_ATTRS;
  PsEntry entry = found ? ps_attrs_to_entry (&reply->attrs) : (PsEntry){ 0 };

  switch (tag)
    {
    case TAG_MAKE:
      ps_handle_take (op, &self->handle, 0, reply);
      break;
    case TAG_ODD:
      self->caps.names = reply->type == PS_FXP_HANDLE ? PS_NAMES_POSIX : PS_NAMES_FAT;
      if (reply->type == PS_FXP_HANDLE)
        ps_handle_take (op, &self->odd_handle, 0, reply);
      else
        ps_client_untake_handle (op->remote->client, 0);
      break;
    case TAG_ODD_SHORT: /* FAT drops a dot at the end and finds the file all the same */
      if (found)
        self->caps.names = PS_NAMES_FAT;
      break;
    case TAG_OTHER_CASE:
      self->caps.case_sensitive = !found;
      break;
    case TAG_SYMLINK:
      self->caps.symlinks = ps_reply_is (reply, PS_FX_OK);
      break;
    case TAG_HARDLINK:
      self->caps.hardlinks = ps_reply_is (reply, PS_FX_OK);
      break;
    case TAG_WITH_BIT:
      self->bit_set = entry.executable;
      break;
    case TAG_WITHOUT_BIT:
      self->bit_cleared = found && !entry.executable;
      op->result.entry = entry;
      break;
    default:
      break;
    }
}

static void
remove_probes (PsOp *op)
{
  ProbeOp *self = (ProbeOp *)op;
  const char *made[] = { self->plain, self->odd, self->symlink, self->hardlink };

  ps_request_close_detached (op->remote, &self->handle);
  ps_request_close_detached (op->remote, &self->odd_handle);
  for (gsize i = 0; i < G_N_ELEMENTS (made); i++)
    ps_request_remove_detached (op->remote, made[i]);
}

static void
after_probed (PsOp *op)
{
  ProbeOp *self = (ProbeOp *)op;

  self->caps.executable_bit = self->bit_set && self->bit_cleared;
  if (self->whole)
    op->remote->caps = self->caps;
  remove_probes (op);
}

static void
probe_mode (ProbeOp *self, uint32_t mode, guint tag)
{
  PsAttrs attrs = { .flags = PS_ATTR_PERMISSIONS, .permissions = mode };

  ps_request_setstat (&self->op, self->plain, &attrs, TAG_IGNORED);
  ps_request_path (&self->op, 0, PS_FXP_LSTAT, self->plain, tag);
}

static void
begin_probe (PsOp *op)
{
  ProbeOp *self = (ProbeOp *)op;
  const uint32_t flags = PS_OPEN_WRITE | PS_OPEN_CREATE | PS_OPEN_EXCLUSIVE;

  ps_op_expect (op, on_probed, after_probed);
  ps_request_open (op, 0, self->plain, flags, false, TAG_MAKE);
  if (self->whole)
    {
      ps_request_open (op, 0, self->odd, flags, false, TAG_ODD);
      ps_request_path (op, 0, PS_FXP_LSTAT, self->odd_short, TAG_ODD_SHORT);
      ps_request_path (op, 0, PS_FXP_LSTAT, self->other_case, TAG_OTHER_CASE);
      ps_request_symlink (op, "nowhere", self->symlink, TAG_SYMLINK);
      if (self->caps.hardlink)
        ps_request_hardlink (op, self->plain, self->hardlink, TAG_HARDLINK);
    }
  probe_mode (self, PROGRAM_MODE, TAG_WITH_BIT);
  probe_mode (self, HARMLESS_MODE, TAG_WITHOUT_BIT);
}

static bool
can_probe (PsOp *op)
{
  PsClient *client = op->remote->client;

  if (!ps_client_take_handle (client, 0))
    return false;
  if (!((ProbeOp *)op)->whole || ps_client_take_handle (client, 0))
    return true;
  ps_client_untake_handle (client, 0);
  return false;
}

static void
clear_probe (PsOp *op)
{
  ProbeOp *self = (ProbeOp *)op;

  g_free (self->plain);
  g_free (self->other_case);
  g_free (self->odd);
  g_free (self->odd_short);
  g_free (self->symlink);
  g_free (self->hardlink);
}

static const PsOpClass probe_class = {
  .failure = N_ ("Could not write to %s"),
  .writes = true,
  .can_begin = can_probe,
  .begin = begin_probe,
  .cleanup = remove_probes,
  .clear = clear_probe,
  .size = sizeof (ProbeOp),
};

static void
probe (PsRemote *self, bool whole, PsWaited *probed)
{
  g_autofree char *base = ps_remote_temp_path (self, NULL, "");
  ProbeOp *op = ps_op_new (self, &probe_class, PS_QUEUE_CONTROL, TMP_DIR, ps_waited_done, probed);

  op->whole = whole;
  op->caps = self->caps;
  op->plain = g_strconcat (base, "-aA.probe", NULL);
  op->other_case = g_strconcat (base, "-Aa.probe", NULL);
  op->odd_short = g_strconcat (base, "-o:?", NULL);
  op->odd = g_strconcat (base, "-o:?.", NULL);
  op->symlink = g_strconcat (base, "-l.probe", NULL);
  op->hardlink = g_strconcat (base, "-h.probe", NULL);
}

/* --- What is remembered of a probe --- */

static char *
caps_to_text (const PsRemoteCaps *caps)
{
  return g_strdup_printf (CAPS_FORMAT, caps->names == PS_NAMES_FAT ? "fat" : "posix",
                          caps->case_sensitive, caps->executable_bit, caps->symlinks,
                          caps->hardlinks);
}

static bool
caps_from_text (PsRemoteCaps *caps, const char *text)
{
  char names[8];
  int case_sensitive, executable, symlinks, hardlinks;

  if (text == NULL
      || sscanf (text, CAPS_SCAN, names, &case_sensitive, &executable, &symlinks, &hardlinks) != 5)
    return false;
  caps->names = strcmp (names, "fat") == 0 ? PS_NAMES_FAT : PS_NAMES_POSIX;
  caps->case_sensitive = case_sensitive != 0;
  caps->executable_bit = executable != 0;
  caps->symlinks = symlinks != 0;
  caps->hardlinks = hardlinks != 0 && caps->hardlink;
  return true;
}

/* --- Left-overs --- */

/* Ours go at once, except what a later upload may go on with; others' when nobody can want them. */
static bool
is_left_over (const PsRemote *self, const PsDirEntry *entry, int64_t now)
{
  gsize device = strlen (self->device);
  const char *rest = entry->name + device;
  bool ours = strncmp (entry->name, self->device, device) == 0 && *rest == '-';

  if (ours && rest[1] != 'r')
    return true;
  return entry->entry.mtime < now - KEPT_NS;
}

static void
sweep (PsRemote *self, const PsListing *listing, int64_t now)
{
  for (guint i = 0; i < listing->entries->len; i++)
    {
      const PsDirEntry *entry = &g_array_index (listing->entries, PsDirEntry, i);
      g_autofree char *path = ps_relpath_join (TMP_DIR, entry->name);

      if (is_left_over (self, entry, now))
        ps_request_remove_detached (self, path);
    }
}

/* --- All of it --- */

static const char *const own_dirs[] = { PS_OWN_DIR, TMP_DIR, PS_OWN_DIR "/versions" };

struct PsPreparation
{
  PsWaited dirs[G_N_ELEMENTS (own_dirs)];
  PsWaited probed;    /* the entry's time is the server's */
  PsListing *listing; /* (nullable) of the directory of temporary files */
};

void
ps_preparation_free (PsPreparation *self)
{
  if (self == NULL)
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (own_dirs); i++)
    ps_waited_clear (&self->dirs[i]);
  ps_waited_clear (&self->probed);
  g_clear_pointer (&self->listing, ps_listing_free);
  g_free (self);
}

static void
on_listed (PsListing *listing, gpointer data)
{
  ((PsPreparation *)data)->listing = listing;
}

bool
ps_remote_prepare_begin (PsRemote *self, const char *known_caps)
{
  PsPreparation *preparation = g_new0 (PsPreparation, 1);
  bool known = caps_from_text (&self->caps, known_caps);

  g_assert (self->preparation == NULL);
  self->preparation = preparation;
  for (gsize i = 0; i < G_N_ELEMENTS (own_dirs); i++)
    ps_remote_mkdir_async (self, own_dirs[i], ps_waited_done, &preparation->dirs[i]);
  probe (self, !known, &preparation->probed);
  ps_remote_list_async (self, TMP_DIR, on_listed, preparation);
  return known;
}

/* The first that fails says why. */
static gboolean
wait_for_all (PsRemote *self, GCancellable *cancellable, GError **error)
{
  PsPreparation *preparation = self->preparation;
  gboolean good = TRUE;

  for (gsize i = 0; i < G_N_ELEMENTS (own_dirs); i++)
    good = ps_waited_wait (&preparation->dirs[i], self, cancellable, good ? error : NULL) && good;
  good = ps_waited_wait (&preparation->probed, self, cancellable, good ? error : NULL) && good;
  while (preparation->listing == NULL) /* a step that fails has called back */
    if (!ps_remote_step (self, -1, cancellable, good ? error : NULL))
      good = FALSE;
  return good;
}

gboolean
ps_remote_prepare_end (PsRemote *self, char **caps_text, GCancellable *cancellable, GError **error)
{
  gboolean good;

  if (self->preparation == NULL)
    return TRUE;
  good = wait_for_all (self, cancellable, error);
  if (good)
    sweep (self, self->preparation->listing, self->preparation->probed.entry.mtime);
  g_clear_pointer (&self->preparation, ps_preparation_free);
  if (good && caps_text != NULL)
    *caps_text = caps_to_text (&self->caps);
  return good;
}
