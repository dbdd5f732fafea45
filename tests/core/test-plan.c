/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plans by name. A scene is one path a line:
 *
 *   PATH  ROW-LOCAL  ROW-REMOTE  LOCAL  REMOTE
 *
 * each of the four is "-" (nothing), "d" (directory), "fSIZE" or "lSIZE" (file, link), with
 * @SECONDS (its time), x (executable), #NUMBER (inode) behind it where they count. The plan is
 * compared as text, one step a line, "again" at the end where another pass is wanted. */
#include "core-test.h"

#include "core/plan.h"

#include <stdlib.h>
#include <string.h>

typedef struct
{
  const char *name;
  const char *scene;
  const char *wanted;
  const char *incomplete; /* directories, with blanks between them */
} Case;

/* clang-format off */
static const Case cases[] = {
  { "nothing", "a f1 f1 f1 f1", "", NULL },
  { "phases",
    "z - d d d\n"     /* s9a */
    "y f1 f1 - -\n"   /* s6 */
    "x - - - d\n"
    "w - - d -\n"
    "v - - f2 -\n"
    "u - - - f2\n"
    "t - - f3@1 f3@2\n"
    "s - - f3 f4\n"
    "r f5 f5 f5 -\n"
    "q f5 f5 - f5",
    "record z\nforget y\nmkdir-local x\nmkdir-remote w\nupload v\ndownload u\ncompare t\nconflict s\n"
    "delete-local r\ndelete-remote q", NULL },
  { "directories-down",
    "a/b/c/f - - f1 -\n" "a/b/c - - d -\n" "a/b - - d -\n" "a - - d -\n" "a-b - - d -",
    "mkdir-remote a\nmkdir-remote a/b\nmkdir-remote a/b/c\nmkdir-remote a-b\nupload a/b/c/f", NULL },
  { "deletes-deepest-first",
    "a d d - d\n" "a/b d d - d\n" "a/b/f f1 f1 - f1\n" "a/g f1 f1 - f1\n" "a-b d d - d\n" "c f1 f1 - f1",
    "delete-remote a/b/f\ndelete-remote a/g\ndelete-remote c\n"
    "delete-remote a-b\ndelete-remote a/b\ndelete-remote a", NULL },
  { "link", "a - - l3 -\n" "b l3 l3 l3 -", "upload a\ndelete-local b", NULL },
  { "both-directories", "a f1 d d d", "record a", NULL },

  /* A directory below which something lives on is made again where it is missing. */
  { "turned-s2b", "a d d d -\n" "a/b d d d -\n" "a/b/f f1 f1 f2 -\n" "a/g f1 f1 f1 -\n" "a/c d d d -",
    "mkdir-remote a\nmkdir-remote a/b\nupload a/b/f\ndelete-local a/g\ndelete-local a/c", NULL },
  { "turned-s5b", "a d d - d\n" "a/b d d - d\n" "a/b/f f1 f1 - f2\n" "a/g f1 f1 - f1",
    "mkdir-local a\nmkdir-local a/b\ndownload a/b/f\ndelete-remote a/g", NULL },
  { "new_file_in_deleted_dir__bitpocket9", "a d d d -\n" "a/f - - f2 -\n" "b d d - d\n" "b/f - - - f2",
    "mkdir-local b\nmkdir-remote a\nupload a/f\ndownload b/f", NULL },
  { "turned-by-move", "a d d d -\n" "a/n - - f7@7#7 -\n" "o f7@7#7 f7@7 - f7@7",
    "mkdir-remote a\nmove-remote a/n < o", NULL },

  /* A name that changes its kind. */
  { "kind-file-to-dir", "a f1 f1 d f1\n" "a/f - - f2 -",
    "delete-remote a replaces\nagain", NULL },
  { "kind-file-to-dir-remote", "a f1 f1 f1 d\n" "a/f - - - f2",
    "delete-local a replaces\nagain", NULL },
  { "kind-dir-to-file", "a d d f5 d\n" "a/f f1 f1 - f1\n" "a/b d d - d\n" "a/b/g f1 f1 - f1",
    "delete-remote a/b/g\ndelete-remote a/f\ndelete-remote a/b\ndelete-remote a replaces\nagain", NULL },
  { "kind-dir-to-link", "a d d l5 d", "delete-remote a replaces\nagain", NULL },
  { "kind-file-to-link", "a f1 f1 l5 f1", "delete-remote a replaces\nagain", NULL },
  { "kind-link-to-file-remote", "a l1 l1 l1 f5", "delete-local a replaces\nagain", NULL },
  { "kind-dir-to-file-new-below", "a d d f5 d\n" "a/f f1 f1 - f1\n" "a/n - - - f2",
    "conflict a\nagain", NULL },
  { "kind-dir-to-file-changed-below", "a d d f5 d\n" "a/b d d - d\n" "a/b/f f1 f1 - f2",
    "conflict a\nagain", NULL },
  { "kind-dir-to-file-changed-below-local", "a d d d f5\n" "a/b d d d -\n" "a/b/f f1 f1 f2 -",
    "conflict a\nagain", NULL },
  { "file-against-directory", "a - - d f1\n" "a/b - - d -\n" "a/b/f - - f1 -\n" "b - - f1 -",
    "upload b\nconflict a\nagain", NULL },
  { "directory-against-file", "a - - f1 d\n" "a/f - - - f1", "conflict a\nagain", NULL },
  { "file-against-link", "a - - f1 l1", "conflict a\nagain", NULL },

  /* Files that were moved. */
  { "move-remote", "a f5@1#11 f5@2 - f5@2\n" "b - - f5@1#11 -", "move-remote b < a", NULL },
  { "move-remote-link", "a l5@1#11 l5@2 - l5@2\n" "b - - l5@1#11 -", "move-remote b < a", NULL },
  { "move-local", "a f5@1#11 f5@2 f5@1#11 -\n" "b - - - f5@2", "move-local b < a verify", NULL },
  { "rename_is_no_reupload__oc6944", "a f5@1#11 f5@2 - f5@2\n" "d - - d -\n" "d/a - - f5@1#11 -",
    "mkdir-remote d\nmove-remote d/a < a", NULL },
  { "move-out-of-deleted-dir", "d d d - d\n" "d/a f5@1#11 f5@2 - f5@2\n" "b - - f5@1#11 -",
    "move-remote b < d/a\ndelete-remote d", NULL },
  { "no-move-changed", "a f5@1#11 f5@2 - f5@2\n" "b - - f6@3#11 -", "upload b\ndelete-remote a", NULL },
  { "no-move-other-inode", "a f5@1#11 f5@2 - f5@2\n" "b - - f5@1#12 -", "upload b\ndelete-remote a", NULL },
  { "no-move-no-inode", "a f5@1 f5@2 - f5@2\n" "b - - f5@1 -", "upload b\ndelete-remote a", NULL },
  { "no-move-remote-changed", "a f5@1#11 f5@2 - f6@3\n" "b - - f5@1#11 -", "upload b\ndownload a", NULL },
  { "no-move-local-changed", "a f5@1#11 f5@2 f6@3#11 -\n" "b - - - f5@2", "upload a\ndownload b", NULL },
  { "no-move-executable", "a f5@1#11 f5@2 f5@1#11 -\n" "b - - - f5@2x", "download b\ndelete-local a", NULL },
  { "no-move-empty", "a f0@1#11 f0@2 f0@1#11 -\n" "b - - - f0@2", "download b\ndelete-local a", NULL },
  { "no-move-not-only-one", "a f5@1 f5@2 f5@1 -\n" "b f5@1 f5@2 f5@1 -\n" "c - - - f5@2",
    "download c\ndelete-local a\ndelete-local b", NULL },
  { "move-same-name", "x/a f5@1 f5@2 f5@1 -\n" "x/b f5@1 f5@2 f5@1 -\n" "y/b - - - f5@2\n" "y/c - - - f5@2",
    "download y/c\nmove-local y/b < x/b verify\ndelete-local x/a", NULL },
  { "no-move-below-conflict", "a f5@1#11 f5@2 - f5@2\n" "d - - d f1\n" "d/a - - f5@1#11 -",
    "conflict d\ndelete-remote a\nagain", NULL },
  { "move-and-new", "a f5@1#11 f5@2 f9@9#12 f5@2\n" "b - - f5@1#11 -", "upload a\nupload b", NULL },
  { "move-over", "a f5@1#11 f5@2 - f5@2\n" "b f6@1#12 f6@2 f5@1#11 f6@2", "upload b\ndelete-remote a", NULL },
  { "chain", "a f1@1#11 f1@1 - f1@1\n" "b f2@2#12 f2@2 f1@1#11 f2@2\n" "c - - f2@2#12 -",
    "move-remote c < b\nmove-remote b < a", NULL },
  { "chain-local", "a f1@1 f1@1 f1@1 -\n" "b f2@2 f2@2 f2@2 f1@1\n" "c - - - f2@2",
    "move-local c < b verify\nmove-local b < a verify", NULL },
  { "chain-over", "a f1@1#11 f1@1 - f1@1\n" "b f2@2#12 f2@2 f1@1#11 f2@2\n" "c f3@3#13 f3@3 f2@2#12 f3@3",
    "upload b\nupload c\ndelete-remote a", NULL },
  { "chain-from-new", "a f1@1#11 f1@1 f9@9#19 f1@1\n" "b f2@2#12 f2@2 f1@1#11 f2@2\n" "c - - f2@2#12 -",
    "upload a\nupload b\nupload c", NULL },
  { "swap", "a f1@1#11 f1@1 f2@2#12 f1@1\n" "b f2@2#12 f2@2 f1@1#11 f2@2",
    "move-remote b < a park 1\nmove-remote a < b\nmove-remote b < a park -1", NULL },
  { "swap-local", "a f1@1 f1@1 f1@1 f2@2\n" "b f2@2 f2@2 f2@2 f1@1",
    "move-local b < a park 1 verify\nmove-local a < b verify\nmove-local b < a park -1 verify", NULL },
  { "cycle-of-three",
    "a f1@1#11 f1@1 f3@3#13 f1@1\n" "b f2@2#12 f2@2 f1@1#11 f2@2\n" "c f3@3#13 f3@3 f2@2#12 f3@3",
    "move-remote b < a park 1\nmove-remote a < c\nmove-remote c < b\nmove-remote b < a park -1", NULL },
  { "two-swaps",
    "a f1@1#11 f1@1 f2@2#12 f1@1\n" "b f2@2#12 f2@2 f1@1#11 f2@2\n"
    "c f3@3#13 f3@3 f4@4#14 f3@3\n" "d f4@4#14 f4@4 f3@3#13 f4@4",
    "move-remote b < a park 1\nmove-remote a < b\nmove-remote b < a park -1\n"
    "move-remote d < c park 2\nmove-remote c < d\nmove-remote d < c park -2", NULL },

  /* Renamed directories. */
  { "dir-move-remote", "a d#11 d - d\n" "a/f f1@1#12 f1@1 - f1@1\n" "a/s d#13 d - d\n" "b - - d#11 -\n"
    "b/f - - f1@1#12 -\n" "b/s - - d#13 -\n" "b/new - - f3@3#14 -",
    "move-remote b < a\nagain", NULL },
  { "dir-move-into-new", "a d#11 d - d\n" "n - - d#12 -\n" "n/a - - d#11 -", "mkdir-remote n\nmove-remote n/a < a\nagain", NULL },
  { "dir-move-with-remote-change", "a d#11 d - d\n" "a/f f1@1#12 f1@1 - f9@9\n" "a/g - - - f2\n" "b - - d#11 -\n"
    "b/f - - f1@1#12 -", "move-remote b < a\nagain", NULL },
  { "dir-move-nested", "a d#11 d - d\n" "a/s d#12 d - d\n" "b - - d#11 -\n" "b/t - - d#12 -",
    "move-remote b < a\nagain", NULL },
  { "dir-move-out-of-moved",
    "a d#11 d - d\n" "a/k f1@1#15 f1@1 - f1@1\n" "a/s d#12 d - d\n" "a/s/f f1@1#14 f1@1 - f1@1\n"
    "b - - d#11 -\n" "b/k - - f1@1#15 -\n" "c - - d#12 -\n" "c/f - - f1@1#14 -",
    "move-remote b < a\nagain", NULL },
  { "dir-move-chain-of-waiting",
    "a d#11 d - d\n" "b - - d#11 -\n" "a/s d#12 d - d\n" "c - - d#12 -\n" "x d#13 d - d\n" "c/x - - d#13 -",
    "move-remote b < a\nagain", NULL },
  { "dir-move-file-into-moved", "a d#11 d - d\n" "b - - d#11 -\n" "f f1@1#12 f1@1 - f1@1\n" "b/f - - f1@1#12 -",
    "move-remote b < a\nagain", NULL },
  { "dir-move-out-of-deleted", "p d#10 d - d\n" "p/a d#11 d - d\n" "p/a/f f1@1#12 f1@1 - f1@1\n" "b - - d#11 -\n"
    "b/f - - f1@1#12 -", "move-remote b < p/a\ndelete-remote p\nagain", NULL },
  { "dir-move-waits-in-deleted", "a d#11 d - d\n" "b - - d#11 -\n" "p d#10 d - d\n" "p/f f1@1#12 f1@1 - f1@1\n"
    "b/f - - f1@1#12 -", "move-remote b < a\nagain", NULL },
  { "dir-move-into-each-other", "x d#11 d - d\n" "x/r - - - d\n" "x/r/f - - - f5@5\n" "y d#12 d d#12 -\n" "y/f f5@6 f5@5 f5@6 -\n"
    "y/q - - d#11 -",
    "mkdir-local x\nmkdir-local x/r\nmkdir-remote y\nmkdir-remote y/q\nmove-local x/r/f < y/f verify", NULL },
  { "dir-move-local", "a d d d -\n" "a/f f1@1 f1@2 f1@1 -\n" "a/s d d d -\n" "a/s/g f3@1 f3@2 f3@1 -\n"
    "b - - - d\n" "b/f - - - f1@2\n" "b/s - - - d\n" "b/s/g - - - f3@2",
    "move-local b < a verify\nagain", NULL },
  { "dir-move-local-with-local-work", "a d d d -\n" "a/f f1@1 f1@2 f1@1 -\n" "a/g f3@1 f3@2 f4@9 -\n"
    "b - - - d\n" "b/f - - - f1@2\n" "b/g - - - f3@2", "move-local b < a verify\nagain", NULL },
  { "dir-move-local-inner", "a d d d -\n" "a/f f1@1 f1@2 f1@1 -\n" "n - - - d\n" "n/b - - - d\n" "n/b/f - - - f1@2",
    "mkdir-local n\nmove-local n/b < a verify\nagain", NULL },
  { "dir-move-local-more-files", "a d d d -\n" "a/f f1@1 f1@2 f1@1 -\n" "b - - - d\n" "b/f - - - f1@2\n" "b/g - - - f2@2",
    "mkdir-local b\ndownload b/g\nmove-local b/f < a/f verify\ndelete-local a", NULL },
  { "dir-move-local-few-picked", "a d d d -\n" "a/f f1@1 f1@2 f1@1 -\n" "a/g f2@1 f2@2 f2@1 -\n" "a/h f3@1 f3@2 f3@1 -\n"
    "b - - - d\n" "b/f - - - f1@2",
    "mkdir-local b\nmove-local b/f < a/f verify\ndelete-local a/g\ndelete-local a/h\ndelete-local a", NULL },
  { "dir-move-local-kept", "a d d d d\n" "a/f f1@1 f1@2 f1@1 -\n" "b - - - d\n" "b/f - - - f1@2",
    "mkdir-local b\nmove-local b/f < a/f verify", NULL },
  { "dir-move-local-empty", "a d d d -\n" "b - - - d", "mkdir-local b\ndelete-local a", NULL },
  { "dir-move-changed-inside", "a d#11 d - d\n" "a/f f1@1#12 f1@1 - f1@1\n" "a/g f1@1#13 f1@1 - f1@1\n" "b - - d#11 -\n"
    "b/f - - f1@1#12 -\n" "b/g - - f9@9#14 -", "move-remote b < a\nagain", NULL },
  { "no-dir-move-inode-used-again", "a d#11 d - d\n" "a/f f1@1#12 f1@1 - f1@1\n" "b - - d#11 -\n"
    "b/f - - f2@9#14 -\n" "b/n - - f1@8#12 -",
    "mkdir-remote b\nupload b/f\nupload b/n\ndelete-remote a/f\ndelete-remote a", NULL },
  { "dir-move-rows-in-the-way", "a d#11 d - d\n" "b - - d#11 -\n" "b/f f1@1 - f1@1 -",
    "mkdir-remote b\nupload b/f\ndelete-remote a", NULL },

  /* Listings that did not come to their end. */
  { "unfinished_listing__remotelysave960", "a d d d d\n" "a/f f1 f1 f1 -\n" "a/n - - f2 -\n" "b f1 f1 f1 -",
    "upload a/n held:incomplete-listing\ndelete-local a/f held:incomplete-listing\ndelete-local b", "a" },
  { "incomplete-root", "a - - f1 -\n" "d/b f1 f1 - -", "forget d/b held:incomplete-listing\nupload a held:incomplete-listing", "" },
  { "incomplete-above", "a d d - d\n" "a/b d d - d\n" "a/b/c d d - d\n" "a/f f1 f1 - f1",
    "delete-remote a/f\ndelete-remote a/b/c held:incomplete-listing\ndelete-remote a/b held:incomplete-listing\n"
    "delete-remote a held:incomplete-listing", "a/b/c" },
  { "incomplete-no-move", "a/f f5@1#11 f5@2 - f5@2\n" "b - - f5@1#11 -",
    "upload b\ndelete-remote a/f held:incomplete-listing", "x a" },
  { "incomplete-dir-move-local", "a d d d -\n" "a/f f1@1 f1@2 f1@1 -\n" "b - - - d\n" "b/f - - - f1@2",
    "mkdir-local b\nmove-local b/f < a/f verify\ndelete-local a held:incomplete-listing", "a/s a/s/t" },
  { "incomplete-dir-move-local-target", "a d d d -\n" "a/f f1@1 f1@2 f1@1 -\n" "b - - - d\n" "b/f - - - f1@2",
    "mkdir-local b\nmove-local b/f < a/f verify\ndelete-local a", "b/s" },
  { "incomplete-kind", "a d d f5 d\n" "a/f f1 f1 - f1",
    "delete-remote a/f held:incomplete-listing\ndelete-remote a replaces held:incomplete-listing", "a" },
  { "incomplete-turned", "a d d d -\n" "a/n - - f2 -", "mkdir-remote a\nupload a/n", "a/s" },
};
/* clang-format on */

static const PsPlanOptions defaults = {
  .files_local = 1000,
  .files_remote = 1000,
  .delete_guard_percent = 20,
  .room_local = UINT64_MAX,
  .room_remote = UINT64_MAX,
  .find_moves = true,
};

/* --- scenes ---------------------------------------------------------------------------------- */

static PsEntry
parse_entry (const char *word)
{
  PsEntry entry = { PS_KIND_ABSENT };
  char *end = (char *)word + 1;

  g_assert_nonnull (strchr ("-dfl", *word));
  if (*word == '-')
    return entry;
  entry.kind = *word == 'd' ? PS_KIND_DIR : *word == 'f' ? PS_KIND_FILE : PS_KIND_SYMLINK;
  if (*word != 'd')
    entry.size = g_ascii_strtoull (end, &end, 10);
  if (*end == '@')
    entry.mtime = g_ascii_strtoll (end + 1, &end, 10) * SECOND;
  if (*end == 'x')
    {
      entry.executable = true;
      end++;
    }
  if (*end == '#')
    {
      entry.inode = g_ascii_strtoull (end + 1, &end, 10);
      entry.device = 1;
    }
  g_assert_cmpstr (end, ==, "");
  return entry;
}

static void
add (PsPlan *plan, const char *path, const PsRow *row, const PsEntry *local, const PsEntry *remote)
{
  bool has_row = ps_entry_present (&row->local) || ps_entry_present (&row->remote);

  ps_plan_add (plan, path, has_row ? row : NULL, local, remote,
               ps_decide (has_row ? row : NULL, local, remote));
}

static void
add_scene (PsPlan *plan, const char *scene)
{
  g_auto (GStrv) lines = g_strsplit (scene, "\n", -1);

  for (gsize i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) words = g_strsplit (lines[i], " ", -1);
      const PsRow row = { .local = parse_entry (words[1]), .remote = parse_entry (words[2]) };
      const PsEntry local = parse_entry (words[3]), remote = parse_entry (words[4]);

      add (plan, words[0], &row, &local, &remote);
    }
}

static char *
plan_to_text (const PsPlan *plan)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < ps_plan_n_steps (plan); i++)
    {
      const PsStep *step = ps_plan_peek_step (plan, i);

      g_string_append_printf (text, "%s%s %s", i > 0 ? "\n" : "", ps_step_kind_name (step->kind),
                              step->path);
      if (step->from != NULL)
        g_string_append_printf (text, " < %s", step->from);
      if (step->park != 0)
        g_string_append_printf (text, " park %d", step->park);
      if (step->replaces_kind)
        g_string_append (text, " replaces");
      if (step->verify)
        g_string_append (text, " verify");
      if (step->held != PS_GUARD_NONE)
        g_string_append_printf (text, " held:%s", ps_guard_name (step->held));
    }
  if (ps_plan_wants_another_pass (plan))
    g_string_append (text, "\nagain");
  return g_string_free (text, FALSE);
}

static void
test_case (gconstpointer data)
{
  const Case *c = data;
  g_autoptr (PsPlan) plan = ps_plan_new ();
  g_auto (GStrv) incomplete
      = c->incomplete != NULL && *c->incomplete == '\0'
            ? g_strdupv ((char *[]){ (char *)"", NULL })
            : g_strsplit (c->incomplete != NULL ? c->incomplete : "", " ", -1);
  g_autofree char *text = NULL;

  add_scene (plan, c->scene);
  for (gsize i = 0; incomplete[i] != NULL; i++)
    ps_plan_add_incomplete (plan, incomplete[i], PS_SIDE_REMOTE);
  ps_plan_finish (plan, &defaults);
  text = plan_to_text (plan);
  g_assert_cmpstr (text, ==, c->wanted);
}

/* --- what a step carries --------------------------------------------------------------------- */

static PsPlan *
plan_scene (const char *scene, const PsPlanOptions *options)
{
  PsPlan *plan = ps_plan_new ();

  add_scene (plan, scene);
  ps_plan_finish (plan, options);
  return plan;
}

static void
test_move_entries (void)
{
  g_autoptr (PsPlan) remote = plan_scene ("a f5@1#11 f5@2 - f5@2\nb - - f5@1#11 -", &defaults);
  g_autoptr (PsPlan) local = plan_scene ("a f5@1#11 f5@2 f5@1#11 -\nb - - - f5@2", &defaults);
  const PsStep *step = ps_plan_peek_step (remote, 0);

  g_assert_true (step->has_row);
  g_assert_cmpuint (step->row.local.inode, ==, 11);
  g_assert_cmpint (step->local.mtime, ==, SECOND);
  g_assert_cmpint (step->remote.mtime, ==, 2 * SECOND);
  g_assert_cmpint (step->decision.number, ==, 12);
  step = ps_plan_peek_step (local, 0);
  g_assert_true (step->has_row);
  g_assert_cmpint (step->row.remote.mtime, ==, 2 * SECOND);
  g_assert_cmpint (step->local.mtime, ==, SECOND);
  g_assert_cmpint (step->remote.mtime, ==, 2 * SECOND);
  g_assert_cmpint (step->decision.number, ==, 15);
}

static void
test_swap_entries (void)
{
  g_autoptr (PsPlan) plan
      = plan_scene ("a f1@1#11 f1@1 f2@2#12 f1@1\nb f2@2#12 f2@2 f1@1#11 f2@2", &defaults);

  g_assert_cmpuint (ps_plan_n_steps (plan), ==, 3);
  for (guint i = 0; i < 3; i++)
    {
      const PsStep *step = ps_plan_peek_step (plan, i);
      guint size = i == 1 ? 2 : 1;

      g_assert_cmpuint (step->row.local.size, ==, size);
      g_assert_cmpuint (step->local.size, ==, size);
      g_assert_cmpuint (step->remote.size, ==, size);
    }
}

static void
test_empty (void)
{
  g_autoptr (PsPlan) plan = ps_plan_new ();

  add_scene (plan, "a f1 f1 f1 f1");
  g_assert_true (ps_plan_is_empty (plan));
  add_scene (plan, "b f1 f1 - -");
  g_assert_false (ps_plan_is_empty (plan));
  ps_plan_free (NULL);
}

static void
test_moves_off (void)
{
  PsPlanOptions options = defaults;
  g_autoptr (PsPlan) plan = NULL;
  g_autofree char *text = NULL;

  options.find_moves = false;
  plan = plan_scene ("a f5@1#11 f5@2 - f5@2\nb - - f5@1#11 -", &options);
  text = plan_to_text (plan);
  g_assert_cmpstr (text, ==, "upload b\ndelete-remote a");
}

static void
check_changes_remote (const char *scene, bool wanted)
{
  g_autoptr (PsPlan) plan = plan_scene (scene, &defaults);

  g_test_message ("%s", scene);
  g_assert_cmpint (ps_plan_changes_remote (plan), ==, wanted);
}

static void
test_changes_remote (void)
{
  check_changes_remote ("a f1 f1 f1 f1", false);
  check_changes_remote ("a - - - f1\nb - d d d\nc f1 f1 - -\nd f1 f1 f1 -\ne - - - d", false);
  check_changes_remote ("a f5 f5@2 f5 -\nb - - - f5@2", false);
  check_changes_remote ("a - - f1 -", true);
  check_changes_remote ("a - - d -", true);
  check_changes_remote ("a f1 f1 - f1", true);
  check_changes_remote ("a - - f1 f2", true);
  check_changes_remote ("a - - f1 f1", true);
  check_changes_remote ("a f5@1#11 f5@2 - f5@2\nb - - f5@1#11 -", true);
}

/* --- guards ---------------------------------------------------------------------------------- */

/* @n files with the words of a scene behind their names, in the directory @dir, which may be "". */
static void
add_files (PsPlan *plan, guint n, const char *dir, const char *words)
{
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *line = g_strdup_printf ("%sf%03u %s", dir, i, words);

      add_scene (plan, line);
    }
}

typedef struct
{
  const char *name;
  guint n;
  const char *words;
  uint64_t files; /* of the side */
  guint percent;
  bool allow, held_before;
  guint held;
} MassCase;

#define GONE_REMOTE "f1 f1 f1 -"
#define GONE_LOCAL "f1 f1 - f1"

static const MassCase mass_deletes[] = {
  { "few", 20, GONE_LOCAL, 21, 20, false, false, 0 },
  { "many", 21, GONE_LOCAL, 100, 20, false, false, 21 },
  { "many-remote", 21, GONE_REMOTE, 100, 20, false, false, 21 },
  { "share-too-small", 21, GONE_LOCAL, 105, 20, false, false, 0 },
  { "share-just-over", 21, GONE_LOCAL, 104, 20, false, false, 21 },
  { "other-percent", 21, GONE_LOCAL, 40, 60, false, false, 0 },
  { "all-three", 3, GONE_LOCAL, 3, 20, false, false, 3 },
  { "all-two", 2, GONE_LOCAL, 2, 20, false, false, 0 },
  { "all-three-remote", 3, GONE_REMOTE, 3, 20, false, false, 3 },
  { "three-of-four", 3, GONE_LOCAL, 4, 20, false, false, 0 },
  { "all-at-100-percent", 30, GONE_LOCAL, 30, 100, false, false, 30 },
  { "allowed", 50, GONE_LOCAL, 50, 20, true, false, 0 },
  { "sticky", 1, GONE_LOCAL, 1000, 20, false, true, 1 },
  { "sticky-allowed", 1, GONE_LOCAL, 1000, 20, true, true, 0 },
  { "sticky-but-no-files", 1, "d d - d", 1000, 20, false, true, 0 },
  { "sticky-change-of-kind", 5, "f1 f1 l1 f1", 5, 20, false, true, 0 },
  { "changes-of-kind", 50, "f1 f1 l1 f1", 50, 20, false, false, 0 },
  { "directories-do-not-count", 50, "d d - d", 50, 20, false, false, 0 },
};

static void
test_mass_delete (gconstpointer data)
{
  const MassCase *c = data;
  g_autoptr (PsPlan) plan = ps_plan_new ();
  PsPlanOptions options = defaults;

  options.files_local = options.files_remote = c->files;
  options.delete_guard_percent = c->percent;
  options.is_allowed = c->allow ? core_allow_all : NULL;
  options.deletes_held_before = c->held_before;
  add_files (plan, c->n, "", c->words);
  add_scene (plan, "other - - f1 -");
  ps_plan_finish (plan, &options);
  g_assert_cmpuint (ps_plan_n_held (plan, PS_GUARD_MASS_DELETE), ==, c->held);
  g_assert_true (ps_plan_changes_remote (plan)); /* the rest goes on */
}

/* The sides are counted each for itself. */
static void
test_mass_delete_sides (void)
{
  g_autoptr (PsPlan) plan = ps_plan_new ();
  PsPlanOptions options = defaults;

  options.files_local = 100;
  options.files_remote = 10000;
  add_files (plan, 30, "l-", GONE_REMOTE);
  add_files (plan, 30, "r-", GONE_LOCAL);
  ps_plan_finish (plan, &options);
  g_assert_cmpuint (ps_plan_n_held (plan, PS_GUARD_MASS_DELETE), ==, 30);
  g_assert_cmpint (ps_plan_peek_step (plan, 0)->held, ==, PS_GUARD_MASS_DELETE);
  g_assert_cmpint (ps_plan_peek_step (plan, 30)->held, ==, PS_GUARD_NONE);
}

/* A directory is held with what is in it, and a directory of which nothing is held is not. */
static void
test_mass_delete_dirs (void)
{
  g_autoptr (PsPlan) plan = ps_plan_new ();
  PsPlanOptions options = defaults;
  guint last;

  options.files_remote = 30;
  add_scene (plan, "a d d - d\na/b d d - d\ne d d - d");
  add_files (plan, 30, "a/b/", GONE_LOCAL);
  ps_plan_finish (plan, &options);
  g_assert_cmpuint (ps_plan_n_held (plan, PS_GUARD_MASS_DELETE), ==, 32);
  g_assert_false (ps_plan_wants_another_pass (plan));
  last = ps_plan_n_steps (plan) - 1;
  g_assert_cmpstr (ps_plan_peek_step (plan, last - 2)->path, ==, "e");
  g_assert_cmpint (ps_plan_peek_step (plan, last - 2)->held, ==, PS_GUARD_NONE);
}

/* A directory that a file replaces counts with all that was in it, and waits with it. */
static void
test_mass_delete_kind (void)
{
  g_autoptr (PsPlan) plan = ps_plan_new ();
  PsPlanOptions options = defaults;

  options.files_remote = 30;
  add_scene (plan, "a d d f9 d");
  add_files (plan, 30, "a/", GONE_LOCAL);
  ps_plan_finish (plan, &options);
  g_assert_cmpuint (ps_plan_n_held (plan, PS_GUARD_MASS_DELETE), ==, 31);
  g_assert_false (ps_plan_wants_another_pass (plan));
  g_assert_false (ps_plan_changes_remote (plan));
}

/* Renames are no deletions. */
static void
test_mass_delete_moves (void)
{
  g_autoptr (PsPlan) plan = ps_plan_new ();
  PsPlanOptions options = defaults;

  options.files_remote = 50;
  add_scene (plan, "new - - d -");
  for (guint i = 0; i < 50; i++)
    {
      g_autofree char *scene = g_strdup_printf ("f%u f1@1#%u f1@2 - f1@2\nnew/f%u - - f1@1#%u -", i,
                                                i + 10, i, i + 10);
      add_scene (plan, scene);
    }
  ps_plan_finish (plan, &options);
  g_assert_cmpuint (ps_plan_n_held (plan, PS_GUARD_MASS_DELETE), ==, 0);
  g_assert_cmpint (ps_plan_peek_step (plan, 50)->kind, ==, PS_STEP_MOVE_REMOTE);
}

static const MassCase mass_emptied[] = {
  { "few", 10, "f5 f5 f0@1 f5", 100, 20, false, false, 0 },
  { "power_loss_zeroed_files__nc10547", 11, "f5 f5 f0@1 f5", 100, 20, false, false, 11 },
  { "remote", 11, "f5 f5 f5 f0@1", 100, 20, false, false, 11 },
  { "allowed", 11, "f5 f5 f0@1 f5", 100, 20, true, false, 0 },
  { "sticky", 1, "f5 f5 f0@1 f5", 100, 20, false, true, 1 },
  { "were-empty", 20, "f0 f0 f0@1 f0", 100, 20, false, false, 0 },
  { "not-empty", 20, "f5 f5 f1@1 f5", 100, 20, false, false, 0 },
  { "new", 20, "- - f0 -", 100, 20, false, false, 0 },
  { "gone-there", 11, "f5 f5 f0@1 -", 100, 20, false, false, 11 },
};

static void
test_mass_emptied (gconstpointer data)
{
  const MassCase *c = data;
  g_autoptr (PsPlan) plan = ps_plan_new ();
  PsPlanOptions options = defaults;

  options.is_allowed = c->allow ? core_allow_all : NULL;
  options.emptied_held_before = c->held_before;
  add_files (plan, c->n, "", c->words);
  add_scene (plan, "other - - f1 -");
  ps_plan_finish (plan, &options);
  g_assert_cmpuint (ps_plan_n_held (plan, PS_GUARD_MASS_EMPTIED), ==, c->held);
  g_assert_true (ps_plan_changes_remote (plan));
}

typedef struct
{
  const char *name;
  uint64_t room_local, room_remote;
  const char *scene;
  const char *wanted;
} RoomCase;

#define MIB (1024 * 1024)

static const RoomCase rooms[] = {
  { "unknown", UINT64_MAX, UINT64_MAX, "a - - f9999999999 -\nb - - - f9999999999",
    "upload a\ndownload b" },
  { "small-ones-go-on", UINT64_MAX, 1000, "a - - f600 -\nb - - f600 -\nc - - f300 -",
    "upload a\nupload b held:room\nupload c" },
  { "disk_full__nc359", 1000, UINT64_MAX, "a - - - f600\nb - - - f600\nc - - - f300",
    "download a\ndownload b held:room\ndownload c" },
  { "reserve", UINT64_MAX, 1000, "a - - f990 -", "upload a" },
  { "reserve-over", UINT64_MAX, 1000, "a - - f991 -", "upload a held:room" },
  { "reserve-big", UINT64_MAX, G_GUINT64_CONSTANT (10000) * MIB, "a - - f10468982784 -",
    "upload a" },
  { "reserve-big-over", UINT64_MAX, G_GUINT64_CONSTANT (10000) * MIB, "a - - f10468982785 -",
    "upload a held:room" },
  { "none", 0, 0, "a - - f1 -\nb - - - f1\nc - - d -\nd - - f0 -\ne f1 f1 - f1",
    "mkdir-remote c\nupload a held:room\nupload d\ndownload b held:room\ndelete-remote e" },
  { "conflict-needs-both", 100, 1000, "a - - f50 f200\nb - - f50 f60",
    "conflict a held:room\nconflict b" },
  { "conflict-needs-both-up", 1000, 100, "a - - f200 f50", "conflict a held:room" },
  { "conflict-with-dir", 0, 10, "a - - f5 d\nb - - d f5",
    "conflict a\nconflict b held:room\nagain" },
  { "compared-one-by-one", 100, UINT64_MAX,
    "a - - f90@1 f90@2\nb - - f90@1 f90@2\nc - - f100@1 f100@2",
    "compare a\ncompare b\ncompare c held:room" },
  { "held-keeps-directory", UINT64_MAX, 0, "a d d d -\na/f f1 f1 f2 -",
    "mkdir-remote a\nupload a/f held:room" },
};

static void
test_room (gconstpointer data)
{
  const RoomCase *c = data;
  g_autoptr (PsPlan) plan = NULL;
  PsPlanOptions options = defaults;
  g_autofree char *text = NULL;

  options.room_local = c->room_local;
  options.room_remote = c->room_remote;
  plan = plan_scene (c->scene, &options);
  text = plan_to_text (plan);
  g_assert_cmpstr (text, ==, c->wanted);
}

/* --- size ------------------------------------------------------------------------------------ */

typedef void (*Filler) (PsPlan *plan, guint i);

static const PsEntry nothing = { PS_KIND_ABSENT }, dir = { PS_KIND_DIR };
static const PsEntry file = { PS_KIND_FILE, .size = 5 }, other = { PS_KIND_FILE, .size = 6 };

/* @row, @local, @remote: one of the above. */
static void G_GNUC_PRINTF (5, 6) add_many (PsPlan *plan, const PsEntry *row, const PsEntry *local,
                                           const PsEntry *remote, const char *format, ...)
{
  const PsRow both = { .local = *row, .remote = *row };
  char path[64];
  va_list args;

  va_start (args, format);
  g_vsnprintf (path, sizeof path, format, args);
  va_end (args);
  add (plan, path, &both, local, remote);
}

static void
fill_mixed (PsPlan *plan, guint i)
{
  const PsEntry *words[][3] = { { &nothing, &file, &nothing }, { &nothing, &nothing, &file },
                                { &file, &nothing, &file },    { &file, &file, &nothing },
                                { &file, &other, &file },      { &nothing, &file, &other } };
  const PsEntry **word = words[i % 6];

  add_many (plan, word[0], word[1], word[2], "dir%u/sub%u/name%u", i % 100, i % 1000, i);
}

/* All files of one directory went into another; on the server all look alike. */
static void
fill_moved (PsPlan *plan, guint i)
{
  const PsEntry inode = { PS_KIND_FILE, .size = 5, .inode = i + 1 };

  add_many (plan, &inode, &nothing, &file, "a/f%u", i);
  add_many (plan, &nothing, &inode, &nothing, "b/f%u", i);
  add_many (plan, &file, &file, &nothing, "c/f%u", i);
  add_many (plan, &nothing, &nothing, &file, "d/g%u", i);
}

/* Thousands of new directories on the server, in each a file that looks like thousands of old ones.
 */
static void
fill_copies (PsPlan *plan, guint i)
{
  add_many (plan, &dir, &dir, &nothing, "o%u", i);
  add_many (plan, &file, &file, &nothing, "o%u/f", i);
  add_many (plan, &nothing, &nothing, &dir, "n%u", i);
  add_many (plan, &nothing, &nothing, &file, "n%u/f", i);
  add_many (plan, &nothing, &nothing, &other, "n%u/g", i);
}

static void
check_speed (const char *name, Filler fill, guint n)
{
  g_autoptr (PsPlan) plan = ps_plan_new ();
  double seconds;

  for (guint i = 0; i < n; i++)
    fill (plan, (i * 7919) % n); /* in no order */
  g_test_timer_start ();
  ps_plan_finish (plan, &defaults);
  seconds = g_test_timer_elapsed ();
  /* No time is asserted: what is quadratic does not come to its end within the test's limit. */
  g_test_message ("%s: %u steps planned in %.3f s", name, ps_plan_n_steps (plan), seconds);
}

static void
test_speed (void)
{
  check_speed ("mixed", fill_mixed, 200000);
  check_speed ("moved", fill_moved, 50000);
  check_speed ("copies", fill_copies, 40000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/core/plan/", cases[i].name, NULL);
      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/core/plan/move-entries", test_move_entries);
  g_test_add_func ("/core/plan/swap-entries", test_swap_entries);
  g_test_add_func ("/core/plan/empty", test_empty);
  g_test_add_func ("/core/plan/moves-off", test_moves_off);
  g_test_add_func ("/core/plan/changes-remote", test_changes_remote);
  for (gsize i = 0; i < G_N_ELEMENTS (mass_deletes); i++)
    {
      g_autofree char *path = g_strconcat ("/core/guard/mass-delete/", mass_deletes[i].name, NULL);
      g_test_add_data_func (path, &mass_deletes[i], test_mass_delete);
    }
  g_test_add_func ("/core/guard/mass-delete/sides", test_mass_delete_sides);
  g_test_add_func ("/core/guard/mass-delete/directories", test_mass_delete_dirs);
  g_test_add_func ("/core/guard/mass-delete/kind", test_mass_delete_kind);
  g_test_add_func ("/core/guard/mass-delete/moves__nc3837", test_mass_delete_moves);
  for (gsize i = 0; i < G_N_ELEMENTS (mass_emptied); i++)
    {
      g_autofree char *path = g_strconcat ("/core/guard/mass-emptied/", mass_emptied[i].name, NULL);
      g_test_add_data_func (path, &mass_emptied[i], test_mass_emptied);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (rooms); i++)
    {
      g_autofree char *path = g_strconcat ("/core/guard/room/", rooms[i].name, NULL);
      g_test_add_data_func (path, &rooms[i], test_room);
    }
  g_test_add_func ("/core/plan/speed", test_speed);
  return g_test_run ();
}
