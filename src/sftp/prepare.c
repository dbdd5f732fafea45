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

/* @server_time: (out) nanoseconds, of the server's clock */
static gboolean
probe (PsRemote *self, bool whole, int64_t *server_time, GCancellable *cancellable, GError **error)
{
  ProbeOp *op;
  g_auto (PsWaited) probed = { 0 };
  g_autofree char *base = ps_remote_temp_path (self, NULL, "");

  op = ps_op_new (self, &probe_class, PS_QUEUE_CONTROL, TMP_DIR, ps_waited_done, &probed);
  op->whole = whole;
  op->caps = self->caps;
  op->plain = g_strconcat (base, "-aA.probe", NULL);
  op->other_case = g_strconcat (base, "-Aa.probe", NULL);
  op->odd_short = g_strconcat (base, "-o:?", NULL);
  op->odd = g_strconcat (base, "-o:?.", NULL);
  op->symlink = g_strconcat (base, "-l.probe", NULL);
  op->hardlink = g_strconcat (base, "-h.probe", NULL);
  if (!ps_waited_wait (&probed, self, cancellable, error))
    return FALSE;
  *server_time = probed.entry.mtime;
  return TRUE;
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

static gboolean
sweep (PsRemote *self, int64_t now, GCancellable *cancellable, GError **error)
{
  PsLister lister = ps_remote_lister (self);
  g_autoptr (PsListing) listing = NULL;

  lister.klass->request (lister.self, TMP_DIR);
  listing = lister.klass->next (lister.self, cancellable, error);
  if (listing == NULL)
    return FALSE;
  for (guint i = 0; i < listing->entries->len; i++)
    {
      const PsDirEntry *entry = &g_array_index (listing->entries, PsDirEntry, i);
      g_autofree char *path = ps_relpath_join (TMP_DIR, entry->name);

      if (is_left_over (self, entry, now))
        ps_request_remove_detached (self, path);
    }
  return TRUE;
}

/* In one go; the first that fails says why. */
static gboolean
make_dirs (PsRemote *self, GCancellable *cancellable, GError **error)
{
  const char *const dirs[] = { PS_OWN_DIR, TMP_DIR, PS_OWN_DIR "/versions" };
  PsWaited made[G_N_ELEMENTS (dirs)] = { 0 };
  gboolean good = TRUE;

  for (gsize i = 0; i < G_N_ELEMENTS (dirs); i++)
    ps_remote_mkdir_async (self, dirs[i], ps_waited_done, &made[i]);
  for (gsize i = 0; i < G_N_ELEMENTS (dirs); i++)
    {
      good = ps_waited_wait (&made[i], self, cancellable, good ? error : NULL) && good;
      ps_waited_clear (&made[i]);
    }
  return good;
}

gboolean
ps_remote_prepare (PsRemote *self, const char *known_caps, char **caps_text,
                   GCancellable *cancellable, GError **error)
{
  bool known = caps_from_text (&self->caps, known_caps);
  int64_t now;

  if (!make_dirs (self, cancellable, error) || !probe (self, !known, &now, cancellable, error)
      || !sweep (self, now, cancellable, error))
    return FALSE;
  if (caps_text != NULL)
    *caps_text = caps_to_text (&self->caps);
  return TRUE;
}
