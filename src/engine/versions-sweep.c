/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two walks over the versions. The first removes what is too old and adds up what stays, by age;
 * from these sums follows what is to go for want of room, which the second removes. So nothing is
 * kept in memory but the directories that are still to be seen and the sums. */
#include "engine/versions.h"

#include "core/names.h"
#include "engine/await.h"

#include <string.h>

#define KEY_SWEPT "versions-swept"
#define MARKER PS_OWN_DIR "/root"
#define DAY (24 * 60 * 60 * PS_ENTRY_SECOND)
#define STEP_US (250 * 1000)
#define AT_ONCE 64 /* directories asked for together */
#define AGES 3660  /* days told apart; older ones count as that old */
/* 2020: earlier times are of devices whose clock was not set */
#define CLOCK_EPOCH (G_GINT64_CONSTANT (1577836800) * PS_ENTRY_SECOND)

/* Versions of one directory that are the newest of their file (1), or not (0). */
typedef enum
{
  RANK_OLDER,
  RANK_NEWEST,
  N_RANKS
} Rank;

typedef enum
{
  PHASE_REST,
  PHASE_EXPIRE,
  PHASE_MAKE_ROOM
} Phase;

struct PsVersionSweep
{
  PsContext *context; /* borrowed; of the present step */
  Phase phase;
  int64_t now;            /* of the walks, 0 = not known yet */
  GQueue dirs;            /* (element-type filename) still to be seen */
  guint asked;            /* listings under way */
  guint64 (*bytes)[AGES]; /* (nullable) [rank][age in days] of what stays */
  guint most[N_RANKS];    /* second walk: ages above are removed */
};

PsVersionSweep *
ps_version_sweep_new (void)
{
  PsVersionSweep *self = g_new0 (PsVersionSweep, 1);

  g_queue_init (&self->dirs);
  return self;
}

void
ps_version_sweep_free (PsVersionSweep *self)
{
  if (self == NULL)
    return;
  g_queue_clear_full (&self->dirs, g_free);
  g_free (self->bytes);
  g_free (self);
}

static void
begin_walk (PsVersionSweep *self, Phase phase)
{
  self->phase = phase;
  g_queue_push_tail (&self->dirs, g_strdup (PS_VERSIONS_DIR));
}

/* To a computer whose clock is ahead by months everything would have expired. But every run that
 * changes the server writes its marker, with the time of the server's clock: at the most a day
 * later counts as now. FALSE with @error: what can be said of it is not known. */
static gboolean
read_clocks (PsVersionSweep *self, GError **error)
{
  PsContext *context = self->context;
  PsEntry marker;

  self->now = ps_clock_now (context->clock);
  if (!ps_await_stat (context->remote, MARKER, &marker, context->cancellable, error))
    return FALSE;
  if (marker.kind == PS_KIND_FILE)
    self->now = MIN (self->now, marker.mtime + DAY);
  return TRUE;
}

/* Whether a day has passed since the last time. */
static gboolean
begin_if_due (PsVersionSweep *self, GError **error)
{
  PsStore *store = self->context->store;
  int64_t now = ps_clock_now (self->context->clock);
  g_autofree char *before = ps_store_get_value (store, KEY_SWEPT);
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, now);
  int64_t age = before != NULL ? now - g_ascii_strtoll (before, NULL, 10) : DAY;

  if (age >= 0 && age < DAY)
    return TRUE;
  self->bytes = g_malloc0 (N_RANKS * sizeof *self->bytes);
  begin_walk (self, PHASE_EXPIRE);
  return ps_store_set_value (store, KEY_SWEPT, text, error);
}

static guint
age_of (const PsVersionSweep *self, int64_t when)
{
  int64_t days = (self->now - when) / DAY;

  if (when < CLOCK_EPOCH || days < 0)
    return 0;
  return (guint)MIN (days, AGES - 1);
}

static void
ignore_result (const PsRemoteResult *result, gpointer user_data)
{
  if (result->error != NULL)
    g_debug ("A version stays: %s", result->error->message);
}

/* Returns: whether the version stays. */
static gboolean
judge (PsVersionSweep *self, const char *id, const PsEntry *entry, int64_t when, Rank rank)
{
  guint age = age_of (self, when);
  guint most
      = self->phase == PHASE_EXPIRE ? self->context->config->keep_versions_days : self->most[rank];
  g_autofree char *path = NULL;

  if (age <= most)
    {
      if (self->phase == PHASE_EXPIRE)
        self->bytes[rank][age] += entry->size;
      return TRUE;
    }
  path = ps_relpath_join (PS_VERSIONS_DIR, id);
  ps_remote_unlink_async (self->context->remote, path, ignore_result, NULL);
  return FALSE;
}

/* Returns: (transfer full): path → time of its newest version in this directory. */
static GHashTable *
find_newest (const PsListing *listing)
{
  GHashTable *newest = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  for (guint i = 0; i < listing->entries->len; i++)
    {
      const PsDirEntry *found = &g_array_index (listing->entries, PsDirEntry, i);
      g_autofree char *path = NULL;
      g_autofree char *device = NULL;
      const int64_t *known;
      int64_t when;

      if (!ps_version_parse (found->name, &path, &when, &device))
        continue;
      known = g_hash_table_lookup (newest, path);
      if (known == NULL || when > *known)
        g_hash_table_insert (newest, g_steal_pointer (&path), g_memdup2 (&when, sizeof when));
    }
  return newest;
}

static void
take_listing (PsVersionSweep *self, const PsListing *listing)
{
  const char *dir = listing->dir + strlen (PS_VERSIONS_DIR);
  g_autoptr (GHashTable) newest = find_newest (listing);
  gboolean empty = listing->state == PS_LISTING_COMPLETE && *dir != '\0';

  dir += *dir == '/';
  for (guint i = 0; i < listing->entries->len; i++)
    {
      const PsDirEntry *found = &g_array_index (listing->entries, PsDirEntry, i);
      g_autofree char *id = ps_relpath_join (dir, found->name);
      g_autofree char *path = NULL;
      g_autofree char *device = NULL;
      int64_t when;

      if (found->entry.kind == PS_KIND_DIR)
        g_queue_push_tail (&self->dirs, ps_relpath_join (PS_VERSIONS_DIR, id));
      if (found->entry.kind != PS_KIND_FILE
          || !ps_version_parse (found->name, &path, &when, &device)
          || judge (self, id, &found->entry, when,
                    when == *(int64_t *)g_hash_table_lookup (newest, path) ? RANK_NEWEST
                                                                           : RANK_OLDER))
        empty = FALSE;
    }
  if (empty) /* the next walk finds its parent empty, if need be */
    ps_remote_unlink_async (self->context->remote, listing->dir, ignore_result, NULL);
}

/* Goes on until nothing is left of this walk or the time is over. */
static gboolean
walk (PsVersionSweep *self, int64_t until, GError **error)
{
  PsLister lister = ps_remote_lister (self->context->remote);

  while (self->asked > 0
         || (!g_queue_is_empty (&self->dirs) && ps_clock_monotonic (self->context->clock) < until))
    {
      g_autoptr (PsListing) listing = NULL;

      while (self->asked < AT_ONCE && !g_queue_is_empty (&self->dirs)
             && ps_clock_monotonic (self->context->clock) < until)
        {
          g_autofree char *dir = g_queue_pop_head (&self->dirs);

          lister.klass->request (lister.self, dir);
          self->asked++;
        }
      listing = lister.klass->next (lister.self, self->context->cancellable, error);
      if (listing == NULL)
        return FALSE;
      self->asked--;
      take_listing (self, listing);
    }
  return TRUE;
}

/* From the sums: which ages have to go so that all fits into @room. */
static void
choose (PsVersionSweep *self, uint64_t total, uint64_t room)
{
  for (Rank rank = RANK_OLDER; rank < N_RANKS; rank++)
    {
      guint age = AGES - 1;

      for (; age > 0 && total > room; age--)
        total -= self->bytes[rank][age];
      self->most[rank] = age;
    }
}

/* After the first walk. TRUE: there is to be a second. */
static gboolean
is_room_wanting (PsVersionSweep *self, gboolean *wanting, GError **error)
{
  uint64_t free_bytes, disk, total = 0, room;

  *wanting = FALSE;
  if (!ps_remote_space (self->context->remote, &free_bytes, &disk, self->context->cancellable,
                        error))
    return FALSE;
  if (disk == UINT64_MAX)
    return TRUE;
  for (Rank rank = RANK_OLDER; rank < N_RANKS; rank++)
    for (guint age = 0; age < AGES; age++)
      total += self->bytes[rank][age];
  room = disk / 100 * self->context->config->versions_max_percent;
  *wanting = total > room;
  if (*wanting)
    choose (self, total, room);
  return TRUE;
}

static gboolean
end_walk (PsVersionSweep *self, GError **error)
{
  gboolean wanting = FALSE;

  if (self->phase == PHASE_EXPIRE && !is_room_wanting (self, &wanting, error))
    return FALSE;
  g_clear_pointer (&self->bytes, g_free);
  if (wanting)
    begin_walk (self, PHASE_MAKE_ROOM);
  else
    {
      self->phase = PHASE_REST;
      self->now = 0;
    }
  return TRUE;
}

gboolean
ps_version_sweep_step (PsVersionSweep *self, PsContext *context, GError **error)
{
  g_autoptr (GError) problem = NULL;
  int64_t until = ps_clock_monotonic (context->clock) + STEP_US;

  self->context = context;
  if (self->phase == PHASE_REST && !begin_if_due (self, error))
    return FALSE;
  if (self->phase == PHASE_REST)
    return TRUE;
  if ((self->now != 0 || read_clocks (self, &problem)) && walk (self, until, &problem)
      && (!g_queue_is_empty (&self->dirs) || end_walk (self, &problem)))
    return TRUE;
  if (ps_context_is_fatal (problem))
    {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
  g_info ("Versions were not looked through to the end: %s", problem->message);
  g_queue_clear_full (&self->dirs, g_free);
  self->phase = PHASE_REST;
  self->now = 0;
  g_clear_pointer (&self->bytes, g_free);
  return TRUE;
}
