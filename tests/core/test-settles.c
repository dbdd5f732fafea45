/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Properties over random histories: whatever people do on both sides, a few passes make both trees
 * equal, then there is nothing to do, and nothing was lost. A failure prints the number of its
 * history; MODEL_SEED=<number> runs that one alone, MODEL_TRACE=1 shows its steps. */
#include "core-test.h"
#include "model.h"

#include <stdlib.h>

#define MAX_PASSES 12

static const PsPlanOptions free_hand = {
  .files_local = 1000,
  .files_remote = 1000,
  .delete_guard_percent = 20,
  .is_allowed = core_allow_all,
  .room_local = UINT64_MAX,
  .room_remote = UINT64_MAX,
  .find_moves = true,
};

typedef struct
{
  const char *name;
  guint histories;
  guint fail_percent;
  bool no_moves;
  bool no_inodes;
  bool guards;
} Variant;

static const Variant variants[] = {
  { "plain", 4000, 0, false, false, false },
  { "failures", 3000, 20, false, false, false },
  { "without-moves", 1000, 0, true, false, false },
  { "without-inodes", 1000, 0, false, true, false },
  { "guards", 2000, 0, false, false, true },
};

/* Passes until there is nothing to do. */
static void
settle (World *world, const PsPlanOptions *options)
{
  bool done = false;

  for (int pass = 0; pass < MAX_PASSES; pass++)
    {
      g_autoptr (PsPlan) plan = world_plan (world, options);

      world_check (world, !done || ps_plan_n_steps (plan) == 0, "another pass was needed");
      if (ps_plan_n_steps (plan) == 0)
        return;
      done = world_apply (world, plan) && !ps_plan_wants_another_pass (plan);
    }
  world_check (world, false, "does not settle");
}

/* One pass in which anything may go wrong. */
static void
stumble (World *world, const Variant *variant, const PsPlanOptions *options)
{
  g_autoptr (PsPlan) plan = NULL;

  if (variant->guards)
    {
      PsPlanOptions strict = *options;

      strict.is_allowed = NULL;
      strict.files_local = strict.files_remote = g_rand_int_range (world->rand, 0, 8);
      strict.deletes_held_before = g_rand_int_range (world->rand, 0, 4) == 0;
      strict.emptied_held_before = g_rand_boolean (world->rand);
      strict.room_local = g_rand_int_range (world->rand, 0, 20);
      strict.room_remote = g_rand_int_range (world->rand, 0, 20);
      if (g_rand_boolean (world->rand))
        g_hash_table_add (world->incomplete, g_strdup (g_rand_boolean (world->rand) ? "a" : "b/c"));
      plan = world_plan (world, &strict);
    }
  else
    plan = world_plan (world, options);
  world->fail_percent = variant->fail_percent;
  world_apply (world, plan);
  world->fail_percent = 0;
  g_hash_table_remove_all (world->incomplete);
}

static void
run_history (const Variant *variant, guint32 seed)
{
  g_autoptr (World) world = world_new (seed);
  PsPlanOptions options = free_hand;
  int rounds = g_rand_int_range (world->rand, 1, 6);

  options.find_moves = !variant->no_moves;
  world->inodes = !variant->no_inodes;
  world->trash_counts = variant->fail_percent > 0 || variant->guards;
  for (int round = 0; round < rounds; round++)
    {
      int acts = g_rand_int_range (world->rand, 1, 20);

      while (acts-- > 0)
        world_random_act (world);
      if (variant->fail_percent > 0 || variant->guards)
        stumble (world, variant, &options);
      else
        settle (world, &options);
    }
  settle (world, &options);
  world_check_equal (world);
  world_check_nothing_lost (world);
}

static void
test_variant (gconstpointer data)
{
  const Variant *variant = data;
  const char *only = g_getenv ("MODEL_SEED");

  if (only != NULL)
    run_history (variant, strtoul (only, NULL, 10));
  for (guint i = 0; only == NULL && i < variant->histories; i++)
    run_history (variant, g_test_rand_int ());
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (variants); i++)
    {
      g_autofree char *path = g_strconcat ("/core/settles/", variants[i].name, NULL);
      g_test_add_data_func (path, &variants[i], test_variant);
    }
  return g_test_run ();
}
