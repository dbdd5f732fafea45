/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of README.md; "s1" … "s16" in comments are its numbers.
 *
 * What is present where makes the state; within a state, whether a side still is what its row says
 * makes the letter. Every state is one row of the table below, with a function where it has
 * letters. */
#include "core/decide.h"

/* Everything that is known about one path. */
typedef struct
{
  const PsRow *row;
  const PsEntry *local;
  const PsEntry *remote;
} Known;

/* The first second of all has no beginning in 64 bits. */
static int64_t
whole_second (int64_t ns)
{
  int64_t part = ns % PS_ENTRY_SECOND;

  part += part < 0 ? PS_ENTRY_SECOND : 0;
  return ns < INT64_MIN + part ? INT64_MIN : ns - part;
}

/* Whether @there is what a transfer of @source would have left, should its answer have been lost: a
 * transfer leaves whole seconds, and what a person has just written seldom has them. Not every file
 * system has an executable bit. */
static bool
is_copy_of (const PsEntry *there, const PsEntry *source)
{
  if (there->kind != source->kind)
    return false;
  if (there->kind == PS_KIND_DIR)
    return true;
  return there->size == source->size && there->mtime == whole_second (source->mtime);
}

static bool
local_unchanged (const Known *known)
{
  return ps_entry_same (&known->row->local, known->local);
}

static bool
remote_unchanged (const Known *known)
{
  return ps_entry_same (&known->row->remote, known->remote);
}

/* "Same content: record, else conflict", as far as it can be said without reading. */
static PsAction
same_content (const Known *known)
{
  if (known->local->kind != known->remote->kind)
    return PS_ACTION_CONFLICT;
  if (known->local->kind == PS_KIND_DIR)
    return PS_ACTION_RECORD;
  return known->local->size == known->remote->size ? PS_ACTION_COMPARE : PS_ACTION_CONFLICT;
}

/* s1: on both sides, then and now. */
static PsDecision
decide_s1 (const Known *known)
{
  if (local_unchanged (known))
    return remote_unchanged (known) ? (PsDecision){ 1, 'a', PS_ACTION_NONE }
                                    : (PsDecision){ 1, 'c', PS_ACTION_DOWNLOAD };
  if (remote_unchanged (known))
    return (PsDecision){ 1, 'b', PS_ACTION_UPLOAD };
  return (PsDecision){ 1, 'd', same_content (known) };
}

/* s2: gone from the server. */
static PsDecision
decide_s2 (const Known *known)
{
  return local_unchanged (known) ? (PsDecision){ 2, 'a', PS_ACTION_DELETE_LOCAL }
                                 : (PsDecision){ 2, 'b', PS_ACTION_UPLOAD };
}

/* s3: an upload was never confirmed, and now something is there. What looks like that upload is
 * compared all the same: another device may have made a file of that name, size and second, as
 * programs do that run by the clock. */
static PsDecision
decide_s3 (const Known *known)
{
  if (!is_copy_of (known->remote, &known->row->local))
    return (PsDecision){ 3, 'c', same_content (known) };
  return local_unchanged (known) ? (PsDecision){ 3, 'a', same_content (known) }
                                 : (PsDecision){ 3, 'b', PS_ACTION_UPLOAD };
}

/* s5: gone locally. */
static PsDecision
decide_s5 (const Known *known)
{
  return remote_unchanged (known) ? (PsDecision){ 5, 'a', PS_ACTION_DELETE_REMOTE }
                                  : (PsDecision){ 5, 'b', PS_ACTION_DOWNLOAD };
}

/* s7: an upload was never confirmed, the file is gone locally since, and something is on the
 * server. Without the hash of what we sent nobody can tell whose it is: then it is kept. */
static PsDecision
decide_s7 (const Known *known)
{
  bool can_tell = known->remote->kind == PS_KIND_DIR || known->row->has_hash;

  return can_tell && is_copy_of (known->remote, &known->row->local)
             ? (PsDecision){ 7, 'a', PS_ACTION_DELETE_REMOTE }
             : (PsDecision){ 7, 'b', PS_ACTION_DOWNLOAD };
}

/* s9: a download was never confirmed, and now something is here: the mirror of s3. Archives and
 * builds leave whole seconds too. */
static PsDecision
decide_s9 (const Known *known)
{
  if (!is_copy_of (known->local, &known->row->remote))
    return (PsDecision){ 9, 'c', same_content (known) };
  return remote_unchanged (known) ? (PsDecision){ 9, 'a', same_content (known) }
                                  : (PsDecision){ 9, 'b', PS_ACTION_DOWNLOAD };
}

/* s11: created on both sides. */
static PsDecision
decide_s11 (const Known *known)
{
  return (PsDecision){ 11, 0, same_content (known) };
}

/* One state: what to do, or who says it. */
typedef struct
{
  uint8_t number;
  PsAction action;
  PsDecision (*lettered) (const Known *known);
} State;

/* clang-format off */
static const State states[16] = {
  /* lp lc rp rc */
  [0xf] = { 1,  PS_ACTION_NONE,     decide_s1 },
  [0xe] = { 2,  PS_ACTION_NONE,     decide_s2 },
  [0xd] = { 3,  PS_ACTION_NONE,     decide_s3 },
  [0xc] = { 4,  PS_ACTION_UPLOAD,   NULL }, /* an earlier upload failed */
  [0xb] = { 5,  PS_ACTION_NONE,     decide_s5 },
  [0xa] = { 6,  PS_ACTION_FORGET,   NULL }, /* both deleted */
  [0x9] = { 7,  PS_ACTION_NONE,     decide_s7 },
  [0x8] = { 8,  PS_ACTION_FORGET,   NULL }, /* never reached the server, gone locally */
  [0x7] = { 9,  PS_ACTION_NONE,     decide_s9 },
  [0x6] = { 10, PS_ACTION_UPLOAD,   NULL }, /* remote deleted, a local file of that name appeared */
  [0x5] = { 11, PS_ACTION_NONE,     decide_s11 },
  [0x4] = { 12, PS_ACTION_UPLOAD,   NULL }, /* created locally */
  [0x3] = { 13, PS_ACTION_DOWNLOAD, NULL }, /* an earlier download failed */
  [0x2] = { 14, PS_ACTION_FORGET,   NULL }, /* our delete went through */
  [0x1] = { 15, PS_ACTION_DOWNLOAD, NULL }, /* created remotely */
  [0x0] = { 16, PS_ACTION_NONE,     NULL }, /* nothing anywhere: cannot happen */
};
/* clang-format on */

PsDecision
ps_decide (const PsRow *row, const PsEntry *local, const PsEntry *remote)
{
  static const PsRow no_row;
  const Known known = { row != NULL ? row : &no_row, local, remote };
  guint present
      = (guint)ps_entry_present (&known.row->local) << 3 | (guint)ps_entry_present (local) << 2
        | (guint)ps_entry_present (&known.row->remote) << 1 | (guint)ps_entry_present (remote);
  const State *state = &states[present];

  if (state->lettered != NULL)
    return state->lettered (&known);
  return (PsDecision){ state->number, 0, state->action };
}

const char *
ps_action_name (PsAction action)
{
  static const char *const names[PS_N_ACTIONS] = {
    [PS_ACTION_NONE] = "none",
    [PS_ACTION_RECORD] = "record",
    [PS_ACTION_FORGET] = "forget",
    [PS_ACTION_UPLOAD] = "upload",
    [PS_ACTION_DOWNLOAD] = "download",
    [PS_ACTION_DELETE_LOCAL] = "delete-local",
    [PS_ACTION_DELETE_REMOTE] = "delete-remote",
    [PS_ACTION_COMPARE] = "compare",
    [PS_ACTION_CONFLICT] = "conflict",
  };

  return names[action];
}

char *
ps_decision_to_string (const PsDecision *decision)
{
  return decision->letter != 0 ? g_strdup_printf ("s%u%c", decision->number, decision->letter)
                               : g_strdup_printf ("s%u", decision->number);
}
