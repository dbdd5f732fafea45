/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The decision table: every lettered case is one path of the test, under its number. */
#include "core-test.h"

#include "core/backoff.h"
#include "core/conflict.h"
#include "core/decide.h"

#define S(seconds) ((seconds)*SECOND)
#define HALF (SECOND / 2)

/* One version of a path as the two hosts show it: the same size, each with its own clock. */
/* clang-format off */
#define NO   { PS_KIND_ABSENT }
#define L1   { PS_KIND_FILE, .size = 10, .mtime = S (100) + HALF }
#define R1   { PS_KIND_FILE, .size = 10, .mtime = S (170) }
#define SENT { PS_KIND_FILE, .size = 10, .mtime = S (100) } /* L1 as a server shows it */
#define L2   { PS_KIND_FILE, .size = 20, .mtime = S (200) + HALF }
#define R2   { PS_KIND_FILE, .size = 20, .mtime = S (300) } /* may be the same as L2 */
#define R3   { PS_KIND_FILE, .size = 30, .mtime = S (300) } /* cannot be */
#define GOT  { PS_KIND_FILE, .size = 10, .mtime = S (170) } /* R1 as it is fetched */
#define DIR  { PS_KIND_DIR }
#define LINK { PS_KIND_SYMLINK, .size = 5, .mtime = S (100) }
#define LINK2 { PS_KIND_SYMLINK, .size = 6, .mtime = S (200) }

typedef struct
{
  const char *name; /* the case, perhaps with a variant after '-' */
  PsEntry row_local, local, row_remote, remote;
  PsAction action;
  bool has_hash; /* the row has one */
} Case;

static const Case cases[] = {
  /* name          row.local  local  row.remote  remote */
  { "s1a",            L1,   L1,   R1,   R1,   PS_ACTION_NONE },
  { "s1a-dir",        DIR,  DIR,  DIR,  DIR,  PS_ACTION_NONE },
  { "s1a-link",       LINK, LINK, LINK, LINK, PS_ACTION_NONE },
  { "s1b",            L1,   L2,   R1,   R1,   PS_ACTION_UPLOAD },
  { "s1b-touched",    L1,   { PS_KIND_FILE, .size = 10, .mtime = S (101) }, R1, R1, PS_ACTION_UPLOAD },
  { "s1b-executable", L1,   { PS_KIND_FILE, true, 10, S (100) + HALF }, R1, R1, PS_ACTION_UPLOAD },
  { "s1b-dir",        L1,   DIR,  R1,   R1,   PS_ACTION_UPLOAD },
  { "s1b-link",       LINK, LINK2, LINK, LINK, PS_ACTION_UPLOAD },
  { "s1c",            L1,   L1,   R1,   R2,   PS_ACTION_DOWNLOAD },
  { "s1c-dir",        L1,   L1,   R1,   DIR,  PS_ACTION_DOWNLOAD },
  { "s1d",            L1,   L2,   R1,   R2,   PS_ACTION_COMPARE },
  { "s1d-size",       L1,   L2,   R1,   R3,   PS_ACTION_CONFLICT },
  { "s1d-dirs",       L1,   DIR,  R1,   DIR,  PS_ACTION_RECORD },
  { "s1d-file-dir",   L1,   L2,   R1,   DIR,  PS_ACTION_CONFLICT },
  { "s1d-dir-file",   L1,   DIR,  R1,   R2,   PS_ACTION_CONFLICT },
  { "s1d-link-file",  L1,   LINK, R1,   R2,   PS_ACTION_CONFLICT },
  { "s1d-links",      L1,   LINK, R1,   LINK, PS_ACTION_COMPARE },
  { "s2a",            L1,   L1,   R1,   NO,   PS_ACTION_DELETE_LOCAL },
  { "s2a-dir",        DIR,  DIR,  DIR,  NO,   PS_ACTION_DELETE_LOCAL },
  { "s2b",            L1,   L2,   R1,   NO,   PS_ACTION_UPLOAD },
  { "s2b-dir",        DIR,  L2,   DIR,  NO,   PS_ACTION_UPLOAD },
  { "s3a",            L1,   L1,   NO,   SENT, PS_ACTION_COMPARE },
  { "s3a-hash",       L1,   L1,   NO,   SENT, PS_ACTION_COMPARE, true },
  { "s3a-link",       LINK, LINK, NO,   LINK, PS_ACTION_COMPARE },
  { "s3a-dir",        DIR,  DIR,  NO,   DIR,  PS_ACTION_RECORD },
  { "s3b",            L1,   L2,   NO,   SENT, PS_ACTION_UPLOAD },
  { "s3c",            L1,   L1,   NO,   R1,   PS_ACTION_COMPARE },
  { "s3c-size",       L1,   L2,   NO,   R3,   PS_ACTION_CONFLICT },
  { "s3c-both",       L1,   L2,   NO,   R2,   PS_ACTION_COMPARE },
  { "s3c-file-dir",   L1,   L1,   NO,   DIR,  PS_ACTION_CONFLICT },
  { "s4",             L1,   L1,   NO,   NO,   PS_ACTION_UPLOAD },
  { "s4-changed",     L1,   L2,   NO,   NO,   PS_ACTION_UPLOAD },
  { "s5a",            L1,   NO,   R1,   R1,   PS_ACTION_DELETE_REMOTE },
  { "s5a-dir",        DIR,  NO,   DIR,  DIR,  PS_ACTION_DELETE_REMOTE },
  { "s5b",            L1,   NO,   R1,   R2,   PS_ACTION_DOWNLOAD },
  { "s5b-dir",        L1,   NO,   R1,   DIR,  PS_ACTION_DOWNLOAD },
  { "s6",             L1,   NO,   R1,   NO,   PS_ACTION_FORGET },
  { "s7a",            L1,   NO,   NO,   SENT, PS_ACTION_DELETE_REMOTE, true },
  { "s7a-dir",        DIR,  NO,   NO,   DIR,  PS_ACTION_DELETE_REMOTE },
  { "s7b",            L1,   NO,   NO,   R1,   PS_ACTION_DOWNLOAD, true },
  { "s7b-no-hash",    L1,   NO,   NO,   SENT, PS_ACTION_DOWNLOAD },
  { "s7b-dir",        L1,   NO,   NO,   DIR,  PS_ACTION_DOWNLOAD },
  { "s8",             L1,   NO,   NO,   NO,   PS_ACTION_FORGET },
  { "s9a",            NO,   GOT,  R1,   R1,   PS_ACTION_COMPARE },
  { "s9a-dir",        NO,   DIR,  DIR,  DIR,  PS_ACTION_RECORD },
  { "s9b",            NO,   GOT,  R1,   R2,   PS_ACTION_DOWNLOAD },
  { "s9c",            NO,   L1,   R1,   R1,   PS_ACTION_COMPARE },
  { "s9c-same-second", NO,  { PS_KIND_FILE, .size = 10, .mtime = S (170) + HALF }, R1, R2, PS_ACTION_CONFLICT },
  { "s9c-size",       NO,   L2,   R1,   R3,   PS_ACTION_CONFLICT },
  { "s9c-dir-file",   NO,   DIR,  R1,   R1,   PS_ACTION_CONFLICT },
  { "s10",            NO,   L1,   R1,   NO,   PS_ACTION_UPLOAD },
  { "s11",            NO,   L2,   NO,   R2,   PS_ACTION_COMPARE },
  { "s11-size",       NO,   L2,   NO,   R3,   PS_ACTION_CONFLICT },
  { "s11-empty",      NO,   { PS_KIND_FILE }, NO, { PS_KIND_FILE, .mtime = 7 }, PS_ACTION_COMPARE },
  { "s11-dirs",       NO,   DIR,  NO,   DIR,  PS_ACTION_RECORD },
  { "s11-file-dir",   NO,   L1,   NO,   DIR,  PS_ACTION_CONFLICT },
  { "s12",            NO,   L1,   NO,   NO,   PS_ACTION_UPLOAD },
  { "s13",            NO,   NO,   R1,   R1,   PS_ACTION_DOWNLOAD },
  { "s13-changed",    NO,   NO,   R1,   R2,   PS_ACTION_DOWNLOAD },
  { "s14",            NO,   NO,   R1,   NO,   PS_ACTION_FORGET },
  { "s15",            NO,   NO,   NO,   R1,   PS_ACTION_DOWNLOAD },
  { "s15-dir",        NO,   NO,   NO,   DIR,  PS_ACTION_DOWNLOAD },
  { "s16",            NO,   NO,   NO,   NO,   PS_ACTION_NONE },
};
/* clang-format on */

static void
test_case (gconstpointer data)
{
  const Case *c = data;
  const PsRow row = { .local = c->row_local, .remote = c->row_remote, .has_hash = c->has_hash };
  PsDecision decision = ps_decide (&row, &c->local, &c->remote);
  g_autofree char *name = ps_decision_to_string (&decision);
  g_auto (GStrv) wanted = g_strsplit (c->name, "-", 2);

  g_assert_cmpstr (name, ==, wanted[0]);
  g_assert_cmpstr (ps_action_name (decision.action), ==, ps_action_name (c->action));
}

static void
test_no_row (void)
{
  const PsEntry entry = L1, none = NO;

  g_assert_cmpint (ps_decide (NULL, &entry, &none).number, ==, 12);
  g_assert_cmpint (ps_decide (NULL, &none, &entry).number, ==, 15);
  g_assert_cmpint (ps_decide (NULL, &entry, &entry).number, ==, 11);
}

/* Time before 1970 is rounded down like any other. */
static void
test_before_1970 (void)
{
  const PsRow row = { .local = { PS_KIND_FILE, .size = 1, .mtime = -HALF } };
  const PsEntry local = row.local, remote = { PS_KIND_FILE, .size = 1, .mtime = -SECOND };
  PsDecision decision = ps_decide (&row, &local, &remote);

  g_assert_cmpint (decision.letter, ==, 'a');
}

/* A time that does not fit into 64 bits, and that of a file whose content was found changed. */
static void
test_first_second (void)
{
  const PsRow row = { .local = { PS_KIND_FILE, .size = 1, .mtime = INT64_MIN } };
  const PsEntry local = row.local, remote = { PS_KIND_FILE, .size = 1 };
  PsDecision decision = ps_decide (&row, &local, &remote);

  g_assert_cmpint (decision.letter, ==, 'c');
}

/* Entries that differ in every way that counts. */
static const PsEntry samples[] = { NO, L1, SENT, R1, L2, R3, DIR, LINK, LINK2 };

typedef void (*Visit) (const PsRow *row, const PsEntry *local, const PsEntry *remote);

static void
for_all (Visit visit)
{
  for (gsize i = 0; i < G_N_ELEMENTS (samples); i++)
    for (gsize j = 0; j < G_N_ELEMENTS (samples); j++)
      for (gsize k = 0; k < G_N_ELEMENTS (samples); k++)
        for (gsize l = 0; l < G_N_ELEMENTS (samples); l++)
          {
            PsRow row = { .local = samples[i], .remote = samples[j] };

            visit (&row, &samples[k], &samples[l]);
            row.has_hash = true;
            visit (&row, &samples[k], &samples[l]);
          }
}

static guint8
state_number (const PsRow *row, const PsEntry *local, const PsEntry *remote)
{
  return (row->local.kind == PS_KIND_ABSENT) * 8 + (local->kind == PS_KIND_ABSENT) * 4
         + (row->remote.kind == PS_KIND_ABSENT) * 2 + (remote->kind == PS_KIND_ABSENT) + 1;
}

/* Total: every combination has its state, and nothing is overwritten or removed that is not as
 * recorded or what was sent. */
static void
check_total (const PsRow *row, const PsEntry *local, const PsEntry *remote)
{
  PsDecision decision = ps_decide (row, local, remote);
  bool local_known = ps_entry_same (&row->local, local) || local->kind == PS_KIND_ABSENT
                     || (row->local.kind == PS_KIND_ABSENT && decision.number == 9);
  bool remote_known
      = ps_entry_same (&row->remote, remote) || remote->kind == PS_KIND_ABSENT
        || (row->remote.kind == PS_KIND_ABSENT && (decision.number == 3 || decision.number == 7));
  bool local_there = ps_entry_present (local), remote_there = ps_entry_present (remote);

  g_assert_cmpint (decision.number, ==, state_number (row, local, remote));
  switch (decision.action)
    {
    case PS_ACTION_UPLOAD:
      g_assert_true (local_there && remote_known);
      break;
    case PS_ACTION_DOWNLOAD:
      g_assert_true (remote_there && local_known);
      break;
    case PS_ACTION_DELETE_LOCAL:
      g_assert_true (local_there && !remote_there && local_known);
      break;
    case PS_ACTION_DELETE_REMOTE:
      g_assert_true (remote_there && !local_there && remote_known);
      break;
    case PS_ACTION_RECORD:
    case PS_ACTION_COMPARE:
      g_assert_true (local_there && local->kind == remote->kind);
      break;
    case PS_ACTION_CONFLICT:
      g_assert_true (local_there && remote_there);
      break;
    case PS_ACTION_FORGET:
      g_assert_true (!local_there && !remote_there);
      break;
    case PS_ACTION_NONE:
      g_assert_true (
          decision.number == 16
          || (ps_entry_same (&row->local, local) && ps_entry_same (&row->remote, remote)));
      break;
    case PS_N_ACTIONS:
    default:
      g_assert_not_reached ();
    }
}

static void
test_total (void)
{
  for_all (check_total);
}

static PsAction
mirrored (PsAction action)
{
  switch ((int)action)
    {
    case PS_ACTION_UPLOAD:
      return PS_ACTION_DOWNLOAD;
    case PS_ACTION_DOWNLOAD:
      return PS_ACTION_UPLOAD;
    case PS_ACTION_DELETE_LOCAL:
      return PS_ACTION_DELETE_REMOTE;
    case PS_ACTION_DELETE_REMOTE:
      return PS_ACTION_DELETE_LOCAL;
    default:
      return action;
    }
}

/* Mirror: the sides swapped, the directions swapped. The exception is s7a, where an upload that was
 * not confirmed may be taken back while its mirror s10 never deletes. */
static void
check_mirror (const PsRow *row, const PsEntry *local, const PsEntry *remote)
{
  const PsRow swapped = { .local = row->remote, .remote = row->local };
  PsDecision decision = ps_decide (row, local, remote);
  PsDecision other = ps_decide (&swapped, remote, local);

  if (decision.number == 7 || decision.number == 10)
    return;
  g_assert_cmpstr (ps_action_name (other.action), ==, ps_action_name (mirrored (decision.action)));
  g_assert_cmpint (other.letter, ==,
                   decision.number != 1 || decision.letter == 'a' || decision.letter == 'd'
                       ? decision.letter
                   : decision.letter == 'b' ? 'c'
                                            : 'b');
}

static void
test_mirror (void)
{
  for_all (check_mirror);
}

/* The winner of a conflict. */
typedef struct
{
  const char *name;
  PsConflictRule rule;
  PsEntry local, remote;
  PsSide winner;
} ConflictCase;

/* clang-format off */
static const ConflictCase conflicts[] = {
  { "newest-local",        PS_CONFLICT_NEWEST, L2,   R1,   PS_SIDE_LOCAL },
  { "newest-remote",       PS_CONFLICT_NEWEST, L1,   R2,   PS_SIDE_REMOTE },
  { "newest-equal",        PS_CONFLICT_NEWEST, R2,   R3,   PS_SIDE_LOCAL },
  { "local",               PS_CONFLICT_LOCAL,  L1,   R2,   PS_SIDE_LOCAL },
  { "remote",              PS_CONFLICT_REMOTE, L2,   R1,   PS_SIDE_REMOTE },
  { "dir-before-file",     PS_CONFLICT_REMOTE, DIR,  R2,   PS_SIDE_LOCAL },
  { "dir-before-link",     PS_CONFLICT_LOCAL,  LINK, DIR,  PS_SIDE_REMOTE },
  { "dir-before-newer",    PS_CONFLICT_NEWEST, L2,   DIR,  PS_SIDE_REMOTE },
  { "file-before-link",    PS_CONFLICT_NEWEST, LINK, L1,   PS_SIDE_REMOTE },
  { "file-before-newlink", PS_CONFLICT_REMOTE, L1,   LINK2, PS_SIDE_LOCAL },
};
/* clang-format on */

static void
test_conflict (gconstpointer data)
{
  const ConflictCase *c = data;

  g_assert_cmpint (ps_conflict_winner (c->rule, &c->local, &c->remote), ==, c->winner);
}

static void
test_names (void)
{
  for (int action = 0; action < PS_N_ACTIONS; action++)
    g_assert_nonnull (ps_action_name (action));
  for (int kind = PS_KIND_ABSENT; kind <= PS_KIND_SPECIAL; kind++)
    g_assert_nonnull (ps_kind_name (kind));
}

static void
test_backoff (void)
{
  static const guint seconds[] = { 1, 1, 2, 4, 8, 16, 32, 60, 60 };

  for (guint i = 0; i < G_N_ELEMENTS (seconds); i++)
    {
      g_assert_cmpuint (ps_backoff_ms (i, 0.0), ==, seconds[i] * 1000);
      g_assert_cmpuint (ps_backoff_ms (i, 1.0), ==, seconds[i] * 1250);
    }
  g_assert_cmpuint (ps_backoff_ms (G_MAXUINT, 0.5), ==, 67500);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/core/decide/", cases[i].name, NULL);
      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/core/decide/no-row", test_no_row);
  g_test_add_func ("/core/decide/before-1970", test_before_1970);
  g_test_add_func ("/core/decide/first-second", test_first_second);
  g_test_add_func ("/core/decide/total", test_total);
  g_test_add_func ("/core/decide/mirror", test_mirror);
  for (gsize i = 0; i < G_N_ELEMENTS (conflicts); i++)
    {
      g_autofree char *path = g_strconcat ("/core/conflict/", conflicts[i].name, NULL);
      g_test_add_data_func (path, &conflicts[i], test_conflict);
    }
  g_test_add_func ("/core/names-of-values", test_names);
  g_test_add_func ("/core/backoff", test_backoff);
  return g_test_run ();
}
