/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model.h"

#include "core-test.h"

#include "core/conflict.h"
#include "core/names.h"
#include "core/relpath.h"

#include <string.h>

World *
world_new (guint32 seed)
{
  World *self = g_new0 (World, 1);

  self->seed = seed;
  self->rand = g_rand_new_with_seed (seed);
  for (int side = 0; side < 2; side++)
    self->trees[side] = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->base = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->superseded = g_hash_table_new (NULL, NULL);
  self->slots = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  self->incomplete = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->clock = 1000 * SECOND;
  self->next_inode = 100;
  self->next_content = 1;
  self->inodes = true;
  return self;
}

void
world_free (World *self)
{
  g_rand_free (self->rand);
  for (int side = 0; side < 2; side++)
    g_hash_table_unref (self->trees[side]);
  g_hash_table_unref (self->base);
  g_hash_table_unref (self->superseded);
  g_hash_table_unref (self->slots);
  g_hash_table_unref (self->incomplete);
  g_free (self);
}

static int
compare_strings (gconstpointer a, gconstpointer b)
{
  return strcmp (a, b);
}

static void
print_tree (World *self, PsSide side)
{
  g_autoptr (GList) paths
      = g_list_sort (g_hash_table_get_keys (self->trees[side]), compare_strings);

  g_printerr ("%s:\n", side == PS_SIDE_LOCAL ? "local" : "remote");
  for (GList *l = paths; l != NULL; l = l->next)
    {
      Node *node = world_get (self, side, l->data);

      g_printerr ("  %-12s %s content %u size %u mtime %" G_GINT64_FORMAT " inode %u\n",
                  (char *)l->data, ps_kind_name (node->entry.kind), node->content,
                  (guint)node->entry.size, node->entry.mtime, (guint)node->entry.inode);
    }
}

void
world_check (World *self, bool holds, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  if (holds)
    return;
  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  print_tree (self, PS_SIDE_LOCAL);
  print_tree (self, PS_SIDE_REMOTE);
  g_error ("history %u: %s", self->seed, message);
}

/* --- trees ----------------------------------------------------------------------------------- */

Node *
world_get (World *self, PsSide side, const char *path)
{
  return g_hash_table_lookup (self->trees[side], path);
}

static PsEntry
entry_at (World *self, PsSide side, const char *path)
{
  Node *node = world_get (self, side, path);

  return node != NULL ? node->entry : (PsEntry){ PS_KIND_ABSENT };
}

static bool
is_dir (World *self, PsSide side, const char *path)
{
  return *path == '\0' || entry_at (self, side, path).kind == PS_KIND_DIR;
}

static bool
parent_is_dir (World *self, PsSide side, const char *path)
{
  g_autofree char *parent = ps_relpath_parent (path);

  return is_dir (self, side, parent);
}

/* Puts a node in place; a directory, or the copy of @content with the looks of @like. */
static Node *
put (World *self, PsSide side, const char *path, const PsEntry *like, guint content)
{
  Node *node = g_new0 (Node, 1);

  node->entry = *like;
  node->entry.inode = node->entry.device = 0;
  if (side == PS_SIDE_LOCAL && self->inodes)
    {
      node->entry.inode = self->freed_inode != 0 ? self->freed_inode : self->next_inode++;
      self->freed_inode = 0;
      node->entry.device = 7;
    }
  if (side == PS_SIDE_REMOTE)
    node->entry.mtime -= node->entry.mtime % SECOND;
  node->content = content;
  g_hash_table_replace (self->trees[side], g_strdup (path), node);
  return node;
}

/* Returns: (element-type utf8): all paths below @dir, and @dir. */
static GPtrArray *
subtree (GHashTable *table, const char *dir)
{
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  gpointer path;

  g_hash_table_iter_init (&iter, table);
  while (g_hash_table_iter_next (&iter, &path, NULL))
    if (strcmp (path, dir) == 0 || ps_relpath_below (path, dir))
      g_ptr_array_add (paths, g_strdup (path));
  return paths;
}

/* Renames @from and all below it to @to, in a tree or in the base. */
static void
rename_subtree (GHashTable *table, const char *from, const char *to)
{
  g_autoptr (GPtrArray) paths = subtree (table, from);

  for (guint i = 0; i < paths->len; i++)
    {
      gpointer old_path, value;

      g_assert_true (g_hash_table_steal_extended (table, paths->pdata[i], &old_path, &value));
      g_hash_table_replace (table, g_strconcat (to, (char *)old_path + strlen (from), NULL), value);
      g_free (old_path);
    }
}

/* --- people ---------------------------------------------------------------------------------- */

static void
supersede (World *self, guint content)
{
  if (content != 0)
    g_hash_table_add (self->superseded, GUINT_TO_POINTER (content));
}

static int64_t
tick (World *self)
{
  self->clock += SECOND + g_rand_int_range (self->rand, 0, 1000000000);
  return self->clock;
}

void
world_mkdir (World *self, PsSide side, const char *path)
{
  static const PsEntry dir = { PS_KIND_DIR };

  if (world_get (self, side, path) == NULL && parent_is_dir (self, side, path))
    put (self, side, path, &dir, 0);
}

static void
write_kind (World *self, PsSide side, const char *path, PsKind kind)
{
  const PsEntry entry = { kind, .size = 1 + self->next_content % 5, .mtime = tick (self) };
  Node *old = world_get (self, side, path);
  guint64 inode = old != NULL ? old->entry.inode : 0;
  Node *node;

  if (is_dir (self, side, path) || !parent_is_dir (self, side, path))
    return;
  if (old != NULL)
    supersede (self, old->content);
  node = put (self, side, path, &entry, self->next_content++);
  if (inode != 0 && g_rand_boolean (self->rand)) /* written in place, not renamed over */
    node->entry.inode = inode;
}

void
world_write (World *self, PsSide side, const char *path)
{
  write_kind (self, side, path, PS_KIND_FILE);
}

void
world_delete (World *self, PsSide side, const char *path)
{
  g_autoptr (GPtrArray) paths = subtree (self->trees[side], path);

  for (guint i = 0; i < paths->len; i++)
    {
      const Node *node = world_get (self, side, paths->pdata[i]);

      supersede (self, node->content);
      if (side == PS_SIDE_LOCAL)
        self->freed_inode = node->entry.inode;
      g_hash_table_remove (self->trees[side], paths->pdata[i]);
    }
}

void
world_rename (World *self, PsSide side, const char *from, const char *to)
{
  Node *target = world_get (self, side, to);

  if (world_get (self, side, from) == NULL || strcmp (from, to) == 0 || ps_relpath_below (to, from)
      || !parent_is_dir (self, side, to))
    return;
  if (target != NULL && (target->entry.kind == PS_KIND_DIR || is_dir (self, side, from)))
    return;
  if (target != NULL)
    supersede (self, target->content);
  g_hash_table_remove (self->trees[side], to);
  rename_subtree (self->trees[side], from, to);
}

void
world_swap (World *self, PsSide side, const char *a, const char *b)
{
  if (world_get (self, side, a) == NULL || world_get (self, side, b) == NULL || strcmp (a, b) == 0
      || ps_relpath_below (a, b) || ps_relpath_below (b, a))
    return;
  rename_subtree (self->trees[side], a, "swap");
  rename_subtree (self->trees[side], b, a);
  rename_subtree (self->trees[side], "swap", b);
}

static void
copy (World *self, PsSide side, const char *from, const char *to)
{
  Node *source = world_get (self, side, from);

  if (source != NULL && source->entry.kind != PS_KIND_DIR && world_get (self, side, to) == NULL
      && parent_is_dir (self, side, to))
    put (self, side, to, &source->entry, source->content);
}

static void
change_attributes (World *self, PsSide side, const char *path)
{
  Node *node = world_get (self, side, path);

  if (node == NULL || node->entry.kind != PS_KIND_FILE)
    return;
  if (g_rand_boolean (self->rand))
    node->entry.executable = !node->entry.executable;
  else
    {
      node->entry.mtime = tick (self);
      if (side == PS_SIDE_REMOTE)
        node->entry.mtime -= node->entry.mtime % SECOND;
    }
}

/* A few names in a few levels, so that people get into each other's way. */
static char *
random_path (World *self)
{
  GString *path = g_string_new (NULL);
  int depth = g_rand_int_range (self->rand, 1, 4);

  for (int i = 0; i < depth; i++)
    {
      if (i > 0)
        g_string_append_c (path, '/');
      g_string_append_c (path, "abc"[g_rand_int_range (self->rand, 0, 3)]);
    }
  return g_string_free (path, FALSE);
}

/* Returns: (transfer full): a path that is there, where there is one. */
static char *
random_present (World *self, PsSide side)
{
  g_autofree char **paths = (char **)g_hash_table_get_keys_as_array (self->trees[side], NULL);
  guint n_paths = g_hash_table_size (self->trees[side]);

  if (n_paths == 0)
    return random_path (self);
  return g_strdup (paths[g_rand_int_range (self->rand, 0, n_paths)]);
}

static void
make_parents (World *self, PsSide side, const char *path)
{
  g_autofree char *parent = ps_relpath_parent (path);

  if (*parent == '\0')
    return;
  make_parents (self, side, parent);
  world_mkdir (self, side, parent);
}

void
world_random_act (World *self)
{
  PsSide side = g_rand_boolean (self->rand) ? PS_SIDE_LOCAL : PS_SIDE_REMOTE;
  g_autofree char *path = random_path (self);
  g_autofree char *present = random_present (self, side);
  g_autofree char *second = random_present (self, side);

  switch (g_rand_int_range (self->rand, 0, 16))
    {
    case 0:
    case 1:
    case 2:
    case 3:
      make_parents (self, side, path);
      world_write (self, side, path);
      break;
    case 4:
      world_mkdir (self, side, path);
      break;
    case 5:
      world_write (self, side, present);
      break;
    case 6:
      world_delete (self, side, present);
      break;
    case 7:
    case 8:
    case 9:
      world_rename (self, side, present, path);
      break;
    case 10:
      world_rename (self, side, present, second);
      break;
    case 11:
      world_swap (self, side, present, second);
      break;
    case 12:
      change_attributes (self, side, present);
      break;
    case 13:
      copy (self, side, present, path);
      break;
    case 14:
      write_kind (self, side, path, PS_KIND_SYMLINK);
      break;
    default:
      world_delete (self, side, present);
      if (g_rand_boolean (self->rand))
        world_write (self, side, present);
      else
        world_mkdir (self, side, present);
      break;
    }
}

/* --- scanning -------------------------------------------------------------------------------- */

/* Whether @path lies below a directory that cannot be listed; on which side does not matter. */
static bool
hidden (World *self, const char *path)
{
  GHashTableIter iter;
  gpointer dir;

  g_hash_table_iter_init (&iter, self->incomplete);
  while (g_hash_table_iter_next (&iter, &dir, NULL))
    if (ps_relpath_below (path, dir))
      return true;
  return false;
}

static void
add_path (World *self, PsPlan *plan, const char *path)
{
  const PsRow *row = g_hash_table_lookup (self->base, path);
  PsEntry local = entry_at (self, PS_SIDE_LOCAL, path);
  PsEntry remote = entry_at (self, PS_SIDE_REMOTE, path);

  if (!hidden (self, path))
    ps_plan_add (plan, path, row, &local, &remote, ps_decide (row, &local, &remote));
}

PsPlan *
world_plan (World *self, const PsPlanOptions *options)
{
  g_autoptr (PsPlan) plan = ps_plan_new ();
  GHashTable *tables[] = { self->trees[0], self->trees[1], self->base };
  GHashTableIter iter;
  gpointer path;

  for (guint i = 0; i < G_N_ELEMENTS (tables); i++)
    {
      g_hash_table_iter_init (&iter, tables[i]);
      while (g_hash_table_iter_next (&iter, &path, NULL))
        if ((i < 1 || !g_hash_table_contains (tables[0], path))
            && (i < 2 || !g_hash_table_contains (tables[1], path)))
          add_path (self, plan, path);
    }
  g_hash_table_iter_init (&iter, self->incomplete);
  while (g_hash_table_iter_next (&iter, &path, NULL))
    ps_plan_add_incomplete (plan, path, PS_SIDE_REMOTE);
  ps_plan_finish (plan, options);
  return g_steal_pointer (&plan);
}

/* --- carrying out ---------------------------------------------------------------------------- */

static void
set_row (World *self, const char *path, const PsEntry *local, const PsEntry *remote)
{
  PsRow *row = g_new0 (PsRow, 1);

  row->local = *local;
  row->remote = *remote;
  g_hash_table_replace (self->base, g_strdup (path), row);
}

static void
record (World *self, const char *path)
{
  PsEntry local = entry_at (self, PS_SIDE_LOCAL, path);
  PsEntry remote = entry_at (self, PS_SIDE_REMOTE, path);

  set_row (self, path, &local, &remote);
}

static bool
fails (World *self)
{
  return (guint)g_rand_int_range (self->rand, 0, 100) < self->fail_percent;
}

static bool
holds_content (GHashTable *tree, guint content)
{
  GHashTableIter iter;
  gpointer node;

  g_hash_table_iter_init (&iter, tree);
  while (g_hash_table_iter_next (&iter, NULL, &node))
    if (((const Node *)node)->content == content)
      return true;
  return false;
}

/* Whether @content is in one of the trees, or somebody did away with it. */
static bool
is_safe (World *self, guint content)
{
  return content == 0 || g_hash_table_contains (self->superseded, GUINT_TO_POINTER (content))
         || holds_content (self->trees[0], content) || holds_content (self->trees[1], content);
}

/* What a step replaces or removes lies in the trash or the versions. Where steps are held or fail,
 * a file may wander back to a place that the base remembers it at, and look untouched there: then
 * that is where it is found. Where all goes well, nothing but what somebody did away with may end
 * so. */
static void
keep (World *self, guint content)
{
  if (self->trash_counts)
    supersede (self, content);
}

/* Copies the file from the other side to @side, or fails on the way, or before that is noted. */
static bool
transfer (World *self, const PsStep *step, PsSide side)
{
  PsSide source_side = side == PS_SIDE_LOCAL ? PS_SIDE_REMOTE : PS_SIDE_LOCAL;
  Node *source = world_get (self, source_side, step->path);
  Node *target = world_get (self, side, step->path);
  static const PsEntry absent;
  guint old_content = target != NULL ? target->content : 0;
  bool is_new = target == NULL && (!step->has_row || step->decision.number > 2);

  world_check (self, parent_is_dir (self, side, step->path), "no parent for %s", step->path);
  world_check (self, target == NULL || target->entry.kind == source->entry.kind,
               "%s has another kind", step->path);
  if (fails (self))
    {
      if (g_rand_boolean (self->rand)) /* all but the recording */
        {
          put (self, side, step->path, &source->entry, source->content);
          keep (self, old_content);
        }
      if (is_new && side == PS_SIDE_REMOTE)
        set_row (self, step->path, &source->entry, &absent);
      else if (is_new)
        set_row (self, step->path, &absent, &source->entry);
      return false;
    }
  put (self, side, step->path, &source->entry, source->content);
  keep (self, old_content);
  world_check (self, is_safe (self, old_content), "%s overwrites unseen work", step->path);
  record (self, step->path);
  return true;
}

static bool
make_dir (World *self, const PsStep *step, PsSide side)
{
  world_check (self, parent_is_dir (self, side, step->path), "no parent for %s", step->path);
  world_check (self, world_get (self, side, step->path) == NULL, "%s is there", step->path);
  world_mkdir (self, side, step->path);
  record (self, step->path);
  return true;
}

/* Returns: (transfer full): a name for the other version that is taken on neither side. */
static char *
free_conflict_path (World *self, const char *path)
{
  for (guint attempt = 0;; attempt++)
    {
      char *name = ps_conflict_path (path, "pc", self->clock, attempt);

      if (world_get (self, PS_SIDE_LOCAL, name) == NULL
          && world_get (self, PS_SIDE_REMOTE, name) == NULL)
        return name;
      g_free (name);
    }
}

static bool
keep_both (World *self, const char *path)
{
  g_autofree char *name = free_conflict_path (self, path);
  Node *nodes[2]
      = { world_get (self, PS_SIDE_LOCAL, path), world_get (self, PS_SIDE_REMOTE, path) };
  PsSide winner = ps_conflict_winner (PS_CONFLICT_NEWEST, &nodes[0]->entry, &nodes[1]->entry);
  PsSide loser = winner == PS_SIDE_LOCAL ? PS_SIDE_REMOTE : PS_SIDE_LOCAL;
  const Node won = *nodes[winner];

  rename_subtree (self->trees[loser], path, name);
  if (won.entry.kind == PS_KIND_DIR)
    world_mkdir (self, loser, path);
  else
    {
      const Node *lost = world_get (self, loser, name);

      put (self, loser, path, &won.entry, won.content);
      put (self, winner, name, &lost->entry, lost->content);
      record (self, name);
    }
  record (self, path);
  return true;
}

static bool
compare (World *self, const char *path)
{
  if (world_get (self, PS_SIDE_LOCAL, path)->content
      != world_get (self, PS_SIDE_REMOTE, path)->content)
    return keep_both (self, path);
  record (self, path);
  return true;
}

/* A file that goes round in a circle waits in a slot. Where the circle was broken it goes back, or,
 * if its old place is taken by then, away: the other side has it. */
static bool
move_slot (World *self, const PsStep *step, PsSide side)
{
  gpointer slot = GINT_TO_POINTER (ABS (step->park)), path, node;

  if (step->park > 0)
    {
      world_check (self, g_hash_table_steal_extended (self->trees[side], step->from, &path, &node),
                   "%s is gone", step->from);
      g_free (path);
      g_hash_table_replace (self->slots, slot, node);
      return true;
    }
  world_check (self, g_hash_table_steal_extended (self->slots, slot, NULL, &node), "empty slot");
  if (world_get (self, side, step->path) == NULL)
    {
      g_hash_table_replace (self->trees[side], g_strdup (step->path), node);
      record (self, step->path);
      return true;
    }
  world_check (self, self->fail_percent > 0, "%s is taken", step->path);
  if (world_get (self, side, step->from) == NULL)
    g_hash_table_replace (self->trees[side], g_strdup (step->from), node);
  else
    g_free (node);
  return false;
}

static bool
move (World *self, const PsStep *step, PsSide side)
{
  Node *node = world_get (self, side, step->from);

  if (step->park != 0)
    return move_slot (self, step, side);
  if (self->fail_percent > 0 && (node == NULL || world_get (self, side, step->path) != NULL))
    return false; /* a move before it has failed */
  world_check (self, node != NULL, "%s is gone", step->from);
  world_check (self, world_get (self, side, step->path) == NULL, "%s is taken", step->path);
  world_check (self, parent_is_dir (self, side, step->path), "no parent for %s", step->path);
  if (fails (self))
    return false;
  if (step->verify && node->entry.kind != PS_KIND_DIR
      && node->content != world_get (self, PS_SIDE_REMOTE, step->path)->content)
    return false;
  rename_subtree (self->trees[side], step->from, step->path);
  rename_subtree (self->base, step->from, step->path);
  record (self, step->path);
  return true;
}

static bool
remove_node (World *self, const PsStep *step, PsSide side)
{
  g_autoptr (GPtrArray) below = subtree (self->trees[side], step->path);
  guint content = world_get (self, side, step->path)->content;

  if (below->len > 1 && self->fail_percent > 0)
    return false;
  world_check (self, below->len == 1, "%s is not empty", step->path);
  g_hash_table_remove (self->trees[side], step->path);
  keep (self, content);
  world_check (self, is_safe (self, content), "%s goes, which nobody did away with", step->path);
  if (fails (self)) /* done, but not noted */
    return false;
  g_hash_table_remove (self->base, step->path);
  return true;
}

static bool
apply_step (World *self, const PsStep *step)
{
  switch (step->kind)
    {
    case PS_STEP_RECORD:
      record (self, step->path);
      return true;
    case PS_STEP_FORGET:
      g_hash_table_remove (self->base, step->path);
      return true;
    case PS_STEP_MKDIR_LOCAL:
      return make_dir (self, step, PS_SIDE_LOCAL);
    case PS_STEP_MKDIR_REMOTE:
      return make_dir (self, step, PS_SIDE_REMOTE);
    case PS_STEP_UPLOAD:
      return transfer (self, step, PS_SIDE_REMOTE);
    case PS_STEP_DOWNLOAD:
      return transfer (self, step, PS_SIDE_LOCAL);
    case PS_STEP_COMPARE:
      return compare (self, step->path);
    case PS_STEP_CONFLICT:
      return keep_both (self, step->path);
    case PS_STEP_MOVE_LOCAL:
      return move (self, step, PS_SIDE_LOCAL);
    case PS_STEP_MOVE_REMOTE:
      return move (self, step, PS_SIDE_REMOTE);
    case PS_STEP_DELETE_LOCAL:
      return remove_node (self, step, PS_SIDE_LOCAL);
    case PS_STEP_DELETE_REMOTE:
      return remove_node (self, step, PS_SIDE_REMOTE);
    case PS_N_STEPS:
    default:
      g_assert_not_reached ();
    }
}

bool
world_apply (World *self, const PsPlan *plan)
{
  bool well = true;

  for (guint i = 0; i < ps_plan_n_steps (plan); i++)
    {
      const PsStep *step = ps_plan_peek_step (plan, i);

      if (step->held != PS_GUARD_NONE)
        continue;
      world_check (self, !hidden (self, step->path), "%s lies in the dark", step->path);
      if (g_getenv ("MODEL_TRACE") != NULL)
        g_printerr ("  %s %s%s%s park %d s%u%c\n", ps_step_kind_name (step->kind), step->path,
                    step->from != NULL ? " from " : "", step->from != NULL ? step->from : "",
                    step->park, step->decision.number,
                    step->decision.letter != 0 ? step->decision.letter : ' ');
      well &= apply_step (self, step);
    }
  world_check (self, g_hash_table_size (self->slots) == 0, "something is still parked");
  return well;
}

/* --- what must hold -------------------------------------------------------------------------- */

void
world_check_equal (World *self)
{
  GHashTableIter iter;
  gpointer path, value;

  world_check (self, g_hash_table_size (self->trees[0]) == g_hash_table_size (self->trees[1]),
               "the trees differ in size");
  g_hash_table_iter_init (&iter, self->trees[0]);
  while (g_hash_table_iter_next (&iter, &path, &value))
    {
      const Node *here = value, *there = world_get (self, PS_SIDE_REMOTE, path);

      world_check (self,
                   there != NULL && here->entry.kind == there->entry.kind
                       && here->content == there->content,
                   "%s differs", (char *)path);
    }
}

void
world_check_nothing_lost (World *self)
{
  for (guint content = 1; content < self->next_content; content++)
    world_check (self, is_safe (self, content), "content %u is lost", content);
}
